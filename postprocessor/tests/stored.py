"""What a command may not have changed: the account, the inventory, the folder of the inventory.

    before = everything(emulator, inventory_path)
    …
    assert everything(emulator, inventory_path) == before
"""

import shutil
import sqlite3
import tempfile
from pathlib import Path


def tables(path):
    """Every row of every table of an inventory; None if there is no file."""
    if not path.exists():
        return None
    # A copy is read: SQLite leaves files beside what it opens.
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(path.parent, Path(folder) / "copy") / path.name
        connection = sqlite3.connect(copy)
        try:
            found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            return {
                name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr)
                for (name,) in sorted(found.fetchall())
            }
        finally:
            connection.close()


def files(path):
    """The bytes of the inventory and of whatever stands beside it; None without the folder."""
    folder = path.parent
    if not folder.exists():
        return None
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def everything(emulator, path):
    return emulator.state(), files(path)


def written(emulator):
    """The requests since the last forget_requests that could have changed something."""
    reading = ("Describe", "Get", "List")
    return [
        request["action"]
        for request in emulator.requests()
        if not request["action"].startswith(reading)
    ]
