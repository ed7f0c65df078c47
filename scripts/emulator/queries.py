"""DynamoDB queries whose cost does not grow with the table: moto sorts all of it for each of them."""

import copy
from typing import Any

from moto.dynamodb.comparisons import get_comparison_func
from moto.dynamodb.models.table import Table

query_sorted = Table.query


def query(table: Table, hash_key: Any, comparison: str | None, values: list[Any], *more, **named):
    """Table.query over only the items that the key conditions mean. Indexes are left to moto."""
    index_name = more[4]
    if index_name or hash_key is None or table.range_key_attr is None:
        return query_sorted(table, hash_key, comparison, values, *more, **named)
    meant = copy.copy(table)
    items = table.items.get(hash_key, {})
    if comparison:
        holds, bounds = get_comparison_func(comparison), [value.cast_value for value in values]
        items = {key: item for key, item in items.items() if holds(key.cast_value, *bounds)}
    meant.items = {hash_key: items}
    return query_sorted(meant, hash_key, comparison, values, *more, **named)
