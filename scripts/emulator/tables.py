"""DynamoDB tables: transactions whose cost does not grow with the table.

For every action of a transaction moto copies the whole table, item by item, to go back to it. What
it goes back to here shares the items with the table, which are therefore never changed in place.
"""

import copy
from collections import defaultdict
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table


class Backend(DynamoDBBackend):
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


def copy_table(table: Table, memo: dict[int, Any]) -> Table:
    """The same items in dictionaries of their own; the rest is not changed by a transaction."""
    made = copy.copy(table)
    parts = table.items.items()
    if table.range_key_attr is not None:
        parts = ((part, dict(items)) for part, items in parts)
    made.items = defaultdict(dict, parts)
    return made
