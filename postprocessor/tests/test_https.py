"""goldkeep as it is used: AWS under its own names, over HTTPS and through a proxy."""

import socket

import pytest
from botocore.httpsession import ProxyConfiguration
from botocore.utils import get_environ_proxies
from emulator import FIRST_KEY, ROOT, Emulator, add_to_manifest, manifest_entry
from key_places import KeyPlaces
from moto_proxy import MotoProxy
from tls_proxy import REGIONS, Authority, TlsProxy

LOGIN = "builder:hunter2"
STORE = ("--store", "dynamodb:goldkeep?region=us-east-1")
HOST = "https://dynamodb.us-east-1.amazonaws.com"
RELEASE = ("-v", "release", "--family", "web", "--keep-last", "1", "--publish-ssm", "/web/{channel}")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def proxied(authority, goldkeep):
    """goldkeep, to be told of a proxy; nothing of its environment names the emulator."""
    del goldkeep.environment["AWS_ENDPOINT_URL"]
    del goldkeep.environment["NO_PROXY"]
    goldkeep.environment["AWS_CA_BUNDLE"] = str(authority.bundle)
    goldkeep.environment["AWS_REGION"] = "us-east-1"
    return goldkeep


@pytest.fixture
def proxy(emulator, authority, proxied):
    """One that asks for a login, which HTTPS_PROXY has."""
    with TlsProxy(emulator.url, authority, login=LOGIN) as proxy:
        proxied.environment["HTTPS_PROXY"] = proxy.url
        yield proxy


@pytest.fixture
def closed():
    """An address of this machine where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def places():
    places = KeyPlaces()
    yield places
    places.close()


def test_a_release(proxy, proxied, built):
    """From one end to the other; the emulator checks every signature."""
    assert proxied("init", *STORE).status == 0
    for _ in range(2):
        build = built("web", regions=REGIONS)
        proxy.tunnels.clear()
        got = proxied(
            *RELEASE, *STORE, env={"AWS_STS_REGIONAL_ENDPOINTS": "legacy", "AWS_RETRY_MODE": "adaptive"}
        )
        assert got.status == 0, got
    assert "deregistered ami" in got.out and build.ids[0] in got.out
    assert "AWS_STS_REGIONAL_ENDPOINTS (sts_regional_endpoints) = legacy is passed over" in got.err
    assert "AWS_RETRY_MODE (retry_mode) = adaptive is passed over" in got.err
    assert "hunter2" not in got.out + got.err
    check_tunnels(proxy.tunnels)


def check_tunnels(tunnels):
    """Every host has its own, sessions are taken up again, and nothing is for the proxy's eyes."""
    names = [f"{service}.{region}" for service in ("ec2", "ssm", "autoscaling") for region in REGIONS]
    hosts = [f"{name}.amazonaws.com:443" for name in [*names, "dynamodb.us-east-1"]]
    found = {host: [one.resumed for one in tunnels if one.target == host] for host in hosts}
    assert sum(map(len, found.values())) == len(tunnels)
    for host, resumed in found.items():
        # Once in a while OpenSSL has just given up the session that a burst of connections begins
        # with; with nothing shared every connection would begin anew.
        assert resumed[0] is False and (len(resumed) == 1 or True in resumed[1:]), (host, resumed)
    for one in tunnels:
        names = {line.partition(":")[0].lower() for line in one.lines[1:-1]}
        assert one.lines[0] == f"CONNECT {one.target} HTTP/1.1"
        assert names <= {"host", "proxy-authorization", "user-agent", "proxy-connection"}


def test_a_release_behind_the_proxy_of_moto(proxied, tmp_path, monkeypatch):
    """Another program's idea of AWS's hosts: boto3 makes the images and reads what became of them."""
    with MotoProxy(Authority(tmp_path)) as proxy:
        env = {"HTTPS_PROXY": proxy.url, "AWS_CA_BUNDLE": str(proxy.bundle)}
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        aws = Emulator(None, attempts=5)  # it ends connections while boto3 thinks them open
        [image] = images = aws.make_images("web")
        add_to_manifest(tmp_path / "packer-manifest.json", manifest_entry(images))
        published = ("--publish-ssm", "/web/{channel}")
        doctor = ["doctor", "web", *published]
        for command, there in (["init"], 0), (doctor, 0), (["release", *published], 1), (doctor, 1):
            got = proxied(*command, *STORE, env=env)
            assert got.status == 0, got
            # moto does not look at patterns: doctor's try fails there for another reason
            assert len(aws.client("ssm").describe_parameters()["Parameters"]) == there
        [found] = aws.client("ec2").describe_images(Owners=["self"])["Images"]
    tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
    assert (found["ImageId"], tags["goldkeep:version"]) == (image.id, "0.1.0")


def test_settings_of_the_profile(proxy, proxied, authority, tmp_path):
    """The CA bundle of a profile; the proxy in small letters, without its scheme."""
    config = tmp_path / "config"
    passed_over = "sts_regional_endpoints = legacy\nretry_mode = legacy\n"
    config.write_text(f"[profile work]\nca_bundle = {authority.bundle}\n{passed_over}")
    env = {"AWS_CA_BUNDLE": None, "AWS_CONFIG_FILE": config, "AWS_PROFILE": "work"}
    env |= {"HTTPS_PROXY": None, "https_proxy": proxy.url.removeprefix("http://")}
    got = proxied("-v", "init", *STORE, env=env)
    assert got.status == 0, got
    for setting in ("(sts_regional_endpoints) = legacy", "(retry_mode) = legacy"):
        assert f"{setting} is passed over" in got.err, got
    assert {one.target for one in proxy.tunnels} == {"dynamodb.us-east-1.amazonaws.com:443"}


def failures(proxy, stranger, closed):
    """What is set, and what is said then. Only what may go away by itself is tried again."""
    at = f"cannot reach {HOST}"
    other = f"http://builder:secret@{proxy.address}"
    distrust = "SSL certificate problem: unable to get local issuer certificate; the CA bundle is"
    return {
        f"{at} ({distrust} {stranger.bundle}, from AWS_CA_BUNDLE or ca_bundle)": {
            "AWS_CA_BUNDLE": stranger.bundle
        },
        f"{at} ({distrust} the system's, AWS_CA_BUNDLE names another)": {"AWS_CA_BUNDLE": None},
        f"{at} (the CA bundle /nowhere/ca.pem of AWS_CA_BUNDLE or ca_bundle cannot be read)": {
            "AWS_CA_BUNDLE": "/nowhere/ca.pem"
        },
        f"{at} (the proxy http://{proxy.address} of HTTPS_PROXY asks for a user and "
        "password: HTTP status 407)": {"HTTPS_PROXY": other},
        f"{at} (HTTPS_PROXY is no URL of a proxy, like http://proxy.example:3128)": {
            "HTTPS_PROXY": other.replace("http", "ftp")
        },
        f"{at} (the proxy http://{closed} of HTTPS_PROXY: connection refused) (after 2 attempts)": {
            "HTTPS_PROXY": f"http://{LOGIN}@{closed}"
        },
        f"{at} (the proxy socks5h://{closed} of all_proxy: connection refused) (after 2 attempts)": {
            "HTTPS_PROXY": None,
            "all_proxy": f"socks5h://{LOGIN}@{closed}",
        },
        "cannot reach https://dynamodb.af-south-1.amazonaws.com (SSL: no alternative certificate "
        "subject name matches target host name 'dynamodb.af-south-1.amazonaws.com'; the CA bundle is ": {
            "GOLDKEEP_STORE": "dynamodb:goldkeep?region=af-south-1"
        },
    }


def test_failures(proxy, proxied, closed, tmp_path):
    env = {"GOLDKEEP_STORE": STORE[1], "AWS_MAX_ATTEMPTS": "2"}
    wrong = []
    for expected, changed in failures(proxy, Authority(tmp_path), closed).items():
        got = proxied("-v", "list", env=env | changed)
        again = "attempt 2" in got.err
        shown = "hunter2" in got.err or "secret" in got.err
        if expected not in got.err or shown or again != ("after 2" in expected) or got.status != 1:
            wrong.append(got)
    assert wrong == []
    assert {one.lines[0].split()[0] for one in proxy.tunnels} == {"CONNECT"}


def test_a_proxy_that_refuses(emulator, authority, proxied):
    with TlsProxy(emulator.url, authority, refuse=403) as proxy:
        got = proxied("-v", "list", *STORE, env={"https_proxy": proxy.url})
    said = f"(the proxy {proxy.url} of https_proxy does not let it through: HTTP status 403)"
    assert f"cannot reach {HOST} {said}" in got.err
    assert "attempt 1" in got.err and "attempt 2" not in got.err


def test_without_a_proxy(emulator, proxied, closed):
    """No_proxy is heeded, and what is on this machine never goes through a proxy."""
    elsewhere = emulator.url.replace("127.0.0.1", "emulator.localhost")
    dead = {"http_proxy": f"http://{closed}", "HTTPS_PROXY": f"http://{closed}", "AWS_MAX_ATTEMPTS": "1"}
    got = proxied("list", *STORE, env=dead | {"AWS_ENDPOINT_URL": elsewhere})
    assert f"{elsewhere} (the proxy http://{closed} of http_proxy: connection refused)" in got.err
    env = dead | {"AWS_ENDPOINT_URL": elsewhere, "NO_PROXY": "example.com, .localhost"}
    assert proxied("init", *STORE, env=env).status == 0
    assert proxied("list", *STORE, env=dead | {"AWS_ENDPOINT_URL": emulator.url}).status == 0


def test_keys_without_a_proxy(emulator, proxied, closed, places):
    """Nor do the endpoints that hand out credentials."""
    key, secret = FIRST_KEY
    env = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_ENDPOINT_URL": emulator.url}
    env |= {"http_proxy": f"http://{closed}", "all_proxy": f"http://{closed}"}
    places.answer("GET /keys", 200, {"AccessKeyId": key, "SecretAccessKey": secret, "Token": "t"})
    container = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{places.url}/keys"}
    instance = {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": emulator.url}
    for asked in (container, instance):
        emulator.forget_requests()
        proxied("list", *STORE, env=env | asked)
        keys = [request["key"] for request in emulator.requests("Query")]
        assert keys == [key if asked is container else "test-key"]


def rows():
    for line in (ROOT / "testdata/proxies/choose.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            env, url, ours, theirs = (field.strip() for field in line.split("|"))
            pairs = [] if env == '""' else env.split()
            yield dict(pair.split("=", 1) for pair in pairs), url, ours, theirs


def test_chosen_as_by_the_cli(monkeypatch):
    """The rows that proxy_test goes through; here it counts only whether there is a proxy."""
    wrong = []
    for env, url, ours, theirs in rows():
        with monkeypatch.context() as patch:
            for name in ("NO_PROXY", "no_proxy"):
                patch.delenv(name, raising=False)
            for name, value in env.items():
                patch.setenv(name, value)
            found = ProxyConfiguration(get_environ_proxies(url)).proxy_url_for(url)
        expected = theirs.partition(" - ")[0] or ours
        if (found is None) != (expected == "-"):
            wrong.append((env, url, expected, found))
    assert wrong == []
