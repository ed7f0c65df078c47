"""`release` from end to end: versions, tags, channels, dry runs, output, settings, selection."""

import json
import os
import re
import subprocess
from datetime import datetime

import pytest

from emulator import FIRST_KEY, add_to_manifest, manifest_entry, new_run
from stored import everything, tables, written
from test_export import family_lines, lines_of, made_up, text_of

US, EU = "us-east-1", "eu-west-1"
BOTH = (US, EU)


def release(goldkeep, *arguments, status=0, env=None):
    """The document of a release that must end so."""
    got = goldkeep("release", "--output", "json", *arguments, env=env)
    assert got.status == status, got
    assert got.json["exit"] == status
    return got.json


def versions(goldkeep, family="web"):
    got = goldkeep("list", family, "--all", "--output", "json")
    assert got.status == 0, got
    return [one["version"] for one in got.json["releases"]]


# ---- versions ----


@pytest.mark.parametrize(
    "steps",
    [
        ("", "0.1.0", "", "0.1.1", "--bump patch", "0.1.2"),
        ("--bump major", "0.1.0", "--bump major", "1.0.0", "--bump minor", "1.1.0", "", "1.1.1"),
        ("--version 1.4.2", "1.4.2", "", "1.4.3", "--version 1.0.0", "1.0.0", "", "1.4.4"),
        ("--version 1.4", "1.4.0", "--version 1.4.x", "1.4.1", "--version 2.x", "2.0.0")
        + ("--version 2.x", "2.1.0", "--version 1.4", "1.4.2", "", "2.1.1"),
        ("--version 1.4.2", "1.4.2")
        + ("--bump minor --prerelease rc", "1.5.0-rc.1")
        + ("--bump minor --prerelease rc", "1.5.0-rc.2")
        + ("--prerelease beta", "1.5.0-beta.1", "--prerelease rc", "1.5.0-rc.3")
        + ("--bump minor", "1.5.0", "--prerelease rc", "1.5.1-rc.1", "", "1.5.1"),
        ("--version 1.4 --prerelease rc", "1.4.0-rc.1", "--version 1.4", "1.4.0"),
        ("--version 1.0.0-rc.1+build.7", "1.0.0-rc.1+build.7", "", "1.0.0"),
        ("--version 1.0.0+one", "1.0.0+one", "", "1.0.1"),
    ],
    ids=lambda steps: steps[-2] or steps[-1],
)
def test_versions_follow_each_other(goldkeep, emulator, built, steps):
    for arguments, version in zip(steps[::2], steps[1::2], strict=True):
        build = built()
        found = release(goldkeep, *arguments.split())
        assert found["version"] == version
        assert found["state"] == "live"
        assert emulator.tags(US, build.ids[0])["goldkeep:version"] == version


@pytest.mark.parametrize("version", ["1.0.0", "1.0.0+other"])
def test_a_version_that_another_run_has_is_a_conflict(
    goldkeep, emulator, built, inventory_path, version
):
    first = built()
    release(goldkeep, "--version", "1.0.0+one")
    built()
    before = everything(emulator, inventory_path)
    emulator.forget_requests()
    found = release(goldkeep, "--version", version, status=5)
    assert found["result"] == "failed"
    assert first.run in found["error"]
    assert everything(emulator, inventory_path) == before
    assert written(emulator) == []


def test_the_version_may_come_with_the_manifest(goldkeep, built):
    custom = {"goldkeep_version": "2.x", "goldkeep_family": "db/arm64"}
    built(custom_data=custom)
    found = release(goldkeep)
    assert (found["family"], found["version"]) == ("db/arm64", "2.0.0")
    built(custom_data=custom)
    assert release(goldkeep, "--bump", "patch")["version"] == "2.0.1"
    built(custom_data=custom)
    assert release(goldkeep, env={"GOLDKEEP_VERSION": "3.0.0"})["version"] == "3.0.0"
    built(custom_data=custom)
    assert release(goldkeep, env={"GOLDKEEP_BUMP": "patch"})["version"] == "2.1.0"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version", "1.0.0", "--bump", "minor"],
        ["--version", "1.0.0", "--prerelease", "rc"],
        ["--version", "1.0.0-rc.1", "--prerelease", "rc"],
        ["--build", "web", "--all-builds"],
    ],
)
def test_options_that_exclude_each_other(goldkeep, built, arguments):
    built()
    found = release(goldkeep, *arguments, status=2)
    assert found["result"] == "failed"


def test_two_versions_for_one_release(goldkeep, emulator, built, inventory_path):
    run = new_run()
    for name, version in (("x86", "1.0.0"), ("arm", "2.0.0")):
        custom = {"goldkeep_version": version, "goldkeep_family": "web"}
        built(name, run=run, custom_data=custom)
    before = everything(emulator, inventory_path)
    found = release(goldkeep, status=2)
    assert "1.0.0" in found["error"] and "2.0.0" in found["error"]
    assert everything(emulator, inventory_path) == before
    assert release(goldkeep, "--version", "3.0.0")["version"] == "3.0.0"


def test_runs_at_the_same_time_get_versions_of_their_own(goldkeep, emulator, built):
    builds = [built(manifest=f"{number}.json", regions=BOTH) for number in range(6)]
    running = [
        goldkeep.start("release", "--output", "json", "--manifest", build.manifest)
        for build in builds
    ]
    found = {}
    for build, process in zip(builds, running, strict=True):
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, out + err
        found[json.loads(out)["version"]] = build
    assert sorted(found) == [f"0.1.{number}" for number in range(6)]
    for version, build in found.items():
        for image in build.images:
            assert emulator.tags(image.region, image.id)["goldkeep:version"] == version
    assert release(goldkeep, "--manifest", found["0.1.5"].manifest)["channels"] == ["latest"]


# ---- the same run again ----


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--tag", "Version={version}", "--channel", "stable"],
        ["--version", "1.2.x"],
        ["--keep-last", "1"],
    ],
    ids=" ".join,
)
def test_the_same_run_again_changes_nothing(goldkeep, emulator, built, inventory_path, arguments):
    built(regions=BOTH)
    release(goldkeep, *arguments)
    built(regions=BOTH)
    first = release(goldkeep, *arguments)
    assert first["result"] == "released"
    account, rows = emulator.state(), tables(inventory_path)
    emulator.forget_requests()
    again = release(goldkeep, *arguments)
    assert again["result"] == "unchanged"
    for key in ("version", "run", "state", "channels", "images"):
        assert again[key] == first[key]
    assert written(emulator) == []
    assert emulator.state() == account
    assert tables(inventory_path) == rows


def test_the_same_run_stays_what_it_is(goldkeep, built):
    built()
    release(goldkeep)
    found = release(goldkeep, "--version", "7.0.0")
    assert (found["result"], found["version"]) == ("unchanged", "0.1.0")
    assert len(found["warnings"]) == 1 and "7.0.0" in found["warnings"][0]
    assert release(goldkeep, "--bump", "major")["version"] == "0.1.0"


def test_a_run_that_was_retired_is_not_released_again(goldkeep, emulator, built):
    old = built()
    release(goldkeep)
    built()
    release(goldkeep, "--keep-last", "1")
    emulator.forget_requests()
    found = release(goldkeep, "--run", old.run)
    assert (found["result"], found["version"], found["state"]) == ("unchanged", "0.1.0", "retired")
    assert len(found["warnings"]) == 1
    assert written(emulator) == []


def test_a_lost_tag_is_written_again(goldkeep, emulator, built):
    build = built(regions=BOTH)
    release(goldkeep)
    emulator.client("ec2", EU).delete_tags(
        Resources=[build.images[1].id], Tags=[{"Key": "goldkeep:version"}]
    )
    release(goldkeep)
    assert emulator.tags(EU, build.ids[1])["goldkeep:version"] == "0.1.0"
    assert release(goldkeep)["result"] == "unchanged"


def test_builds_of_one_run_join_one_release(goldkeep, emulator, built):
    run = new_run()
    first = built("x86", regions=BOTH, run=run, manifest="one.json")
    second = built("arm", regions=[US], run=run, manifest="two.json")
    for build in (first, second):
        found = release(goldkeep, "--family", "web", "--manifest", build.manifest)
        assert (found["result"], found["version"]) == ("released", "0.1.0")
    assert sorted(image["id"] for image in found["images"]) == sorted(first.ids + second.ids)
    assert {image["state"] for image in found["images"]} == {"live"}
    for image in first.images + second.images:
        assert emulator.tags(image.region, image.id)["goldkeep:version"] == "0.1.0"
    assert versions(goldkeep) == ["0.1.0"]


def test_all_builds_of_a_run_in_one_family(goldkeep, built):
    run = new_run()
    ids = built("x86", run=run).ids + built("arm", run=run).ids
    found = release(goldkeep, "--family", "web")
    assert sorted(image["id"] for image in found["images"]) == sorted(ids)


# ---- tags ----


def test_images_and_snapshots_are_tagged(goldkeep, emulator, built):
    build = built(regions=BOTH, snapshots=2)
    theirs = {"Name": "theirs", "Version": "7", "ManagedBy": "packer", "kept": "yes"}
    for image in build.images:
        emulator.client("ec2", image.region).create_tags(
            Resources=[image.id, *image.snapshots],
            Tags=[{"Key": key, "Value": value} for key, value in theirs.items()],
        )
    release(goldkeep, "--tag", "own=v{version}/{family}/{run}", "--tag", "empty=", "--tag", "a=b=c")
    wanted = theirs | {
        "ManagedBy": "goldkeep",
        "goldkeep:family": "web",
        "goldkeep:version": "0.1.0",
        "goldkeep:run": build.run,
        "own": f"v0.1.0/web/{build.run}",
        "empty": "",
        "a": "b=c",
    }
    for image in build.images:
        assert len(image.snapshots) == 2
        for id in (image.id, *image.snapshots):
            assert emulator.tags(image.region, id) == wanted
    assert "DeleteTags" not in written(emulator)


def test_version_is_a_tag_only_if_asked_for(goldkeep, emulator, built):
    build = built()
    release(goldkeep)
    assert not {"Version", "Name"} & set(emulator.tags(US, build.ids[0]))
    release(goldkeep, env={"GOLDKEEP_TAG": "Version={version}\nName={family}"})
    tags = emulator.tags(US, build.ids[0])
    assert (tags["Version"], tags["Name"]) == ("0.1.0", "web")


# ---- channels ----


def test_channels(goldkeep, built):
    built()
    assert release(goldkeep, "--version", "1.0.0")["channels"] == ["latest"]
    built()
    found = release(goldkeep, "--version", "2.0.0", "--channel", "stable", "--channel", "prod")
    assert found["channels"] == ["latest", "prod", "stable"]
    # Back, when told; latest only goes forward, and never to a pre-release.
    built()
    assert release(goldkeep, "--version", "1.5.0", "--channel", "stable")["channels"] == ["stable"]
    built()
    found = release(goldkeep, "--version", "3.0.0-rc.1", env={"GOLDKEEP_CHANNEL": "next,edge"})
    assert found["channels"] == ["edge", "next"]
    got = goldkeep("list", "web", "--output", "json")
    assert {one["version"]: one["channels"] for one in got.json["releases"]} == {
        "3.0.0-rc.1": ["edge", "next"],
        "2.0.0": ["latest", "prod"],
        "1.5.0": ["stable"],
        "1.0.0": [],
    }


# ---- dry runs ----


DRY = {
    "first": [],
    "exact": ["--version", "7.1.0", "--channel", "stable", "--tag", "Version={version}"],
    "prerelease": ["--prerelease", "rc"],
    "retention": ["--keep-last", "1"],
    "refused": ["--keep-last", "1", "--max-remove", "1"],
    "quiet": ["-q"],
    "taken": ["--version", "0.1.1"],
    "not there": ["--build", "nobody"],
}


@pytest.mark.parametrize("past", [0, 2])
@pytest.mark.parametrize("name", DRY)
def test_a_dry_run_prints_what_the_run_then_prints(
    goldkeep, emulator, built, inventory_path, name, past
):
    for _ in range(past):
        built(regions=BOTH)
        release(goldkeep)
    built(regions=BOTH)
    arguments = DRY[name]
    before = everything(emulator, inventory_path)
    emulator.forget_requests()
    dry = goldkeep("release", *arguments, "--dry-run")
    document = goldkeep("release", *arguments, "--dry-run", "--output", "json")
    assert everything(emulator, inventory_path) == before
    assert written(emulator) == []
    real = goldkeep("release", *arguments)
    assert (dry.status, dry.out) == (real.status, real.out), f"{dry}\n{real}"
    assert document.status == real.status
    if real.status in (0, 3):
        assert document.json["result"] == "dry-run"
        assert document.json["state"] == "live"
        assert versions(goldkeep)[0] == document.json["version"]


def test_a_dry_run_of_what_is_released(goldkeep, emulator, built, inventory_path):
    built()
    release(goldkeep)
    before = everything(emulator, inventory_path)
    dry = goldkeep("release", "--dry-run")
    assert everything(emulator, inventory_path) == before
    assert dry.out == goldkeep("release").out


def test_the_document_of_a_dry_run_is_that_of_the_run(goldkeep, built):
    for _ in range(2):
        built(regions=BOTH)
        release(goldkeep)
    built(regions=BOTH)
    options = ["--keep-last", "1", "--channel", "stable"]
    dry, real = release(goldkeep, *options, "--dry-run"), release(goldkeep, *options)
    assert dry.pop("result") == "dry-run" and real.pop("result") == "released"
    assert dry == real
    assert [one["version"] for one in real["retention"]["remove"]] == ["0.1.1", "0.1.0"]


def test_a_dry_run_makes_no_files(goldkeep, built, tmp_path, environment):
    built()
    before = sorted(tmp_path.rglob("*"))
    store = f"sqlite:{tmp_path}/new/inventory.db"
    github = {"GITHUB_OUTPUT": tmp_path / "output", "GITHUB_STEP_SUMMARY": tmp_path / "summary"}
    got = goldkeep("release", "--dry-run", "--store", store, env=github)
    assert got.status == 0, got
    assert sorted(tmp_path.rglob("*")) == before


# ---- the JSON document ----

TEXT, NULL = str, type(None)
IMAGE = {
    **dict.fromkeys(["provider", "location", "id", "name", "architecture", "state"], TEXT),
    "snapshots": [TEXT],
}
DOCUMENT = {
    "result": TEXT,
    "exit": int,
    "family": TEXT,
    "version": TEXT,
    "run": TEXT,
    "state": TEXT,
    "channels": [TEXT],
    "images": [IMAGE],
    "published": [dict.fromkeys(["kind", "location", "name", "value"], TEXT)],
    "discarded": [TEXT],
    "retention": {
        "keep": [{"version": TEXT, "reasons": [TEXT]}],
        "remove": [{"version": TEXT, "state": TEXT, "images": [TEXT]}],
        "blocked": [{"version": TEXT, "reasons": [TEXT]}],
    },
    "incomplete": [{"step": TEXT, "location": (TEXT, NULL), "error": TEXT}],
    "warnings": [TEXT],
    "error": NULL,
}
WITHOUT_RELEASE = dict.fromkeys(["family", "version", "run", "state"], NULL)
LISTED = {
    **dict.fromkeys(["family", "version", "state", "created_at", "run"], TEXT),
    **dict.fromkeys(["held", "revoked", "build", "builder", "fingerprint"], (TEXT, NULL)),
    "channels": [TEXT],
    "published": [TEXT],
    "images": [IMAGE],
}


def fits(value, shape, path="document"):
    """A value has exactly the keys and types of a shape."""
    if isinstance(shape, dict):
        assert sorted(value) == sorted(shape), (path, list(value))
        for key, inner in shape.items():
            fits(value[key], inner, f"{path}.{key}")
    elif isinstance(shape, list):
        assert isinstance(value, list), (path, value)
        for item in value:
            fits(item, shape[0], f"{path}[]")
    else:
        assert isinstance(value, shape) and not isinstance(value, bool), (path, value)


def test_the_document_of_a_release(goldkeep, emulator, built):
    for _ in range(3):
        oldest = built(regions=BOTH)
        release(goldkeep)
    emulator.launch(oldest.images[0])
    build = built(regions=BOTH)
    got = goldkeep("release", "--keep-last", "1", "--output", "json")
    assert got.status == 0, got
    assert list(got.json) == list(DOCUMENT)
    fits(got.json, DOCUMENT)
    assert got.json["run"] == build.run
    assert {(one["location"], one["id"]) for one in got.json["images"]} == {
        (image.region, image.id) for image in build.images
    }
    assert {one["provider"] for one in got.json["images"]} == {"aws"}
    kept, removed, blocked = got.json["retention"].values()
    assert [one["version"] for one in kept] == ["0.1.3"]
    assert "this run" in kept[0]["reasons"] and "last 1" in kept[0]["reasons"]
    assert [(one["version"], one["state"]) for one in removed] == [
        ("0.1.1", "retired"),
        ("0.1.0", "retired"),
    ]
    assert blocked[0]["version"] == "0.1.2" and "in use: instance i-" in blocked[0]["reasons"][0]


def test_the_other_documents(goldkeep, emulator, built):
    build = built()
    release(goldkeep)
    fits(release(goldkeep), DOCUMENT)
    built(artifact="unused", artifact_id="File")
    nothing = release(goldkeep)
    assert nothing["result"] == "nothing"
    fits(nothing, DOCUMENT | WITHOUT_RELEASE)
    assert nothing["images"] == nothing["channels"] == []
    failed = release(goldkeep, "--run", "nobody", status=6)
    assert failed["result"] == "failed"
    fits(failed, DOCUMENT | WITHOUT_RELEASE | {"error": TEXT})
    emulator.faults({"action": "CreateTags", "status": 403, "code": "UnauthorizedOperation"})
    built(regions=BOTH)
    found = release(goldkeep, status=3)
    fits(found, DOCUMENT)
    assert (found["result"], found["state"], found["channels"]) == ("incomplete", "pending", [])
    assert sorted((one["step"], one["location"]) for one in found["incomplete"]) == [
        ("tag", EU),
        ("tag", US),
    ]
    assert {image["state"] for image in found["images"]} == {"pending"}
    assert build.run != found["run"]


def test_the_document_of_several_families(goldkeep, built):
    run = new_run()
    for name in ("web", "db"):
        built(name, run=run)
    document = release_all(goldkeep)
    assert list(document) == ["releases"]
    for one in document["releases"]:
        fits(one, DOCUMENT)
        assert (one["result"], one["exit"], one["version"]) == ("released", 0, "0.1.0")
    assert [one["family"] for one in document["releases"]] == ["web", "db"]


def release_all(goldkeep, *arguments, status=0):
    got = goldkeep("release", "--all-builds", "--output", "json", *arguments)
    assert got.status == status, got
    return got.json


def test_one_family_fails_and_the_other_does_not(goldkeep, built):
    run = new_run()
    built("db")
    release(goldkeep, "--version", "1.0.0")
    for name in ("web", "db"):
        built(name, run=run)
    document = release_all(goldkeep, "--version", "1.0.0", status=5)
    web, db = document["releases"]
    assert (web["result"], web["exit"], web["error"]) == ("released", 0, None)
    assert (db["result"], db["exit"], db["family"], db["version"]) == ("failed", 5, "db", None)
    assert "1.0.0" in db["error"]


# ---- where the document goes ----


def test_the_result_file_has_the_document(goldkeep, built, tmp_path):
    path = tmp_path / "result.json"
    path.write_text("what was there before")
    for arguments, status in (
        (["--dry-run"], 0),
        ([], 0),
        (["--run", "nobody"], 6),
        (["--version", "no"], 2),
        (["--no-such-option"], 2),
        (["--config", "nowhere.ini"], 2),
    ):
        built()
        options = ["--output", "json", "--result", path]
        got = goldkeep("release", *arguments, *options)
        assert got.status == status, got
        assert path.read_text() == got.out
        assert got.json["exit"] == status
        assert len(got.out.splitlines()) == 1
        assert got.err.count("\n") == (0 if status == 0 and not arguments else 1), got
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []
    os.remove(path)
    got = goldkeep("release", env={"GOLDKEEP_RESULT": path})
    assert "unchanged" in got.out or "released" in got.out
    fits(json.loads(path.read_text()), DOCUMENT)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--output", "json", "no-such-command"],
        ["release", "--no-such-option", "--output", "json"],
        ["release", "too", "many", "--output", "json"],
        ["show", "web", "--output", "json"],
    ],
    ids=" ".join,
)
def test_json_output_is_one_document_for_wrong_usage_too(goldkeep, arguments):
    got = goldkeep(*arguments)
    assert got.status == 2, got
    assert (got.json["result"], got.json["exit"]) == ("failed", 2)
    assert got.err.count("\n") == 1


def test_a_result_that_cannot_be_written_stops_before_anything(
    goldkeep, emulator, built, tmp_path, inventory_path
):
    built()
    before = everything(emulator, inventory_path)
    for path in ("nowhere/result.json", tmp_path, "/dev/full"):
        got = goldkeep("release", "--result", path)
        assert got.status == 1, got
        assert got.err.startswith("goldkeep: --result") and got.err.count("\n") == 1
        assert everything(emulator, inventory_path) == before


# ---- text ----


def test_one_line_per_step(goldkeep, built):
    for _ in range(2):
        build = built(regions=BOTH)
        got = goldkeep("release", "--keep-last", "1", env=build.under_packer)
        assert (got.status, got.err) == (0, ""), got
        assert "\r" not in got.out and "\x1b" not in got.out
    lines = got.out.splitlines()
    for image in build.images:
        assert any(image.id in line and image.region in line for line in lines)
    assert re.search(r"^0\.1\.1 +keep +live +this run, ", got.out, re.M), got
    assert re.search(r"^0\.1\.0 +remove +retired +\S", got.out, re.M), got
    assert lines[-1] == "web 0.1.1: released, channels: latest"


def test_quiet(goldkeep, emulator, built):
    built()
    got = goldkeep("release", "-q", "--keep-last", "1")
    assert (got.status, got.out, got.err) == (0, "", "")
    got = goldkeep("release", "--quiet", "--version", "no")
    assert (got.status, got.out) == (2, "") and got.err.count("\n") == 1


def test_verbose_tells_every_request_and_no_secret(goldkeep, emulator, built):
    token = "FwoGZXIvYXdzEBYaDGSESSIONTOKEN"
    built()
    emulator.forget_requests()
    got = goldkeep("release", "-v")
    assert got.status == 0, got
    asked = sorted(request["action"] for request in emulator.requests())
    assert sorted(re.findall(r"^\w+ (\w+) in us-east-1: status 200", got.err, re.M)) == asked
    with_token = goldkeep("release", "-v", env={"AWS_SESSION_TOKEN": token})
    for text in (got.out + got.err, with_token.out + with_token.err):
        for secret in (FIRST_KEY[1], token, FIRST_KEY[0], "Signature="):
            assert secret not in text
    quiet, verbose = goldkeep("release"), goldkeep("release", "-v")
    assert (verbose.out, quiet.err) == (quiet.out, "")


def test_the_log_as_json(goldkeep, emulator, built):
    built()
    emulator.faults({"action": "CreateTags", "status": 403, "code": "UnauthorizedOperation"})
    got = goldkeep("release", "--log-format", "json")
    assert got.status == 3, got
    lines = [json.loads(line) for line in got.err.splitlines()]
    assert len(lines) == 1 and lines[0]["level"] == "error"
    assert "CreateTags" in lines[0]["message"] and US in lines[0]["message"]
    steps = [json.loads(line) for line in got.out.splitlines() if line.startswith("{")]
    assert steps[0]["level"] == "info" and "recorded" in steps[0]["message"]
    for line in lines + steps:
        assert list(line) == ["time", "level", "message"]
        datetime.strptime(line["time"], "%Y-%m-%dT%H:%M:%S%z")


def test_github(goldkeep, built, tmp_path):
    output, summary = tmp_path / "output", tmp_path / "summary"
    output.write_text("theirs=1\n")
    github = {"GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": summary}
    built(regions=BOTH)
    release(goldkeep)
    build = built(regions=BOTH)
    release(goldkeep, "--keep-last", "1", env=github)
    ids = sorted(f"{image.region}:{image.id}" for image in build.images)
    assert output.read_text() == f"theirs=1\nfamily=web\nversion=0.1.1\nids={','.join(ids)}\n"
    text = summary.read_text()
    assert "web 0.1.1" in text and all(id in text for id in build.ids)
    assert re.search(r"\| 0\.1\.1 \| keep \| this run, .+\|", text)
    assert re.search(r"\| 0\.1\.0 \| remove \| \w.+\|", text)
    got = goldkeep("release", env={"GITHUB_OUTPUT": "/nowhere/output", "GITHUB_STEP_SUMMARY": ""})
    assert got.status == 0 and got.err.count("\n") == 1 and "GITHUB_OUTPUT" in got.err


# ---- configuration ----


def test_precedence(goldkeep, built, tmp_path):
    """Flag, environment, [family], [defaults], default: one is taken away after the other."""
    both = "[family {}]\n{} = {}\n[defaults]\n{} = {}\n"
    built()
    release(goldkeep, "--version", "1.0.0")
    for flag, env, family, channel, bump, version in (
        (True, True, "web", "flag", "major", "2.0.0"),
        (False, True, "web", "env", "minor", "2.1.0"),
        (False, False, "web", "family", "patch", "2.1.1"),
        (False, False, "db", "default", "major", "3.0.0"),
        (False, False, None, None, None, "3.0.1"),
    ):
        ini = ""
        if family:
            ini = both.format(family, "channel", "family", "channel", "default")
            ini += both.format(family, "bump", "patch", "bump", "major")
        (tmp_path / "goldkeep.ini").write_text(ini)
        options = ["--channel", "flag", "--bump", "major"] if flag else []
        variables = {"CHANNEL": "env", "BUMP": "minor"} if env else {"CHANNEL": "", "BUMP": ""}
        built()
        found = release(
            goldkeep, *options, env={f"GOLDKEEP_{name}": text for name, text in variables.items()}
        )
        assert found["version"] == version, bump
        assert found["channels"] == sorted({"latest", channel or "latest"})


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("[defaults]\n\nno-such-key = 1\n", 3, "no-such-key"),
        ("[default]\n", 1, "[default]"),
        ("[family web]\nkeep-last = 1\n[nowhere]\nkeep-last = 1\n", 3, "[nowhere]"),
        ("[family ../web]\nkeep-last = 1\n", 1, "../web"),
        ("keep-last = 1\n", 1, "section"),
        ("[defaults]\nhelp = true\n", 2, "help"),
        ("[defaults]\nkeep-last = many\n", 2, "many"),
        ("[defaults\n", 1, "]"),
    ],
)
def test_a_wrong_configuration(
    goldkeep, emulator, built, tmp_path, inventory_path, text, line, word
):
    built()
    before = everything(emulator, inventory_path)
    for name, arguments in (("goldkeep.ini", []), ("my.ini", ["--config", "my.ini"])):
        (tmp_path / name).write_text(text)
        got = goldkeep("release", *arguments)
        (tmp_path / name).unlink()
        assert got.status == 2, got
        assert f"{name}:{line}" in got.err and word in got.err and got.err.count("\n") == 1, got
    assert everything(emulator, inventory_path) == before


def test_a_configuration_that_is_named_must_be_there(goldkeep, built):
    built()
    by_variable = {"GOLDKEEP_CONFIG": "nowhere.ini"}
    for arguments, env in ((["--config", "nowhere.ini"], {}), ([], by_variable)):
        got = goldkeep("release", *arguments, env=env)
        assert got.status == 2 and "nowhere.ini" in got.err, got


def test_the_configuration_stands_beside_the_manifest(goldkeep, built, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/goldkeep.ini").write_text("[defaults]\nversion = 3.0.0\nfamily = named\n")
    built(manifest="sub/manifest.json")
    found = release(goldkeep, "--manifest", "sub/manifest.json")
    assert (found["family"], found["version"]) == ("named", "3.0.0")


def test_every_family_has_a_section_of_its_own(goldkeep, emulator, built, tmp_path):
    ini = "".join(
        f"[family {name}]\nstore = sqlite:{tmp_path}/{name}.db\nversion = {version}\n"
        for name, version in (("web", "2.0.0"), ("db", "3.0.0"))
    )
    (tmp_path / "goldkeep.ini").write_text(ini)
    run = new_run()
    for name in ("web", "db"):
        built(name, run=run)
    got = goldkeep("release")
    assert got.status == 0, got
    for name, version in (("web", "2.0.0"), ("db", "3.0.0")):
        got = goldkeep("list", "--store", f"sqlite:{tmp_path}/{name}.db", "--output", "json")
        [one] = got.json["releases"]
        assert (one["family"], one["version"]) == (name, version)


@pytest.mark.parametrize("key", ["dry-run", "strict"])
def test_switches_of_a_family(goldkeep, emulator, built, tmp_path, key):
    (tmp_path / "goldkeep.ini").write_text(f"[family web]\n{key} = true\n")
    build = built()
    emulator.faults({"action": "CreateTags", "status": 403, "code": "UnauthorizedOperation"})
    found = goldkeep("release", "--output", "json", env=build.under_packer)
    assert found.status == (3 if key == "strict" else 0), found
    assert bool(written(emulator)[-1:] == ["CreateTags"]) is (key == "strict")


def test_a_family_may_be_for_dry_runs_only(goldkeep, emulator, built, tmp_path, inventory_path):
    for _ in range(2):
        built()
        release(goldkeep)
    (tmp_path / "goldkeep.ini").write_text("[family web]\ndry-run = true\n")
    before = everything(emulator, inventory_path)
    got = goldkeep("retain", "web", "--keep-last", "1", "--output", "json")
    assert (got.status, got.json["result"]) == (0, "dry-run"), got
    assert everything(emulator, inventory_path) == before


def test_empty_variables_count_as_unset(goldkeep, built, environment, inventory_path):
    build = built()
    names = ["FAMILY", "VERSION", "BUMP", "STORE", "CONFIG", "OUTPUT", "RESULT", "RUN", "BUILD"]
    names += ["STRICT", "DRY_RUN", "KEEP_LAST", "TAG", "CHANNEL", "PROFILE", "REGION", "MANIFEST"]
    empty = {f"GOLDKEEP_{name}": "" for name in names}
    for name in ("PACKER_BUILD_NAME", "PACKER_BUILDER_TYPE", "PACKER_RUN_UUID", "XDG_DATA_HOME"):
        empty[name] = ""
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "GITHUB_OUTPUT"):
        empty[name] = ""
    got = goldkeep("release", env=empty)
    assert (got.status, got.err) == (0, ""), got
    assert "web 0.1.0: released" in got.out
    assert inventory_path.exists() and build.run in got.out


def test_the_store(goldkeep, built, tmp_path, inventory_path):
    built()
    release(goldkeep, env={"XDG_DATA_HOME": tmp_path / "data"})
    assert (tmp_path / "data/goldkeep/inventory.db").exists()
    built("db")
    release(goldkeep, "--store", "sqlite:~/own/place.db")
    assert (tmp_path / "home/own/place.db").exists()
    built("app")
    release(goldkeep, "--store", "sqlite:relative.db")
    assert (tmp_path / "relative.db").exists()
    assert not inventory_path.exists()


# ---- which builds are meant ----


def test_only_the_entries_of_the_run(goldkeep, built):
    """The wanted run stands neither first nor last."""
    built("web")
    wanted = built("web")
    built("web")
    got = release(goldkeep, "--run", wanted.run)
    assert [image["id"] for image in got["images"]] == wanted.ids
    by_variable = release(goldkeep, env={"PACKER_RUN_UUID": wanted.run})
    assert by_variable["result"] == "unchanged"
    last = release(goldkeep)
    assert last["run"] != wanted.run


def test_never_the_last_entry(goldkeep, built, tmp_path):
    """`last_run_uuid` names the run, wherever its entry stands."""
    first, _ = built(), built()
    manifest = json.loads(first.manifest.read_text())
    manifest["last_run_uuid"] = first.run
    first.manifest.write_text(json.dumps(manifest))
    assert release(goldkeep)["run"] == first.run


def test_under_packer_only_the_own_build(goldkeep, built, tmp_path):
    run = new_run()
    web, db = built("web", run=run), built("db", run=run)
    chroot = built("web", run=run, builder_type="amazon-chroot")
    assert images_of(release(goldkeep, env=db.under_packer)) == db.ids
    assert images_of(release(goldkeep, env=web.under_packer)) == web.ids
    other = chroot.under_packer | {"PACKER_BUILDER_TYPE": "amazon-chroot"}
    found = release(goldkeep, env=other)
    assert sorted(images_of(found)) == sorted(web.ids + chroot.ids)
    assert release(goldkeep, "--build", "db", env=web.under_packer)["family"] == "db"
    got = goldkeep("release", "--all-builds", "--output", "json", env=web.under_packer)
    assert [one["family"] for one in got.json["releases"]] == ["web", "db"]


def images_of(document):
    return [image["id"] for image in document["images"]]


def test_without_the_run_under_packer_it_is_said(goldkeep, built):
    build = built()
    got = goldkeep("release", env=build.under_packer | {"PACKER_RUN_UUID": None})
    assert got.status == 0 and got.err.count("\n") == 1 and "PACKER_RUN_UUID" in got.err, got


@pytest.mark.parametrize(
    "artifact", ["", "File", "Null", "VM", "us-east-1:vol-0123456789abcdef0", "packer-1795186694"]
)
def test_a_build_that_is_no_image_is_passed_over(
    goldkeep, emulator, tmp_path, inventory_path, artifact
):
    entry = manifest_entry(artifact, name="a build", builder_type="file")
    add_to_manifest(tmp_path / "packer-manifest.json", entry)
    got = goldkeep("release", env={"PACKER_BUILD_NAME": "a build", "PACKER_BUILDER_TYPE": "file"})
    assert got.status == 0, got
    [line] = [line for line in got.out.splitlines() if "'a build'" in line]
    assert f"'{artifact}'" in line
    assert emulator.requests() == [] and not inventory_path.exists()


def test_an_image_beside_a_file(goldkeep, built, tmp_path):
    run = new_run()
    add_to_manifest(
        tmp_path / "packer-manifest.json", manifest_entry("File", name="notes", run=run)
    )
    build = built(run=run, builder_type="virtualbox-iso")
    found = release(goldkeep)
    assert images_of(found) == build.ids


@pytest.mark.parametrize(
    ("custom", "env", "arguments", "family"),
    [
        ({"goldkeep_family": "data"}, "env", ["--family", "flag"], "flag"),
        ({"goldkeep_family": "data"}, "env", [], "env"),
        ({"goldkeep_family": "data"}, "", [], "data"),
        ({"goldkeep_family": ""}, "", [], "web"),
        (None, "", [], "web"),
    ],
)
def test_the_family(goldkeep, built, custom, env, arguments, family):
    built(custom_data=custom)
    assert release(goldkeep, *arguments, env={"GOLDKEEP_FAMILY": env})["family"] == family


def test_an_entry_that_is_missing(goldkeep, emulator, built, inventory_path):
    build = built("web")
    for env, arguments in (
        (build.under_packer | {"PACKER_BUILD_NAME": "other"}, []),
        (build.under_packer | {"PACKER_BUILDER_TYPE": "null"}, []),
        (build.under_packer | {"PACKER_RUN_UUID": new_run()}, []),
        ({}, ["--build", "other"]),
        ({}, ["--run", "other"]),
    ):
        got = goldkeep("release", *arguments, env=env)
        assert got.status == 6, got
        assert got.err.count("\n") == 1 and "one manifest per source" in got.err
    assert emulator.requests("DescribeImages") == [] and not inventory_path.exists()


@pytest.mark.parametrize("damage", ["", "cut", "tail", "gone"])
def test_a_manifest_that_is_repaired_in_time(goldkeep, built, damage):
    """What repairs the file is another Packer, as this test does."""
    build = built()
    whole = build.manifest.read_text()
    broken = {"": "", "cut": whole[:-30], "tail": whole + whole[-20:]}
    build.manifest.unlink()
    if damage != "gone":
        build.manifest.write_text(broken[damage])
    process = goldkeep.start("release", "--output", "json")
    # It does not give up at once. (When it reads is left to chance; the end is not.)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.3)
    whole_file = build.manifest.with_suffix(".new")
    whole_file.write_text(whole)
    whole_file.rename(build.manifest)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, ""), err
    assert json.loads(out)["run"] == build.run


# ---- statuses ----


def refuse_tags(emulator):
    emulator.faults(
        {"action": "CreateTags", "region": EU, "status": 403, "code": "UnauthorizedOperation"}
    )


def test_unfinished_work(goldkeep, emulator, built):
    build = built(regions=BOTH)
    refuse_tags(emulator)
    under = goldkeep("release", env=build.under_packer)
    assert under.status == 0, under
    assert under.err.count("\n") == 1 and EU in under.err and "resume" in under.err
    assert "web 0.1.0: incomplete" in under.out
    for arguments, env, status in (
        ([], {}, 3),
        (["--strict"], build.under_packer, 3),
        ([], build.under_packer | {"GOLDKEEP_STRICT": "true"}, 3),
    ):
        found = release(goldkeep, *arguments, env=env, status=status)
        assert (found["result"], found["state"]) == ("incomplete", "pending")
    emulator.faults()
    found = release(goldkeep)
    assert (found["result"], found["state"], found["channels"]) == ("released", "live", ["latest"])
    assert release(goldkeep)["result"] == "unchanged"


def test_refused_retention_is_unfinished_work(goldkeep, emulator, built):
    for _ in range(3):
        build = built()
        release(goldkeep)
    before = emulator.state()
    options = ["--keep-last", "1", "--max-remove", "1"]
    found = release(goldkeep, *options, status=3)
    assert found["result"] == "incomplete" and found["incomplete"][0]["step"] == "retain"
    assert goldkeep("release", *options, env=build.under_packer).status == 0
    assert emulator.state() == before


def test_retention_that_an_unchanged_release_could_not_do_is_resumed(goldkeep, emulator, built):
    for _ in range(3):
        built()
        release(goldkeep)
    emulator.settings(deny=["ec2:DescribeImageReferences", "ec2:DescribeInstances"])
    found = release(goldkeep, "--keep-last", "1", status=3)
    assert found["incomplete"][0]["step"] == "retain"
    emulator.settings(deny=[])
    assert goldkeep("resume").status == 0
    assert len(emulator.images(US)) == 1


def test_a_tag_that_the_version_makes_too_long(goldkeep, emulator, built):
    built()
    tag = f"long={'x' * 247}{{version}}"
    release(goldkeep, "--version", "1.0.0-a-very-long-name", "--tag", tag, status=2)
    assert goldkeep("list").out == ""


# ---- list, show, history ----


@pytest.fixture
def two_releases(goldkeep, built):
    built(regions=BOTH)
    release(goldkeep, "--fingerprint", "00ff")
    build = built(regions=BOTH)
    release(goldkeep, "--keep-last", "1", "--channel", "stable")
    return build


def test_list(goldkeep, two_releases):
    found = goldkeep("list", "--output", "json").json["releases"]
    assert [one["version"] for one in found] == ["0.1.1"]
    found = goldkeep("list", "web", "--all", "--output", "json").json["releases"]
    assert [(one["version"], one["state"]) for one in found] == [
        ("0.1.1", "live"),
        ("0.1.0", "retired"),
    ]
    for one in found:
        assert list(one) == (
            "family version state channels held revoked published created_at run build builder "
            "fingerprint images"
        ).split()
        fits(one, LISTED)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one["created_at"])
    assert found[0]["channels"] == ["latest", "stable"]
    assert (found[0]["run"], found[0]["build"]) == (two_releases.run, "web")
    assert (found[1]["fingerprint"], found[1]["builder"]) == ("00ff", "amazon-ebs")
    text = goldkeep("list").out.splitlines()
    assert text[0].split()[:3] == ["FAMILY", "VERSION", "STATE"]
    assert text[1].split()[:4] == ["web", "0.1.1", "live", "latest,stable"] and len(text) == 2
    got = goldkeep("list", "nobody")
    assert got.status == 6 and got.err.count("\n") == 1


def test_list_of_nothing(goldkeep, inventory_path):
    got = goldkeep("list")
    assert (got.status, got.out, got.err) == (0, "", "")
    assert goldkeep("list", "--output", "json").json == {"releases": []}
    assert not inventory_path.exists()


def test_list_to_a_file_too(goldkeep, two_releases, tmp_path):
    got = goldkeep("list", "--result", "result.json")
    assert "0.1.1" in got.out
    found = json.loads((tmp_path / "result.json").read_text())
    assert found == goldkeep("list", "--output", "json").json


def test_show(goldkeep, two_releases):
    got = goldkeep("show", "web", "0.1.1", "--output", "json")
    assert got.status == 0, got
    fits(got.json, LISTED | {"events": [dict]})
    assert [event["action"] for event in got.json["events"]][-1] == "allocated"
    text = goldkeep("show", "web", "0.1.1").out
    for word in (two_releases.run, "stable", *two_releases.ids, "allocated"):
        assert word in text
    for arguments, status in ((["web", "7.0.0"], 6), (["nobody", "1.0.0"], 6), (["web"], 2)):
        got = goldkeep("show", *arguments)
        assert got.status == status and got.err.count("\n") == 1, got


def test_what_is_told_of_a_release_that_was_withdrawn(goldkeep, tmp_path):
    names = ["/golden/{family}/{channel}", "/golden/{version}"]
    web = [
        made_up("web", 1, held=None, revoked="CVE-1", published=names),
        made_up("web", 2, held="demo", revoked="CVE-2", published=[]),
        made_up("web", 3, held="demo"),
    ]
    (tmp_path / "in.jsonl").write_text(text_of(lines_of(family_lines("web", web))))
    assert goldkeep("import", "in.jsonl").status == 0
    found = goldkeep("list", "--output", "json").json["releases"]
    assert [one["revoked"] for one in found] == [None, "CVE-2", "CVE-1"]
    assert [one["published"] for one in found][1:] == [[], names]
    shown = goldkeep("show", "web", "1.0.1", "--output", "json").json
    assert (shown["revoked"], shown["published"]) == ("CVE-1", names)
    text = goldkeep("list").out
    assert text.split()[5] == "NOTE"
    notes = ["held: demo", "revoked: CVE-2; held: demo", "revoked: CVE-1"]
    for note, line in zip(notes, text.splitlines()[1:], strict=True):
        assert f"Z {note} {US}" in re.sub(" +", " ", line), text
    lines = goldkeep("show", "web", "1.0.1").out.splitlines()
    told = [re.split(" +", line, maxsplit=1) for line in lines]
    assert ["revoked", "CVE-1"] in told
    first = told.index(["published", names[0]])
    assert told[first + 1] == ["", names[1]]


def test_history(goldkeep, two_releases):
    got = goldkeep("history", "web", "--output", "json")
    assert got.json["family"] == "web"
    found = [(event["version"], event["action"]) for event in got.json["events"]]
    assert found[-1] == ("0.1.0", "allocated") and ("0.1.1", "live") in found
    assert ("0.1.0", "retired") in found
    assert {event["version"] for event in got.json["events"]} == {"0.1.0", "0.1.1"}
    one = goldkeep("history", "web", "0.1.0", "--output", "json").json["events"]
    assert {event["version"] for event in one} == {"0.1.0"}
    lines = goldkeep("history", "web").out.splitlines()
    assert len(lines) == len(found) + 1 and "allocated" in lines[-1]
    assert goldkeep("history", "nobody").status == 6


# ---- help ----

RELEASE_OPTIONS = """manifest family version bump prerelease run build all-builds channel tag
fingerprint new-family keep-last keep-within keep-prereleases unless-launched-within min-age
include-shared max-remove strict dry-run""".split()
GLOBAL_OPTIONS = "store config profile region endpoint-url output result log-format help".split()


def test_help(goldkeep):
    got = goldkeep("--help")
    assert (got.status, got.err) == (0, ""), got
    commands = re.findall(r"^  (\w[\w-]*)  +\S", got.out, re.M)
    assert {"release", "retain", "list", "show", "history", "resume", "adopt"} <= set(commands)
    for command in commands:
        got = goldkeep(command, "--help")
        assert (got.status, got.err) == (0, ""), got
        for option in GLOBAL_OPTIONS + (RELEASE_OPTIONS if command == "release" else []):
            assert re.search(rf"^ .* --{option}\b( [A-Z=]+)? +\S", got.out, re.M), option
        assert "-v, --verbose" in got.out and "-q, --quiet" in got.out


def test_start(goldkeep):
    got = goldkeep("--version")
    assert got.status == 0 and re.fullmatch(r"goldkeep \d+\.\d+\.\d+\n", got.out), got
    got = goldkeep()
    assert got.status == 2 and got.out == "" and "Usage:" in got.err, got
