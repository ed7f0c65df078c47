"""Where the services are: goldkeep against botocore's endpoint rule sets, in every region.

Only the rows of endpoints-as-botocore.txt may differ. The tool that says where goldkeep goes is
build/tools/endpoint, or what $GOLDKEEP_ENDPOINT names.
"""

import itertools
import os
import subprocess
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore.auth import _host_from_url
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import BotoCoreError, EndpointProviderError
from botocore.loaders import create_loader
from emulator import ROOT

DATA = ROOT / "testdata/aws-profiles"
TOOL = Path(os.environ.get("GOLDKEEP_ENDPOINT") or ROOT / "build/tools/endpoint")
SERVICES = {  # botocore's name: ours, as in a services section
    "ec2": "ec2",
    "autoscaling": "auto_scaling",
    "ssm": "ssm",
    "sts": "sts",
    "dynamodb": "dynamodb",
    "sso": "sso",
    "sso-oidc": "sso_oidc",
}
# In no list: some fit the pattern of a partition, others only begin like one.
UNLISTED = """us-moon-9 mx-x-1 cn-moon-9 us-gov-moon-1 us-iso-moon-1 us-isob-moon-1 us-isof-moon-1
    eu-isoe-moon-1 eusc-de-moon-1 xx-new-1 us-east local cn-x cn-x-y us-gov-x us-gov-1 us-gov--1
    us-gov-x-1y us-gov-x-y-1 us-iso-x us-isobx-y-1 us-isoe-x-1 eusc-fr-east-1 eusc-x xeusc-de-x-1
    CN-north-1 a a1""".split()
VARIANTS = {"plain": (False, False), "fips": (True, False), "dual": (False, True), "both": (True, True)}

# Rows of endpoints.txt name a service by its host; any operation of it will do.
OPERATIONS = {
    "ec2": ("ec2", "describe_regions", {}),
    "autoscaling": ("autoscaling", "describe_auto_scaling_groups", {}),
    "ssm": ("ssm", "describe_parameters", {}),
    "sts": ("sts", "get_caller_identity", {}),
    "dynamodb": ("dynamodb", "list_tables", {}),
    "portal.sso": ("sso", "logout", {"accessToken": "t"}),
    "oidc": ("sso-oidc", "register_client", {"clientName": "c", "clientType": "public"}),
}
LOADER = create_loader()


def listed_regions(partitions):
    return [region for partition in partitions["partitions"] for region in partition["regions"]]


def ask_botocore(provider, region, fips, dual):
    try:
        found = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual)
    except EndpointProviderError as error:
        return f"! {error}"
    return found.url + "/"


def ask_goldkeep(rows):
    lines = "".join(" ".join(row) + "\n" for row in rows)
    done = subprocess.run([TOOL], input=lines, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def table(name):
    """The rows of a table, as lists of fields."""
    for line in (DATA / name).read_text().splitlines():
        if line and not line.startswith("#"):
            yield ["" if field == '""' else field for field in map(str.strip, line.split("|"))]


@pytest.mark.skipif(not TOOL.exists(), reason=f"{TOOL} is not built")
def test_computed_as_botocore():
    partitions = LOADER.load_data("partitions")
    regions = listed_regions(partitions) + UNLISTED
    assert len(regions) > 60
    theirs = {}
    for service, ours in SERVICES.items():
        rules = LOADER.load_service_model(service, "endpoint-rule-set-1")
        provider = EndpointProvider(rules, partitions)
        for region, variant in itertools.product(regions, VARIANTS):
            theirs[ours, region, variant] = ask_botocore(provider, region, *VARIANTS[variant])
    answers = zip(theirs, ask_goldkeep(theirs), strict=True)
    differing = {row: (mine, theirs[row]) for row, mine in answers if mine != theirs[row]}
    expected = {
        (service, region, variant): (mine, other.partition(" - ")[0])
        for service, region, variant, mine, other in table("endpoints-as-botocore.txt")
    }
    assert differing == expected


class Sent(Exception):
    """Carries a request that was not sent."""


def send_with_botocore(profile, flag, env, service, region):
    """The URL without a port that is the scheme's own, and the Host header; or an error."""
    name, operation, parameters = OPERATIONS[service]

    def stop(request, **_):
        raise Sent(request.url)

    with mock.patch.dict(os.environ, env, clear=True):
        try:
            session = botocore.session.Session(profile=profile or None)
            session.register_component("data_loader", LOADER)
            client = session.create_client(
                name,
                region_name=region,
                endpoint_url=flag or None,
                aws_access_key_id="A1",
                aws_secret_access_key="s",
            )
            client.meta.events.register("before-send", stop)
            getattr(client, operation)(**parameters)
        except Sent as sent:
            url = urlsplit(sent.args[0])
        except (BotoCoreError, ValueError) as error:
            return f"! {error}"
    # Every path of these two services is longer.
    path = "/" if service in ("portal.sso", "oidc") else url.path
    return f"{url.scheme}://{_host_from_url(url.geturl())}{path} {_host_from_url(url.geturl())}"


def agree(ours, theirs):
    """The message of an error is everyone's own."""
    return ours[0] == theirs[0] == "!" or ours == theirs


def test_configured_as_botocore():
    """The same rows that settings_test goes through with goldkeep."""
    files = {
        "AWS_CONFIG_FILE": str(DATA / "chain-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(DATA / "chain-credentials"),
    }
    wrong = []
    for profile, flag, env, service, region, ours, differs in table("endpoints.txt"):
        env = files | dict(pair.split("=", 1) for pair in env.split())
        expected = differs.partition(" - ")[0] or ours
        found = send_with_botocore(profile, flag, env, service, region)
        if not agree(expected, found):
            wrong.append((profile, flag, env, service, region, expected, found))
    assert wrong == []
