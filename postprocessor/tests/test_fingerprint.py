"""`fingerprint`: the same bytes give the same digest, whatever else is different."""

import hashlib
import os
import shutil
import socket
import sys

import pytest

from conftest import Runner

HEX = set("0123456789abcdef")
GIB = 1 << 30


@pytest.fixture
def tree(tmp_path):
    """A template with its scripts."""
    folder = tmp_path / "checkout"
    (folder / "scripts/deep").mkdir(parents=True)
    (folder / "web.pkr.hcl").write_text("template")
    (folder / "scripts/setup.sh").write_text("setup")
    (folder / "scripts/deep/more.sh").write_bytes(b"\0more\xff")
    return folder


@pytest.fixture
def digest(goldkeep):
    def digest(*arguments, **more):
        got = goldkeep("fingerprint", *arguments, **more)
        assert got.status == 0 and got.err == "", got
        assert len(got.out) == 65 and set(got.out.strip()) <= HEX
        return got.out.strip()

    return digest


@pytest.fixture
def refused(goldkeep):
    def refused(*arguments, status=1):
        got = goldkeep("fingerprint", *arguments, timeout=10)
        assert (got.status, got.out) == (status, ""), got
        assert len(got.err.splitlines()) == 1
        return got.err

    return refused


def entry(kind, name, content=b""):
    head = kind + len(name).to_bytes(8, "big") + name
    return head + hashlib.sha256(content).digest()


def test_it_is_what_the_manual_says(digest, tree):
    """The format is a promise: digests are compared between machines and releases of goldkeep."""
    entries = [
        entry(b"f", b"setup.sh", b"setup"),
        entry(b"f", b"deep/more.sh", b"\0more\xff"),
        entry(b"f", b"web.pkr.hcl", b"template"),
        entry(b"i", b"ami-12c6146b"),
        entry(b"v", b"region", b"us-east-1"),
    ]
    expected = hashlib.sha256(
        b"goldkeep fingerprint 1\n"
        + entries[1] + entries[0] + b"".join(entries[2:])  # by name: deep/more.sh before setup.sh
    ).hexdigest()
    inputs = (tree / "web.pkr.hcl", tree / "scripts", "--var", "region=us-east-1")
    assert digest(*inputs, "--source-image", "ami-12c6146b") == expected


def test_what_does_not_count(digest, tree, tmp_path):
    before = digest(tree / "web.pkr.hcl", tree / "scripts", "--var", "a=1", "--var", "b=2")
    other = tmp_path / "elsewhere/with another name"
    shutil.copytree(tree, other)
    (other / "scripts").rename(other / "skripte")
    (other / "skripte/empty/inside").mkdir(parents=True)
    (other / "skripte/.git/objects").mkdir(parents=True)
    (other / "skripte/.git/objects/pack").write_text("pack")
    (other / "skripte/deep/.git").write_text("gitdir: /home/somebody/checkout/.git/worktrees/x\n")
    for path in other.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    paths = (other / "skripte", other / "web.pkr.hcl")
    assert digest("--var", "b=2", *paths, "--var", "a=1", "--var", "a=1") == before
    assert digest(*paths, paths[1], "--var=a=1", "--var=b=2", env={"LC_ALL": "C"}) == before
    relative = ("../elsewhere/with another name/web.pkr.hcl", "skripte/")
    assert digest("./web.pkr.hcl", relative[1], "--var=a=1", "--var=b=2", cwd=other) == before
    assert digest(".", cwd=other / "skripte") == digest(other / "skripte")


def change_content(tree):
    (tree / "scripts/setup.sh").write_text("setuq")


def rename(tree):
    (tree / "scripts/setup.sh").rename(tree / "scripts/setup2.sh")


def move_up(tree):
    (tree / "scripts/deep/more.sh").rename(tree / "scripts/more.sh")


def add(tree):
    (tree / "scripts/.hidden").touch()


def swap(tree):
    (tree / "scripts/setup.sh").write_bytes(b"\0more\xff")
    (tree / "scripts/deep/more.sh").write_text("setup")


@pytest.mark.parametrize("change", [change_content, rename, move_up, add, swap])
def test_what_counts(digest, tree, change):
    before = digest(tree)
    change(tree)
    assert digest(tree) != before


def test_variables_and_images_are_no_files(digest, tree):
    """Each kind has names of its own."""
    (tree / "a").write_text("1")
    found = {
        digest(tree / "a"),
        digest("--var", "a=1"),
        digest("--var", "a=1="),
        digest("--var", "a="),
        digest("--source-image", "a"),
        digest("--source-image", "a", "--var", "a=1"),
        digest(tree / "a", "--source-image", "a", "--var", "a=1"),
    }
    assert len(found) == 7
    assert digest("--var", "x=one\ntwo") != digest("--var", "x=one")


def test_links_are_followed(digest, tree, tmp_path):
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "web.pkr.hcl").symlink_to(tree / "web.pkr.hcl")
    (linked / "scripts").symlink_to(tree / "scripts")
    assert digest(linked) == digest(tree)
    assert digest(linked / "scripts") == digest(tree / "scripts")


def test_names_are_bytes(digest, tree):
    name = os.fsencode(tree) + b"/\xff\xfe\n"
    before = digest(tree)
    with open(name, "wb") as file:
        file.write(b"x")
    after = digest(tree)
    assert after != before
    assert digest(tree, env={"LC_ALL": "C"}) == after


def test_two_files_of_one_name_both_count(digest, tree, tmp_path):
    other = tmp_path / "setup.sh"
    other.write_text("other")
    both = digest(tree / "scripts/setup.sh", other)
    assert both == digest(other, tree / "scripts/setup.sh")
    assert both not in (digest(other), digest(tree / "scripts/setup.sh"))


def test_json(goldkeep, digest, tree, tmp_path):
    result = tmp_path / "result.json"
    got = goldkeep("fingerprint", tree, tree / "scripts/setup.sh", "--output", "json",
                   "--result", result)  # fmt: skip
    assert got.status == 0, got
    assert got.json == {"fingerprint": digest(tree, tree / "scripts/setup.sh"), "files": 4}
    assert result.read_text() == got.out


# What a child needed at most, in KiB.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_a_large_file_needs_no_memory(goldkeep, tmp_path, environment):
    with open(tmp_path / "large.iso", "wb") as file:
        file.truncate(GIB)
    python = Runner(sys.executable, tmp_path, environment)
    got = python("-c", PEAK, goldkeep.program, "fingerprint", "large.iso")
    assert got.status == 0, got
    assert int(got.out) < 128 << 10  # the sanitizers' own included


# ---- what cannot be read ----


def test_missing(refused, tree):
    assert str(tree / "none") in refused(tree / "web.pkr.hcl", tree / "none")


def test_a_link_that_leads_nowhere(refused, tree):
    (tree / "scripts/dead").symlink_to("none")
    told = refused(tree)
    assert str(tree / "scripts/dead") in told and "leads nowhere" in told


def test_links_in_a_circle(refused, tree):
    (tree / "scripts/deep/up").symlink_to(tree / "scripts")
    assert "leads back" in refused(tree)
    (tree / "scripts/deep/up").unlink()
    (tree / "scripts/self").symlink_to("self")
    assert str(tree / "scripts/self") in refused(tree)


@pytest.mark.parametrize("where", ["named", "in a folder"])
def test_a_fifo_is_not_waited_for(refused, tree, where):
    fifo = tree / "scripts/fifo"
    os.mkfifo(fifo)
    told = refused(fifo if where == "named" else tree)
    assert f"{fifo} is a FIFO" in told


def test_a_socket_and_a_device(refused, tree, monkeypatch):
    monkeypatch.chdir(tree)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
        assert "is a socket" in refused(tree)
    assert "/dev/null is a device" in refused("/dev/null")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(refused, tree):
    (tree / "scripts/setup.sh").chmod(0)
    assert str(tree / "scripts/setup.sh") in refused(tree)


def test_a_file_that_cannot_be_read_to_the_end(refused):
    """Its first byte is at an address that no process has."""
    assert "/proc/self/mem" in refused("/proc/self/mem")


def test_nothing_at_all(refused, tmp_path):
    (tmp_path / "empty/inside").mkdir(parents=True)
    assert "there is no file in" in refused(tmp_path / "empty")
    assert "name what" in refused(status=2)


@pytest.mark.parametrize("variable", ["a", "=1", ""])
def test_no_variable(refused, variable):
    assert "KEY=VALUE" in refused("--var", variable, status=2)


def test_a_variable_with_two_values(refused):
    assert "two values" in refused("--var", "a=1", "--var", "a=2", status=2)
