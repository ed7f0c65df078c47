"""The forms of resolve, each judged by a program that reads it."""

import json
import re
import subprocess

import pytest
import yaml

from consumer import Consumer, image, release
from history import EU, US

IDS = {EU: "ami-2", US: "ami-1"}
BY_ARCHITECTURE = {"x86_64": IDS}
TWO = {"arm64": {US: "ami-3"}, "x86_64": IDS}
PLAIN, SEVERAL = "db/arm64", "several"

TEMPLATE = """
variable "ami_family" { type = string }
variable "ami_version" { type = string }
variable "ami_ids_by_architecture" { type = map(map(string)) }
%s
source "null" "check" { communicator = "none" }
build {
  sources = ["source.null.check"]
  provisioner "shell-local" {
    inline = ["echo '%s'"]
  }
}
"""


@pytest.fixture
def consumer(emulator, goldkeep):
    consumer = Consumer(emulator, goldkeep)
    one = [image("ami-1", US), image("ami-2", EU)]
    consumer.has(PLAIN, release("1.4.2-rc.1+b.7", *one), stable="1.4.2-rc.1+b.7")
    consumer.has(SEVERAL, release("1.0.0", *one, image("ami-3", US, "arm64")), stable="1.0.0")
    return consumer


def made(consumer, form, family, *options):
    return consumer.resolve(f"{family}:stable", "--format", form, *options).out


def expected(family):
    """What every form but env and cloudformation says."""
    if family == SEVERAL:
        return {
            "ami_family": SEVERAL,
            "ami_version": "1.0.0",
            "ami_ids_by_architecture": TWO,
        }
    return {
        "ami_family": PLAIN,
        "ami_version": "1.4.2-rc.1+b.7",
        "ami_ids": IDS,
        "ami_ids_by_architecture": BY_ARCHITECTURE,
    }


@pytest.mark.parametrize("family", [PLAIN, SEVERAL])
def test_tfvars_and_ansible(consumer, family):
    assert json.loads(made(consumer, "tfvars", family)) == expected(family)
    assert yaml.safe_load(made(consumer, "ansible", family)) == expected(family)


def test_a_part_of_a_release(consumer):
    arm = ("--architecture", "arm64")
    told = json.loads(made(consumer, "tfvars", SEVERAL, *arm))
    assert told["ami_ids"] == {US: "ami-3"}
    assert told["ami_ids_by_architecture"] == {"arm64": {US: "ami-3"}}
    assert yaml.safe_load(made(consumer, "ansible", SEVERAL, "--region", EU))["ami_ids"] == {
        EU: "ami-2"
    }


def exported(text, tmp_path):
    """The variables that a shell has once it has read the file."""
    path = tmp_path / "image.env"
    path.write_text(text)
    script = f"set -aeu; . {path}; env -0"
    ran = subprocess.run(["bash", "-c", script], env={}, capture_output=True, text=True, check=True)
    found = dict(line.split("=", 1) for line in ran.stdout.split("\0") if line)
    return {name: value for name, value in found.items() if name.startswith(("AMI", "GOLD"))}


def test_env(consumer, tmp_path):
    assert exported(made(consumer, "env", PLAIN), tmp_path) == {
        "AMI_FAMILY": PLAIN,
        "AMI_VERSION": "1.4.2-rc.1+b.7",
        "AMI_ID_US_EAST_1": "ami-1",
        "AMI_ID_EU_WEST_1": "ami-2",
        "AMI_ID_US_EAST_1_X86_64": "ami-1",
        "AMI_ID_EU_WEST_1_X86_64": "ami-2",
    }
    one = exported(made(consumer, "env", SEVERAL, "--region", EU), tmp_path)
    assert one["AMI_ID"] == one["AMI_ID_EU_WEST_1"] == "ami-2"
    several = exported(made(consumer, "env", SEVERAL), tmp_path)
    assert set(several) == {
        "AMI_FAMILY",
        "AMI_VERSION",
        "AMI_ID_EU_WEST_1_X86_64",
        "AMI_ID_US_EAST_1_ARM64",
        "AMI_ID_US_EAST_1_X86_64",
    }


@pytest.mark.parametrize("family", [PLAIN, SEVERAL])
def test_pkrvars(consumer, packer, tmp_path, family):
    """Packer takes it, and its template sees the values."""
    facts = expected(family)
    declared = 'variable "ami_ids" { type = map(string) }' if "ami_ids" in facts else ""
    seen = "${var.ami_family} ${var.ami_version} ${jsonencode(var.ami_ids_by_architecture)}"
    if declared:
        seen += " ${jsonencode(var.ami_ids)}"
    (tmp_path / "image.pkr.hcl").write_text(TEMPLATE % (declared, seen))
    (tmp_path / "web.pkrvars.hcl").write_text(made(consumer, "pkrvars", family))
    arguments = ("-var-file=web.pkrvars.hcl", "image.pkr.hcl")
    checked = packer("validate", *arguments)
    assert checked.status == 0 and "arning" not in checked.out + checked.err, checked
    built = packer("build", "-color=false", *arguments)
    assert built.status == 0, built
    for value in facts.values():
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        assert text in built.out, (text, built)


@pytest.mark.parametrize("family", [PLAIN, SEVERAL])
def test_cloudformation(consumer, family):
    told = json.loads(made(consumer, "cloudformation", family))
    assert set(told) == {"Mappings"}
    maps = told["Mappings"]
    facts = expected(family)
    assert maps["AmiRelease"] == {
        "Release": {"Family": facts["ami_family"], "Version": facts["ami_version"]}
    }
    by_architecture = facts["ami_ids_by_architecture"]
    assert maps["Ami"] == {
        US: {name.replace("_", ""): ids[US] for name, ids in by_architecture.items()},
        EU: {"x8664": "ami-2"},
    }
    check_mappings(maps)


def check_mappings(maps):
    """What CloudFormation takes: "-" and "." in the keys alone."""
    for name, mapping in maps.items():
        assert re.fullmatch("[A-Za-z0-9]{1,255}", name)
        for key, values in mapping.items():
            assert re.fullmatch("[A-Za-z0-9.-]{1,255}", key)
            assert all(re.fullmatch("[A-Za-z0-9]{1,255}", label) for label in values)
            assert all(isinstance(value, str) for value in values.values())
