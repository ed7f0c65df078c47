"""POST /goldkeep/save and restore: the account as it was, with the same ids, as often as wanted.

Kept are EC2 and SSM, in the process itself; users, tables and groups are not part of it.
"""

import copy
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ssm.models import ParameterDict, ssm_backends

SERVICES = {"ec2": ec2_backends, "ssm": ssm_backends}

kept: dict[tuple[str, str, str], Any] = {}


def copied_parameters(found: ParameterDict, memo: dict[int, Any]) -> ParameterDict:
    """The copy module does not know what its constructor wants."""
    made = ParameterDict(found.account_id, found.region_name)
    memo[id(found)] = made
    vars(made).update(copy.deepcopy(vars(found), memo))
    made.update(copy.deepcopy(dict(found.items()), memo))
    return made


ParameterDict.__deepcopy__ = copied_parameters


def backends() -> dict[tuple[str, str, str], Any]:
    return {
        (service, account, region): backend
        for service, accounts in SERVICES.items()
        for account, regions in list(accounts.items())
        for region, backend in list(regions.items())
    }


def copied(states: dict[tuple[str, str, str], Any]) -> dict[tuple[str, str, str], Any]:
    """Everything the backends hold; what points to a backend goes on pointing to it."""
    return copy.deepcopy(states, {id(backend): backend for backend in backends().values()})


def save() -> None:
    kept.clear()
    kept.update(copied({key: vars(backend) for key, backend in backends().items()}))


def restore() -> None:
    """Regions that were first used after the save are empty afterwards."""
    if not kept:
        raise ValueError("nothing was saved since the last reset")
    states = copied(kept)
    for key in backends().keys() - kept.keys():
        service, account, region = key
        SERVICES[service][account].pop(region)
    for key, backend in backends().items():
        vars(backend).clear()
        vars(backend).update(states[key])


def forget() -> None:
    kept.clear()
