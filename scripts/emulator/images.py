"""The model of AMIs: what they are made of, who may see them, what is refused.

moto gives each AMI one new snapshot and ignores block device mappings; this model
keeps the mappings as they were given.
"""

import json
import os
import re
from datetime import datetime
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError, InvalidAMIIdError, UnvailableAMIIdError
from moto.ec2.models.amis import Ami
from moto.ec2.utils import get_prefix, random_ami_id

import filters
import parameters
import settings
import tags
from snapshots import still_hidden

SEED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seed.json")
ID = re.compile(r"ami-([0-9a-f]{8}|[0-9a-f]{17})")
NAME = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")
ROOT = "/dev/sda1"
UNPROTECTED = ("disabled", None)
FILTERS = {
    "architecture": filters.field("Architecture"),
    "block-device-mapping.delete-on-termination": filters.field(
        "BlockDeviceMappings", "Ebs", "DeleteOnTermination"
    ),
    "block-device-mapping.device-name": filters.field("BlockDeviceMappings", "DeviceName"),
    "block-device-mapping.encrypted": filters.field("BlockDeviceMappings", "Ebs", "Encrypted"),
    "block-device-mapping.snapshot-id": filters.field("BlockDeviceMappings", "Ebs", "SnapshotId"),
    "block-device-mapping.volume-size": filters.field("BlockDeviceMappings", "Ebs", "VolumeSize"),
    "block-device-mapping.volume-type": filters.field("BlockDeviceMappings", "Ebs", "VolumeType"),
    "boot-mode": filters.field("BootMode"),
    "creation-date": filters.field("CreationDate"),
    "description": filters.field("Description"),
    "ena-support": filters.field("EnaSupport"),
    "hypervisor": filters.field("Hypervisor"),
    "image-id": filters.field("ImageId"),
    "image-type": filters.field("ImageType"),
    "is-public": filters.field("Public"),
    "kernel-id": filters.field("KernelId"),
    "manifest-location": filters.field("ImageLocation"),
    "name": filters.field("Name"),
    "owner-alias": filters.field("ImageOwnerAlias"),
    "owner-id": filters.field("OwnerId"),
    "platform": filters.field("Platform"),
    "product-code": filters.field("ProductCodes", "ProductCodeId"),
    "product-code.type": filters.field("ProductCodes", "ProductCodeType"),
    "ramdisk-id": filters.field("RamdiskId"),
    "root-device-name": filters.field("RootDeviceName"),
    "root-device-type": filters.field("RootDeviceType"),
    "source-image-id": filters.field("SourceImageId"),
    "source-image-region": filters.field("SourceImageRegion"),
    "source-instance-id": filters.field("SourceInstanceId"),
    "state": filters.field("State"),
    "state-reason-code": filters.field("StateReason", "Code"),
    "state-reason-message": filters.field("StateReason", "Message"),
    "sriov-net-support": filters.field("SriovNetSupport"),
    "virtualization-type": filters.field("VirtualizationType"),
}


def check_id(image_id: str) -> None:
    if not ID.fullmatch(image_id):
        message = f'Invalid id: "{image_id}" (expecting "ami-...")'
        raise EC2ClientError("InvalidAMIID.Malformed", message)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Image(Ami):
    # moto's bookkeeping of model classes reads the service out of the module name.
    __module__ = "moto.ec2.models.amis"

    def __init__(self, backend: Any, devices: list[dict[str, Any]], **given: Any) -> None:
        self.ec2_backend = backend
        self.id = given.get("image_id") or random_ami_id()
        self.devices = devices
        self.name = given.get("name")
        self.description = given.get("description")
        self.state = "available"
        self.owner_id = given.get("owner_id") or backend.account_id
        self.owner_alias = given.get("owner_alias")
        self.architecture = given.get("architecture") or "i386"
        self.virtualization_type = given.get("virtualization_type") or "hvm"
        self.root_device_name = given.get("root_device_name") or ROOT
        self.root_device_type = given.get("root_device_type") or "ebs"
        self.image_location = given.get("image_location") or f"{self.owner_id}/{self.name}"
        self.instance_id = given.get("instance_id")
        self.source_image_id = given.get("source_image_id")
        self.source_image_region = given.get("source_image_region")
        self.creation_stamp = given.get("creation_date") or stamp(utcnow())
        self.ena_support = given.get("ena_support", True)
        self.boot_mode = given.get("boot_mode")
        self.platform = self.kernel_id = None
        self.image_type, self.hypervisor, self.sriov = "machine", "xen", "simple"
        self.product_codes: set[str] = set()
        self.launch_permissions = [{"Group": "all"}] if given.get("public") else []
        self.deprecation_time: str | None = None
        self.last_launched_time: str | None = None
        self.deregistration_protection = "disabled"
        self.hidden_for = settings.get("visible_after")

    @property
    def is_registered(self) -> bool:
        return self.state != "deregistered"

    @property
    def snapshot_ids(self) -> list[str]:
        found = [device.get("Ebs", {}).get("SnapshotId") for device in self.devices]
        return list(dict.fromkeys(id for id in found if id))

    @property
    def block_device_mappings(self) -> list[dict[str, Any]]:
        return self.devices

    def view(self) -> dict[str, Any]:
        """The image as DescribeImages shows it to its owner."""
        failed = {"Code": "Server.InternalError", "Message": "Server.InternalError: on demand"}
        return {
            "ImageId": self.id,
            "ImageLocation": self.image_location,
            "State": self.state,
            "StateReason": failed if self.state == "failed" else None,
            "OwnerId": self.owner_id,
            "ImageOwnerAlias": self.owner_alias,
            "CreationDate": self.creation_stamp,
            "Public": self.is_public,
            "Architecture": self.architecture,
            "ImageType": self.image_type,
            "Name": self.name,
            "Description": self.description or None,
            "RootDeviceType": self.root_device_type,
            "RootDeviceName": self.root_device_name,
            "VirtualizationType": self.virtualization_type,
            "Hypervisor": self.hypervisor,
            "PlatformDetails": "Linux/UNIX",
            "UsageOperation": "RunInstances",
            "EnaSupport": self.ena_support,
            "SriovNetSupport": self.sriov,
            "BootMode": self.boot_mode,
            "SourceInstanceId": self.instance_id,
            "SourceImageId": self.source_image_id,
            "SourceImageRegion": self.source_image_region,
            "DeprecationTime": self.deprecation_time,
            "DeregistrationProtection": self.deregistration_protection,
            "LastLaunchedTime": self.last_launched_time,
            "BlockDeviceMappings": self.devices,
            "Tags": tags.as_list(self.ec2_backend.tags.get(self.id, {})),
        }


class ImageStore:
    """Mixed into the EC2 backend."""

    def _load_amis(self: Any) -> None:
        with open(SEED, encoding="utf-8") as file:
            for given in json.load(file):
                snapshot = self.new_snapshot(8, given["description"], given["owner_id"])
                snapshot.hidden_for = 0
                device = ebs_device(given["root_device_name"], snapshot)
                image = Image(self, [device], **given)
                image.hidden_for = 0
                self.amis[image.id] = image

    def is_foreign(self: Any, resource_id: str) -> bool:
        thing = self.amis.get(resource_id) or self.snapshots.get(resource_id)
        return thing is not None and thing.owner_id != self.account_id

    def image(self: Any, image_id: str) -> Image:
        """The registered image of this id as this call may see it."""
        image = self.known_image(image_id)
        if not image.is_registered:
            raise UnvailableAMIIdError(image_id)
        return image

    def known_image(self: Any, image_id: str) -> Image:
        check_id(image_id)
        if image_id in self.deleted_amis:
            raise UnvailableAMIIdError(image_id)
        image = self.amis.get(image_id)
        if image is None or still_hidden(image):
            raise InvalidAMIIdError(image_id)
        return image

    def own_image(self: Any, image_id: str) -> Image:
        """As image(), for what only the owner may do."""
        image = self.image(image_id)
        if image.owner_id != self.account_id:
            raise EC2ClientError("AuthFailure", f"Not authorized for image:{image_id}")
        return image

    def describe_images(
        self: Any, ami_ids: Any = None, filters: Any = None, **_: Any
    ) -> list[Image]:
        """What moto's own classes ask for: some ids, or the image-id filter."""
        if ami_ids:
            return [self.image(image_id) for image_id in ami_ids]
        wanted = (filters or {}).get("image-id")
        images = list(self.amis.values())
        if wanted is None:
            return images
        wanted = [wanted] if isinstance(wanted, str) else wanted
        return [image for image in images if image.id in wanted]

    def touch(self: Any, resources: list[str]) -> None:
        """Refuse tags for what does not exist, or is not visible yet."""
        problem = None
        others = []
        for resource_id in resources:
            try:
                if get_prefix(resource_id) == "ami":
                    self.image(resource_id)
                elif get_prefix(resource_id) == "snap":
                    self.visible_snapshot(resource_id)
                else:
                    others.append(resource_id)
            except EC2ClientError as error:
                problem = problem or error
        if problem:
            raise problem
        self.do_resources_exist(others)

    def check_name(self: Any, name: str | None) -> None:
        if not name:
            raise EC2ClientError("MissingParameter", "The request must contain the parameter name")
        if not NAME.fullmatch(name):
            message = (
                "AMI names must be between 3 and 128 characters long, and may contain letters, "
                "numbers, '(', ')', '.', '-', '/', '_' and other characters listed in the guide"
            )
            raise EC2ClientError("InvalidAMIName.Malformed", message)
        for image in self.amis.values():
            own = image.owner_id == self.account_id and image.is_registered
            if own and image.name == name:
                message = f"AMI name {name} is already in use by AMI {image.id}"
                raise EC2ClientError("InvalidAMIName.Duplicate", message)

    def add_image(self: Any, image: Image, specified: dict[str, Any]) -> Image:
        self.amis[image.id] = image
        if specified.get("image"):
            self.create_tags([image.id], specified["image"])
        if specified.get("snapshot") and image.snapshot_ids:
            self.create_tags(image.snapshot_ids, specified["snapshot"])
        return image

    def forget_image(self: Any, image: Image) -> None:
        del self.amis[image.id]
        self.tags.pop(image.id, None)
        self.deleted_amis.append(image.id)

    def check_launch(self: Any, image_id: str) -> None:
        image = self.image(image_id)
        if image.state != "available":
            raise UnvailableAMIIdError(image_id)

    def run_instances(self: Any, image_id: str, *args: Any, **kwargs: Any) -> Any:
        """Refuse a launch from an image that is missing, disabled or not ready."""
        wanted = image_id
        if not wanted and kwargs.get("launch_template"):
            wanted = self._get_template_from_args(kwargs["launch_template"]).image_id
        wanted = parameters.resolve(self, wanted) if wanted else wanted
        if not wanted:
            raise EC2ClientError("MissingParameter", "The request must contain the parameter ImageId")
        self.check_launch(wanted)
        return super().run_instances(wanted, *args, **kwargs)  # type: ignore[misc]


def ebs_device(name: str, snapshot: Any, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """A block device mapping of a snapshot, with what is not given filled in."""
    ebs = {
        "SnapshotId": snapshot.id,
        "VolumeSize": snapshot.volume_size,
        "VolumeType": "gp2",
        "DeleteOnTermination": True,
        "Encrypted": snapshot.encrypted,
    }
    return {"DeviceName": name, "Ebs": ebs | (given or {}) | {"SnapshotId": snapshot.id}}


def check_unprotected(image: Image) -> None:
    if image.deregistration_protection not in UNPROTECTED:
        message = (
            f"The image '{image.id}' cannot be deregistered because it has "
            "deregistration protection enabled"
        )
        raise EC2ClientError("OperationNotPermitted", message)
