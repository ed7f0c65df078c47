"""Resources and conditions of IAM policies, as the second key meets them."""

import json
from contextlib import nullcontext

import pytest
from conftest import SECOND
from helpers import refused, register, snapshot

OURS = {"StringEquals": {"aws:ResourceTag/ManagedBy": "goldkeep"}}
ACCOUNT = "123456789012"


def statement(action, resource="*", **condition):
    found = {"Effect": "Allow", "Action": action, "Resource": resource}
    return found | ({"Condition": condition} if condition else {})


def keys(*patterns):
    return {"ForAllValues:StringLike": {"aws:TagKeys": list(patterns)}}


@pytest.fixture
def allow(emulator):
    """Give the second user these statements."""

    def allow(*statements):
        emulator.client("iam").put_user_policy(
            UserName="guest",
            PolicyName="p",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}),
        )

    return allow


@pytest.fixture
def guest(emulator):
    return lambda service, region="us-east-1": emulator.client(service, region, SECOND)


def tag(ec2, *ids, key="ManagedBy", value="goldkeep", **more):
    ec2.create_tags(Resources=ids, Tags=[{"Key": key, "Value": value}], **more)


NONE = {"Null": {"aws:ResourceTag/ManagedBy": "true"}}
ASKED = {"StringEquals": {"aws:RequestTag/ManagedBy": "goldkeep"}}
IMAGES = "arn:aws:ec2:*::image/*"
HERE = {"StringEquals": {"aws:RequestedRegion": ["us-east-1"]}}
THERE = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}


def tagging(resource="*", **condition):
    return statement("ec2:CreateTags", resource, **condition)


@pytest.mark.parametrize(
    ("statements", "has", "key", "allowed"),
    [  # what the image's ManagedBy is, and which tag it is to get
        ([tagging()], None, "a", True),
        ([tagging(IMAGES)], None, "a", True),
        ([statement("ec2:*Tags", "arn:aws:ec2:us-east-1::image/*")], None, "a", True),
        ([tagging(f"arn:aws:ec2:*:{ACCOUNT}:image/*")], None, "a", False),
        ([tagging("arn:aws:ec2:*::snapshot/*")], None, "a", False),
        ([tagging(**OURS)], "goldkeep", "a", True),
        ([tagging(**OURS)], "terraform", "a", False),
        ([tagging(**OURS)], None, "a", False),
        ([tagging(**NONE)], None, "a", True),
        ([tagging(**NONE)], "terraform", "a", False),
        ([tagging(**ASKED)], None, "ManagedBy", True),
        ([tagging(**ASKED)], None, "a", False),
        ([tagging(**keys("goldkeep:*"))], None, "goldkeep:run", True),
        ([tagging(**keys("goldkeep:*"))], None, "Goldkeep:run", False),
        ([tagging(**keys("a${*}"))], None, "a*", True),
        ([tagging(**keys("a${*}"))], None, "ab", False),
        ([tagging(**OURS, **keys("b")), tagging(**NONE)], None, "a", True),
        ([tagging(), tagging(**NONE) | {"Effect": "Deny"}], None, "a", False),
        ([tagging(**HERE)], None, "a", True),
        ([tagging(**THERE)], None, "a", False),
    ],
)
def test_conditions(ec2, guest, allow, statements, has, key, allowed):
    image = register(ec2, "web")
    if has:
        tag(ec2, image, value=has)
    allow(*statements)
    code = "DryRunOperation" if allowed else "UnauthorizedOperation"
    with refused(code):
        tag(guest("ec2"), image, key=key, DryRun=True)


def test_every_resource_of_a_call_counts(ec2, guest, allow):
    image, other = register(ec2, "web"), snapshot(ec2)
    tag(ec2, image)
    allow(tagging([IMAGES, "arn:aws:ec2:*::snapshot/*"], **OURS))
    with refused("UnauthorizedOperation", 403) as caught:
        tag(guest("ec2"), image, other, key="a")
    arn = f"arn:aws:ec2:us-east-1::snapshot/{other}"
    assert f"ec2:CreateTags on resource: {arn}" in str(caught.value)
    tag(ec2, other)
    tag(guest("ec2"), image, other, key="a")


def test_snapshots_go_with_their_image_if_they_may(ec2, guest, allow):
    image = register(ec2, "web")
    tag(ec2, image)
    allow(statement("ec2:Dereg*", IMAGES, **OURS), statement("ec2:DeleteSnapshot", **OURS))
    got = guest("ec2").deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)
    assert got["DeleteSnapshotResults"][0]["ReturnCode"] == "missing-permissions"
    with refused("UnauthorizedOperation"):
        guest("ec2").deregister_image(ImageId="ami-00000000000000000")


@pytest.mark.parametrize(
    ("name", "pattern", "allowed"),
    [
        ("/golden/web", f"arn:aws:ssm:*:{ACCOUNT}:parameter/golden/*", True),
        ("/golden/web:3", f"arn:aws:ssm:*:{ACCOUNT}:parameter/golden/web", True),
        ("/golden/web", f"arn:aws:ssm:*:{ACCOUNT}:parameter//golden/*", False),
        ("golden", f"arn:aws:ssm:*:{ACCOUNT}:parameter/golden", True),
        ("/aws/service/a", "arn:aws:ssm:*::parameter/aws/service/*", True),
        ("/other", f"arn:aws:ssm:*:{ACCOUNT}:parameter/golden/*", False),
    ],
)
def test_parameters(guest, allow, name, pattern, allowed):
    allow(statement("ssm:GetParameters", pattern))
    with nullcontext() if allowed else refused("AccessDeniedException", 400):
        guest("ssm").get_parameters(Names=[name])


def test_the_pattern_of_a_parameter(emulator):
    ssm = emulator.client("ssm")
    with refused("ParameterPatternMismatchException", 400):
        ssm.put_parameter(Name="/a", Value="none", Type="String", AllowedPattern="^ami-")
    assert not ssm.describe_parameters()["Parameters"]
    ssm.put_parameter(Name="/a", Value="ami-1", Type="String", AllowedPattern="^ami-")


def test_references_on_behalf(ec2, guest, allow):
    image = register(ec2, "web")
    via = {"ForAnyValue:StringEquals": {"aws:CalledVia": ["ec2-images.amazonaws.com"]}}
    kinds = [{"ResourceType": "ssm:Parameter"}]

    def look(**more):
        guest("ec2").describe_image_references(ImageIds=[image], ResourceTypes=kinds, **more)

    allow(statement("ec2:DescribeImageReferences"), statement("ssm:DescribeParameters"))
    with refused("UnauthorizedOperation") as caught:
        look()
    assert "ssm:GetParameters" in str(caught.value)
    with refused("DryRunOperation"):
        look(DryRun=True)
    allow(statement("ec2:DescribeImageReferences"), statement("ssm:*", **via))
    look()
    with refused("AccessDeniedException"):
        guest("ssm").get_parameters(Names=["/a"])


def test_transactions_need_what_their_items_need(emulator, guest, allow):
    table = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/goldkeep"
    names = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
    made = {
        "TableName": "goldkeep",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": names,
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "Tags": [{"Key": "ManagedBy", "Value": "goldkeep"}],
    }
    ours = guest("dynamodb")
    allow(statement("dynamodb:CreateTable", table))
    with refused("AccessDeniedException") as caught:
        ours.create_table(**made)
    assert "dynamodb:TagResource" in str(caught.value)
    emulator.client("dynamodb").create_table(**made)
    key = {"pk": {"S": "F#web"}, "sk": {"S": "H"}}
    put = {"Put": {"TableName": "goldkeep", "Item": key}}
    check = {
        "ConditionCheck": {
            "TableName": "goldkeep",
            "Key": key | {"pk": {"S": "D"}},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }
    allow(statement("dynamodb:PutItem", table))
    with refused("AccessDeniedException") as caught:
        ours.transact_write_items(TransactItems=[put, check])
    assert f"dynamodb:ConditionCheckItem on resource: {table}" in str(caught.value)
    both = ["dynamodb:PutItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem"]
    leading = {"dynamodb:LeadingKeys": ["F#web", "D"]}
    allow(statement(both, table, **{"ForAllValues:StringEquals": leading}))
    ours.transact_write_items(TransactItems=[put, check])
    get = {"Get": {"TableName": "goldkeep", "Key": key}}
    assert ours.transact_get_items(TransactItems=[get])["Responses"][0]["Item"] == key
    batch = {"goldkeep": {"Keys": [key]}}
    with refused("AccessDeniedException"):
        ours.batch_get_item(RequestItems=batch)
    put["Put"]["Item"] = key | {"pk": {"S": "F#db"}}
    with refused("AccessDeniedException"):
        ours.transact_write_items(TransactItems=[put, check])
    allow(statement("dynamodb:BatchGetItem", table))
    assert ours.batch_get_item(RequestItems=batch)["Responses"]["goldkeep"] == [key]


def test_what_is_not_understood_is_no_permission(emulator, guest, allow):
    allow(statement("ec2:*", StringNotLike={"aws:RequestedRegion": "x"}))
    with refused("InternalError"):
        guest("ec2").describe_images()
