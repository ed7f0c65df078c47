"""A proxy between goldkeep and a service, to be told what becomes of each request.

    class Slow(Proxy):
        def treat(self, request):       # in a thread of its own for every connection
            time.sleep(1)
            return request.carry_out()  # the answer as bytes; None closes the connection without one

    with Slow(emulator.url) as proxy:
        goldkeep(…, env={"AWS_ENDPOINT_URL": proxy.url})

Headers pass as they are, so that signatures stay good.
"""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE = 20


class Listener:
    """Answers on a free port of this machine; the handlers find it as `self.server.proxy`."""

    def __init__(self, handler):
        self.server = Server(("127.0.0.1", 0), handler)
        self.server.proxy = self
        self.address = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.address}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Proxy(Listener):
    def __init__(self, url):
        super().__init__(Passing)
        self.upstream = url.removeprefix("http://")

    def treat(self, request):
        return request.carry_out()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """The one who asked has gone, or does not trust us."""


class Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    upstream = None

    def do_POST(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.server.proxy.treat(self)
        if answer is None:
            self.close_connection = True
        else:
            self.wfile.write(answer)

    do_GET = do_PUT = do_POST

    def carry_out(self):
        if self.upstream is None:
            self.upstream = http.client.HTTPConnection(self.server.proxy.upstream, timeout=PATIENCE)
        self.upstream.putrequest(
            self.command, self.path, skip_host=True, skip_accept_encoding=True
        )
        for name, value in self.headers.items():
            self.upstream.putheader(name, value)
        self.upstream.endheaders(self.body)
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
