"""Moving an inventory: what export writes, import takes in, every family whole or not at all."""

import copy
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from conftest import SANITIZED
from history import US, History
from stored import files, tables
from stores import LOCAL

HEADER = {"goldkeep": "export", "format": 1}


@pytest.fixture
def history(emulator, goldkeep, built):
    return History(emulator, goldkeep, built)


@pytest.fixture
def stores(tmp_path, goldkeep):
    """A second inventory: its path, and goldkeep working on it."""

    def other(name):
        path = tmp_path / name / "inventory.db"
        return path, lambda *arguments, **more: goldkeep(
            "--store", f"sqlite:{path}", *arguments, **more
        )

    return other


def made_up(family, number, **changes):
    """A release with every field set."""
    return {
        "family": family,
        "version": f"1.0.{number}",
        "state": "live",
        "held": 'because of "ä"\n',
        "revoked": None,
        "created_at": "2026-11-20T12:36:00Z",
        "run": f"run-{number}",
        "build": "web",
        "builder": "amazon-ebs",
        "fingerprint": "00ff",
        "intent": '{"a":[1]}',
        "revision": 7,
        "published": ["/golden/{family}/{channel}", "/golden/{version}"],
        "images": [
            {
                "provider": "aws",
                "location": "us-east-1",
                "id": f"ami-{number:08x}",
                "name": "web",
                "architecture": "arm64",
                "account": "123456789012",
                "bundle": "bucket/manifest.xml",
                "state": "retired",
                "snapshots": [
                    {"id": "snap-1", "state": "leftover", "reason": "in use"},
                    {"id": "snap-2", "state": "shared", "reason": None},
                ],
            },
            {
                "provider": "aws",
                "location": "eu-west-1",
                "id": f"ami-{number:08x}",
                "name": None,
                "architecture": None,
                "account": None,
                "bundle": None,
                "state": "live",
                "snapshots": [],
            },
        ],
        "events": [
            {"at": "2026-11-20T12:36:01Z", "actor": "me", "action": "allocated", "detail": None},
            {"at": "2026-11-20T12:36:00Z", "actor": None, "action": "live", "detail": "one line"},
        ],
    } | changes


def named(version, *trail):
    """Where a channel is, and was."""
    return {"version": version, "trail": list(trail)}


def family_lines(family, releases, **channels):
    """`latest="1.0.1"`, or what named() gives."""
    places = {name: named(at) if isinstance(at, str) else at for name, at in channels.items()}
    return [{"family": family, "releases": len(releases), "channels": places}, *releases]


def lines_of(*families):
    """The lines of a file; every family as family_lines makes it."""
    releases = sum(len(lines) - 1 for lines in families)
    end = {"goldkeep": "end", "families": len(families), "releases": releases}
    return [HEADER, *(line for lines in families for line in lines), end]


def text_of(lines):
    texts = [json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in lines]
    return "".join(text + "\n" for text in texts)


BARE = {"held": None, "build": None, "builder": None, "fingerprint": None, "intent": None}


def sample():
    """Two families; every state, and everything that may be null."""
    states = ["retired", "live", "deprecated", "disabled", "retiring", "pending"]
    web = [made_up("web", i, state=state) for i, state in enumerate(states)]
    web[0]["revoked"] = 'bad "kernel"'
    web[1] |= BARE | {"published": [], "images": [], "events": []}
    web[3]["revoked"] = "late"
    web.append(made_up("web", 6, version="1.1.0-rc.1+linux.5", created_at="1970-01-01T00:00:00Z"))
    db = [made_up("db/arm64", 3, created_at="299999999999")]
    return lines_of(
        family_lines("db/arm64", db),
        family_lines(
            "web",
            web,
            latest=named("1.1.0-rc.1+linux.5", "1.0.2", "0.9.0-rc.1+b"),
            stable="1.0.2",
        ),
    )


def meant(path):
    """The tables of an inventory without row ids: what stands in them as names."""
    queries = {
        "releases": "SELECT f.name, key, version, state, held, created_at, run, build, builder, "
        "fingerprint, intent, revision, revoked, published, retired, unfinished "
        "FROM releases r JOIN families f ON f.id = r.family",
        "images": "SELECT f.name, r.version, position, provider, location, image, i.name, "
        "architecture, account, bundle, i.state FROM images i "
        "JOIN releases r ON r.id = i.release JOIN families f ON f.id = r.family",
        "snapshots": "SELECT f.name, r.version, i.position, s.position, snapshot, s.state, reason "
        "FROM snapshots s JOIN images i ON i.id = s.image "
        "JOIN releases r ON r.id = i.release JOIN families f ON f.id = r.family",
        "channels": "SELECT f.name, c.name, r.version, c.trail FROM channels c "
        "JOIN releases r ON r.id = c.release JOIN families f ON f.id = c.family",
        "events": "SELECT f.name, r.version, row_number() OVER "
        "(PARTITION BY e.release ORDER BY e.id), at, actor, action, detail FROM events e "
        "JOIN releases r ON r.id = e.release JOIN families f ON f.id = e.family",
    }
    connection = sqlite3.connect(path)
    try:
        return {
            name: sorted(connection.execute(query), key=repr) for name, query in queries.items()
        }
    finally:
        connection.close()


def export(run):
    got = run("export")
    assert got.status == 0, got
    assert got.err == ""
    return got.out


def test_an_inventory_moves_to_another_store(history, goldkeep, stores, inventory_path, tmp_path):
    for _ in range(3):
        history.release("--keep-last", 2)
    history.release("--prerelease", "rc", name="db", regions=[US])
    history.run("hold", "web", "0.1.1", "--reason", 'it is "ours"')
    text = export(goldkeep)
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines[0] == HEADER
    assert lines[1] == {"family": "db", "releases": 1, "channels": lines[1]["channels"]}
    assert lines[-1] == {"goldkeep": "end", "families": 2, "releases": 4}
    web = {line["version"]: line for line in lines[4:-1]}
    assert list(web) == ["0.1.0", "0.1.1", "0.1.2"]
    assert web["0.1.0"]["state"] == "retired"
    assert web["0.1.1"]["held"] == 'it is "ours"'
    assert web["0.1.2"]["events"][0]["action"] == history.actions("0.1.2")[-1]

    (tmp_path / "all.jsonl").write_text(text)
    path, other = stores("second")
    got = other("import", "all.jsonl")
    assert got.status == 0, got
    assert got.out.splitlines() == ["db: taken in, 1 release", "web: taken in, 3 releases"]
    assert export(other) == text
    assert meant(path) == meant(inventory_path)
    before = tables(path)
    again = other("import", "all.jsonl", "--output", "json")
    assert again.status == 0, again
    assert [one["result"] for one in again.json["families"]] == ["unchanged"] * 2
    assert again.json["result"] == "unchanged"
    assert other("import", "all.jsonl").out.startswith("db: already there, 1 release\n")
    assert tables(path) == before
    # It goes on there as if it had always been there.
    build = history.built("web")
    got = other("release", "--keep-last", "2", "--output", "json")
    assert got.json["version"] == "0.1.3", got
    assert got.json["run"] == build.run


def test_every_field_comes_back(stores, tmp_path):
    text = text_of(sample())
    (tmp_path / "in.jsonl").write_text(text)
    path, other = stores("second")
    got = other("import", "in.jsonl", "--output", "json", "--result", "result.json")
    assert got.status == 0, got
    assert got.json == {
        "families": [
            {"family": "db/arm64", "result": "imported", "releases": 1},
            {"family": "web", "result": "imported", "releases": 7},
        ],
        "result": "imported",
        "exit": 0,
        "error": None,
    }
    assert json.loads((tmp_path / "result.json").read_text()) == got.json
    assert export(other) == text
    third_path, third = stores("third")
    assert third("import", "in.jsonl").status == 0
    assert meant(third_path) == meant(path)


def test_an_empty_inventory(stores, tmp_path):
    _, other = stores("second")
    text = export(other)
    assert text == text_of(lines_of())
    (tmp_path / "in.jsonl").write_text(text)
    got = other("import", "in.jsonl", "--output", "json")
    assert (got.status, got.json["families"]) == (0, [])


def piped(goldkeep, store, text, **more):
    """import - with a pipe as its standard input."""
    return subprocess.run(
        [goldkeep.program, "--store", f"sqlite:{store}", "import", "-"],
        env=goldkeep.environment,
        cwd=goldkeep.folder,
        input=text,
        capture_output=True,
        **more,
    )


def test_from_standard_input(goldkeep, stores, tmp_path):
    text = text_of(sample())
    path, other = stores("second")
    got = piped(goldkeep, path, text.encode())
    assert got.returncode == 0, got
    assert export(other) == text
    (tmp_path / "in.jsonl").write_text(text)
    path, other = stores("third")
    with open(tmp_path / "in.jsonl") as file:
        got = subprocess.run(
            [goldkeep.program, "--store", f"sqlite:{path}", "import", "-"],
            env=goldkeep.environment,
            cwd=tmp_path,
            stdin=file,
            capture_output=True,
        )
    assert got.returncode == 0, got
    assert export(other) == text
    assert list((tmp_path / "tmp").iterdir()) == []


def test_standard_input_whose_beginning_was_read(goldkeep, stores, tmp_path):
    text = text_of(sample())
    (tmp_path / "in.jsonl").write_text("a line for somebody else\n" + text)
    path, other = stores("second")
    command = [goldkeep.program, "--store", f"sqlite:{path}", "import", "-"]
    with open(tmp_path / "in.jsonl") as file:
        got = subprocess.run(
            ["sh", "-c", 'read -r line; "$@"', "sh", *command],
            env=goldkeep.environment,
            cwd=tmp_path,
            stdin=file,
            capture_output=True,
        )
    assert got.returncode == 0, got
    assert export(other) == text


def test_an_export_shows_one_moment(stores, tmp_path):
    """While a release changes all the time, its row and its history fit together."""
    _, busy = stores("first")
    web = [made_up("web", i, held=None, events=[]) for i in range(2000)]
    (tmp_path / "in.jsonl").write_text(text_of(lines_of(family_lines("web", web))))
    assert busy("import", "in.jsonl").status == 0
    stop = threading.Event()

    def change():
        while not stop.is_set():
            busy("hold", "web", "1.0.1999", "--reason", "busy")
            time.sleep(0.05)
            busy("unhold", "web", "1.0.1999")
            time.sleep(0.05)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(20):
            (one,) = [
                line
                for line in map(json.loads, export(busy).splitlines())
                if line.get("version") == "1.0.1999"
            ]
            assert one["revision"] == 7 + len(one["events"])
            last = one["events"][-1]["action"] if one["events"] else "let go"
            assert last == ("held" if one["held"] else "let go")
    finally:
        stop.set()
        changing.join()


def test_a_file_that_was_cut_changes_nothing(stores, tmp_path):
    whole = text_of(sample()).encode()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    cuts = {0, 1, 5, len(whole) - 1, len(whole) // 2, len(whole) // 3}
    cuts |= {end + shift for end in ends[:-1] for shift in (-1, 0, 1, 20)}
    path, other = stores("second")
    for cut in sorted(cuts):
        (tmp_path / "in.jsonl").write_bytes(whole[:cut])
        got = other("import", "in.jsonl")
        line = whole[:cut].count(b"\n") + 1
        assert got.status == 2, (cut, got)
        assert f"in.jsonl, line {line}: " in got.err, (cut, got)
        assert got.err.count("\n") == 1
        assert not path.parent.exists(), cut


def broken(change):
    """The sample after a change of its lines, as bytes."""
    lines = copy.deepcopy(sample())
    changed = change(lines)
    return text_of(lines if changed is None else changed).encode()


def put(line, key, value):
    return lambda lines: lines[line].__setitem__(key, value)


def put_image(key, value):
    return lambda lines: lines[4]["images"][0].__setitem__(key, value)


def put_event(key, value):
    return lambda lines: lines[4]["events"][0].__setitem__(key, value)


def put_snapshot(key, value):
    return lambda lines: lines[4]["images"][0]["snapshots"][0].__setitem__(key, value)


def swap(lines):
    lines[4], lines[5] = lines[5], lines[4]


def leave_out(line, key):
    return lambda lines: lines[line].__delitem__(key)


def without(line):
    return lambda lines: lines[:line] + lines[line + 1 :]


# Line 1 is the header, 2 and 3 are family db/arm64, 4 is web, 5 to 11 its releases, 12 the end.
BROKEN = [  # what is done to it, the line that is named, words of the message
    (put(0, "format", 2), 1, "upgrade goldkeep"),
    (put(0, "format", "1"), 1, "format"),
    (put(0, "goldkeep", "inventory"), 1, "no export"),
    (put(0, "new", 1), 1, "unknown member 'new'"),
    (put(3, "family", "../web"), 4, "family"),
    (put(3, "family", None), 4, "family"),
    (put(3, "family", "a"), 4, "behind"),
    (put(3, "releases", 6), 10, "channel latest"),
    (put(3, "releases", 8), 12, "a release is missing"),
    (put(3, "releases", 0), 4, "no release"),
    (put(3, "releases", -1), 4, "releases"),
    (put(3, "releases", 1.5), 4, "releases"),
    (put(3, "channels", []), 4, "channels"),
    (put(3, "channels", {"latest": named("9.9.9")}), 11, "9.9.9, which is not"),
    (put(3, "channels", {"latest": named("1.0.5")}), 11, "1.0.5, which is pending"),
    (put(3, "channels", {"latest": named("1.0.3")}), 11, "which is revoked: late"),
    (put(3, "channels", {"latest": named("1.0")}), 4, "latest"),
    (put(3, "channels", {"latest": named(None)}), 4, "channel latest: \"version\" is null"),
    (put(3, "channels", {"latest": 1}), 4, "channel latest: no object"),
    (put(3, "channels", {"latest": "1.0.2"}), 4, "latest"),
    (put(3, "channels", {"latest": {"version": "1.0.2"}}), 4, "\"trail\" is missing"),
    (put(3, "channels", {"latest": named("1.0.2") | {"x": 1}}), 4, "unknown member 'x'"),
    (put(3, "channels", {"latest": named("1.0.2", "1.0")}), 4, "latest"),
    (put(3, "channels", {"latest": named("1.0.2", None)}), 4, "\"trail\" is no list of strings"),
    (put(3, "channels", {"latest": named("1.0.2", "1.0.1\n")}), 4, "latest"),
    (put(3, "channels", {"latest": named("1.0.2", *["1.0.1"] * 21)}), 4, "more than 20"),
    (put(3, "channels", {"la test": named("1.0.2")}), 4, "la test"),
    (put(4, "family", "db"), 5, "another family"),
    (put(4, "version", "01.0.0"), 5, "version"),
    (put(4, "state", "sleeping"), 5, "'sleeping' is no state"),
    (put(4, "state", 1), 5, '"state" is no string'),
    (put(4, "held", False), 5, "held"),
    (put(4, "revoked", False), 5, "revoked"),
    (put(4, "published", None), 5, '"published" is no list'),
    (put(4, "published", [1]), 5, '"published" is no list of strings'),
    (put(4, "published", [""]), 5, '"published": '),
    (put(4, "published", ["/a\n/b"]), 5, '"published": '),
    (put(4, "published", ["/{colour}"]), 5, '"published": '),
    (put(4, "created_at", "yesterday"), 5, "created_at"),
    (put(4, "created_at", 5), 5, "created_at"),
    (put(4, "run", None), 5, '"run" is null'),
    (put(4, "run", ""), 5, '"run" is empty'),
    (put(4, "run", "run-5"), 11, "two releases of run 'run-5'"),
    (put(4, "intent", "{"), 5, "intent"),
    (put(4, "intent", {}), 5, "intent"),
    (put(4, "revision", 0), 5, "revision"),
    (put(4, "revision", "1"), 5, "revision"),
    (put(4, "images", {}), 5, "images"),
    (put(4, "images", [1]), 5, "image 1"),
    (put(4, "events", None), 5, "events"),
    (put(4, "colour", "red"), 5, "unknown member 'colour'"),
    (put(4, "held", "a\0b"), 5, "NUL"),
    (put_image("id", None), 5, "image 1"),
    (put_image("state", "gone"), 5, "'gone' is no state"),
    (put_image("snapshots", "none"), 5, "snapshots"),
    (put_image("size", 8), 5, "image 1: unknown member 'size'"),
    (put_snapshot("state", "retired"), 5, "snapshot 1"),
    (put_snapshot("id", ""), 5, "snapshot 1"),
    (put_event("at", None), 5, "event 1"),
    (put_event("action", ""), 5, "event 1"),
    (put(5, "version", "1.0.0"), 6, "web 1.0.0 is there twice"),
    (put(5, "version", "1.0.0+b"), 6, "is there twice"),
    (leave_out(4, "published"), 5, '"published" is missing'),
    (leave_out(4, "revoked"), 5, '"revoked" is missing'),
    (leave_out(4, "builder"), 5, '"builder" is missing'),
    (without(0), 1, "no export"),
    (without(3), 4, "unknown member"),
    (lambda lines: lines.append({}), 13, "behind the end"),
    (lambda lines: lines.insert(2, lines[3]), 3, "a release is missing"),
    (lambda lines: lines[3:4] * 2, 1, "no export"),
    (lambda lines: lines[:3] + lines[1:3] + lines[3:], 4, "is there twice"),
    (put(11, "families", 1), 12, "no end of 2 families"),
    (put(11, "releases", 1), 12, "no end of 2 families with 8 releases"),
    (swap, 6, "behind a higher version"),
]


def test_what_is_wrong_with_a_file_is_said_and_changes_nothing(stores, tmp_path):
    path, other = stores("second")
    for number, (change, line, words) in enumerate(BROKEN):
        (tmp_path / "in.jsonl").write_bytes(broken(change))
        got = other("import", "in.jsonl")
        assert got.status == 2, (number, got)
        assert f"in.jsonl, line {line}: " in got.err, (number, got)
        assert words in got.err, (number, got)
        assert not path.parent.exists(), number


def test_what_is_no_text_changes_nothing(stores, tmp_path):
    whole = text_of(sample()).encode()
    path, other = stores("second")
    for what in (
        whole.replace(b"one line", b"one\0line"),
        whole.replace(b"one line", b"one \xff line"),
        whole.replace(b'"state"', b'"state":"live","state"', 1),
        whole.replace(b"{", b"[", 1),
        b"\n" + whole,
        b"null\n",
        bytes(range(256)) * 100,
        b"[" * 100_000 + b"\n",
    ):
        (tmp_path / "in.jsonl").write_bytes(what)
        got = other("import", "in.jsonl")
        assert got.status in (1, 2), (what[:80], got)
        assert "in.jsonl, line " in got.err
        assert not path.parent.exists()


def test_a_line_without_end(goldkeep, stores, tmp_path):
    path, other = stores("second")
    with open(tmp_path / "in.jsonl", "wb") as file:
        file.write(text_of([HEADER]).encode() + b'{"family":"')
        file.truncate(100 << 20)  # NUL bytes to the end
    got = other("import", "in.jsonl")
    assert got.status == 2, got
    assert "line 2: it has more than" in got.err
    with open("/dev/zero", "rb") as zeros:
        got = subprocess.run(
            [goldkeep.program, "--store", f"sqlite:{path}", "import", "-"],
            env=goldkeep.environment,
            cwd=tmp_path,
            stdin=zeros,
            capture_output=True,
            text=True,
        )
    assert got.returncode == 2, got
    assert "standard input, line 1: it has more than" in got.stderr
    assert not path.parent.exists()


def test_what_is_no_file(stores, tmp_path):
    path, other = stores("second")
    assert other("import").status == 2
    assert other("import", "a", "b").status == 2
    assert "nowhere" in other("import", "nowhere").err
    assert other("import", "nowhere").status == 2
    assert other("import", ".").status == 2
    assert other("import", "-").status == 2
    assert not path.parent.exists()


DIFFERENT = [
    (put(4, "held", None), '"held" is '),
    (put(4, "revoked", "bad luck"), "\"revoked\" is 'bad \"kernel\"' in"),
    (put(4, "published", []), '"published" is '),
    (lambda lines: lines[3]["channels"]["latest"]["trail"].pop(), "channel latest of web: \"trail\""),
    (put(4, "revision", 8), "'7' in the inventory and '8' in the import"),
    (put(4, "created_at", "2026-11-20T12:36:01Z"), "web 1.0.0: "),
    (put_image("account", None), "web 1.0.0, image 'ami-00000000'"),
    (put_snapshot("reason", None), "snapshot 'snap-1'"),
    (put_event("actor", None), "web 1.0.0, event 1"),
    (lambda lines: lines[4]["events"].pop(), "2 events in the inventory and 1"),
    (lambda lines: lines[4]["images"].pop(), "2 images in the inventory and 1"),
    (lambda lines: lines[3]["channels"].pop("latest"), "channel latest of web names 1.1.0-rc.1+linux.5"),
    (put(10, "version", "1.1.0-rc.2"), "web 1.1.0-rc.2 is not in the inventory"),
]


def test_a_family_that_is_different_is_refused(stores, tmp_path):
    (tmp_path / "in.jsonl").write_text(text_of(sample()))
    path, other = stores("second")
    assert other("import", "in.jsonl").status == 0
    before = files(path)
    for change, words in DIFFERENT:
        lines = copy.deepcopy(sample())
        change(lines)
        if "1.1.0-rc.2" in str(lines):
            lines[3]["channels"]["latest"]["version"] = "1.1.0-rc.2"
        (tmp_path / "in.jsonl").write_text(text_of(lines))
        got = other("import", "in.jsonl")
        assert got.status == 5, got
        assert "web was not taken in: the inventory has family web already" in got.err
        assert words in got.err, got
        assert "the 1 family before it stays in the inventory" in got.err
        assert tables(path) is not None
    assert files(path).keys() == before.keys()
    assert text_of(sample()) == export(other)


def test_families_before_a_different_one_stay(stores, tmp_path):
    _, other = stores("second")
    web = family_lines("web", [made_up("web", 1)])
    (tmp_path / "web.jsonl").write_text(text_of(lines_of(web)))
    assert other("import", "web.jsonl").status == 0
    a, b, z = (family_lines(name, [made_up(name, 1)]) for name in "abz")
    changed = family_lines("web", [made_up("web", 1, held=None)])
    (tmp_path / "all.jsonl").write_text(text_of(lines_of(a, b, changed, z)))
    got = other("import", "all.jsonl", "--output", "json")
    assert got.status == 5, got
    assert "the 2 families before it stay in the inventory" in got.err
    assert (got.json["result"], got.json["exit"]) == ("failed", 5)
    assert [one["family"] for one in got.json["families"]] == ["a", "b"]
    assert "web" in got.json["error"]
    assert export(other) == text_of(lines_of(a, b, web))


def test_a_lost_standard_output_is_a_failure(stores, goldkeep, tmp_path):
    path, other = stores("second")
    (tmp_path / "in.jsonl").write_text(text_of(sample()))
    assert other("import", "in.jsonl").status == 0
    command = [goldkeep.program, "--store", f"sqlite:{path}", "export"]
    with open("/dev/full", "w") as full:
        got = subprocess.run(
            command, env=goldkeep.environment, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert got.returncode == 1
    assert got.stderr.count("\n") == 1
    shell = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *command],
        env=goldkeep.environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert shell.returncode == 1, shell
    reading, writing = os.pipe()
    os.close(reading)
    got = subprocess.run(command, env=goldkeep.environment, stdout=writing, capture_output=False)
    os.close(writing)
    assert got.returncode == 1


def test_result_of_an_export(stores, tmp_path):
    _, other = stores("second")
    (tmp_path / "in.jsonl").write_text(text_of(sample()))
    assert other("import", "in.jsonl").status == 0
    got = other("export", "--output", "json", "--result", "result.json")
    assert got.out == text_of(sample())
    assert json.loads((tmp_path / "result.json").read_text()) == {"families": 2, "releases": 8}


def test_a_channel_names_a_release_as_it_is_written(new_store, goldkeep, tmp_path):
    """With its build metadata, whatever store it goes through."""
    releases = [made_up("web", 0, version="1.0.0+linux.5")]
    (tmp_path / "in.jsonl").write_text(text_of(lines_of(family_lines("web", releases, latest="1.0.0"))))
    wanted = text_of(lines_of(family_lines("web", releases, latest="1.0.0+linux.5")))
    for uri in (new_store(LOCAL).uri, f"sqlite:{tmp_path}/in.db"):
        assert goldkeep("import", "in.jsonl", "--store", uri).status == 0
        assert goldkeep("export", "--store", uri).out == wanted, uri


BIG_EVENT = {"at": "2026-11-20T12:36:01Z", "actor": "me", "action": "live", "detail": "x" * 410_000}


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"events": [BIG_EVENT]}, 1, "an event of web 1.0.1 takes 4"),
        ({"run": "r" * 1500}, 2, "more than 1000 bytes"),
    ],
)
def test_what_a_table_cannot_hold_is_refused_before_anything_is_written(
    changes, status, says, new_store, goldkeep, tmp_path
):
    """A family that was begun and could not be ended would be nobody's."""
    store = new_store(LOCAL)
    whole = [made_up("web", 0), made_up("web", 1)]
    for releases in ([whole[0], whole[1] | changes], whole):
        (tmp_path / "in.jsonl").write_text(text_of(lines_of(family_lines("web", releases))))
        got = goldkeep("import", "in.jsonl", "--store", store.uri)
        if releases is whole:
            assert got.status == 0, got
        else:
            assert got.status == status and says in got.err, got
            assert not store.items()


def test_times_that_no_clock_shows_keep_their_order(new_store, goldkeep, tmp_path):
    """A table sorts events by name; what comes back is what was given."""
    times = ["-5", "253402300900", "9223372036854775807", "-9223372036854775808", "2026-11-20T12:36:01Z"]
    events = [{"at": at, "actor": None, "action": "live", "detail": None} for at in times]
    events[0]["at"] = "1969-12-31T23:59:55Z"
    text = text_of(lines_of(family_lines("web", [made_up("web", 0, events=events)])))
    (tmp_path / "in.jsonl").write_text(text)
    store = new_store(LOCAL)
    assert goldkeep("import", "in.jsonl", "--store", store.uri).status == 0
    assert goldkeep("export", "--store", store.uri).out == text


MANY = 3000


# A process begins with the memory of the one that it was forked from: a small one has to start it.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""


def peak_of(*command, env, out):
    """Most memory that a command took, in KiB."""
    started = [sys.executable, "-SIc", PEAK, *map(str, command)]
    ran = subprocess.run(started, env=env, stdout=out, stderr=subprocess.PIPE, text=True)
    assert ran.returncode == 0, ran
    return int(ran.stderr)


def test_large_families_one_after_the_other(stores, goldkeep, tmp_path):
    peaks = []
    for count in (1, 4):
        families = [
            family_lines(f"f{n}", [made_up(f"f{n}", i) for i in range(MANY)], latest="1.0.7")
            for n in range(count)
        ]
        text = text_of(lines_of(*families))
        (tmp_path / "in.jsonl").write_text(text)
        path, _ = stores(f"store-{count}")
        command = [goldkeep.program, "--store", f"sqlite:{path}"]
        with open(tmp_path / "out.jsonl", "w") as out:
            taken, again = (
                peak_of(*command, "import", tmp_path / "in.jsonl", env=goldkeep.environment, out=out)
                for _ in range(2)
            )
        with open(tmp_path / "out.jsonl", "w") as out:
            given = peak_of(*command, "export", env=goldkeep.environment, out=out)
        assert (tmp_path / "out.jsonl").read_text() == text
        peaks.append((taken, given))
        assert SANITIZED or again < 1.2 * taken + 2048, "what is there is not held beside the file"
    if not SANITIZED:
        (small_in, small_out), (large_in, large_out) = peaks
        assert large_in < 1.2 * small_in + 2048, peaks
        assert large_out < 1.2 * small_out + 2048, peaks
