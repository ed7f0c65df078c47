"""The moto services, with our own classes put in the place of moto's where they add something."""

import functools
from typing import Any

import moto.core.responses
from moto.core import model_instances
from moto.core.base_backend import BackendDict
from moto.core.utils import camelcase_to_underscores, get_service_model
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.ec2.models import ec2_backends
from moto.iam.responses import IamResponse
from moto.instance_metadata.responses import InstanceMetadataResponse
from moto.sts.responses import TokenResponse

import ec2
import groups
import parameters
import quick_dynamodb
import tables
from wire import Call

RESPONSES: dict[str, Any] = {
    "ec2": ec2.Response,
    "autoscaling": groups.Response,
    "ssm": parameters.Response,
    "dynamodb": DynamoHandler,
    "iam": IamResponse,
    "sts": TokenResponse,
}


def install() -> None:
    ec2_backends.backend = ec2.Backend
    dynamodb_backends.backend = tables.Backend
    Table.__deepcopy__ = tables.copy_table
    quick_dynamodb.install()
    # moto lists all methods of a class anew for every request.
    names = functools.lru_cache(moto.core.responses.method_names_from_class)
    moto.core.responses.method_names_from_class = names


@functools.lru_cache
def actions(service: str) -> frozenset[str]:
    """What AWS has (by botocore's model) and moto or one of our classes does."""
    methods = moto.core.responses.method_names_from_class(RESPONSES[service])
    names = get_service_model(service).operation_names
    return frozenset(name for name in names if camelcase_to_underscores(name) in methods)


def warm_up() -> None:
    """Load the service models now: the first request would take half a second otherwise."""
    for service in RESPONSES:
        actions(service)


def knows(call: Call) -> bool:
    return call.action in actions(call.service)


def dispatcher(call: Call) -> Any:
    return RESPONSES[call.service].dispatch


def metadata(*arguments: Any) -> Any:
    return InstanceMetadataResponse.metadata_response(*arguments)


def reset() -> None:
    """Forget everything. moto's own reset builds each region anew first, which takes long."""
    for backends in list(BackendDict._instances):
        backends.clear()
    BackendDict._instances.clear()
    model_instances.reset_model_data()
