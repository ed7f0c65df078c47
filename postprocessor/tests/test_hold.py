"""Holding a release: retention may not touch it until it is let go."""

import pytest

from history import US, History


@pytest.fixture
def history(emulator, goldkeep, built):
    return History(emulator, goldkeep, built)


def test_a_held_release_stays_until_it_is_let_go(history, emulator):
    for _ in range(3):
        history.release(regions=[US])
    held = history.run("hold", "web", "0.1.0", "--reason", "customer demo")
    assert held.json["held"] == "customer demo"
    history.run("retain", "web", "--keep-last", 1)
    plan = history.last.json["retention"]
    kept = {entry["version"]: entry["reasons"] for entry in plan["keep"]}
    assert kept["0.1.0"] == ["held: customer demo"]
    assert [entry["version"] for entry in plan["remove"]] == ["0.1.1"]
    assert len(emulator.images()) == 2
    let_go = history.run("unhold", "web", "0.1.0")
    assert let_go.json["held"] is None
    assert [event["action"] for event in let_go.json["events"]][:2] == ["let go", "held"]
    history.run("retain", "web", "--keep-last", 1)
    assert len(emulator.images()) == 1


def test_a_reason_of_the_family(history, tmp_path):
    history.release(regions=[US])
    (tmp_path / "goldkeep.ini").write_text("[family web]\nreason = audit\n[family db]\nreason = no\n")
    assert history.run("hold", "web", "0.1.0").json["held"] == "audit"


@pytest.mark.parametrize("locale", [None, "C", "C.UTF-8"])
def test_a_reason_in_any_language_is_shown_as_it_is(history, goldkeep, locale):
    history.release(regions=[US])
    history.run("hold", "web", "0.1.0", "--reason", "Vorführung")
    assert "Vorführung" in goldkeep("history", "web", env={"LC_ALL": locale}).out


def test_holding_twice_changes_nothing(history):
    history.release(regions=[US])
    once = history.run("hold", "web", "0.1.0", "--reason", "demo").json
    assert history.run("hold", "web", "0.1.0", "--reason", "demo").json == once
    history.run("unhold", "web", "0.1.0")
    free = history.run("unhold", "--family", "web", "0.1.0").json
    assert [event["action"] for event in free["events"]].count("let go") == 1


def test_what_cannot_be_held(history):
    for _ in range(2):
        history.release("--keep-last", 1, regions=[US])
    assert history.states()["0.1.0"] == "retired"
    assert "retired" in history.run("hold", "web", "0.1.0", "--reason", "late", status=4).err
    history.run("hold", "web", "0.1.1", status=2)
    history.run("hold", "web", "9.9.9", "--reason", "none", status=6)
    assert "one line" in history.run("hold", "web", "0.1.1", "--reason", "a\nb", status=2).err
    history.run("hold", "web", "1.2", "--reason", "no version", status=2)
    history.run("unhold", "web", "9.9.9", status=6)
