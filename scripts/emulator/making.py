"""CreateImage, RegisterImage and CopyImage with the block devices that were asked for."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, UnvailableAMIIdError
from moto.ec2.models import ec2_backends

import images
import tags
from images import Image, ebs_device


class Making:
    """Mixed into the EC2 response class."""

    def create_image(self: Any) -> ActionResult:
        specified = self.specified_tags(("image", "snapshot"))
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        name = self._get_param("Name")
        self.ec2_backend.check_name(name)
        self.error_on_dryrun()
        image = Image(
            self.ec2_backend,
            [],
            name=name,
            description=self._get_param("Description"),
            architecture=instance.architecture or "x86_64",
            root_device_name=instance.root_device_name,
            instance_id=instance.id,
        )
        image.devices = self.devices_of(instance, image.id)
        self.ec2_backend.add_image(image, specified)
        return ActionResult({"ImageId": image.id})

    def devices_of(self: Any, instance: Any, image_id: str) -> list[dict[str, Any]]:
        """Snapshots of the instance's volumes, changed by the request's own mappings."""
        given = {d["DeviceName"]: d for d in self._get_param("BlockDeviceMappings", [])}
        text = f"Created by CreateImage({instance.id}) for {image_id}"
        devices = []
        for name, block in sorted(instance.get_block_device_mapping):
            change = given.pop(name, {})
            if "NoDevice" in change:
                continue
            snapshot = self.ec2_backend.create_snapshot(block.volume_id, text)
            wanted = without(change.get("Ebs", {}), "SnapshotId", "Encrypted", "KmsKeyId")
            devices.append(ebs_device(name, snapshot, wanted))
        return devices + self.asked_devices(list(given.values()))

    def asked_devices(self: Any, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Mappings as they stand in the request, once their snapshots are found."""
        devices = []
        for device in given:
            if "NoDevice" in device:
                continue
            snapshot_id = device.get("Ebs", {}).get("SnapshotId")
            if snapshot_id:
                snapshot = self.ec2_backend.visible_snapshot(snapshot_id)
                device = ebs_device(device["DeviceName"], snapshot, device["Ebs"])
            devices.append(dict(device))
        return devices

    def register_image(self: Any) -> ActionResult:
        specified = self.specified_tags(("image", "snapshot"))
        name = self._get_param("Name")
        self.ec2_backend.check_name(name)
        location = self._get_param("ImageLocation")
        root = self._get_param("RootDeviceName") or images.ROOT
        devices = self.asked_devices(self._get_param("BlockDeviceMappings", []))
        has_root = any(d["DeviceName"] == root and "SnapshotId" in d.get("Ebs", {}) for d in devices)
        if not location and not has_root:
            message = "No root snapshot specified in device mapping."
            raise EC2ClientError("InvalidBlockDeviceMapping", message)
        self.error_on_dryrun()
        image = Image(
            self.ec2_backend,
            devices,
            name=name,
            description=self._get_param("Description"),
            architecture=self._get_param("Architecture"),
            virtualization_type=self._get_param("VirtualizationType") or "paravirtual",
            root_device_name=root,
            root_device_type="instance-store" if location else "ebs",
            image_location=location,
            ena_support=self._get_param("EnaSupport", False),
            boot_mode=self._get_param("BootMode"),
        )
        self.ec2_backend.add_image(image, specified)
        return ActionResult({"ImageId": image.id})

    def copy_image(self: Any) -> ActionResult:
        specified = self.specified_tags(("image", "snapshot"))
        region = self._get_param("SourceRegion")
        backend = ec2_backends[self.current_account][region]
        source = backend.image(self._get_param("SourceImageId", ""))
        if source.state != "available":
            raise UnvailableAMIIdError(source.id)
        name = self._get_param("Name")
        self.ec2_backend.check_name(name)
        self.error_on_dryrun()
        image = Image(
            self.ec2_backend,
            [],
            name=name,
            description=self._get_param("Description"),
            architecture=source.architecture,
            virtualization_type=source.virtualization_type,
            root_device_name=source.root_device_name,
            root_device_type=source.root_device_type,
            ena_support=source.ena_support,
            boot_mode=source.boot_mode,
            source_image_id=source.id,
            source_image_region=region,
        )
        image.devices = [self.copied_device(backend, source, image, d) for d in source.devices]
        if self._get_param("CopyImageTags", False):
            specified["image"] = backend.tags.get(source.id, {}) | specified["image"]
        self.ec2_backend.add_image(image, specified)
        return ActionResult({"ImageId": image.id})

    def copied_device(
        self: Any, backend: Any, source: Image, image: Image, device: dict[str, Any]
    ) -> dict[str, Any]:
        snapshot_id = device.get("Ebs", {}).get("SnapshotId")
        if not snapshot_id:
            return dict(device)
        old = backend.get_snapshot(snapshot_id)
        text = (
            f"Copied for DestinationAmi {image.id} from SourceAmi {source.id} "
            f"for SourceSnapshot {old.id}."
        )
        encrypted = bool(self._get_param("Encrypted", False) or old.encrypted)
        new = self.ec2_backend.new_snapshot(old.volume_size, text, encrypted=encrypted)
        return ebs_device(device["DeviceName"], new, device["Ebs"] | {"Encrypted": encrypted})

    def specified_tags(self: Any, kinds: tuple[str, ...]) -> dict[str, Any]:
        return tags.specified(self._get_param("TagSpecifications", []), kinds)


def without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}
