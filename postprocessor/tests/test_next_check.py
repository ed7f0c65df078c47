"""What is known before a build: `next` and `check`; and the real Packer, told by them."""

import json
import re

import pytest

from conftest import Runner
from emulator import ROOT
from history import BOTH, US, History

INPUTS = "0123456789abcdef" * 4


@pytest.fixture
def history(emulator, goldkeep, built):
    return History(emulator, goldkeep, built)


# ---- next ----


def following(goldkeep, *options, family="web"):
    got = goldkeep("next", "--family", family, *options)
    assert got.status == 0 and got.err == "", got
    return got.out


def test_the_first_version(goldkeep, inventory_path):
    assert following(goldkeep) == "0.1.0\n"
    assert not inventory_path.exists()


def test_it_is_the_version_that_the_release_gets(history, goldkeep):
    rounds = [
        (),
        ("--bump", "minor"),
        ("--prerelease", "rc"),
        ("--prerelease", "rc"),
        (),
        ("--version", "2.x"),
        ("--version", "3.1.4"),
    ]
    for options in rounds:
        wanted = following(goldkeep, *options)
        assert wanted == following(goldkeep, *options)  # asking uses nothing up
        history.release(*options, regions=[US])
        assert history.last.json["version"] + "\n" == wanted


def test_a_version_that_is_taken(history, goldkeep):
    history.release(regions=[US])
    got = goldkeep("next", "web", "--version", "0.1.0")
    assert (got.status, got.out) == (5, ""), got
    assert "0.1.0 is taken" in got.err


def test_json(goldkeep):
    expected = {"family": "db/arm64", "version": "0.1.0", "ami_name": "db/arm64-0.1.0"}
    for options in (("--format", "json"), ("--output", "json"), ("--output=json", "--format=json")):
        assert json.loads(following(goldkeep, *options, family="db/arm64")) == expected


def test_formats(goldkeep):
    assert following(goldkeep, "--format", "text") == "0.1.0\n"
    assert following(goldkeep, "--format", "pkrvars") == (
        'version  = "0.1.0"\nami_name = "web-0.1.0"\n'
    )
    got = goldkeep("next", "web", "--format", "pkrvars", env={"GOLDKEEP_OUTPUT": "json"})
    assert got.out.startswith("version  ="), got
    got = goldkeep("next", "web", "--format", "pkrvars", "--output", "json")
    assert got.status == 2 and "--format" in got.err
    got = goldkeep("next", "web", "--format", "yaml")
    assert (got.status, got.out) == (2, "") and "yaml" in got.err


def test_the_format_of_a_family(goldkeep, tmp_path):
    (tmp_path / "goldkeep.ini").write_text("[family web]\nformat = pkrvars\n")
    assert following(goldkeep).startswith("version  =")
    assert following(goldkeep, family="db") == "0.1.0\n"


def test_what_is_no_family(goldkeep):
    assert goldkeep("next").status == 2
    assert goldkeep("next", "we b").status == 2
    assert goldkeep("next", "web", "--bump", "major", "--version", "1.2.3").status == 2


# ---- check ----


def check(goldkeep, *options, inputs=INPUTS):
    return goldkeep("check", "--family", "web", "--fingerprint", inputs, *options)


def assert_none(got):
    assert (got.status, got.out) == (6, ""), got
    [line] = got.err.splitlines()
    assert "build it" in line


def test_nothing_is_known_yet(goldkeep, inventory_path):
    assert_none(check(goldkeep))
    got = check(goldkeep, "-q")
    assert (got.status, got.out, got.err) == (6, "", "")
    assert not inventory_path.exists()


def test_a_release_with_these_inputs(history, goldkeep, emulator):
    first = history.release("--fingerprint", INPUTS.upper())
    history.release("--fingerprint", "ab")
    emulator.forget_requests()
    for inputs in (INPUTS, INPUTS.upper()):
        got = check(goldkeep, inputs=inputs)
        assert got.status == 0 and got.err == "", got
        us, eu = first.images
        assert got.out in (
            f"web 0.1.0 {a.region}:{a.id} {b.region}:{b.id}\n" for a, b in ((us, eu), (eu, us))
        )
    document = check(goldkeep, "--output", "json").json
    assert document == [one for one in history.listed().values() if one["version"] == "0.1.0"][
        0
    ] | {"images": document["images"]}
    assert document["fingerprint"] == INPUTS
    assert not emulator.requests()


def test_the_newest_one(history, goldkeep):
    history.release("--fingerprint", INPUTS, age=60)
    history.release("--fingerprint", INPUTS, age=90, regions=[US])
    assert check(goldkeep).out.startswith("web 0.1.0 ")
    history.release("--fingerprint", INPUTS, regions=[US])
    assert check(goldkeep).out.startswith("web 0.1.2 ")


def test_what_is_not_live_does_not_count(history, goldkeep, emulator):
    history.release("--fingerprint", INPUTS, regions=[US])
    history.release("--fingerprint", "ab", "--keep-last", 1, regions=[US])
    assert history.states()["0.1.0"] == "retired"
    assert_none(check(goldkeep))
    emulator.faults({"action": "CreateTags", "status": 400, "code": "AccessDenied"})
    history.release("--fingerprint", INPUTS, regions=[US], status=3)
    assert history.states()["0.1.2"] == "pending"
    assert_none(check(goldkeep))


def test_json_of_nothing(goldkeep):
    got = check(goldkeep, "--output", "json")
    assert got.status == 6
    assert (got.json["result"], got.json["exit"], got.json["family"]) == ("nothing", 6, "web")


@pytest.mark.parametrize("inputs", ["", "xyz", "12 34"])
def test_what_is_no_fingerprint(goldkeep, inputs):
    got = check(goldkeep, inputs=inputs)
    assert (got.status, got.out) == (2, ""), got
    assert goldkeep("check", "web").status == 2
    assert goldkeep("check", "--fingerprint", "ab").status == 2


def test_over_every_store(store, goldkeep, history):
    history.release("--fingerprint", INPUTS, regions=[US])
    assert following(goldkeep) == "0.1.1\n"
    assert check(goldkeep).status == 0
    history.release("--fingerprint", INPUTS, "--on-duplicate", "discard", regions=[US])
    assert history.last.json["result"] == "unchanged"
    assert history.states() == {"0.1.0": "live"}


# ---- with Packer ----

TEMPLATE = """
variable "endpoint" {}
variable "goldkeep" {}
variable "version" {}
variable "ami_name" {}
variable "fingerprint" {}

source "amazon-ebs" "web" {
  region              = "us-east-1"
  ami_regions         = ["us-east-1", "eu-west-1"]
  custom_endpoint_ec2 = var.endpoint
  source_ami          = "ami-12c6146b"
  instance_type       = "t3.micro"
  communicator        = "none"
  ami_name            = "${var.ami_name}NAME"
}

build {
  sources = ["source.amazon-ebs.web"]
  post-processor "shell-local" { inline = ["true"] }
  post-processors {
    post-processor "manifest" {
      output      = "manifest.json"
      custom_data = {
        goldkeep_version     = var.version
        goldkeep_fingerprint = var.fingerprint
      }
    }
    post-processor "shell-local" {
      inline = ["${var.goldkeep} release --manifest manifest.json OPTIONS"]
    }
  }
}
"""


class Pipeline:
    """A CI job that does not ask whether it is needed."""

    def __init__(self, packer, goldkeep, folder, options="", name=""):
        self.packer, self.goldkeep, self.folder = packer, goldkeep, folder
        self.template = folder / "web.pkr.hcl"
        self.template.write_text(TEMPLATE.replace("OPTIONS", options).replace("NAME", name))

    def ask(self, *arguments, status=0):
        got = self.goldkeep(*arguments)
        assert got.status == status, got
        return got.out

    def fingerprint(self):
        source = ("--source-image", "ami-12c6146b")
        return self.ask("fingerprint", self.template.name, *source).strip()

    def build(self):
        inputs = self.fingerprint()
        variables = self.folder / "next.pkrvars.hcl"
        variables.write_text(self.ask("next", "web", "--format", "pkrvars"))
        got = self.packer(
            "build", "-color=false", f"-var-file={variables.name}", "-var",
            f"fingerprint={inputs}", self.template.name,
        )  # fmt: skip
        assert got.status == 0 and "Undefined variable" not in got.out, got
        return got


def everything(emulator, goldkeep):
    listed = goldkeep("list", "--all", "--output", "json").json
    return emulator.state()["regions"], listed


def test_packer_takes_the_version_and_the_name(packer, goldkeep, emulator, tmp_path):
    Pipeline(packer, goldkeep, tmp_path).build()
    [release] = goldkeep("list", "--output", "json").json["releases"]
    assert release["version"] == "0.1.0"
    assert {image["name"] for image in release["images"]} == {"web-0.1.0"}


def test_a_build_that_is_not_needed(packer, goldkeep, emulator, tmp_path):
    """The job of the README asks first: the second time there is nothing to build."""
    Pipeline(packer, goldkeep, tmp_path)  # for its template
    (script,) = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/goldkeep").symlink_to(goldkeep.program)
    path = f"{tmp_path / 'bin'}:{packer.environment['PATH']}"
    shell = Runner("bash", tmp_path, packer.environment | {"PATH": path})
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/setup.sh").write_text("setup")

    def job():
        got = shell("-c", script)
        assert got.status == 0, got
        return got

    assert "0.1.0: live" in job().out
    before = everything(emulator, goldkeep)
    assert job().out.startswith("web 0.1.0 ")
    assert everything(emulator, goldkeep) == before
    (tmp_path / "scripts/setup.sh").write_text("changed")
    assert "0.1.1: live" in job().out
    (tmp_path / "scripts/setup.sh").unlink()
    (tmp_path / "scripts").rmdir()
    assert shell("-c", script).status == 1
    assert len(emulator.images(US)) == 2


def test_a_build_that_was_not_needed(packer, goldkeep, emulator, tmp_path):
    """The job does not ask: what the second build made is gone again."""
    job = Pipeline(packer, goldkeep, tmp_path, "--on-duplicate discard")
    job.build()
    before = everything(emulator, goldkeep)
    got = job.build()
    assert "in favour of web 0.1.0" in got.out
    assert everything(emulator, goldkeep) == before
    assert [len(emulator.images(region)) for region in BOTH] == [1, 1]
