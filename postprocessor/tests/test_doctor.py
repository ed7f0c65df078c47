"""doctor: whether a release would work, and if not, why. It changes nothing, and tells no secret."""

import sqlite3

import pytest
from emulator import FIRST_KEY, ROOT
from stores import MOTO, SQLITE

DATA = ROOT / "testdata/doctor"
US, EU = "us-east-1", "eu-west-1"
HUSH = (FIRST_KEY[1], "hush")
# A release ends in 0 without them: what uses an image is found out one by one; an error says less.
UNNEEDED = ("ec2:DescribeImageReferences", "dynamodb:DescribeTable")
REFUSED = (
    *("--version x", "--bump often", "--prerelease !", "--channel a/b", "--tag x", "--fingerprint zz"),
    *("--on-duplicate maybe", "--publish-ssm {famly}", "--keep-last x"),
)
KEYS = ["result", "exit", "account", "arn", "partition", "profile", "region", "provider", "clock_skew"]
SECTIONS = ["settings", "identity", "inventory", "permissions", "template"]


def files(folder):
    """Every file under a folder with its content; what a sanitizer reports is none of them."""
    found = (path for path in folder.rglob("*") if "sanitizer" not in str(path))
    return {path: path.read_bytes() if path.is_file() else None for path in found}


class Doctor:
    """Runs doctor, and looks whether it kept its hands off."""

    def __init__(self, goldkeep, emulator, folder):
        self.goldkeep, self.emulator, self.folder = goldkeep, emulator, folder

    def __call__(self, *options, status=0, env=None):
        self.env = env
        before = (self.emulator.state(), files(self.folder))
        self.ran = self.goldkeep("-v", "doctor", *options, "--output", "json", env=env)
        assert self.ran.status == status, self.ran
        assert (self.emulator.state(), files(self.folder)) == before
        for secret in HUSH:
            assert secret not in self.ran.out + self.ran.err
        self.document = self.ran.json
        assert self.document["exit"] == status
        return self

    def find(self, section, subject, location=None):
        """The findings about something, as (level, value)."""
        return [
            (one["level"], one["value"])
            for one in self.document[section]
            if one["subject"] == subject and location in (None, one["location"])
        ]

    def says(self, level, section, subject, value, location=None):
        found = self.find(section, subject, location)
        fits = any(one == level and value in (text or "") for one, text in found)
        assert fits, f"{(level, section, subject, value)}\n{self.env}\n{self.ran}"

    def problems(self):
        found = [one for one in self.document["findings"] if one["level"] == "problem"]
        return {(one["section"], one["subject"]) for one in found}


@pytest.fixture
def doctor(goldkeep, emulator, environment, tmp_path):
    environment |= {"AWS_REGION": US}
    return Doctor(goldkeep, emulator, tmp_path)


@pytest.fixture
def released(goldkeep, doctor, built):
    """A release of web in the store that is set, in two regions."""

    def released(*options):
        build = built("web", regions=[US, EU])
        got = goldkeep("release", *options)
        assert got.status == 0, got
        return build

    return released


def rows():
    """The expectations of each environment."""
    found = {}
    for line in (DATA / "environments.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            env, status, what, value = (field.strip() for field in line.split("|"))
            expected = found.setdefault((env, int(status)), [])
            expected.append((*what.split(" ", 2), value))
    return found.items()


def test_environments(doctor, released, emulator, tmp_path):
    """All in one account: doctor leaves it as it was."""
    released()

    def fill(text):
        return text.replace("{url}", emulator.url).replace("{folder}", str(tmp_path))

    for (env, status), expected in rows():
        pairs = [] if env == '""' else fill(env).split()
        doctor(status=status, env=dict(pair.split("=", 1) for pair in pairs))
        for level, section, subject, value in expected:
            doctor.says(level, section, fill(subject), fill(value))
        assert bool(doctor.problems()) == (status != 0), doctor.ran


# ---- all is well ----


@pytest.mark.parametrize("kind", [SQLITE, MOTO])
def test_all_is_well(doctor, released, new_store, environment, kind):
    environment["GOLDKEEP_STORE"] = new_store(kind).uri
    released("--publish-ssm", "/golden/{family}/{channel}")
    doctor("--keep-last", "3", "--publish-ssm", "/golden/{family}/{channel}")
    document = doctor.document
    assert list(document) == KEYS + ["findings", *SECTIONS, "error"]
    assert document["findings"] == [], document["findings"]
    assert (document["result"], document["error"]) == ("ok", None)
    assert (document["account"], document["partition"]) == ("123456789012", "aws")
    assert abs(document["clock_skew"]) < 5
    needed = {one["origin"] for one in document["permissions"]}
    wanted = {"release, publish, revoke, retention", "release", "publish", "revoke", "retention"}
    assert wanted | ({"inventory"} if kind == MOTO else set()) <= needed
    assert {one["location"] for one in document["permissions"]} == {US, EU}


def test_as_text(goldkeep, doctor, released):
    released()
    got = goldkeep("doctor")
    assert (got.status, got.err) == (0, "")
    heads = ["SETTING ", "IDENTITY ", "INVENTORY ", "PERMISSION "]
    lines = got.out.splitlines()
    assert [head for line in lines for head in heads if line.startswith(head)] == heads
    assert lines[-1] == "nothing stands in the way of a release"
    for line in ("region us-east-1 $AWS_REGION ok", "ec2:CreateTags eu-west-1 release ok allowed"):
        assert line in [" ".join(line.split()) for line in lines], got

    got = goldkeep("doctor", env={"AWS_SECRET_ACCESS_KEY": None})
    [row] = [line for line in got.out.splitlines() if line.startswith("credentials ")]
    assert "… problem" in row and len(row) < 100, row

    got = goldkeep("doctor", "--quiet", env={"AWS_SECRET_ACCESS_KEY": None, "AWS_REGION": None})
    assert (got.status, got.out) == (1, "")
    warning, problem = got.err.splitlines()
    assert warning.startswith("goldkeep: warning: settings: region: none: name one with --region")
    assert problem.startswith("goldkeep: identity: credentials: the AWS credentials of the environ")


def test_a_result_file(goldkeep, doctor, released, tmp_path):
    released()
    got = goldkeep("doctor", "--result", "doctor.json", "--output", "json")
    assert got.status == 0
    assert (tmp_path / "doctor.json").read_text() == got.out


def test_usage(goldkeep, doctor, tmp_path):
    (tmp_path / "goldkeep.ini").write_text("[defaults]\nkeep-last = many\n")
    for options in (["--nothing"], ["a", "b"], [], ["--store", "ftp:x"]):
        got = goldkeep("doctor", *options)
        assert (got.status, got.out) == (2, ""), got


def test_options_that_a_release_refuses(goldkeep, doctor, built, tmp_path):
    """Doctor refuses them in the same words."""
    built("web")
    for options in REFUSED:
        got = goldkeep("doctor", *options.split())
        released = goldkeep("release", *options.split())
        assert (got.status, got.out) == (2, ""), got
        assert got.err == released.err
    secret = "dynamodb:tab?endpoint=http%3A%2F%2Fme%3Ahush%40localhost"
    for command in ("doctor", "iam-policy", "list"):
        got = goldkeep(command, "--store", secret)
        assert got.status == 2 and "--store 'dynamodb:tab?…': endpoint: " in got.err
        assert "hush" not in got.out + got.err
    (tmp_path / "goldkeep.ini").write_text("[family db]\nbump = often\nprofile = other\n")
    got = goldkeep("doctor")
    assert (got.status, got.out) == (2, "") and "goldkeep.ini:2: 'often'" in got.err


# ---- goldkeep.ini ----


def test_what_the_file_says(doctor, released, tmp_path):
    """Of all families, or of the one that is named; and who won."""
    released()
    (tmp_path / "goldkeep.ini").write_text(
        "[defaults]\nkeep-within = 30d\nbump = minor\n"
        "[family web]\npublish-ssm = /golden/{family}\n[family db]\nprofile = other\n"
    )
    doctor(env={"GOLDKEEP_BUMP": "major"})
    found = {one["subject"]: (one["value"], one["origin"]) for one in doctor.document["settings"]}
    assert found["keep-within"] == ("30d", "goldkeep.ini:2")
    assert found["bump"] == ("major", "$GOLDKEEP_BUMP")
    assert found["publish-ssm (family web)"] == ("/golden/{family}", "goldkeep.ini:5")
    doctor.says("unknown", "settings", "family db", "not examined")
    doctor.says("ok", "permissions", "ssm:PutParameter", "allowed")
    doctor("api")
    assert doctor.find("permissions", "ssm:PutParameter") == []
    doctor("db", status=1)
    doctor.says("problem", "settings", "AWS settings", "the AWS profile other is neither in")


def test_shared_files(doctor, released, tmp_path):
    released()
    config = tmp_path / "home/.aws/config"
    config.parent.mkdir()
    config.write_text("[profile dev]\nregion = eu-west-1\nuse_fips_endpoint = false\n")
    doctor("--profile", "dev", status=1, env={"AWS_REGION": None})
    found = {one["subject"]: (one["value"], one["origin"]) for one in doctor.document["settings"]}
    assert found["profile"] == ("dev", "--profile")
    assert found["region"] == ("eu-west-1", f"profile dev in {config}")
    assert found["FIPS endpoints"] == ("no", f"profile dev in {config}")
    assert found["file that was read"] == (str(config), None)
    doctor.says("problem", "identity", "credentials", "there are no keys in the AWS profile dev")


# ---- credentials and the clock ----


def test_keys_that_have_expired(doctor, released, emulator):
    released()
    emulator.faults({"service": "sts", "status": 403, "code": "ExpiredToken"})
    doctor(status=1)
    doctor.says("problem", "identity", "caller", "ExpiredToken")
    doctor.says("ok", "inventory", "newest release", "web 0.1.0")


@pytest.mark.parametrize(
    "date, level, says",
    [
        ("Fri, 01 Jan 2021 00:00:00 GMT", "warning", " s fast"),
        ("Fri, 01 Jan 2100 00:00:00 GMT", "warning", " s slow"),
        ("some day", "unknown", "no server has told the time"),
    ],
)
def test_the_clock(doctor, released, emulator, date, level, says):
    released()
    emulator.faults({"service": "sts", "headers": {"Date": date}})
    doctor()
    doctor.says(level, "identity", "clock", says)
    assert (doctor.document["clock_skew"] is None) == (level == "unknown")


# ---- inventories ----


@pytest.mark.parametrize(
    "statement, says",
    [
        ("PRAGMA user_version = 99", "newer goldkeep"),
        ("PRAGMA application_id = 1", "no goldkeep inventory"),
    ],
)
def test_inventories_of_others(doctor, released, inventory_path, statement, says):
    released()
    connection = sqlite3.connect(inventory_path, isolation_level=None)
    connection.execute(statement)
    connection.close()
    doctor(status=1)
    doctor.says("problem", "inventory", f"sqlite:{inventory_path}", says)


def test_an_inventory_that_is_locked(goldkeep, doctor, released, inventory_path):
    """Nobody reads the file here meanwhile: closing it would drop the lock of this process."""
    released()
    connection = sqlite3.connect(inventory_path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    got = goldkeep("doctor", "--quiet")
    connection.close()
    assert got.status == 1
    assert got.err.startswith(f"goldkeep: inventory: sqlite:{inventory_path}: ")
    assert "locked" in got.err and "end the process that keeps its lock" in got.err


def test_an_inventory_of_an_older_goldkeep(doctor, tmp_path):
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.executescript((ROOT / "testdata/inventories/schema-1.sql").read_text())
    connection.close()
    doctor("--store", "sqlite:old.db")
    doctor.says("ok", "inventory", "sqlite:old.db", "the next command that writes upgrades it")


def test_a_table_of_somebody_else(doctor, emulator, environment):
    emulator.client("dynamodb").create_table(
        TableName="theirs",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    doctor("--store", "dynamodb:theirs", status=1)
    doctor.says("problem", "inventory", "dynamodb:theirs", "its keys are id (S), not pk (S), sk (S)")


def test_a_table_without_safeguards(doctor, emulator, new_store, environment):
    store = new_store(MOTO)
    client = emulator.client("dynamodb")
    client.update_table(TableName=store.table, DeletionProtectionEnabled=False)
    off = {"PointInTimeRecoveryEnabled": False}
    client.update_continuous_backups(TableName=store.table, PointInTimeRecoverySpecification=off)
    off = {"Enabled": False, "AttributeName": "expires_at"}
    client.update_time_to_live(TableName=store.table, TimeToLiveSpecification=off)
    doctor("--store", store.uri)
    for subject in ("deletion protection", "point-in-time recovery", "expiry of rows"):
        doctor.says("warning", "inventory", subject, "off")
    emulator.hold_table(store.table, "DELETING", 1)
    doctor("--store", store.uri, status=1)
    doctor.says("problem", "inventory", f"dynamodb:{store.table}", "it is DELETING")
    emulator.settings(deny=["dynamodb:DescribeTimeToLive"])
    doctor("--store", store.uri)
    doctor.says("unknown", "inventory", "expiry of rows", "no permission")


# ---- permissions ----


def test_what_is_denied(doctor, released, new_store, environment, emulator):
    """One action after the other: doctor names it, and no other."""
    environment["GOLDKEEP_STORE"] = new_store(MOTO).uri
    released()
    options = ("--keep-last", "3", "--publish-ssm", "/golden/{family}")
    doctor(*options)
    needed = {one["subject"]: one["origin"] for one in doctor.document["permissions"]}
    actions = {subject for subject in needed if not subject.endswith("(by EC2)")}
    assert len(actions) > 20
    for action in sorted(actions):
        emulator.settings(deny=[action])
        harmless = needed[action] == "revoke" or action in UNNEEDED
        doctor(*options, status=0 if harmless else 1)
        denied = [one for one in doctor.document["permissions"] if one["value"] == "denied"]
        assert {one["subject"].removesuffix(" (by EC2)") for one in denied} == {action}
        levels = {one["level"] for one in denied if not one["subject"].endswith("(by EC2)")}
        assert levels == {"warning" if harmless else "problem"}
        assert all("iam-policy" in one["advice"] for one in denied)


def test_what_nobody_has_asked_for(doctor, released, emulator):
    released()
    emulator.settings(deny=["ssm:*", "autoscaling:*", "dynamodb:*", "ec2:De[lr]e*", "ec2:*Attribute"])
    doctor()
    found = {one["subject"] for one in doctor.document["permissions"]}
    assert found == {
        "ec2:DescribeImages",
        "ec2:DescribeSnapshots",
        "ec2:CreateTags",
        "ec2:EnableImageDeprecation",
    }


def test_a_region_where_nothing_answers(doctor, released, emulator):
    released()
    emulator.faults({"region": EU, "status": 401, "code": "AuthFailure"})
    doctor(status=1)
    assert doctor.problems() == {("permissions", "every action")}
    doctor.says("problem", "permissions", "every action", "AuthFailure", EU)


def test_every_parameter_and_table(doctor, released, new_store, emulator, environment, tmp_path):
    """Not the first alone; and a family with settings of its own is left out."""
    store = new_store(MOTO)
    released()
    (tmp_path / "goldkeep.ini").write_text(
        "[defaults]\npublish-ssm = /golden/{family}\n"
        f"[family api]\npublish-ssm = /denied/{{family}}\nstore = {store.uri}\n"
        "[family db]\nprofile = other\nstore = dynamodb:nowhere\n"
    )
    doctor()
    emulator.client("ssm", EU).put_parameter(Name="/golden/web", Value="x", Type="String")
    doctor(status=1)
    doctor.says("problem", "permissions", "/golden/web", "of the type text", EU)
    emulator.client("ssm", EU).delete_parameter(Name="/golden/web")
    emulator.settings(deny=["dynamodb:PutItem"])
    doctor(status=1)
    assert doctor.problems() == {("permissions", "dynamodb:PutItem")}
    doctor("web")


def test_an_inventory_that_was_lost(goldkeep, doctor, released):
    """What doctor advises works as it stands there."""
    released()
    doctor("web", "--template", "", status=2)
    lost = ("--store", "sqlite:new.db")
    doctor("web", *lost, status=1)
    [found] = [one for one in doctor.document["findings"] if one["subject"] == "family web"]
    command = found["advice"].split("`")[1].split()
    assert command.count("--region") == 1, command
    got = goldkeep(*command[1:], *lost)
    assert got.status == 0, got
    doctor("web", *lost)


def test_images_that_only_their_tags_tell(doctor, released):
    """The inventory is new, and what the account carries serves to try what a release needs."""
    released()
    doctor("--store", "sqlite:new.db")
    doctor.says("ok", "permissions", "ec2:CreateTags", "allowed", US)


def test_round_trips(doctor, released, emulator):
    """Who it is, and everything else at once."""
    released()
    emulator.forget_requests()
    doctor("--keep-last", "3")
    actions = [request["action"] for request in emulator.requests()]
    assert actions[0] == "GetCallerIdentity"
    assert len(actions) == len(doctor.document["permissions"]) + 1


# ---- templates ----

ROLE = """
source "amazon-ebs" "web" {
  region = "us-east-1"
  assume_role { role_arn = "arn:aws:iam::ACCOUNT:role/build" }
}
build {
  sources = ["source.amazon-ebs.web"]
  post-processor "shell-local" { inline = ["true"] }
  post-processors {
    post-processor "manifest" {}
    post-processor "shell-local" { inline = ["goldkeep release"] }
  }
}
"""


@pytest.mark.parametrize(
    "text, status, level, says",
    [
        (None, 1, "problem", "there is no file web.pkr.hcl"),
        ("source {", 1, "problem", "web.pkr.hcl"),
        (ROLE.replace("ACCOUNT", "123456789012"), 0, "ok", "the account 123456789012, as goldkeep"),
        (ROLE.replace("ACCOUNT", "210987654321"), 1, "problem", "in the account 210987654321"),
        (ROLE.replace('post-processor "manifest" {}', ""), 1, "problem", "no manifest is written"),
    ],
    ids=["missing", "broken", "same account", "other account", "no manifest"],
)
def test_templates(doctor, released, tmp_path, text, status, level, says):
    released()
    if text:
        (tmp_path / "web.pkr.hcl").write_text(text)
    doctor("--template", "web.pkr.hcl", status=status)
    found = [(one["level"], one["value"]) for one in doctor.document["template"]]
    assert any(one == level and says in value for one, value in found), found
    assert {section for section, _ in doctor.problems()} <= {"template"}


def test_regions_of_the_template(doctor, released, emulator, tmp_path):
    """What a release needs is tried where the next build would make AMIs, too."""
    released()
    text = ROLE.replace("ACCOUNT", "123456789012")
    regions = 'ami_regions = ["us-west-2", "nowhere!"]'
    (tmp_path / "web.pkr.hcl").write_text(text.replace('"us-east-1"', f'"us-east-1"\n  {regions}'))
    emulator.faults({"region": "us-west-2", "status": 401, "code": "AuthFailure"})
    doctor()
    doctor("--template", "web.pkr.hcl", status=1)
    doctor.says("problem", "permissions", "every action", "AuthFailure", "us-west-2")
