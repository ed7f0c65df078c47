"""The account is saved and restored, as often as wanted and with the same ids."""

from helpers import find, register, snapshot


def test_restore_brings_back_what_was_saved(emulator, ec2):
    kept = snapshot(ec2)
    image = register(ec2, "kept", kept)
    ec2.create_tags(Resources=[image], Tags=[{"Key": "a", "Value": "1"}])
    emulator.client("ssm").put_parameter(Name="/a", Value="1", Type="String")
    saved = emulator.get("state")
    emulator.post("save")
    for _ in range(2):
        change_everything(emulator, ec2, image, kept)
        assert emulator.get("state") != saved
        emulator.post("restore")
        assert emulator.get("state") == saved
    assert find(ec2, image)["Tags"] == [{"Key": "a", "Value": "1"}]
    assert [s["SnapshotId"] for s in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]] == [kept]


def change_everything(emulator, ec2, image, kept):
    ec2.create_tags(Resources=[image, kept], Tags=[{"Key": "b", "Value": "2"}])
    ec2.deregister_image(ImageId=image)
    ec2.delete_snapshot(SnapshotId=kept)
    register(ec2, "new")
    emulator.client("ssm").put_parameter(Name="/a", Value="2", Type="String", Overwrite=True)
    register(emulator.client("ec2", "eu-west-1"), "elsewhere")


def test_nothing_was_saved(emulator):
    assert "nothing was saved" in emulator.post("restore", status=400)["error"]
    emulator.post("save")
    emulator.post("reset")
    emulator.post("restore", status=400)
