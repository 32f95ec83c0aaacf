"""Deployment on a backend while claims are measured: three small WebSocket APIs with a recording function each.

Every name begins with `parity-` and the run's tag, so nothing of others is touched.
"""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.stack.model import Api, Function, Route, Stack
from harness.stack.provision import provision
from harness.stack.removal import Made

if TYPE_CHECKING:
    from botocore.client import BaseClient

STAGE = "parity"
FULL_ROUTES = ("$connect", "$disconnect", "$default", "one-way")
BARE_ROUTES = ("known",)
COMPOSED_ROUTES = ("$connect", "$disconnect", "$default", "chat/join", "chat/")
COMPOSED_EXPRESSION = "${request.body.service}/${request.body.action}"


@dataclass(frozen=True, slots=True)
class WebSocketApi:
    """A deployed API: its addresses, and the ARN of the function behind all of its routes."""

    api_id: str
    url: str
    management_endpoint: str
    function_arn: str


def full_stack(tag: str, environment: Mapping[str, str]) -> Stack:
    """Every predefined route, one more that is one-way, and one that is two-way."""
    routes = {key: Route(function="recorder") for key in FULL_ROUTES}
    return _stack(f"parity-{tag}-full", environment, routes | {"two-way": _two_way()})


def bare_stack(tag: str, environment: Mapping[str, str]) -> Stack:
    """One route, and none of the predefined ones."""
    return _stack(f"parity-{tag}-bare", environment, {key: _two_way() for key in BARE_ROUTES})


def composed_stack(tag: str, environment: Mapping[str, str]) -> Stack:
    """Routes that are selected by two fields of a message."""
    routes = {key: Route(function="recorder") for key in COMPOSED_ROUTES}
    return _stack(f"parity-{tag}-composed", environment, routes, COMPOSED_EXPRESSION)


def _two_way() -> Route:
    return Route(function="recorder", two_way=True)


def _stack(
    name: str,
    environment: Mapping[str, str],
    routes: Mapping[str, Route],
    expression: str = "$request.body.action",
) -> Stack:
    variables = {**environment, "MANAGEMENT_ENDPOINT": "${api.management_endpoint}"}
    recorder = Function(handler="recorder.handler", timeout=20.0, environment=variables)
    api = Api(name=name, stage=STAGE, route_selection_expression=expression, routes=routes)
    return Stack(name=name, functions={"recorder": recorder}, api=api)


def deploy(
    stack: Stack,
    client: "Callable[[str], BaseClient]",
    urls: Callable[[str, str], Mapping[str, str]],
    made: Callable[[Made], None],
) -> WebSocketApi:
    """The stack at a backend; BackendError names what cannot be deployed, `made` is told of what was."""
    deployment = provision(stack, client=client, urls=urls, code=recorder_code, made=made)
    # A backend may tell functions another address of @connections than the one that is reached from here.
    management_endpoint = deployment.url.replace("ws", "http", 1)
    function_arn = deployment.outputs["functions.recorder.arn"]
    return WebSocketApi(deployment.api_id, deployment.url, management_endpoint, function_arn)


def recorder_code(_: Function) -> Mapping[str, object]:
    """The recording function as a package, the one form of code that every backend takes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(Path(__file__).with_name("recorder.py"), "recorder.py")
    return {"ZipFile": packed.getvalue()}
