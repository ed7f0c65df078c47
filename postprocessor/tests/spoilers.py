"""Proxies in front of a store: answers that get lost, requests that are throttled.

    with Losing(store.url) as proxy:
        goldkeep("list", "--store", store.behind(proxy.url))
    assert proxy.spoilt

Which requests are hit is drawn by lot, the same ones for the same seed and order of requests.
"""

import json
import random
import threading
import zlib

from proxy import Proxy

SHARE = 0.3


class Spoiler(Proxy):
    def __init__(self, url, seed=20261120, share=SHARE):
        super().__init__(url)
        self.lot, self.share = random.Random(seed), share
        self.lock = threading.Lock()
        self.seen = self.spoilt = 0

    def hits(self):
        with self.lock:
            hit = self.lot.random() < self.share
            self.seen += 1
            self.spoilt += hit
            return hit


class Losing(Spoiler):
    """The request is carried out, and nobody hears of it."""

    def treat(self, request):
        answer = request.carry_out()
        return None if self.hits() else answer


class Throttling(Spoiler):
    """The request is refused as DynamoDB refuses it when there are too many."""

    code = "ProvisionedThroughputExceededException"

    def treat(self, request):
        return refusal(self.code, "too many") if self.hits() else request.carry_out()


def refusal(code, message):
    name = f"com.amazonaws.dynamodb.v20120810#{code}"
    body = json.dumps({"__type": name, "message": message}).encode()
    head = [
        "HTTP/1.1 400 Bad Request",
        "Content-Type: application/x-amz-json-1.0",
        f"x-amz-crc32: {zlib.crc32(body)}",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
