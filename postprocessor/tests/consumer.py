"""Inventories with whatever a test wants in them, and goldkeep resolve over them.

    consumer = Consumer(emulator, goldkeep)
    consumer.has("web", release("1.4.2", image(), image("ami-2", EU)), latest="1.4.2")
    got = consumer.resolve("web", "--region", US)
    assert got.out == "ami-1\n"
"""

import itertools
import json

from emulator import ACCOUNT
from history import US
from test_export import family_lines, lines_of, text_of

numbers = itertools.count(1)


def image(id="ami-1", region=US, architecture="x86_64", state="live"):
    return {
        "provider": "aws",
        "location": region,
        "id": id,
        "name": None,
        "architecture": architecture,
        "account": ACCOUNT,
        "bundle": None,
        "state": state,
        "snapshots": [],
    }


def release(version, *images, state="live", **more):
    return {
        "version": version,
        "state": state,
        "held": None,
        "revoked": None,
        "created_at": "2026-11-20T12:36:00Z",
        "run": f"run-{next(numbers)}",
        "build": None,
        "builder": None,
        "fingerprint": None,
        "intent": None,
        "revision": 1,
        "published": [],
        "images": list(images) or [image()],
        "events": [],
    } | more


class Consumer:
    def __init__(self, emulator, goldkeep):
        self.emulator, self.goldkeep = emulator, goldkeep

    def has(self, family, *releases, **channels):
        """Puts a family into the inventory; versions rise."""
        path = self.goldkeep.folder / "inventory.jsonl"
        lines = [{"family": family} | one for one in releases]
        named = {name: {"version": version, "trail": []} for name, version in channels.items()}
        path.write_text(text_of(lines_of(family_lines(family, lines, **named))))
        got = self.goldkeep("import", path)
        assert got.status == 0, got

    def real(self, region=US, architecture="x86_64"):
        """An image that the account has."""
        name = f"web-{next(numbers)}"
        made = self.emulator.make_image(name, region, 1, Architecture=architecture)
        return made, image(made.id, region, architecture)

    def resolve(self, *arguments, status=0, says=(), env=None):
        """What it prints, without asking the cloud; nothing but that it failed if it fails."""
        return self.online(*arguments, "--offline", status=status, says=says, env=env)

    def online(self, *arguments, status=0, says=(), env=None):
        got = self.goldkeep("resolve", *arguments, env=env)
        assert got.status == status, got
        for text in says:
            assert text in got.err, got
        if status != 0:
            assert len(got.err.splitlines()) == 1, got
            check_nothing_to_use(got)
        return got


def check_nothing_to_use(got):
    """No id, nothing that a script would take for one: nothing, or the document of a failure."""
    if not got.out.startswith("{"):
        assert got.out == "", got
        return
    told = json.loads(got.out)
    assert told["exit"] == got.status and told["error"], got
    assert told["images"] == [] and told["version"] is None, got
