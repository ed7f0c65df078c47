"""Snapshots: the moto ones, with the refusals and messages of AWS."""

import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError, InvalidSnapshotInUse

import filters
import paging
import settings
import tags

ID = re.compile(r"snap-([0-9a-f]{8}|[0-9a-f]{17})")
FILTERS = {
    "description": filters.field("Description"),
    "encrypted": filters.field("Encrypted"),
    "owner-alias": filters.field("OwnerAlias"),
    "owner-id": filters.field("OwnerId"),
    "progress": filters.field("Progress"),
    "snapshot-id": filters.field("SnapshotId"),
    "start-time": filters.field("StartTime"),
    "status": filters.field("State"),
    "storage-tier": filters.field("StorageTier"),
    "volume-id": filters.field("VolumeId"),
    "volume-size": filters.field("VolumeSize"),
}


def missing(snapshot_id: str) -> EC2ClientError:
    message = f"The snapshot '{snapshot_id}' does not exist."
    return EC2ClientError("InvalidSnapshot.NotFound", message)


def check_id(snapshot_id: str) -> None:
    if not ID.fullmatch(snapshot_id):
        message = f'Invalid id: "{snapshot_id}" (expecting "snap-...")'
        raise EC2ClientError("InvalidSnapshotID.Malformed", message)


def view(backend: Any, snapshot: Any) -> dict[str, Any]:
    return {
        "SnapshotId": snapshot.id,
        "State": snapshot.status,
        "Progress": snapshot.progress,
        "StartTime": snapshot.start_time.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "VolumeId": snapshot.volume_id,
        "VolumeSize": snapshot.volume_size,
        "Encrypted": snapshot.encrypted,
        "KmsKeyId": snapshot.kms_key_id,
        "OwnerId": snapshot.owner_id,
        "Description": snapshot.description,
        "StorageTier": snapshot.storage_tier,
        "Tags": tags.as_list(backend.tags.get(snapshot.id, {})),
    }


class SnapshotStore:
    """Mixed into the EC2 backend."""

    def create_snapshot(self: Any, *args: Any, **kwargs: Any) -> Any:
        snapshot = super().create_snapshot(*args, **kwargs)  # type: ignore[misc]
        snapshot.hidden_for = settings.get("visible_after")
        return snapshot

    def new_snapshot(
        self: Any, size: int, description: str, owner: str | None = None, encrypted: bool = False
    ) -> Any:
        """A snapshot of no volume in particular."""
        volume = self.create_volume(size, self.region_name + "a", encrypted=encrypted)
        snapshot = self.create_snapshot(volume.id, description, owner)
        self.delete_volume(volume.id)
        return snapshot

    def get_snapshot(self: Any, snapshot_id: str) -> Any:
        check_id(snapshot_id)
        if snapshot_id not in self.snapshots:
            raise missing(snapshot_id)
        return self.snapshots[snapshot_id]

    def visible_snapshot(self: Any, snapshot_id: str) -> Any:
        """As get_snapshot(), but a new one may still be unknown to this call."""
        snapshot = self.get_snapshot(snapshot_id)
        if still_hidden(snapshot):
            raise missing(snapshot_id)
        return snapshot

    def users_of(self: Any, snapshot_id: str) -> list[Any]:
        """The registered images that need this snapshot."""
        images = sorted(self.amis.values(), key=lambda image: image.id)
        return [i for i in images if i.is_registered and snapshot_id in i.snapshot_ids]

    def delete_snapshot(self: Any, snapshot_id: str) -> Any:
        snapshot = self.visible_snapshot(snapshot_id)
        users = self.users_of(snapshot_id)
        if users:
            raise InvalidSnapshotInUse(snapshot_id, users[0].id)
        left, image_id = getattr(snapshot, "in_use_for", (0, ""))
        if left > 0:
            snapshot.in_use_for = (left - 1, image_id)
            raise InvalidSnapshotInUse(snapshot_id, image_id)
        return self.drop_snapshot(snapshot_id)

    def drop_snapshot(self: Any, snapshot_id: str) -> Any:
        self.tags.pop(snapshot_id, None)
        return self.snapshots.pop(snapshot_id)


def still_hidden(thing: Any) -> bool:
    """Count a call that touches a new image or snapshot; may it not see it yet?"""
    left = getattr(thing, "hidden_for", 0)
    thing.hidden_for = max(left - 1, 0)
    return left > 0


class SnapshotActions:
    """Mixed into the EC2 response class."""

    def delete_snapshot(self: Any) -> ActionResult:
        snapshot_id = self._get_param("SnapshotId", "")
        self.error_on_dryrun()
        self.ec2_backend.delete_snapshot(snapshot_id)
        return EmptyResult()

    def describe_snapshots(self: Any) -> ActionResult:
        ids = self._get_param("SnapshotIds", [])
        self.error_on_dryrun()
        found = self.asked_snapshots(ids)
        owners = [self.current_account if o == "self" else o for o in self._get_param("OwnerIds", [])]
        if owners:
            found = [s for s in found if s.owner_id in owners]
        views = [view(self.ec2_backend, snapshot) for snapshot in found]
        views = filters.apply(views, self._get_param("Filters", []), FILTERS)
        if not ids:
            views = [v for v in views if not still_hidden(self.ec2_backend.snapshots[v["SnapshotId"]])]
        here, token = paging.page(self, views, lambda v: v["SnapshotId"])
        return ActionResult({"Snapshots": here, "NextToken": token})

    def asked_snapshots(self: Any, ids: list[str]) -> list[Any]:
        if ids and self._get_param("MaxResults"):
            message = "The parameter snapshotSet cannot be used with the parameter maxResults"
            raise EC2ClientError("InvalidParameterCombination", message)
        if ids:
            return [self.ec2_backend.visible_snapshot(id) for id in ids]
        everything = self.ec2_backend.snapshots.values()
        return [s for s in everything if self.may_restore(s)]

    def may_restore(self: Any, snapshot: Any) -> bool:
        return (
            snapshot.owner_id == self.current_account
            or "all" in snapshot.create_volume_permission_groups
            or self.current_account in snapshot.create_volume_permission_userids
        )
