"""The policy that iam-policy prints. A user who may do exactly that can do everything that is
configured; without any part of it, commands and probes name what is missing."""

import json

import pytest

import stores
from conftest import GOLDKEEP, Runner
from emulator import ACCOUNT, FIRST_KEY, ROOT, SECOND_KEY
from history import BOTH, EU, US

TOOL = GOLDKEEP.parent / "tools/probe"
POLICIES = ROOT / "testdata/iam-policies"
STORE = "dynamodb:goldkeep?region=eu-west-1"
INPUTS = "5f" * 32
KEEP_ONE = ("--keep-last", "1")
CONFIGURED = """[defaults]
publish-ssm = /golden/{family}/{channel}
publish-tfvars = {family}.auto.tfvars.json
tag = Version={version}
[family web]
keep-last = 1
"""
# What is asked only for the sake of an error message.
FOR_MESSAGES = {"dynamodb:DescribeTable"}
# Without the first, what uses an image is found out one by one; the last is not for retention.
HARMLESS = FOR_MESSAGES | {"ec2:DescribeImageReferences", "ec2:EnableImageDeprecation"}
UNTRIED = {
    f"dynamodb:{name}"
    for name in ("CreateTable", "TagResource", "UpdateTimeToLive", "UpdateContinuousBackups")
}


def listed(value):
    return value if isinstance(value, list) else [value]


def actions(policy):
    return {name for one in policy["Statement"] for name in listed(one["Action"])}


def without(policy, action):
    """The same, and that action nowhere in it."""
    left = [
        one | {"Action": [name for name in listed(one["Action"]) if name != action]}
        for one in policy["Statement"]
    ]
    return policy | {"Statement": [one for one in left if one["Action"]]}


def needed(request):
    """The actions of a request, as policies name them."""
    if request["action"] != "TransactWriteItems":
        return {f"{request['service']}:{request['action']}"}
    kinds = {kind for item in request["params"]["TransactItems"] for kind in item}
    return {f"dynamodb:{kind}Item" for kind in kinds}


class Guest:
    """The emulator's second user, who may do what policies say, and nothing at first."""

    def __init__(self, emulator, goldkeep, built, store):
        self.emulator, self.goldkeep, self.built, self.store = emulator, goldkeep, built, store
        self.environment = {
            "AWS_ACCESS_KEY_ID": SECOND_KEY[0],
            "AWS_SECRET_ACCESS_KEY": SECOND_KEY[1],
            "GOLDKEEP_STORE": store.uri,
        }

    def allow(self, *policies):
        """From now on; the emulator looks at their grammar."""
        iam = self.emulator.client("iam")
        for name in iam.list_user_policies(UserName="guest")["PolicyNames"]:
            iam.delete_user_policy(UserName="guest", PolicyName=name)
        for number, policy in enumerate(policies):
            text = json.dumps(policy)
            iam.put_user_policy(UserName="guest", PolicyName=f"p{number}", PolicyDocument=text)

    def run(self, *arguments, status=0):
        got = self.goldkeep(*arguments, env=self.environment)
        assert got.status == status, got
        return got

    def policy(self, *options):
        return json.loads(self.run("iam-policy", *options).out)

    def build(self, name="web", managed=True, regions=BOTH):
        """As Packer leaves it when the template says `tags = { ManagedBy = "goldkeep" }`."""
        build = self.built(name, regions=regions)
        for image in build.images if managed else []:
            self.emulator.client("ec2", image.region).create_tags(
                Resources=[image.id, *image.snapshots],
                Tags=[{"Key": "ManagedBy", "Value": "goldkeep"}],
            )
        return build

    def release(self, *options, status=0, **more):
        build = self.build(**more)
        return build, self.run("release", *options, status=status)

    def used(self):
        asked = [one for one in self.emulator.requests() if one["key"] == SECOND_KEY[0]]
        return set().union(*map(needed, asked)) - {"sts:GetCallerIdentity"}

    def there(self, build):
        """Its images that are left, and their snapshots."""
        return [
            thing
            for image in build.images
            for thing in (image.id, *image.snapshots)
            if thing in self.emulator.images(image.region)
            or thing in self.emulator.snapshots(image.region)
        ]


@pytest.fixture
def guest(emulator, goldkeep, built, tmp_path, no_store):
    (tmp_path / "goldkeep.ini").write_text(CONFIGURED)
    return Guest(emulator, goldkeep, built, no_store(stores.MOTO))


@pytest.fixture
def ready(guest):
    """There is a table."""
    guest.goldkeep("init", "--store", guest.store.uri)
    return guest


@pytest.fixture
def probe(ready, environment, tmp_path):
    """Try everything on these images: {action: verdicts}."""
    runner = Runner(TOOL, tmp_path, environment | ready.environment)

    def probe(image, snapshot, table=ready.store.table, *more, **changed):
        got = runner(US, image, snapshot, table, "/golden/web/latest", "Version", *more, **changed)
        assert got.status == 0, got
        found = {}
        for line in got.out.splitlines():
            one = json.loads(line)
            found.setdefault(one["action"], {})[one["verdict"]] = one["error"]
        return found

    return probe


# ---- with it ----


def test_everything_works_with_exactly_the_policies(guest, emulator):
    guest.allow(guest.policy("--role", "setup"))
    guest.run("init")
    policy = guest.policy()
    guest.allow(policy)
    guest.release("--channel", "stable", "--fingerprint", INPUTS)
    second, _ = guest.release()
    third, _ = guest.release()
    assert not guest.there(second)
    emulator.settings(
        unknown_actions=["DescribeImageReferences"], ignore_delete_associated_snapshots=True
    )
    emulator.client("ec2").create_launch_template(
        LaunchTemplateName="public",
        LaunchTemplateData={"ImageId": "resolve:ssm:/golden/web/stable"},
    )
    guest.release()
    assert not guest.there(third)
    emulator.settings(unknown_actions=[], ignore_delete_associated_snapshots=False)
    guest.run("promote", "web", "0.1.3", "--channel", "stable")
    guest.run("promote", "web", "--channel", "stable", "--rollback")
    for command in ("list", "show web 0.1.0", "history web", "next web", "resolve web:stable"):
        guest.run(*command.split())
    guest.run("check", "web", "--fingerprint", INPUTS)
    guest.run("hold", "web", "0.1.0", "--reason", "demo")
    guest.run("unhold", "web", "0.1.0")
    guest.run("revoke", "web", "0.1.3", "--reason", "leaks keys")
    guest.run("resume")
    guest.run("retain", "web", *KEEP_ONE)
    guest.run("adopt", "--from-tags", "--region", US, "--dry-run")
    guest.run("export", "--result", "lines")
    allowed = actions(policy) | actions(guest.policy("--role", "setup"))
    assert guest.used() == allowed - {"dynamodb:TagResource"}  # which CreateTable needs


def test_what_is_gone_already_is_no_obstacle(ready, emulator):
    ready.allow(ready.policy())
    first, _ = ready.release(regions=[US])
    ec2 = emulator.client("ec2", US)
    ec2.deregister_image(ImageId=first.images[0].id)
    ec2.delete_snapshot(SnapshotId=first.images[0].snapshots[0])
    ready.release(regions=[US])


def test_publisher_and_reaper_apart(ready):
    publisher, reaper = (ready.policy("--role", role) for role in ("publisher", "reaper"))
    removal = {"ec2:DeregisterImage", "ec2:DeleteSnapshot"}
    assert removal <= actions(reaper) and not removal & actions(publisher)
    ready.allow(publisher)
    old, _ = ready.release()
    _, got = ready.release(status=3)  # its retention
    assert "ec2:Describe" in got.err or "autoscaling:" in got.err, got
    assert len(ready.there(old)) == 4
    ready.run("retain", "web", status=3)
    assert len(ready.there(old)) == 4
    ready.allow(reaper)
    ready.run("retain", "web")
    assert not ready.there(old)
    new, got = ready.release(status=3)
    assert "ec2:CreateTags" in got.err, got
    ready.allow(publisher)
    ready.run("resume", status=3)
    assert "retain" in ready.run("resume", status=3).err


def test_a_publisher_that_discards(ready):
    discard = ("--fingerprint", INPUTS, "--on-duplicate", "discard")
    ready.allow(ready.policy("--role", "publisher", *discard[2:]))
    kept, _ = ready.release(*discard)
    gone, _ = ready.release(*discard)
    assert len(ready.there(kept)) == 4 and not ready.there(gone)


# ---- no more than it ----


def test_only_what_is_goldkeeps_already_is_tagged(ready, emulator):
    ready.allow(ready.policy("--role", "publisher"))
    build, got = ready.release(managed=False, status=3)
    assert "ec2:CreateTags" in got.err, got
    ready.allow(ready.policy("--role", "publisher", "--adopt"))
    ready.run("resume")
    for image in build.images:
        assert emulator.tags(image.region, image.id)["ManagedBy"] == "goldkeep"
    # Somebody else's stay theirs.
    foreign = ready.build(managed=False)
    for image in foreign.images:
        emulator.client("ec2", image.region).create_tags(
            Resources=[image.id], Tags=[{"Key": "ManagedBy", "Value": "terraform"}]
        )
    got = ready.run("release", status=3)
    assert "ec2:CreateTags" in got.err, got


def test_no_other_tags_regions_and_families(ready):
    one = ("--role", "publisher", "--region", US)
    ready.allow(ready.policy(*one, "--tag", "Team=a"))
    _, got = ready.release(regions=[US], status=3)
    assert "ec2:CreateTags" in got.err, got
    ready.allow(ready.policy(*one))
    ready.run("resume")
    _, got = ready.release(status=1)
    assert EU in got.err and "ec2:DescribeImages" in got.err, got
    ready.allow(ready.policy("--role", "publisher", "--family", "db"))
    ready.release("--family", "db")
    ready.run("resolve", "db")
    _, got = ready.release("--family", "web", status=1)
    assert "dynamodb:" in got.err, got


# ---- without a part of it ----


def test_commands_name_the_action_that_is_missing(ready, emulator):
    """Those that come after something was done last."""
    policy = ready.policy(*KEEP_ONE)
    late = {
        *("ec2:CreateTags", "ec2:DeleteSnapshot", "ssm:PutParameter"),
        *("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"),
    }
    emulator.client("ec2", US).create_launch_template(
        LaunchTemplateName="other", LaunchTemplateData={"ImageId": "ami-12c6146b"}
    )
    ready.allow(policy)
    old, _ = ready.release("--family", "db", regions=[US])
    ready.release("--family", "db", regions=[US])
    for action in sorted(actions(policy) - late - HARMLESS):
        ready.allow(without(policy, action))
        got = ready.goldkeep("retain", "db", *KEEP_ONE, env=ready.environment)
        assert got.status != 0 and action in got.err, (action, got)
        assert len(ready.there(old)) == 2
    for number, action in enumerate(sorted(late)):
        mine = ("--family", f"f{number}", *KEEP_ONE)
        ready.allow(policy)
        ready.release(*mine, regions=[US])
        ready.allow(without(policy, action))
        ready.build(regions=[US])
        got = ready.goldkeep("release", *mine, env=ready.environment)
        assert got.status != 0 and action in got.err, (action, got)


def test_a_revocation_names_the_action_that_is_missing(ready):
    ready.allow(without(ready.policy(), "ec2:EnableImageDeprecation"))
    for _ in range(2):
        ready.release("--family", "db", regions=[US])
    got = ready.run("revoke", "db", "0.1.1", "--reason", "leaks keys", status=3)
    assert "ec2:EnableImageDeprecation" in got.err, got


def test_doctor_names_the_action_that_is_missing_and_no_other(ready, emulator):
    """With the policy that is printed nothing stands in the way, and without a part of it that part."""
    policy = ready.policy()
    ready.allow(policy)
    ready.release(regions=[US])
    before = emulator.state()
    for missing in ["", *sorted(actions(policy))]:
        ready.allow(without(policy, missing))
        got = ready.goldkeep("doctor", "web", "--output", "json", env=ready.environment)
        denied = [one for one in got.json["permissions"] if one["value"] == "denied"]
        named = {one["subject"].removesuffix(" (by EC2)") for one in denied}
        assert named == {missing} - {""}, (missing, got)
        assert got.status == (0 if missing in HARMLESS | {""} else 1), (missing, got)
        if not missing:
            assert {one["level"] for one in got.json["permissions"]} == {"ok"}, got
            tried = {one["subject"].removesuffix(" (by EC2)") for one in got.json["permissions"]}
            assert tried == actions(policy)
    # Whoever releases without retention needs no more than a publisher may do.
    ready.allow(ready.policy("--role", "publisher"))
    ready.run("doctor", "db")
    ready.run("doctor", "web", status=1)
    assert emulator.state() == before


@pytest.mark.skipif(not TOOL.exists(), reason=f"{TOOL} is not built")
def test_probes_name_the_action_that_is_missing_and_no_other(ready, probe, emulator):
    ready.allow(ready.policy())
    build, _ = ready.release(regions=[US])
    policies = ready.policy("--family", "web"), ready.policy("--role", "setup")
    [image] = build.images
    before = emulator.state(), ready.store.items()
    for missing in ["", *sorted(set().union(*map(actions, policies)))]:
        ready.allow(*(without(policy, missing) for policy in policies))
        found = probe(image.id, image.snapshots[0])
        denied = {action for action, verdicts in found.items() if "denied" in verdicts}
        assert denied == {missing} - {""} - UNTRIED, found
        assert all(missing in found[action]["denied"] for action in denied), found
        if not missing:
            untried = {action for action, verdicts in found.items() if "untried" in verdicts}
            assert untried == UNTRIED, found
    assert (emulator.state(), ready.store.items()) == before


@pytest.mark.skipif(not TOOL.exists(), reason=f"{TOOL} is not built")
def test_probes_where_there_is_nothing_yet(ready, probe, emulator):
    before = emulator.state()
    anything = dict(zip(ready.environment, FIRST_KEY, strict=False))
    found = probe("-", "-", "no-such-table", env=anything)
    assert not [action for action, verdicts in found.items() if "denied" in verdicts]
    assert "no image of ours" in found["ec2:DeregisterImage"]["untried"]
    assert "no snapshot of ours" in found["ec2:DeleteSnapshot"]["untried"]
    assert set(found["dynamodb:PutItem"]) == set(found["ssm:PutParameter"]) == {"allowed"}
    found = probe("-", "-", "-", env={"AWS_SECRET_ACCESS_KEY": "wrong"})
    assert "AuthFailure" in found["ec2:DescribeImages"]["untried"]
    assert "no table" in found["dynamodb:PutItem"]["untried"]
    assert emulator.state() == before


@pytest.mark.skipif(not TOOL.exists(), reason=f"{TOOL} is not built")
def test_probes_change_nothing_in_the_vendors_dynamodb(probe, new_store):
    store = new_store(stores.LOCAL)
    found = probe("-", "-", store.table, env={"AWS_ENDPOINT_URL_DYNAMODB": store.url})
    untried = {name for name in found if name.startswith("dynamodb:") and "untried" in found[name]}
    assert untried == UNTRIED | {"dynamodb:DescribeContinuousBackups"}
    assert not store.items()


# ---- the document ----

EVERYTHING = (
    *("--store", STORE, "--account", ACCOUNT, *KEEP_ONE, "--family", "web", "--family", "db/arm64"),
    *("--publish-ssm", "/golden/{family}/{channel}", "--publish-ssm", "{architecture}-{version}"),
    *("--tag", "Name=n", "--tag", "odd*?$=v", "--region", US, "--region", EU),
)
DOCUMENTS = {
    "everything": EVERYTHING,
    "file-store": ("--account", ACCOUNT),
    "publisher": (*EVERYTHING, "--role", "publisher", "--adopt"),
    "reaper": ("--role", "reaper", "--store", STORE, "--account", ACCOUNT),
    "setup": ("--role", "setup", "--store", STORE, "--account", ACCOUNT),
    "china": ("--account", ACCOUNT, "--store", "dynamodb:tab?region=cn-north-1"),
}


def test_documents(goldkeep):
    nobody = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    for name, options in DOCUMENTS.items():
        got = goldkeep("iam-policy", *options, env=nobody)
        assert got.status == 0 and not got.err, got
        document = json.loads(got.out)
        assert document == json.loads((POLICIES / f"{name}.json").read_text()), name
        assert len("".join(got.out.split())) <= 6144
    got = goldkeep("iam-policy", *DOCUMENTS["everything"], "--output", "json", env=nobody)
    assert got.json == json.loads((POLICIES / "everything.json").read_text())


def test_sections_count_each_for_its_family(goldkeep, tmp_path):
    (tmp_path / "goldkeep.ini").write_text(
        "[defaults]\nstore = dynamodb:goldkeep?region=eu-west-1\n"
        "[family db]\npublish-ssm = /golden/{family}\ntag = Team=a\n"
    )
    text = goldkeep("iam-policy").out
    assert f'"arn:aws:ssm:*:{ACCOUNT}:parameter/golden/db"' in text and '"Team"' in text
    assert "DeregisterImage" not in text
    text = goldkeep("iam-policy", "--family", "web").out
    assert "golden" not in text and '"Team"' not in text and '"F#web"' in text


def test_regions_of_families_and_words_said_twice(goldkeep, tmp_path):
    """A table without a region is in that of its family, whichever was looked at before."""
    (tmp_path / "goldkeep.ini").write_text(
        "[defaults]\nstore = dynamodb:goldkeep\nregion = us-east-1\n"
        "[family web]\nregion = eu-west-1\n[family db]\nkeep-last = 1\n"
    )

    def tables(*options):
        policy = json.loads(goldkeep("iam-policy", "--role", "publisher", *options).out)
        [inventory] = [one for one in policy["Statement"] if one["Sid"] == "Inventory"]
        return [arn.split(":")[3] for arn in listed(inventory["Resource"])], policy

    assert tables()[0] == [US, EU]
    assert tables("--family", "web", "--family", "db")[0] == [EU, US]
    twice = ("--family", "db", "--family", "db", "--region", US, "--region", US)
    assert tables(*twice) == tables("--family", "db", "--region", US)


@pytest.mark.parametrize("name", ["{family}", "/{channel}", "/{family}/{channel}"])
def test_a_name_that_is_everybodys(goldkeep, name):
    options = ("iam-policy", "--account", ACCOUNT, "--publish-ssm", name)
    got = goldkeep(*options)
    assert got.status == 0 and "may be overwritten" in got.err and json.loads(got.out), got
    assert not goldkeep(*options, "--role", "reaper").err
    named = goldkeep(*options, "--family", "web")
    assert ("may be overwritten" in named.err) == ("{family}" not in name)


REFUSED = {
    "--role boss": "publisher, reaper, setup",
    "--role setup": "no set-up",
    "--adopt --keep-last 3": "two roles",
    "--adopt --role reaper": "two roles",
    "--adopt --on-duplicate discard": "two roles",
    "--adopt --role setup --store dynamodb:tab?region=eu-west-1": "for a publisher",
    "--account 12345": "12 digits",
    "--store dynamodb:tab?region=eu-west-1": "--account",
    "--account 123456789012 --store dynamodb:tab": "region of table tab",
    "--account 123456789012 --store dynamodb:tab --region a --region b": "region of table tab",
    "--region ../../evil": "../../evil",
    "--publish-ssm /golden/{famly}": "famly",
    "--family a..b*": "a..b*",
    "--account 123456789012 --region cn-north-1 --region us-east-1": "us-east-1 is in the partition",
    "--account 123456789012 --region us-east-1 --store dynamodb:tab?region=us-gov-west-1": "us-east-1",
    "--on-duplicate maybe": "neither release nor discard",
}


def test_refused(goldkeep):
    nobody = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    for options, says in REFUSED.items():
        got = goldkeep("iam-policy", *options.split(), env=nobody)
        assert (got.status, got.out) == (2, "") and says in got.err, got


def test_too_long_for_a_managed_policy(goldkeep):
    names = [f"/golden/{number:04}/a-long-name-of-a-parameter" for number in range(90)]
    options = [word for name in names for word in ("--publish-ssm", name)]
    got = goldkeep("iam-policy", "--account", ACCOUNT, *options)
    assert got.status == 0 and "6144" in got.err and json.loads(got.out), got
