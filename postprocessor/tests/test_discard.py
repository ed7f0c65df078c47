"""--on-duplicate discard: what was built from the inputs of a live release goes again."""

import json

import pytest

from emulator import Emulator, new_run
from history import BOTH, EU, US, History, planned

INPUTS = "5f" * 32
DISCARD = ("--fingerprint", INPUTS, "--on-duplicate", "discard")


@pytest.fixture
def history(emulator, goldkeep, built):
    return History(emulator, goldkeep, built)


@pytest.fixture
def first(history):
    return history.release(*DISCARD)


def account(emulator):
    return emulator.state()["regions"]


def ids(release):
    return [image["id"] for image in release["images"]]


def assert_only(history, emulator, build, state):
    """The one live release is that of this build, and the account is as it was."""
    assert history.states() == {"0.1.0": "live"}
    assert ids(history.listed()["0.1.0"]) == [
        image.id for image in sorted(build.images, key=lambda one: one.region)
    ]
    assert account(emulator) == state
    assert history.run("resume").json["result"] == "nothing"


def test_a_duplicate_is_discarded(history, emulator, first):
    state = account(emulator)
    second = history.release(*DISCARD)
    document = history.last.json
    assert (document["result"], document["exit"], document["version"]) == ("unchanged", 0, "0.1.0")
    assert document["run"] == first.run
    assert document["channels"] == ["latest"]
    assert sorted(document["discarded"]) == sorted(second.ids)
    assert sorted(ids(document)) == sorted(first.ids)
    assert_only(history, emulator, first, state)
    assert history.actions("0.1.0")[:2] == ["discarded", "discarding"]


def test_text_says_what_went(history, goldkeep, built, first):
    second = built("web", regions=BOTH)
    got = goldkeep("release", *DISCARD)
    assert got.status == 0, got
    [line] = [line for line in got.out.splitlines() if line.startswith("discarded ")]
    assert "web 0.1.0" in line and all(image in line for image in second.ids)
    assert "web 0.1.0: unchanged, channels: latest" in got.out
    assert got.err == ""


def test_the_same_run_again_after_it_was_discarded(history, emulator, first):
    state = account(emulator)
    history.release(*DISCARD)
    told = history.last.json
    emulator.forget_requests()
    again = history.run("release", *DISCARD).json
    assert again == told
    assert not emulator.requests("DeregisterImage")
    assert_only(history, emulator, first, state)


def test_the_run_that_was_released_is_no_duplicate(history, emulator, first):
    state = account(emulator)
    assert history.run("release", *DISCARD).json["result"] == "unchanged"
    assert_only(history, emulator, first, state)


def test_no_version_is_used(history, first):
    history.release(*DISCARD)
    history.release("--fingerprint", "ab", "--on-duplicate", "discard")
    assert history.states() == {"0.1.0": "live", "0.1.1": "live"}


def test_letters_of_a_fingerprint_may_be_large(history, emulator, first):
    state = account(emulator)
    history.release("--fingerprint", INPUTS.upper(), "--on-duplicate", "discard")
    assert_only(history, emulator, first, state)


def test_without_the_option_it_is_released(history, first):
    history.release("--fingerprint", INPUTS)
    assert history.states() == {"0.1.0": "live", "0.1.1": "live"}
    history.release("--fingerprint", INPUTS, "--on-duplicate", "release")
    assert len(history.states()) == 3


def test_a_fingerprint_is_needed(goldkeep, emulator, built):
    built("web")
    emulator.forget_requests()
    got = goldkeep("release", "--on-duplicate", "discard")
    assert got.status == 2, got
    assert "--fingerprint" in got.err and "goldkeep_fingerprint" in got.err
    assert not emulator.requests()
    got = goldkeep("release", "--on-duplicate", "ignore", "--fingerprint", "ab")
    assert got.status == 2 and "ignore" in got.err


def test_the_fingerprint_of_the_manifest(history, emulator, goldkeep):
    custom = {"goldkeep_fingerprint": INPUTS}
    first = history.release("--on-duplicate", "discard", custom_data=custom)
    state = account(emulator)
    history.release("--on-duplicate", "discard", custom_data=custom)
    assert_only(history, emulator, first, state)


def test_builds_with_two_fingerprints(history, goldkeep, built):
    run = new_run()
    for number in range(2):
        built(f"web{number}", run=run, custom_data={"goldkeep_fingerprint": f"{number}" * 64})
    got = goldkeep("release", "--family", "web", "--all-builds", "--on-duplicate", "discard")
    assert got.status == 2, got
    assert "goldkeep_fingerprint" in got.err


# ---- what is no duplicate ----


def test_a_region_more(history, emulator):
    history.release(*DISCARD, regions=[US])
    history.release(*DISCARD)
    assert history.states() == {"0.1.0": "live", "0.1.1": "live"}
    assert f"image in {EU}" in str(history.last.json["warnings"])


def test_a_region_less(history, emulator, first):
    state = account(emulator)
    history.release(*DISCARD, regions=[EU])
    assert_only(history, emulator, first, state)


def test_another_architecture(history, goldkeep, emulator, built):
    history.release(*DISCARD, regions=[US])
    image = emulator.make_image("arm", US, Architecture="arm64")
    history.release(*DISCARD, regions=[US], artifact_id=f"{US}:{image.id}")
    assert history.states() == {"0.1.0": "live", "0.1.1": "live"}
    assert "arm64" in str(history.last.json["warnings"])


def test_a_release_whose_image_went(history, emulator, first):
    gone = first.images[0]
    emulator.client("ec2", gone.region).deregister_image(ImageId=gone.id)
    history.release(*DISCARD)
    assert history.states() == {"0.1.0": "live", "0.1.1": "live"}
    assert gone.id in str(history.last.json["warnings"])


def test_a_retired_release(history, emulator, first):
    history.release("--fingerprint", "ab", "--keep-last", 1)
    history.release(*DISCARD)
    assert history.states() == {"0.1.0": "retired", "0.1.1": "live", "0.1.2": "live"}


def test_an_image_that_is_another_releases(history, first):
    """The images of one run, released under another run's name."""
    entry = first.manifest.read_text().replace(first.run, new_run())
    first.manifest.write_text(entry)
    history.run("release", *DISCARD)
    assert history.states() == {"0.1.0": "live", "0.1.1": "live"}
    assert all(history.has(image) for image in first.images)
    assert "is tagged web 0.1.0" in str(history.last.json["warnings"])
    assert "discarding" not in history.actions("0.1.0")


def test_an_image_that_lost_its_tags(history, emulator, first):
    """The inventory knows whose it is."""
    for image in first.images:
        tags = [{"Key": key} for key in emulator.tags(image.region, image.id)]
        emulator.client("ec2", image.region).delete_tags(Resources=[image.id], Tags=tags)
    first.manifest.write_text(first.manifest.read_text().replace(first.run, new_run()))
    history.run("release", *DISCARD)
    assert "recorded with web 0.1.0" in str(history.last.json["warnings"])
    assert history.whole(first) is True
    assert history.actions("0.1.0")[0] != "discarding"


def test_of_another_family(history, emulator, first):
    history.release(*DISCARD, name="db")
    assert history.states("db") == {"0.1.0": "live"}


# ---- the removal is fail closed ----


def free(emulator, image, instance):
    emulator.client("ec2", image.region).terminate_instances(InstanceIds=[instance])


def share(emulator, image):
    emulator.client("ec2", image.region).modify_image_attribute(
        ImageId=image.id, LaunchPermission={"Add": [{"UserId": "111122223333"}]}
    )


REASONS = {"in use": Emulator.launch, "shared": share}


def test_a_look_that_fails_in_one_region(history, emulator, built, first):
    """What the image is by now in the other one counts all the same."""
    second = built("web", regions=BOTH)
    instance = emulator.launch(second.images[0])
    history.run("release", *DISCARD, status=3)
    free(emulator, second.images[0], instance)
    tags = [{"Key": "goldkeep:family", "Value": "db"}, {"Key": "goldkeep:version", "Value": "2.0.0"}]
    emulator.client("ec2", US).create_tags(Resources=[second.ids[0]], Tags=tags)
    refused = {"action": "DescribeImages", "region": EU, "times": 1}
    emulator.faults(refused | {"status": 400, "code": "UnauthorizedOperation"})
    got = history.run("resume", status=3)
    assert {item["location"] for item in got.json["incomplete"]} == {EU}
    assert emulator.tags(US, second.ids[0])["goldkeep:family"] == "db"
    emulator.faults()
    got = history.run("resume")
    assert "another release" in str(got.json)
    assert history.whole(second) is True


@pytest.mark.parametrize("reason", REASONS)
def test_an_image_that_must_stay(history, emulator, goldkeep, built, first, reason):
    """In one region: all stay, and it is said; later, or with other options, it goes on."""
    state = account(emulator)
    second = built("web", regions=BOTH)
    blocked = REASONS[reason](emulator, second.images[1])
    got = history.run("release", *DISCARD, status=3)
    [item] = got.json["incomplete"]
    assert item["step"] == "discard" and reason in item["error"]
    assert got.json["discarded"] == []
    assert sorted(ids(got.json)) == sorted(first.ids)  # the others are none of its own
    assert history.whole(second) is True
    assert sorted(ids(history.listed()["0.1.0"])) == sorted(first.ids)
    assert second.ids[0] not in goldkeep("list").out
    # Under Packer it is no failure.
    got = goldkeep("release", *DISCARD, env=second.under_packer)
    assert got.status == 0 and reason in got.err, got
    assert history.run("resume", status=3).json["result"] == "incomplete"
    if reason == "shared":
        history.run("release", *DISCARD, "--include-shared")
    else:
        free(emulator, second.images[1], blocked)
        assert sorted(history.run("resume").json["discarded"]) == sorted(second.ids)
    assert_only(history, emulator, first, state)


def test_a_lookup_that_fails(history, emulator, built, first):
    state = account(emulator)
    second = built("web", regions=BOTH)
    fault = {"region": EU, "status": 400, "code": "UnauthorizedOperation"}
    lookups = ("DescribeImageReferences", "DescribeInstances")
    emulator.faults(*(fault | {"action": action} for action in lookups))
    got = history.run("release", *DISCARD, status=3)
    assert {item["location"] for item in got.json["incomplete"]} == {EU}
    assert history.whole(second) is True
    emulator.faults()
    history.run("release", *DISCARD)
    assert_only(history, emulator, first, state)


def test_the_next_release_finishes_it(history, emulator, built, first):
    second = built("web", regions=BOTH)
    emulator.faults(
        {"action": "DeregisterImage", "region": EU, "status": 400, "code": "AccessDenied"}
    )
    history.run("release", *DISCARD, status=3)
    assert history.has(second.images[0]) is False  # us-east-1
    emulator.faults()
    history.release("--fingerprint", "ab")
    assert history.whole(second) is False
    assert history.states() == {"0.1.0": "live", "0.1.1": "live"}
    assert history.run("resume").json["result"] == "nothing"


def test_a_stuck_one_does_not_hold_up_others(history, emulator, built, first):
    stuck = built("web", regions=BOTH)
    emulator.launch(stuck.images[0])
    history.run("release", *DISCARD, status=3)
    third = built("web", regions=BOTH)
    history.run("release", *DISCARD, status=3)
    assert history.whole(third) is False
    assert history.whole(stuck) is True


def test_retention_waits_for_it(history, emulator, built, first):
    """A release with something to discard is not retired half, nor takes the image for its own."""
    second = built("web", regions=BOTH)
    instance = emulator.launch(second.images[0])
    history.run("release", *DISCARD, status=3)
    history.release("--fingerprint", "ab")
    got = history.retain("--keep-last", 1)
    assert second.ids[0] in str(planned(got, "blocked")["0.1.0"])
    assert history.states()["0.1.0"] == "live"
    free(emulator, second.images[0], instance)
    history.run("resume")
    history.retain("--keep-last", 1)
    assert history.states() == {"0.1.0": "retired", "0.1.1": "live"}
    assert history.whole(first) is False and history.whole(second) is False


def test_a_snapshot_that_could_not_be_deleted(history, emulator, built, first):
    state = account(emulator)
    second = built("web", regions=BOTH)
    snapshot = second.images[0].snapshots[0]
    emulator.settings(snapshot_result={snapshot: "internal-error"})
    got = history.run("release", *DISCARD, status=3)
    assert snapshot in got.json["incomplete"][0]["error"]
    emulator.settings(snapshot_result={})
    history.run("resume")
    assert_only(history, emulator, first, state)


def test_only_with_the_tags_of_a_release(history, emulator, built, first):
    """The image carries the tags that a permission may ask for before it is removed."""
    built("web", regions=BOTH)
    emulator.forget_requests()
    history.run("release", *DISCARD)
    done = [entry["action"] for entry in emulator.requests()]
    assert done.index("CreateTags") < done.index("DeregisterImage")


def test_a_dry_run(history, emulator, built, first):
    built("web", regions=BOTH)
    state = account(emulator)
    before = history.actions("0.1.0")
    got = history.run("release", *DISCARD, "--dry-run")
    assert got.json["result"] == "dry-run" and len(got.json["discarded"]) == 2
    assert account(emulator) == state
    assert history.actions("0.1.0") == before


def test_the_file_of_the_run_names_the_release(history, emulator, built, first, tmp_path):
    """Whoever goes on with what the run wrote gets the images that are left."""
    built("web", regions=BOTH)
    history.run("release", *DISCARD, "--publish-tfvars", "web.auto.tfvars.json")
    written = json.loads((tmp_path / "web.auto.tfvars.json").read_text())
    assert written["ami_version"] == "0.1.0"
    assert written["ami_ids"] == {image.region: image.id for image in first.images}


def test_outputs_for_github(history, emulator, goldkeep, built, first, tmp_path):
    """Images that are still to be discarded are none of the release's there either."""
    second = built("web", regions=BOTH)
    emulator.launch(second.images[0])
    outputs = tmp_path / "outputs"
    history.run("release", *DISCARD, status=3, env={"GITHUB_OUTPUT": outputs})
    text = outputs.read_text()
    assert all(id in text for id in first.ids) and not any(id in text for id in second.ids)


def test_released_after_all(history, emulator, built, first):
    """Interrupted, and released without the option: it is a release then, and nothing else."""
    second = built("web", regions=BOTH)
    instance = emulator.launch(second.images[0])
    history.run("release", *DISCARD, status=3)
    free(emulator, second.images[0], instance)
    got = history.run("release", "--fingerprint", INPUTS)
    assert "another release" in str(got.json["warnings"])
    assert history.states() == {"0.1.0": "live", "0.1.1": "live"}
    assert history.whole(second) is True and history.whole(first) is True
    assert history.run("resume").json["result"] == "nothing"


def test_released_after_all_and_not_tagged_yet(history, emulator, built, first):
    """The record alone says that it is a release."""
    second = built("web", regions=BOTH)
    instance = emulator.launch(second.images[0])
    history.run("release", *DISCARD, status=3)
    free(emulator, second.images[0], instance)
    emulator.faults({"action": "CreateTags", "status": 400, "code": "UnauthorizedOperation"})
    got = history.run("release", "--fingerprint", INPUTS, status=3)
    assert "recorded with web 0.1.1" in str(got.json["warnings"])
    emulator.faults()
    history.run("resume")
    assert history.states() == {"0.1.0": "live", "0.1.1": "live"}
    assert history.whole(second) is True and history.whole(first) is True
    assert history.run("resume").json["result"] == "nothing"
