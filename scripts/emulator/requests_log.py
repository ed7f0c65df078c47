"""The list behind GET /goldkeep/requests."""

import threading
from typing import Any

from wire import Answer, Call

lock = threading.Lock()
entries: list[dict[str, Any]] = []


def add(call: Call) -> dict[str, Any]:
    """Note a request when it arrives; its status follows in finish()."""
    entry = {
        "n": 0,
        "service": call.service,
        "action": call.action,
        "region": call.region,
        "key": call.key,
        "status": 0,
        "params": call.params,
    }
    with lock:
        entry["n"] = len(entries) + 1
        entries.append(entry)
    return entry


def finish(entry: dict[str, Any], answer: Answer) -> None:
    """Status 0 stays where the connection was dropped without an answer."""
    entry["status"] = 0 if answer.drop else answer.status


def copy() -> list[dict[str, Any]]:
    with lock:
        return [dict(entry) for entry in entries]


def clear() -> None:
    with lock:
        entries.clear()
