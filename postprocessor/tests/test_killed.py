"""Killed anywhere: whatever a run had done, the work is finished as if nothing had happened.

A release that removes another in two regions is killed at each of its requests, before the request is
sent and before its answer is read, and at each of its writes to the inventory. Then the same command,
`resume` or the next release of the family finishes it, and account and inventory are compared with those
after runs that nobody disturbed. All points are tried with all three ways of finishing; with snapshots
that are deleted one by one and a release that is published, at the requests of the publication and from the
first removal on (elsewhere nothing is different).
"""

import shutil
import sqlite3
import time
from collections import Counter
from contextlib import closing

import pytest

from conftest import GOLDKEEP, Runner
from emulator import add_to_manifest, manifest_entry, new_run
from killer import AFTER, BEFORE, Killer

REGIONS = ("eu-west-1", "us-east-1")
OPTIONS = ("--channel", "stable", "--tag", "Team={family}", "--output", "json")
# Revisions and ids of rows are left out, and so is the history but for what may be there only once:
# the trail of a channel too, which may not have come by the release that was killed.
DUMP = {
    "releases": "SELECT version, state, held, revoked, published, created_at, run, build, builder,"
    " fingerprint, intent, retired, unfinished FROM releases ORDER BY version",
    "images": "SELECT version, location, image, images.name, architecture, account, images.state"
    " FROM images JOIN releases ON releases.id = images.release ORDER BY version, location",
    "snapshots": "SELECT image.image, snapshot, snapshots.state, reason FROM snapshots"
    " JOIN images AS image ON image.id = snapshots.image ORDER BY snapshot",
    "channels": "SELECT name, version FROM channels JOIN releases ON releases.id = release"
    " ORDER BY name",
    "once": "SELECT version, action, count(*) FROM events JOIN releases ON releases.id = release"
    " WHERE action IN ('allocated', 'live', 'retired', 'discarded') GROUP BY 1, 2 ORDER BY 1, 2",
}


class Scene:
    """A family with some releases and two builds to come, to be set up over and over.

    Both builds are released with --keep-last 2: the first removes all but the newest of the old
    releases, the second one more.
    """

    def __init__(self, emulator, goldkeep, inventory_path, folder, old):
        self.emulator, self.goldkeep = emulator, goldkeep
        self.inventory = inventory_path.parent
        self.kept = folder / "kept"
        self.folder = folder
        self.old = old
        for number in range(old):
            self.build(f"old-{number}")
            self.run(*self.arguments(f"old-{number}", *self.options("old")))
        self.command = self.build("this") and self.arguments("this", *self.options("this"))
        self.next = self.build("next") and self.arguments("next", *self.options("next"))
        self.file = folder / "web.json"
        shutil.copytree(self.inventory, self.kept)
        emulator.save()

    def options(self, name):
        return () if name == "old" else ("--keep-last", "2")

    def publish(self):
        """From now on both builds are published too."""
        more = ("--publish-ssm", "/golden/{family}", "--publish-tfvars", self.file)
        self.command, self.next = self.command + more, self.next + more

    def build(self, name):
        images = self.emulator.make_images("web", REGIONS, snapshots=2)
        entry = manifest_entry(images, name="web", run=new_run())
        entry["build_time"] = int(time.time()) - 60
        add_to_manifest(self.folder / f"{name}.json", entry)
        return entry

    def arguments(self, name, *more):
        return ("release", "--family", "web", "--manifest", f"{name}.json", *OPTIONS, *more)

    def run(self, *arguments):
        got = self.goldkeep(*arguments)
        assert got.status == 0, got
        return got

    def begin(self):
        """As it was, with the same ids."""
        shutil.rmtree(self.inventory)
        shutil.copytree(self.kept, self.inventory)
        self.file.unlink(missing_ok=True)
        self.emulator.restore()
        self.emulator.forget_requests()

    def after(self, *commands):
        """Everything that counts, after these commands."""
        self.begin()
        for command in commands:
            self.run(*command)
        return self.dump()

    def dump(self):
        """Account and inventory, but for clock times; how often something was taken away."""
        with closing(sqlite3.connect(self.inventory / "inventory.db")) as database:
            found = {name: database.execute(text).fetchall() for name, text in DUMP.items()}
        removed = Counter(
            entry["params"].get("ImageId") or entry["params"].get("SnapshotId")
            for entry in self.emulator.requests()
            if entry["action"] in ("DeregisterImage", "DeleteSnapshot") and entry["status"] == 200
        )
        account = self.emulator.state()["regions"]
        for parameter in (one for region in account.values() for one in region["parameters"]):
            del parameter["version"]  # how often it was written
        return found | {
            "account": account,
            "removed": dict(removed),
            "file": [self.file.read_text()] if self.file.exists() else [],
        }

    def recorded(self):
        """Has the run under test its version?"""
        with closing(sqlite3.connect(self.inventory / "inventory.db")) as database:
            return database.execute("SELECT count(*) FROM releases").fetchone()[0] > self.old


class DiscardScene(Scene):
    """A release, a build of the same inputs, which is to be discarded, and one of others."""

    def options(self, name):
        inputs = "ef" if name == "next" else "ab"
        return ("--fingerprint", inputs * 32, "--on-duplicate", "discard")

    def recorded(self):
        """Is it written down that the images are to go?"""
        with closing(sqlite3.connect(self.inventory / "inventory.db")) as database:
            query = "SELECT count(*) FROM events WHERE action = 'discarding'"
            return database.execute(query).fetchone()[0] > 0


def leaks(dump):
    """Snapshots that no image needs."""
    return [
        snapshot["id"]
        for region in dump["account"].values()
        for snapshot in region["snapshots"]
        if not any(
            snapshot["id"] in image["snapshots"]
            for image in region["images"]
            if image["state"] == "available"
        )
    ]


def differences(expected, found):
    """The parts that differ, in a form that can be read."""
    lines = []
    for part in expected:
        if expected[part] == found[part]:
            continue
        lines.append(f"  {part}:")
        if isinstance(found[part], list):
            lines += [f"    - {row}" for row in expected[part] if row not in found[part]]
            lines += [f"    + {row}" for row in found[part] if row not in expected[part]]
        else:
            lines += [f"    - {expected[part]}", f"    + {found[part]}"]
    return lines + [f"  leaked: {leak}" for leak in leaks(found)]


class SameCommand:
    def __init__(self, scene):
        self.scene = scene
        self.expected = scene.after(scene.command)

    def finish(self):
        self.scene.run(*self.scene.command)
        return self.expected


class Resume:
    """What was never recorded is not known to anybody: then the command has to come again."""

    def __init__(self, scene):
        self.scene = scene
        self.start, self.expected = scene.after(), scene.after(scene.command)

    def finish(self):
        recorded = self.scene.recorded()
        self.scene.run("resume", "--output", "json")
        return self.expected if recorded else self.start


class NextRelease:
    """A run that was killed before it had a version is none: the next one gets that version."""

    def __init__(self, scene):
        self.scene = scene
        self.alone = scene.after(scene.next)
        self.expected = scene.after(scene.command, scene.next)

    def finish(self):
        recorded = self.scene.recorded()
        self.scene.run(*self.scene.next)
        return self.expected if recorded else self.alone


WAYS = [SameCommand, Resume, NextRelease]


@pytest.fixture
def scene(emulator, goldkeep, inventory_path, tmp_path, request):
    """With two old releases, or as many as a test is parametrized with."""
    return Scene(emulator, goldkeep, inventory_path, tmp_path, getattr(request, "param", 2))


@pytest.fixture
def discard(emulator, goldkeep, inventory_path, tmp_path):
    return DiscardScene(emulator, goldkeep, inventory_path, tmp_path, 1)


@pytest.fixture
def killer(emulator):
    with Killer(emulator.url) as killer:
        yield killer


def run_and_kill(scene, killer, number=None, moment=BEFORE):
    scene.begin()
    killer.aim(number, moment)
    process = scene.goldkeep.start(*scene.command, env={"AWS_ENDPOINT_URL": killer.url})
    killer.watch(process.pid)
    out, err = process.communicate(timeout=60)
    killer.settle()
    assert process.returncode == (0 if number is None else -9), f"request {number}: {out}{err}"


def finished(way, point):
    """Lines about what is not as it should be after the work was finished."""
    try:
        wrong = differences(way.finish(), way.scene.dump())
    except AssertionError as failure:
        wrong = [str(failure)]
    return [f"killed at {point}:", *wrong] if wrong else []


def test_what_is_compared_with(scene):
    """The undisturbed run does all that is to be killed: else the other tests prove nothing."""
    start, end = scene.after(), scene.after(scene.command)
    assert [row[:2] for row in start["releases"]] == [("0.1.0", "live"), ("0.1.1", "live")]
    assert [row[:2] for row in end["releases"]] == [
        ("0.1.0", "retired"),
        ("0.1.1", "live"),
        ("0.1.2", "live"),
    ]
    assert [row[:2] for row in end["channels"]] == [("latest", "0.1.2"), ("stable", "0.1.2")]
    assert list(end["removed"].values()) == [1, 1]
    assert len(end["images"]) == 6 and len(end["snapshots"]) == 12
    assert not any(row[-1] for row in end["releases"]), "something is unfinished"
    assert scene.after(scene.command, scene.command) == end
    assert not leaks(start) and not leaks(end)
    scene.publish()
    end = scene.after(scene.command)
    assert [len(region["parameters"]) for region in end["account"].values()] == [1, 1]
    assert '"0.1.2"' in end["file"][0]
    assert not any(row[-1] for row in end["releases"]), "something is unfinished"


def of_publication_and_removal(scene):
    """The numbers of these requests, in the run before this."""
    actions = [entry["action"] for entry in scene.emulator.requests()]
    removal = actions.index("DeregisterImage")
    return [
        number + 1
        for number, action in enumerate(actions)
        if number >= removal or action in ("GetParameters", "PutParameter")
    ]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("deletion", ["with their image", "one by one"])
def test_at_every_request(scene, killer, deletion, way):
    """Snapshots go with their image, or by requests of their own where AWS does not know better."""
    apart = deletion == "one by one"
    scene.emulator.settings(ignore_delete_associated_snapshots=apart)
    if apart:
        scene.publish()
    way, wrong = way(scene), []
    run_and_kill(scene, killer)
    count = killer.seen
    numbers = of_publication_and_removal(scene) if apart else range(1, count + 1)
    assert len(numbers) > 8
    for number in numbers:
        for moment in (BEFORE, AFTER):
            run_and_kill(scene, killer, number, moment)
            wrong += finished(way, f"request {number} of {count}, {moment}")
    assert not wrong, "\n".join(wrong)


CHANGES = (
    "CreateTags",
    "DeregisterImage",
    "DeleteSnapshot",
    "PutParameter",
    "EnableImageDeprecation",
)


def test_a_discard_is_compared_with(discard):
    start, end = discard.after(), discard.after(discard.command)
    assert [row[:2] for row in end["releases"]] == [("0.1.0", "live")]
    assert start["releases"] == end["releases"] and start["images"] == end["images"]
    assert len(start["account"]["us-east-1"]["images"]) == 3
    assert list(end["removed"].values()) == [1, 1]
    assert ("0.1.0", "discarded", 1) in end["once"]


@pytest.mark.parametrize("way", WAYS)
def test_a_discard_at_every_change(discard, killer, way):
    assert kill_at_changes(discard, killer, way) >= 4


def kill_at_changes(scene, killer, way):
    """How many there were. Between two of them nothing is different but what is read."""
    way, wrong = way(scene), []
    run_and_kill(scene, killer)
    actions = [entry["action"] for entry in scene.emulator.requests()]
    numbers = [number for number, action in enumerate(actions, 1) if action in CHANGES]
    for number in numbers:
        for moment in (BEFORE, AFTER):
            run_and_kill(scene, killer, number, moment)
            wrong += finished(way, f"request {number}, {actions[number - 1]}, {moment}")
    assert not wrong, "\n".join(wrong)
    return len(numbers)


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("scene", [3], indirect=True, ids=["two removals"])
def test_at_every_write(scene, tmp_path, environment, way):
    """In the middle of what is written to the inventory: at each fdatasync of SQLite."""
    assert kill_at_writes(scene, tmp_path, environment, way) > 5


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("way", WAYS)
def test_a_discard_at_every_write(discard, tmp_path, environment, way):
    assert kill_at_writes(discard, tmp_path, environment, way) > 2


def kill_at_writes(scene, tmp_path, environment, way):
    """How many there were."""
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
    assert not wrong, "\n".join(wrong)
    return number
