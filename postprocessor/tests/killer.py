"""A proxy between goldkeep and the emulator that kills goldkeep at a chosen request.

    with Killer(emulator.url) as killer:
        killer.aim(3, BEFORE)                       # at the third request; aim() only counts
        process = goldkeep.start(…, env={"AWS_ENDPOINT_URL": killer.url})
        killer.watch(process.pid)
        process.communicate()
        killer.settle()                             # nothing of it is under way any more
        killer.seen                                 # how many requests there were

Headers pass as they are, so that signatures stay good. What the dead process had sent without its
being counted is not passed on.
"""

import http.client
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BEFORE = "before it is sent"
AFTER = "before its answer is read"
PATIENCE = 20


class Killer:
    def __init__(self, url):
        self.upstream = url.removeprefix("http://")
        self.changed = threading.Condition()
        self.aim()
        self.server = Server(("127.0.0.1", 0), Passing)
        self.server.killer = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def aim(self, number=None, moment=BEFORE):
        """The next process is killed at its request of that number; None: it lives."""
        with self.changed:
            self.number, self.moment = number, moment
            self.pid = None
            self.killed = False
            self.seen = self.under_way = 0

    def watch(self, pid):
        with self.changed:
            self.pid = pid
            self.changed.notify_all()

    def settle(self):
        """Wait until the emulator has answered everything that was passed on."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.under_way == 0, PATIENCE)

    def arrive(self):
        """The number of a request that has come; None if its sender is dead."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.pid, PATIENCE), "nobody is watched"
            if self.killed:
                return None
            self.seen += 1
            self.under_way += 1
            return self.seen

    def leave(self):
        with self.changed:
            self.under_way -= 1
            self.changed.notify_all()

    def strike(self, number, moment):
        """Kill, if this is the moment; returns whether the process is dead now."""
        with self.changed:
            if (number, moment) != (self.number, self.moment):
                return self.killed
            self.killed = True
            os.kill(self.pid, signal.SIGKILL)
            # Left for whoever started it to collect.
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
            return True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """The one who asked has been killed."""


class Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    upstream = None

    def do_POST(self):
        killer = self.server.killer
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        number = killer.arrive()
        if number is None:
            self.close_connection = True
            return
        try:
            answer = None if killer.strike(number, BEFORE) else self.ask(body)
            dead = killer.strike(number, AFTER)
        finally:
            killer.leave()
        if dead:
            self.close_connection = True
        else:
            self.wfile.write(answer)

    do_GET = do_PUT = do_POST

    def ask(self, body):
        if self.upstream is None:
            self.upstream = http.client.HTTPConnection(self.server.killer.upstream, timeout=PATIENCE)
        self.upstream.putrequest(
            self.command, self.path, skip_host=True, skip_accept_encoding=True
        )
        for name, value in self.headers.items():
            self.upstream.putheader(name, value)
        self.upstream.endheaders(body)
        answer = self.upstream.getresponse()
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        lines += [f"{name}: {value}" for name, value in answer.getheaders()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + answer.read()

    def finish(self):
        super().finish()
        if self.upstream is not None:
            self.upstream.close()

    def log_message(self, format, *args):
        """Nothing to see."""
