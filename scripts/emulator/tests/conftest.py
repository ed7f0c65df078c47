"""Start one emulator for the whole run, and set it back before every test."""

import http.client
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

EMULATOR = Path(__file__).resolve().parent.parent
FIRST = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
SECOND = ("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")

# Nothing of the user's own set-up may reach botocore here.
for name in [n for n in os.environ if n.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_CONFIG_FILE"] = os.devnull
os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


def start(*options):
    process = subprocess.Popen(
        [sys.executable, str(EMULATOR), *options], stdout=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline().strip()


def stop(process):
    process.terminate()
    process.wait(timeout=10)
    process.stdout.close()


class Emulator:
    """The address of a running emulator, clients for it, and its control endpoints."""

    def __init__(self, url):
        self.url = url
        self.clients = {}

    def client(self, service, region="us-east-1", key=FIRST, **config):
        name = (service, region, key, tuple(config.items()))
        if name not in self.clients:
            options = {"retries": {"total_max_attempts": 1}} | config
            self.clients[name] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.url,
                aws_access_key_id=key[0],
                aws_secret_access_key=key[1],
                config=Config(**options),
            )
        return self.clients[name]

    def raw(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def post(self, path, value=None, status=200):
        got, _, body = self.raw("POST", f"/goldkeep/{path}", json.dumps(value or {}))
        assert got == status, body
        return json.loads(body)

    def get(self, path):
        got, _, body = self.raw("GET", f"/goldkeep/{path}")
        assert got == 200, body
        return json.loads(body)

    def settings(self, **values):
        return self.post("settings", values)

    def faults(self, *rules):
        return self.post("faults", {"rules": list(rules)})

    def image(self, image_id, region="us-east-1", **values):
        return self.post("image", {"region": region, "image_id": image_id, "set": values})

    def actions(self):
        return [entry["action"] for entry in self.get("requests")["requests"]]


@pytest.fixture(scope="session")
def running():
    process, url = start()
    yield Emulator(url)
    stop(process)


@pytest.fixture
def emulator(running):
    began = time.monotonic()
    running.post("reset")
    assert time.monotonic() - began < 0.2
    return running


@pytest.fixture
def ec2(emulator):
    return emulator.client("ec2")
