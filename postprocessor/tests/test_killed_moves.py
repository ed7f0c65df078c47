"""promote, its rollback and revoke, killed at each of their requests and writes.

The same command, `resume` or the next release of the family goes on from there, and account and
inventory are then as after commands that nobody disturbed.
"""

import shutil
import sqlite3
from contextlib import closing

import pytest

from conftest import GOLDKEEP, Runner
from killer import AFTER, BEFORE
from test_killed import (
    NextRelease,
    Resume,
    SameCommand,
    Scene,
    finished,
    killer,  # noqa: F401, a fixture
    run_and_kill,
)

OPTIONS = ("--publish-ssm", "/golden/{family}/{channel}", "--output", "json")
PROMOTE = ("promote", "web", "0.1.0", "--channel", "stable", "--output", "json")
ROLLBACK = ("promote", "web", "--rollback", "--channel", "stable", "--output", "json")
REVOKE = ("revoke", "web", "0.1.2", "--reason", "leaks keys", "--output", "json")
MORE = {
    "withdrawn": "SELECT version, revoked, published FROM releases ORDER BY version",
    "trail": "SELECT trail FROM channels WHERE name = 'stable'",
}


class Moves(Scene):
    """Three releases, the last one `latest` and `stable`, or `latest` alone."""

    def __init__(self, emulator, goldkeep, inventory_path, folder, command, elsewhere=False):
        self.emulator, self.goldkeep = emulator, goldkeep
        self.inventory, self.folder = inventory_path.parent, folder
        self.kept = folder / "kept"
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
        with closing(sqlite3.connect(self.inventory / "inventory.db")) as database:
            found |= {name: database.execute(text).fetchall() for name, text in MORE.items()}
        for region in found["account"].values():
            for image in region["images"]:
                image["deprecation_time"] = bool(image["deprecation_time"])
            for parameter in region.get("parameters", []):
                del parameter["version"]  # how often it was written
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
REQUESTS = [
    (SameCommand, ROLLBACK, False),
    (SameCommand, REVOKE, False),
    (Resume, REVOKE, False),
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
        assert not any(row[8] for row in end["releases"]), "an intent is left"


@cases(REQUESTS)
def test_at_every_request(scene, killer, way, command, elsewhere):  # noqa: F811
    scene = scene(command, elsewhere)
    way, wrong = way(scene), []
    run_and_kill(scene, killer)
    count = killer.seen
    assert count >= 4, "both regions are read and written"
    for number in range(1, count + 1):
        for moment in (BEFORE, AFTER):
            run_and_kill(scene, killer, number, moment)
            wrong += finished(way, f"request {number} of {count}, {moment}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@cases(WRITES)
def test_at_every_write(scene, tmp_path, environment, way, command, elsewhere):
    scene = scene(command, elsewhere)
    strace = Runner("strace", tmp_path, environment)
    way, wrong, number, status = way(scene), [], 0, -9
    while status == -9:
        number += 1
        scene.begin()
        kill = f"inject=fdatasync:signal=SIGKILL:when={number}"
        options = ("-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", kill)
        got = strace(*options, GOLDKEEP, *scene.command, env={"ASAN_OPTIONS": "detect_leaks=0"})
        status = got.status
        assert status in (-9, 0), got
        wrong += finished(way, f"fdatasync {number}")
    assert number > 3
    assert not wrong, "\n".join(wrong)
