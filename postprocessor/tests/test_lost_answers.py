"""A store whose answers get lost, or that has too much to do: in the end all is as if nothing had happened.

Only the store is disturbed. A command that gives up is started again, as a pipeline would.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator import new_run
from job import Job
from spoilers import Losing, Throttling
from stores import DYNAMODB, LOCAL

PATIENCE = 6
AT_ONCE = 12
ONCE = ("allocated", "live", "retired")


def of_one(state):
    """The state but for how often was tried what may be tried again; what happens once did."""
    for release in state["shown"]:
        actions = [event["action"] for event in release["events"]]
        release["events"] = {action: actions.count(action) for action in ONCE}
        release["actions"] = sorted(set(actions))
    return state


# Throttling is waited out, for up to a second each time, whatever the store: one will do.
SPOILT = [(Losing, kind) for kind in DYNAMODB] + [(Throttling, LOCAL)]


@pytest.mark.parametrize("spoiler, kind", SPOILT)
def test_the_same_end(spoiler, kind, emulator, goldkeep, new_store, tmp_path):
    job = Job(emulator, goldkeep, tmp_path)
    calm, disturbed = new_store(kind), new_store(kind)
    job.begin()
    job.do(calm.uri)
    expected = of_one(job.state(calm.uri))
    job.begin()
    with spoiler(disturbed.url) as proxy:
        job.do(disturbed.behind(proxy.url), PATIENCE)
    assert proxy.spoilt > 20, proxy.seen
    assert of_one(job.state(disturbed.uri)) == expected
    assert goldkeep("resume", "--store", disturbed.uri, "--output", "json").json["result"] == "nothing"


@pytest.mark.parametrize("kind", DYNAMODB)
@pytest.mark.parametrize("one_run", [False, True])
def test_many_at_once(one_run, kind, goldkeep, built, new_store):
    """Every run has one version and there is no gap; all builds of one run are in its release."""
    run = new_run() if one_run else None
    builds = [built(f"web-{n}", run=run, manifest=f"{n}.json") for n in range(AT_ONCE)]
    store = new_store(kind)
    with Losing(store.url) as proxy:

        def release(build):
            for _ in range(PATIENCE):
                got = goldkeep(
                    *("release", "--family", "web", "--manifest", build.manifest),
                    *("--build", build.name, "--store", store.behind(proxy.url)),
                )
                if got.status == 0:
                    return
                assert got.status in (1, 3), got
            raise AssertionError(str(got))

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(release, builds))
    found = goldkeep("list", "web", "--store", store.uri, "--output", "json").json["releases"]
    count = 1 if one_run else AT_ONCE
    assert [one["version"] for one in found] == [f"0.1.{n}" for n in range(count)][::-1]
    assert {one["state"] for one in found} == {"live"}
    assert [one["version"] for one in found if one["channels"]] == [f"0.1.{count - 1}"]
    images = {one["run"]: sorted(image["id"] for image in one["images"]) for one in found}
    if one_run:
        assert images == {run: sorted(id for build in builds for id in build.ids)}
    else:
        assert images == {build.run: build.ids for build in builds}


@pytest.mark.parametrize("spoiler, kind", SPOILT)
def test_init(spoiler, kind, goldkeep, no_store):
    store = no_store(kind)
    with spoiler(store.url) as proxy:
        for _ in range(PATIENCE):
            got = goldkeep("init", "--store", store.behind(proxy.url))
            if got.status == 0:
                break
    assert got.status == 0, got
    assert store.client.describe_table(TableName=store.table)["Table"]["TableStatus"] == "ACTIVE"
