"""An import into a table that died, at whichever request: nobody sees any of it, and any import ends it."""

import pytest

from killer import AFTER, BEFORE, Killer
from stores import LOCAL, MOTO
from test_export import export, family_lines, lines_of, made_up, named, text_of


def releases(count, **changes):
    """More than one transaction, and something that is unfinished."""
    made = [made_up("web", i, **changes) for i in range(count)]
    made[0] |= {"state": "pending"}
    return made


OLD = text_of(lines_of(family_lines("web", releases(70, held="old"), latest="1.0.3")))
NEW = text_of(lines_of(family_lines("web", releases(30)[5:], latest=named("1.0.9", "1.0.7"))))


@pytest.fixture
def begun(goldkeep, new_store, dynamodb_local_url, tmp_path):
    """Run an import behind the killer, into a table in which the one of OLD was killed."""
    (tmp_path / "old.jsonl").write_text(OLD)
    (tmp_path / "new.jsonl").write_text(NEW)

    def killed(killer, store, file, number, moment):
        killer.aim(number, moment)
        process = goldkeep.start("import", file, "--store", store.behind(killer.url))
        killer.watch(process.pid)
        _, err = process.communicate(timeout=60)
        killer.settle()
        return process.returncode, err

    with Killer(dynamodb_local_url) as killer:

        def begin(number, moment):
            store = new_store(LOCAL)
            assert killed(killer, store, "old.jsonl", 6, AFTER)[0] < 0
            assert len(store.items()) > 50
            return store, *killed(killer, store, "new.jsonl", number, moment)

        yield begin


def test_an_import_that_was_given_up_is_taken_over(begun, new_store, goldkeep, tmp_path):
    fresh = new_store(LOCAL)
    assert goldkeep("import", "new.jsonl", "--store", fresh.uri).status == 0
    wanted = fresh.items()
    number, status = -1, -9
    while status < 0:
        number += 3  # all of them take half a minute
        store, status, err = begun(number, AFTER if number % 2 else BEFORE)
        if status < 0:
            got = goldkeep("list", "--all", "--store", store.uri)
            assert got.status == 0 and "web" not in got.out, (number, got)
            got = goldkeep("import", "new.jsonl", "--store", store.uri)
            assert got.status == 0, (number, got)
        else:
            assert status == 0 and "what it left is removed" in err, err
        assert store.items() == wanted, number
    assert number > 10
    assert export(lambda *command: goldkeep(*command, "--store", store.uri)) == NEW


def test_the_same_import_ends_it(begun, goldkeep):
    """What the other one began after it changes nothing of that."""
    store, *_ = begun(1, BEFORE)
    got = goldkeep("import", "old.jsonl", "--store", store.uri)
    assert got.status == 0 and "removed" not in got.err, got
    got = goldkeep("import", "new.jsonl", "--store", store.uri)
    assert got.status == 5 and "is different" in got.err, got
    assert export(lambda *command: goldkeep(*command, "--store", store.uri)) == OLD


def test_taking_over_when_answers_are_lost(new_store, goldkeep, emulator, tmp_path):
    """Every first attempt is carried out, and its answer never comes."""
    (tmp_path / "new.jsonl").write_text(NEW)
    fresh, store = new_store(MOTO), new_store(MOTO)
    assert goldkeep("import", "new.jsonl", "--store", fresh.uri).status == 0
    head = {"format": {"N": "1"}, "importing": {"S": "another"}}
    for pk, sk, more in (("F#web", "H", head), ("F#web", "X#1", {}), ("F#web", "E#1", {}), ("U", "web#1", {})):
        store.client.put_item(TableName=store.table, Item={"pk": {"S": pk}, "sk": {"S": sk}} | more)
    lost = {"service": "dynamodb", "close": True, "after": True, "times": 1}
    emulator.faults(*(lost | {"action": action} for action in ("PutItem", "TransactWriteItems")))
    got = goldkeep("import", "new.jsonl", "--store", store.uri)
    assert got.status == 0, got
    assert store.items() == fresh.items()
