"""A TLS front for the emulator that counts handshakes, for the bench."""

import http.client
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        self.request.do_handshake()
        front = self.server.front
        with front.lock:
            if self.request.session_reused:
                front.resumed += 1
            else:
                front.handshakes += 1
        super().setup()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        backend = http.client.HTTPConnection(self.server.front.backend)
        backend.request("POST", self.path, body, dict(self.headers))
        answer = backend.getresponse()
        text = answer.read()
        backend.close()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "text/xml"))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def get_request(self):
        connection, address = self.socket.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wrapped = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return wrapped, address


class TlsFront:
    """`with TlsFront(backend_url, folder) as front:` front.url, front.certificate, front.handshakes."""

    def __init__(self, backend, folder):
        self.backend = urlsplit(backend).netloc
        self.certificate = folder / "front.pem"
        self.lock = threading.Lock()
        self.forget()
        key = folder / "front.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
            + ["-nodes", "-days", "1", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
            + ["-keyout", str(key), "-out", str(self.certificate)],
            check=True,
            capture_output=True,
        )
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.front = self
        self.server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.context.load_cert_chain(self.certificate, key)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"

    def forget(self):
        self.handshakes = self.resumed = 0

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
