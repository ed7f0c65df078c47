"""EC2 as a whole: moto's classes with ours in front."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.responses import EC2Response

import paging
from image_actions import ImageActions
from images import ImageStore
from making import Making
from references import ReferenceActions
from snapshots import SnapshotActions, SnapshotStore
from tags import TagActions
from templates import TemplateActions

# Every other EC2 error is a 400.
STATUS = {"DryRunOperation": 412, "UnauthorizedOperation": 403}


class Backend(ImageStore, SnapshotStore, EC2Backend):
    # moto's bookkeeping of model classes reads the service out of the module name.
    __module__ = "moto.ec2.models"


class Response(
    ImageActions,
    Making,
    ReferenceActions,
    SnapshotActions,
    TagActions,
    TemplateActions,
    EC2Response,
):
    # moto's transformer of creation dates wants datetimes; the views hold strings.
    RESPONSE_KEY_PATH_TO_TRANSFORMER = {
        path: change
        for path, change in EC2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER.items()
        if path != "Image.CreationDate"
    }

    def serialized(self, action_result: ActionResult) -> Any:
        status, headers, body = super().serialized(action_result)
        return STATUS.get(getattr(action_result.result, "code", ""), status), headers, body

    def describe_instances(self) -> ActionResult:
        self.error_on_dryrun()
        ids = self._get_param("InstanceIds", [])
        if ids and self._get_param("MaxResults"):
            message = "The parameter instancesSet cannot be used with the parameter maxResults"
            raise EC2ClientError("InvalidParameterCombination", message)
        wanted = self._filters_from_querystring()
        if ids:
            found = self.ec2_backend.get_reservations_by_instance_ids(ids, filters=wanted)
        else:
            found = self.ec2_backend.describe_instances(filters=wanted)
        here, token = paging.page(self, found, lambda reservation: reservation.id)
        return ActionResult({"Reservations": here, "NextToken": token})
