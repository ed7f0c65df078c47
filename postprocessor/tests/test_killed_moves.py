"""promote, its rollback and revoke, killed at each of their changes, in the account and in the inventory.

The same command, `resume` or the next release of the family goes on from there, and account and
inventory are then as after commands that nobody disturbed.
"""

import shutil
import sqlite3
from contextlib import closing

import pytest

from test_killed import (
    NextRelease,
    Resume,
    SameCommand,
    Scene,
    kill_at_changes,
    kill_at_writes,
    killer,  # noqa: F401, a fixture
)

OPTIONS = ("--publish-ssm", "/golden/{family}/{channel}", "--output", "json")
PROMOTE = ("promote", "web", "0.1.0", "--channel", "stable", "--output", "json")
ROLLBACK = ("promote", "web", "--rollback", "--channel", "stable", "--output", "json")
REVOKE = ("revoke", "web", "0.1.2", "--reason", "leaks keys", "--output", "json")


class Moves(Scene):
    """Three releases, the last one `latest` and `stable`, or `latest` alone."""

    def __init__(self, emulator, goldkeep, inventory_path, folder, command, elsewhere=False):
        self.emulator, self.goldkeep = emulator, goldkeep
        self.inventory, self.folder = inventory_path.parent, folder
        self.kept, self.file = folder / "kept", folder / "web.json"
        self.command = command
        for number in range(3):
            self.build(f"old-{number}")
            self.run(*self.arguments(f"old-{number}", "--channel", "stable"))
        if elsewhere:
            self.run(*PROMOTE)
        self.next = self.build("next") and self.arguments("next")
        shutil.copytree(self.inventory, self.kept)
        emulator.save()
        self.before = self.count()

    def arguments(self, name, *more):
        return ("release", "--family", "web", "--manifest", f"{name}.json", *OPTIONS, *more)

    def dump(self):
        found = super().dump()
        # Where `latest` has been depends on whether the next release came first.
        with closing(sqlite3.connect(self.inventory / "inventory.db")) as database:
            query = "SELECT trail FROM channels WHERE name = 'stable'"
            found["trail"] = database.execute(query).fetchall()
        for region in found["account"].values():
            for image in region["images"]:
                image["deprecation_time"] = bool(image["deprecation_time"])
        return found

    def count(self):
        with closing(sqlite3.connect(self.inventory / "inventory.db")) as database:
            return database.execute("SELECT count(*) FROM events").fetchone()[0]

    def recorded(self):
        return self.count() > self.before


@pytest.fixture
def scene(emulator, goldkeep, inventory_path, tmp_path):
    return lambda *more: Moves(emulator, goldkeep, inventory_path, tmp_path, *more)


# With `elsewhere`: a revoke that is finished after the next release finds that one to move to.
CHANGES = [
    (SameCommand, ROLLBACK, False),
    (SameCommand, REVOKE, False),
    (Resume, PROMOTE, False),
    (Resume, REVOKE, False),
    (NextRelease, ROLLBACK, False),
]
WRITES = [
    (SameCommand, PROMOTE, False),
    (Resume, ROLLBACK, False),
    (NextRelease, REVOKE, True),
]


def cases(found):
    names = [
        f"{'rollback' if command is ROLLBACK else command[0]}, {way.__name__}"
        for way, command, _ in found
    ]
    return pytest.mark.parametrize(("way", "command", "elsewhere"), found, ids=names)


def test_what_is_compared_with(scene):
    scene = scene(REVOKE)
    start, promoted, back, revoked = (
        scene.after(*commands) for commands in ([], [PROMOTE], [ROLLBACK], [REVOKE])
    )
    assert [one["channels"] for one in (start, promoted, back, revoked)] == [
        [("latest", "0.1.2"), ("stable", "0.1.2")],
        [("latest", "0.1.2"), ("stable", "0.1.0")],
        [("latest", "0.1.2"), ("stable", "0.1.1")],
        [("latest", "0.1.1"), ("stable", "0.1.1")],
    ]
    assert [one["trail"][0][0].split() for one in (start, promoted, back)] == [
        ["0.1.1", "0.1.0"],
        ["0.1.2", "0.1.1", "0.1.0"],
        ["0.1.0"],
    ]
    for end in (start, promoted, back, revoked):
        assert not any(row[10] for row in end["releases"]), "an intent is left"


@cases(CHANGES)
def test_at_every_change(scene, killer, way, command, elsewhere):  # noqa: F811
    assert kill_at_changes(scene(command, elsewhere), killer, way) >= 2, "both regions are written"


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@cases(WRITES)
def test_at_every_write(scene, tmp_path, environment, way, command, elsewhere):
    assert kill_at_writes(scene(command, elsewhere), tmp_path, environment, way) > 3
