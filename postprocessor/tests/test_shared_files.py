"""The shared files: goldkeep's reader against botocore's, row by row of files-as-botocore.txt.

The tool that reads them for goldkeep is build/tools/profiles, or what $GOLDKEEP_PROFILES names.
"""

import json
import os
import re
import resource
import subprocess
from pathlib import Path

import pytest
from conftest import SANITIZED
from botocore.configloader import load_config, raw_config_parse
from botocore.exceptions import ConfigParseError
from emulator import ROOT

TABLE = ROOT / "testdata/aws-profiles/files-as-botocore.txt"
TOOL = Path(os.environ.get("GOLDKEEP_PROFILES") or ROOT / "build/tools/profiles")
ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "0": b"\0", "\\": b"\\"}
KINDS = {"profiles": "", "services": "services ", "sso_sessions": "sso-session "}



def unescape(text):
    def plain(found):
        name = found[1]
        return bytes.fromhex(name[1:]) if name[0] == "x" else ESCAPES[name]

    return re.sub(rb"\\(x[0-9a-f]{2}|.)", lambda m: plain([None, m[1].decode()]), text.encode())


def rows():
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            kind, text, ours, theirs = (field.strip() for field in line.split("|"))
            yield kind, text, ours, theirs.partition(" - ")[0] or ours


def read_with_botocore(kind, path):
    try:
        if kind == "credentials":
            return raw_config_parse(str(path))
        return flat(load_config(str(path)))
    except ConfigParseError as error:
        return f"! {error}"


def flat(found):
    return {
        prefix + name: values
        for kind, prefix in KINDS.items()
        for name, values in found.get(kind, {}).items()
    }


def read_with_goldkeep(pairs):
    """Pairs of a config and a credentials file; what each comes to, or the error."""
    lines = "".join(f"{config} {credentials}\n" for config, credentials in pairs)
    done = subprocess.run([TOOL], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [f"! {one['error']}" if "error" in one else flat(one) for one in found]


def differs(expected, found):
    """botocore's message is its own."""
    if expected.startswith("!"):
        return not isinstance(found, str)
    return json.loads(expected) != found


def says(expected, found):
    return expected[0] != "!" or (isinstance(found, str) and expected[2:] in found)


@pytest.mark.skipif(not TOOL.exists(), reason=f"{TOOL} is not built")
def test_files_as_botocore(tmp_path):
    table = list(rows())
    paths = [tmp_path / str(number) for number in range(len(table))]
    none = tmp_path / "none"
    pairs = []
    for path, (kind, text, _, _) in zip(paths, table, strict=True):
        path.write_bytes(unescape(text))
        pairs.append((path, none) if kind == "config" else (none, path))
    wrong = []
    for path, row, found in zip(paths, table, read_with_goldkeep(pairs), strict=True):
        kind, text, ours, theirs = row
        their_found = read_with_botocore(kind, path)
        if differs(ours, found) or not says(ours, found):
            wrong.append(f"goldkeep reads {text} as {found}")
        if differs(theirs, their_found):
            wrong.append(f"botocore reads {text} as {their_found}")
    assert wrong == []


PROFILE = """[profile account-{0:04}]
sso_session = corp
sso_account_id = {0:012}
sso_role_name = Admin
region = eu-west-{0}

"""
LARGE = {
    "thousands of profiles": "".join(PROFILE.format(number) for number in range(4000)),
    "a long line": PROFILE.format(3999) + "x = " + "y" * 900_000,
    "ten megabytes": PROFILE.format(3999) * 100_000,
}
SECONDS, BYTES = 5, 32 << 20


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_DATA, (BYTES, BYTES))


@pytest.mark.parametrize("what", LARGE)
def test_large_files(what, goldkeep, tmp_path):
    """Read soon and in little memory, or refused so."""
    path = tmp_path / "config"
    path.write_text(LARGE[what])
    goldkeep.environment["AWS_CONFIG_FILE"] = str(path)
    store = ("--store", "dynamodb:nowhere?region=us-east-1")
    process = goldkeep.start("--profile", "account-3999", "list", *store, preexec_fn=limit)
    out, err = process.communicate()
    assert out == ""
    if what == "ten megabytes":
        assert (process.returncode, err) == (2, f"goldkeep: {path} is larger than 1 MiB\n")
    else:
        assert "IAM Identity Center for the AWS profile account-3999: " in err
