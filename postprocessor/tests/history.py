"""Families with a past, for the tests of retention: releases made one after the other.

    history = History(emulator, goldkeep, built)
    first, second = history.releases(2)
    got = history.retain("--keep-last", 1)
    assert history.states() == {"0.1.1": "live", "0.1.0": "retired"}
"""

import time

US, EU = "us-east-1", "eu-west-1"
BOTH = (US, EU)
DAY = 24 * 60 * 60


class History:
    def __init__(self, emulator, goldkeep, built):
        self.emulator, self.goldkeep, self.built = emulator, goldkeep, built
        self.last = None  # how the last command ended

    def run(self, *arguments, status=0, env=None):
        """goldkeep with JSON output, and the status that it must end with."""
        self.last = self.goldkeep(*map(str, arguments), "--output", "json", env=env)
        assert self.last.status == status, self.last
        return self.last

    def release(self, *options, name="web", age=0, status=0, env=None, **more):
        """One build, `age` seconds old, and its release."""
        more = {"regions": BOTH, "build_time": int(time.time()) - age} | more
        build = self.built(name, **more)
        self.run("release", *options, status=status, env=env)
        return build

    def releases(self, count, *options, **more):
        return [self.release(*options, **more) for _ in range(count)]

    def retain(self, *options, family="web", status=0, env=None):
        return self.run("retain", family, *options, status=status, env=env)

    def listed(self, family="web"):
        """All releases of a family as `list` tells them, by version; their images by region."""
        found = self.goldkeep("list", "--all", "--output", "json")
        assert found.status == 0, found
        listed = [one for one in found.json["releases"] if one["family"] == family]
        for release in listed:
            release["images"].sort(key=lambda image: image["location"])
        return {release["version"]: release for release in listed}

    def states(self, family="web"):
        return {version: one["state"] for version, one in self.listed(family).items()}

    def actions(self, version, family="web"):
        """What happened to a release, in this order."""
        got = self.goldkeep("show", family, version, "--output", "json")
        assert got.status == 0, got
        return [event["action"] for event in got.json["events"]]

    def has(self, image):
        """Is it there with all its snapshots? None: only a part of it is."""
        there = [image.id in self.emulator.images(image.region)]
        snapshots = self.emulator.snapshots(image.region)
        there += [snapshot in snapshots for snapshot in image.snapshots]
        return there[0] if len(set(there)) == 1 else None

    def whole(self, build):
        """True: every image is there; False: none is, nor any snapshot; None: in between."""
        there = {self.has(image) for image in build.images}
        return there.pop() if len(there) == 1 else None


def planned(got, what):
    """{version: reasons} of retention's keep or blocked list; of remove: {version: state}."""
    found = got.json["retention"][what]
    return {one["version"]: one.get("reasons", one.get("state")) for one in found}


def versions(got, what):
    return list(planned(got, what))
