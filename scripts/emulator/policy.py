"""IAM policies, evaluated as AWS does it, as far as goldkeep's tests need it.

moto looks at actions alone. Here a statement counts only if its Resource and all of its Condition
fit too. What is not known here is no permission: a document with an operator that nobody wrote
code for is refused as a whole.
"""

import functools
import json
import re
from collections.abc import Callable
from typing import Any

Context = dict[str, list[str]]  # condition keys in small letters -> their values; absent: no value


@functools.lru_cache(maxsize=4096)
def wildcard(pattern: str, with_case: bool = True) -> re.Pattern[str]:
    """* and ? stand for anything, unless they are written ${*} and ${?}."""
    parts = re.split(r"(\$\{[*?$]\}|\*|\?)", pattern)
    signs = {"*": ".*", "?": "."}
    text = "".join(
        re.escape(part[2]) if part.startswith("${") else signs.get(part) or re.escape(part)
        for part in parts
    )
    return re.compile(text, re.S if with_case else re.S | re.I)


def like(pattern: str, value: str) -> bool:
    return wildcard(pattern).fullmatch(value) is not None


def equals(wanted: str, value: str) -> bool:
    return wanted == value


TESTS: dict[str, Callable[[str, str], bool]] = {"StringEquals": equals, "StringLike": like}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def condition_holds(operator: str, key: str, wanted: list[str], context: Context) -> bool:
    """IAM User Guide, "Condition operators" and "Multivalued context keys"."""
    values = context.get(key.lower())
    if operator == "Null":
        return (values is None) == (wanted == ["true"])
    quantifier, _, name = operator.rpartition(":")
    fits = [any(TESTS[name](text, value) for text in wanted) for value in values or []]
    if quantifier == "ForAllValues":
        return all(fits)  # of none: yes
    return any(fits)


def conditions_hold(statement: dict[str, Any], context: Context) -> bool:
    return all(
        condition_holds(operator, key, as_list(wanted), context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def concerns(statement: dict[str, Any], action: str, resource: str, context: Context) -> bool:
    actions = as_list(statement["Action"])
    if not any(wildcard(pattern, False).fullmatch(action) for pattern in actions):
        return False
    if not any(like(pattern, resource) for pattern in as_list(statement["Resource"])):
        return False
    return conditions_hold(statement, context)


def allows(documents: list[str], action: str, resource: str, context: Context) -> bool:
    """Some statement allows it, and none denies it."""
    found = {
        statement["Effect"]
        for text in documents
        for statement in statements(text)
        if concerns(statement, action, resource, context)
    }
    return found == {"Allow"}


@functools.lru_cache(maxsize=256)
def statements(text: str) -> list[dict[str, Any]]:
    found = as_list(json.loads(text)["Statement"])
    for statement in found:
        check(statement)
    return found


def check(statement: dict[str, Any]) -> None:
    known = {"Sid", "Effect", "Action", "Resource", "Condition"}
    if not known >= set(statement):
        raise ValueError(f"policy element {sorted(set(statement) - known)}")
    for operator in statement.get("Condition", {}):
        quantifier, _, name = operator.rpartition(":")
        if operator != "Null" and (
            name not in TESTS or quantifier not in ("", "ForAllValues", "ForAnyValue")
        ):
            raise ValueError(f"condition operator {operator}")
