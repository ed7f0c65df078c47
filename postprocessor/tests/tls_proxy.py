"""An HTTPS proxy behind which AWS is the emulator, with certificates of a CA made here.

    authority = Authority(tmp_path)
    with TlsProxy(emulator.url, authority) as proxy:
        goldkeep(…, env={"HTTPS_PROXY": proxy.url, "AWS_CA_BUNDLE": authority.bundle, …})

It answers CONNECT for whatever host, and speaks TLS then as that host would. moto's own proxy mode
(moto_proxy.py) has neither what the emulator adds to moto nor its checks of signatures; so what
arrives here goes to the emulator, byte for byte.
"""

import base64
import datetime
import select
import socket
import socketserver
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from proxy import PATIENCE, Listener

REGIONS = ("us-east-1", "eu-west-1")
DAY = datetime.timedelta(days=1)


class Authority:
    """A CA; `bundle` is its certificate, and `context` what speaks for AWS in REGIONS."""

    def __init__(self, folder: Path):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"CA of {folder.name}")])
        own = self._certificate(self.name, self.key, x509.BasicConstraints(ca=True, path_length=0))
        self.bundle = folder / "ca.pem"
        self.bundle.write_bytes(own.public_bytes(serialization.Encoding.PEM))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self._servers(folder / "servers.pem"))

    def _servers(self, path):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the emulator")])
        hosts = [x509.DNSName(f"*.{region}.amazonaws.com") for region in REGIONS]
        certificate = self._certificate(name, key, x509.SubjectAlternativeName(hosts))
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return path

    def _certificate(self, name, key, extension):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self.name)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - DAY).not_valid_after(now + DAY)
        return builder.add_extension(extension, critical=False).sign(self.key, hashes.SHA256())


@dataclass
class Tunnel:
    """One request to the proxy: its lines, and how TLS began inside."""

    lines: list[str]
    resumed: bool | None = None  # None: no TLS came about

    @property
    def target(self):
        return self.lines[0].split(" ")[1]


class TlsProxy(Listener):
    """`refuse` is a status to refuse every request with; `login` the "user:password" it asks for."""

    def __init__(self, url, authority, refuse=None, login=None):
        super().__init__(Handler)
        self.upstream = url.removeprefix("http://").split(":")
        self.authority, self.refuse, self.login = authority, refuse, login
        self.tunnels = []
        if login:
            self.url = f"http://{login}@{self.address}"

    def judge(self, lines):
        """The status of the answer to a request."""
        if self.refuse or not lines[0].startswith("CONNECT "):
            return self.refuse or 405
        given = base64.b64encode(self.login.encode()).decode() if self.login else None
        allowed = given is None or f"Proxy-Authorization: Basic {given}" in lines
        return 200 if allowed else 407


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        proxy = self.server.proxy
        self.request.settimeout(PATIENCE)
        tunnel = Tunnel(read_head(self.request))
        proxy.tunnels.append(tunnel)
        status = proxy.judge(tunnel.lines)
        self.request.sendall(f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n".encode())
        if status != 200:
            return
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with (
            proxy.authority.context.wrap_socket(self.request, server_side=True) as inside,
            socket.create_connection(proxy.upstream, PATIENCE) as outside,
        ):
            tunnel.resumed = inside.session_reused
            carry(inside, outside)


def read_head(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        read = connection.recv(1)
        if not read:
            raise ConnectionError
        head += read
    return head.decode().splitlines()


def carry(inside, outside):
    """Everything to the other side, until one of them has nothing more to say."""
    sides = {inside: outside, outside: inside}
    while True:
        ready = [inside] if inside.pending() else select.select(list(sides), [], [], PATIENCE)[0]
        for side in ready:
            read = side.recv(1 << 16)
            if not read:
                return
            sides[side].sendall(read)
        if not ready:
            return
