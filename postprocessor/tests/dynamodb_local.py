"""AWS's own DynamoDB (DynamoDB Local, fetched by scripts/setup): starting and stopping it.

    process, url = dynamodb_local.start(folder)
    …
    dynamodb_local.stop(process)

It keeps everything in memory, a database of its own for every access key and region, and looks at
no signature and no permission. It does not know point-in-time recovery and tags.
"""

import ctypes
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
JARS = ROOT / "build/dynamodb-local"
MAIN = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"
PATIENCE = 60
PR_SET_PDEATHSIG = 1


def start(folder) -> tuple[subprocess.Popen, str]:
    """Start it on a free port; it ends when this process does. Its log goes to the folder."""
    assert (JARS / "stamp").exists(), f"{JARS} is not there: scripts/setup"
    for _ in range(3):  # somebody else may take the port in between
        port = free_port()
        process = launch(port, Path(folder) / "dynamodb-local.log")
        if listens(process, port):
            return process, f"http://127.0.0.1:{port}"
        stop(process)
    raise AssertionError((Path(folder) / "dynamodb-local.log").read_text())


def launch(port, log):
    command = ["java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    command += [f"-Djava.library.path={JARS}", "-cp", f"{JARS}/*", MAIN]
    command += ["-inMemory", "-disableTelemetry", "-port", str(port)]
    with log.open("w") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=die_with_us
        )


def die_with_us():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(process, port) -> bool:
    """Wait for it; False if it has ended, or takes too long."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def stop(process) -> None:
    """Nothing in it is worth keeping."""
    process.kill()
    process.wait(timeout=10)
