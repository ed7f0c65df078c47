"""What takes moto most of its time with DynamoDB, done in less: queries, and items in answers.

For every query moto sorts the whole table, and for every value of an item it asks in ten ways for each of
ten types.
"""

import base64
import copy
from typing import Any

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.comparisons import get_comparison_func
from moto.dynamodb.models.table import Table

query_all = Table.query
write_structure = BaseJSONSerializer._serialize_type_structure


def install() -> None:
    Table.query = query
    BaseJSONSerializer._serialize_type_structure = write


def query(table: Table, hash_key: Any, comparison: str | None, values: list[Any], *more, **named):
    """Table.query over only the items that the key conditions mean. Indexes are left to moto."""
    index_name = more[4]
    if index_name or hash_key is None or table.range_key_attr is None:
        return query_all(table, hash_key, comparison, values, *more, **named)
    meant = copy.copy(table)
    items = table.items.get(hash_key, {})
    if comparison:
        holds, bounds = get_comparison_func(comparison), [value.cast_value for value in values]
        items = {key: item for key, item in items.items() if holds(key.cast_value, *bounds)}
    meant.items = {hash_key: items}
    return query_all(meant, hash_key, comparison, values, *more, **named)


def write(serializer: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    if shape.name == "AttributeValue" and key:
        serialized[serializer.get_serialized_name(shape, key)] = attribute(value)
    else:
        write_structure(serializer, serialized, value, shape, key)


def attribute(value: dict[str, Any]) -> dict[str, Any]:
    """{"S": "text"} as it goes over the wire."""
    [(kind, inside)] = value.items()
    if kind == "M":
        inside = {name: attribute(member) for name, member in inside.items()}
    elif kind == "L":
        inside = [attribute(member) for member in inside]
    elif kind == "B":
        inside = base64.b64encode(inside).decode()
    elif kind == "BS":
        inside = [base64.b64encode(member).decode() for member in inside]
    return {kind: inside}
