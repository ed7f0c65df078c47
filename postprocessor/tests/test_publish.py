"""Where consumers find a release: SSM parameters and a file for Terraform, written and read back."""

import json
import resource
import shutil
import threading

import pytest

from conftest import GOLDKEEP, Runner
from emulator import add_to_manifest, manifest_entry
from history import BOTH, EU, US, History
from proxy import Proxy
from spoilers import Losing
from stores import MOTO
from test_bad_input import run_limited, without_privileges

CHANNELS = "/golden/{family}/{channel}"
LATEST, STABLE = "/golden/web/latest", "/golden/web/stable"
VERSIONS = "/golden/{family}/{version}"
ONCE = {"GOLDKEEP_MAX_ATTEMPTS": "1"}


class Published(History):
    """A family whose releases are published; what boto3 reads of it."""

    def release(self, *options, **more):
        return super().release("--publish-ssm", CHANNELS, *options, **more)

    def again(self, build, *options, **more):
        """The same command once more."""
        words = ("--run", build.run, "--publish-ssm", CHANNELS, *options)
        return self.run("release", *words, **more)

    def read(self, name, region=US):
        ssm = self.emulator.client("ssm", region)
        found = ssm.get_parameters(Names=[name])["Parameters"]
        assert all(one["DataType"] == "aws:ec2:image" and one["Type"] == "String" for one in found)
        return found[0]["Value"] if found else None

    def names(self, name, build):
        """Does it lead to the images of the build, in all their regions?"""
        return all(self.read(name, image.region) == image.id for image in build.images)

    def puts(self):
        return len(self.emulator.requests("PutParameter"))


@pytest.fixture
def family(emulator, goldkeep, built):
    return Published(emulator, goldkeep, built)


@pytest.fixture
def hurried(environment, tmp_path):
    """goldkeep, whose pauses take no time."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    strace = Runner("strace", tmp_path, environment | {"ASAN_OPTIONS": "detect_leaks=0"})
    quick = ("-e", "trace=clock_nanosleep", "-e", "inject=clock_nanosleep:retval=0")

    def run(*arguments, **more):
        return strace("-f", "-qq", "-o", "/dev/null", *quick, GOLDKEEP, *arguments, **more)

    return run


def published(got):
    return {(one["location"], one["name"]): one["value"] for one in got.json["published"]}


# ---- parameters ----


def test_every_channel_in_every_region(family):
    first = family.release("--channel", "stable", "--publish-ssm", VERSIONS)
    assert published(family.last) == {
        (image.region, name): image.id
        for image in first.images
        for name in (LATEST, STABLE, "/golden/web/0.1.0")
    }
    assert {one["kind"] for one in family.last.json["published"]} == {"ssm"}
    second = family.release()
    for build, names in ((first, (STABLE, "/golden/web/0.1.0")), (second, (LATEST,))):
        assert all(family.names(name, build) for name in names)
    assert family.read("/golden/web/0.1.1") is None


@pytest.mark.parametrize("policy", [(), ("--keep-last", 3)], ids=["bare", "with policy"])
def test_the_history_tells_what_was_published(family, goldkeep, tmp_path, policy):
    file = tmp_path / "web.json"

    def told():
        got = goldkeep("history", "web", "--output", "json")
        return [one["detail"] for one in got.json["events"] if one["action"] == "published"]

    family.emulator.settings(deny=["ssm:PutParameter"])
    family.release("--channel", "stable", "--publish-tfvars", file, *policy, status=3)
    assert told() == []
    family.emulator.settings(deny=[])
    family.run("resume")
    assert told() == [f"{LATEST}, {STABLE}, {file}"]
    family.run("resume")
    assert len(told()) == 1
    family.release("--version", "0.0.9", *policy)
    assert told()[0] == "nothing"


def test_what_is_there_is_not_written_again(family):
    build = family.release("--publish-ssm", VERSIONS)
    count = family.puts()
    family.again(build, "--publish-ssm", VERSIONS)
    assert family.last.json["result"] == "unchanged"
    assert family.puts() == count
    assert len(published(family.last)) == 4
    family.emulator.client("ssm", EU).delete_parameter(Name=LATEST)
    family.again(build)
    assert family.last.json["result"] == "released"
    assert family.puts() == count + 1
    assert family.names(LATEST, build)


def test_text(family, goldkeep, built):
    family.release()
    built("web", regions=BOTH)
    words = ("release", "--publish-ssm", CHANNELS, "--publish-tfvars", "web.auto.tfvars.json")
    dry, real = goldkeep(*words, "--dry-run"), goldkeep(*words)
    assert (dry.status, real.status) == (0, 0), (dry, real)
    assert dry.out == real.out
    for region in BOTH:
        assert f"web 0.1.1: published {LATEST} in {region}\n" in real.out
    assert "web 0.1.1: published web.auto.tfvars.json\n" in real.out


def test_a_dry_run_writes_nothing(family, goldkeep, built, emulator, tmp_path):
    family.release()
    built("web", regions=BOTH)
    before, count = emulator.state(), family.puts()
    words = ("--publish-ssm", CHANNELS, "--publish-tfvars", "web.json", "--output", "json")
    dry = goldkeep("release", "--dry-run", *words)
    assert (emulator.state(), family.puts()) == (before, count)
    assert not (tmp_path / "web.json").exists()
    real = goldkeep("release", *words)
    assert dry.json["published"] == real.json["published"]
    assert len(real.json["published"]) == 3


def test_a_backport_does_not_move_latest(family):
    first = family.release("--version", "1.4.0", "--publish-ssm", VERSIONS)
    second = family.release("--version", "1.3.9", "--publish-ssm", VERSIONS, "--channel", "stable")
    assert family.names(LATEST, first)
    assert family.names(STABLE, second)
    assert family.names("/golden/web/1.3.9", second)


def test_several_architectures(family, emulator, goldkeep, tmp_path):
    images = [emulator.make_image(f"web-{a}", Architecture=a) for a in ("x86_64", "arm64")]
    add_to_manifest(tmp_path / "packer-manifest.json", manifest_entry(images, name="web"))
    emulator.forget_requests()
    got = goldkeep("release", "--publish-ssm", CHANNELS)
    assert got.status == 4, got
    assert "{architecture}" in got.err
    assert goldkeep("list", "web").status == 6
    got = goldkeep("release", "--publish-ssm", "/golden/{architecture}/{channel}")
    assert got.status == 0, got
    names = ("/golden/x86_64/latest", "/golden/arm64/latest")
    assert [family.read(name) for name in names] == [image.id for image in images]


def test_what_is_stored_later_is_waited_for(family, emulator):
    emulator.settings(image_parameters_after=1)
    build = family.release()
    emulator.settings(image_parameters_after=0)
    assert family.names(LATEST, build)
    assert family.puts() == 2


@pytest.mark.parametrize("packer", [False, True])
def test_what_is_never_stored(family, emulator, hurried, built, packer):
    """SSM says 200 and gives a version number, and nothing ever comes."""
    old = family.release()
    emulator.settings(image_parameters_lost=[EU])
    build = built("web", regions=BOTH)
    words = ("release", "--publish-ssm", CHANNELS, "--keep-last", 1, "--output", "json")
    got = hurried(*words, env=build.under_packer if packer else None)
    assert got.status == (0 if packer else 3), got
    assert got.json["result"] == "incomplete"
    (left,) = got.json["incomplete"]
    assert (left["step"], left["location"]) == ("publish", EU)
    for word in (LATEST, "ec2:DescribeImages", "available", "Parameter Store Change"):
        assert word in left["error"] and word in got.err
    assert list(published(got)) == [(US, LATEST)]
    assert family.states() == {"0.1.0": "live", "0.1.1": "live"}
    assert family.whole(old)
    emulator.settings(image_parameters_lost=[])
    family.run("resume")
    assert family.names(LATEST, build)
    assert family.states() == {"0.1.0": "retired", "0.1.1": "live"}
    family.run("resume")
    assert family.last.json["result"] == "nothing"


def test_a_text_parameter_is_left_alone(family, emulator):
    ssm = emulator.client("ssm", EU)
    ssm.put_parameter(Name=LATEST, Value="ami-0", Type="String")
    family.release(status=3)
    (left,) = family.last.json["incomplete"]
    assert (left["step"], left["location"]) == ("publish", EU)
    for word in (LATEST, EU, "text", "cannot be changed", "delete it", "goldkeep resume"):
        assert word in left["error"]
    assert ssm.get_parameter(Name=LATEST)["Parameter"]["Value"] == "ami-0"
    assert family.read(LATEST, US)
    ssm.delete_parameter(Name=LATEST)
    family.run("resume")
    assert family.read(LATEST, EU)


def test_a_version_that_somebody_else_published(family, emulator):
    first = family.release()
    name = "/golden/web/0.1.1"
    ssm = emulator.client("ssm", US)
    image = {"Value": first.ids[0], "Type": "String", "DataType": "aws:ec2:image"}
    ssm.put_parameter(Name=name, **image)
    second = family.release("--publish-ssm", "/golden/{family}/{version}", status=3)
    (left,) = family.last.json["incomplete"]
    assert first.ids[0] in left["error"] and "delete it" in left["error"]
    ssm.delete_parameter(Name=name)
    family.run("resume")
    assert emulator.parameters(US)[name] == second.ids[0]


def test_a_label_on_the_oldest_of_a_hundred_versions(family, emulator):
    build = family.release()
    ssm = emulator.client("ssm", US)
    for _ in range(99):
        ssm.put_parameter(Name=LATEST, Value=build.ids[0], Type="String", Overwrite=True)
    ssm.label_parameter_version(Name=LATEST, ParameterVersion=1, Labels=["first"])
    second = family.release(status=3)
    (left,) = family.last.json["incomplete"]
    assert (left["step"], left["location"]) == ("publish", US)
    assert LATEST in left["error"] and "label" in left["error"]
    ssm.label_parameter_version(Name=LATEST, ParameterVersion=100, Labels=["first"])
    family.run("resume")
    assert family.names(LATEST, second)


def test_a_region_that_refuses(family, emulator):
    emulator.faults({"action": "PutParameter", "region": EU, "status": 400, "code": "AccessDenied"})
    build = family.release(status=3, env=ONCE)
    (left,) = family.last.json["incomplete"]
    assert left["location"] == EU and "ssm:PutParameter" in left["error"]
    assert family.read(LATEST, US)
    emulator.faults()
    family.run("resume")
    assert family.names(LATEST, build)


class Overtaking(Proxy):
    """Does something once, before the first PutParameter is passed on."""

    def __init__(self, url, what):
        super().__init__(url)
        self.what, self.lock = what, threading.Lock()

    def treat(self, request):
        if "PutParameter" in request.headers.get("X-Amz-Target", ""):
            with self.lock:
                what, self.what = self.what, None
                if what:
                    what()
        return request.carry_out()


def test_a_slow_publisher_is_repaired(family, emulator, goldkeep, built):
    """The older release is about to write when the newer one is published."""
    slow = built("web", regions=BOTH, manifest="slow.json")
    words = ("--manifest", slow.manifest, "--publish-ssm", CHANNELS, "--output", "json")
    with Overtaking(emulator.url, family.release) as proxy:
        got = goldkeep("release", *words, env={"AWS_ENDPOINT_URL": proxy.url})
    assert got.status == 0, got
    assert got.json["version"] == "0.1.0"
    newer = family.listed()["0.1.1"]
    assert newer["channels"] == ["latest"]
    for image in newer["images"]:
        assert family.read(LATEST, image["location"]) == image["id"]


def test_lost_answers(family, emulator, goldkeep, built):
    """What was done and not heard of is done once more, and comes to the same."""
    with Losing(emulator.url) as proxy:
        for _ in range(3):
            build = built("web", regions=BOTH)
            words = ("--publish-ssm", CHANNELS, "--publish-ssm", VERSIONS, "--output", "json")
            for _ in range(8):
                got = goldkeep("release", *words, env={"AWS_ENDPOINT_URL": proxy.url})
                if got.status == 0:
                    break
            assert got.status == 0, got
    assert proxy.spoilt
    assert family.names(LATEST, build)
    assert family.names("/golden/web/0.1.2", build)


def test_what_is_published_is_kept(family):
    """The pointer of a version keeps its release until it is deleted."""
    pinned = family.release("--publish-ssm", VERSIONS)
    family.release()
    family.release("--keep-last", 1)
    assert family.states() == {"0.1.0": "live", "0.1.1": "retired", "0.1.2": "live"}
    (blocked,) = family.last.json["retention"]["blocked"]
    assert "/golden/web/0.1.0" in " ".join(blocked["reasons"])
    for region in BOTH:
        family.emulator.client("ssm", region).delete_parameter(Name="/golden/web/0.1.0")
    family.retain("--keep-last", 1)
    assert family.whole(pinned) is False


@pytest.mark.parametrize(
    "options, reason",
    [
        (("--publish-ssm", "golden/web"), "begins with a slash"),
        (("--publish-ssm", ""), "is empty"),
        (("--publish-ssm", "/golden/{Family}"), "{Family}"),
        (("--publish-ssm", "/aws/web"), "belong to AWS"),
        (("--publish-tfvars", "{channel}.json"), "{channel}"),
        (("--publish-tfvars", ""), "is empty"),
    ],
)
def test_wrong_options(goldkeep, emulator, built, options, reason):
    built()
    emulator.forget_requests()
    got = goldkeep("release", *options)
    assert got.status == 2, got
    assert reason in got.err
    assert emulator.requests() == []


def test_settings(goldkeep, emulator, built, tmp_path):
    build = built()
    (tmp_path / "goldkeep.ini").write_text(
        f"[defaults]\npublish-ssm = {CHANNELS}\n[family web]\npublish-tfvars = {{family}}.json\n"
    )
    got = goldkeep("release", env={"GOLDKEEP_PUBLISH_SSM": f"/a/{{channel}}\n{VERSIONS}"})
    assert got.status == 0, got
    assert emulator.parameters() == {"/a/latest": build.ids[0], "/golden/web/0.1.0": build.ids[0]}
    assert (tmp_path / "web.json").exists()


# ---- the file ----


def test_a_file_for_terraform(goldkeep, built, tmp_path):
    first = built("web", regions=BOTH)
    got = goldkeep("release", "--publish-tfvars", "{family}-{version}.auto.tfvars.json")
    assert got.status == 0, got
    told = json.loads((tmp_path / "web-0.1.0.auto.tfvars.json").read_text())
    assert told["ami_family"] == "web"
    assert told["ami_version"] == "0.1.0"
    assert told["ami_ids"] == {image.region: image.id for image in first.images}


def test_one_file_for_several_families(goldkeep, emulator, built, tmp_path):
    run = built("web").run
    built("db", run=run)
    emulator.forget_requests()
    words = ("release", "--all-builds", "--publish-tfvars")
    got = goldkeep(*words, "amis.json")
    assert got.status == 2 and "{family}" in got.err, got
    assert emulator.requests() == []
    assert goldkeep(*words, "{family}.json").status == 0
    assert (tmp_path / "web.json").exists() and (tmp_path / "db.json").exists()


def test_resume_in_another_folder(goldkeep, built, tmp_path):
    """A relative path stays where the release was made."""
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    built("web")
    got = goldkeep("release", "--publish-tfvars", "out/{family}.json")
    assert got.status == 3, got
    out.mkdir()
    got = goldkeep("resume", "--output", "json", cwd=elsewhere)
    assert got.status == 0, got
    assert [one["name"] for one in got.json["published"]] == [str(out / "web.json")]
    assert (out / "web.json").exists()


def no_folder(path):
    return path.parent / "missing" / "web.json"


def a_folder(path):
    path.mkdir()
    return path


def below_a_file(path):
    (path.parent / "file").write_text("")
    return path.parent / "file" / "web.json"


@pytest.mark.parametrize("spoil", [no_folder, a_folder, below_a_file])
def test_a_path_that_cannot_be_written(family, goldkeep, built, tmp_path, spoil):
    """The parameters are published all the same, and Packer keeps its image."""
    path = spoil(tmp_path / "web.json")
    build = built("web", regions=BOTH)
    words = ("release", "--publish-ssm", CHANNELS, "--publish-tfvars", path, "--output", "json")
    got = goldkeep(*words)
    assert got.status == 3, got
    (left,) = got.json["incomplete"]
    assert left["step"] == "publish" and left["location"] is None
    assert str(path) in left["error"] and str(path) in got.err
    assert family.names(LATEST, build)
    assert goldkeep(*words, env=build.under_packer).status == 0


def test_an_unwritable_folder(goldkeep, built, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    built("web")
    words = ("--publish-tfvars", folder / "web.json", "--output", "json")
    status, out, err = run_limited(goldkeep, *words, limit=without_privileges)
    assert status == 3, err
    (left,) = json.loads(out)["incomplete"]
    assert str(folder / "web.json") in left["error"] and "Permission denied" in left["error"]


def test_a_full_disk(goldkeep, built, new_store, tmp_path):
    """What was there stays whole; nothing is left beside it."""
    folder = tmp_path / "out"
    folder.mkdir()
    words = ("release", "--publish-tfvars", folder / "web.json", "--store", new_store(MOTO).uri)
    built("web")
    assert goldkeep(*words).status == 0
    before = (folder / "web.json").read_text()
    built("web")
    process = goldkeep.start(
        *words, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))
    )
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert str(folder / "web.json") in err and "File too large" in err
    assert (folder / "web.json").read_text() == before
    assert [one.name for one in folder.iterdir()] == ["web.json"]
    assert goldkeep("resume", "--store", words[-1]).status == 0
    assert "0.1.1" in (folder / "web.json").read_text()
