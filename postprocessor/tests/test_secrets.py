"""No secret shows: not in what is printed or written, and not in a dump of the memory."""

import hashlib
import json
import os
import re
import resource
import signal
import socket
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from conftest import GOLDKEEP, SANITIZED, Runner
from key_places import KeyPlaces

LEFTOVERS = GOLDKEEP.parent / "tools/leftovers"
LIST = ("--store", "dynamodb:nowhere", "list")
MOST = resource.getrlimit(resource.RLIMIT_CORE)[1]


@pytest.fixture
def waiting(goldkeep, tmp_path):
    """A goldkeep that waits for an answer with keys in its memory, where dumps are wanted."""
    (tmp_path / "folder").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "AWS_REGION": "us-east-1",
        }
        process = goldkeep.start(
            *LIST,
            env=env,
            cwd=tmp_path / "folder",
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (MOST, MOST)),
        )
        try:
            with silent.accept()[0] as connection:
                assert b"AWS4-HMAC-SHA256" in connection.recv(65536)
                yield process
        finally:
            process.kill()
            process.communicate()


@pytest.mark.skipif(MOST == 0, reason="nothing is dumped here")
@pytest.mark.parametrize("limit", [0, MOST], ids=["as it is", "for who does not care for limits"])
def test_no_dump(waiting, tmp_path, limit):
    assert resource.prlimit(waiting.pid, resource.RLIMIT_CORE) == (0, MOST)
    resource.prlimit(waiting.pid, resource.RLIMIT_CORE, (limit, MOST))
    os.kill(waiting.pid, signal.SIGABRT)
    _, status = os.waitpid(waiting.pid, 0)
    assert os.WTERMSIG(status) == signal.SIGABRT
    assert not os.WCOREDUMP(status)
    assert os.listdir(tmp_path / "folder") == []


# ---- what is printed and written ----

MARK = "s3cr3t"  # stands in every secret here
ROLE = "arn:aws:iam::123456789012:role/one"
START_URL = "https://corp.awsapps.com/start"
SECRET, TOKEN = MARK + "/K7MDENG/bPxRfiCYEXAMPLEKEY", MARK + "token" * 200
ROLES = "/latest/meta-data/iam/security-credentials/"


def in_(**span):
    return (datetime.now(timezone.utc) + timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


def keys(id, secret, token, until):
    return {id: "ASIAIOSFODNN7EXAMPLE", secret: SECRET, token: TOKEN, until: in_(hours=6)}


KEYS = keys("AccessKeyId", "SecretAccessKey", "Token", "Expiration")
PORTAL_KEYS = keys("accessKeyId", "secretAccessKey", "sessionToken", "time")
PORTAL_KEYS |= {"expiration": 4070908800000}
PROCESS_KEYS = keys("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
STS = """<{0}Response><{0}Result><Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>
<SecretAccessKey>{1}</SecretAccessKey><SessionToken>{2}</SessionToken><Expiration>{3}</Expiration>
</Credentials></{0}Result></{0}Response>"""
CONFIG = """[profile written]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = {secret}
aws_session_token = {token}
[profile role]
role_arn = {role}
source_profile = written
[profile process]
credential_process = sh {folder}/program
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = builder
[sso-session corp]
sso_start_url = {url}
sso_region = us-east-1
"""


def as_they_are(status, body):
    return status, body


# What may be wrong with an answer that has keys in it.
SPOILT = {
    "cut": lambda status, body: (status, body[: len(body) * 2 // 3]),
    "refused": lambda status, body: (403, body),
    "a page": lambda status, body: (400, f"<html>{body}</html>"),
    "names": lambda status, body: (status, body.replace("cretAccessKey", "cret")),
    "spaces": lambda status, body: (status, body.replace(SECRET, SECRET + " x")),
    "not a time": lambda status, body: (status, re.sub(r"2\d{3}-\d\d-\d\dT|4070908800000", SECRET, body)),
}


class Sources:
    """Everything that hands out keys, at one address; `spoil` is done to each answer with keys."""

    def __init__(self, folder, home):
        self.places, self.folder, self.spoil = KeyPlaces(), folder, as_they_are
        self.keys("GET /keys", KEYS)
        self.keys("GET " + ROLES + "builder", KEYS | {"Code": "Success"})
        self.keys("GET /jwt", {"value": MARK + "jwt"})
        self.keys("GET /federation/credentials", {"roleCredentials": PORTAL_KEYS})
        self.keys("POST /token", {"accessToken": MARK + "new" * 99, "expiresIn": 28800})
        self.places.answer("PUT /latest/api/token", 200, MARK + "imds")
        self.places.answer("GET " + ROLES, 200, "builder")
        self.places.answer("POST /", 200, self.service)
        cache = Path(home) / ".aws/sso/cache"
        cache.mkdir(parents=True)
        self.login = cache / (hashlib.sha1(b"corp").hexdigest() + ".json")
        (folder / "jwt").write_text(MARK + "jwt\n")
        (folder / "config").write_text(
            CONFIG.format(secret=SECRET, token=TOKEN, role=ROLE, folder=folder, url=START_URL)
        )

    def keys(self, what, answer):
        self.places.answer(what, 200, lambda asked: self.spoil(200, json.dumps(answer)))

    def service(self, asked):
        if "Action=AssumeRole" in asked.body:
            action = asked.body.partition("Action=")[2].partition("&")[0]
            return self.spoil(200, STS.format(action, SECRET, TOKEN, in_(hours=1)))
        if "Action=" in asked.body:
            return 200, "<DescribeImagesResponse><imagesSet/></DescribeImagesResponse>"
        return 200, {"Items": [], "Count": 0}

    def prepare(self):
        """Before each run: what a program prints, and a login that is about to end."""
        status, body = self.spoil(200, json.dumps(PROCESS_KEYS | {"Version": 1}))
        failed = f"echo no >&2; exit {status}" if status != 200 else ""
        (self.folder / "printed").write_text(body)
        (self.folder / "program").write_text(f"cat {self.folder}/printed; {failed}\n")
        self.login.write_text(
            json.dumps(
                {
                    "accessToken": MARK + "old",
                    "expiresAt": in_(minutes=5),
                    "refreshToken": MARK + "refresh",
                    "clientId": "client",
                    "clientSecret": MARK + "client",
                    "registrationExpiresAt": in_(days=30),
                }
            )
        )

    def environments(self):
        url = self.places.url
        common = {
            "AWS_REGION": "us-east-1",
            "AWS_CONFIG_FILE": self.folder / "config",
            "AWS_ENDPOINT_URL": url,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_ACCESS_KEY_ID": None,
            "AWS_SECRET_ACCESS_KEY": None,
        }
        own = {
            "environment": {
                "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
                "AWS_SECRET_ACCESS_KEY": SECRET,
                "AWS_SESSION_TOKEN": TOKEN,
            },
            "written": {"AWS_PROFILE": "written"},
            "role": {"AWS_PROFILE": "role"},
            "process": {"AWS_PROFILE": "process"},
            "sso": {"AWS_PROFILE": "sso"},
            "web identity": {
                "AWS_ROLE_ARN": ROLE,
                "AWS_WEB_IDENTITY_TOKEN_FILE": self.folder / "jwt",
            },
            "github": {
                "AWS_ROLE_ARN": ROLE,
                "ACTIONS_ID_TOKEN_REQUEST_URL": url + "/jwt?a=b",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": MARK + "bearer",
            },
            "container": {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/keys",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": MARK + "authorization",
            },
            "instance": {
                "AWS_EC2_METADATA_DISABLED": "false",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": url,
            },
        }
        return {name: common | env for name, env in own.items()}


@pytest.fixture
def sources(environment, tmp_path):
    (tmp_path / "sources").mkdir()
    sources = Sources(tmp_path / "sources", environment["HOME"])
    yield sources
    sources.places.close()


def shown(got, result):
    return got.out + got.err + result.read_text()


def test_every_source_works_and_is_silent(sources, goldkeep, tmp_path):
    result = tmp_path / "result.json"
    for name, env in sources.environments().items():
        for form in ("text", "json"):
            sources.prepare()
            options = ("-v", "--log-format", form, "--output", form, "--result", result)
            got = goldkeep(*options, *LIST, env=env)
            assert got.status == 0, got
            assert "AWS credentials: " in got.err, got
            assert MARK not in shown(got, result), name


@pytest.mark.parametrize("kind", SPOILT)
def test_no_failure_shows_what_came(sources, goldkeep, tmp_path, kind):
    """Keys of the environment and the files are no answer that could be spoilt."""
    sources.spoil = SPOILT[kind]
    result = tmp_path / "result.json"
    for name, env in sources.environments().items():
        sources.prepare()
        got = goldkeep("-v", "--output", "json", "--result", result, *LIST, env=env)
        assert got.status == (0 if name in ("environment", "written") else 1), got
        assert MARK not in shown(got, result), name


def test_nothing_that_is_written_has_a_secret(emulator, goldkeep, built, environment, tmp_path):
    """The whole of a release: output, result, files for a workflow, inventory."""
    environment["AWS_SESSION_TOKEN"] = ""
    built("web")
    files = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    options = ("--result", "result.json", "--publish-tfvars", "web.auto.tfvars.json")
    got = goldkeep("-v", "release", "--family", "web", *options, env=files)
    assert got.status == 0, got
    secret = environment["AWS_SECRET_ACCESS_KEY"]
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) >= 5, written
    assert secret not in got.out + got.err
    for path in written:
        assert secret.encode() not in path.read_bytes(), path


# ---- what is left in memory ----


@pytest.mark.skipif(SANITIZED, reason="the sanitizer has its own allocator")
@pytest.mark.skipif(not LEFTOVERS.exists(), reason=f"{LEFTOVERS} is not built")
def test_memory_that_is_given_back_holds_no_secret(sources, environment, tmp_path):
    run = Runner(LEFTOVERS, tmp_path, environment)
    for name, env in sources.environments().items():
        sources.prepare()
        got = run(MARK, env=env)
        assert got.status == 0, got
        assert got.out == "0\n", name
