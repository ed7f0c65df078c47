"""DynamoDB tables: transactions whose cost does not grow with the table, and states that last.

For every action of a transaction moto copies the whole table, item by item, to go back to it. What
it goes back to here shares the items with the table, which are therefore never changed in place.
"""

import copy
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from moto.dynamodb.exceptions import MockValidationException, ResourceNotFoundException
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from auth import ACCOUNT


class Backend(DynamoDBBackend):
    def describe_table(self, name: str) -> dict[str, Any]:
        state = held.pop(self.tables.get(name), None)
        answer = super().describe_table(name)
        if state is not None:
            answer["Table"]["TableStatus"] = state.status
            state.left -= 1
            if state.left > 0:
                held[self.tables[name]] = state
        return answer

    def get_table(self, table_name: str) -> Table:
        """There is nothing to ask a table that is being made or deleted."""
        table = super().get_table(table_name)
        state = held.get(table)
        if state is not None and state.status != "UPDATING":
            raise ResourceNotFoundException()
        return table

    def query(self, table_name: str, *arguments: Any, **more: Any) -> Any:
        """With keys that are text; moto does not look."""
        if any(one["AttributeType"] != "S" for one in self.get_table(table_name).attr):
            raise MockValidationException("Condition parameter type does not match schema type")
        return super().query(table_name, *arguments, **more)

    def update_time_to_live(self, table_name: str, ttl_spec: dict[str, Any]) -> None:
        """As it is already: moto takes that."""
        table = self.tables.get(table_name)
        if table and ttl_spec.get("Enabled") and table.ttl["TimeToLiveStatus"] == "ENABLED":
            raise MockValidationException("TimeToLive is already enabled")
        super().update_time_to_live(table_name, ttl_spec)

    def update_item(self, table_name: str, key: dict[str, Any], **more: Any) -> Item:
        """moto changes the item that is there: let it be a new one."""
        table = self.get_table(table_name)
        if table.range_key_attr is None:
            place, items = DynamoType(key[table.hash_key_attr]), table.items
        else:
            place = DynamoType(key[table.range_key_attr])
            items = table.items.get(DynamoType(key[table.hash_key_attr]), {})
        if place in items:
            items[place] = copy.deepcopy(items[place])
        return super().update_item(table_name, key, **more)


@dataclass
class Held:
    """A state that a table shows to so many more DescribeTable calls."""

    status: str
    left: int


held: dict[Table | None, Held] = {}


def hold(region: str, name: str, status: str, calls: int) -> None:
    held[dynamodb_backends[ACCOUNT][region].get_table(name)] = Held(status, calls)


def copy_table(table: Table, memo: dict[int, Any]) -> Table:
    """The same items in dictionaries of their own; the rest is not changed by a transaction."""
    made = copy.copy(table)
    parts = table.items.items()
    if table.range_key_attr is not None:
        parts = ((part, dict(items)) for part, items in parts)
    made.items = defaultdict(dict, parts)
    return made
