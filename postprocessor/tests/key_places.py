"""Doubles of the places that hand out AWS credentials over HTTP, on a free port each.

    places = KeyPlaces()
    places.answer("GET /keys", 200, {"AccessKeyId": …})    # and what was asked is in places.asked
    … places.url …
    places.close()

An answer is a dict (sent as JSON), text, or a function of the request that returns (status, body).
"""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: str


class KeyPlaces:
    def __init__(self):
        self.answers = {}
        self.asked = []
        places = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def serve(self):
                status, body = places._respond(self._read())
                data = (body if isinstance(body, str) else json.dumps(body)).encode()
                kind = "text/plain" if isinstance(body, str) else "application/json"
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_POST = serve

            def _read(self):
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length") or 0)).decode()
                return Asked(self.command, parts.path, query, headers, body)

            def log_message(self, format, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def answer(self, what, status, body):
        """`what` is "METHOD /path"; a later answer takes the place of an earlier one."""
        self.answers[what] = (status, body)

    def _respond(self, asked):
        self.asked.append(asked)
        status, body = self.answers.get(f"{asked.method} {asked.path}", (404, "nothing here"))
        return body(asked) if callable(body) else (status, body)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
