"""Many goldkeeps at once on one inventory, in every store: versions, images, channels and retention stay
whole.

All runs of a test start together; what they need of the account is made once for all its rounds. Three
rounds are played with the plain executable; the sanitizers, which make everything slow, watch one.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from conftest import SANITIZED
from emulator import new_run

MANY = 40
ROUNDS = 1 if SANITIZED else 3
REGION = "us-east-1"


@pytest.fixture
def together(goldkeep):
    """Run goldkeep with each of these argument lists, all at once."""

    def run(*commands):
        with ThreadPoolExecutor(len(commands)) as pool:
            return list(pool.map(lambda arguments: goldkeep(*arguments), commands))

    return run


@pytest.fixture
def rounds(emulator, environment, store, new_store):
    """Time after time the account as it is now, and an empty inventory."""

    def rounds():
        emulator.save()
        for _ in range(ROUNDS):
            emulator.restore()
            environment["GOLDKEEP_STORE"] = new_store(store.kind).uri
            yield

    return rounds


@pytest.fixture
def listed(goldkeep):
    """The releases of a family by version, newest first, the retired ones too."""

    def listed(*more):
        got = goldkeep("list", "web", "--all", "--output", "json", *more)
        assert got.status == 0, got
        return {release["version"]: release for release in got.json["releases"]}

    return listed


@contextmanager
def meanwhile(work):
    """Call it over and over while the block runs, and once more; its failure is the test's."""
    done = threading.Event()

    def repeat():
        while not done.is_set():
            work()
        work()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(repeat)
        try:
            yield
        finally:
            done.set()
        future.result()


def release(build, *more):
    where = ("--family", "web", "--manifest", build.manifest, "--build", build.name)
    return ("release", *where, "--output", "json", *more)


def succeeded(results):
    for got in results:
        assert got.status == 0, got
        assert not got.json["warnings"] and not got.json["incomplete"], got
    return [got.json for got in results]


def versions(count):
    return [f"0.1.{patch}" for patch in range(count)]


class Tags:
    """Of everything in the account, asked for once."""

    def __init__(self, emulator):
        regions = emulator.state()["regions"].values()
        things = [thing for one in regions for thing in one["images"] + one["snapshots"]]
        self.by_id = {thing["id"]: thing["tags"] for thing in things}

    def check(self, release):
        for image in release["images"]:
            for id in [image["id"], *image["snapshots"]]:
                assert self.by_id[id]["goldkeep:version"] == release["version"]
                assert self.by_id[id]["goldkeep:run"] == release["run"]


def test_many_runs(emulator, built, together, listed, rounds):
    """Consecutive versions without a gap, and latest is the highest."""
    builds = [built(manifest=f"{number}.json") for number in range(MANY)]
    by_run = {build.run: build.ids for build in builds}
    for _ in rounds():
        documents = succeeded(together(*(release(build) for build in builds)))
        assert sorted((d["version"] for d in documents), key=patch) == versions(MANY)
        found = listed()
        assert list(found) == versions(MANY)[::-1]
        tags = Tags(emulator)
        for document in documents:
            recorded = found[document["version"]]
            assert recorded["state"] == "live"
            assert recorded["run"] == document["run"]
            assert [image["id"] for image in recorded["images"]] == by_run[recorded["run"]]
            tags.check(recorded)
        assert [v for v, r in found.items() if r["channels"]] == [versions(MANY)[-1]]


def patch(version):
    return int(version.rpartition(".")[2])


def test_many_builds_of_one_run(emulator, built, together, listed, store):
    run = new_run()
    builds = [built(f"build-{n}", run=run, manifest=f"{n}.json") for n in range(MANY)]
    documents = succeeded(together(*(release(build) for build in builds)))
    assert {d["version"] for d in documents} == {"0.1.0"}
    found = listed()
    assert list(found) == ["0.1.0"]
    assert found["0.1.0"]["state"] == "live"
    assert found["0.1.0"]["channels"] == ["latest"]
    ids = sorted(image["id"] for image in found["0.1.0"]["images"])
    assert ids == sorted(id for build in builds for id in build.ids)
    assert {image["state"] for image in found["0.1.0"]["images"]} == {"live"}
    Tags(emulator).check(found["0.1.0"])


def test_the_same_release_again_and_again(emulator, built, together, listed, store):
    build = built(regions=["us-east-1", "eu-west-1"], snapshots=2)
    documents = succeeded(together(*[release(build)] * MANY))
    assert {d["version"] for d in documents} == {"0.1.0"}
    found = listed()
    assert list(found) == ["0.1.0"]
    assert sorted(image["id"] for image in found["0.1.0"]["images"]) == sorted(build.ids)
    Tags(emulator).check(found["0.1.0"])


def test_retention_and_readers_meanwhile(emulator, built, goldkeep, together, listed, store):
    """Releases are made while others retain and read: nobody sees or makes anything half."""
    count = 20
    first = built(manifest="first.json")
    succeeded([goldkeep(*release(first, "--channel", "stable"))])
    builds = [built(manifest=f"{number}.json") for number in range(count)]

    def read():
        found = listed()
        assert found["0.1.0"]["state"] == "live", "a channel names it"
        assert found["0.1.0"]["channels"] in (["stable"], ["latest", "stable"])
        for version, one in found.items():
            assert one["images"], f"{version} is half a release"
            assert one["state"] in ("pending", "live", "retiring", "retired")
        assert next(r for r in found.values() if r["state"] != "pending")["state"] == "live"

    def retain():
        got = goldkeep("retain", "web", "--keep-last", "2", "--output", "json")
        assert got.status == 0, got
        kept = emulator.images(REGION)
        assert first.ids[0] in kept, "a channel names it"

    with meanwhile(retain), meanwhile(read), meanwhile(read):
        succeeded(together(*(release(build) for build in builds)))

    found = listed()
    assert list(found) == versions(count + 1)[::-1]
    live = ["0.1.0", f"0.1.{count - 1}", f"0.1.{count}"]
    assert sorted(v for v, r in found.items() if r["state"] == "live") == sorted(live)
    assert {r["state"] for r in found.values()} == {"live", "retired"}
    assert sorted(emulator.images(REGION)) == sorted(
        image["id"] for version in live for image in found[version]["images"]
    )
    assert sorted(emulator.snapshots(REGION)) == sorted(
        id for version in live for image in found[version]["images"] for id in image["snapshots"]
    )
    removed = [
        entry["params"]["ImageId"]
        for entry in emulator.requests("DeregisterImage")
        if entry["status"] == 200
    ]
    assert len(removed) == len(set(removed)) == count + 1 - len(live)
    assert goldkeep("resume", "--output", "json").json["result"] == "nothing"


def test_channels_move_meanwhile(built, goldkeep, together, listed, store):
    """Releases, rollbacks and withdrawals at once: every channel names what can be used."""
    count = 10
    for number in range(3):
        succeeded([goldkeep(*release(built(manifest=f"old-{number}.json"), "--channel", "stable"))])
    builds = [built(manifest=f"{number}.json") for number in range(count)]
    withdrawn = []

    def usable():
        found = listed()
        for version, one in found.items():
            if one["channels"]:
                assert one["state"] in ("live", "deprecated") and not one["revoked"], version
        return found

    def roll_back():
        got = goldkeep("promote", "web", "--rollback", "--channel", "stable", "--output", "json")
        assert got.status in (0, 4, 5, 6), got

    def revoke():
        live = [version for version, one in usable().items() if one["state"] == "live"]
        if len(withdrawn) < 4 and len(live) > 2:
            withdrawn.append(live[len(withdrawn) % 2])
            got = goldkeep("revoke", "web", withdrawn[-1], "--reason", "leaks", "--output", "json")
            assert got.status == 0, got

    with meanwhile(roll_back), meanwhile(revoke), meanwhile(usable):
        results = together(*(release(build, "--channel", "stable") for build in builds))
    for got in results:
        assert got.status == 0, got

    found = usable()
    names = {name: version for version, one in found.items() for name in one["channels"]}
    live = [v for v, one in found.items() if one["state"] == "live" and not one["revoked"]]
    assert names["latest"] == live[0] and set(names) == {"latest", "stable"}
    assert {v for v, one in found.items() if one["revoked"]} == set(withdrawn)
    assert goldkeep("resume", "--output", "json").json["result"] == "nothing"


def test_retention_while_a_channel_moves(emulator, built, goldkeep, together, listed, store):
    """What a channel names is never retired, however close the two come to each other."""
    first, *builds = [built(manifest=f"{number}.json") for number in range(20)]
    succeeded([goldkeep(*release(first, "--channel", "stable"))])

    def named():
        return {name: one for one in listed().values() for name in one["channels"]}

    def check(found):
        for name, one in found.items():
            assert one["state"] == "live", f"{name} names {one['version']}"

    def read():
        before, there, after = named(), emulator.images(REGION), named()
        check(before), check(after)
        for name in before.keys() & after.keys():
            if before[name]["version"] == after[name]["version"]:
                assert before[name]["images"][0]["id"] in there, f"{name} names nothing"

    def retain():
        got = goldkeep("retain", "web", "--keep-last", "1", "--output", "json")
        assert got.status == 0, got

    with meanwhile(retain), meanwhile(retain), meanwhile(read):
        results = together(*(release(build, "--channel", "stable") for build in builds))
    # Recorded, all of them; who comes after retention with the channel is told that it is unfinished.
    assert {got.status for got in results} <= {0, 3}, results
    assert sum(got.status == 0 for got in results) > len(results) / 2
    assert goldkeep("resume").status == 0
    assert set(named()) == {"latest", "stable"}
    assert {one["state"] for one in listed().values()} == {"live", "retired"}
    read()
