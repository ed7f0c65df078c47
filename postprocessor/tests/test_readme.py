"""Every command and template of the README, as a reader would type them."""

import re
import subprocess

from conftest import GOLDKEEP
from emulator import ROOT

README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands(word):
    """The README's command lines that begin with a word."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.split()[0] == word]


def in_path(tmp_path):
    """A folder with goldkeep in it, for PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "goldkeep").symlink_to(GOLDKEEP)
    return folder


def test_every_command_line_is_of_a_kind_that_is_tested_here():
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert {line.split()[0] for line in lines} == {"make", "sudo", "goldkeep", "export"}
    assert commands("make") == ["make demo", "make test", "make"]
    assert commands("sudo") == ["sudo make install"]
    assert [line.split("=")[0] for line in commands("export")] == ["export GOLDKEEP_STORE"]


def test_the_template_and_the_commands_behind_it(emulator, packer, environment, tmp_path):
    """The same template as against AWS, but for the endpoint."""
    (template,) = blocks("hcl")
    endpoint = f'custom_endpoint_ec2 = "{emulator.url}"\n  communicator '
    (tmp_path / "web.pkr.hcl").write_text(template.replace("communicator ", endpoint, 1))
    path = f"{in_path(tmp_path)}:{environment['PATH']}"
    built = packer("build", "-color=false", "web.pkr.hcl", env={"PATH": path})
    assert built.status == 0, built
    for region in ("us-east-1", "eu-west-1"):
        (image,) = emulator.images(region).values()
        assert image["tags"]["goldkeep:version"] == "0.1.0"

    for line in commands("goldkeep"):
        ran = subprocess.run(
            line,
            shell=True,
            cwd=tmp_path,
            env=environment | {"PATH": path},
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, (line, ran)


def test_make_install_honours_destdir_and_prefix(tmp_path):
    run = ["make", "-s", "install", f"DESTDIR={tmp_path}", "PREFIX=/usr"]
    subprocess.run(run, cwd=ROOT, check=True, capture_output=True)
    installed = tmp_path / "usr/bin/goldkeep"
    ran = subprocess.run([installed, "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("goldkeep ")


if GOLDKEEP == ROOT / "build/goldkeep":  # what the demo runs: once is enough

    def test_make_demo():
        ran = subprocess.run(["make", "-s", "demo"], cwd=ROOT, capture_output=True, text=True)
        assert ran.returncode == 0, ran


def test_the_options_of_release_are_those_that_it_has(goldkeep):
    shown = set(re.findall(r"--[a-z-]+", goldkeep("release", "--help").out))
    section = README.split("## Options of `release`")[1].split("\n## ")[0]
    named = set(re.findall(r"`(--[a-z-]+)", section))
    assert named <= shown
    own = goldkeep("release", "--help").out.split("Global options")[0]
    assert set(re.findall(r"^ +(--[a-z-]+)", own, re.MULTILINE)) <= named
