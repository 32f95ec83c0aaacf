"""What stands on a backend while claims are measured: three small WebSocket APIs with a recording function each.

Everything has a name that begins with `parity-` and the run's tag, so `take_down` finds it, half deployed or whole.
"""

import io
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.stack.model import Api, Function, Route, Stack
from harness.stack.provision import provision

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


def full_stack(tag: str, queue_url: str) -> Stack:
    """Every predefined route, one more that is one-way, and one that is two-way."""
    routes = {key: Route(function="recorder") for key in FULL_ROUTES}
    return _stack(f"parity-{tag}-full", queue_url, routes | {"two-way": _two_way()})


def bare_stack(tag: str, queue_url: str) -> Stack:
    """One route, and none of the predefined ones."""
    return _stack(f"parity-{tag}-bare", queue_url, {key: _two_way() for key in BARE_ROUTES})


def composed_stack(tag: str, queue_url: str) -> Stack:
    """Routes that are selected by two fields of a message."""
    routes = {key: Route(function="recorder") for key in COMPOSED_ROUTES}
    return _stack(f"parity-{tag}-composed", queue_url, routes, COMPOSED_EXPRESSION)


def _two_way() -> Route:
    return Route(function="recorder", two_way=True)


def _stack(
    name: str, queue_url: str, routes: Mapping[str, Route], expression: str = "$request.body.action"
) -> Stack:
    environment = {"QUEUE_URL": queue_url, "MANAGEMENT_ENDPOINT": "${api.management_endpoint}"}
    recorder = Function(handler="recorder.handler", timeout=20.0, environment=environment)
    api = Api(name=name, stage=STAGE, route_selection_expression=expression, routes=routes)
    return Stack(name=name, functions={"recorder": recorder}, api=api)


def deploy(
    stack: Stack,
    client: "Callable[[str], BaseClient]",
    urls: Callable[[str, str], Mapping[str, str]],
) -> WebSocketApi:
    """The stack at a backend; BackendError names what cannot be deployed."""
    made = provision(stack, client=client, urls=urls, code=recorder_code)
    return WebSocketApi(
        made.api_id,
        made.url,
        made.management_endpoint,
        made.outputs["functions.recorder.arn"],
    )


def recorder_code(_: Function) -> Mapping[str, object]:
    """The recording function as a package, the one form of code that every backend takes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(Path(__file__).with_name("recorder.py"), "recorder.py")
    return {"ZipFile": packed.getvalue()}


def take_down(stack_name: str, client: "Callable[[str], BaseClient]") -> None:
    """Deletes the stack's API and function, as far as these were made; botocore's errors when a deletion fails."""
    functions: Any = client("lambda")
    with suppress(functions.exceptions.ResourceNotFoundException):
        functions.delete_function(FunctionName=f"{stack_name}-recorder")
    apis: Any = client("apigatewayv2")
    pages = apis.get_paginator("get_apis").paginate()
    for api in [one for page in pages for one in page["Items"] if one["Name"] == stack_name]:
        apis.delete_api(ApiId=api["ApiId"])
