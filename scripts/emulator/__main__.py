"""Start the emulator: see README.md beside this file."""

import argparse
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--no-auth", action="store_true", help="check no signature")
    return parser.parse_args()


def clean_environment() -> None:
    """Keep the user's AWS and moto variables out: they change what botocore and moto do."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "MOTO_", "INITIAL_NO_AUTH")):
            del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.devnull
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    here = os.path.dirname(os.path.abspath(__file__))
    # moto reads this when it is imported; without it every region loads some 600 images.
    # The list is not used as it is: images.py reads seed.json itself.
    os.environ["MOTO_AMIS_PATH"] = os.path.join(here, "seed.json")


def end_with_parent(parent: int) -> None:
    """Have the kernel end us when the parent dies, so that no test run leaves a server behind."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(0)


def main() -> None:
    parent = os.getppid()
    arguments = parse_arguments()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    end_with_parent(parent)
    clean_environment()

    import auth
    import server

    auth.enabled = not arguments.no_auth
    httpd = server.listen(arguments.host, arguments.port)
    print(f"http://{arguments.host}:{httpd.server_address[1]}", flush=True)
    httpd.serve_forever()


main()
