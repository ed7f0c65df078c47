"""Wrong, late, cut or missing answers on demand (POST /goldkeep/faults)."""

import threading
from typing import Any

import errors
from wire import JSON_SERVICES, Answer, Call

FIELDS = {
    "service", "action", "region", "match", "skip", "times", "before", "after",
    "status", "code", "message", "raw", "content_type", "size", "cut", "close",
    "hang", "delay", "headers",
}  # fmt: skip
ANSWERS = ("status", "code", "raw", "size", "close", "hang")

lock = threading.Lock()
rules: list["Rule"] = []
released = threading.Event()


class Rule:
    def __init__(self, given: dict[str, Any]) -> None:
        unknown = sorted(set(given) - FIELDS)
        if unknown:
            raise ValueError(f"unknown fault fields: {', '.join(unknown)}")
        self.given = given
        self.skip = given.get("skip", 0)
        self.left = given.get("times")
        self.hits = 0

    @property
    def replaces(self) -> bool:
        """Is the request answered by the fault alone, without being carried out?"""
        makes_answer = any(name in self.given for name in ANSWERS)
        return makes_answer and not self.given.get("after", not self.given.get("before", True))

    def fits(self, call: Call) -> bool:
        for name in ("service", "action", "region"):
            if name in self.given and self.given[name] != getattr(call, name):
                return False
        wanted = self.given.get("match", {}).items()
        return all(value_of(call, name) == str(value) for name, value in wanted)

    def take(self) -> bool:
        """Count this request; is it one that the fault hits?"""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.left is not None:
            if self.left <= 0:
                return False
            self.left -= 1
        self.hits += 1
        return True

    def spoil(self, call: Call, real: Answer | None) -> Answer:
        """Make the faulty answer; real is the true one where the request was carried out."""
        given = self.given
        if "delay" in given:
            released.wait(given["delay"])
        if "hang" in given:
            released.wait(given["hang"])
            return Answer(0, drop=True)
        if given.get("close"):
            return Answer(0, drop=True)
        answer = self.made(call) or real or errors.internal(call)
        for name, value in given.get("headers", {}).items():
            answer.set_header(name, str(value))
        if "cut" in given:
            answer.cut, answer.close = given["cut"], True
        return answer

    def made(self, call: Call) -> Answer | None:
        given = self.given
        kind = given.get("content_type", "text/xml;charset=UTF-8")
        if "size" in given:
            start = given.get("raw", "").encode()[: given["size"]]
            filler = given["size"] - len(start)
            status = given.get("status", 200)
            return Answer(status, [("Content-Type", kind)], start, filler=filler, close=True)
        if "raw" in given:
            body = given["raw"].encode()
            return Answer(given.get("status", 200), [("Content-Type", kind)], body)
        if "status" in given or "code" in given:
            return self.error(call)
        return None

    def error(self, call: Call) -> Answer:
        given = self.given
        status = given.get("status", 400)
        code = given.get("code", "InternalError" if status >= 500 else "Fault")
        return errors.answer(call, status, code, given.get("message", f"{code} on demand"))

    def report(self) -> dict[str, Any]:
        return {**self.given, "hits": self.hits}


def value_of(call: Call, name: str) -> str | None:
    """A form parameter by its name, or a JSON one by its path with dots."""
    if call.service not in JSON_SERVICES:
        return call.params.get(name)
    value: Any = call.params
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return None if value is None else str(value)


def set_rules(given: list[dict[str, Any]]) -> None:
    """Replace all rules; whoever hangs in an old one goes on."""
    fresh = [Rule(rule) for rule in given]
    release()
    with lock:
        rules[:] = fresh


def release() -> None:
    global released
    released.set()
    released = threading.Event()


def find(call: Call) -> Rule | None:
    """The first rule that fits and still has times left."""
    with lock:
        for rule in rules:
            if rule.fits(call) and rule.take():
                return rule
    return None


def report() -> list[dict[str, Any]]:
    with lock:
        return [rule.report() for rule in rules]
