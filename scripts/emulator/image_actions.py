"""The EC2 actions on AMIs, but for their making (making.py)."""

from datetime import datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError

import auth
import filters
import images
import needs
import paging
import settings
from images import Image
from snapshots import still_hidden

LONGEST = timedelta(days=3653)
LONGEST_PUBLIC = timedelta(days=731)
ATTRIBUTES = {
    "description": "description",
    "lastLaunchedTime": "last_launched_time",
    "deregistrationProtection": "deregistration_protection",
    "bootMode": "boot_mode",
    "sriovNetSupport": "sriov",
    "kernel": "kernel_id",
}
SHAPES = {"kernel": "KernelId"}


class ImageActions:
    """Mixed into the EC2 response class."""

    def describe_images(self: Any) -> ActionResult:
        ids = self._get_param("ImageIds", [])
        self.error_on_dryrun()
        if ids:
            found = [self.ec2_backend.known_image(image_id) for image_id in dict.fromkeys(ids)]
        else:
            found = list(self.ec2_backend.amis.values())
        views = [image.view() for image in found if self.is_listed(image)]
        views = filters.apply(views, self._get_param("Filters", []), images.FILTERS)
        if not ids:
            views = [v for v in views if not still_hidden(self.ec2_backend.amis[v["ImageId"]])]
        here, token = paging.page(self, views, lambda v: v["ImageId"], least=1)
        return ActionResult({"Images": here, "NextToken": token})

    def is_listed(self: Any, image: Image) -> bool:
        """Do the owner, sharing, state and age of this image let it into the list?"""
        if image.state == "disabled" and not self._get_param("IncludeDisabled", False):
            return False
        own = image.owner_id == self.current_account
        old = image.deprecation_time and image.deprecation_time < images.stamp(utcnow())
        if old and not own and not self._get_param("IncludeDeprecated", False):
            return False
        return self.is_of_owners(image) and self.is_executable(image)

    def is_of_owners(self: Any, image: Image) -> bool:
        owners = self._get_param("Owners", [])
        owners = [self.current_account if owner == "self" else owner for owner in owners]
        return not owners or image.owner_id in owners or image.owner_alias in owners

    def is_executable(self: Any, image: Image) -> bool:
        users = self._get_param("ExecutableUsers", [])
        if not users:
            return True
        if "all" in users and image.is_public:
            return True
        users = [self.current_account if user == "self" else user for user in users]
        return any({"UserId": user} in image.launch_permissions for user in users)

    def deregister_image(self: Any) -> ActionResult:
        image_id = self._get_param("ImageId", "")
        self.error_on_dryrun()
        image = self.ec2_backend.own_image(image_id)
        images.check_unprotected(image)
        snapshot_ids = image.snapshot_ids
        self.ec2_backend.forget_image(image)
        for snapshot_id in snapshot_ids:
            if snapshot_id in self.ec2_backend.snapshots:
                snapshot = self.ec2_backend.snapshots[snapshot_id]
                snapshot.in_use_for = (settings.get("snapshot_in_use_for"), image_id)
        result: dict[str, Any] = {"Return": True}
        asked = self._get_param("DeleteAssociatedSnapshots", False)
        if asked and not settings.get("ignore_delete_associated_snapshots"):
            result["DeleteSnapshotResults"] = [
                {"SnapshotId": id, "ReturnCode": self.delete_associated(id)} for id in snapshot_ids
            ]
        return ActionResult(result)

    def delete_associated(self: Any, snapshot_id: str) -> str:
        """Delete a snapshot of an image that is gone, and say how that went."""
        demanded = settings.get("snapshot_result").get(snapshot_id)
        if demanded:
            return demanded
        account = self.current_account
        need = needs.on_thing("ec2:DeleteSnapshot", self.region, account, snapshot_id)
        if not auth.caller_may(need):
            return "missing-permissions"
        if snapshot_id not in self.ec2_backend.snapshots:
            return "client-error"
        if self.ec2_backend.users_of(snapshot_id):
            return "skipped"
        self.ec2_backend.drop_snapshot(snapshot_id)
        return "success"

    def own_image(self: Any) -> Image:
        image_id = self._get_param("ImageId", "")
        self.error_on_dryrun()
        return self.ec2_backend.own_image(image_id)

    def enable_image_deprecation(self: Any) -> ActionResult:
        image = self.own_image()
        when = self._get_param("DeprecateAt")
        if when is None:
            raise EC2ClientError(
                "MissingParameter", "The request must contain the parameter DeprecateAt"
            )
        image.deprecation_time = deprecation_time(image, str(when))
        return ActionResult({"Return": True})

    def disable_image_deprecation(self: Any) -> ActionResult:
        self.own_image().deprecation_time = None
        return ActionResult({"Return": True})

    def disable_image(self: Any) -> ActionResult:
        image = self.own_image()
        if image.state not in ("available", "disabled"):
            raise EC2ClientError("IncorrectState", f"The image '{image.id}' is {image.state}")
        image.state = "disabled"
        image.launch_permissions = []
        return ActionResult({"Return": True})

    def enable_image(self: Any) -> ActionResult:
        image = self.own_image()
        if image.state not in ("available", "disabled"):
            raise EC2ClientError("IncorrectState", f"The image '{image.id}' is {image.state}")
        image.state = "available"
        return ActionResult({"Return": True})

    def enable_image_deregistration_protection(self: Any) -> ActionResult:
        image = self.own_image()
        cooldown = self._get_param("WithCooldown", False)
        state = "enabled-with-cooldown" if cooldown else "enabled-without-cooldown"
        image.deregistration_protection = state
        return ActionResult({"Return": state})

    def disable_image_deregistration_protection(self: Any) -> ActionResult:
        """With a cooldown the image stays protected for 24 hours; here: for ever."""
        image = self.own_image()
        if image.deregistration_protection == "enabled-without-cooldown":
            image.deregistration_protection = "disabled"
        return ActionResult({"Return": "disabled"})

    def describe_image_attribute(self: Any) -> ActionResult:
        attribute = self._get_param("Attribute", "")
        if attribute not in (*ATTRIBUTES, "launchPermission"):
            return super().describe_image_attribute()  # type: ignore[misc]
        image = self.own_image()
        result: dict[str, Any] = {"ImageId": image.id}
        if attribute == "launchPermission":
            result["LaunchPermissions"] = image.launch_permissions
        else:
            name = SHAPES.get(attribute, attribute[0].upper() + attribute[1:])
            result[name] = {"Value": getattr(image, ATTRIBUTES[attribute]) or None}
        return ActionResult(result)

    def modify_image_attribute(self: Any) -> ActionResult:
        image = self.ec2_backend.own_image(self._get_param("ImageId", ""))
        description = self._get_param("Description", {}).get("Value")
        if description is None and self._get_param("Attribute") == "description":
            description = self._get_param("Value")
        if description is not None:
            self.error_on_dryrun()
            image.description = description
            return EmptyResult()
        if image.state == "disabled":
            message = f"The image '{image.id}' is disabled and cannot be shared"
            raise EC2ClientError("OperationNotPermitted", message)
        return super().modify_image_attribute()  # type: ignore[misc]


def deprecation_time(image: Image, given: str) -> str:
    """The time to the nearest minute, when EC2 accepts it."""
    try:
        when = datetime.fromisoformat(given.replace("Z", "+00:00")).replace(tzinfo=None)
    except ValueError:
        raise invalid_date("is not a valid date") from None
    now = utcnow()
    if when < now:
        raise invalid_date("must be in the future")
    created = datetime.fromisoformat(image.creation_stamp.rstrip("Z"))
    if when > now + LONGEST or (image.is_public and when > created + LONGEST_PUBLIC):
        raise invalid_date("is too far in the future")
    rounded = (when + timedelta(seconds=30)).replace(second=0, microsecond=0)
    return images.stamp(rounded)


def invalid_date(problem: str) -> EC2ClientError:
    return EC2ClientError("InvalidParameterValue", f"The parameter DeprecateAt {problem}")
