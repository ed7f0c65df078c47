"""botocore judges our signer on a thousand requests drawn by lot.

The tool that signs is build/tools/signer, or what $GOLDKEEP_SIGNER names.
"""

import json
import os
import random
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROOT = Path(__file__).resolve().parents[2]
SIGNER = Path(os.environ.get("GOLDKEEP_SIGNER") or ROOT / "build/tools/signer")
SEED = int(os.environ.get("GOLDKEEP_SEED") or 20261120)
REQUESTS = 1000

HOSTS = ["ec2.us-east-1.amazonaws.com", "127.0.0.1:4566", "[::1]:8000", "localhost"]
SERVICES = ["ec2", "autoscaling", "ssm", "sts", "dynamodb", "service"]
REGIONS = ["us-east-1", "eu-west-1", "us-gov-west-1", "cn-north-1"]
PATH_PIECES = ["a", "B9", "..", ".", "", "~x", "%20", "é", "日本", "a b", "a+b", "a=b&c", "x:y@z", "*"]
NAMES = ["X-Amz-Target", "X-One", "x-one", "X-TWO", "Content-Type", "User-Agent", "Expect", "Accept"]
VALUES = ["", "v", "  a   b  ", "a\tb", "application/x-amz-json-1.0", '"q"', "a,b", "a:b;c=d"]
TEXTS = ["", "a", "b=c", "ä&ö", "日本語", "%41", "a b", "~-._", "/", "\U0001f600"]


def draw_request(lot: random.Random) -> dict[str, Any]:
    pairs = [(lot.choice(TEXTS) or "k", lot.choice(TEXTS)) for _ in range(lot.randrange(5))]
    names = [name for name in NAMES if lot.random() < 0.4]
    return {
        "method": lot.choice(["GET", "POST", "PUT", "DELETE"]),
        "path": "/" + "/".join(lot.choice(PATH_PIECES) for _ in range(lot.randrange(6))),
        "query": "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs),
        "headers": [f"Host: {lot.choice(HOSTS)}"] + [f"{n}: {lot.choice(VALUES)}" for n in names],
        "body": "".join(lot.choice(TEXTS) for _ in range(lot.randrange(20))),
        "region": lot.choice(REGIONS),
        "service": lot.choice(SERVICES),
        "time": lot.randrange(0, 4102444800),
        "key": f"AKIA{lot.getrandbits(64):016X}",
        "secret": f"{lot.getrandbits(200):050x}/+="[: lot.randrange(1, 54)],
        "token": lot.choice([None, f"{lot.getrandbits(1200):x}//=="]),
    }


def sign_with_botocore(request: dict[str, Any]) -> str:
    stamp = datetime.fromtimestamp(request["time"], timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    url = f"http://host{request['path']}"
    if request["query"]:
        url += f"?{request['query']}"
    signed = AWSRequest(request["method"], url, data=request["body"].encode())
    for header in request["headers"]:
        name, _, value = header.partition(":")
        signed.headers.add_header(name, value.strip())
    signed.headers["X-Amz-Date"] = stamp
    if request["token"]:
        signed.headers["X-Amz-Security-Token"] = request["token"]
    signed.context["timestamp"] = stamp
    credentials = Credentials(request["key"], request["secret"], request["token"])
    auth = SigV4Auth(credentials, request["service"], request["region"])
    text = auth.string_to_sign(signed, auth.canonical_request(signed))
    return (
        f"Authorization: AWS4-HMAC-SHA256 Credential={auth.scope(signed)}, "
        f"SignedHeaders={auth.signed_headers(auth.headers_to_sign(signed))}, "
        f"Signature={auth.signature(text, signed)}"
    )


@pytest.mark.skipif(not SIGNER.exists(), reason=f"{SIGNER} is not built")
def test_signer_agrees_with_botocore() -> None:
    lot = random.Random(SEED)
    requests = [draw_request(lot) for _ in range(REQUESTS)]
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([SIGNER], input=lines, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers = done.stdout.splitlines()
    assert len(answers) == REQUESTS
    for request, answer in zip(requests, answers, strict=True):
        assert answer == sign_with_botocore(request), request
