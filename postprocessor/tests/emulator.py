"""The AWS emulator as a test sees it, and builds as Packer leaves them behind.

    images = emulator.make_images("web", ["us-east-1", "eu-west-1"])
    add_to_manifest(folder / "packer-manifest.json", manifest_entry(images, name="web"))

What the emulator can do beyond AWS (faults, settings) is in scripts/emulator/README.md.
"""

import http.client
import json
import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "123456789012"
SOURCE_IMAGE = "ami-12c6146b"  # Amazon's, in every region
FIRST_KEY = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
SECOND_KEY = ("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")


@dataclass(frozen=True)
class Image:
    region: str
    id: str
    snapshots: tuple[str, ...]


def new_run() -> str:
    """A packer_run_uuid."""
    return str(uuid.uuid4())


def artifact_id(images) -> str:
    """`region:ami-…,region:ami-…`, sorted as Packer sorts it."""
    return ",".join(sorted(f"{image.region}:{image.id}" for image in images))


def manifest_entry(images, name="web", run=None, custom_data=None, **more) -> dict:
    """What Packer's manifest post-processor writes of one build; `images` may be an artifact id."""
    return {
        "name": name,
        "builder_type": "amazon-ebs",
        "build_time": int(time.time()),
        "files": None,
        "artifact_id": images if isinstance(images, str) else artifact_id(images),
        "packer_run_uuid": run or new_run(),
        "custom_data": custom_data,
    } | more


def add_to_manifest(path, *entries) -> None:
    """Append entries as Packer does; the last one's run becomes the last run."""
    path = Path(path)
    manifest = json.loads(path.read_text()) if path.exists() else {"builds": []}
    manifest["builds"] += entries
    manifest["last_run_uuid"] = entries[-1]["packer_run_uuid"]
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    for letter in "<>&":  # Go's encoder
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    path.write_text(text)


class Emulator:
    """The address of a running emulator, clients for it, and its control endpoints."""

    def __init__(self, url, attempts=1):
        self.url = url
        self.attempts = attempts
        self.clients = {}

    def client(self, service, region="us-east-1", key=FIRST_KEY):
        """A boto3 client that tries so often."""
        wanted = (service, region, key)
        if wanted not in self.clients:
            self.clients[wanted] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.url,
                aws_access_key_id=key[0],
                aws_secret_access_key=key[1],
                config=Config(retries={"total_max_attempts": self.attempts}),
            )
        return self.clients[wanted]

    def make_images(self, name="web", regions=("us-east-1",), snapshots=1) -> list[Image]:
        """One image per region, each of so many snapshots; the names are unique."""
        unique = f"{name}-{uuid.uuid4().hex[:12]}"
        return [self.make_image(unique, region, snapshots) for region in regions]

    def make_image(self, name, region="us-east-1", snapshots=1, **more) -> Image:
        """`more` goes to RegisterImage as it is."""
        ec2 = self.client("ec2", region)
        ids = tuple(self.make_snapshot(region) for _ in range(snapshots))
        devices = [
            {"DeviceName": f"/dev/sd{letter}1", "Ebs": {"SnapshotId": snapshot}}
            for letter, snapshot in zip("abcdefghijkl", ids, strict=False)
        ]
        options = {"Architecture": "x86_64", "VirtualizationType": "hvm"} | more
        answer = ec2.register_image(
            Name=name, RootDeviceName="/dev/sda1", BlockDeviceMappings=devices, **options
        )
        return Image(region, answer["ImageId"], ids)

    def make_snapshot(self, region="us-east-1") -> str:
        ec2 = self.client("ec2", region)
        volume = ec2.create_volume(AvailabilityZone=f"{region}a", Size=1)["VolumeId"]
        snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        ec2.delete_volume(VolumeId=volume)
        return snapshot

    def launch(self, image: Image) -> str:
        """An instance of the image; the id."""
        ec2 = self.client("ec2", image.region)
        answer = ec2.run_instances(ImageId=image.id, MinCount=1, MaxCount=1)
        return answer["Instances"][0]["InstanceId"]

    def images(self, region="us-east-1") -> dict[str, dict]:
        """Our images that still exist, by id."""
        return {
            id: image
            for id, image in self._own(region, "images").items()
            if image["state"] != "deregistered"
        }

    def snapshots(self, region="us-east-1") -> dict[str, dict]:
        return self._own(region, "snapshots")

    def parameters(self, region="us-east-1") -> dict[str, str]:
        found = self.state()["regions"].get(region, {}).get("parameters", [])
        return {parameter["name"]: parameter["value"] for parameter in found}

    def tags(self, region, id) -> dict[str, str]:
        """Of an image or a snapshot of ours."""
        return (self.images(region) | self.snapshots(region))[id]["tags"]

    def _own(self, region, kind):
        found = self.state()["regions"].get(region, {}).get(kind, [])
        return {thing["id"]: thing for thing in found}

    def state(self) -> dict:
        """All that goldkeep may change in the account: sorted, without times, to be compared."""
        return self._control("GET", "state")

    def requests(self, action=None) -> list[dict]:
        """What was asked since the last reset or forget_requests, boto3's calls included."""
        found = self._control("GET", "requests")["requests"]
        return [entry for entry in found if action in (None, entry["action"])]

    def forget_requests(self) -> None:
        self._control("POST", "requests/clear")

    def settings(self, **values) -> None:
        self._control("POST", "settings", values)

    def faults(self, *rules) -> None:
        """Replaces all fault rules."""
        self._control("POST", "faults", {"rules": list(rules)})

    def set_image(self, image: Image, **values) -> None:
        """Give an image what no request can give it: last_launched_time, state, owner_id, …"""
        body = {"region": image.region, "image_id": image.id, "set": values}
        self._control("POST", "image", body)

    def hold_table(self, table, status, calls, region="us-east-1") -> None:
        """Show a DynamoDB table in that state to so many DescribeTable calls."""
        body = {"region": region, "table": table, "status": status, "calls": calls}
        self._control("POST", "table", body)

    def reset(self) -> None:
        self._control("POST", "reset")

    def save(self) -> None:
        """Remember images, snapshots, templates and parameters until the next reset."""
        self._control("POST", "save")

    def restore(self) -> None:
        """Back to what save remembered, with the same ids."""
        self._control("POST", "restore")

    def _control(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=20)
        try:
            connection.request(method, f"/goldkeep/{path}", json.dumps(body or {}))
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, text
        return json.loads(text)


def start(*options) -> tuple[subprocess.Popen, Emulator]:
    """Start an emulator on a free port; it ends when this process does."""
    command = [sys.executable, str(ROOT / "scripts/emulator"), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().strip()
    assert url, f"the emulator did not start (status {process.wait()})"
    return process, Emulator(url)


def stop(process) -> None:
    process.terminate()
    process.wait(timeout=10)
    process.stdout.close()


def keep_out_the_users_settings() -> None:
    """Nothing of the user's own set-up may reach botocore in this process."""
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
