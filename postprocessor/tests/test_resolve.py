"""resolve: which release a selector means, which of its images, and that they can be used."""

import json

import pytest

from consumer import Consumer, image, release
from emulator import ACCOUNT
from history import BOTH, EU, US
from proxy import Proxy
from stored import files, written
from stores import MOTO

ONCE = {"GOLDKEEP_MAX_ATTEMPTS": "1"}
FORMS = ["text", "json", "tfvars", "env", "ansible", "pkrvars", "cloudformation"]


@pytest.fixture
def consumer(emulator, goldkeep):
    return Consumer(emulator, goldkeep)


def versions(*listed):
    """Releases with an image of their own: "1.4.2", or "1.4.2 retired"."""
    made = []
    for text in listed:
        version, _, state = text.partition(" ")
        made.append(release(version, image(f"ami-{version}"), state=state or "live"))
    return made


def fill(consumer):
    """Every state, a withdrawn one, and pre-releases."""
    some = versions(
        "0.9.0 retired",
        "1.0.0",
        "1.3.0 deprecated",
        "1.4.0",
        "1.4.1 disabled",
        "1.4.2 retiring",
        "1.5.0-rc.1",
        "1.5.0",
        "1.5.1",
        "1.6.0 pending",
        "2.0.0-rc.1",
        "2.0.0-rc.2",
        "3.0.0",
    )
    for one in some:
        if one["version"] in ("1.5.1", "3.0.0"):
            one["revoked"] = "CVE-2026-1"
    consumer.has("web", *some, latest="1.5.0", stable="1.4.0", old="1.4.1")
    consumer.has("db/arm64", *versions("0.1.0"), latest="0.1.0")
    return consumer


@pytest.fixture
def web(consumer):
    return fill(consumer)


CHOSEN = {
    "web": "1.5.0",
    "web:latest": "1.5.0",
    "web:stable": "1.4.0",
    "db/arm64": "0.1.0",
    "web@1.4.0": "1.4.0",
    "web@=1.3.0": "1.3.0",
    "web@1.5.0-rc.1": "1.5.0-rc.1",
    "web@1.5.0+linux": "1.5.0",
    "web@^1.0": "1.5.0",  # 1.5.1 is revoked, 1.6.0 is not finished
    "web@1.x": "1.5.0",
    "web@*": "1.5.0",  # 3.0.0 is revoked
    "web@1.4": "1.4.0",  # the others are disabled and on their way out
    "web@~1.3.0": "1.3.0",
    "web@<1.4": "1.3.0",
    "web@>=1.0 <1.5": "1.4.0",
    "web@^2.0.0-rc.1": "2.0.0-rc.2",
    "web@<=2.0.0-rc.1": "2.0.0-rc.1",
    "web@1": "1.5.0",
}


def test_which_release_is_chosen(web):
    for selector, version in CHOSEN.items():
        got = web.resolve(selector, "--region", US)
        assert got.out == f"ami-{version}\n" and got.err == "", (selector, got)


def test_which_release_is_chosen_from_every_store(consumer, store):
    fill(consumer)
    for selector in ("web", "web@1.4.0", "web@1.x"):
        got = consumer.resolve(selector, "--region", US)
        assert got.out == f"ami-{CHOSEN[selector]}\n", (store.kind, selector, got)
    consumer.resolve("web@3.0.0", status=4, says=["CVE-2026-1"])
    consumer.resolve("web@9.9.9", status=6)


NOT_THERE = {
    "nothing": "the inventory has no family nothing",
    "nothing:stable": "the inventory has no family nothing",
    "nothing@1.x": "the inventory has no family nothing",
    "nothing@1.0.0": "the inventory has no family nothing",
    "web:prod": "web has no channel prod; it has latest, old, stable",
    "web@1.4.7": "web has no release 1.4.7; the highest to use is 2.0.0-rc.2",
    "web@~1.2.0": "'web@~1.2.0': there is no such release; the highest to use is 2.0.0-rc.2",
    "web@4.x": "'web@4.x': there is no such release; the highest to use is 2.0.0-rc.2",
    "web@3.x": "'web@3.x': there are revoked releases only: 3.0.0 (CVE-2026-1)",
    "web@~1.5.1": "'web@~1.5.1': there are revoked releases only: 1.5.1 (CVE-2026-1)",
    "web@1.6": "'web@1.6': there is no such release; the highest to use is",
    "web@0.9.0": "web 0.9.0 is retired: its images are gone",
    "web@1.4.2": "web 1.4.2 is retiring: its images are being removed",
    "web@1.4.1": "web 1.4.1 is disabled: nothing can be launched from its images",
    "web@1.6.0": "web 1.6.0 is pending: its release is not finished, `goldkeep resume` finishes it",
    "web:old": "web:old: web 1.4.1 is disabled: nothing can be launched",
}


def test_what_is_not_there_is_told_and_nothing_is_printed(web):
    for selector, message in NOT_THERE.items():
        got = web.resolve(selector, "--region", US, status=6, says=[message])
        told = web.resolve(selector, "--output", "json", status=6, says=[message]).json
        assert told["result"] == "failed" and told["error"] in got.err, told


def test_nothing_is_printed_in_any_form(web):
    for form in FORMS:
        web.resolve("web@4.x", "--format", form, status=6)
        web.resolve("web@1.5.1", "--format", form, status=4)


def test_a_family_without_anything_to_use(consumer):
    consumer.has("web", *versions("1.0.0 retired", "1.1.0 disabled"))
    consumer.resolve("web", status=6, says=["web has no channel latest; it has none"])
    says = ["there is no such release, nor any other release to use"]
    consumer.resolve("web@*", status=6, says=says)
    consumer.resolve("web@3.0.0", status=6, says=["has no release 3.0.0, nor any other release"])


def test_a_revoked_release_is_refused_with_its_reason(web):
    for selector in ("web@1.5.1", "web@=3.0.0"):
        web.resolve(selector, status=4, says=["is revoked: CVE-2026-1"])
        web.resolve(selector, "--output", "json", status=4, says=["is revoked"])


MALFORMED = {
    "": "a family name is empty",
    "web@": "a range is empty",
    "web:": "a channel name is empty",
    "web@1.x.2": "'1.x.2': a number behind a wildcard",
    "web@1.x || 2.x": "|| is not known",
    "web@stable": "the channel is web:stable",
    "web:1.4.2": "the version is web@1.4.2",
    "../../etc/passwd": "it begins with a letter or a digit",
    "web/../db": "no //, and no . or .. between slashes",
    "web'; DROP TABLE releases; --": "in it; letters, digits",
    "web%": "'%' in it",
    "$(id)": "'$' in it",
    "web\n": "in it; letters, digits",
    "web:la\ntest": "in it; letters, digits",
    "web@1.0.0\n": "behind the patch number",
    "wäb": "'ä' in it",
    "w" * 5000: "at most 200",
    "web@" + "1" * 5000: "at most 128 bytes",
    "web@" + "1 " * 5000: "at most 16 comparators",
    "web:" + "a" * 5000: "at most 64",
}


def test_malformed_selectors(web, emulator):
    emulator.forget_requests()
    for selector, message in MALFORMED.items():
        got = web.online(selector, status=2, says=[message])
        assert len(got.err) < 500, got
    for form in (("--output", "json"), ("--format", "json")):
        assert web.online("web@1.x.2", *form, status=2).json["exit"] == 2
    web.online(status=2, says=["name what is wanted"])
    web.online("web", "db/arm64", status=2, says=["unexpected argument"])
    web.online("web", "--format", "xml", status=2, says=["--format: 'xml' is none of text, json"])
    assert emulator.requests() == []


@pytest.fixture
def places(consumer):
    """Two regions, two architectures in one of them, and what nobody can use any more."""
    both = [
        image("ami-1", US),
        image("ami-2", US, "arm64"),
        image("ami-3", EU),
        image("ami-4", "ap-south-1", state="retired"),
    ]
    consumer.has("web", release("1.0.0", *both), latest="1.0.0")
    return consumer


def test_regions_and_architectures(places):
    lines = f"{EU}\tami-3\tx86_64\n{US}\tami-2\tarm64\n{US}\tami-1\tx86_64\n"
    assert places.resolve("web").out == lines
    assert places.resolve("web", "--region", EU).out == "ami-3\n"
    arm = ("--architecture", "arm64")
    assert places.resolve("web", "--region", US, *arm).out == "ami-2\n"
    assert places.resolve("web", *arm).out == f"{US}\tami-2\tarm64\n"
    assert places.resolve("web", "--region", US, "--region", EU).out == lines
    told = places.resolve("web", "--region", US, "--output", "json").json
    assert [one["id"] for one in told["images"]] == ["ami-1", "ami-2"]


def test_a_region_or_architecture_that_is_not_there(places):
    refused = [
        (("--region", "eu-west-9"), "has no image in eu-west-9; it has them in eu-west-1, us-east-1"),
        (("--region", "ap-south-1"), "has no image in ap-south-1"),
        (("--region", US, "--region", "eu-west-9"), "has no image in eu-west-9"),
        (("--architecture", "i386"), "has no image of i386; there is arm64, x86_64"),
        (("--region", EU, "--architecture", "arm64"), "of arm64 in eu-west-1; there is x86_64"),
        (("--region", US, "--region", EU, "--architecture", "arm64"), "of arm64 in eu-west-1"),
        (("--region", "US-EAST-1"), "has no image in US-EAST-1"),
        (("--region", "us-east-1; id"), "has no image in us-east-1; id"),
    ]
    for options, message in refused:
        for form in ("text", "json", "env"):
            places.resolve("web", *options, "--format", form, status=6, says=[message])


def test_one_id_is_wanted_and_there_are_several(places):
    says = ["several images in us-east-1: ami-1 (x86_64), ami-2 (arm64)", "--architecture"]
    places.resolve("web", "--region", US, status=2, says=says)


def test_two_images_of_one_kind_in_one_place(consumer):
    consumer.has("web", release("1.0.0", image("ami-1"), image("ami-2")), latest="1.0.0")
    assert consumer.resolve("web").out.count("\n") == 2
    consumer.resolve("web", "--region", US, status=2, says=["ami-1 (x86_64), ami-2 (x86_64)"])
    for form in ("tfvars", "env", "ansible", "pkrvars", "cloudformation"):
        says = ["web 1.0.0 has two images of x86_64 in us-east-1, ami-1 and ami-2"]
        consumer.resolve("web", "--format", form, status=4, says=says)


def test_a_release_without_images_to_use(consumer):
    consumer.has("web", release("1.0.0", image(state="retired")), latest="1.0.0")
    consumer.resolve("web", status=6, says=["web 1.0.0 has no image to use"])


def test_an_id_that_is_none_is_not_handed_out(consumer):
    for number, id in enumerate(("ami-1\nAMI_ID=evil", "$(id)", "ami-1 ", "amï")):
        consumer.has(f"f{number}", release("1.0.0", image(id)), latest="1.0.0")
        for form in FORMS:
            consumer.resolve(f"f{number}", "--format", form, status=4, says=["not handed out"])


def test_the_document_is_that_of_show(web):
    told = web.resolve("web@1.5.0", "--output", "json").json
    shown = web.goldkeep("show", "web", "1.5.0", "--output", "json").json
    del shown["events"]
    assert told == shown
    assert told["channels"] == ["latest"] and told["revoked"] is None
    assert web.resolve("web@1.5.0", "--format", "json").json == told
    result = web.goldkeep.folder / "result.json"
    got = web.resolve("web@1.5.0", "--region", US, "--result", result)
    assert got.out == "ami-1.5.0\n" and json.loads(result.read_text()) == told


def test_output_and_format_that_contradict(web):
    says = ["--output json and --format env contradict one another"]
    web.resolve("web", "--output", "json", "--format", "env", status=2, says=says)
    env = {"GOLDKEEP_OUTPUT": "json"}
    says = ["GOLDKEEP_OUTPUT json and --format text contradict"]
    web.resolve("web", "--format", "text", status=2, says=says, env=env)
    web.resolve("web", "--output", "text", "--format", "json")


def test_options_from_elsewhere(places):
    env = {"GOLDKEEP_REGION": US, "GOLDKEEP_ARCHITECTURE": "arm64", "GOLDKEEP_OFFLINE": "true"}
    assert places.online("web", env=env).out == "ami-2\n"
    (places.goldkeep.folder / "goldkeep.ini").write_text(
        "[defaults]\nformat = env\n[family web]\nregion = eu-west-1\n"
    )
    assert "AMI_ID=ami-3\n" in places.resolve("web").out
    assert places.resolve("web", "--format", "text").out == "ami-3\n"


def test_nothing_is_written(web, emulator, inventory_path):
    before = files(inventory_path)
    for selector in ("web", "web@1.x", "web@1.5.0", "nothing", "web@9.x"):
        web.goldkeep("resolve", selector)
    assert files(inventory_path) == before and written(emulator) == []


def test_an_inventory_that_is_not_there(consumer, inventory_path):
    consumer.resolve("web", status=6, says=["the inventory has no family web"])
    assert not inventory_path.exists()


# ---- what the cloud says ----


@pytest.fixture
def account(consumer):
    """Images that the account has, in two regions."""
    consumer.images = dict(zip(BOTH, (consumer.real(region) for region in BOTH), strict=True))
    one = release("1.0.0", *(row for _, row in consumer.images.values()))
    consumer.has("web", one, latest="1.0.0")
    consumer.emulator.forget_requests()
    return consumer


def test_what_is_handed_out_is_there(account, emulator):
    assert account.online("web", "--region", EU).out == account.images[EU][0].id + "\n"
    (asked,) = emulator.requests()
    assert (asked["action"], asked["region"]) == ("DescribeImages", EU)
    emulator.forget_requests()
    account.online("web", "--format", "tfvars")
    asked = sorted((one["action"], one["region"]) for one in emulator.requests())
    assert asked == [("DescribeImages", EU), ("DescribeImages", US)]


UNUSABLE = [
    ({"state": "deregistered"}, "is not there, or not in this account"),
    ({"owner_id": "999999999999"}, "is not there, or not in this account"),
    ({"state": "disabled"}, "is disabled"),
    ({"state": "failed"}, "is of no use"),
    ({"state": "pending"}, "is still being made"),
]


def test_an_image_that_cannot_be_used_is_not_handed_out(account, emulator):
    there = account.images[EU][0]
    for change, message in UNUSABLE:
        emulator.set_image(there, **change)
        says = [f"{there.id} in {EU} {message}", "`goldkeep show web ", "choose another release"]
        for form in FORMS:
            account.online("web", "--format", form, status=6, says=says)
        assert account.online("web", "--region", US).out == account.images[US][0].id + "\n"
        assert account.resolve("web", "--region", EU).out == there.id + "\n"
        emulator.set_image(there, state="available", owner_id=ACCOUNT)
        assert account.online("web").status == 0


def test_a_deprecated_image_is_handed_out(account, emulator):
    there = account.images[US][0]
    ec2 = emulator.client("ec2", US)
    ec2.enable_image_deprecation(ImageId=there.id, DeprecateAt="2030-01-01T00:00:00Z")
    assert account.online("web", "--region", US).out == there.id + "\n"


def test_a_lookup_that_fails(account, emulator):
    faults = [
        {"status": 403, "code": "UnauthorizedOperation"},
        {"status": 500, "code": "InternalError"},
        {"status": 200, "raw": "<other/>"},
        {"close": True},
    ]
    for fault in faults:
        emulator.faults({"action": "DescribeImages", "region": EU} | fault)
        says = [f"{account.images[EU][0].id} in {EU} could not be looked up", "--offline"]
        for form in FORMS:
            account.online("web", "--format", form, status=1, says=says, env=ONCE)
        assert account.online("web", "--region", US, env=ONCE).status == 0


def test_without_network_or_credentials(account):
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"} | ONCE
    account.online("web", status=1, says=["--offline"], env=nowhere)
    nobody = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    got = account.goldkeep("resolve", "web", env=nobody)
    assert got.status in (1, 2) and got.out == "" and "--offline" in got.err, got
    expected = account.resolve("web").out
    assert account.resolve("web", env=nowhere | nobody).out == expected


# ---- a team's inventory ----


def requests_of(consumer, selector, status=0):
    consumer.emulator.forget_requests()
    consumer.resolve(selector, status=status)
    return sorted(one["action"] for one in consumer.emulator.requests())


def test_reads_do_not_grow_with_history(consumer, new_store, environment):
    asked = []
    for retired in (1, 400):
        environment["GOLDKEEP_STORE"] = new_store(MOTO).uri
        old = versions(*(f"0.{number}.0 retired" for number in range(retired)))
        consumer.has("web", *old, *versions("1.0.0", "1.1.0"), latest="1.1.0")
        selectors = ("web", "web:latest", "web@1.0.0", "web@1.x", "web@~1.0.0")
        asked.append([requests_of(consumer, one) for one in selectors])
        asked[-1] += [requests_of(consumer, one, 6) for one in ("web@5.x", "web@5.0.0")]
    assert asked[0] == asked[1]
    assert all(len(one) <= 2 for one in asked[0][:5]), asked[0]


class Moving(Proxy):
    """Behind the first answer the channel moves on, and what it named is retired."""

    def __init__(self, url, move):
        super().__init__(url)
        self.move, self.moved = move, False

    def treat(self, request):
        answer = request.carry_out()
        if not self.moved:
            self.moved = True
            self.move()
        return answer


def test_a_channel_that_moves_meanwhile(consumer, new_store, goldkeep, built):
    store = new_store(MOTO)
    images = []

    def move():
        images.append(built("web").ids[0])
        keep = ("--keep-last", "1")
        got = goldkeep("release", "--family", "web", *keep, "--store", store.uri)
        assert got.status == 0, got

    move()
    with Moving(store.url, move) as proxy:
        there = ("--store", store.behind(proxy.url))
        got = consumer.online("web", "--region", US, *there)
    assert len(images) == 2 and got.out == f"{images[1]}\n"
