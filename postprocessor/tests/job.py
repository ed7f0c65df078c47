"""What a team does with goldkeep in a week, to be done over one store after the other.

    job = Job(emulator, goldkeep, tmp_path)     # makes the images of all builds
    for one in (first, second):
        job.begin()                             # the account as it was, with the same ids
        told = job.do(one.uri)                  # what every command printed
        state = job.state(one.uri)              # what is recorded, and what is in the account

Nothing that this returns has clock times in it: two stores must give the same.
"""

import json
import re
import time

from emulator import add_to_manifest, manifest_entry, new_run
from history import BOTH, EU

DENIED = {"action": "CreateTags", "region": EU, "status": 400, "code": "AccessDenied"}
PLACES = [word for region in BOTH for word in ("--region", region)]
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?")
BUILDS = 6


class Job:
    def __init__(self, emulator, goldkeep, folder):
        self.emulator, self.goldkeep, self.folder = emulator, goldkeep, folder
        for number in range(BUILDS):
            images = emulator.make_images("web", BOTH, snapshots=2)
            entry = manifest_entry(images, name="web", run=new_run())
            entry["build_time"] = int(time.time()) - 60 * (BUILDS - number)
            add_to_manifest(folder / f"{number}.json", entry)
        emulator.save()

    def begin(self):
        self.emulator.faults()
        self.emulator.restore()

    def steps(self):
        """(arguments, status); a number stands for the release of that build."""
        yield self.release(0), 0
        yield self.release(0), 0
        yield self.release(1, "--bump", "minor", "--channel", "stable"), 0
        yield ("hold", "web", "0.1.0", "--reason", "for the tests"), 0
        yield self.release(2, "--keep-last", "1", "--tag", "Team={family}"), 0
        yield ("unhold", "web", "0.1.0"), 0
        self.emulator.faults(DENIED)
        yield self.release(3, "--channel", "stable", "--keep-last", "1"), 3
        self.emulator.faults()
        yield ("resume",), 0
        yield ("resume",), 0
        yield self.release(4, "--version", "0.1.0"), 5  # it was another's
        yield self.release(4, "--prerelease", "rc", "--dry-run"), 0
        yield self.release(4, "--prerelease", "rc"), 0
        yield self.release(5, family="db/arm64"), 0
        yield ("retain", "web", "--keep-last", "1", "--dry-run"), 0

    def release(self, number, *options, family="web"):
        return ("release", "--family", family, "--manifest", f"{number}.json", *options)

    def do(self, uri, patience=1):
        return [self.step(uri, *step, patience) for step in self.steps()]

    def step(self, uri, arguments, status, patience=1):
        """One command; with patience it is repeated while it does not get through."""
        for _ in range(patience):
            got = self.run(uri, *arguments)
            if got.status == status:
                return arguments, status, timeless(got.json)
            assert got.status in (1, 3), got  # failed, or unfinished
        raise AssertionError(str(got))

    def adopt(self, uri):
        """Into an empty store, what the tags of the account tell."""
        got = self.run(uri, "adopt", "--from-tags", *PLACES)
        assert got.status == 0, got
        return timeless(got.json)

    def run(self, uri, *arguments):
        return self.goldkeep(*arguments, "--store", uri, "--output", "json")

    def state(self, uri):
        """All that is recorded of every family, and the account."""
        listed = self.read(uri, "list", "--all")
        shown = [
            self.read(uri, "show", one["family"], one["version"]) for one in listed["releases"]
        ]
        return {
            "list": listed,
            "alive": self.read(uri, "list"),
            "shown": shown,
            "account": self.emulator.state()["regions"],
        }

    def read(self, uri, *arguments):
        got = self.run(uri, *arguments)
        assert got.status == 0, got
        return timeless(got.json)

    def text(self, uri):
        """The same for people."""
        found = [self.goldkeep("list", "--all", "--store", uri)]
        found.append(self.goldkeep("show", "web", "0.2.0", "--store", uri))
        return [(got.status, TIME.sub("TIME", got.out)) for got in found]


def timeless(document):
    return json.loads(TIME.sub("TIME", json.dumps(document)))
