"""Roles: what a function may do by the policies of its role, as far as moto's IAM knows the role.

A role that nobody created is not looked at, as on a machine of one's own; one that Terraform or a script created with
its policies is held to them, so that a permission that lacks is found here and not on AWS.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import orjson

from harness.emulator.aws_api.requests import ACCOUNT, AwsCall
from harness.emulator.gateway.management_answers import Caller
from harness.emulator.gateway.policies import is_understood, statements_of
from harness.emulator.lambda_runtime.function import FunctionConfiguration
from harness.emulator.moto_services import Moto, backend_of
from harness.emulator.port.http import Request, Response

StatementsByRole: TypeAlias = Mapping[str, tuple[Mapping[str, object], ...]]

_EVERYWHERE = "aws"
_ALL: Mapping[str, object] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_log = logging.getLogger(__name__)


class Roles:
    """Answers the calls of `iam`, by moto, and reads the roles of the account again after each.

    A statement that is not understood is logged and taken to allow all.
    """

    def __init__(self, moto: Moto) -> None:
        self._moto = moto
        self._statements: StatementsByRole = {}

    async def answer(self, call: AwsCall, request: Request) -> Response:
        """moto's answer, once what it changed is read."""
        response = await self._moto.answer(call, request)
        await self.read()
        return response

    async def read(self) -> None:
        """Reads the roles as they are now."""
        self._statements = await self._moto.run(_read_roles)

    def caller_of(self, function: FunctionConfiguration | None) -> Caller | None:
        """Who calls when the function does; None for no function, and for a role that IAM does not know."""
        name = "" if function is None else function.role.rpartition("/")[2]
        statements = self._statements.get(name)
        if function is None or statements is None:
            return None
        return Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{function.name}", statements)


def _read_roles() -> StatementsByRole:
    backend: Any = backend_of("iam", _EVERYWHERE)
    return {
        role.name: tuple(_statement(each, role.name) for each in _statements(role))
        for role in backend.roles.values()
    }


def _statements(role: Any) -> Iterator[object]:
    for text in list(role.policies.values()):
        yield from statements_of(orjson.loads(text))
    for policy in list(role.managed_policies.values()):
        yield from statements_of(orjson.loads(policy.document))


def _statement(statement: object, role: str) -> Mapping[str, object]:
    if isinstance(statement, Mapping) and is_understood(statement):
        return statement
    # What it would forbid or allow is not known; to refuse on a guess would break what works on AWS.
    _log.warning("role %s: a statement with conditions or Not... elements is taken to allow all", role)
    return _ALL
