"""What a removal leaves behind: images, snapshots, rows; an interrupted one is finished."""

import uuid

import pytest

from emulator import FIRST_KEY, SECOND_KEY, add_to_manifest, manifest_entry
from history import BOTH, EU, US, History, planned, versions

KEEP_ONE = ("--keep-last", 1)
ONCE = {"GOLDKEEP_MAX_ATTEMPTS": "1"}
OTHER_ACCOUNT = "210987654321"


@pytest.fixture
def history(emulator, goldkeep, built):
    return History(emulator, goldkeep, built)


# ---- snapshots ----


@pytest.mark.parametrize("code", ["missing-permissions", "internal-error", "client-error", "new"])
@pytest.mark.parametrize("finisher", ["resume", "retain"])
def test_a_snapshot_that_could_not_be_deleted(history, emulator, code, finisher):
    old, _ = history.releases(2)
    snapshot = old.images[1].snapshots[0]
    emulator.settings(snapshot_result={snapshot: code})
    got = history.retain(*KEEP_ONE, status=3)
    assert got.json["result"] == "incomplete"
    [item] = got.json["incomplete"]
    assert (item["step"], item["location"]) == ("retain", EU)
    for text in (snapshot, code):
        assert text in item["error"]
        assert text in got.err
    assert history.states() == {"0.1.0": "retired", "0.1.1": "live"}
    assert history.has(old.images[0]) is False
    assert snapshot in emulator.snapshots(EU)
    emulator.settings(snapshot_result={})
    emulator.forget_requests()
    got = history.run("resume", "web") if finisher == "resume" else history.retain(*KEEP_ONE)
    assert snapshot not in emulator.snapshots(EU)
    deleted = [one["params"]["SnapshotId"] for one in emulator.requests("DeleteSnapshot")]
    assert deleted == [snapshot]
    assert not emulator.requests("DeregisterImage")
    assert history.run("resume").json["result"] == "nothing"


def test_the_next_release_deletes_a_leftover(history, emulator):
    old, _ = history.releases(2, regions=[US])
    snapshot = old.images[0].snapshots[0]
    emulator.settings(snapshot_result={snapshot: "internal-error"})
    history.retain(*KEEP_ONE, status=3)
    emulator.settings(snapshot_result={})
    history.release(regions=[US])
    assert snapshot not in emulator.snapshots(US)


def test_a_leftover_whose_tags_went_is_not_deleted(history, emulator):
    old, _ = history.releases(2, regions=[US])
    snapshot = old.images[0].snapshots[0]
    emulator.settings(snapshot_result={snapshot: "internal-error"})
    history.retain(*KEEP_ONE, status=3)
    emulator.settings(snapshot_result={})
    emulator.client("ec2", US).delete_tags(Resources=[snapshot], Tags=[{"Key": "goldkeep:family"}])
    got = history.run("resume", "web")
    assert snapshot in emulator.snapshots(US)
    assert snapshot in str(got.json["warnings"])


def test_a_leftover_that_somebody_uses_now_stays(history, emulator):
    old, _ = history.releases(2, regions=[US])
    snapshot = old.images[0].snapshots[0]
    emulator.settings(snapshot_result={snapshot: "internal-error"})
    history.retain(*KEEP_ONE, status=3)
    other = register(emulator, "other", [snapshot])
    emulator.settings(snapshot_result={})
    got = history.run("resume", "web")
    assert snapshot in emulator.snapshots(US)
    assert other in str(got.json["warnings"])
    assert history.run("resume").json["result"] == "nothing"


def register(emulator, name, snapshots, region=US, more=()):
    """An image of snapshots that are there already; the id."""
    devices = [
        {"DeviceName": f"/dev/sd{letter}1", "Ebs": {"SnapshotId": snapshot}}
        for letter, snapshot in zip("abc", snapshots, strict=False)
    ]
    answer = emulator.client("ec2", region).register_image(
        Name=f"{name}-{uuid.uuid4().hex[:8]}",
        RootDeviceName="/dev/sda1",
        BlockDeviceMappings=devices + list(more),
    )
    return answer["ImageId"]


@pytest.mark.parametrize("ignored", [False, True])
def test_a_snapshot_that_another_image_uses(history, emulator, ignored):
    old, _ = history.releases(2, regions=[US], snapshots=2)
    shared, own = old.images[0].snapshots
    other = register(emulator, "other", [shared])
    emulator.settings(ignore_delete_associated_snapshots=ignored)
    got = history.retain(*KEEP_ONE)
    assert versions(got, "remove") == ["0.1.0"]
    [warning] = got.json["warnings"]
    assert shared in warning
    assert shared in got.err
    assert shared in emulator.snapshots(US)
    assert own not in emulator.snapshots(US)
    assert other in emulator.images(US)
    emulator.forget_requests()
    assert history.run("resume").json["result"] == "nothing"
    history.retain(*KEEP_ONE)
    assert not emulator.requests("DeleteSnapshot")


def test_a_snapshot_that_two_releases_share(history, emulator, tmp_path):
    old = history.release(regions=[US])
    [shared] = old.images[0].snapshots
    second = register(emulator, "web", [shared])
    add_to_manifest(tmp_path / "packer-manifest.json", manifest_entry(f"{US}:{second}"))
    history.run("release")
    history.release(regions=[US])
    got = history.goldkeep("retain", "web", "--keep-last", "1", "--output", "json")
    assert history.states() == {"0.1.0": "retired", "0.1.1": "retired", "0.1.2": "live"}, got
    history.goldkeep("resume", "web")
    assert shared not in emulator.snapshots(US)
    assert len(emulator.images(US)) == 1


def test_an_endpoint_that_deletes_no_snapshots(history, emulator):
    emulator.settings(ignore_delete_associated_snapshots=True, snapshot_in_use_for=2)
    old, new = history.releases(2, snapshots=2)
    emulator.forget_requests()
    got = history.retain(*KEEP_ONE)
    assert versions(got, "remove") == ["0.1.0"]
    assert (history.whole(old), history.whole(new)) == (False, True)
    tries = [one["params"]["SnapshotId"] for one in emulator.requests("DeleteSnapshot")]
    assert len(tries) == 3 * 4
    assert set(tries) == {id for image in old.images for id in image.snapshots}


def test_no_snapshot_goes_before_its_image(history, emulator):
    emulator.settings(ignore_delete_associated_snapshots=True)
    old, _ = history.releases(2)
    unavailable = {"status": 503, "code": "Unavailable"}
    emulator.faults({"action": "DeregisterImage", "region": EU} | unavailable)
    emulator.forget_requests()
    history.retain(*KEEP_ONE, status=3, env=ONCE)
    deleted = {one["region"] for one in emulator.requests("DeleteSnapshot")}
    assert deleted == {US}
    here, there = sorted(old.images, key=lambda image: image.region == EU)
    assert (history.has(here), history.has(there)) == (False, True)


def test_an_image_of_three_snapshots(history):
    old, _ = history.releases(2, snapshots=3)
    history.retain(*KEEP_ONE)
    assert history.whole(old) is False


def test_an_ephemeral_device(history, emulator, tmp_path):
    snapshot = emulator.make_snapshot()
    device = {"DeviceName": "/dev/sdf", "VirtualName": "ephemeral0"}
    image = register(emulator, "web", [snapshot], more=[device])
    add_to_manifest(tmp_path / "packer-manifest.json", manifest_entry(f"{US}:{image}"))
    history.run("release")
    assert history.last.json["images"][0]["snapshots"] == [snapshot]
    history.release(*KEEP_ONE, regions=[US])
    assert image not in emulator.images(US)
    assert snapshot not in emulator.snapshots(US)


def test_an_instance_store_image(history, emulator, tmp_path):
    location = "my-bucket/images/web/image.manifest.xml"
    answer = emulator.client("ec2", US).register_image(Name="web-bundle", ImageLocation=location)
    image = answer["ImageId"]
    add_to_manifest(tmp_path / "packer-manifest.json", manifest_entry(f"{US}:{image}"))
    history.run("release")
    assert history.last.json["images"][0]["snapshots"] == []
    history.release(*KEEP_ONE, regions=[US])
    assert image not in emulator.images(US)
    assert location in str(history.last.json["warnings"])
    assert location in history.last.err


@pytest.mark.parametrize("how", ["disabled", "deprecated"])
def test_an_image_that_is_hidden_from_others(history, emulator, how):
    old, _ = history.releases(2)
    for image in old.images:
        ec2 = emulator.client("ec2", image.region)
        if how == "disabled":
            ec2.disable_image(ImageId=image.id)
        else:
            when = "2030-01-01T00:00:00Z"
            ec2.enable_image_deprecation(ImageId=image.id, DeprecateAt=when)
    got = history.retain(*KEEP_ONE)
    assert versions(got, "remove") == ["0.1.0"]
    assert history.whole(old) is False


# ---- images that are gone already ----


def deregister(emulator, *images):
    for image in images:
        emulator.client("ec2", image.region).deregister_image(ImageId=image.id)


@pytest.mark.parametrize("gone", [(0,), (1,), (0, 1)])
def test_an_image_that_somebody_deregistered(history, emulator, gone):
    old, _ = history.releases(2)
    deregister(emulator, *(old.images[number] for number in gone))
    got = history.retain(*KEEP_ONE)
    assert versions(got, "remove") == ["0.1.0"]
    assert got.json["incomplete"] == []
    assert history.whole(old) is False
    assert history.states() == {"0.1.0": "retired", "0.1.1": "live"}


def test_everything_was_taken_away_by_hand(history, emulator):
    old, _ = history.releases(2)
    deregister(emulator, *old.images)
    for image in old.images:
        for snapshot in image.snapshots:
            emulator.client("ec2", image.region).delete_snapshot(SnapshotId=snapshot)
    got = history.retain(*KEEP_ONE)
    assert versions(got, "remove") == ["0.1.0"]
    assert got.json["incomplete"] == []
    assert history.states()["0.1.0"] == "retired"


def test_a_gone_image_in_one_region_and_a_reference_in_the_other(history, emulator):
    old, _ = history.releases(2)
    deregister(emulator, old.images[0])
    emulator.launch(old.images[1])
    got = history.retain(*KEEP_ONE)
    assert versions(got, "blocked") == ["0.1.0"]
    assert history.has(old.images[1]) is True
    # The snapshot of the gone image is kept with the rest of the release.
    assert old.images[0].snapshots[0] in emulator.snapshots(US)


def test_credentials_of_another_account(history, emulator):
    """All images look gone: nothing is taken for removed."""
    builds = history.releases(3)
    for build in builds:
        for image in build.images:
            emulator.set_image(image, owner_id=OTHER_ACCOUNT)
    emulator.forget_requests()
    got = history.retain(*KEEP_ONE, status=3)
    assert versions(got, "remove") == []
    assert set(history.states().values()) == {"live"}
    assert "credentials" in got.err
    assert not emulator.requests("DeregisterImage")
    assert not emulator.requests("DeleteSnapshot")


def test_a_key_without_permissions(history, emulator):
    old, _ = history.releases(2)
    env = {"AWS_ACCESS_KEY_ID": SECOND_KEY[0], "AWS_SECRET_ACCESS_KEY": SECOND_KEY[1]} | ONCE
    before = emulator.state()
    history.retain(*KEEP_ONE, status=3, env=env)
    assert emulator.state() == before
    assert set(history.states().values()) == {"live"}
    wrong = {"AWS_ACCESS_KEY_ID": FIRST_KEY[0], "AWS_SECRET_ACCESS_KEY": "wrong"} | ONCE
    history.retain(*KEEP_ONE, status=3, env=wrong)
    assert emulator.state() == before
    assert history.whole(old) is True


def test_without_credentials(history, emulator):
    history.releases(2)
    before = emulator.state()
    env = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    got = history.goldkeep("retain", "web", "--keep-last", "1", env=env)
    assert got.status == 1, got
    assert emulator.state() == before
    assert set(history.states().values()) == {"live"}


# ---- half removed ----


def half_removed(history, emulator, code="OperationNotPermitted", status=400):
    old, _ = history.releases(2)
    emulator.faults(
        {"action": "DeregisterImage", "region": EU, "status": status, "code": code, "message": "no"}
    )
    got = history.retain(*KEEP_ONE, status=3, env=ONCE)
    assert got.json["result"] == "incomplete"
    [item] = got.json["incomplete"]
    assert (item["step"], item["location"]) == ("retain", EU)
    assert code in item["error"]
    assert (history.has(old.images[0]), history.has(old.images[1])) == (False, True)
    listed = history.listed()["0.1.0"]
    assert listed["state"] == "retiring"
    states = {image["location"]: image["state"] for image in listed["images"]}
    assert states == {US: "retired", EU: "retiring"}
    emulator.faults()
    return old


@pytest.mark.parametrize("code", ["OperationNotPermitted", "AuthFailure", "InternalError"])
def test_half_removed_and_finished_by_resume(history, emulator, code):
    old = half_removed(history, emulator, code, 500 if code == "InternalError" else 400)
    history.run("resume", "web")
    assert history.whole(old) is False
    assert history.states()["0.1.0"] == "retired"
    assert history.run("resume").json["result"] == "nothing"


@pytest.mark.parametrize("options", [KEEP_ONE, ("--keep-last", 9), ()])
def test_half_removed_and_finished_by_the_next_release(history, emulator, options):
    """A removal that has begun is finished, whatever the policy of today is."""
    old = half_removed(history, emulator)
    history.release(*options)
    assert history.whole(old) is False
    assert history.states()["0.1.0"] == "retired"


def test_half_removed_and_finished_by_retain(history, emulator):
    old = half_removed(history, emulator)
    got = history.retain("--keep-last", 9)
    assert versions(got, "remove") == ["0.1.0"]
    assert history.whole(old) is False


def test_half_removed_and_in_use_now(history, emulator):
    old = half_removed(history, emulator)
    instance = emulator.launch(old.images[1])
    got = history.retain(*KEEP_ONE, status=3)
    assert planned(got, "blocked") == {"0.1.0": [f"in use: instance {instance} in {EU}"]}
    assert "half removed" in got.err
    assert history.has(old.images[1]) is True
    assert history.states()["0.1.0"] == "retiring"
    emulator.client("ec2", EU).terminate_instances(InstanceIds=[instance])
    history.run("resume", "web")
    assert history.whole(old) is False


def test_no_channel_can_name_what_is_half_removed(history, emulator):
    half_removed(history, emulator)
    assert history.listed()["0.1.0"]["channels"] == []
    run = history.listed()["0.1.0"]["run"]
    got = history.goldkeep("release", "--run", run, "--channel", "stable", "--output", "json")
    assert got.json["channels"] == []
    assert "stable" not in str(history.listed())


def test_a_removal_that_was_not_allowed_at_all(history, emulator):
    """Refused everywhere: the release stays whole, and is tried again."""
    old, _ = history.releases(2)
    rule = {"action": "DeregisterImage", "status": 400, "code": "OperationNotPermitted"}
    emulator.faults(rule)
    history.retain(*KEEP_ONE, status=3, env=ONCE)
    assert history.whole(old) is True
    emulator.faults()
    history.run("resume", "web")
    assert history.whole(old) is False


@pytest.mark.parametrize("fault", [{"close": True}, {"status": 503, "code": "Unavailable"}])
def test_an_answer_that_was_lost(history, emulator, fault):
    """The image is gone, the answer is not here: the repetition finds it gone, which is as good."""
    old, _ = history.releases(2)
    emulator.faults({"action": "DeregisterImage", "region": EU, "after": True, "times": 1} | fault)
    got = history.goldkeep("retain", "web", "--keep-last", "1", "--output", "json")
    assert got.status in (0, 3), got
    history.goldkeep("resume", "web")
    assert history.whole(old) is False
    assert history.states()["0.1.0"] == "retired"


def test_an_answer_that_was_not_understood(history, emulator):
    old, _ = history.releases(2, regions=[EU])
    said = "<requestId>1</requestId><return>false</return>"
    raw = f"<DeregisterImageResponse>{said}</DeregisterImageResponse>"
    emulator.faults({"action": "DeregisterImage", "region": EU, "raw": raw})
    history.retain(*KEEP_ONE, status=3, env=ONCE)
    assert history.whole(old) is True
    assert history.states()["0.1.0"] == "retiring"
    emulator.faults()
    history.retain(*KEEP_ONE)
    assert history.whole(old) is False


# ---- families ----

ALIKE = ["web", "web1", "web/a", "web.a", "web-a", "web_a", "Web", "we"]


def test_families_that_look_alike_do_not_touch_each_other(history, emulator):
    for family in ALIKE:
        history.release("--family", family, regions=[US])
    for _ in range(2):
        history.release("--family", "web", *KEEP_ONE, regions=[US])
    for family in ALIKE[1:]:
        assert history.states(family) == {"0.1.0": "live"}
    tags = [image["tags"]["goldkeep:family"] for image in emulator.images(US).values()]
    assert sorted(tags) == sorted(ALIKE)


def test_a_lost_inventory_asks_for_the_family_literally(history, inventory_path):
    history.release("--family", "web.a", regions=[US])
    inventory_path.unlink()
    history.release("--family", "web", regions=[US])
    history.release("--family", "webxa", regions=[US])
    history.release("--family", "web.a", regions=[US], status=5)


@pytest.mark.parametrize("family", ["web*", "*", "we?", "web\\", "", "/web", "a" * 201, "we b"])
def test_what_is_no_family(history, emulator, family):
    history.releases(2, regions=[US])
    before = emulator.state()
    got = history.goldkeep("retain", "--keep-last", "1", "--", family)
    assert got.status == 2, got
    got = history.goldkeep("release", "--family", family or " ", "--keep-last", "1")
    assert got.status == 2, got
    assert emulator.state() == before


def test_only_the_regions_of_the_release_are_asked(history, emulator):
    history.releases(2, regions=[EU])
    emulator.forget_requests()
    history.retain(*KEEP_ONE)
    assert {one["region"] for one in emulator.requests()} == {EU}


def test_releases_of_different_regions(history, emulator):
    builds = [history.release(regions=regions) for regions in ([US], [EU], BOTH, [US])]
    history.retain(*KEEP_ONE)
    assert [history.whole(build) for build in builds] == [False, False, False, True]
    assert not emulator.images(EU)
    assert not emulator.snapshots(EU)
