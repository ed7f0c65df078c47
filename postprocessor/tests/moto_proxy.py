"""moto's own proxy mode: AWS under its own names, as moto has it, with certificates of a CA made here.

    with MotoProxy(Authority(folder)) as proxy:
        goldkeep(…, env={"HTTPS_PROXY": proxy.url, "AWS_CA_BUNDLE": proxy.bundle, …})

It has nothing of what the emulator adds to moto, checks no signature and asks for no login: see
tls_proxy.py for a proxy that leads to the emulator.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from moto.moto_proxy.certificate_creator import CertificateCreator

# moto would sign with a key that everybody has, and write into its own folder.
PROGRAM = """
import sys
from moto import proxy
creator = proxy.CertificateCreator
creator.cacert, creator.cakey, creator.certkey, creator.certdir = sys.argv[1:]
proxy.logger.setLevel("ERROR")
proxy.main(["--port", "0"])
"""


class MotoProxy:
    def __init__(self, authority):
        self.bundle = authority.bundle
        key = authority.bundle.with_name("ca.key")
        key.write_bytes(
            authority.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        made = authority.bundle.with_name("made")
        made.mkdir()
        shutil.copy(Path(CertificateCreator.certdir) / "req.conf.tmpl", made)
        self.files = [self.bundle, key, CertificateCreator.certkey, made]

    def __enter__(self):
        command = [sys.executable, "-u", "-c", PROGRAM, *map(str, self.files)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.startswith("Serving HTTP Proxy on "):
                self.url = f"http://{line.split()[4]}"
                return self
        raise AssertionError(f"moto's proxy did not start (status {self.process.wait()})")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.process.stdout.close()
