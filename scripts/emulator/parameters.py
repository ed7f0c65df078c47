"""Parameter Store: the asynchronous check of aws:ec2:image values, and references to parameters."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ssm.models import ssm_backends
from moto.ssm.responses import SimpleSystemManagerResponse

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

    def image_is_usable(self) -> bool:
        images = ec2_backends[self.current_account][self.region].amis
        image = images.get(self._get_param("Value"))
        return image is not None and image.state == "available"


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
