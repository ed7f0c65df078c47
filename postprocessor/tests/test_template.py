"""doctor --template: what it says of a template, and the real Packer as its judge.

Packer is the same whichever goldkeep is tested: what it does is looked at with one of them only.
"""

import json
import re

import pytest

from conftest import SANITIZED
from emulator import ROOT

TESTDATA = ROOT / "testdata"
LINE_END = "⏎"


def rows(name, count):
    """The fields of a table of testdata/."""
    lines = (TESTDATA / name).read_text().splitlines()
    found = [line.split(" | ", count - 1) for line in lines if line and line[0] != "#"]
    assert found and all(len(fields) == count for fields in found)
    return found


def findings(goldkeep, path, **options):
    """What doctor says of a template, PROBLEM or not."""
    got = goldkeep("doctor", "--template", path, "--output", "json", **options)
    assert got.status in (0, 1), got
    return got.json["template"]


def worst(found, subject):
    """The highest level that any finding on this subject has."""
    levels = [one["level"] for one in found if one["origin"] == subject]
    assert levels, subject
    return max(levels, key=["ok", "unknown", "warning", "problem"].index)


def test_the_syntax_is_that_of_packer(packer, tmp_path):
    """The same table as of the reader's own test."""
    table = rows("hcl/syntax.txt", 2)
    for number, (_, text) in enumerate(table):
        (tmp_path / f"row{number}.pkr.hcl").write_text(text.replace(LINE_END, "\n"))
    got = packer("fmt", "-write=false", tmp_path)
    refused = {int(number) for number in re.findall(r"formatting \S*row(\d+)\.", got.err + got.out)}
    for number, (taken, text) in enumerate(table):
        assert (number not in refused) == (taken == "yes"), text


def test_byte_order_mark_and_windows_line_ends(packer, goldkeep, tmp_path):
    text = (TESTDATA / "templates/two-sources.pkr.hcl").read_text()
    folder = tmp_path / "windows"
    folder.mkdir()
    path = folder / "two-sources.pkr.hcl"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    got = packer("validate", path)
    assert got.status == 0, got
    assert findings(goldkeep, path) == findings(goldkeep, TESTDATA / "templates" / path.name)


# ---- kept or destroyed ----


def hcl_of(number, steps):
    name = f"row{number}"
    return f"""
source "file" "{name}" {{
  content = "x"
  target  = "{name}.img"
}}
build {{
  sources = ["source.file.{name}"]
  {steps.replace('""', "").replace(LINE_END, chr(10)).replace("@", name)}
}}
"""


def test_what_is_kept(packer, goldkeep, tmp_path):
    """Every row is a build of its own; one Packer runs them all."""
    table = rows("doctor-templates/keeping.txt", 3)
    folder = tmp_path / "rows"
    folder.mkdir()
    (folder / "variables.pkr.hcl").write_text('variable "guard" {\n  default = ["true"]\n}\n')
    for number, (_, _, steps) in enumerate(table):
        (folder / f"row{number}.pkr.hcl").write_text(hcl_of(number, steps))
    found = findings(goldkeep, folder)
    for number, (level, _, steps) in enumerate(table):
        assert worst(found, f"file.row{number}: image") == level, steps
    if SANITIZED:
        return
    got = packer("build", "-color=false", folder)
    assert got.status == 1, got
    for number, (_, fate, steps) in enumerate(table):
        assert (tmp_path / f"row{number}.img").exists() == (fate == "kept"), steps


FALSE = {"type": "shell-local", "inline": ["false"]}
TRUE = {"type": "shell-local", "inline": ["true"]}
OLD = [  # what goldkeep says, what Packer does, post-processors
    ("problem", "destroyed", [FALSE]),
    ("problem", "destroyed", [[FALSE, "manifest"]]),
    ("warning", "kept", ["manifest", FALSE]),
    ("warning", "kept", [["manifest", FALSE]]),
    ("ok", "kept", [TRUE, [{"type": "manifest", "output": "missing/x"}, FALSE]]),
    ("problem", "destroyed", [TRUE | {"only": ["other"]}, FALSE]),
    ("ok", "kept", [TRUE | {"only": ["a"]}, FALSE]),
    ("problem", "destroyed", [TRUE | {"except": ["a"]}, FALSE]),
    ("problem", "destroyed", [FALSE | {"keep_input_artifact": True}]),
    ("problem", "destroyed", ["compress"]),
]


def test_what_is_kept_of_old_templates(packer, goldkeep, tmp_path):
    path, image = tmp_path / "old.json", tmp_path / "a.img"
    for level, fate, steps in OLD:
        builder = {"type": "file", "name": "a", "content": "x", "target": str(image)}
        path.write_text(json.dumps({"builders": [builder], "post-processors": steps}))
        assert worst(findings(goldkeep, path), "a: image") == level, steps
        if not SANITIZED:
            packer("build", path)
            assert image.exists() == (fate == "kept"), steps
            image.unlink(missing_ok=True)


# ---- templates that we show ----


def test_the_templates_that_we_show(goldkeep, tmp_path):
    (readme,) = re.findall(r"```hcl\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "readme.pkr.hcl").write_text(readme)
    shown = [
        *(path for path in TESTDATA.glob("templates/*") if path.name != "failing.pkr.hcl"),
        TESTDATA / "automation/image",
        tmp_path / "readme.pkr.hcl",
    ]
    assert len(shown) >= 5
    for path in shown:
        found = findings(goldkeep, path)
        assert {one["level"] for one in found} == {"ok"}, path
        assert any(one["value"].startswith("goldkeep reads ") for one in found), path


# ---- whose account ----


CREDENTIALS = """
source "amazon-ebs" "role" {
  assume_role {
    role_arn = "arn:aws:iam::123456789012:role/packer"
  }
}
source "amazon-ebs" "elsewhere" {
  assume_role {
    role_arn = "arn:aws:iam::999999999999:role/packer"
  }
  custom_endpoint_ec2 = "http://127.0.0.1:1"
}
source "amazon-ebs" "profile" {
  profile                 = "build"
  custom_endpoint_ec2     = "URL"
  shared_credentials_file = "/etc/aws/credentials"
}
build {
  sources = ["source.amazon-ebs.role", "source.amazon-ebs.elsewhere", "source.amazon-ebs.profile"]
}
"""


def test_credentials_are_compared(goldkeep, emulator, tmp_path):
    path = tmp_path / "a.pkr.hcl"
    path.write_text(CREDENTIALS.replace("URL", emulator.url))
    env = {"AWS_REGION": "eu-west-1"}
    said = [
        (one["subject"], one["level"], one["value"])
        for one in findings(goldkeep, path, env=env)
        if one["origin"].endswith(": credentials")
    ]
    assert said == [
        ("a.pkr.hcl:2", "ok", "the account 123456789012, as goldkeep"),
        (
            "a.pkr.hcl:7",
            "problem",
            "Packer builds in the account 999999999999 (assume_role), and goldkeep looks for the "
            "AMI in 123456789012",
        ),
        (
            "a.pkr.hcl:7",
            "warning",
            f"Packer builds at http://127.0.0.1:1 (custom_endpoint_ec2), and goldkeep asks "
            f"{emulator.url}/",
        ),
        (
            "a.pkr.hcl:13",
            "warning",
            "Packer builds with the profile build, which it does not hand to goldkeep; goldkeep "
            "uses default",
        ),
        (
            "a.pkr.hcl:13",
            "warning",
            "Packer reads credentials from /etc/aws/credentials, and does not tell goldkeep",
        ),
    ]


# ---- what is no template ----


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("big.pkr.hcl", b"# x\n" * (10 << 18), "larger than"),
        ("binary.pkr.hcl", bytes(range(256)) * 16, "binary.pkr.hcl:"),
        ("binary.json", b"\x7fELF\x02\x01\x01\x00" * 16, "binary.json:1: "),
        ("open.pkr.hcl", b'source "a" "b" {\n  c = "d\n}\n', "open.pkr.hcl:2: a string without"),
        ("deep.pkr.hcl", b"a = " + b"[" * 100000, "deep.pkr.hcl:1: nested more than 100 deep"),
        ("named.hcl", b"build {\n}\n", "named.hcl: Packer takes a file for HCL2 only if"),
        ("folder", None, "no template in "),
        ("missing.json", None, "missing.json"),
    ],
)
def test_what_is_no_template(goldkeep, tmp_path, name, content, problem):
    """A problem like any other: one sentence, and everything else is told all the same."""
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    got = goldkeep("doctor", "--template", path, "--output", "json")
    assert got.status == 1, got
    [found] = got.json["template"]
    assert (found["level"], found["subject"]) == ("problem", str(path))
    assert problem in found["value"] and "\n" not in found["value"], found
    assert got.json["settings"], got
