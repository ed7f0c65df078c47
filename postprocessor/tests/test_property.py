"""Commands drawn by lot, one after the other; what must hold holds after each of them.

Seeds are fixed; $GOLDKEEP_SEED takes the place of the first one. A failure shows all commands up to it.
"""

import os
import random
import sqlite3
from contextlib import closing

import pytest

from history import BOTH, US

STEPS = 40
SEEDS = [int(os.environ.get("GOLDKEEP_SEED") or 20261121), 7, 4711]
CHANNELS = ["stable", "canary"]
POINTER = "/golden/{family}/{channel}"
STATUSES = {0, 2, 3, 4, 5, 6}
FAULTS = ["CreateTags", "PutParameter", "EnableImageDeprecation"]
NAMED = ("live", "deprecated", "disabled")


def order(version):
    """The order of SemVer, for the versions that are drawn here."""
    core, _, prerelease = version.partition("-")
    numbers = [int(number) for number in core.split(".")]
    return (*numbers, not prerelease, int(prerelease.rpartition(".")[2] or 0))


class Lot:
    """What is done next, and to what."""

    def __init__(self, seed, built):
        self.random, self.built = random.Random(seed), built
        self.builds, self.versions = [], []

    def draw(self):
        kinds = {"release": 5, "repeat": 2, "promote": 4, "rollback": 3, "revoke": 3, "hold": 1,
                 "unhold": 1, "retain": 2, "resume": 1}
        kind = self.random.choices(list(kinds), kinds.values())[0] if self.builds else "release"
        return getattr(self, kind)()

    def one_in(self, count):
        return self.random.randrange(count) == 0

    def version(self):
        """Mostly one that there is, or was."""
        known = self.versions[-6:] or ["0.1.0"]
        return "9.9.9" if self.one_in(20) else self.random.choice(known)

    def channel(self):
        return "latest" if self.one_in(15) else self.random.choice(CHANNELS)

    def options(self):
        options = ["--publish-ssm", POINTER]
        if self.one_in(3):
            options += ["--channel", self.random.choice(CHANNELS)]
        if self.one_in(3):
            options += ["--keep-last", str(self.random.randint(1, 3))]
        return options

    def release(self):
        regions = BOTH if self.one_in(5) else (US,)
        self.builds.append(self.built("web", regions, manifest=f"{len(self.builds)}.json"))
        options = self.options()
        if self.one_in(4):
            options += ["--prerelease", "rc"]
        elif self.one_in(4):
            options += ["--version", f"0.{self.random.randint(1, 3)}.{self.random.randint(0, 9)}"]
        return self.of_build(self.builds[-1], options)

    def repeat(self):
        return self.of_build(self.random.choice(self.builds[-6:]), self.options())

    def of_build(self, build, options):
        return ["release", "--manifest", build.manifest.name, *options]

    def promote(self):
        return ["promote", "web", self.version(), "--channel", self.channel()]

    def rollback(self):
        return ["promote", "web", "--rollback", "--channel", self.channel()]

    def revoke(self):
        return ["revoke", "web", self.version(), "--reason", self.random.choice(["leak", "slow"])]

    def hold(self):
        return ["hold", "web", self.version(), "--reason", "drawn"]

    def unhold(self):
        return ["unhold", "web", self.version()]

    def retain(self):
        return ["retain", "web", "--keep-last", str(self.random.randint(1, 4))]

    def resume(self):
        return ["resume", "web"]


class Checks:
    """What is recorded and what is in the account, against what must hold."""

    def __init__(self, emulator, path):
        self.emulator, self.path = emulator, path
        self.version_of = {}  # of a run, once and for all

    def read(self, text):
        with closing(sqlite3.connect(self.path)) as database:
            return database.execute(text).fetchall()

    def check(self):
        rows = self.read("SELECT version, state, revoked, run FROM releases")
        self.releases = {version: more for version, *more in rows}
        self.channels = dict(self.read("SELECT name, version FROM channels JOIN releases"
                                       " ON releases.id = release"))
        self.images = self.read("SELECT version, location, image FROM images JOIN releases"
                                " ON releases.id = release")
        self.check_versions(rows)
        self.check_channels()
        self.check_latest()
        regions = self.emulator.state()["regions"]
        for region in BOTH:
            self.check_parameters(region, regions.get(region, {}))

    def check_versions(self, rows):
        assert len({order(version) for version, *_ in rows}) == len(rows)
        for version, _, _, run in rows:
            assert self.version_of.setdefault(run, version) == version

    def check_channels(self):
        for name, version in self.channels.items():
            state, revoked = self.releases[version][:2]
            assert state in NAMED and not revoked, f"{name} names {version}, {state}, {revoked}"

    def check_latest(self):
        live = [
            version
            for version, (state, revoked, _) in self.releases.items()
            if state == "live" and not revoked and "-" not in version
        ]
        if live:
            assert self.channels["latest"] == max(live, key=order)

    def check_parameters(self, region, account):
        there = {image["id"] for image in account.get("images", [])
                 if image["state"] == "available"}
        parameters = {one["name"]: one["value"] for one in account.get("parameters", [])}
        for name, value in parameters.items():
            assert value in there, f"{name} in {region} names {value}, which is gone"
        for channel, version in self.channels.items():
            name = f"/golden/web/{channel}"
            ids = [image for v, place, image in self.images if (v, place) == (version, region)]
            # Without an image there it goes on naming what it named, which is said.
            if ids:
                assert parameters.get(name) == ids[0], f"{name} in {region}: not {version}"


@pytest.mark.parametrize("seed", SEEDS)
def test_commands_drawn_by_lot(emulator, goldkeep, built, inventory_path, seed):
    lot, checks, done = Lot(seed, built), Checks(emulator, inventory_path), []
    print(f"seed {seed}")
    for _ in range(STEPS):
        step(lot, checks, done, emulator, goldkeep)
    # All of it was tried, and with success.
    assert {words[1] for words in done if words[0] == 0} >= {"release", "promote", "revoke", "retain"}


def step(lot, checks, done, emulator, goldkeep):
    arguments = lot.draw()
    spoiled = lot.random.choice(FAULTS) if lot.one_in(8) else None
    if spoiled:
        emulator.faults({"action": spoiled, "status": 400, "code": "AccessDeniedException"})
    got = goldkeep(*arguments, "--output", "json")
    done.append((got.status, *arguments, *([f"({spoiled} fails)"] if spoiled else [])))
    story = "\n".join(" ".join(map(str, words)) for words in done) + f"\n{got}"
    assert got.status in STATUSES, story
    assert got.status != 3 or spoiled, story
    emulator.faults()
    if spoiled and got.status in (0, 3):
        got = goldkeep("resume", "--output", "json")
        assert got.status == 0, f"{story}\n{got}"
    if "version" in got.json and got.json["version"] not in (None, *lot.versions):
        lot.versions.append(got.json["version"])
    try:
        checks.check()
    except AssertionError as failure:
        raise AssertionError(f"{failure}\n{story}") from None
