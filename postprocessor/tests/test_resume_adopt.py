"""Releases that were not finished, and inventories that were lost."""

import json

import pytest

from history import BOTH, DAY, EU, US, History, versions

KEEP_ONE = ("--keep-last", 1)
ONCE = {"GOLDKEEP_MAX_ATTEMPTS": "1"}
DENIED = {"status": 400, "code": "AccessDenied", "message": "not today"}
NO_IMAGES = (
    '<DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
    "<requestId>1</requestId><imagesSet/></DescribeImagesResponse>"
)
UNAVAILABLE = {"status": 503, "code": "Unavailable"}


@pytest.fixture
def history(emulator, goldkeep, built):
    return History(emulator, goldkeep, built)


def tag_fault(*, region=EU, fault=None, **more):
    return {"action": "CreateTags", "region": region} | (fault or DENIED) | more


def carries(emulator, build, version, family="web"):
    """Do all images and snapshots of the build carry the tags of that release?"""
    wanted = {
        "ManagedBy": "goldkeep",
        "goldkeep:family": family,
        "goldkeep:version": version,
        "goldkeep:run": build.run,
    }
    return all(
        wanted.items() <= emulator.tags(image.region, id).items()
        for image in build.images
        for id in (image.id, *image.snapshots)
    )


# ---- unfinished releases ----


def unfinished(history, emulator, *options, fault=None, **more):
    """A release of which eu-west-1 could not be tagged, after another one that is fine."""
    old = history.release("--channel", "stable")
    emulator.faults(tag_fault(fault=fault))
    build = history.release(*options, status=3, env=ONCE, **more)
    told = history.last.json
    assert (told["result"], told["exit"], told["state"]) == ("incomplete", 3, "pending")
    assert told["version"] == "0.1.1"
    assert told["channels"] == []
    [item] = told["incomplete"]
    assert (item["step"], item["location"]) == ("tag", EU)
    assert EU in history.last.err
    assert "resume" in history.last.err
    # Nothing that comes after the tags was done.
    assert told["retention"] == {"keep": [], "remove": [], "blocked": []}
    assert history.whole(old) is True
    listed = history.listed()
    assert listed["0.1.0"]["channels"] == ["latest", "stable"]
    states = {image["location"]: image["state"] for image in listed["0.1.1"]["images"]}
    assert states == {US: "live", EU: "pending"}
    return old, build


def finished(history, emulator, old, build):
    assert carries(emulator, build, "0.1.1")
    assert history.whole(build) is True
    listed = history.listed()
    assert {image["state"] for image in listed["0.1.1"]["images"]} == {"live"}
    assert listed["0.1.1"]["state"] == "live"
    assert history.run("resume").json["result"] == "nothing"


WANTED = (*KEEP_ONE, "--channel", "stable", "--tag", "Team=web {version}")


@pytest.mark.parametrize("fault", [DENIED, UNAVAILABLE, {"close": True}, {"raw": "<Other/>"}])
def test_resume_finishes_all_that_was_asked_for(history, emulator, fault):
    old, build = unfinished(history, emulator, *WANTED, fault=fault)
    emulator.faults()
    got = history.run("resume", "web")
    assert got.json["version"] == "0.1.1"
    assert got.json["channels"] == ["latest", "stable"]
    assert versions(got, "remove") == ["0.1.0"]
    finished(history, emulator, old, build)
    assert history.whole(old) is False
    for image in build.images:
        assert emulator.tags(image.region, image.id)["Team"] == "web 0.1.1"
    assert history.listed()["0.1.1"]["channels"] == ["latest", "stable"]


def test_resume_of_all_families(history, emulator):
    old, build = unfinished(history, emulator, *WANTED)
    emulator.faults()
    history.run("resume")
    finished(history, emulator, old, build)
    assert history.whole(old) is False


def test_resume_while_it_still_fails(history, emulator):
    old, build = unfinished(history, emulator, *WANTED)
    got = history.run("resume", status=3, env=ONCE)
    assert got.json["result"] == "incomplete"
    assert history.whole(old) is True
    assert history.listed()["0.1.0"]["channels"] == ["latest", "stable"]
    emulator.faults()
    history.run("resume")
    finished(history, emulator, old, build)


def test_the_same_command_finishes_it(history, emulator):
    old, build = unfinished(history, emulator, *WANTED)
    emulator.faults()
    history.run("release", *WANTED)
    assert history.last.json["result"] == "released"
    assert history.last.json["version"] == "0.1.1"
    finished(history, emulator, old, build)
    assert history.whole(old) is False


def test_the_same_command_without_its_options_finishes_what_was_wanted(history, emulator):
    old, build = unfinished(history, emulator, *WANTED)
    emulator.faults()
    history.run("release")
    finished(history, emulator, old, build)
    assert history.listed()["0.1.1"]["channels"] == ["latest", "stable"]
    assert history.whole(old) is False


def test_the_next_release_finishes_it(history, emulator):
    old, build = unfinished(history, emulator, "--channel", "stable")
    emulator.faults()
    history.release()
    assert history.last.json["result"] == "released"
    assert history.last.json["version"] == "0.1.2"
    finished(history, emulator, old, build)
    listed = history.listed()
    assert listed["0.1.2"]["channels"] == ["latest"]
    assert listed["0.1.1"]["channels"] == ["stable"]
    assert history.whole(old) is True


def test_the_next_release_retires_what_was_unfinished(history, emulator):
    old, build = unfinished(history, emulator, *KEEP_ONE)
    emulator.faults()
    history.release("--channel", "stable", *KEEP_ONE)
    assert history.states() == {"0.1.0": "retired", "0.1.1": "retired", "0.1.2": "live"}
    assert (history.whole(old), history.whole(build)) == (False, False)
    assert history.run("resume").json["result"] == "nothing"


def test_the_next_release_while_it_still_fails(history, emulator):
    """What another release lacks is said, and no failure of this one; nothing of it goes."""
    old, build = unfinished(history, emulator, *KEEP_ONE)
    next_one = history.release(*KEEP_ONE, regions=[US], env=ONCE)
    told = history.last.json
    assert told["result"] == "released"
    assert "0.1.1" in str(told["warnings"])
    assert EU in str(told["warnings"])
    assert history.states()["0.1.1"] == "pending"
    assert history.whole(build) is True
    assert history.whole(next_one) is True
    emulator.faults()
    history.run("resume")
    assert carries(emulator, build, "0.1.1")
    assert history.listed()["0.1.2"]["channels"] == ["latest"]


def test_under_packer_it_ends_well_and_says_so(history, emulator):
    history.release()
    emulator.faults(tag_fault())
    build = history.built("web", regions=BOTH)
    history.run("release", env=build.under_packer | ONCE)
    assert history.last.json["result"] == "incomplete"
    assert EU in history.last.err
    history.run("release", "--strict", env=build.under_packer | ONCE, status=3)
    emulator.faults()
    history.run("release", env=build.under_packer)
    assert carries(emulator, build, "0.1.1")


def test_a_pending_release_is_never_retired(history, emulator):
    unfinished(history, emulator)
    emulator.faults(tag_fault(), {"action": "DescribeInstances"} | UNAVAILABLE)
    history.releases(2, regions=[US], env=ONCE)
    got = history.retain(*KEEP_ONE, "--unless-launched-within", "0h")
    assert "0.1.1" not in versions(got, "remove")
    assert history.states()["0.1.1"] == "pending"


def test_resume_in_a_dry_run(history, emulator, inventory_path):
    unfinished(history, emulator, *KEEP_ONE)
    emulator.faults()
    before, stored = emulator.state(), inventory_path.read_bytes()
    got = history.run("resume", "--dry-run")
    assert got.json["result"] == "dry-run"
    assert emulator.state() == before
    assert inventory_path.read_bytes() == stored


def test_resume_of_an_image_that_is_gone(history, emulator):
    """Somebody destroyed it: resume says so and finishes what is left."""
    _, build = unfinished(history, emulator)
    emulator.faults()
    emulator.client("ec2", EU).deregister_image(ImageId=build.images[1].id)
    got = history.run("resume")
    assert build.images[1].id in got.err
    assert EU in got.err
    assert history.states()["0.1.1"] == "live"
    states = {image["id"]: image["state"] for image in got.json["images"]}
    assert states == {build.images[0].id: "live", build.images[1].id: "retired"}
    assert history.run("release").json["result"] == "unchanged"


def test_resume_of_a_release_that_lost_all_its_images(history, emulator):
    """Packer destroys the images of a build that failed."""
    first, build = unfinished(history, emulator)
    emulator.faults()
    for image in build.images:
        emulator.client("ec2", image.region).deregister_image(ImageId=image.id)
    got = history.run("resume")
    assert all(id in got.err for id in build.ids)
    assert history.states()["0.1.1"] == "retired"
    assert history.run("resume").json["result"] == "nothing"


def test_an_image_that_only_other_credentials_could_see_is_not_given_up(history, emulator):
    """Nothing of the account is visible: these may be the credentials of another one."""
    _, build = unfinished(history, emulator)
    emulator.faults({"action": "DescribeImages", "status": 200, "raw": NO_IMAGES})
    got = history.run("resume", status=3)
    assert "other credentials" in got.err
    assert history.states()["0.1.1"] == "pending"
    emulator.faults()
    history.run("resume")
    assert history.states()["0.1.1"] == "live"


def test_resume_with_nothing_to_do(history):
    assert history.run("resume").json["result"] == "nothing"
    history.release()
    assert history.run("resume").json["result"] == "nothing"
    history.run("resume", "web")
    history.run("resume", "unknown", status=6)


# ---- delayed visibility ----


@pytest.mark.parametrize("calls", [1, 3])
def test_images_that_are_not_visible_yet(history, emulator, calls):
    build = history.built("web", regions=BOTH)
    for image in build.images:
        emulator.set_image(image, hidden_for=calls)
    history.run("release", *KEEP_ONE)
    assert history.last.json["result"] == "released"
    assert carries(emulator, build, "0.1.0")


# ---- a lost inventory ----


def rounds(emulator):
    """What was asked, by region and in order."""
    asked = {}
    for one in emulator.requests():
        asked.setdefault(one["region"], []).append(one["action"])
    return asked


def test_a_lost_inventory(history, emulator, inventory_path):
    history.releases(2)
    inventory_path.unlink()
    build = history.built("web", regions=BOTH)
    before = emulator.state()
    emulator.forget_requests()
    got = history.run("release", *KEEP_ONE, status=5)
    for text in ("--store", "adopt --from-tags", "--family web", "--new-family", US):
        assert text in got.err
        assert text in got.json["error"]
    assert emulator.state() == before
    assert history.listed() == {}
    assert {action for one in rounds(emulator).values() for action in one} == {"DescribeImages"}
    assert history.whole(build) is True


def test_the_look_for_a_lost_inventory_costs_no_round_trip(history, emulator):
    """A first release asks the same as any other, but for one search a region at the beginning."""
    history.built("web", regions=BOTH)
    emulator.forget_requests()
    history.run("release")
    first = rounds(emulator)
    history.built("web", regions=BOTH)
    emulator.forget_requests()
    history.run("release")
    other = rounds(emulator)
    for region in BOTH:
        assert first[region][:2] == ["DescribeImages"] * 2
        assert other[region].count("DescribeImages") > 0
        other[region].append("DescribeImages")
        assert sorted(first[region]) == sorted(other[region])


def test_both_looks_go_out_together(history, emulator):
    """The second one is asked for while the first one has no answer yet."""
    history.built("web", regions=[US])
    emulator.faults({"action": "DescribeImages", "delay": 1.0, "times": 2})
    process = history.goldkeep.start("release")
    asked = []
    while process.poll() is None and len(asked) < 2:
        asked = emulator.requests("DescribeImages")
    assert [one["status"] for one in asked] == [0, 0]
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)


@pytest.mark.parametrize("fault", [DENIED, UNAVAILABLE, {"raw": "<DescribeImagesResponse/>"}])
def test_a_search_that_fails_is_no_new_family(history, emulator, fault):
    history.releases(1)
    rule = {"action": "DescribeImages", "region": EU, "match": {"Filter.1.Name": "tag:ManagedBy"}}
    emulator.faults(rule | fault)
    history.built("db", regions=BOTH)
    got = history.run("release", status=1, env=ONCE)
    assert EU in got.json["error"]
    assert history.listed("db") == {}
    history.run("release", "--new-family", env=ONCE)


def test_new_family_overrides(history, emulator, inventory_path):
    old = history.release()
    inventory_path.unlink()
    build = history.release("--new-family", *KEEP_ONE)
    assert history.last.json["version"] == "0.1.0"
    assert carries(emulator, build, "0.1.0")
    # What this inventory does not know is not touched.
    history.release(*KEEP_ONE)
    assert history.whole(old) is True
    assert history.whole(build) is False


def adopt(history, *options, regions=BOTH, family="web", status=0):
    places = [word for region in regions for word in ("--region", region)]
    chosen = ["--family", family] if family else []
    return history.run("adopt", "--from-tags", *chosen, *places, *options, status=status)


def adopted(got):
    """The outcomes of an adoption, by version."""
    found = got.json.get("releases", [got.json])
    return {one["version"]: one for one in found}


def test_adopt_rebuilds_what_was_lost(history, emulator, inventory_path):
    builds = [history.release(snapshots=2), history.release(regions=[EU]), history.release()]
    before = history.listed()
    inventory_path.unlink()
    state = emulator.state()
    got = adopt(history)
    assert set(adopted(got)) == {"0.1.0", "0.1.1", "0.1.2"}
    assert emulator.state() == state
    after = history.listed()
    for version, release in before.items():
        for key in ("run", "state", "channels", "held", "images"):
            assert after[version][key] == release[key], (version, key)
    # And life goes on: the next version, and what falls out of the policy.
    history.release(*KEEP_ONE)
    assert history.last.json["version"] == "0.1.3"
    assert versions(history.last, "remove") == ["0.1.2", "0.1.1", "0.1.0"]
    assert [history.whole(build) for build in builds] == [False] * 3


def test_the_lost_release_can_be_repeated_after_adoption(history, emulator, inventory_path):
    history.release()
    inventory_path.unlink()
    history.run("release", status=5)
    adopt(history)
    history.run("release")
    assert history.last.json["result"] == "unchanged"
    assert history.last.json["version"] == "0.1.0"


def test_adopting_twice_changes_nothing(history, emulator, inventory_path):
    history.releases(2)
    adopt(history)
    inventory_path.unlink()
    adopt(history)
    before, events = history.listed(), history.actions("0.1.0")
    got = adopt(history)
    assert {one["result"] for one in adopted(got).values()} == {"unchanged"}
    assert history.listed() == before
    assert history.actions("0.1.0") == events


def test_adopting_one_region_after_the_other(history, emulator, inventory_path):
    history.releases(2)
    before = history.listed()
    inventory_path.unlink()
    adopt(history, regions=[US])
    assert {len(one["images"]) for one in history.listed().values()} == {1}
    adopt(history, regions=[EU])
    after = history.listed()
    assert {v: one["images"] for v, one in after.items()} == {
        v: one["images"] for v, one in before.items()
    }


def test_adopting_every_family(history, emulator, inventory_path):
    for name in ("web", "db", "web.a"):
        history.release(name=name, regions=[US])
    inventory_path.unlink()
    adopt(history, regions=[US], family="web")
    assert (len(history.listed("web")), len(history.listed("web.a"))) == (1, 0)
    adopt(history, regions=[US], family=None)
    assert (len(history.listed("db")), len(history.listed("web.a"))) == (1, 1)


def test_adopting_in_a_dry_run(history, emulator, inventory_path):
    history.releases(2)
    inventory_path.unlink()
    got = adopt(history, "--dry-run")
    assert set(adopted(got)) == {"0.1.0", "0.1.1"}
    assert history.listed() == {}


def test_adopting_what_is_not_there(history):
    history.release(regions=[US])
    adopt(history, family="other", status=6)
    history.run("adopt", "--region", US, status=2)
    history.run("adopt", "--from-tags", status=2, env={"AWS_REGION": None})


@pytest.mark.parametrize("fault", [DENIED, UNAVAILABLE, {"raw": "<Other/>"}, {"cut": 400}])
def test_a_region_that_cannot_be_read(history, emulator, inventory_path, fault):
    history.releases(2)
    inventory_path.unlink()
    emulator.faults({"action": "DescribeImages", "region": EU} | fault)
    got = history.goldkeep(
        *("adopt", "--from-tags", "--family", "web", "--region", US, "--region", EU), env=ONCE
    )
    assert got.status == 1, got
    assert EU in got.err
    assert history.listed() == {}


def test_adopting_by_small_pages(history, emulator, inventory_path):
    history.releases(5, regions=[US])
    inventory_path.unlink()
    emulator.settings(page_size=2, empty_first_page=True)
    adopt(history, regions=[US])
    assert len(history.listed()) == 5


def retag(emulator, image, **tags):
    listed = [{"Key": key.replace("_", ":"), "Value": value} for key, value in tags.items()]
    emulator.client("ec2", image.region).create_tags(Resources=[image.id], Tags=listed)


WRONG = {
    "no version": {"goldkeep_version": "yesterday"},
    "no complete version": {"goldkeep_version": "1.2"},
    "no run": {"goldkeep_run": ""},
}


@pytest.mark.parametrize("tags", WRONG.values(), ids=WRONG)
def test_tags_that_make_no_sense(history, emulator, inventory_path, tags):
    odd, _ = history.releases(2, regions=[US])
    retag(emulator, odd.images[0], **tags)
    inventory_path.unlink()
    got = adopt(history, regions=[US])
    assert set(adopted(got)) == {"0.1.1"}
    assert odd.ids[0] in str(got.json["warnings"])
    assert odd.ids[0] in got.err
    assert list(history.listed()) == ["0.1.1"]
    history.release(*KEEP_ONE, regions=[US])
    assert history.whole(odd) is True


def test_a_family_that_is_none(history, emulator, inventory_path):
    odd, _ = history.releases(2, regions=[US])
    retag(emulator, odd.images[0], goldkeep_family="web*")
    inventory_path.unlink()
    got = adopt(history, regions=[US], family=None)
    assert set(adopted(got)) == {"0.1.1"}
    assert odd.ids[0] in str(got.json["warnings"])


def test_two_runs_that_claim_one_version(history, emulator, inventory_path):
    """One of them is believed, the other is said and stays untouched."""
    first, second = history.releases(2, regions=[US])
    retag(emulator, first.images[0], goldkeep_version="0.1.1")
    inventory_path.unlink()
    got = adopt(history, regions=[US])
    assert set(adopted(got)) == {"0.1.1"}
    [release] = history.listed().values()
    assert len(release["images"]) == 1
    loser = first if release["run"] == second.run else second
    assert loser.ids[0] in str(got.json["warnings"])
    history.release(*KEEP_ONE, regions=[US])
    assert history.whole(loser) is True


def test_nothing_but_nonsense(history, emulator, inventory_path):
    odd = history.release(regions=[US])
    retag(emulator, odd.images[0], goldkeep_version="x")
    inventory_path.unlink()
    got = adopt(history, regions=[US], status=6)
    assert odd.ids[0] in got.json["error"]


def test_adopting_what_the_inventory_knows_otherwise(history, emulator, inventory_path):
    old, _ = history.releases(2, regions=[US])
    retag(emulator, old.images[0], goldkeep_run="somebody-else")
    before = history.listed()
    got = adopt(history, regions=[US])
    assert "0.1.0" in str(got.json)
    assert "passed over" in got.err
    assert history.listed() == before


def test_adopting_does_not_bring_back_what_was_retired(history, emulator):
    old, _ = history.releases(2, regions=[US])
    history.retain(*KEEP_ONE)
    adopt(history, regions=[US])
    assert history.states() == {"0.1.0": "retired", "0.1.1": "live"}
    assert history.whole(old) is False


def test_the_age_of_what_was_adopted(history, emulator, inventory_path):
    """The tags do not tell the build time: the image's own time of creation stands for it."""
    old, _ = history.releases(2, regions=[US])
    emulator.set_image(old.images[0], creation_date="2020-01-02T03:04:05.000Z")
    inventory_path.unlink()
    adopt(history, regions=[US])
    assert history.listed()["0.1.0"]["created_at"] == "2020-01-02T03:04:05Z"
    got = history.retain("--keep-within", "30d")
    assert versions(got, "remove") == ["0.1.0"]


def test_latest_after_adoption_is_the_highest_release(history, emulator, inventory_path):
    history.release("--version", "1.10.0", regions=[US])
    history.release("--version", "1.9.0", regions=[US])
    history.release("--version", "2.0.0-rc.1", regions=[US], age=DAY)
    inventory_path.unlink()
    adopt(history, regions=[US])
    channels = {version: one["channels"] for version, one in history.listed().items()}
    assert channels == {"1.10.0": ["latest"], "1.9.0": [], "2.0.0-rc.1": []}


def test_the_document_of_an_adoption(history, inventory_path):
    history.release(regions=[US])
    inventory_path.unlink()
    got = adopt(history, regions=[US])
    assert json.loads(got.out)["version"] == "0.1.0"
    assert got.json["state"] == "live"
