"""A table that is not there, not ready, not ours, or not for us: one clear line, its status, nothing changed."""

import shlex
import time
import uuid
from email.utils import formatdate

import pytest

from emulator import Image, add_to_manifest, manifest_entry
from stores import DYNAMODB, LOCAL, MOTO, REGION, dynamodb_uri

ABSENT = {"status": 400, "code": "ResourceNotFoundException", "message": "Requested resource not found"}
DATA = ("GetItem", "Query", "TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem")


@pytest.fixture
def fails(goldkeep, emulator):
    """Run it where it must fail without having changed the account."""

    def fails(*arguments, status, says, env=None):
        before = emulator.state()
        got = goldkeep(*arguments, env=env)
        assert got.status == status, got
        last = got.err.splitlines()[-1]
        assert last.startswith("goldkeep: "), got
        for word in (says,) if isinstance(says, str) else says:
            assert word in last, got
        assert emulator.state() == before
        return got

    return fails


@pytest.fixture
def commands(built):
    """One command of every kind that needs the inventory; the first one writes."""
    build = built()
    return [
        ("release", "--family", "web", "--manifest", build.manifest),
        ("release", "--family", "web", "--manifest", build.manifest, "--dry-run"),
        ("list",),
        ("show", "web", "0.1.0"),
        ("retain", "web", "--keep-last", "1"),
        ("resume",),
        ("hold", "web", "0.1.0", "--reason", "tests"),
    ]


# ---- the table ----


@pytest.mark.parametrize("kind", DYNAMODB)
def test_no_table(kind, no_store, fails, commands, goldkeep):
    """The command that is told makes it."""
    store = no_store(kind)
    for command in commands:
        got = fails(*command, "--store", store.uri, status=2, says=[store.table, "goldkeep init"])
    told = shlex.split(got.err.partition("`goldkeep ")[2].partition("`")[0])
    assert told == ["init", "--store", store.uri], got
    made = goldkeep(*told)
    assert made.status == 0, made
    for command in commands[:3]:
        found = goldkeep(*command, "--store", store.uri)
        assert found.status == 0, found


def test_the_command_that_makes_it_is_whole(no_store, fails, tmp_path):
    """It names what was named, so that it can be pasted."""
    store = no_store(MOTO)
    config = tmp_path / "config"
    config.write_text("[profile team-a]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
                      "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n")
    named = ("--profile", "team-a", "--endpoint-url", store.url)
    uri = f"dynamodb:{store.table}?region={REGION}"
    got = fails("list", "--store", f"dynamodb:{store.table}", "--region", REGION, *named,
                status=2, says="goldkeep init", env={"AWS_CONFIG_FILE": config})  # fmt: skip
    told = shlex.split(got.err.partition("`goldkeep ")[2].partition("`")[0])
    assert told == ["init", "--store", uri, *named]


@pytest.mark.parametrize("status", ["CREATING", "DELETING"])
def test_a_table_that_is_not_ready(status, new_store, fails, commands, emulator):
    store = new_store(MOTO)
    emulator.hold_table(store.table, status, 100)
    for command in commands:
        fails(*command, "--store", store.uri, status=1, says=[store.table, status])


def test_a_table_that_is_being_updated(new_store, goldkeep, commands, emulator):
    store = new_store(MOTO)
    emulator.hold_table(store.table, "UPDATING", 100)
    got = goldkeep(*commands[0], "--store", store.uri)
    assert got.status == 0, got


@pytest.mark.parametrize("status", ["CREATING", "UPDATING"])
def test_init_waits_for_the_table(status, new_store, goldkeep, emulator):
    store = new_store(MOTO)
    emulator.hold_table(store.table, status, 3)
    got = goldkeep("init", "--store", store.uri)
    assert got.status == 0, got
    assert f"{store.table}: {status}, waiting" in got.out + got.err, got


@pytest.mark.parametrize("status", ["ARCHIVED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS"])
def test_init_does_not_wait_for_what_does_not_pass(status, new_store, fails, emulator):
    store = new_store(MOTO)
    emulator.hold_table(store.table, status, 3)
    fails("init", "--store", store.uri, status=1, says=[store.table, status])


def test_init_of_a_table_that_is_being_deleted(new_store, fails, emulator):
    store = new_store(MOTO)
    emulator.hold_table(store.table, "DELETING", 100)
    fails("init", "--store", store.uri, status=1, says=[store.table, "DELETING", "again"])


def test_init_of_a_table_with_other_billing(no_store, goldkeep):
    """Its owner's decision: told, and left alone."""
    store = no_store(MOTO)
    store.client.create_table(
        TableName=store.table,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    got = goldkeep("init", "--store", store.uri)
    assert got.status == 0 and "PROVISIONED" in got.err and "deletion protection" in got.err, got
    table = store.client.describe_table(TableName=store.table)["Table"]
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 5


@pytest.mark.parametrize("action", ["DescribeContinuousBackups", "UpdateContinuousBackups"])
def test_init_where_recovery_is_not_known(action, no_store, goldkeep, emulator):
    """One line of warning, and a table that is good without it."""
    store = no_store(MOTO)
    emulator.settings(unknown_actions=[action])
    got = goldkeep("init", "--store", store.uri)
    assert got.status == 0, got
    [warning] = [line for line in got.err.splitlines() if "point-in-time recovery" in line]
    assert store.table in warning and "could not be turned on" in warning
    assert goldkeep("list", "--store", store.uri).status == 0


def test_init_over_dynamodb_local(no_store, goldkeep):
    store = no_store(LOCAL)
    for _ in range(2):
        got = goldkeep("init", "--store", store.uri)
        assert got.status == 0 and "point-in-time recovery could not be turned on" in got.err, got


@pytest.mark.parametrize("action", ["CreateTable", "UpdateTimeToLive", "UpdateContinuousBackups"])
def test_init_whose_answer_is_lost(action, no_store, goldkeep, emulator):
    store = no_store(MOTO)
    emulator.faults(
        {"service": "dynamodb", "action": action, "close": True, "after": True, "times": 1}
    )
    got = goldkeep("init", "--store", store.uri)
    assert got.status == 0, got


@pytest.mark.parametrize(
    "keys",
    [
        {"pk": "S"},
        {"pk": "S", "sk": "N"},
        {"id": "S"},
        {"sk": "S", "pk": "S"},
    ],
)
@pytest.mark.parametrize("kind", DYNAMODB)
def test_a_table_of_other_keys(kind, keys, no_store, fails, commands):
    store = no_store(kind)
    store.client.create_table(
        TableName=store.table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": type} for name, type in keys.items()
        ],
        KeySchema=[
            {"AttributeName": name, "KeyType": type}
            for name, type in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
    )
    before = store.client.describe_table(TableName=store.table)["Table"]
    shape = ", ".join(f"{name} ({type})" for name, type in keys.items())
    for command, status in ((("init",), 4), (commands[0], 2), (("list",), 2)):
        got = fails(*command, "--store", store.uri, status=status, says=[store.table, shape])
        assert "`goldkeep init" not in got.err
    assert store.client.describe_table(TableName=store.table)["Table"] == before


# ---- the region, the address ----


def test_no_region(new_store, fails, goldkeep):
    store = new_store(MOTO)
    uri = store.uri.replace(f"region={REGION}&", "")
    got = fails("list", "--store", uri, status=2, says="region", env={"AWS_REGION": None})
    assert "init" not in got.err
    named = goldkeep("list", "--store", uri, env={"AWS_REGION": REGION})
    assert named.status == 0, named


@pytest.mark.parametrize("kind", DYNAMODB)
def test_another_region(kind, new_store, fails, commands):
    store = new_store(kind)
    uri = dynamodb_uri(store.table, store.url, "eu-west-1")
    says = [store.table, "eu-west-1", "goldkeep init"]
    fails(*commands[0], "--store", uri, status=2, says=says)


@pytest.mark.parametrize(
    "uri",
    [
        "dynamodb:",
        "dynamodb:ab",
        "dynamodb:gold keep",
        "dynamodb:gold/keep",
        "dynamodb:" + "x" * 256,
        "dynamodb:goldkeep?",
        "dynamodb:goldkeep?region",
        "dynamodb:goldkeep?region=",
        "dynamodb:goldkeep?table=x",
        "dynamodb:goldkeep?region=eu-west-1&region=us-east-1",
        "dynamo:goldkeep",
    ],
)
def test_no_address(uri, fails):
    for command in ("list", "init"):
        fails(command, "--store", uri, status=2, says="--store")


@pytest.mark.parametrize(
    ("query", "says"), [("region=eu west 1", "eu west 1"), ("region=us-east-1&endpoint=ftp://x", "ftp://x")]
)
def test_no_place(query, says, fails):
    fails("list", "--store", f"dynamodb:goldkeep?{query}", status=2, says=["--store", says])


def test_nobody_there(fails, commands):
    uri = dynamodb_uri("goldkeep", "http://127.0.0.1:9")
    for command in (commands[0], ("list",), ("init",)):
        fails(*command, "--store", uri, status=1, says=["127.0.0.1", "goldkeep"])


# ---- permissions ----


@pytest.mark.parametrize("action", ["GetItem", "Query"])
def test_no_permission_to_read(action, new_store, goldkeep, commands, emulator):
    """Not every command reads in both ways; one that is refused names the permission."""
    store = new_store(MOTO)
    emulator.settings(deny=[f"dynamodb:{action}"])
    refused = [goldkeep(*command, "--store", store.uri) for command in commands]
    refused = [got for got in refused if got.status not in (0, 6)]
    assert refused
    for got in refused:  # 3: of a release that is recorded
        assert got.status in (1, 3) and f"dynamodb:{action}" in got.err, got


def test_no_permission_for_a_part_of_a_transaction(new_store, fails, commands, emulator):
    """AWS asks for the permission of every action in it."""
    store = new_store(MOTO)
    message = (
        "User: arn:aws:iam::123456789012:user/goldkeep is not authorized to perform:"
        " dynamodb:ConditionCheckItem on resource: arn:aws:dynamodb:us-east-1:123456789012:table/x"
    )
    denied = {"status": 400, "code": "AccessDeniedException", "message": message}
    emulator.faults(denied | {"service": "dynamodb", "action": "TransactWriteItems"})
    fails(*commands[0], "--store", store.uri, status=1, says="dynamodb:ConditionCheckItem")
    emulator.faults()
    assert not store.items()


@pytest.mark.parametrize(
    "action", ["CreateTable", "DescribeTable", "UpdateTimeToLive", "UpdateContinuousBackups"]
)
def test_init_without_permission(action, no_store, goldkeep, emulator):
    store = no_store(MOTO)
    emulator.settings(deny=[f"dynamodb:{action}"])
    got = goldkeep("init", "--store", store.uri)
    assert got.status != 0 and f"dynamodb:{action}" in got.err, got
    emulator.settings(deny=[])
    again = goldkeep("init", "--store", store.uri)
    assert again.status == 0, again


def test_wrong_keys(new_store, fails, commands):
    store = new_store(MOTO)
    env = {"AWS_SECRET_ACCESS_KEY": "wrong"}
    fails("list", "--store", store.uri, status=1, says="signature", env=env)


# ---- answers ----


def test_answers_that_came_damaged(new_store, goldkeep, emulator):
    """Found out by their checksum, and asked for again."""
    store = new_store(MOTO)
    damaged = {"service": "dynamodb", "action": "Query", "headers": {"x-amz-crc32": "1"}}
    emulator.faults(damaged | {"times": 3})
    got = goldkeep("list", "--store", store.uri)
    assert got.status == 0, got
    emulator.faults(damaged)
    got = goldkeep("list", "--store", store.uri)
    assert got.status == 1 and store.table in got.err, got


@pytest.mark.parametrize(
    "raw",
    [
        *("", "<html>busy</html>", "[]", "{}"),
        *('{"Items": 3}', '{"Items": [7]}', '{"Items": [], "LastEvaluatedKey": 7}'),
    ],
)
def test_answers_that_are_none(raw, new_store, fails, emulator):
    store = new_store(MOTO)
    kind = "application/x-amz-json-1.0"
    emulator.faults({"service": "dynamodb", "action": "Query", "raw": raw, "status": 200, "content_type": kind})
    fails("list", "--store", store.uri, status=1, says=store.table)


# ---- rows ----


def make_small_image(emulator, snapshot):
    """By one call."""
    answer = emulator.client("ec2").register_image(
        Name=uuid.uuid4().hex * 4,
        Architecture="x86_64",
        RootDeviceName="/dev/sda1",
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}],
    )
    return Image("us-east-1", answer["ImageId"], (snapshot,))


def test_a_release_of_too_many_images(new_store, fails, goldkeep, emulator, tmp_path):
    """An item of DynamoDB has 400 KB at most: refused before anything is written."""
    store = new_store(MOTO)
    count = 2500
    snapshot = emulator.make_snapshot()
    images = [make_small_image(emulator, snapshot) for _ in range(count)]
    add_to_manifest(tmp_path / "many.json", manifest_entry(images))
    arguments = ("release", "--family", "web", "--manifest", "many.json")
    fails(*arguments, "--store", store.uri, status=1, says=["409600", str(count)])
    assert not store.items()
    listed = goldkeep("list", "--all", "--store", store.uri, "--output", "json")
    assert listed.json["releases"] == []


@pytest.fixture(params=DYNAMODB)
def recorded(request, environment, new_store, goldkeep, built):
    """A store with two releases, which goldkeep uses."""
    store = new_store(request.param)
    environment["GOLDKEEP_STORE"] = store.uri
    for number in range(2):
        build = built(manifest=f"{number}.json")
        got = goldkeep("release", "--family", "web", "--manifest", build.manifest)
        assert got.status == 0, got
    return store


def put(store, item, **changes):
    """The item with other attributes; None takes one away."""
    changed = item | changes
    store.client.put_item(
        TableName=store.table,
        Item={name: value for name, value in changed.items() if value is not None},
    )


ROW = ("F#web", "V#a0.a1.a1~")
HEAD = ("F#web", "H")
NEWER, FOREIGN = {"format": {"N": "2"}}, {"format": None}
READ = (("list",), ("show", "web", "0.1.1"), ("retain", "web", "--keep-last", "1"))


@pytest.mark.parametrize(
    ("row", "change", "says"),
    [
        (ROW, NEWER, "upgrade goldkeep"),
        (ROW, FOREIGN, "goldkeep did not write it"),
        (ROW, {"state": {"S": "sold"}}, "sold"),
        (ROW, {"state": None}, "state"),
        (ROW, {"images": {"S": "none"}}, "images"),
        (ROW, {"revoked": {"N": "1"}}, "revoked"),
        (ROW, {"published": {"L": [{"N": "1"}]}}, "published"),
        (ROW, {"version": {"S": "9.9.9"}}, "9.a9.a9"),
        (ROW, {"rev": {"N": "0"}}, "rev"),
        (HEAD, NEWER, "upgrade goldkeep"),
        (HEAD, FOREIGN, "goldkeep did not write it"),
        (HEAD, {"channels": {"M": {"latest": {"N": "1"}}}}, "its channel latest"),
        (HEAD, {"channels": {"M": {"latest": {"M": {}}}}}, "its version is missing"),
        (HEAD, {"top_version": None}, "top_version"),
    ],
)
def test_a_row_that_cannot_be_understood(row, change, says, recorded, fails, commands):
    items = recorded.items()
    put(recorded, items[row], **change)
    before = recorded.items()
    for command in (*READ, *commands[:2]):
        fails(*command, status=1, says=[recorded.table, *row, says])
    assert recorded.items() == before


ALIEN = {"format": {"N": "1"}}


@pytest.mark.parametrize(
    ("row", "more", "command", "says"),
    [
        (("D", "web"), {}, ("list",), "family"),
        (("D", "F#"), {}, ("export",), "family"),
        (("D", "F#a b"), {}, ("list",), "a b"),
        (("U", "web#a0"), {}, ("resume",), "its place is missing"),
        (("U", "web#a0"), {"place": {"S": ""}}, ("resume",), "names no release"),
        (("F#web", "R#mine"), {}, ("release", "--family", "web", "--manifest", "mine.json"), "its key is missing"),
    ],
)
def test_a_row_that_names_nothing(row, more, command, says, recorded, fails, built):
    built(manifest="mine.json", run="mine")
    put(recorded, {"pk": {"S": row[0]}, "sk": {"S": row[1]}}, **ALIEN, **more)
    fails(*command, status=1, says=[recorded.table, *row, says])


def test_other_families_beside_a_row_of_a_newer_goldkeep(recorded, goldkeep, built):
    for pk, sk in (ROW, HEAD):
        put(recorded, recorded.items()[pk, sk], **NEWER)
    build = built("db")
    for command in (
        ("release", "--family", "db", "--manifest", build.manifest, "--keep-last", "1"),
        ("show", "db", "0.1.0"),
        ("list", "db"),
    ):
        got = goldkeep(*command)
        assert got.status == 0, got


def test_the_clock_is_wrong(recorded, goldkeep, emulator):
    """Corrected by the answer, and told once."""
    later = formatdate(time.time() + 3600, usegmt=True)
    skewed = {"status": 400, "code": "InvalidSignatureException", "headers": {"Date": later}}
    emulator.faults(skewed | {"service": "dynamodb", "times": 1})
    uri = dynamodb_uri(recorded.table, emulator.url)
    got = goldkeep("list", "--store", uri)
    assert "clock is" in got.err and "slow" in got.err, got


def test_rows_of_others_beside_ours(recorded, goldkeep, commands):
    """A table may be shared by who keeps to keys of his own."""
    for number, pk in enumerate(("other", "F#other", "E#web", "Z")):
        put(recorded, {"pk": {"S": pk}, "sk": {"S": f"H{number}"}})
    for command in (*commands[:4], *commands[5:]):
        got = goldkeep(*command)
        assert got.status == 0, got
    listed = goldkeep("list", "--output", "json").json["releases"]
    assert [(one["family"], one["version"]) for one in listed] == [
        ("web", f"0.1.{patch}") for patch in (2, 1, 0)
    ]


def test_a_run_whose_release_is_gone(recorded, fails, goldkeep, tmp_path):
    """Somebody deleted the row by hand: nothing is guessed."""
    items = recorded.items()
    recorded.client.delete_item(
        TableName=recorded.table, Key={name: items[ROW][name] for name in ("pk", "sk")}
    )
    manifest = tmp_path / "1.json"
    fails("release", "--family", "web", "--manifest", manifest, status=1, says=["R#", "not there"])
