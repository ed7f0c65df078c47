"""What a request needs to be allowed: actions, on which resources, with which condition keys.

Source: Service Authorization Reference; DynamoDB Developer Guide, "Using IAM with transactions".
"""

from dataclasses import dataclass, field
from typing import Any

from moto.ec2.models import ec2_backends
from moto.utilities.utils import get_partition

from policy import Context
from wire import Call

# With a tag of the resource as a condition, and an ARN of it.
ON_IMAGE = (
    "DeregisterImage",
    "DescribeImageAttribute",
    "DisableImage",
    "DisableImageDeprecation",
    "DisableImageDeregistrationProtection",
    "EnableImage",
    "EnableImageDeprecation",
    "EnableImageDeregistrationProtection",
    "ModifyImageAttribute",
)
OWN_ACTIONS = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Get": "dynamodb:GetItem",
}
# EC2 resource types whose ARNs name no account.
WITHOUT_ACCOUNT = ("image", "snapshot")
TYPES = {"ami": "image", "snap": "snapshot", "i": "instance", "vol": "volume"}


@dataclass
class Need:
    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)


def of(call: Call, account: str) -> list[Need]:
    """All of these, or the request is refused."""
    find = FINDERS.get(call.service)
    found = find(call, account) if find else []
    found = found or [Need(f"{call.service}:{call.action}")]
    for need in found:
        need.context["aws:requestedregion"] = [call.region]
    return found


def arn(service: str, region: str, account: str, rest: str) -> str:
    return f"arn:{get_partition(region)}:{service}:{region}:{account}:{rest}"


# --- EC2


def of_ec2(call: Call, account: str) -> list[Need]:
    name = f"ec2:{call.action}"
    if call.action in ON_IMAGE:
        return [on_thing(name, call.region, account, call.params.get("ImageId", ""))]
    if call.action == "DeleteSnapshot":
        return [on_thing(name, call.region, account, call.params.get("SnapshotId", ""))]
    if call.action not in ("CreateTags", "DeleteTags"):
        return []
    tags = request_tags(call)
    needs = [on_thing(name, call.region, account, id) for id in numbered(call, "ResourceId.{}")]
    for need in needs:
        need.context |= tags
    return needs


def on_thing(action: str, region: str, account: str, thing_id: str) -> Need:
    """What does not exist has no tags."""
    kind = TYPES.get(thing_id.partition("-")[0], "resource")
    place = "" if kind in WITHOUT_ACCOUNT else account
    tags = ec2_backends[account][region].tags.get(thing_id, {})
    context = {f"aws:resourcetag/{key.lower()}": [value] for key, value in tags.items()}
    context["aws:requestedregion"] = [region]
    return Need(action, arn("ec2", region, place, f"{kind}/{thing_id}"), context)


def request_tags(call: Call) -> Context:
    keys = numbered(call, "Tag.{}.Key")
    values = [call.params.get(f"Tag.{i + 1}.Value", "") for i in range(len(keys))]
    context = {
        f"aws:requesttag/{key.lower()}": [value] for key, value in zip(keys, values, strict=True)
    }
    return context | ({"aws:tagkeys": keys} if keys else {})


def numbered(call: Call, form: str) -> list[str]:
    found = []
    while form.format(len(found) + 1) in call.params:
        found.append(call.params[form.format(len(found) + 1)])
    return found


# --- Systems Manager


def of_ssm(call: Call, account: str) -> list[Need]:
    names = call.params.get("Names") or [call.params.get("Name")]
    if call.action == "DescribeParameters" or not all(isinstance(name, str) for name in names):
        return []
    return [Need(f"ssm:{call.action}", parameter(call.region, account, name)) for name in names]


def parameter(region: str, account: str, name: str) -> str:
    """/golden/web and web are parameter/golden/web and parameter/web; AWS's own have no account."""
    if name.startswith("arn:"):
        return ":".join(name.split(":")[:6])
    name = name.partition(":")[0]
    account = "" if name.startswith("/aws/") else account
    return arn("ssm", region, account, "parameter/" + name.removeprefix("/"))


# --- DynamoDB


def of_dynamodb(call: Call, account: str) -> list[Need]:
    if call.action in ("TransactWriteItems", "TransactGetItems"):
        return of_transaction(call, account)
    asked = call.params.get("RequestItems") or {}
    if asked:  # BatchGetItem, BatchWriteItem: permissions of their own, on every table
        tables = [arn("dynamodb", call.region, account, f"table/{table}") for table in asked]
        return [Need(f"dynamodb:{call.action}", table) for table in tables]
    table = call.params.get("TableName")
    if not isinstance(table, str):
        return []
    name = arn("dynamodb", call.region, account, f"table/{table}")
    needs = [Need(f"dynamodb:{call.action}", name, leading_keys(call.params))]
    if call.action == "CreateTable" and call.params.get("Tags"):
        needs.append(Need("dynamodb:TagResource", name))
    return needs


def of_transaction(call: Call, account: str) -> list[Need]:
    """The permissions of its items; every one with the keys of all of them."""
    items = [
        (OWN_ACTIONS[kind], body)
        for item in call.params.get("TransactItems", [])
        for kind, body in item.items()
        if kind in OWN_ACTIONS
    ]
    keys = [key for _, body in items for key in leading_keys(body).get("dynamodb:leadingkeys", [])]
    return [
        Need(
            action,
            arn("dynamodb", call.region, account, f"table/{body.get('TableName')}"),
            {"dynamodb:leadingkeys": keys},
        )
        for action, body in items
    ]


def leading_keys(body: dict[str, Any]) -> Context:
    """Partition keys, where a request has any; goldkeep's are called pk."""
    item = body.get("Key") or body.get("Item") or {}
    value = item.get("pk") or body.get("ExpressionAttributeValues", {}).get(":pk") or {}
    return {"dynamodb:leadingkeys": [value["S"]]} if "S" in value else {}


FINDERS = {"ec2": of_ec2, "ssm": of_ssm, "dynamodb": of_dynamodb}
