"""MaxResults and NextToken, with the tricks that the settings ask for.

A token holds the key of the last item given, not a position: items deleted between
two pages then never make a listing skip others.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

from moto.ec2.exceptions import EC2ClientError

import settings

# What a wrong number of items is called, where it is not InvalidParameterValue.
REFUSALS = {"autoscaling": "ValidationError", "ssm": "ValidationException"}


def page(
    response: Any,
    items: list[Any],
    key: Callable[[Any], str],
    least: int = 5,
    most: int = 1000,
    default: int = 1000,
    size_name: str = "MaxResults",
) -> tuple[list[Any], str | None]:
    """One page of the items, and the token of the next one."""
    place = [response._get_action(), response.region]
    size = page_size(response, least, most, default, size_name)
    token = response._get_param("NextToken")
    last = read_token(token, place) if token else None
    if last is None and settings.get("empty_first_page"):
        return [], make_token(place, "")
    ordered = sorted(items, key=key)
    rest = [item for item in ordered if last is None or key(item) > last]
    here = rest[:size]
    more = len(rest) > size
    return here, make_token(place, key(here[-1])) if more else None


def page_size(response: Any, least: int, most: int, default: int, name: str) -> int:
    asked = response._get_int_param(name)
    if asked is not None and not least <= asked <= most:
        limit = f"greater than {least}" if asked < least else f"less than {most}"
        message = f"Value ( {asked} ) for parameter {name} is invalid. Expecting a value {limit}."
        raise EC2ClientError(REFUSALS.get(response.service_name, "InvalidParameterValue"), message)
    size = asked or default
    cap = settings.get("page_size")
    return min(size, cap) if cap else size


def make_token(place: list[str], last: str) -> str:
    text = json.dumps([*place, last])
    return base64.urlsafe_b64encode(text.encode()).decode()


def read_token(token: str, place: list[str]) -> str:
    try:
        *made_for, last = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError):
        made_for, last = [], ""
    if made_for != place:
        raise EC2ClientError("InvalidNextToken", f"The token '{token}' is invalid")
    return last
