"""Whatever is wrong with what `release` is given: one clear line, its status, nothing changed."""

import ctypes
import json
import os
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import threading

import pytest

from emulator import SECOND_KEY, add_to_manifest, manifest_entry
from stored import everything, tables

US, EU = "us-east-1", "eu-west-1"
BOTH = (US, EU)
MANIFEST = "packer-manifest.json"


class Refusal:
    """Runs goldkeep where it must fail without having changed anything."""

    def __init__(self, goldkeep, emulator, inventory_path):
        self.goldkeep, self.emulator, self.inventory_path = goldkeep, emulator, inventory_path

    def __call__(self, *arguments, status, says="", env=None):
        before = everything(self.emulator, self.inventory_path)
        got = self.goldkeep("release", *arguments, env=env)
        self.check(got.status, got.err, status, says)
        # An inventory that was just made, and is empty, is no change.
        account, files = everything(self.emulator, self.inventory_path)
        assert account == before[0]
        if before[1] is not None:
            assert files == before[1]
        elif files:
            assert not any(tables(self.inventory_path).values())
        return got

    def check(self, got, err, status, says):
        assert got == status, err
        assert err.startswith("goldkeep: ") and err.endswith("\n"), err
        assert err.count("\n") == 1, err
        for word in (says,) if isinstance(says, str) else says:
            assert word in err, err

    def together(self, cases):
        """Cases (arguments, status, says) that wait, all at once."""
        before = everything(self.emulator, self.inventory_path)[0]
        running = [self.goldkeep.start("release", *arguments) for arguments, _, _ in cases]
        for process, (_, status, says) in zip(running, cases, strict=True):
            _, err = process.communicate(timeout=60)
            self.check(process.returncode, err, status, says)
        assert everything(self.emulator, self.inventory_path)[0] == before
        if self.inventory_path.exists():
            assert not any(tables(self.inventory_path).values())


@pytest.fixture
def refused(goldkeep, emulator, inventory_path):
    return Refusal(goldkeep, emulator, inventory_path)


# ---- what is waited for, in vain: all at once ----


def unreadable_manifests(built, tmp_path):
    """For 5 s: Packer may just be writing."""
    whole = built().manifest.read_text()
    texts = {
        "empty": "",
        "spaces": " \n",
        "brace": "{",
        "cut1": whole[:40],
        "cut2": whole[: len(whole) // 2],
        "cut3": whole.rstrip()[:-1],
        "words": "this is no JSON",
        "xml": "<manifest/>",
        "tail": whole + whole[-20:],
        "binary": "\x00\x01",
        "nul": whole.replace('"web"', '"we\\u0000b"'),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        yield ["--manifest", name], 1, ["manifest", name]
    yield ["--manifest", "nowhere"], 1, "nowhere"


def unavailable_images(emulator, built, tmp_path):
    """For 16 s: they might be too new to be seen. (A failed one is not waited for.)"""
    gone = built(manifest="gone.json", regions=BOTH)
    emulator.client("ec2", EU).deregister_image(ImageId=gone.images[1].id)
    foreign = built(manifest="foreign.json")
    emulator.set_image(foreign.images[0], owner_id="999988887777")
    pending = built(manifest="pending.json", regions=BOTH)
    emulator.set_image(pending.images[0], state="pending")
    failed = built(manifest="failed.json")
    emulator.set_image(failed.images[0], state="failed")
    add_to_manifest(tmp_path / "never.json", manifest_entry("us-east-1:ami-0123456789abcdef0"))
    return [
        (["--manifest", "gone.json"], 1, [gone.ids[1], EU]),
        (["--manifest", "foreign.json"], 1, [foreign.ids[0], US]),
        (["--manifest", "pending.json"], 1, [pending.ids[0], US, "pending"]),
        (["--manifest", "failed.json"], 1, [failed.ids[0], US, "failed"]),
        (["--manifest", "never.json"], 1, ["ami-0123456789abcdef0", US]),
    ]


def test_what_is_waited_for_in_vain(refused, goldkeep, emulator, built, tmp_path):
    """An inventory that another process has locked is one of these: for 10 s."""
    locked = tmp_path / "folder/locked.db"
    store = ["--store", f"sqlite:{locked}"]
    built("db", manifest="locked.json")
    got = goldkeep("release", "--manifest", "locked.json", *store)
    assert got.status == 0, got
    built("db", manifest="locked.json")
    rows = tables(locked)
    connection = sqlite3.connect(locked, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    refused.together(
        [
            (["--manifest", "locked.json", *store], 5, ["locked", str(locked)]),
            *unreadable_manifests(built, tmp_path),
            *unavailable_images(emulator, built, tmp_path),
        ]
    )
    shown = goldkeep("list", *store)
    connection.execute("ROLLBACK")
    connection.close()
    assert (shown.status, shown.err) == (0, "")
    assert tables(locked) == rows


# ---- the manifest ----


def entry_with(**more):
    return {"builds": [manifest_entry("us-east-1:ami-0123456789abcdef0", run="r") | more]}


@pytest.mark.parametrize(
    "document",
    [
        [],
        "text",
        None,
        {"builds": 5},
        {"builds": {}},
        {"builds": [7]},
        {"builds": [None]},
        {"builds": [], "last_run_uuid": 7},
        entry_with(name=7),
        entry_with(builder_type=[]),
        entry_with(build_time="now"),
        entry_with(build_time=1.5),
        entry_with(files="none"),
        entry_with(artifact_id=7),
        entry_with(packer_run_uuid={}),
        entry_with(custom_data=[]),
        entry_with(custom_data={"goldkeep_version": 1}),
    ],
    ids=json.dumps,
)
def test_a_manifest_of_wrong_types(refused, tmp_path, document):
    (tmp_path / MANIFEST).write_text(json.dumps(document))
    refused(status=1, says=MANIFEST)


def test_a_manifest_that_is_too_much(refused, tmp_path):
    (tmp_path / MANIFEST).write_text('{"builds": ' + "[" * 100_000)
    refused(status=1, says="deep")
    with open(tmp_path / MANIFEST, "w") as file:
        file.write('{"builds": []}')
        file.truncate(100 << 20)
    refused(status=1, says=MANIFEST)
    os.remove(tmp_path / MANIFEST)
    os.mkfifo(tmp_path / MANIFEST)
    refused(status=1, says="FIFO")
    refused("--manifest", tmp_path, status=1, says="folder")


def test_a_manifest_without_the_build(refused, built, tmp_path):
    (tmp_path / MANIFEST).write_text('{"builds": [], "last_run_uuid": ""}')
    refused(status=6, says="manifest")
    (tmp_path / MANIFEST).write_text("{}")
    refused(status=6, says="manifest")
    os.remove(tmp_path / MANIFEST)
    built()
    refused("--run", "another", status=6, says=["'another'", "one manifest per source"])
    refused("--build", "another", status=6, says=["'another'", "one manifest per source"])


def test_two_builds_of_one_name(refused, built):
    run = built().run
    build = built(run=run)
    refused(status=6, says=["'web'", "one manifest per source"])
    refused("--family", "any", status=6, says="'web'")
    refused(status=6, env=build.under_packer, says="goldkeep_family")


@pytest.mark.parametrize(
    "artifact",
    [
        "us-east-1:ami-",
        "us-east-1:ami-0123",
        "us-east-1:ami-0123456789ABCDEF0",
        "us-east-1:ami-0123456789abcdefg",
        "us-east-1:ami-0123456789abcdef01",
        "us east 1:ami-0123456789abcdef0",
        ":ami-0123456789abcdef0",
        "us-east-1:ami-0123456789abcdef0,us-east-1:vol-0123456789abcdef0",
        "us-east-1:ami-0123456789abcdef0,",
        "a/../b:ami-0123456789abcdef0",
        "evil.example/:ami-0123456789abcdef0",
    ],
)
def test_an_artifact_that_is_malformed(refused, emulator, tmp_path, artifact):
    add_to_manifest(tmp_path / MANIFEST, manifest_entry(artifact))
    refused(status=1, says=["'web'", "artifact_id"])
    assert emulator.requests() == []


@pytest.mark.parametrize(
    ("custom", "status", "says"),
    [
        ({"goldkeep_version": "v1.2.3"}, 2, "v1.2.3"),
        ({"goldkeep_version": "1.2.3.4"}, 2, "1.2.3.4"),
        ({"goldkeep_family": "../web"}, 2, "../web"),
        ({"goldkeep_family": "a b"}, 2, "a b"),
        ({"goldkeep_family": "a\nb\r\x1b[2J"}, 2, "family"),
        ({"goldkeep_family": "ä"}, 2, "family"),
        ({"goldkeep_family": "f" * 201}, 2, "200"),
        ({"goldkeep_fingerprint": "no hex"}, 2, "no hex"),
    ],
    ids=repr,
)
def test_custom_data(refused, emulator, built, custom, status, says):
    built(custom_data=custom)
    got = refused(status=status, says=says)
    assert re.fullmatch(r"[^\x00-\x1f\x7f]*\n", got.err)
    assert emulator.requests("DescribeImages") == []


# ---- options ----


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version", "01.2.3"],
        ["--version", "v1.2.3"],
        ["--version", "1" * 300],
        ["--version", "1.2.3-" + "1" * 300],
        ["--version", "1.2.3.4"],
        ["--version", "1.2.3-"],
        ["--version", "1.2.3-01"],
        ["--version", "1.2.3+"],
        ["--version", "1.x.3"],
        ["--version", "x"],
        ["--version", "01.x"],
        ["--version", " 1.2.3"],
        ["--version", "99999999999999999999.0.0"],
        ["--version", ""],
        ["--bump", "huge"],
        ["--prerelease", "rc 1"],
        ["--prerelease", ""],
        ["--family", "a b"],
        ["--family", "../web"],
        ["--family", "/web"],
        ["--family", "web;rm"],
        ["--family", "f" * 201],
        ["--channel", "a b"],
        ["--channel", "../x"],
        ["--tag", "no-equals-sign"],
        ["--tag", "=value"],
        ["--tag", "aws:x=1"],
        ["--tag", "goldkeep:family=x"],
        ["--tag", "ManagedBy=me"],
        ["--tag", "k" * 129 + "=1"],
        ["--tag", "k=" + "v" * 257],
        ["--tag", "k={nothing}"],
        ["--fingerprint", "xyz"],
        ["--keep-last", "many"],
        ["--keep-last", "-1"],
        ["--keep-last", "99999999999999999999"],
        ["--keep-within", "soon"],
        ["--min-age", "1x"],
        ["--max-remove", "1.5"],
        ["--output", "xml"],
        ["--log-format", "xml"],
        ["--store", "nothing:x"],
        ["--store", "sqlite:"],
        ["--endpoint-url", "nonsense"],
        ["--endpoint-url", "ftp://127.0.0.1/"],
        ["--endpoint-url", "http://user:password@127.0.0.1/"],
        ["--region", "no region"],
        ["--profile", "nobody"],
        ["--config", "nowhere.ini"],
        ["--no-such-option"],
        ["--family"],
        ["--strict=yes"],
        ["-x"],
        ["an-argument"],
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)
def test_options(refused, built, arguments):
    built()
    refused(*arguments, status=2)


@pytest.mark.parametrize(
    "env",
    [
        {"GOLDKEEP_KEEP_LAST": "many"},
        {"GOLDKEEP_STRICT": "perhaps"},
        {"GOLDKEEP_VERSION": "v1"},
        {"GOLDKEEP_TAG": "no-equals-sign"},
        {"GOLDKEEP_OUTPUT": "xml"},
    ],
    ids=repr,
)
def test_variables(refused, built, env):
    built()
    refused(status=2, env=env, says=[next(iter(env.values()))])


@pytest.mark.parametrize(
    ("wrong", "fine"),
    [
        ("channel = a b", "channel = b"),
        ("tag = =x", "tag = a=b"),
        ("publish-ssm = /{colour}", "publish-ssm = /{family}"),
    ],
    ids=repr,
)
def test_the_line_that_is_wrong(refused, built, tmp_path, wrong, fine):
    built()
    (tmp_path / "goldkeep.ini").write_text(f"[family web]\n{wrong}\n{fine}\n")
    refused(status=2, says=["goldkeep.ini:2: "])


# ---- credentials and endpoint ----


@pytest.mark.parametrize(
    "env",
    [
        {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
        {"AWS_ACCESS_KEY_ID": None},
        {"AWS_SECRET_ACCESS_KEY": ""},
        {"AWS_SECRET_ACCESS_KEY": "not/this/secret"},
        {"AWS_ACCESS_KEY_ID": "AKIANOBODYEXAMPLE000"},
        {"AWS_SESSION_TOKEN": "not/this/one"},
        {"AWS_ACCESS_KEY_ID": SECOND_KEY[0], "AWS_SECRET_ACCESS_KEY": SECOND_KEY[1]},
        {"AWS_ACCESS_KEY_ID": "with space"},
    ],
    ids=repr,
)
def test_credentials(refused, built, env):
    built(regions=BOTH)
    got = refused(status=1, env=env)
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        assert not env.get(name) or env[name] not in got.out + got.err


@pytest.mark.parametrize("code", ["ExpiredToken", "RequestExpired", "AuthFailure"])
def test_credentials_that_have_expired(refused, emulator, built, code):
    built(regions=BOTH)
    emulator.faults({"status": 400, "code": code, "message": "no more"})
    refused(status=1, says=[code])


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"status": 500, "raw": "<html>oops</html>", "content_type": "text/html"}, "500"),
        ({"status": 200, "raw": "<html>log in</html>", "content_type": "text/html"}, "html"),
        ({"status": 200, "raw": "{}", "content_type": "application/json"}, "DescribeImages"),
        ({"status": 302, "raw": "", "headers": {"Location": "http://127.0.0.1:1/"}}, "302"),
        ({"cut": 300}, "cut short"),
        ({"cut": 0}, "DescribeImages"),
        ({"close": True}, "DescribeImages"),
        ({"status": 200, "raw": "<DescribeImagesResponse>"}, "DescribeImages"),
        ({"status": 200, "raw": "<!DOCTYPE x [<!ENTITY y 'z'>]><x>&y;</x>"}, "DescribeImages"),
        ({"status": 200, "raw": "<DescribeImagesResponse>", "size": 100 << 20}, "larger than"),
        ({"status": 503, "code": "RequestLimitExceeded", "message": "slow down"}, "RequestLimit"),
    ],
    ids=str,
)
def test_answers(refused, emulator, built, rule, says):
    built()
    emulator.faults({"action": "DescribeImages"} | rule)
    refused(status=1, says=[US, says])


def test_endpoints(refused, emulator, built):
    built(regions=BOTH)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        refused("--endpoint-url", f"http://127.0.0.1:{port}", status=1, says=str(port))
    secure = emulator.url.replace("http://", "https://")
    refused("--endpoint-url", secure, status=1, says=secure)
    refused("--endpoint-url", "http://nowhere.invalid", status=1, says="nowhere.invalid")
    refused(status=1, env={"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}, says=str(port))


# ---- the images ----


def test_fifty_tags_are_there_already(refused, emulator, built):
    """4 are goldkeep's own: 46 others fit, 47 do not; on a snapshot alone it counts as well."""
    build = built(regions=BOTH)
    image = build.images[1]
    tags = [{"Key": f"theirs{number}", "Value": "x"} for number in range(47)]
    for id in (image.id, *image.snapshots):
        emulator.client("ec2", EU).create_tags(Resources=[id], Tags=tags)
        refused(status=1, says=[id, EU, "50"])
        emulator.client("ec2", EU).delete_tags(Resources=[id], Tags=tags[46:])
        refused("--tag", "one=more", status=1, says=[id, EU, "50"])
        emulator.client("ec2", EU).delete_tags(Resources=[id], Tags=tags[45:])
    got = refused.goldkeep("release", "--tag", "one=more")
    assert got.status == 0, got
    assert len(emulator.tags(EU, image.id)) == 50


# ---- the inventory ----


def without_privileges():
    """In the child: root no longer reads and writes what the mode of a file forbids."""
    libc = ctypes.CDLL(None)
    for capability in range(64):
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def run_limited(goldkeep, *arguments, limit):
    process = goldkeep.start("release", *arguments, preexec_fn=limit)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.fixture
def second_build(goldkeep, built):
    """One release is recorded; another build waits."""
    built()
    assert goldkeep("release").status == 0
    return built()


def test_an_inventory_that_is_read_only(
    refused, goldkeep, emulator, second_build, inventory_path
):
    before = everything(emulator, inventory_path)
    for folder_mode in (0o755, 0o555):
        inventory_path.chmod(0o444)
        inventory_path.parent.chmod(folder_mode)
        try:
            status, _, err = run_limited(goldkeep, limit=without_privileges)
        finally:
            inventory_path.parent.chmod(0o755)
        refused.check(status, err, 1, str(inventory_path))
        assert everything(emulator, inventory_path) == before


@pytest.mark.parametrize("room", [0, 1000, 20_000, 40_000])
def test_an_inventory_on_a_full_disk(
    refused, goldkeep, emulator, second_build, inventory_path, room
):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    account, rows = emulator.state(), tables(inventory_path)
    status, _, err = run_limited(goldkeep, limit=limit)
    refused.check(status, err, 1, str(inventory_path))
    assert (emulator.state(), tables(inventory_path)) == (account, rows)
    status, _, err = run_limited(goldkeep, "--store", "sqlite:new.db", "--new-family", limit=limit)
    refused.check(status, err, 1, "new.db")
    got = goldkeep("release")
    assert (got.status, got.err) == (0, ""), got


def test_an_inventory_that_is_locked_for_a_moment(goldkeep, emulator, second_build, inventory_path):
    """goldkeep waits for the other one: here until it has looked at the image."""
    connection = sqlite3.connect(inventory_path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    emulator.forget_requests()
    process = goldkeep.start("release")
    while not emulator.requests("DescribeSnapshots"):
        assert process.poll() is None
    connection.execute("ROLLBACK")
    connection.close()
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("PRAGMA user_version = 99", "newer goldkeep"),
        ("PRAGMA application_id = 1", "no goldkeep inventory"),
    ],
)
def test_an_inventory_of_somebody_else(refused, second_build, inventory_path, statement, says):
    connection = sqlite3.connect(inventory_path, isolation_level=None)
    connection.execute(statement)
    connection.close()
    refused(status=1, says=[str(inventory_path), says])
    refused("--dry-run", status=1, says=says)


def test_an_inventory_that_is_none(refused, built, tmp_path, inventory_path):
    built()
    (tmp_path / "text.db").write_text("this is no database at all\n" * 100)
    (tmp_path / "short.db").write_text("notes")
    (tmp_path / "cut.db").write_bytes(b"SQLite format 3\x00" + bytes(84))
    with sqlite3.connect(tmp_path / "theirs.db") as connection:
        connection.execute("CREATE TABLE theirs (id INTEGER)")
    connection.close()
    for name in ("text.db", "short.db", "cut.db", "theirs.db"):
        content = (tmp_path / name).read_bytes()
        refused("--store", f"sqlite:{name}", status=1, says=name)
        assert (tmp_path / name).read_bytes() == content
    for place in (tmp_path, "text.db/inventory.db", "/proc/nowhere/inventory.db", "/dev/null"):
        refused("--store", f"sqlite:{place}", status=1)
    assert not inventory_path.exists()


def test_no_home(refused, built):
    built()
    refused(status=2, env={"HOME": None}, says="--store")


# ---- output that cannot be written ----


@pytest.mark.parametrize("packer", [False, True], ids=["by hand", "under Packer"])
@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("where", [">&-", ">/dev/full", "| true", ">&- 2>&-", "<&- >&- 2>&-"])
def test_lost_output_loses_no_release(goldkeep, emulator, built, tmp_path, where, output, packer):
    build = built(regions=BOTH)
    env = goldkeep.environment | (build.under_packer if packer else {})
    options = f"--output {output} --result result.json"
    command = f"set -o pipefail; {goldkeep.program} release {options} {where}"
    got = subprocess.run(
        ["bash", "-c", command], env=env, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    # Into a pipe all may be written before the other end is closed.
    assert got.returncode in ((0,) if packer else (0, 3) if where == "| true" else (3,)), got
    if "2>&-" not in where and where != "| true":
        assert re.fullmatch("goldkeep: .*standard output.*\n", got.stderr), got
    # What was closed is no place for what is opened next.
    assert json.loads((tmp_path / "result.json").read_text())["result"] == "released"
    found = goldkeep("list", "--output", "json").json["releases"]
    assert [(one["version"], one["state"]) for one in found] == [("0.1.0", "live")]
    for image in build.images:
        assert emulator.tags(image.region, image.id)["goldkeep:version"] == "0.1.0"
    if where == ">&-":
        again = goldkeep("release")
        assert again.status == 0 and "unchanged" in again.out


def test_lost_output_fails_what_only_shows(goldkeep, second_build, tmp_path):
    for command in ("list", "show web 0.1.0", "history web", "--help", "--version", "list --help"):
        for where in (">&-", ">/dev/full"):
            got = subprocess.run(
                ["sh", "-c", f"{goldkeep.program} {command} {where}"],
                env=goldkeep.environment,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
            assert got.returncode == 1, (command, where, got)
            assert got.stderr.count("\n") == 1


@pytest.mark.parametrize("packer", [False, True], ids=["by hand", "under Packer"])
def test_a_full_disk_under_the_result(goldkeep, emulator, built, tmp_path, packer):
    """A file system without room for a single byte, in a mount namespace of its own."""
    build = built()
    folder = tmp_path / "small"
    folder.mkdir()
    script = (
        f"mount -t tmpfs -o size=4096 none {folder} && cat /dev/zero >{folder}/filler 2>/dev/null; "
        f"{goldkeep.program} release --result {folder}/result.json; status=$?; "
        f"ls -A {folder} >&2; exit $status"
    )
    command = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], check=False).returncode:
        pytest.skip("no mount namespaces here")
    env = goldkeep.environment | (build.under_packer if packer else {})
    got = subprocess.run(
        [*command, "sh", "-c", script],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert got.returncode == (0 if packer else 3), got
    *said, left = got.stderr.splitlines()
    assert len(said) == 1 and "--result" in said[0] and left == "filler", got
    [found] = goldkeep("list", "--output", "json").json["releases"]
    assert found["state"] == "live"


def test_a_closed_pipe_while_running(goldkeep, emulator, built):
    """Packer was killed: what it started lives on, and nobody reads what it says."""
    build = built(regions=BOTH)
    process = goldkeep.start("release")
    process.stdout.close()
    threading.Thread(target=process.stderr.read).start()
    assert process.wait(timeout=60) in (0, 3)
    for image in build.images:
        assert emulator.tags(image.region, image.id)["goldkeep:version"] == "0.1.0"

def test_a_manifest_without_a_run_is_refused(goldkeep, emulator, built, tmp_path):
    """packer_run_uuid can be empty: all such builds would be one release."""
    built(run="x")
    path = tmp_path / "packer-manifest.json"
    path.write_text(path.read_text().replace('"x"', '""'))
    got = goldkeep("release", "--family", "web", "--output", "json")
    assert got.status == 6, got
    assert "--run" in got.err
    assert emulator.tags("us-east-1", next(iter(emulator.images()))) == {}
