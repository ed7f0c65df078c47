"""Measures what goldkeep promises, against the emulator, and prints one table.

Nothing here passes or fails: a person reads the table. Each figure is the best of several runs, so that what
else the machine does counts as little as possible.
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "postprocessor/tests"))

import dynamodb_local  # noqa: E402
import emulator as emulators  # noqa: E402
import stores  # noqa: E402
from emulator import FIRST_KEY, add_to_manifest, manifest_entry, new_run  # noqa: E402
from handshakes import TlsFront  # noqa: E402

GOLDKEEP = ROOT / "build/goldkeep"
RUNS = 7
HISTORIES = (0, 1000, 100_000)
BATCH = 25  # items of one BatchWriteItem
COST = re.compile(r"inventory: (\d+) calls?, ([\d.]+) read units, ([\d.]+) write units")
FOUR_REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1"]


def environment(emulator, folder):
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_ACCESS_KEY_ID": FIRST_KEY[0],
        "AWS_SECRET_ACCESS_KEY": FIRST_KEY[1],
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
        "LC_ALL": "C.UTF-8",
    }


def run(command, env, cwd):
    """Seconds of one process."""
    start = time.perf_counter()
    ran(command, env, cwd)
    return time.perf_counter() - start


def ran(command, env, cwd):
    """What it says on standard error."""
    done = subprocess.run(
        [str(word) for word in command], env=env, cwd=cwd, capture_output=True, text=True
    )
    if done.returncode != 0:
        sys.exit(f"{command}: status {done.returncode}\n{done.stdout[-2000:]}{done.stderr}")
    return done.stderr


def peak_memory(command, env, cwd):
    """MiB at most. GNU time is small itself; a child of Python's would be charged with Python's pages."""
    with tempfile.NamedTemporaryFile("r") as told:
        run(["/usr/bin/time", "--format", "%M", "--output", told.name, *command], env, cwd)
        return int(told.read()) / 1024


def build(emulator, folder, regions):
    images = emulator.make_images("web", regions)
    run_id = new_run()
    manifest = folder / "packer-manifest.json"
    manifest.unlink(missing_ok=True)
    add_to_manifest(manifest, manifest_entry(images, name="web", run=run_id))
    return images


def key(number):
    """The sort key of 0.0.NUMBER."""
    digits = str(number)
    return f"a0.a0.{chr(ord('a') + len(digits) - 1)}{digits}~"


def add_history(inventory, releases):
    """So many retired releases of web, written as rows."""
    database = sqlite3.connect(inventory)
    (family,) = database.execute("SELECT id FROM families WHERE name = 'web'").fetchone()
    first = database.execute("SELECT max(id) + 1 FROM releases").fetchone()[0]
    image = database.execute("SELECT max(id) + 1 FROM images").fetchone()[0]
    numbers = range(releases)

    def insert(table, columns, constants, rows):
        """The same constants (as SQL) in every row, then what differs."""
        names = ", ".join([*columns, *constants])
        values = ", ".join(["?"] * len(columns) + list(constants.values()))
        database.executemany(f"INSERT INTO {table} ({names}) VALUES ({values})", rows)

    insert(
        "releases",
        ["id", "family", "key", "version", "run"],
        {"state": "'retired'", "created_at": "1700000000", "build": "'web'"}
        | {"builder": "'amazon-ebs'", "revision": "5", "retired": "1", "unfinished": "0"},
        ((first + n, family, key(n), f"0.0.{n}", f"run-{n}") for n in numbers),
    )
    insert(
        "images",
        ["id", "release", "image"],
        {"position": "0", "provider": "'aws'", "location": "'us-east-1'", "name": "'web'"}
        | {"architecture": "'x86_64'", "account": "'123456789012'", "state": "'retired'"},
        ((image + n, first + n, f"ami-{n:017x}") for n in numbers),
    )
    insert(
        "snapshots",
        ["image", "snapshot"],
        {"position": "0", "state": "'deleted'"},
        ((image + n, f"snap-{n:017x}") for n in numbers),
    )
    insert(
        "events",
        ["family", "release"],
        {"at": "1700000000", "actor": "'bench'", "action": "'retired'"},
        ((family, first + n) for n in numbers),
    )
    database.commit()
    database.close()


def release_command(*options):
    return [GOLDKEEP, "release", "--family", "web", "--keep-last", "2", *options]


def release(emulator, folder, regions, store=None):
    """One release with retention into the family; requests and seconds."""
    build(emulator, folder, regions)
    emulator.forget_requests()
    seconds = run(release_command(*use(store)), environment(emulator, folder), folder)
    return len(emulator.requests()), seconds


def use(store):
    return ["--store", store.uri] if store else []


def fresh(emulator):
    emulator.reset()
    return Path(tempfile.mkdtemp(prefix="goldkeep-bench-"))


def measure_growth(emulator, history):
    folder = fresh(emulator)
    release(emulator, folder, ["us-east-1"])
    add_history(folder / ".local/share/goldkeep/inventory.db", history)
    for _ in range(3):  # fill up to keep-last, so that every run retires one
        release(emulator, folder, ["us-east-1"])
    runs = [release(emulator, folder, ["us-east-1"]) for _ in range(RUNS * 3)]
    env = environment(emulator, folder)
    build(emulator, folder, ["us-east-1"])
    memory = peak_memory(release_command(), env, folder)
    listing = peak_memory([GOLDKEEP, "list", "--all", "--output", "json"], env, folder)
    shutil.rmtree(folder)
    return {
        "calls": runs[-1][0],
        "seconds": min(seconds for _, seconds in runs),
        "memory": memory,
        "list memory": listing,
    }


def retired_release(store):
    """The items of a retired release, with the newest one of every kind of history: [item], its words."""
    items = list(store.items().values())
    [row] = [item for item in items if item["sk"]["S"].startswith("X#")]
    kinds = {"R": None, "E": None, "T": None}
    for item in items:  # in the order of their keys
        if item.get("version") == row["version"]:
            kinds[item["sk"]["S"][0]] = item
    image = row["images"]["L"][0]["M"]
    words = {
        "version": row["version"]["S"],
        "key": row["sk"]["S"].removeprefix("X#"),
        "run": row["run"]["S"],
        "image": image["id"]["S"],
        "snapshot": image["snapshots"]["L"][0]["M"]["id"]["S"],
        "random": kinds["E"]["sk"]["S"].rpartition("#")[2],
    }
    return [row, *(kinds[kind] for kind in "RET")], words


def add_items(store, template, words, numbers):
    """The same release as 0.0.N, for each of the numbers; written by several connections."""
    text = json.dumps(template)

    def items_of(number):
        changed = {
            "version": f"0.0.{number}",
            "key": key(number),
            "run": f"run-{number}",
            "image": f"ami-{number:017x}",
            "snapshot": f"snap-{number:017x}",
            "random": f"{number:032x}",
        }
        made = text
        for what, word in words.items():
            made = made.replace(word, changed[what])
        return json.loads(made)

    def write(part):
        client = store.client
        items = [item for number in part for item in items_of(number)]
        for at in range(0, len(items), BATCH):
            batch = [{"PutRequest": {"Item": item}} for item in items[at : at + BATCH]]
            left = client.batch_write_item(RequestItems={store.table: batch})["UnprocessedItems"]
            assert not left, left

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, (numbers[n :: 8] for n in range(8))))


def measure_table_growth(emulator, url):
    """Over a table that grows from one history to the next."""
    folder = fresh(emulator)
    env = environment(emulator, folder)
    store = stores.dynamodb(stores.LOCAL, url)
    run([GOLDKEEP, "init", *use(store)], env, folder)
    for _ in range(3):
        release(emulator, folder, ["us-east-1"], store)
    template, words = retired_release(store)
    written, found = 0, {}
    for history in HISTORIES:
        add_items(store, template, words, range(written, history))
        written = history
        runs = [release(emulator, folder, ["us-east-1"], store) for _ in range(RUNS * 3)]
        build(emulator, folder, ["us-east-1"])
        told = ran(release_command("-v", *use(store)), env, folder)
        [(calls, read, write)] = COST.findall(told)
        found[history] = {
            "calls": f"{runs[-1][0]} and {calls} to the table",
            "units": f"{read} read, {write} write",
            "seconds": min(seconds for _, seconds in runs),
        }
    shutil.rmtree(folder)
    return found


def measure_regions(emulator, regions):
    folder = fresh(emulator)
    runs = [release(emulator, folder, regions) for _ in range(RUNS + 3)][3:]
    shutil.rmtree(folder)
    return runs[-1][0], min(seconds for _, seconds in runs)


def measure_script(emulator):
    """The script that people write: AWS CLI and jq, the same work, two regions."""
    if not shutil.which("aws") or not shutil.which("jq"):
        return None
    folder = fresh(emulator)
    env = environment(emulator, folder) | {"URL": emulator.url}
    times = []
    for number in range(3 + 3):
        build(emulator, folder, ["us-east-1", "eu-west-1"])
        times.append(run(["bash", ROOT / "scripts/bench-script.sh", number], env, folder))
    shutil.rmtree(folder)
    return min(times[3:])


def measure_start():
    env = {"PATH": os.environ["PATH"]}
    return min(run([GOLDKEEP, "--help"], env, ROOT) for _ in range(50))


def measure_handshakes(emulator):
    folder = fresh(emulator)
    with TlsFront(emulator.url, folder) as front:
        for _ in range(4):
            build(emulator, folder, ["us-east-1"])
            front.forget()
            env = environment(emulator, folder) | {
                "AWS_ENDPOINT_URL": front.url,
                "AWS_CA_BUNDLE": str(front.certificate),
            }
            run(release_command(), env, folder)
        counted = front.handshakes, front.resumed
    shutil.rmtree(folder)
    return counted


def table(rows):
    width = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join(text.ljust(size) for text, size in zip(row, width, strict=True)).rstrip())


def table_growth(emulator):
    with tempfile.TemporaryDirectory(prefix="goldkeep-bench-") as folder:
        process, url = dynamodb_local.start(folder)
        try:
            return measure_table_growth(emulator, url)
        finally:
            dynamodb_local.stop(process)


def growth_rows(store, growth):
    for history, got in growth.items():
        what = f"release into {history:,} retired, {store}"
        yield f"{what}: calls", str(got["calls"]), "the same number"
        if "units" in got:
            yield f"{what}: capacity units", got["units"], "the same number"
        yield f"{what}: time", f"{got['seconds'] * 1000:.1f} ms", ""
    ratio = growth[HISTORIES[-1]]["seconds"] / growth[0]["seconds"]
    what = f"growth, {store}: {HISTORIES[-1]:,} retired against none"
    yield what, f"{ratio:.2f} times", "at most 1.2 times"


def main():
    process, emulator = emulators.start()
    try:
        growth = {history: measure_growth(emulator, history) for history in HISTORIES}
        growth_of_table = table_growth(emulator)
        one, four = measure_regions(emulator, ["us-east-1"]), measure_regions(emulator, FOUR_REGIONS)
        two = measure_regions(emulator, ["us-east-1", "eu-west-1"])
        script = measure_script(emulator)
        handshakes = measure_handshakes(emulator)
    finally:
        emulators.stop(process)
    rows = [("what", "measured", "budget")]
    rows += growth_rows("SQLite", growth)
    rows += growth_rows("DynamoDB", growth_of_table)
    rows.append(("memory of that release, SQLite", f"{growth[100_000]['memory']:.1f} MiB", "at most 16 MiB"))
    rows.append(("memory of list --all there, SQLite", f"{growth[100_000]['list memory']:.1f} MiB", "at most 16 MiB"))
    rows.append(("release in 1 region", f"{one[0]} calls, {one[1] * 1000:.1f} ms", ""))
    rows.append(("release in 4 regions", f"{four[0]} calls, {four[1] * 1000:.1f} ms", "no more round trips"))
    rows.append(("start to usage text", f"{measure_start() * 1000:.1f} ms", "under 10 ms"))
    rows.append(("full TLS handshakes of a release", f"{handshakes[0]} ({handshakes[1]} resumed)", "1 per host"))
    if script is None:
        rows.append(("against AWS CLI and jq", "not measured: aws or jq is not installed", ""))
    else:
        rows.append(("the same with AWS CLI and jq", f"{script:.2f} s", ""))
        rows.append(("goldkeep, two regions", f"{two[1]:.3f} s", ""))
        rows.append(("times faster", f"{script / two[1]:.0f}", "at least 20"))
    table(rows)


if __name__ == "__main__":
    main()
