"""What most tests need: images to play with, and the code of a refusal."""

from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

SEED = "ami-12c6146b"


@contextmanager
def refused(code, status=None):
    """The block must end in a ClientError with this code."""
    with pytest.raises(ClientError) as caught:
        yield caught
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer
    assert answer["Error"]["Message"]
    if status:
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status


def snapshot(ec2, size=4):
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=size)["VolumeId"]
    return ec2.create_snapshot(VolumeId=volume)["SnapshotId"]


def device(name, snapshot_id, **ebs):
    return {"DeviceName": name, "Ebs": {"SnapshotId": snapshot_id, **ebs}}


def register(ec2, name, *snapshots, **more):
    """An image of the given snapshots, the first of which is its root; one is made if there is none."""
    snapshots = snapshots or (snapshot(ec2),)
    letters = "abcdefgh"
    devices = [device(f"/dev/sd{letters[i]}1", s) for i, s in enumerate(snapshots)]
    return ec2.register_image(
        Name=name, RootDeviceName="/dev/sda1", BlockDeviceMappings=devices, **more
    )["ImageId"]


def find(ec2, image_id, **more):
    found = ec2.describe_images(Filters=[{"Name": "image-id", "Values": [image_id]}], **more)
    return found["Images"][0] if found["Images"] else None


def pages(client, operation, key, **arguments):
    """All items by the paginator, and the sizes of the pages."""
    answers = list(client.get_paginator(operation).paginate(**arguments))
    items = [item for answer in answers for item in answer[key]]
    return items, [len(answer[key]) for answer in answers]
