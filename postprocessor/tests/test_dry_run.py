"""A dry run prints what the real run then prints, whatever earlier runs left, and changes nothing."""

import pytest

from history import BOTH, EU, US, History

ONCE = {"GOLDKEEP_MAX_ATTEMPTS": "1"}
REFUSED = {"status": 400, "code": "AccessDenied", "message": "not today"}
LOST = {"close": True, "after": True}


@pytest.fixture
def history(emulator, goldkeep, built):
    return History(emulator, goldkeep, built)


def untagged(history, emulator):
    """The last of three releases could not be tagged in one region."""
    emulator.faults({"action": "CreateTags", "region": EU} | REFUSED)
    history.release("--keep-last", 1, "--channel", "stable", status=3, env=ONCE)


def half_removed(history, emulator):
    """An image was removed, and nobody heard of it; another one is still there."""
    emulator.faults(
        {"action": "DeregisterImage", "region": US, "times": 1} | LOST,
        {"action": "DeregisterImage"} | REFUSED,
    )
    history.release("--keep-last", 1, status=3, env=ONCE)


def unread(history, emulator):
    """Nobody could tell what is in use."""
    emulator.faults({"action": "DescribeImageReferences", "region": EU, "status": 503})
    history.release("--keep-last", 1, status=3, env=ONCE)


COMMANDS = {
    "same": ("release", "--keep-last", 1),
    "next": ("release", "--keep-last", 1),
    "next without a policy": ("release",),
    "resume": ("resume",),
    "retain": ("retain", "web", "--keep-last", 1),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("left", [untagged, half_removed, unread])
@pytest.mark.parametrize("form", ["text", "json"])
def test_what_a_dry_run_prints(history, emulator, goldkeep, built, left, command, form):
    for _ in range(2):
        history.release(regions=BOTH)
    left(history, emulator)
    emulator.faults()
    if command.startswith("next"):
        built("web", regions=BOTH)
    words = (*COMMANDS[command], "--output", form)
    before = emulator.state()
    dry = goldkeep(*words, "--dry-run")
    assert emulator.state() == before
    real = goldkeep(*words)
    assert (dry.status, real.status) == (0, 0), (dry, real)
    if form == "text":
        assert dry.out == real.out
        return
    told, done = dry.json, real.json
    for document in (told, done):
        for part in document.get("releases", [document]):
            assert part.pop("result") in ("dry-run", "released", "unchanged")
    assert told == done
