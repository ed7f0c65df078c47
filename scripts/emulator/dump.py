"""GET /goldkeep/state: all that goldkeep may change, without times and sorted, for comparing."""

from typing import Any

from moto.ec2.models import ec2_backends
from moto.ssm.models import ssm_backends


def everything(account: str) -> dict[str, Any]:
    """Only regions that were used, so that asking changes nothing."""
    regions: dict[str, Any] = {}
    for region, backend in list(ec2_backends[account].items()):
        regions.setdefault(region, {}).update(of_ec2(backend))
    for region, backend in list(ssm_backends[account].items()):
        regions.setdefault(region, {})["parameters"] = of_ssm(backend)
    names = ("images", "snapshots", "launch_templates", "parameters")
    full = {
        region: {name: found.get(name, []) for name in names} for region, found in regions.items()
    }
    return {"account": account, "regions": {r: v for r, v in full.items() if any(v.values())}}


def of_ec2(backend: Any) -> dict[str, Any]:
    own_images = [i for i in backend.amis.values() if i.owner_id == backend.account_id]
    own_snapshots = [s for s in backend.snapshots.values() if s.owner_id == backend.account_id]
    return {
        "images": [image(i) for i in sorted(own_images, key=lambda i: i.id)],
        "snapshots": [
            {"id": s.id, "description": s.description, "tags": tags(backend, s.id)}
            for s in sorted(own_snapshots, key=lambda s: s.id)
        ],
        "launch_templates": [
            template(backend, t)
            for t in sorted(backend.launch_templates.values(), key=lambda t: t.name)
        ],
    }


def tags(backend: Any, resource_id: str) -> dict[str, str]:
    found = backend.tags.get(resource_id, {})
    return {key: found[key] for key in sorted(found)}


def image(found: Any) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "description": found.description,
        "state": found.state,
        "tags": tags(found.ec2_backend, found.id),
        "snapshots": sorted(found.snapshot_ids),
        "deregistration_protection": found.deregistration_protection,
        "deprecation_time": found.deprecation_time,
        "launch_permissions": sorted(found.launch_permissions, key=str),
    }


def template(backend: Any, found: Any) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "default_version": found.default_version_number,
        "image_ids": [version.image_id for version in found.versions],
        "tags": tags(backend, found.id),
    }


def of_ssm(backend: Any) -> list[dict[str, Any]]:
    versions = [found[-1] for found in backend._parameters.values() if found]
    return [
        {
            "name": p.name,
            "type": p.parameter_type,
            "value": p.value,
            "data_type": p.data_type,
            "version": p.version,
            "labels": sorted(p.labels),
        }
        for p in sorted(versions, key=lambda p: p.name)
    ]
