"""What happens to a request, from the socket to moto and back."""

import sys
import threading
import traceback
import uuid
from io import BytesIO
from typing import Any

from moto.core.request import Request

import auth
import control
import errors
import faults
import requests_log
import services
import settings
from wire import SERVICES, Answer, Call

# moto's models are not made for threads; one request at a time also makes a
# DynamoDB transaction or a conditional write as atomic as it is at AWS.
lock = threading.RLock()


def start() -> None:
    services.install()
    services.warm_up()
    control.reset()


def answer(call: Call) -> Answer:
    if call.path.startswith("/goldkeep/"):
        with lock:
            return control.answer(call)
    entry = requests_log.add(call)
    result = respond(call)
    requests_log.finish(entry, result)
    return result


def respond(call: Call) -> Answer:
    rule = faults.find(call)
    if rule is None:
        return carry_out(call)
    return rule.spoil(call, None if rule.replaces else carry_out(call))


def carry_out(call: Call) -> Answer:
    with lock:
        try:
            return real_answer(call)
        except NotImplementedError:
            return Answer(404) if call.service == "imds" else errors.unknown_action(call)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return errors.internal(call)


def real_answer(call: Call) -> Answer:
    if call.service == "imds":
        return from_moto(call, services.metadata)
    if call.service not in SERVICES:
        return errors.answer(call, 400, "InvalidAction", "No such service here")
    refusal = auth.check_signature(call)
    if refusal:
        return refusal
    if call.action in settings.get("unknown_actions") or not services.knows(call):
        return errors.unknown_action(call)
    refusal = auth.check_permission(call)
    if refusal:
        return refusal
    return from_moto(call, services.dispatcher(call))


def from_moto(call: Call, dispatch: Any) -> Answer:
    request = Request(environment(call))
    status, headers, body = dispatch(request, request.raw_url, dict(request.headers))
    if isinstance(body, str):
        body = body.encode()
    # moto gives every XML answer the same id.
    name = str(uuid.uuid4()).encode()
    body = body.replace(b">request-id</", b">" + name + b"</")
    skip = ("date", "status", "content-length", "connection")
    kept = [(n, str(v)) for n, v in headers.items() if n.lower() not in skip]
    return Answer(int(status), kept, body)


def environment(call: Call) -> dict[str, Any]:
    """The WSGI environment that moto's request class is made from."""
    values = {
        "REQUEST_METHOD": call.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": call.path,
        "RAW_URI": call.target,
        "QUERY_STRING": call.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(call.body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(call.body),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in call.header_list:
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            values[key] = value
        elif key != "CONTENT_LENGTH":
            values["HTTP_" + key] = value
    return values
