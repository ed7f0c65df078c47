"""Withdrawing a release: channels and parameters leave it, its images are deprecated, nobody gets it."""

import pytest

from emulator import add_to_manifest, manifest_entry
from history import BOTH, EU, US, History
from test_promote import POINTER, channels, moves, promote, settled

DENIED = {"status": 400, "code": "UnauthorizedOperation"}


@pytest.fixture
def history(emulator, goldkeep, built):
    return History(emulator, goldkeep, built)


def revoke(history, version, reason="leaks keys", status=0):
    return history.run("revoke", "web", version, "--reason", reason, status=status).json


def deprecated(emulator, build):
    images = {image.id: emulator.images(image.region)[image.id] for image in build.images}
    return {id: bool(image["deprecation_time"]) for id, image in images.items()}


def test_channels_and_parameters_leave_it(history, emulator):
    options = ("--channel", "stable", "--publish-ssm", POINTER)
    first, second = (history.release(*options) for _ in range(2))
    got = revoke(history, "0.1.1")
    assert (got["result"], got["version"], got["state"]) == ("released", "0.1.1", "deprecated")
    assert got["channels"] == [] and not got["warnings"] and not got["incomplete"]
    assert channels(history) == {"latest": "0.1.0", "stable": "0.1.0"}
    for image in first.images:
        assert set(emulator.parameters(image.region).values()) == {image.id}
    assert set(deprecated(emulator, second).values()) == {True}
    assert set(deprecated(emulator, first).values()) == {False}
    shown = history.run("show", "web", "0.1.1").json
    assert (shown["revoked"], shown["state"]) == ("leaks keys", "deprecated")
    assert {image["state"] for image in shown["images"]} == {"deprecated"}
    assert moves(history)[-2:] == [
        "latest 0.1.1 -> 0.1.0 (revoke)",
        "stable 0.1.1 -> 0.1.0 (revoke)",
    ]
    assert history.actions("0.1.1")[:3] == ["deprecated", "revoked", "revoking"]
    assert settled(history)


def test_deprecated_everywhere_at_once(history, emulator):
    history.release()
    second = history.release()
    emulator.forget_requests()
    revoke(history, "0.1.1")
    asked = emulator.requests("EnableImageDeprecation")
    assert sorted(one["region"] for one in asked) == sorted(BOTH)
    assert len(deprecated(emulator, second)) == 2


def test_one_that_no_channel_names(history):
    history.releases(2, regions=[US])
    revoke(history, "0.1.0")
    assert channels(history) == {"latest": "0.1.1"}


def test_revoking_twice_changes_nothing_but_the_reason(history):
    history.releases(2, regions=[US])
    revoke(history, "0.1.1")
    before = history.run("show", "web", "0.1.1").json
    assert revoke(history, "0.1.1")["result"] == "unchanged"
    assert history.run("show", "web", "0.1.1").json == before
    assert revoke(history, "0.1.1", "leaks all keys")["result"] == "released"
    assert history.listed()["0.1.1"]["revoked"] == "leaks all keys"
    assert settled(history)


def test_the_newest_that_is_left(history):
    """In the order of versions; what is withdrawn is not left, pre-releases do not count."""
    for options in ((), (), (), ("--prerelease", "rc")):
        history.release("--channel", "stable", *options, regions=[US])
    assert channels(history) == {"latest": "0.1.2", "stable": "0.1.3-rc.1"}
    history.release("--version", "0.1.3-rc.2", "--channel", "stable", regions=[US])
    revoke(history, "0.1.3-rc.2")
    assert channels(history) == {"latest": "0.1.2", "stable": "0.1.3-rc.1"}
    revoke(history, "0.1.1")
    revoke(history, "0.1.2")
    assert channels(history) == {"latest": "0.1.0", "stable": "0.1.3-rc.1"}
    promote(history, "0.1.0", "--channel", "stable")
    error = revoke(history, "0.1.0", status=4)["error"]
    assert "latest" in error or "stable" in error
    history.release(regions=[US])
    assert channels(history) == {"latest": "0.1.3", "stable": "0.1.0"}
    revoke(history, "0.1.0")
    assert channels(history) == {"latest": "0.1.3", "stable": "0.1.3"}
    assert settled(history)


def test_nothing_left(history, emulator):
    build = history.release(regions=[US])
    before = history.run("show", "web", "0.1.0").json
    error = revoke(history, "0.1.0", status=4)["error"]
    assert "channel latest" in error and "release another one first" in error
    assert history.run("show", "web", "0.1.0").json == before
    assert deprecated(emulator, build) == {build.ids[0]: False}


def test_what_cannot_be_withdrawn(history, emulator):
    history.release(regions=[US])
    history.release("--keep-last", 1, regions=[US])
    emulator.faults({"action": "CreateTags"} | DENIED)
    history.release(regions=[US], status=3)
    emulator.faults()
    assert "retired" in revoke(history, "0.1.0", status=4)["error"]
    assert "pending" in revoke(history, "0.1.2", status=4)["error"]
    revoke(history, "9.9.9", status=6)
    history.run("revoke", "web", "0.1.1", status=2)
    history.run("revoke", "web", "0.1.1", "--reason", "", status=2)
    history.run("revoke", "web", "0.1.1", "--reason", "two\nlines", status=2)
    history.run("revoke", "web", "--reason", "no version", status=2)
    history.run("revoke", "web", "0.1", "--reason", "no version", status=2)


def test_a_region_that_refuses_is_finished_by_resume(history, emulator):
    history.release()
    second = history.release()
    emulator.faults({"action": "EnableImageDeprecation", "region": EU} | DENIED)
    got = revoke(history, "0.1.1", status=3)
    assert [(one["step"], one["location"]) for one in got["incomplete"]] == [("revoke", EU)]
    assert history.listed()["0.1.1"]["revoked"] == "leaks keys"
    assert sorted(deprecated(emulator, second).values()) == [False, True]
    assert channels(history) == {"latest": "0.1.0"}
    history.run("resume", status=3)
    emulator.faults()
    assert history.run("resume").json["result"] == "released"
    assert set(deprecated(emulator, second).values()) == {True}
    assert history.states()["0.1.1"] == "deprecated"
    assert settled(history)


def test_an_endpoint_that_cannot_deprecate(history, emulator):
    history.releases(2, regions=[US])
    emulator.settings(unknown_actions=["EnableImageDeprecation"])
    got = revoke(history, "0.1.1")
    assert len(got["warnings"]) == 1 and "was not deprecated" in got["warnings"][0]
    assert got["state"] == "deprecated"
    assert settled(history)


def test_what_could_not_be_published_is_finished_by_the_next_release(history, emulator):
    first = history.release("--publish-ssm", POINTER, regions=[US])
    history.release("--publish-ssm", POINTER, regions=[US])
    emulator.faults({"action": "PutParameter", "status": 400, "code": "AccessDeniedException"})
    revoke(history, "0.1.1", status=3)
    emulator.faults()
    history.run("resume")
    assert emulator.parameters(US)["/golden/web/latest"] == first.ids[0]
    assert settled(history)


def test_what_could_not_be_published_is_finished_by_the_same_command(history, emulator):
    first = history.release("--publish-ssm", POINTER, regions=[US])
    history.release("--publish-ssm", POINTER, regions=[US])
    emulator.faults({"action": "PutParameter", "status": 400, "code": "AccessDeniedException"})
    revoke(history, "0.1.1", status=3)
    revoke(history, "0.1.1", status=3)
    emulator.faults()
    assert revoke(history, "0.1.1")["result"] == "released"
    assert emulator.parameters(US)["/golden/web/latest"] == first.ids[0]
    assert settled(history)
    assert revoke(history, "0.1.1")["result"] == "unchanged"


def test_its_run_once_more(history):
    """Says that it was withdrawn, and moves nothing back to it."""
    history.release("--channel", "stable", regions=[US])
    history.release("--channel", "stable", regions=[US])
    revoke(history, "0.1.1")
    got = history.run("release", "--channel", "stable").json
    assert (got["result"], got["version"]) == ("unchanged", "0.1.1")
    assert got["warnings"] == ["web 0.1.1 of this run was revoked: leaks keys"]
    assert channels(history) == {"latest": "0.1.0", "stable": "0.1.0"}
    history.release(regions=[US])
    assert channels(history) == {"latest": "0.1.2", "stable": "0.1.0"}


def test_what_joins_it_is_withdrawn_too(history, emulator):
    history.release(regions=[US])
    second = history.release(regions=[US])
    revoke(history, "0.1.1")
    more = emulator.make_images("web", [EU])
    add_to_manifest(second.manifest, manifest_entry(more, name="other", run=second.run))
    got = history.run("release", "--family", "web", "--build", "other").json
    assert got["version"] == "0.1.1"
    assert emulator.images(EU)[more[0].id]["deprecation_time"]
    assert {image["state"] for image in got["images"]} == {"deprecated"}
    assert channels(history) == {"latest": "0.1.0"}
    assert settled(history)


def test_retention_counts_it_no_more(history):
    history.releases(4, regions=[US])
    revoke(history, "0.1.3")
    history.retain("--keep-last", 2)
    states = {"0.1.3": "retired", "0.1.2": "live", "0.1.1": "live", "0.1.0": "retired"}
    assert history.states() == states
