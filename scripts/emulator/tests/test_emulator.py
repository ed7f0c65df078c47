"""Every extension of the emulator, driven by boto3: botocore's models judge the shapes."""

import http.client
import json
import re
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from conftest import EMULATOR, FIRST, SECOND, Emulator, start, stop
from helpers import SEED, device, find, pages, refused, register, snapshot

WRONG = (FIRST[0], "wrong" * 8)
NOBODY = ("AKIAIOSFODNN7NOBODY1", FIRST[1])


def by(name, *values):
    return [{"Name": name, "Values": list(values)}]


# --- the server itself


def test_connections_stay_open(emulator):
    connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"))
    connection.request("GET", "/goldkeep/requests")
    connection.getresponse().read()
    socket = connection.sock
    connection.request("GET", "/goldkeep/requests")
    assert connection.getresponse().status == 200
    assert connection.sock is socket
    connection.close()


def test_ends_with_its_parent():
    code = (
        "import subprocess, sys\n"
        f"p = subprocess.Popen([sys.executable, {str(EMULATOR)!r}], stdout=subprocess.PIPE)\n"
        "p.stdout.readline()\nprint(p.pid, flush=True)\n"
        "sys.stdin.readline()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    wait_for_end(pid)


def wait_for_end(pid):
    """The process is not our child: look at it until it is gone or a zombie."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return
        except FileNotFoundError:
            return
    pytest.fail("the emulator outlived its parent")


def test_without_signature_checks():
    process, url = start("--no-auth")
    try:
        emulator = Emulator(url)
        assert emulator.client("ec2", key=WRONG).describe_images()["Images"]
        emulator.settings(deny=["ec2:Describe*"])
        with refused("UnauthorizedOperation"):
            emulator.client("ec2", key=WRONG).describe_images()
    finally:
        stop(process)
    assert process.returncode == 0


# --- signatures and permissions

CALLS = [
    ("ec2", "describe_images", "AuthFailure", 401, "AuthFailure"),
    ("ssm", "describe_parameters", "InvalidSignatureException", 400, "UnrecognizedClientException"),
    ("dynamodb", "list_tables", "InvalidSignatureException", 400, "UnrecognizedClientException"),
    ("sts", "get_caller_identity", "SignatureDoesNotMatch", 403, "InvalidClientTokenId"),
    ("autoscaling", "describe_auto_scaling_groups", "SignatureDoesNotMatch", 403, "InvalidClientTokenId"),
    ("iam", "list_users", "SignatureDoesNotMatch", 403, "InvalidClientTokenId"),
]  # fmt: skip


@pytest.mark.parametrize("service, operation, code, status, unknown", CALLS)
def test_wrong_secret_and_unknown_key(emulator, service, operation, code, status, unknown):
    getattr(emulator.client(service), operation)()
    with refused(code, status):
        getattr(emulator.client(service, key=WRONG), operation)()
    with refused(unknown, status):
        getattr(emulator.client(service, key=NOBODY), operation)()


def test_caller_identity(emulator):
    found = emulator.client("sts").get_caller_identity()
    assert found["Account"] == "123456789012"


ASK = b"Action=DescribeImages&Version=2016-11-15"


def signed(emulator, body=ASK, when=None, service="ec2", headers=None, send=None):
    """A request signed by botocore, maybe at another time, and then spoilt."""
    request = botocore.awsrequest.AWSRequest("POST", emulator.url + "/", data=body)
    request.headers["Content-Type"] = "application/x-www-form-urlencoded"
    stamp = (when or datetime.now(timezone.utc)).strftime("%Y%m%dT%H%M%SZ")
    request.context["timestamp"] = stamp
    request.headers["X-Amz-Date"] = stamp
    keys = botocore.credentials.Credentials(*FIRST)
    signer = botocore.auth.SigV4Auth(keys, service, "us-east-1")
    string = signer.string_to_sign(request, signer.canonical_request(request))
    names = signer.signed_headers(signer.headers_to_sign(request))
    request.headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={names}, "
        f"Signature={signer.signature(string, request)}"
    )
    sent = dict(request.headers.items()) | (headers or {})
    return emulator.raw("POST", "/", body if send is None else send, sent)


def test_spoilt_requests(emulator):
    assert signed(emulator)[0] == 200
    for spoil in (
        {"send": ASK + b"&X=1"},
        {"headers": {"X-Amz-New": "not signed"}},
        {"headers": {"X-Amz-Content-SHA256": "0" * 64}},
        {"headers": {"X-Amz-Date": "20200101T000000Z"}},
    ):
        status, _, body = signed(emulator, **spoil)
        assert (status, b"AuthFailure" in body) == (401, True), spoil
    status, _, body = signed(emulator, headers={"Authorization": ""})
    assert (status, b"MissingParameter" in body) == (400, True)


def test_old_and_early_requests(emulator):
    now = datetime.now(timezone.utc)
    assert signed(emulator, when=now - timedelta(minutes=14))[0] == 200
    status, _, body = signed(emulator, when=now - timedelta(minutes=16))
    assert (status, b"RequestExpired" in body) == (400, True)
    status, _, body = signed(emulator, when=now + timedelta(minutes=16))
    assert (status, b"AuthFailure" in body) == (401, True)
    sts = b"Action=GetCallerIdentity&Version=2011-06-15"
    status, _, body = signed(emulator, sts, now - timedelta(minutes=6), service="sts")
    assert (status, b"Signature expired" in body) == (403, True)


def test_second_key(emulator):
    guest = emulator.client("ec2", key=SECOND)
    with refused("UnauthorizedOperation", 403):
        guest.describe_images()
    with refused("AccessDeniedException", 400):
        emulator.client("ssm", key=SECOND).get_parameter(Name="a")
    emulator.settings(second_key_allows=["ec2:Describe*"])
    assert guest.describe_images()["Images"]
    with refused("UnauthorizedOperation", 403):
        guest.deregister_image(ImageId=SEED)


def test_denied_actions(emulator, ec2):
    emulator.settings(deny=["ec2:DeleteSnapshot", "ssm:PutParameter"])
    with refused("UnauthorizedOperation", 403):
        ec2.delete_snapshot(SnapshotId=snapshot(ec2))
    with refused("AccessDeniedException", 400):
        emulator.client("ssm").put_parameter(Name="a", Value="b", Type="String")
    emulator.settings(deny=[])
    ec2.delete_snapshot(SnapshotId=snapshot(ec2))


def test_assumed_role(emulator):
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        ],
    }
    policy = {"Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}
    policy["Version"] = "2012-10-17"
    iam = emulator.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(policy))
    got = emulator.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"]
    options = {
        "region_name": "us-east-1",
        "endpoint_url": emulator.url,
        "aws_access_key_id": got["AccessKeyId"],
        "aws_secret_access_key": got["SecretAccessKey"],
    }
    ec2 = boto3.client("ec2", aws_session_token=got["SessionToken"], **options)
    assert ec2.describe_images()["Images"]
    with refused("AuthFailure", 401):
        boto3.client("ec2", aws_session_token="other", **options).describe_images()


# --- images


def test_seed_image(ec2):
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]
    assert image["ImageId"] == SEED
    assert (image["Public"], image["Architecture"], image["RootDeviceType"]) == (True, "x86_64", "ebs")
    assert not ec2.describe_images(Owners=["self"])["Images"]


def test_register_with_several_devices(ec2):
    root, data = snapshot(ec2, 4), snapshot(ec2, 7)
    image_id = ec2.register_image(
        Name="several",
        Architecture="arm64",
        Description="d",
        RootDeviceName="/dev/xvda",
        BlockDeviceMappings=[
            device("/dev/xvda", root, VolumeType="gp3"),
            device("/dev/xvdb", data, VolumeSize=9, DeleteOnTermination=False),
            {"DeviceName": "/dev/xvdc", "VirtualName": "ephemeral0"},
        ],
        TagSpecifications=[{"ResourceType": "image", "Tags": [{"Key": "k", "Value": "v"}]}],
    )["ImageId"]
    image = find(ec2, image_id)
    first, second, third = image["BlockDeviceMappings"]
    assert (first["Ebs"]["SnapshotId"], first["Ebs"]["VolumeSize"]) == (root, 4)
    assert first["Ebs"]["VolumeType"] == "gp3"
    assert (second["Ebs"]["VolumeSize"], second["Ebs"]["DeleteOnTermination"]) == (9, False)
    assert third == {"DeviceName": "/dev/xvdc", "VirtualName": "ephemeral0"}
    assert (image["RootDeviceName"], image["RootDeviceType"]) == ("/dev/xvda", "ebs")
    assert (image["Architecture"], image["Description"]) == ("arm64", "d")
    assert image["Tags"] == [{"Key": "k", "Value": "v"}]
    assert image["DeregistrationProtection"] == "disabled"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", image["CreationDate"])


def test_register_refusals(ec2):
    with refused("InvalidBlockDeviceMapping"):
        ec2.register_image(Name="no-root")
    with refused("InvalidSnapshot.NotFound"):
        register(ec2, "no-snapshot", "snap-00000000000000000")
    with refused("InvalidAMIName.Malformed"):
        register(ec2, "a*b")
    register(ec2, "twice")
    with refused("InvalidAMIName.Duplicate"):
        register(ec2, "twice")
    with refused("DryRunOperation", 412):
        register(ec2, "dry", DryRun=True)


def test_instance_store_image(ec2):
    image_id = ec2.register_image(Name="store", ImageLocation="b/p/image.manifest.xml")["ImageId"]
    image = find(ec2, image_id)
    assert (image["RootDeviceType"], image["ImageLocation"]) == ("instance-store", "b/p/image.manifest.xml")
    assert image["BlockDeviceMappings"] == []
    answer = ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    assert answer["DeleteSnapshotResults"] == []


def test_create_image_from_instance(ec2):
    instance = ec2.run_instances(ImageId=SEED, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    image_id = ec2.create_image(
        InstanceId=instance,
        Name="created",
        BlockDeviceMappings=[{"DeviceName": "/dev/sdz", "VirtualName": "ephemeral0"}],
        TagSpecifications=[
            {"ResourceType": "image", "Tags": [{"Key": "a", "Value": "1"}]},
            {"ResourceType": "snapshot", "Tags": [{"Key": "b", "Value": "2"}]},
        ],
    )["ImageId"]
    image = find(ec2, image_id)
    snapshot_id = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    found = ec2.describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"][0]
    assert image["Tags"] == [{"Key": "a", "Value": "1"}]
    assert found["Tags"] == [{"Key": "b", "Value": "2"}]
    assert found["Description"] == f"Created by CreateImage({instance}) for {image_id}"
    assert image["SourceInstanceId"] == instance
    assert image["BlockDeviceMappings"][-1]["VirtualName"] == "ephemeral0"


def test_copy_image(emulator, ec2):
    source = register(ec2, "source", snapshot(ec2, 3), snapshot(ec2, 5))
    ec2.create_tags(Resources=[source], Tags=[{"Key": "k", "Value": "v"}])
    west = emulator.client("ec2", "us-west-2")
    copied = west.copy_image(
        Name="copy", SourceImageId=source, SourceRegion="us-east-1", CopyImageTags=True
    )["ImageId"]
    image = find(west, copied)
    assert (image["SourceImageId"], image["SourceImageRegion"]) == (source, "us-east-1")
    assert image["Tags"] == [{"Key": "k", "Value": "v"}]
    old = [d["Ebs"]["SnapshotId"] for d in find(ec2, source)["BlockDeviceMappings"]]
    new = [d["Ebs"]["SnapshotId"] for d in image["BlockDeviceMappings"]]
    assert len(new) == 2 and not set(old) & set(new)
    sizes = [s["VolumeSize"] for s in west.describe_snapshots(SnapshotIds=new)["Snapshots"]]
    assert sorted(sizes) == [3, 5]


def test_deregister(ec2):
    image_id = register(ec2, "gone")
    with refused("DryRunOperation", 412):
        ec2.deregister_image(ImageId=image_id, DryRun=True)
    answer = ec2.deregister_image(ImageId=image_id)
    assert answer["Return"] and "DeleteSnapshotResults" not in answer
    assert find(ec2, image_id) is None
    for call in (ec2.deregister_image, ec2.enable_image):
        with refused("InvalidAMIID.Unavailable"):
            call(ImageId=image_id)
    with refused("InvalidAMIID.Unavailable"):
        ec2.describe_images(ImageIds=[image_id])
    with refused("InvalidAMIID.NotFound"):
        ec2.deregister_image(ImageId="ami-00000000000000000")
    with refused("InvalidAMIID.Malformed"):
        ec2.deregister_image(ImageId="ami-xyz")


def test_deregister_with_snapshots(emulator, ec2):
    shared, own = snapshot(ec2), snapshot(ec2)
    one = register(ec2, "one", shared, own)
    two = register(ec2, "two", shared)
    results = ec2.deregister_image(ImageId=one, DeleteAssociatedSnapshots=True)
    assert results["DeleteSnapshotResults"] == [
        {"SnapshotId": shared, "ReturnCode": "skipped"},
        {"SnapshotId": own, "ReturnCode": "success"},
    ]
    with refused("InvalidSnapshot.NotFound"):
        ec2.describe_snapshots(SnapshotIds=[own])
    results = ec2.deregister_image(ImageId=two, DeleteAssociatedSnapshots=True)
    assert results["DeleteSnapshotResults"] == [{"SnapshotId": shared, "ReturnCode": "success"}]


def test_deregister_with_snapshot_troubles(emulator, ec2):
    first, second, third = snapshot(ec2), snapshot(ec2), snapshot(ec2)
    emulator.settings(snapshot_result={first: "internal-error", second: "client-error"})
    image_id = register(ec2, "troubled", first, second, third)
    emulator.settings(deny=["ec2:DeleteSnapshot"])
    results = ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    codes = [item["ReturnCode"] for item in results["DeleteSnapshotResults"]]
    assert codes == ["internal-error", "client-error", "missing-permissions"]
    assert len(ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 3


def test_deregister_with_snapshots_by_second_key(emulator, ec2):
    image_id = register(ec2, "guest")
    emulator.settings(second_key_allows=["ec2:DeregisterImage"])
    guest = emulator.client("ec2", key=SECOND)
    results = guest.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    assert results["DeleteSnapshotResults"][0]["ReturnCode"] == "missing-permissions"


def test_old_api_ignores_delete_associated_snapshots(emulator, ec2):
    emulator.settings(ignore_delete_associated_snapshots=True)
    answer = ec2.deregister_image(ImageId=register(ec2, "old"), DeleteAssociatedSnapshots=True)
    assert "DeleteSnapshotResults" not in answer
    assert len(ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 1


def test_protection(emulator, ec2):
    image_id = register(ec2, "protected")
    on, off = ec2.enable_image_deregistration_protection, ec2.disable_image_deregistration_protection
    assert on(ImageId=image_id)["Return"] == "enabled-without-cooldown"
    assert find(ec2, image_id)["DeregistrationProtection"] == "enabled-without-cooldown"
    with refused("OperationNotPermitted"):
        ec2.deregister_image(ImageId=image_id)
    assert off(ImageId=image_id)["Return"] == "disabled"
    assert on(ImageId=image_id, WithCooldown=True)["Return"] == "enabled-with-cooldown"
    off(ImageId=image_id)
    with refused("OperationNotPermitted"):
        ec2.deregister_image(ImageId=image_id)
    got = ec2.describe_image_attribute(ImageId=image_id, Attribute="deregistrationProtection")
    assert got["DeregistrationProtection"] == {"Value": "enabled-with-cooldown"}
    emulator.image(image_id, deregistration_protection="disabled")
    ec2.deregister_image(ImageId=image_id)


def test_deprecation(emulator, ec2):
    image_id = register(ec2, "aging")
    when = datetime.now(timezone.utc) + timedelta(days=30)
    rounded = when.replace(second=40, microsecond=0)
    ec2.enable_image_deprecation(ImageId=image_id, DeprecateAt=rounded)
    expected = (rounded + timedelta(seconds=20)).strftime("%Y-%m-%dT%H:%M:00.000Z")
    assert find(ec2, image_id)["DeprecationTime"] == expected
    for bad in (when - timedelta(days=31), when + timedelta(days=3700)):
        with refused("InvalidParameterValue"):
            ec2.enable_image_deprecation(ImageId=image_id, DeprecateAt=bad)
    emulator.image(image_id, public=True)
    with refused("InvalidParameterValue"):
        ec2.enable_image_deprecation(ImageId=image_id, DeprecateAt=when + timedelta(days=800))
    ec2.disable_image_deprecation(ImageId=image_id)
    assert "DeprecationTime" not in find(ec2, image_id)


def test_disable_image(ec2):
    image_id = register(ec2, "disabled")
    permission = {"Add": [{"UserId": "111122223333"}]}
    ec2.modify_image_attribute(ImageId=image_id, LaunchPermission=permission)
    got = ec2.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")
    assert got["LaunchPermissions"] == [{"UserId": "111122223333"}]
    ec2.disable_image(ImageId=image_id)
    assert find(ec2, image_id) is None
    assert find(ec2, image_id, IncludeDisabled=True)["State"] == "disabled"
    got = ec2.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")
    assert got["LaunchPermissions"] == []
    with refused("InvalidAMIID.Unavailable"):
        ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1)
    with refused("OperationNotPermitted"):
        ec2.modify_image_attribute(ImageId=image_id, LaunchPermission=permission)
    ec2.enable_image(ImageId=image_id)
    assert find(ec2, image_id)["State"] == "available"
    ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1)


def test_image_attributes(emulator, ec2):
    image_id = register(ec2, "attributes", Description="before")
    ec2.modify_image_attribute(ImageId=image_id, Description={"Value": "after"})
    got = ec2.describe_image_attribute(ImageId=image_id, Attribute="description")
    assert got["Description"] == {"Value": "after"}
    got = ec2.describe_image_attribute(ImageId=image_id, Attribute="lastLaunchedTime")
    assert got["LastLaunchedTime"] == {}
    emulator.image(image_id, last_launched_time="2026-01-02T03:04:05Z")
    got = ec2.describe_image_attribute(ImageId=image_id, Attribute="lastLaunchedTime")
    assert got["LastLaunchedTime"] == {"Value": "2026-01-02T03:04:05Z"}
    assert find(ec2, image_id)["LastLaunchedTime"] == "2026-01-02T03:04:05Z"


FILTERS = [
    ("name", "web-*", {"web-1", "web-2"}),
    ("name", "web-?", {"web-1", "web-2"}),
    ("name", "WEB-*", set()),
    ("state", "available", {"web-1", "web-2", "other"}),
    ("tag:Name", "a\\*b", {"web-1"}),
    ("tag:Name", "a*b", {"web-1", "web-2", "other"}),
    ("tag:Name", "a[x*]b", set()),
    ("tag:Name", "a\\\\*", {"other"}),
    ("tag-key", "Na?e", {"web-1", "web-2", "other"}),
    ("tag:Missing", "*", set()),
    ("owner-id", "123456789012", {"web-1", "web-2", "other"}),
    ("is-public", "false", {"web-1", "web-2", "other"}),
    ("creation-date", "20*Z", {"web-1", "web-2", "other"}),
    ("root-device-type", "ebs", {"web-1", "web-2", "other"}),
    ("block-device-mapping.volume-size", "4", {"web-1", "web-2", "other"}),
]


@pytest.mark.parametrize("name, value, expected", FILTERS)
def test_image_filters(ec2, name, value, expected):
    for image, tag in (("web-1", "a*b"), ("web-2", "axb"), ("other", "a\\b")):
        ec2.create_tags(Resources=[register(ec2, image)], Tags=[{"Key": "Name", "Value": tag}])
    found = ec2.describe_images(Owners=["self"], Filters=by(name, value))["Images"]
    assert {image["Name"] for image in found} == expected


def test_more_image_filters(ec2):
    shared = snapshot(ec2)
    one, two = register(ec2, "one", shared), register(ec2, "two", shared)
    register(ec2, "three")
    found = ec2.describe_images(Filters=by("block-device-mapping.snapshot-id", shared))["Images"]
    assert {image["ImageId"] for image in found} == {one, two}
    both = by("name", "one", "three") + by("image-id", one, two)
    assert [i["ImageId"] for i in ec2.describe_images(Filters=both)["Images"]] == [one]
    with refused("InvalidParameterValue"):
        ec2.describe_images(Filters=by("no-such-filter", "x"))
    with refused("FilterLimitExceeded"):
        ec2.describe_images(Filters=by("name", *map(str, range(201))))
    with refused("InvalidAMIID.Malformed"):
        ec2.describe_images(ImageIds=["ami-123"])
    with refused("InvalidAMIID.NotFound"):
        ec2.describe_images(ImageIds=[one, "ami-00000000"])


def test_launch_from_nothing(ec2):
    with refused("InvalidAMIID.NotFound"):
        ec2.run_instances(ImageId="ami-00000000", MinCount=1, MaxCount=1)


# --- tags


def test_tag_refusals(ec2):
    image_id = register(ec2, "tagged")

    def tag(*keys, value="v", resources=(image_id,)):
        ec2.create_tags(Resources=list(resources), Tags=[{"Key": k, "Value": value} for k in keys])

    tag("k" * 127, value="v" * 256)
    for key in ("k" * 128, "aws:x", "AWS:x", ""):
        with refused("InvalidParameterValue"):
            tag(key)
    with refused("InvalidParameterValue"):
        tag("k", value="v" * 257)
    with refused("InvalidParameterValue"):
        tag("same", "same")
    tag(*map(str, range(49)))
    with refused("TagLimitExceeded"):
        tag("one too many")
    for resource, code in (
        ("ami-00000000000000000", "InvalidAMIID.NotFound"),
        ("snap-00000000000000000", "InvalidSnapshot.NotFound"),
        ("nonsense", "InvalidID"),
    ):
        with refused(code):
            tag("k", resources=[image_id, resource])
    with refused("DryRunOperation", 412):
        ec2.create_tags(Resources=[image_id], Tags=[{"Key": "0", "Value": "x"}], DryRun=True)


def test_delete_and_describe_tags(ec2):
    image_id = register(ec2, "tags")
    ec2.create_tags(
        Resources=[image_id], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    )
    assert len(ec2.describe_tags(Filters=by("resource-id", image_id))["Tags"]) == 2
    assert ec2.describe_tags(Filters=by("tag:a", "1"))["Tags"][0]["ResourceType"] == "image"
    ec2.delete_tags(Resources=[image_id], Tags=[{"Key": "a", "Value": "other"}, {"Key": "b"}])
    assert find(ec2, image_id)["Tags"] == [{"Key": "a", "Value": "1"}]
    with refused("InvalidParameterValue"):
        ec2.describe_tags(Filters=by("nonsense", "1"))


# --- snapshots


def test_snapshot_in_use(ec2):
    snapshot_id = snapshot(ec2)
    image_id = register(ec2, "user", snapshot_id)
    with refused("InvalidSnapshot.InUse") as caught:
        ec2.delete_snapshot(SnapshotId=snapshot_id)
    assert f"The snapshot {snapshot_id} is currently in use by {image_id}" in str(caught.value)
    ec2.deregister_image(ImageId=image_id)
    ec2.delete_snapshot(SnapshotId=snapshot_id)
    with refused("InvalidSnapshot.NotFound"):
        ec2.delete_snapshot(SnapshotId=snapshot_id)
    with refused("InvalidSnapshotID.Malformed"):
        ec2.delete_snapshot(SnapshotId="snap-x")


def test_snapshot_stays_in_use_for_a_while(emulator, ec2):
    emulator.settings(snapshot_in_use_for=2)
    snapshot_id = snapshot(ec2)
    image_id = register(ec2, "lingers", snapshot_id)
    ec2.deregister_image(ImageId=image_id)
    for _ in range(2):
        with refused("InvalidSnapshot.InUse") as caught:
            ec2.delete_snapshot(SnapshotId=snapshot_id)
        assert image_id in str(caught.value)
    ec2.delete_snapshot(SnapshotId=snapshot_id)


def test_describe_snapshots(ec2):
    one, two = snapshot(ec2, 3), snapshot(ec2, 4)
    ec2.create_tags(Resources=[one], Tags=[{"Key": "k", "Value": "v"}])
    found = ec2.describe_snapshots(OwnerIds=["self"], Filters=by("tag:k", "v"))["Snapshots"]
    assert [s["SnapshotId"] for s in found] == [one]
    assert (found[0]["State"], found[0]["OwnerId"]) == ("completed", "123456789012")
    found = ec2.describe_snapshots(Filters=by("snapshot-id", one, two))["Snapshots"]
    assert {s["SnapshotId"] for s in found} == {one, two}
    with refused("InvalidParameterValue"):
        ec2.describe_snapshots(Filters=by("nonsense", "x"))


# --- delayed visibility


def test_new_things_are_not_visible_at_once(emulator, ec2):
    emulator.settings(visible_after=2)
    instance = ec2.run_instances(ImageId=SEED, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    image_id = ec2.create_image(InstanceId=instance, Name="later")["ImageId"]
    assert find(ec2, image_id) is None
    with refused("InvalidAMIID.NotFound"):
        ec2.create_tags(Resources=[image_id], Tags=[{"Key": "k", "Value": "v"}])
    image = find(ec2, image_id)
    snapshot_id = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    for _ in range(2):
        with refused("InvalidSnapshot.NotFound"):
            ec2.create_tags(Resources=[snapshot_id], Tags=[{"Key": "k", "Value": "v"}])
    ec2.create_tags(Resources=[image_id, snapshot_id], Tags=[{"Key": "k", "Value": "v"}])


def test_hide_an_image_later(emulator, ec2):
    image_id = register(ec2, "hidden")
    emulator.image(image_id, hidden_for=1)
    assert find(ec2, image_id) is None
    assert find(ec2, image_id)


# --- references


def template(ec2, name, *images):
    made = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"ImageId": images[0]})
    template_id = made["LaunchTemplate"]["LaunchTemplateId"]
    for image in images[1:]:
        ec2.create_launch_template_version(
            LaunchTemplateId=template_id, LaunchTemplateData={"ImageId": image}
        )
    return template_id


def references(ec2, *ids, **more):
    more = more or {"IncludeAllResourceTypes": True}
    found = ec2.describe_image_references(ImageIds=list(ids), **more)["ImageReferences"]
    return {(item["ImageId"], item["ResourceType"], item["Arn"]) for item in found}


def test_references_of_all_types(emulator, ec2):
    image_id, other = register(ec2, "used"), register(ec2, "unused")
    ssm = emulator.client("ssm")
    ssm.put_parameter(Name="/golden/web", Value=image_id, Type="String", DataType="aws:ec2:image")
    ssm.put_parameter(Name="/golden/text", Value=image_id, Type="String")
    instance = ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    direct = template(ec2, "direct", image_id)
    alias = template(ec2, "alias", "resolve:ssm:/golden/web")
    place = "us-east-1:123456789012"
    assert references(ec2, image_id, other) == {
        (image_id, "ec2:Instance", f"arn:aws:ec2:{place}:instance/{instance}"),
        (image_id, "ec2:LaunchTemplate", f"arn:aws:ec2:{place}:launch-template/{direct}"),
        (image_id, "ec2:LaunchTemplate", f"arn:aws:ec2:{place}:launch-template/{alias}"),
        (image_id, "ssm:Parameter", f"arn:aws:ssm:{place}:parameter/golden/web"),
    }
    assert references(ec2, other) == set()


def kind(name, option=None, *values):
    options = [{"OptionName": option, "OptionValues": list(values)}] if option else []
    return {"ResourceType": name, "ResourceTypeOptions": options}


def test_reference_options(ec2):
    image_id, new = register(ec2, "older"), register(ec2, "newer")
    instance = ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.terminate_instances(InstanceIds=[instance])
    template(ec2, "deep", image_id, *[new] * 10)
    alive = kind("ec2:Instance", "state-name", "pending", "running", "stopping", "stopped")
    deep = kind("ec2:LaunchTemplate", "version-depth", "10000")
    assert len(references(ec2, image_id, ResourceTypes=[kind("ec2:Instance")])) == 1
    assert not references(ec2, image_id, ResourceTypes=[alive])
    assert not references(ec2, image_id, ResourceTypes=[kind("ec2:LaunchTemplate")])
    assert len(references(ec2, image_id, ResourceTypes=[deep])) == 1
    both = references(ec2, image_id, IncludeAllResourceTypes=True, ResourceTypes=[alive, deep])
    assert {item[1] for item in both} == {"ec2:LaunchTemplate"}


def test_reference_refusals(emulator, ec2):
    image_id = register(ec2, "asked")
    everything = {"IncludeAllResourceTypes": True}
    many = [f"ami-{n:017x}" for n in range(11)]
    with refused("InvalidParameterValue"):
        ec2.describe_image_references(ImageIds=many, **everything)
    with refused("InvalidAMIID.Malformed"):
        ec2.describe_image_references(ImageIds=["ami-x"], **everything)
    with refused("MissingParameter"):
        ec2.describe_image_references(ImageIds=[image_id])
    for bad in (
        kind("ec2:Volume"),
        kind("ec2:Instance", "version-depth", "1"),
        kind("ec2:Instance", "state-name", "asleep"),
        kind("ec2:LaunchTemplate", "version-depth", "10001"),
    ):
        with refused("InvalidParameterValue"):
            ec2.describe_image_references(ImageIds=[image_id], ResourceTypes=[bad])
    with refused("DryRunOperation", 412):
        ec2.describe_image_references(ImageIds=[image_id], DryRun=True, **everything)
    emulator.settings(deny=["ssm:GetParameters"])
    with refused("UnauthorizedOperation", 403):
        ec2.describe_image_references(ImageIds=[image_id], **everything)


# --- paging


def fill(emulator):
    """Seven of everything that is listed in pages."""
    ec2, groups = emulator.client("ec2"), emulator.client("autoscaling")
    ssm = emulator.client("ssm")
    image_id = register(ec2, "image-0")
    for n in range(1, 7):
        register(ec2, f"image-{n}")
    for n in range(7):
        ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1)
        template(ec2, f"template-{n}", image_id)
        ec2.create_tags(Resources=[image_id], Tags=[{"Key": f"key-{n}", "Value": "v"}])
        name = f"/golden/{n}"
        ssm.put_parameter(Name=name, Value=image_id, Type="String", DataType="aws:ec2:image")
        groups.create_launch_configuration(
            LaunchConfigurationName=f"lc-{n}", ImageId=image_id, InstanceType="t3.micro"
        )
        groups.create_auto_scaling_group(
            AutoScalingGroupName=f"group-{n}",
            LaunchConfigurationName=f"lc-{n}",
            MinSize=0,
            MaxSize=0,
            AvailabilityZones=["us-east-1a"],
        )
    return image_id


def listings(image_id):
    kinds = [{"ResourceType": "ssm:Parameter"}]
    return [
        ("ec2", "describe_images", "Images", {"Owners": ["self"]}),
        ("ec2", "describe_snapshots", "Snapshots", {"OwnerIds": ["self"]}),
        ("ec2", "describe_instances", "Reservations", {}),
        ("ec2", "describe_launch_templates", "LaunchTemplates", {}),
        ("ec2", "describe_launch_template_versions", "LaunchTemplateVersions", {"Versions": ["$Latest", "$Default"]}),
        ("ec2", "describe_image_references", "ImageReferences", {"ImageIds": [image_id], "ResourceTypes": kinds}),
        ("ec2", "describe_tags", "Tags", {"Filters": by("resource-id", image_id)}),
        ("autoscaling", "describe_launch_configurations", "LaunchConfigurations", {}),
        ("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", {}),
        ("ssm", "describe_parameters", "Parameters", {"ParameterFilters": BY_TYPE}),
    ]  # fmt: skip


def test_all_listings_in_pages(emulator):
    image_id = fill(emulator)
    for service, operation, key, arguments in listings(image_id):
        client = emulator.client(service)
        for size, sizes in ((None, [7]), (5, [5, 2])):
            limit = {"PaginationConfig": {"PageSize": size}} if size else {}
            items, got = pages(client, operation, key, **arguments, **limit)
            assert got == sizes, operation
            assert len({json.dumps(item, default=str) for item in items}) == 7, operation
        with refused("InvalidNextToken"):
            getattr(client, operation)(**arguments, NextToken="nonsense")


def test_small_and_empty_pages(emulator):
    image_id = fill(emulator)
    emulator.settings(page_size=2, empty_first_page=True)
    for service, operation, key, arguments in listings(image_id):
        items, sizes = pages(emulator.client(service), operation, key, **arguments)
        assert sizes == [0, 2, 2, 2, 1], operation
        assert len({json.dumps(item, default=str) for item in items}) == 7, operation


def test_paging_survives_deletions(emulator, ec2):
    for n in range(5):
        register(ec2, f"image-{n}")
    emulator.settings(page_size=2)
    first = ec2.describe_images(Owners=["self"])
    for image in first["Images"]:
        ec2.deregister_image(ImageId=image["ImageId"])
    second = ec2.describe_images(Owners=["self"], NextToken=first["NextToken"])
    assert len(second["Images"]) == 2


def test_page_size_limits(emulator, ec2):
    for call, least, most in (
        (ec2.describe_images, 1, 1000),
        (ec2.describe_snapshots, 5, 1000),
        (ec2.describe_instances, 5, 1000),
        (ec2.describe_tags, 5, 1000),
    ):
        call(MaxResults=least)
        for size in (least - 1, most + 1):
            with refused("InvalidParameterValue"):
                call(MaxResults=size)
    with refused("InvalidParameterCombination"):
        ec2.describe_snapshots(SnapshotIds=[snapshot(ec2)], MaxResults=5)
    with refused("ValidationError"):
        emulator.client("autoscaling").describe_launch_configurations(MaxRecords=101)
    emulator.settings(page_size=1)
    register(ec2, "another")
    token = ec2.describe_images()["NextToken"]
    with refused("InvalidNextToken"):
        emulator.client("ec2", "us-west-2").describe_images(NextToken=token)
    with refused("InvalidNextToken"):
        ec2.describe_snapshots(NextToken=token)


# --- launch templates and parameters


def test_launch_template_versions(emulator, ec2):
    image_id, other = register(ec2, "first"), register(ec2, "second")
    ssm = emulator.client("ssm")
    ssm.put_parameter(Name="/golden/web", Value=image_id, Type="String", DataType="aws:ec2:image")
    template_id = template(ec2, "versions", other, "resolve:ssm:/golden/web", image_id)
    found = ec2.describe_launch_template_versions(LaunchTemplateId=template_id)
    versions = found["LaunchTemplateVersions"]
    assert [v["VersionNumber"] for v in versions] == [3, 2, 1]
    assert versions[1]["LaunchTemplateData"]["ImageId"] == "resolve:ssm:/golden/web"
    found = ec2.describe_launch_template_versions(
        LaunchTemplateId=template_id, ResolveAlias=True, Filters=by("image-id", image_id)
    )
    assert [v["VersionNumber"] for v in found["LaunchTemplateVersions"]] == [3, 2]
    found = ec2.describe_launch_template_versions(LaunchTemplateId=template_id, Versions=["1"])
    assert found["LaunchTemplateVersions"][0]["DefaultVersion"]
    with refused("InvalidParameterValue"):
        ec2.describe_launch_template_versions(
            LaunchTemplateId=template_id, Filters=by("nonsense", "x")
        )


def test_image_parameters_are_checked_later(emulator, ec2):
    ssm = emulator.client("ssm")
    image = {"Name": "/golden/web", "Type": "String", "DataType": "aws:ec2:image", "Overwrite": True}
    assert ssm.put_parameter(Value="ami-00000000000000000", **image)["Version"] == 1
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name="/golden/web")
    image_id = register(ec2, "published")
    ssm.put_parameter(Value=image_id, **image)
    ssm.put_parameter(Value="ami-00000000000000000", **image)
    assert ssm.get_parameter(Name="/golden/web")["Parameter"]["Value"] == image_id


IMAGE = {"Type": "String", "DataType": "aws:ec2:image", "Overwrite": True}


def value_of(ssm, name):
    found = ssm.get_parameters(Names=[name])["Parameters"]
    return found[0]["Value"] if found else None


def test_image_parameters_that_are_never_stored(emulator, ec2):
    first, second = register(ec2, "first"), register(ec2, "second")
    ssm = emulator.client("ssm")
    emulator.image(second, state="pending")
    ssm.put_parameter(Name="/web", Value=first, **IMAGE)
    ssm.put_parameter(Name="/web", Value=second, **IMAGE)
    assert value_of(ssm, "/web") == first
    emulator.image(second, state="available")
    for setting in ({"image_parameters_lost": ["us-east-1"]}, {"image_parameters_lost": ["/web"]}):
        emulator.settings(**setting)
        assert ssm.put_parameter(Name="/web", Value=second, **IMAGE)["Version"] == 2
        assert value_of(ssm, "/web") == first
    emulator.settings(image_parameters_lost=["eu-west-1", "/other"], deny=["ec2:DescribeImages"])
    ssm.put_parameter(Name="/web", Value=second, **IMAGE)
    assert value_of(ssm, "/web") == first
    emulator.settings(deny=[])
    ssm.put_parameter(Name="/web", Value=second, **IMAGE)
    assert value_of(ssm, "/web") == second


def test_image_parameters_that_are_stored_later(emulator, ec2):
    first, second = register(ec2, "first"), register(ec2, "second")
    ssm = emulator.client("ssm")
    emulator.settings(image_parameters_after=2)
    assert ssm.put_parameter(Name="/web", Value=first, **IMAGE)["Version"] == 1
    assert [value_of(ssm, "/web") for _ in range(3)] == [None, None, first]
    ssm.put_parameter(Name="/web", Value=second, **IMAGE)
    assert ssm.get_parameter(Name="/web")["Parameter"]["Value"] == first
    assert [value_of(ssm, "/web") for _ in range(2)] == [first, second]
    found = ssm.get_parameter(Name="/web")["Parameter"]
    assert (found["Version"], found["DataType"]) == (2, "aws:ec2:image")


def test_parameters_keep_their_kind(emulator, ec2):
    image_id = register(ec2, "published")
    ssm = emulator.client("ssm")
    ssm.put_parameter(Name="/text", Value=image_id, Type="String")
    ssm.put_parameter(Name="/image", Value=image_id, **IMAGE)
    with refused("ValidationException", 400):
        ssm.put_parameter(Name="/text", Value=image_id, **IMAGE)
    with refused("ValidationException", 400):
        ssm.put_parameter(Name="/image", Value="x", **IMAGE | {"DataType": "text"})
    with refused("HierarchyTypeMismatchException", 400):
        ssm.put_parameter(Name="/text", Value="x", Type="StringList", Overwrite=True)
    with refused("ParameterAlreadyExists", 400):
        ssm.put_parameter(Name="/text", Value=image_id, **IMAGE | {"Overwrite": False})
    ssm.put_parameter(Name="/image", Value=image_id, Overwrite=True)
    assert ssm.get_parameter(Name="/image")["Parameter"]["DataType"] == "aws:ec2:image"


def test_a_hundred_versions(emulator, ec2):
    image_id = register(ec2, "published")
    ssm = emulator.client("ssm")
    for _ in range(100):
        ssm.put_parameter(Name="/web", Value=image_id, **IMAGE)
    ssm.label_parameter_version(Name="/web", ParameterVersion=1, Labels=["first"])
    with refused("ParameterMaxVersionLimitExceeded", 400):
        ssm.put_parameter(Name="/web", Value=image_id, **IMAGE)
    ssm.label_parameter_version(Name="/web", ParameterVersion=2, Labels=["first"])
    assert ssm.put_parameter(Name="/web", Value=image_id, **IMAGE)["Version"] == 101


BY_TYPE = [{"Key": "DataType", "Values": ["aws:ec2:image"]}]


def put_parameters(emulator, image_id):
    ssm = emulator.client("ssm")
    for number in range(7):
        ssm.put_parameter(
            Name=f"/golden/{number}", Value=image_id, Type="String", DataType="aws:ec2:image"
        )
        ssm.put_parameter(Name=f"/text/{number}", Value=image_id, Type="String")
    return ssm


def test_parameters_by_data_type(emulator, ec2):
    ssm = put_parameters(emulator, register(ec2, "published"))
    found = ssm.describe_parameters(ParameterFilters=BY_TYPE, MaxResults=50)["Parameters"]
    assert [item["Name"] for item in found] == [f"/golden/{number}" for number in range(7)]
    assert {item["DataType"] for item in found} == {"aws:ec2:image"}
    assert all("Value" not in item for item in found)
    assert len(ssm.describe_parameters(MaxResults=50)["Parameters"]) == 14
    one = [*BY_TYPE, {"Key": "Name", "Option": "Contains", "Values": ["/3"]}]
    found = ssm.describe_parameters(ParameterFilters=one)["Parameters"]
    assert [item["Name"] for item in found] == ["/golden/3"]
    text = [{"Key": "DataType", "Option": "BeginsWith", "Values": ["te"]}]
    assert len(ssm.describe_parameters(ParameterFilters=text)["Parameters"]) == 7
    with refused("ValidationException"):
        ssm.describe_parameters(ParameterFilters=[{"Key": "Nonsense", "Values": ["x"]}])


def test_parameters_in_pages(emulator, ec2):
    ssm = put_parameters(emulator, register(ec2, "published"))
    _, sizes = pages(ssm, "describe_parameters", "Parameters")
    assert sizes == [10, 4]
    limit = {"PaginationConfig": {"PageSize": 3}}
    items, sizes = pages(
        ssm, "describe_parameters", "Parameters", ParameterFilters=BY_TYPE, **limit
    )
    assert sizes == [3, 3, 1]
    assert [item["Name"] for item in items] == [f"/golden/{number}" for number in range(7)]
    for token in ("nonsense", ec2_token(emulator, ec2)):
        with refused("InvalidNextToken", 400):
            ssm.describe_parameters(NextToken=token)
    emulator.settings(empty_first_page=False)
    with refused("ValidationException", 400):
        ssm.describe_parameters(MaxResults=51)


def ec2_token(emulator, ec2):
    emulator.settings(empty_first_page=True)
    return ec2.describe_images()["NextToken"]


# --- control endpoints


def test_reset(emulator, ec2):
    register(ec2, "forgotten")
    emulator.settings(page_size=1, deny=["ec2:*"])
    emulator.faults({"status": 500})
    emulator.post("reset")
    assert emulator.get("requests") == {"requests": []}
    assert emulator.get("faults") == {"rules": []}
    assert emulator.get("settings")["page_size"] is None
    assert emulator.get("state")["regions"] == {}
    assert [i["ImageId"] for i in ec2.describe_images()["Images"]] == [SEED]


def test_request_log(emulator, ec2):
    ec2.describe_images(Owners=["self"])
    with refused("ParameterNotFound"):
        emulator.client("ssm", "eu-west-1").get_parameter(Name="none")
    first, second = emulator.get("requests")["requests"]
    assert (first["n"], first["service"], first["action"]) == (1, "ec2", "DescribeImages")
    assert (first["region"], first["status"]) == ("us-east-1", 200)
    assert first["params"]["Owner.1"] == "self"
    assert (second["n"], second["service"], second["region"]) == (2, "ssm", "eu-west-1")
    assert (second["status"], second["params"]) == (400, {"Name": "none"})
    emulator.post("requests/clear")
    assert emulator.actions() == []


def test_bad_control_calls(emulator):
    emulator.post("settings", {"nonsense": 1}, status=400)
    emulator.post("faults", {"rules": [{"nonsense": 1}]}, status=400)
    emulator.post("nonsense", status=404)
    bad = {"region": "us-east-1", "image_id": SEED, "set": {"state": "asleep"}}
    emulator.post("image", bad, status=400)
    emulator.post("image", {**bad, "image_id": "ami-00000000"}, status=400)


def test_image_settings(emulator, ec2):
    image_id = register(ec2, "set")
    emulator.image(image_id, state="failed", creation_date="2020-01-01T00:00:00.000Z")
    image = find(ec2, image_id)
    assert (image["State"], image["CreationDate"]) == ("failed", "2020-01-01T00:00:00.000Z")
    assert image["StateReason"]["Code"] == "Server.InternalError"
    emulator.image(image_id, state="pending", public=True)
    assert find(ec2, image_id)["State"] == "pending" and find(ec2, image_id)["Public"]
    with refused("InvalidAMIID.Unavailable"):
        ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1)
    emulator.image(image_id, state="deregistered")
    assert find(ec2, image_id)["State"] == "deregistered"
    with refused("InvalidAMIID.Unavailable"):
        ec2.deregister_image(ImageId=image_id)
    emulator.image(image_id, state="available", owner_id="111122223333")
    with refused("AuthFailure"):
        ec2.deregister_image(ImageId=image_id)
    assert not ec2.describe_images(Owners=["self"])["Images"]


def test_state(emulator, ec2):
    image_id = register(ec2, "dumped")
    ec2.create_tags(Resources=[image_id], Tags=[{"Key": "k", "Value": "v"}])
    emulator.client("ssm", "us-west-2").put_parameter(Name="p", Value="v", Type="String")
    template(ec2, "t", image_id)
    before = emulator.get("state")
    ec2.describe_images()
    emulator.client("ec2", "eu-west-1").describe_images()
    assert emulator.get("state") == before
    east, west = before["regions"]["us-east-1"], before["regions"]["us-west-2"]
    assert before["account"] == "123456789012"
    assert (east["images"][0]["id"], east["images"][0]["tags"]) == (image_id, {"k": "v"})
    assert east["images"][0]["snapshots"] == [east["snapshots"][0]["id"]]
    assert east["launch_templates"][0]["image_ids"] == [image_id]
    assert west["parameters"][0]["value"] == "v"


def test_unknown_actions(emulator, ec2):
    emulator.settings(unknown_actions=["DescribeImageReferences", "GetParameter"])
    with refused("InvalidAction", 400):
        ec2.describe_image_references(ImageIds=[SEED], IncludeAllResourceTypes=True)
    status, _, body = signed(emulator, b"Action=Nonsense&Version=2016-11-15")
    assert status == 400 and b"<Code>InvalidAction</Code>" in body
    with pytest.raises(Exception, match="UnknownOperationException"):
        emulator.client("ssm").get_parameter(Name="a")
    with refused("InvalidAction", 400):
        ec2.describe_fleet_history(FleetId="fleet-1", StartTime=datetime.now())


# --- faults

SERVICES = [
    ("ec2", "describe_images"),
    ("ssm", "describe_parameters"),
    ("dynamodb", "list_tables"),
    ("sts", "get_caller_identity"),
    ("autoscaling", "describe_auto_scaling_groups"),
]


@pytest.mark.parametrize("service, operation", SERVICES)
def test_error_on_demand(emulator, service, operation):
    rule = {"service": service, "status": 503, "code": "RequestLimitExceeded", "message": "slow"}
    emulator.faults({**rule, "skip": 1, "times": 1})
    call = getattr(emulator.client(service), operation)
    call()
    with refused("RequestLimitExceeded", 503) as caught:
        call()
    assert "slow" in str(caught.value)
    call()
    assert emulator.get("faults")["rules"][0]["hits"] == 1


def test_fault_selection(emulator, ec2):
    emulator.faults(
        {"action": "DescribeImages", "match": {"Owner.1": "self"}, "status": 500, "code": "A"},
        {"region": "us-west-2", "status": 500, "code": "B"},
        {"service": "ssm", "match": {"Name": "x"}, "status": 500, "code": "C"},
    )
    ec2.describe_images(Owners=["amazon"])
    with refused("A"):
        ec2.describe_images(Owners=["self"])
    with refused("B"):
        emulator.client("ec2", "us-west-2").describe_images()
    with refused("C"):
        emulator.client("ssm").get_parameter(Name="x")
    with refused("ParameterNotFound"):
        emulator.client("ssm").get_parameter(Name="y")


def test_fault_before_and_after(emulator, ec2):
    error = {"action": "DeregisterImage", "status": 500, "code": "InternalError"}
    image_id = register(ec2, "maybe")
    emulator.faults(error)
    with refused("InternalError"):
        ec2.deregister_image(ImageId=image_id)
    assert find(ec2, image_id)
    emulator.faults({**error, "after": True})
    with refused("InternalError"):
        ec2.deregister_image(ImageId=image_id)
    assert find(ec2, image_id) is None


def test_raw_and_cut_answers(emulator, ec2):
    html = "<html>busy</html>"
    emulator.faults({"raw": html, "status": 502, "content_type": "text/html"})
    status, headers, body = signed(emulator)
    assert (status, headers["Content-Type"], body) == (502, "text/html", html.encode())
    emulator.faults({"action": "DescribeImages", "cut": 20})
    with pytest.raises(Exception, match="(?i)incomplete|broken|ended prematurely|closed"):
        ec2.describe_images()
    assert emulator.get("requests")["requests"][-1]["status"] == 200


def test_huge_answer(emulator):
    emulator.faults({"size": 100_000_000, "raw": "<a>"})
    status, headers, body = signed(emulator)
    assert (status, headers["Content-Length"], len(body)) == (200, "100000000", 100_000_000)
    assert body.startswith(b"<a>xxx")


def test_no_answer(emulator, ec2):
    emulator.faults({"action": "DescribeImages", "close": True})
    with pytest.raises(ConnectionClosedError):
        ec2.describe_images()
    assert emulator.get("requests")["requests"][-1]["status"] == 0
    emulator.faults({"action": "DescribeImages", "hang": 60})
    with pytest.raises(ReadTimeoutError):
        emulator.client("ec2", read_timeout=0.3).describe_images()


def test_delay(emulator, ec2):
    ec2.describe_images()
    emulator.faults({"delay": 0.3})
    began = time.monotonic()
    assert ec2.describe_images()["Images"]
    assert time.monotonic() - began >= 0.3


def test_headers(emulator, ec2):
    date = "Thu, 01 Jan 2015 00:00:00 GMT"
    emulator.faults({"headers": {"Date": date, "x-amz-retry-after": "1500"}})
    got = ec2.describe_images()["ResponseMetadata"]["HTTPHeaders"]
    assert (got["date"], got["x-amz-retry-after"]) == (date, "1500")
    emulator.faults({"status": 400, "code": "RequestExpired", "headers": {"Date": date}})
    with refused("RequestExpired") as caught:
        ec2.describe_images()
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["date"] == date


# --- the other services work with real signatures


def test_dynamodb(emulator):
    client = emulator.client("dynamodb")
    client.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    put = {"TableName": "t", "Item": {"pk": {"S": "a"}}}
    client.put_item(**put)
    with refused("ConditionalCheckFailedException"):
        client.put_item(**put, ConditionExpression="attribute_not_exists(pk)")
    with refused("TransactionCanceledException"):
        client.transact_write_items(
            TransactItems=[{"Put": {**put, "ConditionExpression": "attribute_not_exists(pk)"}}]
        )
    assert client.get_item(TableName="t", Key={"pk": {"S": "a"}})["Item"]


def sorted_table(emulator):
    """A table t with the keys pk and sk."""
    client = emulator.client("dynamodb")
    client.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
        ],
    )
    return client


QUERIES = [  # the condition of the sort key, forward, what is found in pages of two
    (None, True, "a1 a2 a3 b1 c1"),
    (None, False, "c1 b1 a3 a2 a1"),
    ("begins_with(sk, :x)", True, "a1 a2 a3"),
    ("begins_with(sk, :x)", False, "a3 a2 a1"),
    ("sk BETWEEN :x AND :y", False, "b1 a3 a2 a1"),
    ("sk > :y", True, "c1"),
    ("sk = :x", True, ""),
]


def test_values_of_every_type(emulator):
    client = sorted_table(emulator)
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    simple = [{"S": ""}, {"N": "1.50"}, {"B": b"\0\xff"}, {"BOOL": False}, {"NULL": True}]
    sets = [{"SS": ["x"]}, {"NS": ["2"]}, {"BS": [b"\1"]}]
    item = key | {
        "list": {"L": [*simple, *sets, {"L": []}]},
        "map": {"M": {"empty": {"M": {}}, "of": {"M": {"S": {"S": "name"}, "B": {"B": b"y"}}}}},
        "S": {"S": "a name like a type's"},
    }
    client.put_item(TableName="t", Item=item)
    assert client.get_item(TableName="t", Key=key)["Item"] == item
    assert client.scan(TableName="t")["Items"] == [item]


@pytest.mark.parametrize("condition, forward, expected", QUERIES)
def test_queries(emulator, condition, forward, expected):
    client = sorted_table(emulator)
    for pk, sk in [("p", "c1"), ("q", "a1"), ("p", "a2"), ("p", "b1"), ("p", "a1"), ("p", "a3")]:
        client.put_item(TableName="t", Item={"pk": {"S": pk}, "sk": {"S": sk}})
    values = {":p": {"S": "p"}, ":x": {"S": "a"}, ":y": {"S": "b2"}}
    text = "pk = :p" + (f" AND {condition}" if condition else "")
    pages = client.get_paginator("query").paginate(
        TableName="t",
        KeyConditionExpression=text,
        ExpressionAttributeValues={n: v for n, v in values.items() if n in text},
        ScanIndexForward=forward,
        PaginationConfig={"PageSize": 2},
    )
    assert " ".join(item["sk"]["S"] for page in pages for item in page["Items"]) == expected


def test_a_cancelled_transaction_leaves_nothing(emulator):
    client = sorted_table(emulator)

    def key(name):
        return {"pk": {"S": "a"}, "sk": {"S": name}}

    def action(kind, name, **more):
        thing = {"Item" if kind == "Put" else "Key": key(name)}
        return {kind: {"TableName": "t"} | thing | more}

    for name in ("old", "counter"):
        client.put_item(TableName="t", Item=key(name) | {"n": {"N": "1"}})
    before = client.scan(TableName="t")["Items"]
    adding = {"UpdateExpression": "ADD n :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}
    actions = [action("Put", "new"), action("Delete", "old"), action("Update", "counter", **adding)]
    check = action("ConditionCheck", "other", ConditionExpression="attribute_exists(pk)")
    with refused("TransactionCanceledException"):
        client.transact_write_items(TransactItems=[*actions, check])
    assert client.scan(TableName="t")["Items"] == before
    client.transact_write_items(TransactItems=actions)
    found = {item["sk"]["S"]: item.get("n") for item in client.scan(TableName="t")["Items"]}
    assert found == {"new": None, "counter": {"N": "2"}}
