"""Credential providers that talk HTTP, against doubles of what they talk to.

botocore is asked the same in the same environment, and has to find the same keys.
"""

import hashlib
import json
import os
import socket
import stat
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from conftest import GOLDKEEP, Runner
from key_places import KeyPlaces

TOOL = GOLDKEEP.parent / "tools/provider"
UNTIL = "2099-01-01T00:00:00Z"
FOUND = {"id": "ASIA1", "secret": "s3cr3t", "token": "t0k3n"}
KEYS = {"AccessKeyId": "ASIA1", "SecretAccessKey": "s3cr3t", "Token": "t0k3n", "Expiration": UNTIL}
ROLE = "arn:aws:iam::123456789012:role/builder"
ROLES = "/latest/meta-data/iam/security-credentials/"
START_URL = "https://corp.awsapps.com/start"

BOTOCORE = """
import json, botocore.session
try:
    found = botocore.session.Session().get_credentials()
    keys = found.get_frozen_credentials() if found else None
    print(json.dumps(dict(zip(("id", "secret", "token"), keys)) if keys else {}))
except Exception as error:
    print(json.dumps({"error": str(error)}))
"""

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason=f"{TOOL} is not built")


@pytest.fixture
def places():
    places = KeyPlaces()
    yield places
    places.close()


@pytest.fixture
def bare(environment):
    """An environment without credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        del environment[name]
    return environment


@pytest.fixture
def ask(bare, tmp_path):
    """Ask one of our providers."""
    runner = Runner(TOOL, tmp_path, bare)

    def ask(*arguments, **env):
        got = runner(*arguments, env=env)
        assert got.status == 0, got
        answer = got.json
        answer.pop("expires", None)
        return answer

    return ask


@pytest.fixture
def ask_both(ask, bare, tmp_path):
    """Ask one of our providers, and botocore; None instead of the error's text."""
    botocore = Runner(sys.executable, tmp_path, bare)

    def ask_both(provider, **env):
        got = botocore("-c", BOTOCORE, env=env)
        assert got.status == 0, got
        ours, theirs = ask(provider, **env), got.json
        return [None if "error" in one else one for one in (ours, theirs)]

    return ask_both


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


# ---- containers ----


def test_container_as_botocore(places, ask_both, tmp_path):
    token = tmp_path / "token"
    token.write_text("Bearer abc")
    places.answer("GET /keys", 200, KEYS)
    ours, theirs = ask_both(
        "container",
        AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{places.url}/keys?id=1",
        AWS_CONTAINER_AUTHORIZATION_TOKEN="other",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token,
    )
    assert ours == theirs == FOUND
    first, second = places.asked
    for name in ("authorization", "accept"):
        assert first.headers[name] == second.headers[name]
    assert first.query == second.query == {"id": "1"}


@pytest.mark.parametrize(
    "env",
    [
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://keys.example/"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.3/"},
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\r\nX-Evil: 1",
        },
    ],
)
def test_container_refused_as_botocore(ask_both, env):
    assert ask_both("container", **env) == [None, None]


def test_container_error_is_final_and_short(places, ask):
    for status in (302, 403, 404):
        places.answer("GET /keys", status, {"message": "no role"})
        answer = ask("container", AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{places.url}/keys")
        assert f"HTTP status {status}" in answer["error"]
    assert [asked.path for asked in places.asked] == ["/keys"] * 3


def test_container_answer_has_a_ceiling(places, ask):
    places.answer("GET /keys", 200, KEYS | {"More": "x" * 100_000})
    answer = ask("container", AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{places.url}/keys")
    assert "the answer is larger than" in answer["error"]


def test_no_proxy_for_containers_and_instances(places, ask):
    """A proxy that is set for all is asked for nothing."""
    proxy = {"http_proxy": places.url, "all_proxy": places.url, "NO_PROXY": None}
    nobody = f"http://127.0.0.1:{free_port()}"
    assert ask("instance", **instance(nobody), **proxy) == {}
    answer = ask("container", AWS_CONTAINER_CREDENTIALS_FULL_URI=nobody, **proxy)
    assert "cannot reach" in answer["error"]
    assert places.asked == []


# ---- instances ----


def instance(url):
    return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url, "AWS_EC2_METADATA_DISABLED": None}


def test_instance_of_moto_as_botocore(emulator, ask_both):
    ours, theirs = ask_both("instance", **instance(emulator.url))
    assert ours == theirs
    assert ours["id"] == "test-key"


def test_instance_as_botocore(places, ask_both):
    def token(asked):
        assert asked.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
        return 200, "token"

    def role(asked):
        assert asked.headers["x-aws-ec2-metadata-token"] == "token"
        return 200, "builder"

    places.answer("PUT /latest/api/token", 200, token)
    places.answer("GET " + ROLES, 200, role)
    places.answer("GET " + ROLES + "builder", 200, KEYS | {"Code": "Success"})
    assert ask_both("instance", **instance(places.url)) == [FOUND, FOUND]


def test_instance_token_ends_between_two_requests(places, ask):
    tokens = iter(["first", "second"])
    places.answer("PUT /latest/api/token", 200, lambda asked: (200, next(tokens)))
    places.answer(
        "GET " + ROLES,
        200,
        lambda asked: (200, "builder")
        if asked.headers["x-aws-ec2-metadata-token"] == "second"
        else (401, ""),
    )
    places.answer("GET " + ROLES + "builder", 200, KEYS)
    assert ask("instance", **instance(places.url)) == FOUND


@pytest.mark.parametrize("status", [403, 404, 405])
def test_instance_without_role_or_token_is_not_configured(places, ask, status):
    places.answer("PUT /latest/api/token", status, "no")
    assert ask("instance", **instance(places.url)) == {}
    places.answer("PUT /latest/api/token", 200, "token")
    assert ask("instance", **instance(places.url)) == {}  # 404: no role


def test_instance_switched_off(places, ask_both):
    env = instance(places.url) | {"AWS_EC2_METADATA_DISABLED": "true"}
    assert ask_both("instance", **env) == [{}, {}]
    assert places.asked == []


def test_instance_hop_limit(ask):
    """Who takes a connection and never answers is what a container sees."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        answer = ask("instance", **instance(f"http://127.0.0.1:{silent.getsockname()[1]}"))
        took = time.monotonic() - began
    assert "HttpPutResponseHopLimit" in answer["error"]
    assert took < 10


def test_instance_off_ec2_is_found_out_fast(ask):
    """Nobody takes the connection: what a machine sees that is no instance."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        began = time.monotonic()
        answer = ask("instance", **instance(f"http://127.0.0.1:{port}"))
        took = time.monotonic() - began
        for one in waiting:
            one.close()
    assert answer == {}
    assert took < 3


# ---- IAM Identity Center ----

CONFIG = f"""
[default]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Image Builder
region = eu-west-1

[profile legacy]
sso_start_url = {START_URL}
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = Image Builder

[sso-session corp]
sso_start_url = {START_URL}
sso_region = eu-west-1
"""
ROLE_KEYS = {
    "roleCredentials": {
        "accessKeyId": "ASIA1",
        "secretAccessKey": "s3cr3t",
        "sessionToken": "t0k3n",
        "expiration": 4070908800000,
    }
}


def in_(**span):
    return (datetime.now(timezone.utc) + timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Login:
    """The shared config, and the token file that `aws sso login` leaves behind."""

    def __init__(self, home, places):
        self.cache = Path(home) / ".aws/sso/cache"
        self.cache.mkdir(parents=True)
        (Path(home) / ".aws/config").write_text(CONFIG)
        self.env = {"AWS_ENDPOINT_URL_SSO": places.url, "AWS_ENDPOINT_URL_SSO_OIDC": places.url}

    def path(self, name="corp"):
        return self.cache / (hashlib.sha1(name.encode()).hexdigest() + ".json")

    def write(self, name="corp", **token):
        text = json.dumps({"startUrl": START_URL, "region": "eu-west-1"} | token)
        self.path(name).write_text(text)
        self.path(name).chmod(0o644)

    def read(self):
        return json.loads(self.path().read_text())


@pytest.fixture
def login(bare, places):
    places.answer("GET /federation/credentials", 200, ROLE_KEYS)
    return Login(bare["HOME"], places)


def renewable(**span):
    return {
        "accessToken": "old",
        "expiresAt": in_(**span),
        "refreshToken": "refresh1",
        "clientId": "client",
        "clientSecret": "secret",
        "registrationExpiresAt": in_(days=30),
    }


@pytest.mark.parametrize("profile, name", [("default", "corp"), ("legacy", START_URL)])
def test_sso_as_botocore(login, places, ask_both, profile, name):
    login.write(name, accessToken="access", expiresAt=in_(hours=8))
    env = login.env | {"AWS_PROFILE": profile}
    assert ask_both("sso", **env) == [FOUND, FOUND]
    first, second = places.asked
    assert first.query == second.query
    assert first.query == {"account_id": "123456789012", "role_name": "Image Builder"}
    for asked in places.asked:
        assert asked.headers["x-amz-sso_bearer_token"] == "access"
        assert "authorization" not in asked.headers


def test_sso_renews_as_botocore(login, places, ask_both):
    places.answer(
        "POST /token",
        200,
        {"accessToken": "new", "expiresIn": 28800, "refreshToken": "refresh2", "tokenType": "B"},
    )
    written = []

    def answer_and_go_back(asked):
        written.append(login.read())
        login.write(**renewable(minutes=5))  # for who comes next
        return 200, ROLE_KEYS

    places.answer("GET /federation/credentials", 200, answer_and_go_back)
    login.write(**renewable(minutes=5))
    assert ask_both("sso", **login.env) == [FOUND, FOUND]
    renewals = [json.loads(asked.body) for asked in places.asked if asked.path == "/token"]
    assert len(renewals) == 2
    assert renewals[0] == renewals[1]
    portal = [asked.headers for asked in places.asked if asked.method == "GET"]
    assert [headers["x-amz-sso_bearer_token"] for headers in portal] == ["new", "new"]
    for token in written:
        assert token["accessToken"] == "new"
        assert token["refreshToken"] == "refresh2"
        assert token.keys() == written[0].keys()
        assert in_(hours=7) < token["expiresAt"] < in_(hours=9)


def test_sso_token_file_is_for_its_owner(login, places, ask):
    places.answer("POST /token", 200, {"accessToken": "new", "expiresIn": 28800})
    login.write(**renewable(minutes=-5))
    assert ask("sso", **login.env) == FOUND
    assert stat.S_IMODE(login.path().stat().st_mode) == 0o600
    assert os.listdir(login.cache) == [login.path().name]
    assert login.read()["refreshToken"] == "refresh1"


def test_sso_somebody_else_was_faster(login, places, ask):
    """Two runs renew at once: the refresh token is good for one, the file is good for both."""

    def refuse(asked):
        login.write(accessToken="theirs", expiresAt=in_(hours=8))
        return 400, {"error": "invalid_grant"}

    places.answer("POST /token", 400, refuse)
    login.write(**renewable(minutes=-5))
    assert ask("sso", **login.env) == FOUND
    assert places.asked[-1].headers["x-amz-sso_bearer_token"] == "theirs"
    assert login.read()["accessToken"] == "theirs"


def test_sso_says_what_to_do(login, places, ask, ask_both):
    advice = "run aws sso login --profile default"
    assert advice in ask("sso", **login.env)["error"]
    login.write(accessToken="old", expiresAt=in_(minutes=-1))
    assert advice in ask("sso", **login.env)["error"]
    places.answer("GET /federation/credentials", 401, {"message": "Session token not found"})
    login.write(accessToken="old", expiresAt=in_(hours=1))
    assert advice in ask("sso", **login.env)["error"]
    assert ask_both("sso", **login.env) == [None, None]


# ---- GitHub ----


def test_github_token_becomes_a_role(emulator, places, ask):
    places.answer("GET /token", 200, {"count": 1, "value": "aaa.bbb.ccc"})
    answer = ask(
        "github",
        AWS_ROLE_ARN=ROLE,
        AWS_REGION="eu-west-1",
        AWS_ENDPOINT_URL_STS=emulator.url,
        ACTIONS_ID_TOKEN_REQUEST_URL=f"{places.url}/token?api-version=2",
        ACTIONS_ID_TOKEN_REQUEST_TOKEN="bearer-of-the-job",
    )
    assert answer["id"].startswith("ASIA"), answer
    (asked,) = places.asked
    assert asked.query == {"api-version": "2", "audience": "sts.amazonaws.com"}
    assert asked.headers["authorization"] == "bearer bearer-of-the-job"


# ---- the whole way ----


def real_keys(emulator):
    """Keys that the emulator takes, for a while."""
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [anybody]}
    rule = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    all = {"Version": "2012-10-17", "Statement": [rule]}
    iam = emulator.client("iam")
    iam.create_role(RoleName="builder", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="builder", PolicyName="all", PolicyDocument=json.dumps(all))
    answer = emulator.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="test")
    keys = answer["Credentials"]
    emulator.forget_requests()
    return {
        "AccessKeyId": keys["AccessKeyId"],
        "SecretAccessKey": keys["SecretAccessKey"],
        "Token": keys["SessionToken"],
        "Expiration": UNTIL,
    }


def test_release_with_the_keys_of_a_container(emulator, places, built, goldkeep, bare):
    built("web", regions=["us-east-1"])
    places.answer("GET /keys", 200, real_keys(emulator))
    env = {
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{places.url}/keys",
    }
    got = goldkeep("release", "--family", "web", env=env)
    assert got.status == 0, got
    assert len(places.asked) == 1


def test_a_table_where_the_instance_is(emulator, places, goldkeep, bare):
    """The instance's role, and its region, which nobody set."""
    places.answer("PUT /latest/api/token", 200, "token")
    places.answer("GET " + ROLES, 200, "builder")
    places.answer("GET " + ROLES + "builder", 200, real_keys(emulator))
    places.answer("GET /latest/meta-data/placement/region", 200, "eu-west-1")
    env = instance(places.url) | {"AWS_ENDPOINT_URL": emulator.url}
    got = goldkeep("init", "--store", "dynamodb:goldkeep", env=env)
    assert got.status == 0, got
    assert {asked["region"] for asked in emulator.requests()} == {"eu-west-1"}
