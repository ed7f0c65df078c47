"""CreateTags and DeleteTags with the checks of AWS, and paging for DescribeTags."""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError, TagLimitExceeded
from moto.ec2.models import validate_resource_ids

import paging

LONGEST_KEY = 127
LONGEST_VALUE = 256
MOST_TAGS = 50
MOST_RESOURCES = 1000


def refuse(message: str) -> None:
    raise EC2ClientError("InvalidParameterValue", message)


def check_tags(tags: list[dict[str, str]]) -> dict[str, str]:
    """The tags as a mapping, when each of them may be written."""
    result: dict[str, str] = {}
    for tag in tags:
        key, value = tag.get("Key", ""), tag.get("Value", "")
        if not key:
            refuse("Tag key cannot be empty")
        if key.lower().startswith("aws:"):
            refuse("Tag keys starting with 'aws:' are reserved for internal use")
        if len(key) > LONGEST_KEY:
            refuse(f"Tag key exceeds the maximum length of {LONGEST_KEY} characters")
        if len(value) > LONGEST_VALUE:
            refuse(f"Tag value exceeds the maximum length of {LONGEST_VALUE} characters")
        if key in result:
            refuse(f"Duplicate tag key '{key}' specified")
        result[key] = value
    if len(result) > MOST_TAGS:
        raise TagLimitExceeded()
    return result


def specified(specifications: list[dict[str, Any]], allowed: tuple[str, ...]) -> dict[str, Any]:
    """The tags of the TagSpecification.N parameters by resource type."""
    result: dict[str, dict[str, str]] = {kind: {} for kind in allowed}
    for item in specifications:
        kind = item.get("ResourceType", "")
        if kind not in allowed:
            refuse(f"'{kind}' is not a valid taggable resource type for this operation.")
        result[kind].update(check_tags(item.get("Tags", [])))
    return result


def as_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


class TagActions:
    def create_tags(self: Any) -> ActionResult:
        resources = self._get_param("Resources", [])
        given = self._get_param("Tags", [])
        check_resources(resources)
        if not given:
            raise EC2ClientError("MissingParameter", "The request must contain the parameter tagSet")
        tags = check_tags(given)
        self.error_on_dryrun()
        self.ec2_backend.touch(resources)
        self.ec2_backend.create_tags(resources, tags)
        return EmptyResult()

    def delete_tags(self: Any) -> ActionResult:
        resources = self._get_param("Resources", [])
        check_resources(resources)
        tags = {tag["Key"]: tag.get("Value") for tag in self._get_param("Tags", [])}
        self.error_on_dryrun()
        self.ec2_backend.touch(resources)
        if not tags:
            tags = {key: None for id in resources for key in self.ec2_backend.tags[id]}
        self.ec2_backend.delete_tags(resources, tags)
        return EmptyResult()

    def describe_tags(self: Any) -> ActionResult:
        self.error_on_dryrun()
        found = self.ec2_backend.describe_tags(filters=tag_filters(self))
        found = [tag for tag in found if not self.ec2_backend.is_foreign(tag["resource_id"])]
        here, token = paging.page(self, found, lambda t: t["resource_id"] + "\0" + t["key"])
        views = [
            {
                "ResourceId": tag["resource_id"],
                "ResourceType": tag["resource_type"],
                "Key": tag["key"],
                "Value": tag["value"],
            }
            for tag in here
        ]
        return ActionResult({"Tags": views, "NextToken": token})


def tag_filters(response: Any) -> dict[str, list[str]]:
    """tag:KEY is the same as the filters key and value together."""
    result: dict[str, list[str]] = {}
    for item in response._get_param("Filters", []):
        name, values = item.get("Name", "null"), item.get("Values", [])
        if name.startswith("tag:"):
            result["key"] = [name[len("tag:") :]]
            name = "value"
        if name not in ("key", "value", "resource-id", "resource-type"):
            refuse(f"The filter '{name}' is invalid")
        result[name] = values
    return result


def check_resources(resources: list[str]) -> None:
    validate_resource_ids(resources)
    if len(resources) > MOST_RESOURCES:
        refuse(f"The maximum number of resources is {MOST_RESOURCES}")
