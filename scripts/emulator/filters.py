"""EC2 filters with the wildcards of AWS: * and ?, and a backslash before a literal one."""

import functools
import re
from collections.abc import Callable
from typing import Any

from moto.ec2.exceptions import EC2ClientError

View = dict[str, Any]
Getter = Callable[[View], list[Any]]
MOST_VALUES = 200


@functools.lru_cache(maxsize=4096)
def pattern(text: str) -> re.Pattern[str]:
    parts, index = [], 0
    while index < len(text):
        character = text[index]
        if character == "\\" and index + 1 < len(text):
            index += 1
            parts.append(re.escape(text[index]))
        else:
            parts.append({"*": ".*", "?": "."}.get(character) or re.escape(character))
        index += 1
    return re.compile("".join(parts), re.DOTALL)


def as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def field(*path: str) -> Getter:
    """Values at a path of keys, going through every item of a list."""

    def get(view: View) -> list[Any]:
        found: list[Any] = [view]
        for key in path:
            found = [item[key] for item in found if item.get(key) is not None]
            flat = []
            for item in found:
                flat.extend(item if isinstance(item, list) else [item])
            found = flat
        return found

    return get


def getter(name: str, known: dict[str, Getter]) -> Getter:
    if name.startswith("tag:"):
        key = name[len("tag:") :]
        return lambda view: [t["Value"] for t in view.get("Tags", []) if t["Key"] == key]
    if name == "tag-key":
        return field("Tags", "Key")
    if name not in known:
        raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return known[name]


def apply(views: list[View], given: list[View], known: dict[str, Getter]) -> list[View]:
    """Keep what passes all filters; a filter passes when one of its values fits."""
    if sum(len(item.get("Values", [])) for item in given) > MOST_VALUES:
        message = f"The maximum number of filter values specified on a single call is {MOST_VALUES}"
        raise EC2ClientError("FilterLimitExceeded", message)
    for item in given:
        get = getter(item.get("Name", "null"), known)
        wanted = [pattern(value) for value in item.get("Values", [])]
        views = [v for v in views if fits(get(v), wanted)]
    return views


def fits(values: list[Any], wanted: list[re.Pattern[str]]) -> bool:
    return any(p.fullmatch(as_text(value)) for value in values for p in wanted)
