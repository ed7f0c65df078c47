"""What every test gets: an emulator as after its start, an empty home, and goldkeep to run.

    def test_something(emulator, built, goldkeep):
        build = built("web", regions=["us-east-1", "eu-west-1"])
        got = goldkeep("release", "--family", "web", "--output", "json")
        assert got.status == 0, got
        assert got.json["version"] == "0.1.0"

goldkeep and Packer run in `tmp_path`, where `built` writes packer-manifest.json, and know nothing
of the environment that the tests were started in. $GOLDKEEP names the executable. What a sanitizer
finds fails the test.
"""

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

import dynamodb_local
import emulator as emulators
import stores
from emulator import FIRST_KEY, ROOT, Image, add_to_manifest, manifest_entry, new_run

GOLDKEEP = Path(os.environ.get("GOLDKEEP") or ROOT / "build/goldkeep").absolute()
SANITIZED = "asan" in str(GOLDKEEP)
REPORTS = "sanitizer-reports"

emulators.keep_out_the_users_settings()


@dataclass(frozen=True)
class Ran:
    """How a command ended; as text it is what to show when a test fails."""

    command: str
    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"{self.command}\nstatus {self.status}\n-- out\n{self.out}\n-- err\n{self.err}"


@dataclass(frozen=True)
class Build:
    """One entry of a manifest, and the images it names."""

    manifest: Path
    name: str
    run: str
    images: list[Image]

    @property
    def ids(self):
        return [image.id for image in self.images]

    @property
    def under_packer(self):
        """What a shell-local post-processor of this build finds in its environment."""
        return {
            "PACKER_BUILD_NAME": self.name,
            "PACKER_BUILDER_TYPE": "amazon-ebs",
            "PACKER_RUN_UUID": self.run,
        }


class Runner:
    """Runs one program: `runner(*arguments, env={}, cwd=None)` to its end, or `runner.start(…)`.

    `env` is laid over the clean environment `runner.environment`; None takes a variable away.
    """

    def __init__(self, program, folder, environment):
        self.program = str(program)
        self.folder = folder
        self.environment = environment

    def start(self, *arguments, env=None, cwd=None, **options):
        changed = self.environment | (env or {})
        return subprocess.Popen(
            [self.program, *map(str, arguments)],
            env={name: str(value) for name, value in changed.items() if value is not None},
            cwd=cwd or self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def __call__(self, *arguments, env=None, cwd=None, timeout=120):
        process = self.start(*arguments, env=env, cwd=cwd, start_new_session=True)
        try:
            out, err = process.communicate(timeout=timeout)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        return Ran(" ".join(map(str, process.args)), process.returncode, out, err)


@pytest.fixture(scope="session")
def running_emulator():
    process, emulator = emulators.start()
    yield emulator
    emulators.stop(process)


@pytest.fixture
def emulator(running_emulator):
    running_emulator.reset()
    return running_emulator


@pytest.fixture
def environment(emulator, tmp_path):
    """Nothing from outside but PATH; the emulator's address and keys; a home of its own."""
    home, temporary, reports = tmp_path / "home", tmp_path / "tmp", tmp_path / REPORTS
    for folder in (home, temporary, reports):
        folder.mkdir()
    report = f"log_path={reports}/report"
    yield {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LC_ALL": "C.UTF-8",
        "NO_PROXY": "127.0.0.1",
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_ACCESS_KEY_ID": FIRST_KEY[0],
        "AWS_SECRET_ACCESS_KEY": FIRST_KEY[1],
        "AWS_EC2_METADATA_DISABLED": "true",
        "ASAN_OPTIONS": f"{report}:detect_leaks=1:abort_on_error=0",
        "UBSAN_OPTIONS": f"{report}:halt_on_error=1:print_stacktrace=1",
    }
    found = sorted(path.read_text() for path in reports.iterdir())
    if found:
        pytest.fail("a sanitizer reports:\n" + "\n".join(found), pytrace=False)


@pytest.fixture
def goldkeep(environment, tmp_path):
    """Run build/goldkeep; the inventory is the default one, under the empty home."""
    return Runner(GOLDKEEP, tmp_path, environment)


@pytest.fixture(scope="session")
def dynamodb_local_url(tmp_path_factory):
    process, url = dynamodb_local.start(tmp_path_factory.mktemp("dynamodb-local"))
    yield url
    dynamodb_local.stop(process)


@pytest.fixture
def no_store(request, emulator, tmp_path):
    """Name a store of a kind (see stores.py) that nobody has made yet."""

    def no_store(kind):
        if kind == stores.SQLITE:
            return stores.sqlite(tmp_path)
        moto = kind == stores.MOTO
        return stores.dynamodb(
            kind, emulator.url if moto else request.getfixturevalue("dynamodb_local_url")
        )

    return no_store


@pytest.fixture
def new_store(no_store, goldkeep):
    """Make an empty store of a kind."""

    def new_store(kind):
        store = no_store(kind)
        if kind != stores.SQLITE:
            got = goldkeep("init", "--store", store.uri)
            assert got.status == 0, got
        return store

    return new_store


@pytest.fixture(params=stores.KINDS)
def store(request, new_store, environment):
    """An empty store, one kind after the other; goldkeep uses it without being told."""
    store = new_store(request.param)
    environment["GOLDKEEP_STORE"] = store.uri
    return store


@pytest.fixture
def inventory_path(environment):
    """Where the default inventory is, once there is one."""
    return Path(environment["HOME"]) / ".local/share/goldkeep/inventory.db"


@pytest.fixture
def packer(environment, tmp_path):
    """Run the real Packer; PKR_VAR_goldkeep and PKR_VAR_endpoint are set for HCL2 templates."""
    config = tmp_path / "packer"
    (config / "cache").mkdir(parents=True)
    own = {
        "CHECKPOINT_DISABLE": "1",
        "PACKER_CONFIG": str(config / "config.json"),
        "PACKER_CONFIG_DIR": str(config),
        "PACKER_CACHE_DIR": str(config / "cache"),
        "PACKER_NO_COLOR": "1",
        "PKR_VAR_endpoint": environment["AWS_ENDPOINT_URL"],
        "PKR_VAR_goldkeep": str(GOLDKEEP),
    }
    return Runner("packer", tmp_path, environment | own)


@pytest.fixture
def built(emulator, tmp_path):
    """Make the images of one build and write it into the manifest, as `packer build` would."""

    def build(name="web", regions=("us-east-1",), snapshots=1, run=None, manifest=None, **more):
        images = emulator.make_images(name, regions, snapshots)
        path = tmp_path / (manifest or "packer-manifest.json")
        run = run or new_run()
        add_to_manifest(path, manifest_entry(images, name=name, run=run, **more))
        return Build(path, name, run, images)

    return build
