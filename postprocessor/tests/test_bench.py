"""The history that `make bench` writes past goldkeep is one that goldkeep reads."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import bench  # noqa: E402


def test_a_history_that_was_written_as_rows(emulator, built, goldkeep, environment):
    build = built()
    made = ["release", "--family", "web", "--manifest", build.manifest]
    assert goldkeep(*made, "--build", build.name).status == 0
    bench.add_history(Path(environment["HOME"]) / ".local/share/goldkeep/inventory.db", 12)
    listed = goldkeep("list", "web", "--all", "--output", "json").json["releases"]
    assert [one["version"] for one in listed] == ["0.1.0"] + [f"0.0.{n}" for n in range(11, -1, -1)]
    assert {one["state"] for one in listed[1:]} == {"retired"}
    shown = goldkeep("show", "web", "0.0.11", "--output", "json").json
    assert shown["images"][0]["snapshots"] and shown["events"]
    assert goldkeep("resume", "--output", "json").json["result"] == "nothing"
