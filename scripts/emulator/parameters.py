"""Parameter Store: the asynchronous check of aws:ec2:image values, listing by data type, and
references to parameters."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ssm.models import ssm_backends
from moto.ssm.responses import SimpleSystemManagerResponse

import paging

IMAGE_TYPE = "aws:ec2:image"
PREFIX = "resolve:ssm:"


class Response(SimpleSystemManagerResponse):
    def put_parameter(self) -> ActionResult:
        """AWS answers before it has looked at the image; a wrong one is then never stored."""
        if self._get_param("DataType") != IMAGE_TYPE or self.image_is_usable():
            return super().put_parameter()
        versions = self.ssm_backend._parameters.get(self._get_param("Name"), [])
        if versions and not self._get_param("Overwrite", False):
            return super().put_parameter()
        last = versions[-1].version if versions else 0
        return ActionResult({"Version": last + 1, "Tier": "Standard"})

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
        return image is not None and image.state == "available"


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
