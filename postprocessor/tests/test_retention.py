"""What a policy keeps, what is always kept, and what is refused: the releases that are left."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from emulator import SOURCE_IMAGE, Image
from history import BOTH, DAY, EU, US, History, planned, versions

KEEP_ONE = ("--keep-last", 1)


@pytest.fixture
def history(emulator, goldkeep, built):
    return History(emulator, goldkeep, built)


def stamp(**ago):
    when = datetime.now(timezone.utc) - timedelta(**ago)
    return when.strftime("%Y-%m-%dT%H:%M:%S.000Z")


# ---- what the rules keep ----


def test_keep_last_leaves_so_many_releases_and_their_snapshots(history, emulator):
    for number in range(7):
        history.release("--keep-last", 3, snapshots=2)
        assert history.last.json["version"] == f"0.1.{number}"
        for region in BOTH:
            assert len(emulator.images(region)) == min(number + 1, 3)
            assert len(emulator.snapshots(region)) == 2 * min(number + 1, 3)
    assert history.states() == {f"0.1.{n}": "live" if n > 3 else "retired" for n in range(7)}
    for region in BOTH:
        kept = {image["tags"]["goldkeep:version"] for image in emulator.images(region).values()}
        assert kept == {"0.1.4", "0.1.5", "0.1.6"}


def test_the_lists_of_the_document(history):
    builds = history.releases(3)
    history.release(*KEEP_ONE)
    assert history.last.json["retention"] == {
        "keep": [
            {
                "version": "0.1.3",
                "reasons": ["this run", "newest live", "channel latest", "last 1"],
            }
        ],
        "remove": [
            {"version": f"0.1.{n}", "state": "retired", "images": builds[n].ids[::-1]}
            for n in (2, 1, 0)  # the images by region
        ],
        "blocked": [],
    }
    assert history.last.json["result"] == "released"
    assert all(history.whole(build) is False for build in builds)


def test_retain_alone(history):
    old, new = history.releases(2)
    got = history.retain(*KEEP_ONE)
    assert got.json["result"] == "released"
    assert planned(got, "keep") == {"0.1.1": ["newest live", "channel latest", "last 1"]}
    assert planned(got, "remove") == {"0.1.0": "retired"}
    assert (history.whole(old), history.whole(new)) == (False, True)
    assert history.retain(*KEEP_ONE).json["result"] == "unchanged"


def test_a_retired_release_is_asked_about_no_more(history, emulator):
    old, _ = history.releases(2)
    history.retain(*KEEP_ONE)
    emulator.forget_requests()
    history.retain(*KEEP_ONE)
    assert not emulator.requests()
    assert history.states()["0.1.0"] == "retired"
    assert set(old.ids) == {image["id"] for image in history.listed()["0.1.0"]["images"]}


def test_keep_within_counts_from_the_newest(history):
    ages = [40, 20, 9, 2]
    for age in ages:
        history.release(age=age * DAY)
    # The newest is two days old: what is younger than 2 + 10 days stays.
    got = history.retain("--keep-within", "10d")
    assert planned(got, "keep")["0.1.2"] == ["within 10d"]
    assert versions(got, "keep") == ["0.1.3", "0.1.2"]
    assert versions(got, "remove") == ["0.1.1", "0.1.0"]


def test_the_rules_are_ored(history):
    for age in (30, 20, 1, 0):
        history.release(age=age * DAY)
    got = history.retain("--keep-last", 3, "--keep-within", "5d")
    assert planned(got, "keep")["0.1.1"] == ["last 3"]
    assert planned(got, "keep")["0.1.2"] == ["last 3", "within 5d"]
    assert versions(got, "remove") == ["0.1.0"]


def test_min_age_protects_the_young(history):
    history.release(age=10 * DAY)
    history.releases(2)
    got = history.retain(*KEEP_ONE, "--min-age", "2d")
    assert planned(got, "keep")["0.1.1"] == ["younger than 2d"]
    assert versions(got, "remove") == ["0.1.0"]


def test_prereleases_count_apart(history):
    history.release("--version", "1.0.0")
    for number in (1, 2, 3):
        history.release("--version", f"1.1.0-rc.{number}")
    got = history.retain(*KEEP_ONE)
    assert planned(got, "keep") == {
        "1.1.0-rc.3": ["pre-release"],
        "1.0.0": ["newest live", "channel latest", "last 1"],
    }
    assert versions(got, "remove") == ["1.1.0-rc.2", "1.1.0-rc.1"]


def test_prereleases_of_a_release_go(history):
    for number in (1, 2):
        history.release("--version", f"1.1.0-rc.{number}")
    history.release("--version", "1.1.0")
    got = history.retain(*KEEP_ONE, "--keep-prereleases", 5)
    assert versions(got, "keep") == ["1.1.0"]
    assert versions(got, "remove") == ["1.1.0-rc.2", "1.1.0-rc.1"]


def test_keep_prereleases_counts_per_core(history):
    history.release("--version", "1.0.0")
    for core in ("1.1.0", "1.2.0"):
        for number in (1, 2, 3):
            history.release("--version", f"{core}-rc.{number}", regions=[US])
    got = history.retain(*KEEP_ONE, "--keep-prereleases", 2)
    assert versions(got, "remove") == ["1.2.0-rc.1", "1.1.0-rc.1"]


# ---- what is always kept ----


def test_this_run_is_kept_though_older_by_version(history):
    history.release("--version", "2.0.0")
    history.release("--version", "1.0.0", *KEEP_ONE)
    kept = planned(history.last, "keep")
    assert kept["1.0.0"] == ["this run"]
    assert kept["2.0.0"] == ["newest live", "channel latest", "last 1"]


def test_a_channel_keeps_its_release(history):
    stable = history.release("--channel", "stable", "--channel", "blessed")
    gone = history.release()
    history.release()
    got = history.retain(*KEEP_ONE)
    assert planned(got, "keep")["0.1.0"] == ["channel blessed", "channel stable"]
    assert history.whole(stable) is True
    assert history.whole(gone) is False


def test_the_newest_release_is_kept_behind_a_newer_prerelease(history):
    history.releases(2, age=10 * DAY)
    history.release("--version", "0.2.0-rc.1")
    got = history.retain("--keep-within", "1h")
    assert planned(got, "keep") == {
        "0.2.0-rc.1": ["within 1h", "pre-release"],
        "0.1.1": ["newest live", "channel latest"],
    }


def blocked(history, build, *reasons, options=(), family="web"):
    """retain does not touch the older release, and says exactly why; returns what it told."""
    before = history.emulator.state()
    got = history.retain(*KEEP_ONE, *options, family=family)
    assert planned(got, "blocked") == {"0.1.0": list(reasons)}
    assert versions(got, "remove") == []
    assert history.emulator.state() == before
    assert history.whole(build) is True
    assert history.states(family) == {"0.1.0": "live", "0.1.1": "live"}
    return got


def freed(history, build, *options):
    """And goes once nothing speaks for it any more."""
    got = history.retain(*KEEP_ONE, *options)
    assert versions(got, "remove") == ["0.1.0"]
    assert history.whole(build) is False


def test_an_instance_in_one_region(history, emulator):
    old, _ = history.releases(2)
    instance = emulator.launch(old.images[1])
    ec2 = emulator.client("ec2", EU)
    reason = f"in use: instance {instance} in {EU}"
    blocked(history, old, reason)
    ec2.stop_instances(InstanceIds=[instance])
    blocked(history, old, reason)
    ec2.terminate_instances(InstanceIds=[instance])
    freed(history, old)


def add_template(emulator, image_id, region=US, name="web"):
    ec2 = emulator.client("ec2", region)
    answer = ec2.create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"ImageId": image_id}
    )
    return answer["LaunchTemplate"]["LaunchTemplateId"]


def add_versions(emulator, template, count, region=US):
    ec2 = emulator.client("ec2", region)
    for _ in range(count):
        ec2.create_launch_template_version(
            LaunchTemplateId=template, LaunchTemplateData={"ImageId": SOURCE_IMAGE}
        )


def test_a_launch_template(history, emulator):
    old, _ = history.releases(2)
    template = add_template(emulator, old.ids[0])
    blocked(history, old, f"in use: launch template {template} in {US}")
    emulator.client("ec2", US).delete_launch_template(LaunchTemplateId=template)
    freed(history, old)


def test_a_launch_template_version_far_back(history, emulator):
    old, _ = history.releases(2)
    template = add_template(emulator, old.ids[0])
    add_versions(emulator, template, 15)
    blocked(history, old, f"in use: launch template {template} in {US}")


def put_parameter(emulator, value, name="/images/web", region=US):
    emulator.client("ssm", region).put_parameter(
        Name=name, Value=value, Type="String", DataType="aws:ec2:image", Overwrite=True
    )


def test_a_launch_template_that_resolves_a_parameter(history, emulator):
    old, _ = history.releases(2)
    emulator.client("ssm", US).put_parameter(Name="/plain", Value=old.ids[0], Type="String")
    template = add_template(emulator, "resolve:ssm:/plain")
    blocked(history, old, f"in use: launch template {template} in {US}")


def test_a_parameter(history, emulator):
    old, new = history.releases(2)
    put_parameter(emulator, old.ids[0])
    blocked(history, old, f"in use: SSM parameter /images/web in {US}")
    put_parameter(emulator, new.ids[0])
    freed(history, old)


def test_a_launch_configuration(history, emulator):
    old, _ = history.releases(2)
    autoscaling = emulator.client("autoscaling", EU)
    autoscaling.create_launch_configuration(
        LaunchConfigurationName="web-1", ImageId=old.ids[1], InstanceType="t3.micro"
    )
    blocked(history, old, f"in use: launch configuration web-1 in {EU}")
    autoscaling.delete_launch_configuration(LaunchConfigurationName="web-1")
    freed(history, old)


def test_every_user_is_named(history, emulator):
    old, _ = history.releases(2)
    put_parameter(emulator, old.ids[0])
    here, there = (emulator.launch(image) for image in old.images)
    got = history.retain(*KEEP_ONE)
    assert sorted(planned(got, "blocked")["0.1.0"]) == sorted(
        [
            f"in use: SSM parameter /images/web in {US}",
            f"in use: instance {here} in {US}",
            f"in use: instance {there} in {EU}",
        ]
    )


@pytest.mark.parametrize("kind", ["enabled-without-cooldown", "enabled-with-cooldown"])
def test_deregistration_protection_in_one_region(history, emulator, kind):
    old, _ = history.releases(2)
    emulator.client("ec2", US).enable_image_deregistration_protection(
        ImageId=old.ids[0], WithCooldown=kind == "enabled-with-cooldown"
    )
    reason = f"deregistration protection ({kind}) of {old.ids[0]} in {US}"
    blocked(history, old, reason)
    blocked(history, old, reason, options=["--include-shared", "--unless-launched-within", "0h"])
    assert not emulator.requests("DisableImageDeregistrationProtection")


def share(emulator, image, **whom):
    emulator.client("ec2", image.region).modify_image_attribute(
        ImageId=image.id, LaunchPermission={"Add": [whom]}
    )


def test_shared_with_an_account(history, emulator):
    old, _ = history.releases(2)
    share(emulator, old.images[1], UserId="210987654321")
    blocked(history, old, f"shared with 210987654321 in {EU}")
    freed(history, old, "--include-shared")


def test_public(history, emulator):
    old, _ = history.releases(2)
    share(emulator, old.images[0], Group="all")
    blocked(history, old, f"{old.ids[0]} is public in {US}", f"shared with all in {US}")
    freed(history, old, "--include-shared")


def test_launched_lately(history, emulator):
    old, _ = history.releases(2)
    when = stamp(hours=20)
    emulator.set_image(old.images[1], last_launched_time=when)
    blocked(history, old, f"launched at {when.replace('.000Z', 'Z')} in {EU}")
    freed(history, old, "--unless-launched-within", "0h")


def test_launched_long_ago(history, emulator):
    old, _ = history.releases(2)
    emulator.set_image(old.images[1], last_launched_time=stamp(hours=25))
    blocked(
        history,
        old,
        f"launched at {emulator_time(emulator, old.images[1])} in {EU}",
        options=["--unless-launched-within", "2d"],
    )
    freed(history, old)


def emulator_time(emulator, image: Image):
    answer = emulator.client("ec2", image.region).describe_image_attribute(
        ImageId=image.id, Attribute="lastLaunchedTime"
    )
    return answer["LastLaunchedTime"]["Value"].replace(".000Z", "Z")


@pytest.mark.parametrize(
    "tags", [{"ManagedBy": "me"}, {"goldkeep:family": "other"}, {"goldkeep:version": "9.9.9"}]
)
def test_tags_that_somebody_changed(history, emulator, tags):
    old, _ = history.releases(2)
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    emulator.client("ec2", EU).create_tags(Resources=[old.ids[1]], Tags=listed)
    reason = f"not managed: the tags of {old.ids[1]} in {EU} do not name it"
    blocked(history, old, reason)


@pytest.mark.parametrize("key", ["ManagedBy", "goldkeep:family", "goldkeep:version"])
def test_tags_that_somebody_took_away(history, emulator, key):
    old, _ = history.releases(2)
    emulator.client("ec2", US).delete_tags(Resources=[old.ids[0]], Tags=[{"Key": key}])
    reason = f"not managed: the tags of {old.ids[0]} in {US} do not name it"
    blocked(history, old, reason)


def test_what_is_not_managed_is_not_touched(history, emulator):
    strangers = emulator.make_images("web", BOTH)
    emulator.client("ec2", US).create_tags(
        Resources=[strangers[0].id], Tags=[{"Key": "goldkeep:family", "Value": "web"}]
    )
    history.releases(3)
    history.retain(*KEEP_ONE)
    assert all(history.has(image) for image in strangers)


def test_a_blocked_release_does_not_count_against_the_others(history, emulator):
    builds = history.releases(4)
    emulator.launch(builds[2].images[0])
    got = history.retain("--keep-last", 2)
    assert versions(got, "keep") == ["0.1.3", "0.1.2"]
    assert versions(got, "remove") == ["0.1.1", "0.1.0"]


# ---- refusals ----


@pytest.mark.parametrize("rule", [("--keep-last", 0), ("--keep-within", "0h")])
def test_a_policy_that_keeps_nothing(history, emulator, rule):
    history.releases(2)
    before = emulator.state()
    got = history.retain(*rule, status=4)
    assert got.json["result"] == "failed"
    assert "keep nothing" in got.json["error"]
    assert "keep nothing" in got.err
    assert emulator.state() == before
    assert history.states() == {"0.1.0": "live", "0.1.1": "live"}


def test_a_policy_for_prereleases_alone(history, emulator):
    history.releases(2)
    before = emulator.state()
    got = history.goldkeep("retain", "web", "--keep-prereleases", "3")
    assert got.status in (2, 4), got
    assert emulator.state() == before


def refused_release(history, *options, says):
    """The release itself is done and recorded; its retention is not."""
    old = history.release()
    build = history.release(*options, status=3)
    told = history.last.json
    assert (told["result"], told["exit"], told["state"]) == ("incomplete", 3, "live")
    assert told["channels"] == ["latest"]
    [item] = told["incomplete"]
    assert item["step"] == "retain"
    assert says in item["error"]
    assert history.whole(old) is True
    assert history.whole(build) is True
    env = build.under_packer
    history.run("release", *options, env=env)
    assert history.last.json["result"] == "incomplete"
    assert says in history.last.err
    history.run("release", "--strict", *options, env=env, status=3)
    assert all(state == "live" for state in history.states().values())


def test_a_refused_policy_inside_release(history):
    refused_release(history, "--keep-last", 0, says="keep nothing")


def test_max_remove_inside_release(history):
    history.releases(2, regions=[US])
    refused_release(history, *KEEP_ONE, "--max-remove", 2, says="--max-remove")


def test_max_remove(history, emulator):
    history.releases(4, regions=[US])
    before = emulator.state()
    got = history.retain(*KEEP_ONE, "--max-remove", 2, status=4)
    assert "3 releases" in got.json["error"]
    assert "--max-remove" in got.err
    assert emulator.state() == before
    assert set(history.states().values()) == {"live"}
    got = history.retain(*KEEP_ONE, "--max-remove", 3)
    assert len(versions(got, "remove")) == 3


def test_what_is_blocked_does_not_count_for_max_remove(history, emulator):
    builds = history.releases(4, regions=[US])
    emulator.launch(builds[0].images[0])
    got = history.retain(*KEEP_ONE, "--max-remove", 2)
    assert versions(got, "remove") == ["0.1.2", "0.1.1"]


def test_a_refused_retention_is_done_by_the_next_release(history):
    old = history.release()
    history.release("--keep-last", 0, status=3)
    history.release(*KEEP_ONE)
    assert history.whole(old) is False
    assert history.run("resume").json["result"] == "nothing"


def test_no_rule_is_no_policy(history):
    history.releases(2)
    got = history.goldkeep("retain", "web")
    assert got.status == 2, got
    got = history.goldkeep("retain", "unknown", "--keep-last", "1")
    assert got.status == 6, got


# ---- dry run, several families ----


def test_a_dry_run_tells_what_a_run_does(history, emulator, inventory_path):
    old, held, _ = history.releases(3)
    instance = emulator.launch(held.images[0])
    before, stored = emulator.state(), inventory_path.read_bytes()
    dry = history.retain(*KEEP_ONE, "--dry-run")
    assert emulator.state() == before
    assert inventory_path.read_bytes() == stored
    assert dry.json["result"] == "dry-run"
    assert planned(dry, "blocked") == {"0.1.1": [f"in use: instance {instance} in {US}"]}
    real = history.retain(*KEEP_ONE)
    assert real.json["retention"] == dry.json["retention"]
    assert history.whole(old) is False


def test_a_refused_dry_run(history):
    history.releases(2)
    history.retain("--keep-last", 0, "--dry-run", status=4)


def test_all_families_each_with_its_policy(history, tmp_path):
    for name in ("web", "db", "other"):
        history.releases(3, name=name, regions=[US])
    text = "[family web]\nkeep-last = 1\n\n[family db]\nkeep-last = 2\n"
    (tmp_path / "goldkeep.ini").write_text(text)
    got = history.run("retain", "--all")
    told = {one["family"]: one for one in got.json["releases"]}
    assert len(told["web"]["retention"]["remove"]) == 2
    assert len(told["db"]["retention"]["remove"]) == 1
    assert set(history.states("other").values()) == {"live"}


def test_a_refused_family_does_not_stop_the_others(history, tmp_path):
    for name in ("db", "web"):
        history.releases(2, name=name, regions=[US])
    text = "[family db]\nkeep-last = 0\n\n[family web]\nkeep-last = 1\n"
    (tmp_path / "goldkeep.ini").write_text(text)
    got = history.run("retain", "--all", status=4)
    told = {one["family"]: one for one in json.loads(got.out)["releases"]}
    assert told["db"]["result"] == "failed"
    assert told["web"]["result"] == "released"
    assert set(history.states("db").values()) == {"live"}


def test_a_wrong_policy_of_one_family_stops_all(history, emulator, tmp_path):
    for name in ("db", "web"):
        history.releases(2, name=name, regions=[US])
    before = emulator.state()
    text = "[family db]\nkeep-last = 1\n\n[family web]\nkeep-last = some\n"
    (tmp_path / "goldkeep.ini").write_text(text)
    history.run("retain", "--all", status=2)
    assert emulator.state() == before
    assert set(history.states("db").values()) == {"live"}
