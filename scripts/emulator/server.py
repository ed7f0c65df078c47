"""A small threaded HTTP/1.1 server that keeps connections open.

werkzeug's own server closes the connection after every answer, so with it nobody
could test that a client reuses its connections.
"""

import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from wsgiref.handlers import format_date_time
import time

import front
from wire import Answer, Call

PIECE = 1 << 16


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self) -> None:
        if self.headers.get("Transfer-Encoding"):
            self.send_error(411)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = front.answer(Call(self.command, self.path, self.headers.items(), body))
        try:
            self.send(answer)
        except OSError:  # the client went away
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = serve

    def send(self, answer: Answer) -> None:
        if answer.drop:
            self.drop()
            return
        if answer.close:
            self.close_connection = True
        body = answer.body if answer.cut is None else answer.body[: answer.cut]
        self.wfile.write(self.head(answer) + (b"" if self.command == "HEAD" else body))
        if answer.filler:
            self.send_filler(answer.filler)

    def head(self, answer: Answer) -> bytes:
        headers = {
            "Date": format_date_time(time.time()),
            "Content-Length": str(len(answer.body) + answer.filler),
        }
        if self.close_connection:
            headers["Connection"] = "close"
        given = {name.lower() for name, _ in answer.headers}
        lines = [f"HTTP/1.1 {answer.status} {reason(answer.status)}"]
        lines += [f"{n}: {v}" for n, v in headers.items() if n.lower() not in given]
        lines += [f"{n}: {v}" for n, v in answer.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def send_filler(self, size: int) -> None:
        """Send a huge body piece by piece, so that 100 MB need no memory here."""
        piece = b"x" * PIECE
        while size > 0:
            self.wfile.write(piece[:size])
            size -= PIECE

    def drop(self) -> None:
        """Close without a word, as a dying load balancer does."""
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def log_message(self, format: str, *args: object) -> None:
        """No request log on the terminal: /goldkeep/requests has it."""


def reason(status: int) -> str:
    return BaseHTTPRequestHandler.responses.get(status, ("Unknown",))[0]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def listen(host: str, port: int) -> Server:
    front.start()
    return Server((host, port), Handler)
