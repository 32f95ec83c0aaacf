"""Doors: which request goes to which room.

port ──> doors ──┬── /_harness/ ............ pages ──> journal; elsewhere (what topics over there post)
                 ├── execute-api hosts ..... gateway (handshakes, messages, @connections)
                 ├── services elsewhere .... elsewhere ──> their endpoints
                 ├── the table below ....... one room a service
                 ├── everything else ....... moto
                 └── without a signature ... sns (URLs in its messages), else refused
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from harness.emulator.aws_api.errors import aws_error, not_emulated, query_error
from harness.emulator.aws_api.requests import AwsCall, InvocationOf, Service, aws_call, is_query
from harness.emulator.gateway.apis import CustomDomain
from harness.emulator.gateway.connect_route import Accepted
from harness.emulator.gateway.management_answers import FORBIDDEN
from harness.emulator.gateway.urls import (
    ExecuteApiTarget,
    custom_domain_target,
    execute_api_target,
    host_name,
    means_connections,
)
from harness.emulator.pages import PREFIX
from harness.emulator.port.http import MaybeLater, Request, Response, json_response
from harness.emulator.port.server import Adopt
from harness.emulator.sent import SendingNotes

NO_MAPPING = json_response(404, b'{"message":"Not Found"}')  # U-5
NO_API = json_response(404, b'{"message":"Not Found: no WebSocket API at this address"}')


class Tables(Service, Protocol):
    """The room of DynamoDB."""

    def refuse_unsigned(self) -> Response:
        """The answer to a request without a signature."""


class DataPlane(Protocol):
    """The room of API Gateway's data plane; `rest` is the path behind the stage."""

    def call(self, request: Request, api_id: str, stage: str, rest: str) -> MaybeLater:
        """The answer to a call of `@connections`."""

    def astray(self, request: Request, response: Response, reason: str) -> None:
        """Is told of a call that was meant for `@connections`, and was answered by somebody else."""

    async def handshake(self, request: Request, api_id: str, stage: str, rest: str) -> Accepted | Response:
        """The answer to an opening handshake."""

    def open(self, accepted: Accepted, transport: asyncio.Transport) -> asyncio.Protocol:
        """Answers an accepted handshake, and takes what the client sends from then on."""


class OwnPages(Protocol):
    """The emulator's own pages."""

    def answer(self, request: Request) -> MaybeLater:
        """The page."""


class ServicesElsewhere(Service, Protocol):
    """The room of services that are at another endpoint."""

    def __contains__(self, service: str) -> bool: ...

    def posted(self, request: Request) -> Response | None:
        """The answer to what a topic over there posts to us; None for another page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """Who answers the calls of which service; moto answers those of all others."""

    functions: Service
    topics: Service
    queues: Service
    tables: Tables
    events: Service
    apis: Service
    roles: Service
    metrics: Service
    moto: Service

    def by_signing_name(self) -> Mapping[str, Service]:
        """The rooms by the name with which a service's requests are signed (streams apart from tables)."""
        return {
            "lambda": self.functions,  # lambda_runtime.api ──> event_sources.api
            "sns": self.topics,  # sns.api ──> lambda_runtime, sqs, HTTP endpoints; moto
            "sqs": self.queues,  # sqs.api ──> moto; event_sources hear of it
            "dynamodb": self.tables,  # dynamodb.wire
            "dynamodbstreams": self.tables,
            "events": self.events,  # events.event_bridge ──> lambda_runtime, letter_delivery; moto
            "apigateway": self.apis,  # gateway.control_plane.api ──> moto (HTTP APIs); the gateway reads APIs anew
            "iam": self.roles,  # iam.roles ──> moto
            "monitoring": self.metrics,  # sns.metrics_api ──> moto
            "execute-api": _Forbidden(),
            "": _Nameless(),
        }


class Doors:
    """Hands every request to its room, and what no room takes back, refused by name.

    Raises what a room raises, which is a defect of ours: the port logs it, and goes on.
    """

    def __init__(
        self,
        rooms: Rooms,
        *,
        gateway: DataPlane,
        custom_domain: Callable[[str], CustomDomain | None],
        is_in: Callable[[str, str], bool],
        pages: OwnPages,
        invocation_of: InvocationOf,
        visit: Callable[[Request], Awaitable[Response | None]],
        sending: SendingNotes,
        elsewhere: ServicesElsewhere | None = None,
    ) -> None:
        """`is_in(region, api id)` tells where APIs are, `invocation_of` tells callers apart.

        `visit` answers who follows a URL in a message of SNS.
        """
        self._sending = sending
        self._rooms, self._moto, self._tables = rooms.by_signing_name(), rooms.moto, rooms.tables
        self._gateway, self._custom_domain, self._is_in, self._pages = gateway, custom_domain, is_in, pages
        self._invocation_of, self._visit, self._elsewhere = invocation_of, visit, elsewhere

    def answer(self, request: Request) -> MaybeLater:
        """The response to a request that is no opening handshake."""
        target = self._target(request)
        if not isinstance(target, ExecuteApiTarget) and means_connections(request.path):
            return self._astray(request, target)
        return self._answer(request, target)

    def _answer(self, request: Request, target: ExecuteApiTarget | Response | None) -> MaybeLater:
        if isinstance(target, Response):
            return target
        if target is not None and _is_plain_get(request, target):
            return self._plain_get(request, target)
        if target is not None:
            return self._gateway.call(request, target.api_id, target.stage, target.rest)
        if request.path.startswith(PREFIX):
            posted = None if self._elsewhere is None else self._elsewhere.posted(request)
            return posted or self._pages.answer(request)
        call = aws_call(request, self._invocation_of)
        if call is None:
            return self._unsigned(request)
        return self._sending.noting(call, request, lambda: self._room(call).answer(call, request))

    async def _astray(self, request: Request, target: Response | None) -> Response:
        """A call of @connections at an address of nobody's, as an unset variable makes one."""
        answer = self._answer(request, target)
        response = answer if isinstance(answer, Response) else await answer
        self._gateway.astray(request, response, f"no such API: {_missing(target)}")
        return response

    def _room(self, call: AwsCall) -> Service:
        if self._elsewhere is not None and call.service in self._elsewhere:
            return self._elsewhere
        return self._rooms.get(call.service, self._moto)

    def _unsigned(self, request: Request) -> MaybeLater:
        if request.headers.get("x-amz-target").startswith("DynamoDB"):
            return self._tables.refuse_unsigned()
        return self._visited(request)

    async def _visited(self, request: Request) -> Response:
        """By somebody without a signature: who follows a URL in a message of SNS, else a mistake."""
        return await self._visit(request) or _refuse_unsigned(request)

    # --- API Gateway's data plane -------------------------------------------------------------------------

    async def upgrade(self, request: Request) -> Response | Adopt:
        """The answer to an opening handshake."""
        target = self._target(request)
        if isinstance(target, Response):
            return target
        if target is None:
            return NO_API
        answer = await self._gateway.handshake(request, target.api_id, target.stage, target.rest)
        if isinstance(answer, Accepted):
            accepted = answer
            return lambda transport: self._gateway.open(accepted, transport)
        return answer

    async def _plain_get(self, request: Request, target: ExecuteApiTarget) -> Response:
        """The gateway says what is missing of an opening handshake."""
        answer = await self._gateway.handshake(request, target.api_id, target.stage, target.rest)
        return answer if isinstance(answer, Response) else Response(400)

    def _target(self, request: Request) -> ExecuteApiTarget | Response | None:
        """What of API Gateway's data plane a request means; a response for a path that a custom domain lacks."""
        host = request.headers.get("host")
        target = execute_api_target(host, request.path)
        if target is not None and target.region and not self._is_in(target.region, target.api_id):
            return FORBIDDEN  # G-7
        domain = self._custom_domain(host_name(host)) if target is None else None
        if domain is None:
            return target
        return custom_domain_target(domain, request.path) or NO_MAPPING


def _missing(target: Response | None) -> str:
    if target is None:
        return "the address has none"
    return "not in this region" if target is FORBIDDEN else "no mapping of this domain is for the address"


class _Forbidden:
    """A call that is signed for API Gateway's data plane, at an address that is none of its."""

    def answer(self, call: AwsCall, request: Request) -> Response:
        return aws_error(call.service, 403, "ForbiddenException", "Forbidden")


class _Nameless:
    """A call whose signature names no service."""

    def answer(self, call: AwsCall, request: Request) -> Response:
        return not_emulated(call.service, call.operation)


def _is_plain_get(request: Request, target: ExecuteApiTarget) -> bool:
    """A GET of a WebSocket URL by something that is neither an SDK nor a WebSocket client, a browser say."""
    return request.method == "GET" and not target.is_connections and "authorization" not in request.headers


def _refuse_unsigned(request: Request) -> Response:
    code = "MissingAuthenticationTokenException"
    message = "Missing Authentication Token: AWS calls must be signed (any credentials do)"
    return query_error(403, code, message) if is_query(request) else aws_error("", 403, code, message)
