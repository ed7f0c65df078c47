"""One request and one answer, in the words of the AWS protocols."""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from requests.structures import CaseInsensitiveDict

SCOPE = re.compile(r"Credential=([^/,]+)/(\d{8})/([^/,]+)/([^/,]+)/aws4_request")
SERVICES = ("ec2", "ssm", "iam", "sts", "autoscaling", "dynamodb")
JSON_SERVICES = ("ssm", "dynamodb")
# An unsigned request names its service only by its API version or target.
BY_VERSION = {
    "2016-11-15": "ec2",
    "2011-01-01": "autoscaling",
    "2011-06-15": "sts",
    "2010-05-08": "iam",
}
BY_TARGET = {"DynamoDB_20120810": "dynamodb", "AmazonSSM": "ssm"}


class Call:
    """A request, with the service, the region and the action that it asks for."""

    def __init__(self, method: str, target: str, headers: Any, body: bytes) -> None:
        self.method = method
        self.target = target
        self.path, _, self.query = target.partition("?")
        self.header_list = list(headers)
        self.headers = CaseInsensitiveDict(self.header_list)
        self.body = body
        self.key = self.day = self.service = ""
        self.region = "us-east-1"
        self.params: dict[str, Any] = {}
        self.action = ""
        self.read_scope()
        self.read_action()

    @property
    def authorization(self) -> str:
        return self.headers.get("Authorization", "")

    def read_scope(self) -> None:
        found = SCOPE.search(self.authorization)
        if found:
            self.key, self.day, self.region, self.service = found.groups()

    def read_action(self) -> None:
        target, _, operation = self.headers.get("X-Amz-Target", "").partition(".")
        if operation:
            self.action = operation
            self.params = self.json()
            self.service = self.service or BY_TARGET.get(target, "")
            return
        text = self.query + "&" + self.form()
        self.params = dict(parse_qsl(text, keep_blank_values=True))
        self.action = self.params.get("Action", "")
        self.service = self.service or BY_VERSION.get(self.params.get("Version", ""), "")
        if self.path.startswith("/latest/"):
            self.service, self.action = "imds", self.path

    def form(self) -> str:
        kind = self.headers.get("Content-Type", "")
        is_form = kind.startswith("application/x-www-form-urlencoded")
        return self.body.decode("utf-8", "replace") if is_form else ""

    def json(self) -> dict[str, Any]:
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


@dataclass
class Answer:
    """What goes back; the last four fields are for faults."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    cut: int | None = None
    filler: int = 0
    close: bool = False
    drop: bool = False

    def set_header(self, name: str, value: str) -> None:
        self.headers = [(n, v) for n, v in self.headers if n.lower() != name.lower()]
        self.headers.append((name, value))
