"""No secret shows: not in what is printed or written, and not in a dump of the memory."""

import os
import resource
import signal
import socket

import pytest

LIST = ("--store", "dynamodb:nowhere", "list")
MOST = resource.getrlimit(resource.RLIMIT_CORE)[1]


@pytest.fixture
def waiting(goldkeep, tmp_path):
    """A goldkeep that waits for an answer with keys in its memory, where dumps are wanted."""
    (tmp_path / "folder").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "AWS_REGION": "us-east-1",
        }
        process = goldkeep.start(
            *LIST,
            env=env,
            cwd=tmp_path / "folder",
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (MOST, MOST)),
        )
        try:
            with silent.accept()[0] as connection:
                assert b"AWS4-HMAC-SHA256" in connection.recv(65536)
                yield process
        finally:
            process.kill()
            process.communicate()


@pytest.mark.skipif(MOST == 0, reason="nothing is dumped here")
@pytest.mark.parametrize("limit", [0, MOST], ids=["as it is", "for who does not care for limits"])
def test_no_dump(waiting, tmp_path, limit):
    assert resource.prlimit(waiting.pid, resource.RLIMIT_CORE) == (0, MOST)
    resource.prlimit(waiting.pid, resource.RLIMIT_CORE, (limit, MOST))
    os.kill(waiting.pid, signal.SIGABRT)
    _, status = os.waitpid(waiting.pid, 0)
    assert os.WTERMSIG(status) == signal.SIGABRT
    assert not os.WCOREDUMP(status)
    assert os.listdir(tmp_path / "folder") == []
