"""Moving channels: forwards, back, back to where they were; and what is published follows."""

import sqlite3

import pytest

from history import BOTH, EU, US, History

POINTER = "/golden/{family}/{channel}"


@pytest.fixture
def history(emulator, goldkeep, built):
    return History(emulator, goldkeep, built)


def promote(history, *arguments, status=0):
    return history.run("promote", "web", *arguments, status=status).json


def channels(history):
    """What each channel names."""
    return {
        name: version
        for version, release in history.listed().items()
        for name in release["channels"]
    }


def moves(history):
    got = history.run("history", "web").json["events"]
    return [event["detail"] for event in got if event["action"] == "channel"][::-1]


def settled(history):
    """Nothing is left to do, and nobody wants anything."""
    return history.run("resume").json["result"] == "nothing"


def test_forwards_and_back(history):
    history.releases(3, regions=[US])
    first = promote(history, "0.1.0", "--channel", "stable")
    assert (first["result"], first["exit"]) == ("released", 0)
    assert (first["version"], first["channels"]) == ("0.1.0", ["stable"])
    promote(history, "0.1.2", "--channel", "stable")
    assert channels(history) == {"latest": "0.1.2", "stable": "0.1.2"}
    promote(history, "0.1.1", "--channel", "stable")
    assert channels(history) == {"latest": "0.1.2", "stable": "0.1.1"}
    assert [line for line in moves(history) if line.startswith("stable")] == [
        "stable -> 0.1.0 (promote)",
        "stable 0.1.0 -> 0.1.2 (promote)",
        "stable 0.1.2 -> 0.1.1 (promote)",
    ]
    assert settled(history)


def test_promoting_twice_changes_nothing(history):
    history.releases(2, regions=[US])
    promote(history, "0.1.0", "--channel", "stable")
    before = history.run("history", "web").json
    again = promote(history, "0.1.0", "--channel", "stable")
    assert (again["result"], again["channels"]) == ("unchanged", ["stable"])
    assert history.run("history", "web").json == before


def test_rollback_goes_back_step_by_step(history):
    for _ in range(3):
        history.release("--channel", "stable", regions=[US])
    assert promote(history, "--channel", "stable", "--rollback")["version"] == "0.1.1"
    assert promote(history, "--rollback", "--channel", "stable")["version"] == "0.1.0"
    assert moves(history)[-2:] == [
        "stable 0.1.2 -> 0.1.1 (rollback)",
        "stable 0.1.1 -> 0.1.0 (rollback)",
    ]
    error = promote(history, "--channel", "stable", "--rollback", status=6)["error"]
    assert "nowhere else before" in error
    promote(history, "--channel", "canary", "--rollback", status=6)
    assert channels(history) == {"latest": "0.1.2", "stable": "0.1.0"}
    assert settled(history)


def test_rollback_passes_by_what_is_gone_or_withdrawn(history):
    for _ in range(4):
        history.release("--channel", "stable", regions=[US])
    history.run("revoke", "web", "0.1.1", "--reason", "leaks keys")
    history.run("hold", "web", "0.1.0", "--reason", "for the test")
    history.retain("--keep-last", 1, "--min-age", "0h")
    assert history.states()["0.1.2"] == "retired"
    back = promote(history, "--channel", "stable", "--rollback")
    assert back["version"] == "0.1.0"
    assert "0.1.2 (retired)" in back["warnings"][0]
    assert "0.1.1" in back["warnings"][0]


def test_nothing_left_to_go_back_to(history):
    history.release("--channel", "stable", regions=[US])
    history.release("--channel", "stable", "--keep-last", 1, regions=[US])
    error = promote(history, "--channel", "stable", "--rollback", status=4)["error"]
    assert "0.1.0 (retired)" in error


def test_what_no_channel_may_name(history, emulator):
    history.release(regions=[US])
    history.release("--keep-last", 1, regions=[US])
    history.release(regions=[US])
    emulator.faults({"action": "CreateTags", "status": 400, "code": "UnauthorizedOperation"})
    history.release(regions=[US], status=3)
    emulator.faults()
    assert "retired" in promote(history, "0.1.0", "--channel", "stable", status=4)["error"]
    assert "pending" in promote(history, "0.1.3", "--channel", "stable", status=4)["error"]
    history.run("resume")
    history.run("revoke", "web", "0.1.1", "--reason", "leaks keys")
    error = promote(history, "0.1.1", "--channel", "stable", status=4)["error"]
    assert "leaks keys" in error
    promote(history, "9.9.9", "--channel", "stable", status=6)
    history.run("promote", "db", "0.1.0", "--channel", "stable", status=6)
    for arguments in (["0.1.2"], ["--rollback"]):
        error = promote(history, *arguments, "--channel", "latest", status=4)["error"]
        assert "revoke" in error
    assert channels(history) == {"latest": "0.1.3"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["web", "0.1.0"],
        ["web", "0.1.0", "--channel", "a", "--channel", "b"],
        ["web", "--channel", "stable"],
        ["web", "0.1.0", "--rollback", "--channel", "stable"],
        ["web", "0.1", "--channel", "stable"],
        ["web", "0.1.0", "--channel", "1.2.3"],
        ["web", "0.1.0", "--channel", ""],
        ["web", "0.1.0", "0.1.1", "--channel", "stable"],
        ["web", "0.1.0", "--channel", "stable", "--publish-ssm", "/x/{nonsense}"],
        [],
    ],
)
def test_wrong_usage(history, arguments):
    history.run("promote", *arguments, status=2)


def test_the_command_line_alone_says_what_is_moved(history, tmp_path):
    """A channel that is configured is the one of `release`."""
    history.releases(2, regions=[US])
    (tmp_path / "goldkeep.ini").write_text("[defaults]\nchannel = stable\n")
    history.run("promote", "web", "0.1.0", status=2)
    history.run("promote", "web", "0.1.0", status=2, env={"GOLDKEEP_CHANNEL": "stable"})


def test_published_parameters_follow(history, emulator):
    builds = [history.release("--channel", "stable", "--publish-ssm", POINTER) for _ in range(2)]
    got = promote(history, "0.1.0", "--channel", "stable")
    assert {(one["location"], one["value"]) for one in got["published"]} == {
        (image.region, image.id) for image in builds[0].images
    }
    for image, newest in zip(builds[0].images, builds[1].images, strict=True):
        assert emulator.parameters(image.region) == {
            "/golden/web/stable": image.id,
            "/golden/web/latest": newest.id,
        }
    promote(history, "0.1.1", "--channel", "stable")
    assert promote(history, "--channel", "stable", "--rollback")["version"] == "0.1.0"
    for image in builds[0].images:
        assert emulator.parameters(image.region)["/golden/web/stable"] == image.id
    assert settled(history)


def test_a_name_that_is_given_is_published_from_then_on(history, emulator):
    first, second = history.releases(2, regions=[US])
    promote(history, "0.1.0", "--channel", "stable", "--publish-ssm", POINTER)
    assert emulator.parameters(US) == {"/golden/web/stable": first.ids[0]}
    assert promote(history, "0.1.1", "--channel", "stable")["published"]
    assert emulator.parameters(US)["/golden/web/stable"] == second.ids[0]
    added = promote(history, "0.1.1", "--channel", "stable", "--publish-ssm", "/other/{channel}")
    assert added["result"] == "released"
    assert emulator.parameters(US)["/other/stable"] == second.ids[0]
    assert settled(history)


def test_a_region_without_an_image_goes_on_naming_the_old_one(history, emulator):
    history.release("--channel", "stable", "--publish-ssm", POINTER, regions=[US])
    both = history.release("--channel", "stable", "--publish-ssm", POINTER, regions=BOTH)
    old = next(image for image in both.images if image.region == EU)
    got = promote(history, "0.1.0", "--channel", "stable")
    assert got["warnings"] == [
        f"/golden/web/stable in {EU} still names {old.id}: web 0.1.0 is not published there"
    ]
    assert emulator.parameters(EU)["/golden/web/stable"] == old.id


def test_what_could_not_be_published_is_finished_by_resume(history, emulator):
    builds = [history.release("--channel", "stable", "--publish-ssm", POINTER) for _ in range(2)]
    emulator.faults({"action": "PutParameter", "region": EU, "status": 400,
                     "code": "AccessDeniedException"})
    got = promote(history, "--channel", "stable", "--rollback", status=3)
    assert [(one["step"], one["location"]) for one in got["incomplete"]] == [("publish", EU)]
    emulator.faults()
    # The same once more goes on with it, and not one step further.
    again = promote(history, "--channel", "stable", "--rollback")
    assert (again["version"], again["result"]) == ("0.1.0", "released")
    for image in builds[0].images:
        assert emulator.parameters(image.region)["/golden/web/stable"] == image.id
    emulator.faults({"action": "PutParameter", "status": 400, "code": "AccessDeniedException"})
    promote(history, "0.1.1", "--channel", "stable", status=3)
    emulator.faults()
    assert history.run("resume").json["result"] == "released"
    for image in builds[1].images:
        assert emulator.parameters(image.region)["/golden/web/stable"] == image.id
    assert settled(history)


def test_a_run_that_is_repeated_takes_nothing_back(history):
    """Neither its own command nor `resume` moves a channel again that was moved on by hand."""
    history.release("--channel", "stable", regions=[US])
    history.release("--channel", "stable", regions=[US])
    promote(history, "--channel", "stable", "--rollback")
    assert history.run("release", "--channel", "stable").json["result"] == "unchanged"
    assert channels(history) == {"latest": "0.1.1", "stable": "0.1.0"}
    promote(history, "0.1.1", "--channel", "canary")
    promote(history, "0.1.0", "--channel", "canary")
    history.run("release", "--channel", "canary")
    assert channels(history)["canary"] == "0.1.0"


def test_what_an_unfinished_run_wanted_is_overtaken(history, emulator):
    history.releases(2, regions=[US])
    emulator.faults({"action": "CreateTags", "status": 400, "code": "UnauthorizedOperation"})
    history.release("--channel", "stable", regions=[US], status=3)
    emulator.faults()
    promote(history, "0.1.0", "--channel", "stable")
    history.run("resume")
    assert channels(history) == {"latest": "0.1.2", "stable": "0.1.0"}


def test_retention_keeps_what_was_promoted(history):
    history.releases(3, regions=[US])
    promote(history, "0.1.0", "--channel", "stable")
    history.retain("--keep-last", 1)
    assert history.states() == {"0.1.2": "live", "0.1.1": "retired", "0.1.0": "live"}


def test_text(history, goldkeep, inventory_path):
    history.releases(2, regions=[US])
    got = goldkeep("promote", "web", "0.1.0", "--channel", "stable")
    assert got.status == 0, got
    assert "web 0.1.0: channel stable (promote)" in got.out
    assert "web 0.1.0: done, channels: stable" in got.out
    with sqlite3.connect(inventory_path) as database:
        assert not database.execute("SELECT count(intent) FROM releases").fetchone()[0]
