"""Parameter Store: the asynchronous check of aws:ec2:image values, listing by data type, and
references to parameters."""

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ssm.exceptions import SSMException, ValidationException
from moto.ssm.models import ssm_backends
from moto.ssm.responses import SimpleSystemManagerResponse

import auth
import paging
import settings
from needs import Need

IMAGE_TYPE = "aws:ec2:image"
PREFIX = "resolve:ssm:"


class Response(SimpleSystemManagerResponse):
    def put_parameter(self) -> ActionResult:
        """AWS answers before it has looked at the image; a wrong one is then never stored."""
        stored = self.ssm_backend._parameters
        name = stored.normalize_name(self._get_param("Name"))
        versions = list(stored.get(name, []))
        self.check_pattern()
        if versions and self._get_param("Overwrite", False):
            self.check_kind(versions[-1])
        data_type = self._get_param("DataType") or (versions[-1].data_type if versions else "text")
        result = super().put_parameter()
        if data_type == IMAGE_TYPE:
            stored[name][-1].data_type = data_type
            self.check_later(name, versions)
        return result

    def check_later(self, name: str, before: list[Any]) -> None:
        """Take back what was just stored, and keep it for later if the image is right."""
        backend = self.ssm_backend
        now = backend._parameters.pop(name)
        if before:
            backend._parameters[name] = before
        accepted(backend).pop(name, None)
        if self.image_is_usable() and not self.is_lost():
            accepted(backend)[name] = [settings.get("image_parameters_after"), now]
        if not settings.get("image_parameters_after"):
            store(backend, [name])

    def check_pattern(self) -> None:
        """moto keeps the pattern of a request and never looks at it."""
        pattern = self._get_param("AllowedPattern")
        if pattern and not re.search(pattern, self._get_param("Value")):
            message = f"Parameter value, cannot be validated against allowedPattern: {pattern}"
            raise SSMException("ParameterPatternMismatchException", message)

    def check_kind(self, existing: Any) -> None:
        """A parameter stays what it is. AWS documents no code for the data type."""
        kind = self._get_param("Type") or existing.parameter_type
        if kind != existing.parameter_type:
            message = f"The parameter {existing.name} has the type {existing.parameter_type}"
            raise SSMException("HierarchyTypeMismatchException", message)
        if (self._get_param("DataType") or existing.data_type) != existing.data_type:
            message = f"The data type of {existing.name} is {existing.data_type}, and stays that"
            raise ValidationException(message)

    def get_parameter(self) -> ActionResult:
        store(self.ssm_backend, [self._get_param("Name")])
        return super().get_parameter()

    def get_parameters(self) -> ActionResult:
        store(self.ssm_backend, self._get_param("Names"))
        return super().get_parameters()

    def describe_parameters(self) -> ActionResult:
        """moto refuses the filter DataType, and knows no pages but those of ten."""
        given = self._get_param("ParameterFilters") or []
        others = [item for item in given if item["Key"] != "DataType"]
        found = self.ssm_backend.describe_parameters(self._get_param("Filters"), others)
        for item in given:
            if item["Key"] == "DataType":
                found = [p for p in found if fits(item, p.data_type)]
        here, token = paging.page(
            self, found, lambda parameter: parameter.name, least=1, most=50, default=10
        )
        views = [described(parameter) for parameter in here]
        more = {"NextToken": token} if token else {}
        return ActionResult({"Parameters": views} | more)

    def image_is_usable(self) -> bool:
        images = ec2_backends[self.current_account][self.region].amis
        image = images.get(self._get_param("Value"))
        context = {"aws:requestedregion": [self.region]}
        need = Need("ec2:DescribeImages", "*", context)
        visible = image is not None and auth.caller_may(need)
        return visible and image.state == "available"

    def is_lost(self) -> bool:
        lost = settings.get("image_parameters_lost")
        return self.region in lost or self._get_param("Name") in lost


def accepted(backend: Any) -> dict[str, list[Any]]:
    """Accepted, and not stored yet: name -> [reads that do not show it, its versions then]."""
    return vars(backend).setdefault("accepted_parameters", {})


def store(backend: Any, names: list[str]) -> None:
    """Before these are read: store what has been waiting for long enough."""
    for name in {backend._parameters.normalize_name(n.partition(":")[0]) for n in names}:
        waiting = accepted(backend).get(name)
        if waiting and waiting[0] > 0:
            waiting[0] -= 1
        elif waiting:
            backend._parameters[name] = accepted(backend).pop(name)[1]


def fits(given: dict[str, Any], value: str) -> bool:
    if given.get("Option", "Equals") == "BeginsWith":
        return value.startswith(tuple(given.get("Values", [])))
    return value in given.get("Values", [])


def described(parameter: Any) -> dict[str, Any]:
    """What AWS tells of it in a listing: the value is not among that."""
    view = parameter.describe_response_object(False)
    view.pop("Value", None)
    return view


def image_parameters(account: str, region: str) -> list[Any]:
    """The current versions of all parameters that hold an image."""
    store = ssm_backends[account][region]._parameters
    current = [versions[-1] for versions in list(store.values()) if versions]
    return [p for p in current if p.data_type == IMAGE_TYPE]


def resolve(backend: Any, text: str) -> str:
    """The image id behind resolve:ssm:NAME[:VERSION|:LABEL]; anything else as it is."""
    if not text.startswith(PREFIX):
        return text
    name = text[len(PREFIX) :]
    if name.startswith("arn:"):
        name = name.partition(":parameter")[2]
        # The ARN of a parameter without a path leaves its name's slash out.
        stores = ssm_backends[backend.account_id][backend.region_name]._parameters
        name = name if name.partition(":")[0] in stores else name.lstrip("/")
    store = ssm_backends[backend.account_id][backend.region_name]
    found = store.get_parameter(name)
    return found.value if found else text
