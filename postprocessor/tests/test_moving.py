"""Inventories that move between stores: the same file whatever it went through, and every family whole or
not at all, also when the import is killed at any moment.
"""

import copy
import shutil

import pytest

from conftest import GOLDKEEP, Runner
from killer import AFTER, BEFORE, Killer
from stores import DYNAMODB, LOCAL, SQLITE
from test_export import DIFFERENT, family_lines, lines_of, made_up, named, sample, text_of

LARGE = 20  # releases whose items fill more than one transaction


@pytest.fixture
def at(goldkeep):
    """goldkeep over a store."""

    def at(uri, *arguments):
        return goldkeep("--store", uri, *arguments)

    return at


@pytest.fixture
def exported(at):
    def exported(uri):
        got = at(uri, "export")
        assert got.status == 0, got
        assert got.err == ""
        return got.out

    return exported


@pytest.fixture
def file_of(tmp_path):
    """A file of that name with these lines."""

    def file_of(name, lines):
        path = tmp_path / name
        path.write_text(text_of(lines))
        return path

    return file_of


@pytest.mark.parametrize("kind", DYNAMODB)
def test_there_and_back(kind, at, exported, new_store, file_of, tmp_path):
    text = text_of(sample())
    file_of("0.jsonl", sample())
    for number, way in enumerate([SQLITE, kind, SQLITE]):
        uri = new_store(way).uri
        got = at(uri, "import", f"{number}.jsonl")
        assert got.status == 0, got
        (tmp_path / f"{number + 1}.jsonl").write_text(exported(uri))
        assert exported(uri) == text, way
        again = at(uri, "import", f"{number}.jsonl", "--output", "json")
        assert (again.status, again.json["result"]) == (0, "unchanged"), again
        assert exported(uri) == text, way


def test_a_family_that_is_different_is_refused(at, new_store, file_of):
    """What is compared is not the service's."""
    store = new_store(LOCAL)
    assert at(store.uri, "import", file_of("in.jsonl", sample())).status == 0
    before = store.items()
    for change, words in DIFFERENT:
        lines = copy.deepcopy(sample())
        change(lines)
        if "1.1.0-rc.2" in str(lines):
            lines[3]["channels"]["latest"]["version"] = "1.1.0-rc.2"
        got = at(store.uri, "import", file_of("other.jsonl", lines))
        assert got.status == 5, got
        assert "web was not taken in: the inventory has family web already" in got.err
        assert words in got.err, got
        assert store.items() == before, words


def test_more_channels_than_one_item_holds(at, new_store, file_of):
    trail = [f"1.0.0-rc.{number}" for number in range(20)]
    channels = {f"channel-{number}": named("1.0.1", *trail) for number in range(2000)}
    lines = lines_of(family_lines("web", [made_up("web", 1)], **channels))
    store = new_store(LOCAL)
    before = store.items()
    got = at(store.uri, "import", file_of("in.jsonl", lines))
    assert got.status == 1, got
    assert "family web has 2000 channels" in got.err and "nothing was written" in got.err, got
    assert store.items() == before
    assert at(new_store(SQLITE).uri, "import", "in.jsonl").status == 0


@pytest.mark.parametrize("kind", DYNAMODB)
def test_families_before_a_different_one_stay(kind, at, exported, new_store, file_of):
    uri = new_store(kind).uri
    a, web, z = (family_lines(name, [made_up(name, 1)]) for name in ("a", "web", "z"))
    assert at(uri, "import", file_of("web.jsonl", lines_of(web))).status == 0
    other = family_lines("web", [made_up("web", 1, held=None)])
    got = at(uri, "import", file_of("all.jsonl", lines_of(a, other, z)), "--output", "json")
    assert (got.status, got.json["exit"]) == (5, 5), got
    assert [one["family"] for one in got.json["families"]] == ["a"]
    assert exported(uri) == text_of(lines_of(a, web))


class Interrupted:
    """An import of two families, and what may be there of it at any moment."""

    def __init__(self, at, exported, file_of):
        self.at, self.exported = at, exported
        large = [made_up("web", n) for n in range(LARGE)]
        families = [
            family_lines("a", [made_up("a", 1)], latest="1.0.1"),
            family_lines("web", large, latest="1.0.3", stable="1.0.1"),
        ]
        self.file = file_of("in.jsonl", lines_of(*families))
        self.wholes = [text_of(lines_of(*families[:count])) for count in range(3)]

    def check(self, uri, point):
        """Whole families, and the same command brings the rest; returns how many there were."""
        count = self.whole_families(uri, point)
        self.finish(uri, point)
        return count

    def whole_families(self, uri, point):
        found = self.exported(uri)
        assert found in self.wholes, f"{point}: a family is there in part"
        listed = self.at(uri, "list", "--all", "--output", "json")
        assert listed.status == 0, listed
        seen = {release["family"] for release in listed.json["releases"]}
        count = self.wholes.index(found)
        assert seen == set(("a", "web")[:count]), point
        for number, family in enumerate(("a", "web")):
            shown = self.at(uri, "show", family, "1.0.1")
            assert shown.status == (0 if number < count else 6), f"{point}: {shown}"
        return count

    def finish(self, uri, point):
        got = self.at(uri, "import", self.file)
        assert got.status == 0, f"{point}: {got}"
        assert self.exported(uri) == self.wholes[-1], point


@pytest.fixture
def interrupted(at, exported, file_of):
    return Interrupted(at, exported, file_of)


def import_and_kill(goldkeep, killer, store, file, number=None, moment=BEFORE):
    killer.aim(number, moment)
    process = goldkeep.start("--store", store.behind(killer.url), "import", str(file))
    killer.watch(process.pid)
    out, err = process.communicate(timeout=120)
    killer.settle()
    assert process.returncode == (0 if number is None else -9), f"request {number}: {out}{err}"


def test_killed_at_every_request(goldkeep, interrupted, new_store):
    """Over AWS's own DynamoDB alone: over moto it takes half a minute, and shows no more."""
    store, counts = new_store(LOCAL), set()
    with Killer(store.url) as killer:
        import_and_kill(goldkeep, killer, store, interrupted.file)
        requests = killer.seen
        assert requests > 8
        for number in range(1, requests + 1):
            for moment in (BEFORE, AFTER):
                store = new_store(LOCAL)
                import_and_kill(goldkeep, killer, store, interrupted.file, number, moment)
                point = f"request {number} of {requests}, {moment}"
                counts.add(interrupted.check(store.uri, point))
    assert counts == {0, 1, 2}


@pytest.mark.parametrize("kind", DYNAMODB)
def test_what_was_begun_is_finished_first(kind, at, goldkeep, built, interrupted, new_store):
    """No release fills the family meanwhile; another import may take over: test_import_killed.py."""
    with Killer(new_store(kind).url) as killer:
        store = new_store(kind)
        import_and_kill(goldkeep, killer, store, interrupted.file)
        last = killer.seen
        store = new_store(kind)
        import_and_kill(goldkeep, killer, store, interrupted.file, last, BEFORE)
    before = store.items()
    build = built()
    got = at(store.uri, "release", "--family", "web", "--manifest", build.manifest)
    assert got.status in (1, 5), got
    assert "import" in got.err, got
    assert store.items() == before
    interrupted.finish(store.uri, "in the end")


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_killed_at_every_write(tmp_path, environment, interrupted, new_store):
    """In the middle of what SQLite writes."""
    strace = Runner("strace", tmp_path, environment)
    counts, number, status = set(), 0, -9
    while status == -9:
        number += 1
        uri = new_store(SQLITE).uri
        kill = f"inject=fdatasync:signal=SIGKILL:when={number}"
        options = ("-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", kill)
        command = (GOLDKEEP, "--store", uri, "import", interrupted.file)
        got = strace(*options, *command, env={"ASAN_OPTIONS": "detect_leaks=0"})
        status = got.status
        assert status in (-9, 0), got
        counts.add(interrupted.check(uri, f"fdatasync {number}"))
    assert number > 2
    assert counts == {0, 1, 2}
