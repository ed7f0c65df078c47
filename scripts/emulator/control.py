"""The endpoints under /goldkeep/ by which tests steer the emulator."""

import json
from typing import Any

from moto.ec2.models import ec2_backends

import auth
import dump
import faults
import images
import requests_log
import saved
import services
import settings
import tables
from wire import Answer, Call

STATES = ("pending", "available", "failed", "deregistered", "disabled", "invalid", "error")


def answer(call: Call) -> Answer:
    handler = HANDLERS.get((call.method, call.path[len("/goldkeep/") :]))
    if handler is None:
        return as_json(404, {"error": f"no such endpoint: {call.method} {call.path}"})
    try:
        return as_json(200, handler(call.json()))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        return as_json(400, {"error": str(problem)})


def as_json(status: int, value: Any) -> Answer:
    body = json.dumps(value, sort_keys=True, default=str).encode()
    return Answer(status, [("Content-Type", "application/json")], body)


def reset(given: Any = None) -> dict[str, Any]:
    settings.reset()
    faults.set_rules([])
    saved.forget()
    tables.held.clear()
    services.reset()
    auth.seed()
    requests_log.clear()
    return {}


def save(given: Any) -> dict[str, Any]:
    saved.save()
    return {}


def restore(given: Any) -> dict[str, Any]:
    saved.restore()
    return {}


def list_requests(given: Any) -> dict[str, Any]:
    return {"requests": requests_log.copy()}


def clear_requests(given: Any) -> dict[str, Any]:
    requests_log.clear()
    return {}


def set_faults(given: dict[str, Any]) -> dict[str, Any]:
    faults.set_rules(given["rules"])
    return {"rules": faults.report()}


def list_faults(given: Any) -> dict[str, Any]:
    return {"rules": faults.report()}


def set_settings(given: dict[str, Any]) -> dict[str, Any]:
    settings.update(given)
    auth.apply_settings()
    return settings.values


def list_settings(given: Any) -> dict[str, Any]:
    return settings.values


def set_image(given: dict[str, Any]) -> dict[str, Any]:
    """Give an image what no request can give it."""
    image = ec2_backends[auth.ACCOUNT][given["region"]].amis[given["image_id"]]
    changes = dict(given["set"])
    unknown = sorted(set(changes) - set(CHANGES))
    if unknown:
        raise ValueError(f"unknown image settings: {', '.join(unknown)}")
    for name, value in changes.items():
        CHANGES[name](image, value)
    return image.view()


def set_state(image: images.Image, state: str) -> None:
    if state not in STATES:
        raise ValueError(f"no such state: {state}")
    image.state = state


def set_hidden(image: images.Image, calls: int) -> None:
    """Like the setting visible_after, but for an image that is already there."""
    image.hidden_for = calls
    for snapshot_id in image.snapshot_ids:
        image.ec2_backend.snapshots[snapshot_id].hidden_for = calls


def set_public(image: images.Image, public: bool) -> None:
    group = {"Group": "all"}
    image.launch_permissions = [p for p in image.launch_permissions if p != group]
    if public:
        image.launch_permissions.append(group)


def hold_table(given: dict[str, Any]) -> dict[str, Any]:
    """Show a table in a state for a while."""
    tables.hold(given["region"], given["table"], given["status"], given["calls"])
    return {}


CHANGES: dict[str, Any] = {
    "last_launched_time": lambda image, value: setattr(image, "last_launched_time", value),
    "state": set_state,
    "owner_id": lambda image, value: setattr(image, "owner_id", value),
    "deregistration_protection": lambda image, value: setattr(
        image, "deregistration_protection", value
    ),
    "creation_date": lambda image, value: setattr(image, "creation_stamp", value),
    "public": set_public,
    "hidden_for": set_hidden,
}


def state(given: Any) -> dict[str, Any]:
    return dump.everything(auth.ACCOUNT)


HANDLERS: dict[tuple[str, str], Any] = {
    ("POST", "reset"): reset,
    ("POST", "save"): save,
    ("POST", "restore"): restore,
    ("GET", "requests"): list_requests,
    ("POST", "requests/clear"): clear_requests,
    ("POST", "faults"): set_faults,
    ("GET", "faults"): list_faults,
    ("POST", "settings"): set_settings,
    ("GET", "settings"): list_settings,
    ("POST", "image"): set_image,
    ("POST", "table"): hold_table,
    ("GET", "state"): state,
}
