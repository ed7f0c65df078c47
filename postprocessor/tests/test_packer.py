"""The real Packer builds images at the emulator and runs goldkeep after each, as a user's does."""

import json
from contextlib import ExitStack

import pytest

from emulator import ROOT

TEMPLATES = ROOT / "testdata/templates"
SAMPLES = ["sample-app.pkr.hcl", "sample-app.json"]
BOTH = ["eu-west-1", "us-east-1"]
GUARD = '  post-processor "shell-local" { inline = ["true"] }\n'


def variables(packer, template, **more):
    """As options, which both kinds of template take; HCL2 alone reads PKR_VAR_… itself."""
    values = dict(more)
    if template.suffix == ".json":
        values["endpoint"] = packer.environment["PKR_VAR_endpoint"]
        values["goldkeep"] = packer.environment["PKR_VAR_goldkeep"]
    return [word for name, value in values.items() for word in ("-var", f"{name}={value}")]


def packer_build(packer, template, *options, env=None, cwd=None, **more):
    """`packer build` of a file of testdata/templates, or of any other."""
    path = TEMPLATES / template
    return packer(
        "build", "-color=false", *options, *variables(packer, path, **more), path, env=env, cwd=cwd
    )


def changed(tmp_path, template, *replacements):
    """A copy of a template with some text of it replaced."""
    text = (TEMPLATES / template).read_text()
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = tmp_path / f"changed-{template}"
    path.write_text(text)
    return path


def releases(goldkeep, **by):
    """What `list` tells, newest first; `by`: only those of a family, a state, …"""
    got = goldkeep("list", "--output", "json")
    assert got.status == 0, got
    found = got.json["releases"]
    return [one for one in found if all(one[key] == value for key, value in by.items())]


def versions(found):
    return [one["version"] for one in found]


def left(emulator, region):
    """The versions of the images and of the snapshots in a region, by their tags."""
    return tuple(
        sorted(thing["tags"].get("goldkeep:version", "-") for thing in things.values())
        for things in (emulator.images(region), emulator.snapshots(region))
    )


@pytest.mark.parametrize("template", sorted(path.name for path in TEMPLATES.iterdir()))
def test_the_templates_are_valid(packer, template):
    path = TEMPLATES / template
    for endpoint in ("", packer.environment["PKR_VAR_endpoint"]):
        got = packer("validate", "-var", f"endpoint={endpoint}", path)
        assert got.status == 0, got


@pytest.mark.parametrize("template", SAMPLES)
def test_a_build_becomes_a_release(packer, goldkeep, emulator, template):
    got = packer_build(packer, template)
    assert got.status == 0, got
    [release] = releases(goldkeep)
    assert release["family"] == "sample-app"
    assert release["version"] == "0.1.0"
    assert release["state"] == "live"
    assert release["channels"] == ["latest"]
    assert release["build"] == "sample-app"
    assert sorted(image["location"] for image in release["images"]) == BOTH
    for image in release["images"]:
        assert list(emulator.images(image["location"])) == [image["id"]]
        assert list(emulator.snapshots(image["location"])) == image["snapshots"]


@pytest.mark.parametrize("template", SAMPLES)
def test_goldkeep_tags_besides_packer(packer, goldkeep, emulator, tmp_path, template):
    got = packer_build(packer, template)
    assert got.status == 0, got
    run = json.loads((tmp_path / "manifest.sample-app.json").read_text())["last_run_uuid"]
    for region in BOTH:
        for thing in (emulator.images(region) | emulator.snapshots(region)).values():
            assert thing["tags"] == {
                "Name": "sample-app",
                "SourceAMI": "ami-12c6146b",
                "ManagedBy": "goldkeep",
                "goldkeep:family": "sample-app",
                "goldkeep:version": "0.1.0",
                "goldkeep:run": run,
            }


@pytest.mark.parametrize(
    ("template", "regions"),
    [("sample-app.pkr.hcl", '["us-east-1"]'), ("sample-app.json", "us-east-1")],
)
def test_one_region(packer, goldkeep, emulator, template, regions):
    got = packer_build(packer, template, ami_regions=regions)
    assert got.status == 0, got
    [release] = releases(goldkeep)
    [image] = release["images"]
    assert (image["location"], release["state"]) == ("us-east-1", "live")
    assert left(emulator, "us-east-1") == (["0.1.0"], ["0.1.0"])
    assert left(emulator, "eu-west-1") == ([], [])


@pytest.mark.parametrize("template", SAMPLES)
def test_three_builds_leave_two_releases(packer, goldkeep, emulator, template):
    for _ in range(3):
        got = packer_build(packer, template)
        assert got.status == 0, got
    found = releases(goldkeep)
    assert versions(found) == ["0.1.2", "0.1.1"]
    assert [one["state"] for one in found] == ["live", "live"]
    assert [one["channels"] for one in found] == [["latest"], []]
    for region in BOTH:
        assert left(emulator, region) == (["0.1.1", "0.1.2"], ["0.1.1", "0.1.2"])


def test_two_sources_get_a_family_each(packer, goldkeep, emulator):
    for number in range(2):
        got = packer_build(packer, "two-sources.pkr.hcl")
        assert got.status == 0, got
        for family, regions in (("web", BOTH), ("db", ["eu-west-1"])):
            newest = releases(goldkeep, family=family)[0]
            assert newest["version"] == f"0.1.{number}"
            assert newest["state"] == "live"
            assert newest["build"] == family
            assert sorted(image["location"] for image in newest["images"]) == regions
            for image in newest["images"]:
                tags = emulator.tags(image["location"], image["id"])
                assert tags["goldkeep:family"] == family
    runs = {one["run"] for one in releases(goldkeep)}
    assert len(runs) == 2  # one per `packer build`, shared by the two families


def test_sources_that_share_a_manifest(packer, goldkeep, tmp_path):
    template = changed(
        tmp_path,
        "two-sources.pkr.hcl",
        ('output = "manifest.${source.name}.json"', 'output = "all.json"'),
        ("--manifest manifest.${source.name}.json", "--manifest all.json"),
    )
    # One after the other: in parallel it is Packer that may lose an entry.
    got = packer_build(packer, template, "-parallel-builds=1")
    assert got.status == 0, got
    assert len(json.loads((tmp_path / "all.json").read_text())["builds"]) == 2
    found = releases(goldkeep)
    assert sorted(one["family"] for one in found) == ["db", "web"]
    assert versions(found) == ["0.1.0", "0.1.0"]


USED_TWICE = """
  source "source.amazon-ebs.web" {
    name     = "front"
    ami_name = "front-${local.stamp}"
  }
  source "source.amazon-ebs.web" {
    name     = "back"
    ami_name = "back-${local.stamp}"
  }
"""


def test_one_source_used_twice(packer, goldkeep, tmp_path):
    """PACKER_BUILD_NAME is the same for both then; their manifests tell them apart."""
    template = changed(
        tmp_path,
        "two-sources.pkr.hcl",
        (
            '  sources = ["source.amazon-ebs.web", "source.amazon-ebs.db"]\n',
            USED_TWICE,
        ),
        ('  ami_name            = "web-${local.stamp}"\n', ""),
    )
    got = packer_build(packer, template)
    assert got.status == 0, got
    found = releases(goldkeep)
    assert sorted(one["family"] for one in found) == ["back", "front"]
    assert {one["build"] for one in found} == {"web"}
    assert all(one["version"] == "0.1.0" and one["state"] == "live" for one in found)
    ids = [image["id"] for one in found for image in one["images"]]
    assert len(set(ids)) == len(ids) == 4


def test_builds_at_the_same_time_get_a_version_each(packer, goldkeep, emulator, tmp_path):
    """Two Packers in two folders, one inventory. How they meet is chance; the end is not."""
    template = TEMPLATES / "sample-app.pkr.hcl"
    with ExitStack() as stack:
        running = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            process = packer.start("build", "-color=false", template, cwd=tmp_path / name)
            stack.callback(process.kill)
            running.append(process)
        for process in running:
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, out + err
    found = releases(goldkeep)
    assert versions(found) == ["0.1.1", "0.1.0"]
    assert [one["state"] for one in found] == ["live", "live"]
    assert [one["channels"] for one in found] == [["latest"], []]
    for region in BOTH:
        assert left(emulator, region) == (["0.1.0", "0.1.1"], ["0.1.0", "0.1.1"])


def test_output_suits_packer(packer):
    """Packer drops the text before a carriage return, and shows standard error as errors."""
    got = packer_build(packer, "sample-app.pkr.hcl")
    assert got.status == 0, got
    assert "\r" not in got.out and "\x1b" not in got.out
    said = [line for line in got.out.splitlines() if " (shell-local): " in line]
    assert any("0.1.0" in line and line.startswith("    ") for line in said), got
    said = [line for line in said if "Running local shell script" not in line]
    assert not [line for line in said if line.startswith("==> ")], got


# ---- failures: Packer's fact, and what goldkeep makes of it ----


def test_the_guard_keeps_the_image_when_a_post_processor_fails(packer, emulator):
    got = packer_build(packer, "failing.pkr.hcl")
    assert got.status == 1, got
    for region in BOTH:
        assert len(emulator.images(region)) == 1
        assert len(emulator.snapshots(region)) == 1


def test_without_the_guard_packer_deletes_the_image(packer, emulator, tmp_path):
    """This is why every template that we show has the guard: Packer's doing, pinned here."""
    got = packer_build(packer, changed(tmp_path, "failing.pkr.hcl", (GUARD, "")))
    assert got.status == 1, got
    assert emulator.requests("CreateImage")
    for region in BOTH:
        assert not emulator.images(region)
        assert not emulator.snapshots(region)


def test_a_failure_before_anything_is_recorded_fails_the_build(packer, goldkeep, emulator):
    """The image stays, because of the guard."""
    got = packer_build(packer, "sample-app.pkr.hcl", env={"GOLDKEEP_VERSION": "no version"})
    assert got.status == 1, got
    assert releases(goldkeep) == []
    for region in BOTH:
        assert left(emulator, region) == (["-"], ["-"])


def refuse_tags(emulator):
    """In one region, and goldkeep's: Packer has tags of its own."""
    emulator.faults(
        {
            "action": "CreateTags",
            "region": "eu-west-1",
            "match": {"Tag.2.Key": "goldkeep:family"},
            "status": 403,
            "code": "UnauthorizedOperation",
            "message": "You are not authorized to perform this operation.",
        }
    )


def test_unfinished_work_after_the_record_is_no_failed_build(packer, goldkeep, emulator):
    refuse_tags(emulator)
    got = packer_build(packer, "two-sources.pkr.hcl", "-only=amazon-ebs.web")
    assert got.status == 0, got
    assert "CreateTags" in got.out and "eu-west-1" in got.out, got
    [release] = releases(goldkeep)
    assert (release["version"], release["state"]) == ("0.1.0", "pending")
    emulator.faults()
    got = goldkeep("resume")
    assert got.status == 0, got
    [release] = releases(goldkeep)
    assert (release["version"], release["state"]) == ("0.1.0", "live")
    for region in BOTH:
        assert left(emulator, region) == (["0.1.0"], ["0.1.0"])


def test_strict_fails_the_build_and_the_guard_keeps_the_image(packer, goldkeep, emulator):
    refuse_tags(emulator)
    got = packer_build(
        packer, "two-sources.pkr.hcl", "-only=amazon-ebs.web", env={"GOLDKEEP_STRICT": "true"}
    )
    assert got.status == 1, got
    assert "non-zero exit status: 3" in got.out, got
    [release] = releases(goldkeep)
    for image in release["images"]:
        assert image["id"] in emulator.images(image["location"])


def test_the_next_build_finishes_the_last_one(packer, goldkeep, emulator):
    refuse_tags(emulator)
    got = packer_build(packer, "two-sources.pkr.hcl", "-only=amazon-ebs.web")
    assert got.status == 0, got
    emulator.faults()
    got = packer_build(packer, "two-sources.pkr.hcl", "-only=amazon-ebs.web")
    assert got.status == 0, got
    found = releases(goldkeep)
    assert versions(found) == ["0.1.1", "0.1.0"]
    assert [one["state"] for one in found] == ["live", "live"]
    assert [one["channels"] for one in found] == [["latest"], []]
    for region in BOTH:
        assert left(emulator, region) == (["0.1.0", "0.1.1"], ["0.1.0", "0.1.1"])


# ---- packer build -force ----


@pytest.mark.parametrize("template", SAMPLES)
def test_forced_builds_count_on(packer, goldkeep, tmp_path, template):
    """Packer may empty the manifest then (1.6.6: of JSON templates only); the inventory knows."""
    for _ in range(3):
        got = packer_build(packer, template, "-force")
        assert got.status == 0, got
    if template.endswith(".json"):
        manifest = json.loads((tmp_path / "manifest.sample-app.json").read_text())
        assert len(manifest["builds"]) == 1
    assert versions(releases(goldkeep)) == ["0.1.2", "0.1.1"]


def test_forced_builds_of_a_fixed_name(packer, goldkeep, emulator, tmp_path):
    """Packer deregisters the old image behind our back, and leaves its snapshots behind."""
    template = changed(
        tmp_path,
        "sample-app.pkr.hcl",
        ("sample-app-${local.stamp}", "sample-app"),
        ("--keep-last 2", "--keep-last 1"),
    )
    for _ in range(2):
        got = packer_build(packer, template, "-force")
        assert got.status == 0, got
    found = releases(goldkeep)
    assert versions(found) == ["0.1.1"]
    assert found[0]["state"] == "live"
    for region in BOTH:
        assert left(emulator, region) == (["0.1.1"], ["0.1.1"])


# ---- builds that are no images ----


NO_IMAGES = """
source "file" "text" {
  content = "hello"
  target  = "text.txt"
}
source "null" "nothing" {
  communicator = "none"
}
build {
  sources = ["source.file.text", "source.null.nothing"]
  post-processors {
    post-processor "manifest" {
      output = "manifest.${source.name}.json"
    }
    post-processor "shell-local" {
      inline = ["$PROGRAM release --manifest manifest.${source.name}.json --keep-last 2"]
    }
  }
}
"""


@pytest.mark.parametrize(("source", "artifact"), [("file.text", "File"), ("null.nothing", "Null")])
def test_a_build_that_is_no_image_is_passed_over(
    packer, goldkeep, emulator, tmp_path, source, artifact
):
    template = tmp_path / "no-images.pkr.hcl"
    template.write_text(NO_IMAGES)
    program = packer.environment["PKR_VAR_goldkeep"]
    got = packer("build", f"-only={source}", template, env={"PROGRAM": program})
    assert got.status == 0, got
    name = source.split(".")[1]
    assert f'"artifact_id": "{artifact}"' in (tmp_path / f"manifest.{name}.json").read_text()
    said = [line for line in got.out.splitlines() if " (shell-local): " in line]
    assert len([line for line in said if artifact in line]) == 1, got
    assert releases(goldkeep) == []
    assert emulator.requests() == []
