"""The switches that tests set through POST /goldkeep/settings."""

import copy
from typing import Any

DEFAULTS: dict[str, Any] = {
    "page_size": None,  # at most so many items a page, whatever was asked for
    "empty_first_page": False,  # put an empty page with a token in front of every listing
    "visible_after": 0,  # new images and snapshots are unknown to the next N calls
    "snapshot_in_use_for": 0,  # after DeregisterImage, N DeleteSnapshot calls are refused
    "unknown_actions": [],  # these actions do not exist here
    "ignore_delete_associated_snapshots": False,  # DeregisterImage does not know it
    "snapshot_result": {},  # snapshot id -> return code of its deletion by DeregisterImage
    "image_parameters_lost": [],  # regions or names of which no aws:ec2:image value is ever stored
    "image_parameters_after": 0,  # accepted aws:ec2:image values are not shown by the next N reads
    "deny": [],  # IAM actions that the first key may not do
    "second_key_allows": [],  # IAM actions that the second key may do
}

values: dict[str, Any] = copy.deepcopy(DEFAULTS)


def get(name: str) -> Any:
    return values[name]


def reset() -> None:
    values.clear()
    values.update(copy.deepcopy(DEFAULTS))


def update(changes: dict[str, Any]) -> None:
    unknown = sorted(set(changes) - set(DEFAULTS))
    if unknown:
        raise ValueError(f"unknown settings: {', '.join(unknown)}")
    values.update(changes)
