"""Error answers, each in the form of the service that gives it."""

import json
import uuid
from xml.sax.saxutils import escape

from wire import JSON_SERVICES, Answer, Call

EC2 = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{code}</Code>'
    "<Message>{message}</Message></Error></Errors><RequestID>{request}</RequestID></Response>"
)
QUERY = (
    '<ErrorResponse xmlns="https://{service}.amazonaws.com/doc/"><Error><Type>{kind}</Type>'
    "<Code>{code}</Code><Message>{message}</Message></Error>"
    "<RequestId>{request}</RequestId></ErrorResponse>"
)
NAMESPACE = {"dynamodb": "com.amazon.coral.service#"}


def answer(call: Call, status: int, code: str, message: str) -> Answer:
    if call.service in JSON_SERVICES:
        return as_json(call, status, code, message)
    text = (EC2 if call.service == "ec2" else QUERY).format(
        service=call.service,
        kind="Sender" if status < 500 else "Receiver",
        code=escape(code),
        message=escape(message),
        request=uuid.uuid4(),
    )
    return Answer(status, [("Content-Type", "text/xml;charset=UTF-8")], text.encode())


def as_json(call: Call, status: int, code: str, message: str) -> Answer:
    body = {"__type": NAMESPACE.get(call.service, "") + code, "message": message}
    version = "1.0" if call.service == "dynamodb" else "1.1"
    headers = [
        ("Content-Type", f"application/x-amz-json-{version}"),
        ("x-amzn-RequestId", str(uuid.uuid4())),
    ]
    return Answer(status, headers, json.dumps(body).encode())


def unknown_action(call: Call) -> Answer:
    if call.service in JSON_SERVICES:
        return answer(call, 400, "UnknownOperationException", "")
    message = f"The action {call.action} is not valid for this web service."
    return answer(call, 400, "InvalidAction", message)


def internal(call: Call) -> Answer:
    code = "InternalServerError" if call.service in JSON_SERVICES else "InternalError"
    return answer(call, 500, code, "An internal error has occurred")
