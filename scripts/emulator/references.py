"""DescribeImageReferences: who in this account and region uses these AMIs."""

from collections.abc import Callable, Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError

import auth
import images
import paging
import parameters
from needs import Need

VIA = "ec2-images.amazonaws.com"
MOST_IMAGES = 10
STATES = ("pending", "running", "shutting-down", "terminated", "stopping", "stopped")
DEFAULT_DEPTH = 10
DEEPEST = 10000
OPTIONS = {"ec2:Instance": "state-name", "ec2:LaunchTemplate": "version-depth"}
# AWS makes these calls with the caller's own permissions.
NEEDED = {
    "ec2:Instance": ["ec2:DescribeInstances"],
    "ec2:LaunchTemplate": ["ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"],
    "ssm:Parameter": ["ssm:DescribeParameters"],
    "imagebuilder:ImageRecipe": ["imagebuilder:ListImageRecipes"],
    "imagebuilder:ContainerRecipe": [
        "imagebuilder:ListContainerRecipes",
        "imagebuilder:GetContainerRecipe",
    ],
}
Found = Iterator[tuple[str, str]]


def invalid(message: str) -> EC2ClientError:
    return EC2ClientError("InvalidParameterValue", message)


class ReferenceActions:
    """Mixed into the EC2 response class."""

    def describe_image_references(self: Any) -> ActionResult:
        wanted = asked_images(self)
        types = asked_types(self)
        self.error_on_dryrun()
        for need in needed(self, types):
            if not auth.caller_may(need):
                raise EC2ClientError("UnauthorizedOperation", auth.refusal(need))
        items = [
            {"ImageId": image_id, "ResourceType": kind, "Arn": arn}
            for kind, values in types.items()
            for image_id, arn in FINDERS[kind](self, values)
            if image_id in wanted
        ]
        here, token = paging.page(self, items, reference_key)
        return ActionResult({"ImageReferences": here, "NextToken": token})


def reference_key(item: dict[str, str]) -> str:
    return f"{item['ImageId']} {item['ResourceType']} {item['Arn']}"


def asked_images(response: Any) -> list[str]:
    ids = response._get_param("ImageIds", [])
    if not ids:
        raise EC2ClientError("MissingParameter", "The request must contain the parameter ImageId")
    if len(ids) > MOST_IMAGES:
        raise invalid(f"The number of image ids must be between 1 and {MOST_IMAGES}")
    for image_id in ids:
        images.check_id(image_id)
    return ids


def asked_types(response: Any) -> dict[str, list[str] | None]:
    """Resource types with their option's values; None stands for the default."""
    types: dict[str, list[str] | None] = {}
    if response._get_param("IncludeAllResourceTypes", False):
        types = dict.fromkeys(FINDERS)
    for item in response._get_param("ResourceTypes", []):
        kind = item.get("ResourceType", "")
        if kind not in FINDERS:
            raise invalid(f"Invalid value '{kind}' for ResourceType")
        types[kind] = option_values(kind, item.get("ResourceTypeOptions", []))
    if not types:
        message = "Either IncludeAllResourceTypes or ResourceTypes must be specified"
        raise EC2ClientError("MissingParameter", message)
    return types


def option_values(kind: str, options: list[dict[str, Any]]) -> list[str] | None:
    values = None
    for option in options:
        name = option.get("OptionName", "")
        if OPTIONS.get(kind) != name:
            raise invalid(f"Invalid option '{name}' for the resource type {kind}")
        values = option.get("OptionValues", [])
        check_values(name, values)
    return values


def check_values(name: str, values: list[str]) -> None:
    if name == "state-name":
        good = bool(values) and set(values) <= set(STATES)
    else:
        good = len(values) == 1 and values[0].isdigit() and 1 <= int(values[0]) <= DEEPEST
    if not good:
        raise invalid(f"Invalid values {values} for the option {name}")


def needed(response: Any, types: dict[str, Any]) -> Iterator[Need]:
    context = {"aws:calledvia": [VIA], "aws:requestedregion": [response.region]}
    for kind in types:
        for action in NEEDED[kind]:
            yield Need(action, "*", context)
    if "ssm:Parameter" in types:
        names = [parameter for _, parameter in stored(response, None)]
        for name in names or [arn(response, "ssm", "parameter/none")]:
            yield Need("ssm:GetParameters", name, context)


def instances(response: Any, states: list[str] | None) -> Found:
    for instance in response.ec2_backend.all_instances():
        if instance._state.name in (states or STATES):
            yield instance.image_id, arn(response, "ec2", f"instance/{instance.id}")


def templates(response: Any, depth: list[str] | None) -> Found:
    """A template once for each image among its newest versions."""
    count = int(depth[0]) if depth else DEFAULT_DEPTH
    backend = response.ec2_backend
    for template in list(backend.launch_templates.values()):
        given = [version.image_id for version in template.versions[-count:]]
        resolved = {parameters.resolve(backend, text) for text in given if text}
        for image_id in sorted(resolved):
            yield image_id, arn(response, "ec2", f"launch-template/{template.id}")


def stored(response: Any, _: list[str] | None) -> Found:
    for parameter in parameters.image_parameters(response.current_account, response.region):
        name = parameter.name.lstrip("/")
        yield parameter.value, arn(response, "ssm", f"parameter/{name}")


def none(response: Any, _: list[str] | None) -> Found:
    """There is no Image Builder here."""
    return iter(())


def arn(response: Any, service: str, rest: str) -> str:
    place = f"{response.region}:{response.current_account}"
    return f"arn:{response.partition}:{service}:{place}:{rest}"


FINDERS: dict[str, Callable[[Any, list[str] | None], Found]] = {
    "ec2:Instance": instances,
    "ec2:LaunchTemplate": templates,
    "ssm:Parameter": stored,
    "imagebuilder:ImageRecipe": none,
    "imagebuilder:ContainerRecipe": none,
}
