"""testdata/automation: a build automation as people have it, run from one end to the other."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from conftest import GOLDKEEP
from emulator import ROOT

AUTOMATION = ROOT / "testdata/automation"
REGIONS = ["eu-west-1", "us-east-1"]
PARAMETER = "/golden/sample-app/latest"
# Where Terraform itself looks for providers that it need not download.
PLUGINS = ["/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"]


@pytest.fixture
def project(packer, tmp_path):
    """A copy of the automation: `project("build.sh")` runs one of its programs there."""
    folder = shutil.copytree(AUTOMATION, tmp_path / "project")

    def run(*command, **env):
        ended = subprocess.run(
            [str(word) for word in command],
            cwd=folder,
            env=packer.environment | {"GOLDKEEP": str(GOLDKEEP)} | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    run.folder = folder
    return run


@pytest.fixture
def image(project, goldkeep):
    """The first release of the automation; its ids by region."""
    project("./build.sh")
    return shown(goldkeep, "0.1.0")


def shown(goldkeep, version):
    got = goldkeep("show", "sample-app", version, "--output", "json")
    assert got.status == 0, got
    return {one["location"]: one["id"] for one in got.json["images"]}


def published(emulator):
    return {
        region: emulator.client("ssm", region).get_parameter(Name=PARAMETER)["Parameter"]
        for region in REGIONS
    }


def versions(goldkeep):
    return [one["version"] for one in goldkeep("list", "--output", "json").json["releases"]]


def test_the_same_inputs_are_built_once(project, goldkeep, emulator, image):
    before = {region: list(emulator.images(region)) for region in REGIONS}
    assert before == {region: [image[region]] for region in REGIONS}
    out = project("./build.sh")
    assert image["us-east-1"] in out
    assert {region: list(emulator.images(region)) for region in REGIONS} == before
    assert versions(goldkeep) == ["0.1.0"]


def test_other_inputs_are_a_new_release(project, goldkeep, emulator, image):
    (project.folder / "image/files/motd").write_text("Another one.\n")
    project("./build.sh")
    assert versions(goldkeep) == ["0.1.1", "0.1.0"]
    newer = shown(goldkeep, "0.1.1")
    assert not set(newer.values()) & set(image.values())
    assert {region: one["Value"] for region, one in published(emulator).items()} == newer
    for region in REGIONS:
        [name] = [one["name"] for id, one in emulator.images(region).items() if id == newer[region]]
        assert name.startswith("sample-app-0.1.1 ")


def test_the_parameters_are_of_the_type_that_ec2_resolves(emulator, image):
    for region, parameter in published(emulator).items():
        assert parameter["Value"] == image[region]
        assert parameter["DataType"] == "aws:ec2:image"


def test_terraform_takes_the_ids(project, emulator, image):
    plugins = [os.environ.get("GOLDKEEP_TERRAFORM_PLUGINS"), *PLUGINS]
    plugins = [folder for folder in plugins if folder and Path(folder).is_dir()]
    if not shutil.which("terraform") or not plugins:
        pytest.skip("no terraform, or no folder with its AWS provider: $GOLDKEEP_TERRAFORM_PLUGINS")
    given = json.loads((project.folder / "terraform/images.auto.tfvars.json").read_text())
    assert given["ami_ids"] == image

    def terraform(*command):
        return project("terraform", "-chdir=terraform", *command, CHECKPOINT_DISABLE="1")

    terraform("init", "-input=false", f"-plugin-dir={plugins[0]}")
    terraform("apply", "-auto-approve", "-input=false", f"-var=endpoint={emulator.url}")
    told = json.loads(terraform("output", "-json"))
    assert told["image"]["value"] == image["us-east-1"]
    assert told["published"]["value"] == image["us-east-1"]
    [group] = emulator.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    template = emulator.client("ec2").describe_launch_template_versions(
        LaunchTemplateId=group["LaunchTemplate"]["LaunchTemplateId"]
    )["LaunchTemplateVersions"][0]
    assert template["LaunchTemplateData"]["ImageId"] == image["us-east-1"]


def test_ansible_takes_the_ids(project, goldkeep, image):
    if not shutil.which("ansible-playbook"):
        pytest.skip("no ansible-playbook")
    got = goldkeep("resolve", "sample-app:latest", "--format", "ansible")
    assert got.status == 0, got
    (project.folder / "ansible/images.yml").write_text(got.out)
    out = project("ansible-playbook", "-e", "@ansible/images.yml", "ansible/launch.yml")
    assert f"sample-app 0.1.0 is {image['us-east-1']} in us-east-1" in out


@mock_aws
def stack_image(template, parameters=()):
    """The image of the launch template that CloudFormation makes of it, in a cloud of its own."""
    for name, value in parameters:
        boto3.client("ssm", "us-east-1").put_parameter(
            Name=name, Value=value, Type="String", DataType="aws:ec2:image"
        )
    boto3.client("cloudformation", "us-east-1").create_stack(
        StackName="sample-app", TemplateBody=json.dumps(template)
    )
    [version] = boto3.client("ec2", "us-east-1").describe_launch_template_versions(
        Versions=["$Latest"]
    )["LaunchTemplateVersions"]
    return version["LaunchTemplateData"]["ImageId"]


def test_cloudformation_reads_the_parameter(emulator, image):
    template = json.loads((AUTOMATION / "cloudformation/stack.json").read_text())
    value = published(emulator)["us-east-1"]["Value"]
    assert stack_image(template, [(PARAMETER, value)]) == image["us-east-1"]


def test_cloudformation_takes_the_mappings(goldkeep, image):
    template = json.loads((AUTOMATION / "cloudformation/mapping.json").read_text())
    got = goldkeep("resolve", "sample-app:latest", "--format", "cloudformation")
    assert got.status == 0, got
    template |= json.loads(got.out)
    assert stack_image(template) == image["us-east-1"]
