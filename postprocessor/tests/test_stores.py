"""One behaviour, whatever the inventory is kept in."""

import re
import subprocess

import pytest

from conftest import GOLDKEEP
from emulator import ROOT
from history import US, History
from job import Job
from stores import DYNAMODB, KINDS, MOTO, SQLITE

COST = re.compile(r"inventory: (\d+) calls?, ([\d.]+) read units, ([\d.]+) write units")
SUITE = GOLDKEEP.parent / "units/inventory/tests/dynamodb_test"
SOURCES = ROOT / "common/inventory/tests"


def suite_tests():
    texts = [path.read_text() for path in SOURCES.glob("store_*.c")]
    return {name for text in texts for name in re.findall(r"STORE_TEST\((test_\w+)\)", text)}


@pytest.mark.parametrize("kind", DYNAMODB)
def test_the_suite_of_all_stores(kind, no_store, environment, tmp_path):
    """Every test that SQLite has to pass; without a service only scripted answers are tried."""
    ran = subprocess.run(
        [SUITE],
        env=environment | {"GOLDKEEP_DYNAMODB_ENDPOINT": no_store(kind).url, "AWS_REGION": US},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    begun = re.findall(r"^\[ RUN      \] (\w+)", ran.stdout, re.M)
    passed = re.findall(r"^\[       OK \] (\w+)", ran.stdout, re.M)
    assert ran.returncode == 0 and begun == passed, ran.stdout
    expected = suite_tests()
    assert len(expected) > 20 and expected <= set(passed), expected - set(passed)


def test_the_same_documents(emulator, goldkeep, new_store, tmp_path):
    job = Job(emulator, goldkeep, tmp_path)
    found = {}
    for kind in KINDS:
        job.begin()
        uri, other = new_store(kind).uri, new_store(kind).uri
        told, state, text = job.do(uri), job.state(uri), job.text(uri)
        found[kind] = {
            "told": told,
            "state": state,
            "text": text,
            "adopted": job.adopt(other),
            "after adoption": job.state(other),
        }
    versions = [one["version"] for one in found[SQLITE]["state"]["list"]["releases"]]
    assert len(versions) == 6 and found[SQLITE]["adopted"]["releases"]
    for kind in DYNAMODB:
        for what, expected in found[SQLITE].items():
            assert found[kind][what] == expected, f"{what} over {kind}"


def test_what_only_looks_writes_nothing(store, emulator, goldkeep, built):
    if store.kind == SQLITE:
        pytest.skip("test_release.py has it")
    history = History(emulator, goldkeep, built)
    history.releases(3, "--keep-last", 5)
    build = built()
    before = store.items()
    for command in (
        ("list", "--all"),
        ("show", "web", "0.1.0"),
        ("release", "--manifest", build.manifest, "--keep-last", 1, "--dry-run"),
        ("retain", "web", "--keep-last", 1, "--dry-run"),
        ("resume", "--dry-run"),
        ("init",),
    ):
        got = goldkeep(*command)
        assert got.status == 0, got
    assert store.items() == before


def test_init_again(emulator, goldkeep, store):
    """A second run checks, and says that there was nothing to do."""
    emulator.forget_requests()
    got = goldkeep("init")
    assert got.status == 0, got
    if store.kind == MOTO:
        writing = [r["action"] for r in emulator.requests() if not r["action"].startswith("Describe")]
        assert writing == []


def test_what_init_makes(emulator, goldkeep, new_store):
    """moto has all of it; DynamoDB Local knows no recovery."""
    store = new_store(MOTO)
    table = store.client.describe_table(TableName=store.table)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"] is True
    assert not table.get("GlobalSecondaryIndexes") and not table.get("LocalSecondaryIndexes")
    backups = store.client.describe_continuous_backups(TableName=store.table)
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    expiry = store.client.describe_time_to_live(TableName=store.table)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_the_cost_in_the_open(store, goldkeep, built):
    """-v tells the calls and the capacity units; nothing else does."""
    build = built()
    arguments = ("release", "--family", "web", "--manifest", build.manifest)
    got = goldkeep(*arguments, "-v")
    assert got.status == 0, got
    found = COST.findall(got.err)
    quiet = goldkeep(*arguments)
    assert not COST.search(quiet.err + quiet.out), quiet
    if store.kind == SQLITE:
        assert not found, got
    else:
        [(calls, read, written)] = found
        assert int(calls) > 0 and float(read) > 0
        if store.kind != MOTO:  # it does not tell what a transaction consumed
            assert float(written) > 0
