"""Who signs: goldkeep against botocore in the same environment, row by row of as-botocore.txt."""

import json
import os
import signal
from unittest import mock

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from emulator import ROOT
from key_places import KeyPlaces

DATA = ROOT / "testdata/aws-profiles"
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ROLE = "arn:aws:iam::123456789012:role/one"
LIST = ("--store", "dynamodb:nowhere?region=us-east-1", "list")
STS_PARAMS = ("RoleArn", "RoleSessionName", "ExternalId", "DurationSeconds", "WebIdentityToken")


def rows():
    for line in (DATA / "as-botocore.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            profile, env, ours, theirs = (field.strip() for field in line.split("|"))
            pairs = [] if env == '""' else env.split()
            yield pytest.param(
                None if profile == '""' else profile,
                dict(pair.split("=", 1) for pair in pairs),
                ours,
                theirs.partition(" - ")[0] or ours,
                id=f"{profile} {env}",
            )


class Watched:
    """An environment with the shared files, and what arrives at the emulator from it."""

    def __init__(self, emulator, goldkeep, environment, folder, places):
        self.emulator, self.goldkeep, self.environment = emulator, goldkeep, environment
        self.names = {"folder": folder, "places": places.url, "url": emulator.url}
        (folder / "token").write_text("aaa.bbb.ccc\n")
        for name, variable in (
            ("config", "AWS_CONFIG_FILE"),
            ("credentials", "AWS_SHARED_CREDENTIALS_FILE"),
        ):
            text = (DATA / f"botocore-{name}").read_text()
            (folder / name).write_text(text.format(**self.names))
            environment[variable] = str(folder / name)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            del environment[name]
        environment |= {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
        environment |= {"AWS_MAX_ATTEMPTS": "1", "NO_PROXY": "127.0.0.1"}
        iam = emulator.client("iam")
        for role in ("one", "two"):
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
            iam.put_role_policy(RoleName=role, PolicyName="all", PolicyDocument=json.dumps(ALLOW))

    def fill(self, env):
        return {name: value.format(**self.names) for name, value in env.items()}

    def ours(self, profile, env):
        self.emulator.forget_requests()
        self.ran = self.goldkeep(*(["--profile", profile] if profile else []), *LIST, env=env)
        return self.arrived()

    def theirs(self, profile, env):
        self.emulator.forget_requests()
        with mock.patch.dict(os.environ, self.environment | env, clear=True):
            try:
                session = botocore.session.Session(profile=profile)
                config = Config(retries={"total_max_attempts": 1})
                session.create_client("dynamodb", config=config).list_tables()
            except (BotoCoreError, ClientError, OSError):
                pass
        return self.arrived()

    def arrived(self):
        """As the table says it, and the parameters that STS got."""
        steps, params = [], []
        for request in self.emulator.requests():
            key = request["key"] or "-"
            key = "TEMPORARY" if key.startswith("ASIA") else key
            if request["service"] == "sts":
                steps += [key, request["params"]["RoleArn"].rpartition("/")[2]]
                params.append({name: request["params"].get(name) for name in STS_PARAMS})
            elif request["service"] == "dynamodb":
                return " ".join([*steps, key]), params
        return "!", params


@pytest.fixture
def watched(emulator, goldkeep, environment, tmp_path):
    places = KeyPlaces()
    watched = Watched(emulator, goldkeep, environment, tmp_path, places)
    got = emulator.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="task")["Credentials"]
    real = (got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])
    for name, (id, secret, token) in {"task": real, "keys": ("CONTAINERKEY", "s", "t")}.items():
        keys = {"AccessKeyId": id, "SecretAccessKey": secret, "Token": token}
        places.answer(f"GET /{name}", 200, keys | {"Expiration": "2099-01-01T00:00:00Z"})
    yield watched
    places.close()


def comparable(params):
    """Without names that each makes up for itself, and the line end that botocore sends along."""
    made_up = ("goldkeep-", "botocore-session-")
    found = []
    for one in params:
        one = {name: value and value.strip() for name, value in one.items()}
        if one["RoleSessionName"].startswith(made_up):
            one["RoleSessionName"] = None
        found.append(one)
    return found


@pytest.mark.parametrize("profile, env, ours, theirs", list(rows()))
def test_as_botocore(watched, profile, env, ours, theirs):
    env = watched.fill(env)
    got, params = watched.ours(profile, env)
    assert got == ours, watched.ran
    found, their_params = watched.theirs(profile, env)
    assert found == theirs
    if ours == theirs != "!":
        assert comparable(params) == comparable(their_params)


def test_a_process_whose_end_nobody_wants_to_know(watched):
    """Who starts us may have SIGCHLD ignored; what the process says may be meant for a terminal."""
    folder = watched.names["folder"]
    (folder / "program").write_text("printf 'no\\033[2Jluck\\302\\233' >&2\nexit 3\n")
    (folder / "config").write_text(f"[default]\ncredential_process = sh {folder}/program\n")
    process = watched.goldkeep.start(
        *LIST, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    )
    _, err = process.communicate(timeout=60)
    assert "it ends with status 3: no [2Jluck  \n" in err
