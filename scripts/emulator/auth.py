"""Signature Version 4 and IAM, checked by moto's machinery but answered as AWS does.

moto gives every service the XML error of IAM, accepts any time stamp, does not ask which headers
were signed and looks at nothing but the action in a policy. Here each service answers in its own
form, and what AWS checks besides is checked too (policy.py, needs.py).
"""

import fnmatch
import hashlib
import json
import threading
from datetime import datetime, timedelta, timezone
from typing import Any

from botocore.auth import SigV4Auth
from moto.core.utils import utcnow
from moto.iam.access_control import IAMRequest
from moto.iam.models import Policy, get_account_id_from, iam_backends
from moto.sts.models import sts_backends

import errors
import needs
import policy
import settings
from needs import Need
from wire import JSON_SERVICES, Answer, Call

ACCOUNT = "123456789012"
# The example keys of the AWS documentation; they open nothing anywhere.
FIRST = ("goldkeep", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
SECOND = ("guest", "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")
UNSIGNED = ("AssumeRoleWithWebIdentity", "AssumeRoleWithSAML")
WINDOW = {"ec2": timedelta(minutes=15)}
OTHER_WINDOW = timedelta(minutes=5)

enabled = True
local = threading.local()


class Refused(Exception):
    """Carries the status, the code and the message of an error answer."""


class Caller(IAMRequest):
    """The one who signed a request; raises Refused instead of moto's XML errors."""

    def _create_auth(self, credentials: Any) -> SigV4Auth:
        return SigV4Auth(credentials, self._service, self._region)

    def _raise_signature_does_not_match(self) -> None:
        raise wrong_signature(self._service)

    def _raise_invalid_access_key(self, reason: str) -> None:
        raise wrong_key(self._service)

    def _raise_access_denied(self) -> None:
        raise Refused()

    def may(self, need: Need) -> bool:
        if need.action == "sts:GetCallerIdentity":
            return True
        if need.action == "sts:AssumeRole":
            return self.may_assume(need.resource)
        documents = [document(found) for found in self._access_key.collect_policies()]
        return policy.allows(documents, need.action, need.resource, need.context)

    def may_assume(self, role: str) -> bool:
        """moto knows about the role's own policy."""
        try:
            self.check_action_permitted(role)
        except Refused:
            return False
        return True

    @property
    def arn(self) -> str:
        return self._access_key.arn


class Anybody:
    """The caller while signatures are not checked; only the deny setting counts."""

    arn = "anybody"

    def may(self, need: Need) -> bool:
        return not any(fnmatch.fnmatchcase(need.action, p) for p in settings.get("deny"))


def document(found: Any) -> str:
    """The text of an inline policy of a user or a role, or of a managed one."""
    if isinstance(found, Policy):
        return next(v.document for v in found.versions if v.is_default)
    return found if isinstance(found, str) else found["policy_document"]


def caller_may(need: Need) -> bool:
    """For calls that AWS makes on the caller's behalf."""
    return local.caller.may(need)


def refusal(need: Need) -> str:
    """What EC2 says about it."""
    return denied("ec2", local.caller.arn, need).args[2]


def check_signature(call: Call) -> Answer | None:
    local.caller = Anybody()
    if not enabled or call.action in UNSIGNED:
        return None
    try:
        local.caller = identify(call)
        local.caller.check_signature()
        check_session(call)
    except Refused as refusal:
        return errors.answer(call, *refusal.args)
    return None


def check_permission(call: Call) -> Answer | None:
    if call.action in UNSIGNED:
        return None
    for need in needs.of(call, account_of(call)):
        if not local.caller.may(need):
            return errors.answer(call, *denied(call.service, local.caller.arn, need).args)
    return None


def account_of(call: Call) -> str:
    return get_account_id_from(call.key) if enabled else ACCOUNT


def identify(call: Call) -> Caller:
    check_form(call)
    check_time(call)
    return Caller(
        account_id=get_account_id_from(call.key),
        method=call.method,
        path=call.target,
        data={},
        body=call.body,
        headers=call.headers,
        action=call.action,
    )


def check_form(call: Call) -> None:
    """Is it signed at all, and does the signature cover what AWS wants covered?"""
    if not call.key:
        raise not_signed(call.service)
    if not call.authorization.startswith("AWS4-HMAC-SHA256 "):
        raise wrong_signature(call.service)
    text = call.authorization.partition("SignedHeaders=")[2].partition(",")[0]
    signed = text.split(";")
    wanted = [n.lower() for n in call.headers if n.lower().startswith("x-amz-")]
    if not set(wanted + ["host", "x-amz-date"]) <= set(signed) or signed != sorted(signed):
        raise wrong_signature(call.service)
    given = call.headers.get("X-Amz-Content-SHA256")
    if given and given != hashlib.sha256(call.body).hexdigest():
        raise wrong_signature(call.service)


def check_time(call: Call) -> None:
    stamp = call.headers.get("X-Amz-Date", "")
    try:
        then = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise wrong_signature(call.service) from None
    if stamp[:8] != call.day:
        raise wrong_signature(call.service)
    now = datetime.now(timezone.utc)
    window = WINDOW.get(call.service, OTHER_WINDOW)
    if not now - window <= then <= now + window:
        raise out_of_time(call.service, stamp, f"{now:%Y%m%dT%H%M%SZ}", then < now)


def check_session(call: Call) -> None:
    """moto lets temporary credentials live for ever."""
    for role in sts_backends[get_account_id_from(call.key)]["aws"].assumed_roles:
        if role.access_key_id == call.key and role.expiration < utcnow():
            raise expired(call.service)


def not_signed(service: str) -> Refused:
    if service == "ec2":
        message = "The request must contain the parameter AWSAccessKeyId"
        return Refused(400, "MissingParameter", message)
    if service in JSON_SERVICES:
        message = "Request is missing Authentication Token"
        return Refused(400, "MissingAuthenticationTokenException", message)
    return Refused(403, "MissingAuthenticationToken", "Request is missing Authentication Token")


def wrong_signature(service: str) -> Refused:
    message = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. "
        "Consult the service documentation for details."
    )
    if service == "ec2":
        return not_validated()
    if service in JSON_SERVICES:
        return Refused(400, "InvalidSignatureException", message)
    return Refused(403, "SignatureDoesNotMatch", message)


def wrong_key(service: str) -> Refused:
    message = "The security token included in the request is invalid."
    if service == "ec2":
        return not_validated()
    if service in JSON_SERVICES:
        return Refused(400, "UnrecognizedClientException", message)
    return Refused(403, "InvalidClientTokenId", message)


def not_validated() -> Refused:
    message = "AWS was not able to validate the provided access credentials"
    return Refused(401, "AuthFailure", message)


def out_of_time(service: str, stamp: str, now: str, late: bool) -> Refused:
    if service == "ec2":
        return Refused(400, "RequestExpired", "Request has expired.") if late else not_validated()
    if late:
        message = f"Signature expired: {stamp} is now earlier than {now} (now - 5 min.)"
    else:
        message = f"Signature not yet current: {stamp} is still later than {now} (now + 5 min.)"
    if service in JSON_SERVICES:
        return Refused(400, "InvalidSignatureException", message)
    return Refused(403, "SignatureDoesNotMatch", message)


def expired(service: str) -> Refused:
    message = "The security token included in the request is expired"
    if service == "ec2":
        return Refused(400, "RequestExpired", "Request has expired.")
    if service in JSON_SERVICES:
        return Refused(400, "ExpiredTokenException", message)
    return Refused(403, "ExpiredToken", message)


def denied(service: str, arn: str, need: Need) -> Refused:
    reason = (
        f"User: {arn} is not authorized to perform: {need.action} on resource: {need.resource} "
        f"because no identity-based policy allows the {need.action} action"
    )
    if service == "ec2":
        message = f"You are not authorized to perform this operation. {reason}"
        return Refused(403, "UnauthorizedOperation", message)
    if service in JSON_SERVICES:
        return Refused(400, "AccessDeniedException", reason)
    return Refused(403, "AccessDenied", reason)


def seed() -> None:
    """Make both users; call it after every reset."""
    for name, key_id, secret in (FIRST, SECOND):
        add_user(name, key_id, secret)
    apply_settings()


def add_user(name: str, key_id: str, secret: str) -> None:
    backend = iam_backends[ACCOUNT]["aws"]
    user = backend.create_user("us-east-1", name)
    key = user.create_access_key(prefix="AKIA")
    key.access_key_id, key.secret_access_key = key_id, secret
    backend.access_keys[key_id] = key


def apply_settings() -> None:
    """Turn the deny and second_key_allows settings into IAM policies of the users."""
    first = [statement("Allow", ["*"])]
    if settings.get("deny"):
        first.append(statement("Deny", settings.get("deny")))
    set_policy(FIRST[0], first)
    allowed = settings.get("second_key_allows")
    set_policy(SECOND[0], [statement("Allow", allowed)] if allowed else [])


def statement(effect: str, actions: list[str]) -> dict[str, Any]:
    return {"Effect": effect, "Action": actions, "Resource": "*"}


def set_policy(user: str, statements: list[dict[str, Any]]) -> None:
    backend = iam_backends[ACCOUNT]["aws"]
    if "settings" in backend.list_user_policies(user):
        backend.delete_user_policy(user, "settings")
    if statements:
        document = {"Version": "2012-10-17", "Statement": statements}
        backend.put_user_policy(user, "settings", json.dumps(document))
