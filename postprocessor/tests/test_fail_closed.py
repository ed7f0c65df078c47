"""Whatever a lookup does but answer: no image of that region is removed, and that is said.

The family of these tests: 0.1.0 in both regions, 0.1.1 in eu-west-1 alone (where the lookups fail),
0.1.2 in us-east-1 alone, and 0.1.3, which is kept.
"""

import shutil
import time

import pytest

from history import BOTH, EU, US, History, planned, versions

KEEP_ONE = ("--keep-last", 1)
ONCE = {"GOLDKEEP_MAX_ATTEMPTS": "1"}
NO_REFERENCES = {"unknown_actions": ["DescribeImageReferences"]}

# What may come instead of an answer; {action} is filled in.
FAULTS = {
    "throttled": {"status": 503, "code": "RequestLimitExceeded"},
    "a page of a proxy": {
        "status": 500,
        "raw": "<html><body>Internal Server Error</body></html>",
        "content_type": "text/html",
    },
    "access denied": {"status": 400, "code": "AccessDenied"},
    "not authorized": {"status": 403, "code": "UnauthorizedOperation"},
    "expired": {"status": 400, "code": "RequestExpired"},
    "nothing": {"status": 200, "raw": ""},
    "an empty root": {"status": 200, "raw": "<{action}Response/>"},
    "another root": {"raw": "<OtherResponse><requestId>1</requestId></OtherResponse>"},
    "an error with 200": {
        "status": 200,
        "raw": "<Response><Errors><Error><Code>InternalError</Code></Error></Errors></Response>",
    },
    "no XML": {"status": 200, "raw": "{}"},
    "cut": {"cut": 150},
    "closed": {"close": True},
}
# With these DescribeImageReferences is asked in another way, which works.
DENIALS = ("access denied", "not authorized", "expired")

LOOKUPS = [
    "DescribeImages",
    "DescribeImageReferences",
    "DescribeImageAttribute",
    "DescribeLaunchConfigurations",
    "DescribeSnapshots",
]
FALLBACK_LOOKUPS = [
    "DescribeInstances",
    "DescribeLaunchTemplates",
    "DescribeLaunchTemplateVersions",
]
# What may come instead of an answer of SSM, whatever was asked.
JSON_FAULTS = {
    "throttled": {"status": 400, "code": "ThrottlingException"},
    "a page of a proxy": FAULTS["a page of a proxy"],
    "access denied": {"status": 400, "code": "AccessDeniedException"},
    "nothing": {"status": 200, "raw": ""},
    "an empty object": {"status": 200, "raw": "{}"},
    "another type": {"status": 200, "raw": '{"Parameters": {}}'},
    "XML": {"status": 200, "raw": "<{action}Response/>"},
    "cut": {"cut": 20},
    "closed": {"close": True},
}
VALUE_FAULTS = JSON_FAULTS | {
    "no such parameter": {
        "status": 200,
        "raw": '{"InvalidParameters": ["/images/web"], "Parameters": []}',
    },
    "no image in it": {
        "status": 200,
        "raw": '{"InvalidParameters": [], "Parameters": [{"Name": "/images/web", "Value": "web"}]}',
    },
}
NAME_FAULTS = JSON_FAULTS | {
    "no such filter": {"status": 400, "code": "InvalidFilterKey"},
    "no name": {"status": 200, "raw": '{"Parameters": [{"DataType": "aws:ec2:image"}]}'},
    "the same page": {"status": 200, "raw": '{"Parameters": [], "NextToken": "same"}'},
    "a token that is no text": {"status": 200, "raw": '{"Parameters": [], "NextToken": 7}'},
}
PARAMETER_FAULTS = {"DescribeParameters": NAME_FAULTS, "GetParameters": VALUE_FAULTS}


class Family(History):
    """The releases above, and the way back to them."""

    def make(self):
        self.everywhere = self.release(regions=BOTH)
        self.there = self.release(regions=[EU])
        self.here = self.release(regions=[US])
        self.newest = self.release(regions=BOTH)
        return self

    def keep(self, inventory):
        self.inventory, self.copy = inventory, inventory.with_suffix(".kept")
        shutil.copy(inventory, self.copy)
        self.emulator.save()

    def restore(self):
        shutil.copy(self.copy, self.inventory)
        self.emulator.restore()

    def apply(self, status=0):
        return self.retain(*KEEP_ONE, status=status, env=ONCE)


@pytest.fixture
def family(emulator, goldkeep, built, inventory_path):
    return Family(emulator, goldkeep, built).make()


def ruled(fault, action, **more):
    """The rule of a fault that hits an action in eu-west-1."""
    fault = {key: value for key, value in fault.items()}
    if "raw" in fault:
        fault["raw"] = fault["raw"].replace("{action}", action)
    return fault | {"action": action, "region": EU} | more


def check_nothing_went_there(family, lookup, what):
    """A run with a fault in eu-west-1, and the one after it without."""
    got = family.apply(status=3)
    told = got.json
    assert family.whole(family.everywhere) is True, (what, got)
    assert family.whole(family.there) is True, (what, got)
    assert family.whole(family.newest) is True, (what, got)
    assert family.whole(family.here) is False, (what, got)
    assert versions(got, "remove") == ["0.1.2"], (what, got)
    assert set(versions(got, "blocked")) == {"0.1.0", "0.1.1"}, (what, got)
    assert family.states() == {
        "0.1.0": "live",
        "0.1.1": "live",
        "0.1.2": "retired",
        "0.1.3": "live",
    }, (what, got)
    assert told["result"] == "incomplete", (what, got)
    assert any(item["location"] == EU for item in told["incomplete"]), (what, got)
    assert all(item["location"] != US for item in told["incomplete"]), (what, got)
    for text in (EU, lookup):
        assert text in str(told["incomplete"]), (what, got)
        assert text in got.err, (what, got)
        assert any(text in reason for reason in planned(got, "blocked")["0.1.1"]), (what, got)


def check_recovery(family, what):
    family.emulator.faults()
    got = family.apply()
    assert versions(got, "remove") == ["0.1.1", "0.1.0"], (what, got)
    for gone in (family.everywhere, family.there, family.here):
        assert family.whole(gone) is False, (what, got)
    assert family.whole(family.newest) is True


def check_faults(family, inventory, lookup, faults, **more):
    family.keep(inventory)
    for what, fault in faults.items():
        family.restore()
        family.emulator.faults(ruled(fault, lookup, **more))
        check_nothing_went_there(family, lookup, what)
        check_recovery(family, what)


@pytest.mark.parametrize("lookup", LOOKUPS)
def test_a_lookup_that_fails(family, inventory_path, lookup):
    faults = dict(FAULTS)
    if lookup == "DescribeImageReferences":
        for denial in DENIALS:
            faults.pop(denial)
    check_faults(family, inventory_path, lookup, faults)


@pytest.mark.parametrize("lookup", FALLBACK_LOOKUPS)
def test_a_lookup_of_the_other_way_that_fails(family, emulator, inventory_path, lookup):
    emulator.settings(**NO_REFERENCES)
    emulator.client("ec2", EU).create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": family.newest.ids[1]}
    )
    check_faults(family, inventory_path, lookup, FAULTS)


def test_a_parameter_that_cannot_be_read(family, emulator, inventory_path):
    emulator.settings(**NO_REFERENCES)
    put_parameter(emulator, family.newest.ids[1], EU)
    emulator.client("ec2", EU).create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": "resolve:ssm:/images/web"}
    )
    check_faults(family, inventory_path, "GetParameters", VALUE_FAULTS)


@pytest.mark.parametrize("lookup", PARAMETER_FAULTS)
def test_a_lookup_of_parameters_that_fails(family, emulator, inventory_path, lookup):
    """Nothing but the parameter itself names the image."""
    emulator.settings(**NO_REFERENCES)
    put_parameter(emulator, family.newest.ids[1], EU, kind="aws:ec2:image")
    check_faults(family, inventory_path, lookup, PARAMETER_FAULTS[lookup])


def put_parameter(emulator, value, region, kind="text", name="/images/web"):
    emulator.client("ssm", region).put_parameter(
        Name=name, Value=value, Type="String", DataType=kind, Overwrite=True
    )


@pytest.mark.parametrize("text", ["resolve:something:else", "web", "resolve:ssm:"])
def test_a_template_that_names_an_image_in_an_unknown_way(family, emulator, inventory_path, text):
    emulator.settings(**NO_REFERENCES)
    family.keep(inventory_path)
    ec2 = emulator.client("ec2", EU)
    made = ec2.create_launch_template(
        LaunchTemplateName="odd", LaunchTemplateData={"ImageId": text}
    )
    template = made["LaunchTemplate"]["LaunchTemplateId"]
    lookup = "GetParameters" if text == "resolve:ssm:" else template
    check_nothing_went_there(family, lookup, text)
    ec2.delete_launch_template(LaunchTemplateName="odd")
    check_recovery(family, text)


# ---- the other way of looking for references ----


@pytest.fixture
def history(emulator, goldkeep, built):
    return History(emulator, goldkeep, built)


UNKNOWN = [
    {"settings": NO_REFERENCES},
    {"settings": {"deny": ["ec2:DescribeImageReferences"]}},
    {"fault": FAULTS["access denied"]},
]


def without_references(emulator, how):
    emulator.settings(**how.get("settings", {}))
    if "fault" in how:
        emulator.faults(how["fault"] | {"action": "DescribeImageReferences"})


@pytest.mark.parametrize("how", UNKNOWN)
def test_the_other_way_removes_too(history, emulator, how):
    old, _ = history.releases(2)
    without_references(emulator, how)
    history.retain(*KEEP_ONE, env=ONCE)
    assert history.whole(old) is False
    assert emulator.requests("DescribeInstances")


def check_blocked(history, build, *parts, **options):
    got = history.retain(*KEEP_ONE, **options)
    [reasons] = planned(got, "blocked").values()
    for part in parts:
        assert any(part in reason for reason in reasons), got
    assert history.whole(build) is True
    assert history.states() == {"0.1.0": "live", "0.1.1": "live"}


@pytest.mark.parametrize("how", UNKNOWN)
def test_the_other_way_finds_instances(history, emulator, how):
    old, _ = history.releases(2)
    instance = emulator.launch(old.images[1])
    without_references(emulator, how)
    check_blocked(history, old, f"in use: instance {instance} in {EU}", env=ONCE)
    emulator.client("ec2", EU).stop_instances(InstanceIds=[instance])
    check_blocked(history, old, f"in use: instance {instance} in {EU}", env=ONCE)
    emulator.client("ec2", EU).terminate_instances(InstanceIds=[instance])
    history.retain(*KEEP_ONE, env=ONCE)
    assert history.whole(old) is False


@pytest.mark.parametrize("reference", ["plain", "parameter", "version", "label"])
def test_the_other_way_finds_templates(history, emulator, reference):
    old, new = history.releases(2)
    ec2, ssm = emulator.client("ec2", EU), emulator.client("ssm", EU)
    put_parameter(emulator, old.ids[1], EU)
    ssm.label_parameter_version(Name="/images/web", ParameterVersion=1, Labels=["old"])
    if reference in ("version", "label"):
        put_parameter(emulator, new.ids[1], EU)
    text = {
        "plain": old.ids[1],
        "parameter": "resolve:ssm:/images/web",
        "version": "resolve:ssm:/images/web:1",
        "label": "resolve:ssm:/images/web:old",
    }[reference]
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": text})
    for _ in range(15):
        ec2.create_launch_template_version(
            LaunchTemplateName="web", LaunchTemplateData={"ImageId": new.ids[1]}
        )
    emulator.settings(**NO_REFERENCES, page_size=2)
    check_blocked(history, old, "in use: launch template web (", f"version 1 in {EU}")


def test_the_other_way_finds_parameters(history, emulator):
    old, _ = history.releases(2)
    put_parameter(emulator, old.ids[1], EU, kind="aws:ec2:image")
    emulator.settings(**NO_REFERENCES)
    before = emulator.state()
    got = history.goldkeep("retain", "web", "--keep-last", "1")
    assert got.status in (0, 3), got
    assert f"in use: SSM parameter /images/web in {EU}" in got.out, got
    assert emulator.state() == before, got


def test_the_other_way_finds_launch_configurations(history, emulator):
    old, _ = history.releases(2)
    emulator.client("autoscaling", EU).create_launch_configuration(
        LaunchConfigurationName="web-1", ImageId=old.ids[1], InstanceType="t3.micro"
    )
    emulator.settings(**NO_REFERENCES)
    check_blocked(history, old, f"in use: launch configuration web-1 in {EU}")


# ---- the second look ----


SECOND = [
    "DescribeImages",
    "DescribeImageReferences",
    "DescribeImageAttribute",
    "DescribeLaunchConfigurations",
    "DescribeSnapshots",
]


@pytest.mark.parametrize("lookup", SECOND)
def test_a_lookup_that_fails_the_second_time(history, emulator, lookup):
    old, _ = history.releases(2, regions=[EU])
    emulator.faults(ruled(FAULTS["throttled"], lookup, skip=1))
    got = history.retain(*KEEP_ONE, status=3, env=ONCE)
    assert versions(got, "blocked") == ["0.1.0"]
    assert lookup in got.err
    assert EU in got.err
    assert history.whole(old) is True
    assert history.states()["0.1.0"] == "live"
    # The claim was written down, and taken back.
    assert "retiring" in history.actions("0.1.0")
    assert history.actions("0.1.0").index("kept") < history.actions("0.1.0").index("retiring")
    emulator.faults()
    history.retain(*KEEP_ONE)
    assert history.whole(old) is False


def reference_to(image_id, instance="i-0123456789abcdef0"):
    """The answer of DescribeImageReferences that finds an instance."""
    arn = f"arn:aws:ec2:{EU}:123456789012:instance/{instance}"
    return (
        "<DescribeImageReferencesResponse><requestId>1</requestId><imageReferenceSet><item>"
        f"<imageId>{image_id}</imageId><resourceType>ec2:Instance</resourceType>"
        f"<arn>{arn}</arn></item></imageReferenceSet></DescribeImageReferencesResponse>"
    )


def test_a_reference_that_appears_before_the_second_look(history, emulator):
    old, _ = history.releases(2)
    raw = reference_to(old.ids[1])
    emulator.faults(ruled({"status": 200, "raw": raw}, "DescribeImageReferences", skip=1))
    got = history.retain(*KEEP_ONE)
    assert planned(got, "blocked") == {"0.1.0": [f"in use: instance i-0123456789abcdef0 in {EU}"]}
    assert versions(got, "remove") == []
    assert history.whole(old) is True
    assert history.states()["0.1.0"] == "live"
    assert {image["state"] for image in history.listed()["0.1.0"]["images"]} == {"live"}
    history.run("resume", "web")
    assert history.whole(old) is True


def test_a_protection_that_appears_before_the_second_look(history, emulator):
    old, _ = history.releases(2, regions=[EU])
    process = slow_second_look(history, emulator, "DescribeImages")
    emulator.set_image(old.images[0], deregistration_protection="enabled-without-cooldown")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    assert history.whole(old) is True
    assert history.states()["0.1.0"] == "live"
    assert not emulator.requests("DeregisterImage")


def slow_second_look(history, emulator, lookup):
    """A running retain that has looked once and claimed, and has yet to look again."""
    emulator.forget_requests()
    rule = ruled({"delay": 1.0}, lookup, times=1)
    emulator.faults(rule)
    return history.goldkeep.start("retain", "web", "--keep-last", "1")


def test_tags_that_go_before_the_second_look(history, emulator):
    old, _ = history.releases(2, regions=[EU])
    image = old.ids[0]
    raw = (
        "<DescribeImagesResponse><requestId>1</requestId><imagesSet><item>"
        f"<imageId>{image}</imageId><imageState>available</imageState>"
        "<imageOwnerId>123456789012</imageOwnerId></item></imagesSet></DescribeImagesResponse>"
    )
    emulator.faults(ruled({"status": 200, "raw": raw}, "DescribeImages", skip=1))
    got = history.retain(*KEEP_ONE)
    assert "not managed" in str(planned(got, "blocked")["0.1.0"])
    assert history.whole(old) is True


def test_only_the_release_that_is_blocked_late_stays(history, emulator):
    first, second, _ = history.releases(3, regions=[EU])
    raw = reference_to(second.ids[0])
    emulator.faults(ruled({"status": 200, "raw": raw}, "DescribeImageReferences", skip=1))
    got = history.retain(*KEEP_ONE)
    assert versions(got, "blocked") == ["0.1.1"]
    assert versions(got, "remove") == ["0.1.0"]
    assert (history.whole(first), history.whole(second)) == (False, True)
    assert history.states() == {"0.1.0": "retired", "0.1.1": "live", "0.1.2": "live"}


def wait_for(emulator, action, count):
    while len(emulator.requests(action)) < count:
        time.sleep(0.02)


def test_another_run_finds_a_reference_after_the_second_look(history, emulator):
    """It takes the claim back while this run still waits for an answer: this run notices."""
    old, _ = history.releases(2, regions=[EU])
    emulator.forget_requests()
    emulator.faults(ruled({"delay": 1.5}, "DescribeImages", skip=1, times=1))
    slow = history.goldkeep.start("retain", "web", "--keep-last", "1")
    wait_for(emulator, "DescribeLaunchConfigurations", 2)
    wait_for(emulator, "DescribeImageReferences", 2)
    instance = emulator.launch(old.images[0])
    got = history.retain(*KEEP_ONE)
    assert planned(got, "blocked") == {"0.1.0": [f"in use: instance {instance} in {EU}"]}
    out, err = slow.communicate(timeout=60)
    assert slow.returncode == 0, (out, err)
    assert "changed by another run" in out
    assert not emulator.requests("DeregisterImage")
    assert history.whole(old) is True
    assert history.states()["0.1.0"] == "live"


def test_two_runs_remove_the_same_release(history, emulator):
    """The slow one is told late that the image is gone; the other one has written it down."""
    old, _ = history.releases(2, regions=[EU])
    emulator.forget_requests()
    emulator.faults(ruled({"delay": 1.5}, "DeregisterImage", times=1))
    slow = history.goldkeep.start("retain", "web", "--keep-last", "1")
    wait_for(emulator, "DeregisterImage", 1)
    history.retain(*KEEP_ONE)
    out, err = slow.communicate(timeout=60)
    assert slow.returncode == 0, (out, err)
    assert history.whole(old) is False
    assert history.states()["0.1.0"] == "retired"
    assert history.run("resume").json["result"] == "nothing"


# ---- pages ----


def use_all(emulator, image):
    """So many users of other images that the last page alone names this one."""
    ec2 = emulator.client("ec2", image.region)
    autoscaling = emulator.client("autoscaling", image.region)
    for number in range(5):
        ec2.create_launch_template(
            LaunchTemplateName=f"a{number}", LaunchTemplateData={"ImageId": "ami-12c6146b"}
        )
        autoscaling.create_launch_configuration(
            LaunchConfigurationName=f"a{number}", ImageId="ami-12c6146b", InstanceType="t3.micro"
        )


@pytest.mark.parametrize("fallback", [False, True])
@pytest.mark.parametrize("kind", ["template", "configuration", "instance", "parameter"])
def test_a_reference_on_the_last_page(history, emulator, kind, fallback):
    old, _ = history.releases(2, regions=[EU])
    image = old.images[0]
    use_all(emulator, image)
    ec2, autoscaling = emulator.client("ec2", EU), emulator.client("autoscaling", EU)
    word = f"{kind}"
    if kind == "template":
        for number in range(5):
            ec2.create_launch_template(
                LaunchTemplateName=f"z{number}", LaunchTemplateData={"ImageId": image.id}
            )
    elif kind == "configuration":
        autoscaling.create_launch_configuration(
            LaunchConfigurationName="z", ImageId=image.id, InstanceType="t3.micro"
        )
    elif kind == "parameter":
        for number in range(5):
            put_parameter(emulator, "ami-12c6146b", EU, "aws:ec2:image", f"/images/a{number}")
        put_parameter(emulator, image.id, EU, "aws:ec2:image", "/images/z")
    else:
        word = emulator.launch(image)
    unknown = NO_REFERENCES if fallback else {}
    emulator.settings(page_size=2, empty_first_page=True, **unknown)
    check_blocked(history, old, word)


def test_many_releases_by_small_pages(history, emulator):
    builds = history.releases(5, regions=[EU])
    emulator.settings(page_size=2, empty_first_page=True)
    got = history.retain(*KEEP_ONE)
    assert len(versions(got, "remove")) == 4
    assert [history.whole(build) for build in builds] == [False] * 4 + [True]


def test_a_page_that_fails(family, emulator, inventory_path):
    """The first page of each listing is there, the second one is not."""
    emulator.settings(empty_first_page=True)
    family.keep(inventory_path)
    for lookup in ("DescribeImages", "DescribeImageReferences", "DescribeLaunchConfigurations"):
        family.restore()
        emulator.faults(ruled(FAULTS["throttled"], lookup, skip=1))
        check_nothing_went_there(family, lookup, lookup)


def test_pages_that_never_end(history, emulator):
    old, _ = history.releases(2, regions=[EU])
    raw = (
        "<DescribeImageReferencesResponse><requestId>1</requestId><imageReferenceSet/>"
        "<nextToken>same</nextToken></DescribeImageReferencesResponse>"
    )
    emulator.faults(ruled({"status": 200, "raw": raw}, "DescribeImageReferences"))
    got = history.retain(*KEEP_ONE, status=3, env=ONCE)
    assert "token" in got.err
    assert history.whole(old) is True


# ---- answers that contradict each other ----


@pytest.mark.parametrize("lookup", ["DescribeImageAttribute", "DescribeImageReferences"])
@pytest.mark.parametrize("code", ["InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"])
def test_an_image_that_is_there_and_said_to_be_gone(family, emulator, inventory_path, lookup, code):
    family.keep(inventory_path)
    emulator.faults(ruled({"status": 400, "code": code}, lookup))
    check_nothing_went_there(family, "gone", code)
    check_recovery(family, code)


@pytest.mark.parametrize("lookup", ["DescribeImages", "DescribeSnapshots"])
def test_a_region_that_shows_nothing(family, emulator, inventory_path, lookup):
    """Nor what is to stay: so what is not shown is not taken for gone."""
    family.keep(inventory_path)
    name = {"DescribeImages": "imagesSet", "DescribeSnapshots": "snapshotSet"}[lookup]
    raw = f"<{lookup}Response><requestId>1</requestId><{name}/></{lookup}Response>"
    emulator.faults(ruled({"status": 200, "raw": raw}, lookup))
    if lookup == "DescribeImages":
        check_nothing_went_there(family, "not visible", lookup)
    else:
        # The image is there, and names its snapshots: they go with it.
        family.apply()
        assert family.whole(family.everywhere) is False
        return
    check_recovery(family, lookup)


def test_a_reference_to_an_image_that_was_not_asked_about(family, emulator, inventory_path):
    family.keep(inventory_path)
    raw = reference_to("ami-0fedcba9876543210")
    emulator.faults(ruled({"status": 200, "raw": raw}, "DescribeImageReferences"))
    check_nothing_went_there(family, "DescribeImageReferences", "reference")
    check_recovery(family, "reference")


def test_an_unknown_state(family, emulator, inventory_path):
    family.keep(inventory_path)
    emulator.set_image(family.there.images[0], state="available")
    items = "".join(
        f"<item><imageId>{build.ids[-1]}</imageId><imageState>archived</imageState>"
        "<imageOwnerId>123456789012</imageOwnerId></item>"
        for build in (family.everywhere, family.there)
    )
    raw = (
        "<DescribeImagesResponse><requestId>1</requestId>"
        f"<imagesSet>{items}</imagesSet></DescribeImagesResponse>"
    )
    emulator.faults(ruled({"status": 200, "raw": raw}, "DescribeImages"))
    check_nothing_went_there(family, "archived", "state")
