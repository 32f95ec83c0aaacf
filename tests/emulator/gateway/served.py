"""A gateway with scripted functions behind a minimal HTTP port, for real WebSocket clients and boto3."""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any, TypeAlias, cast

import boto3
import pytest
import uvloop
from botocore.config import Config
from botocore.exceptions import ClientError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed as ClientSawClose
from websockets.exceptions import InvalidStatus

from harness.clock import ManualClock
from harness.emulator.gateway.apis import (
    Api,
    Integration,
    LambdaIntegration,
    Route,
    RouteKey,
    Stage,
)
from harness.emulator.gateway.configuration import GatewaySettings
from harness.emulator.gateway.connect_route import Accepted
from harness.emulator.gateway.management_answers import Caller
from harness.emulator.gateway.quotas import Quotas
from harness.emulator.gateway.server import Gateway
from harness.emulator.gateway.urls import ExecuteApiTarget, execute_api_target
from harness.emulator.lambda_runtime.outcome import (
    Cause,
    FunctionError,
    NoSuchFunction,
    Outcome,
    RequestId,
    Returned,
    Throttled,
)
from harness.emulator.port.http import Headers, Request, Response
from harness.record.observation import ConnectionOpened, Observation
from tests.patience import WAIT as WAIT

A_HANDSHAKE = (
    b"GET /_aws/execute-api/a1b2/dev HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ID = re.compile(r"[A-Za-z0-9_-]{14}[AEIMQUYcgkosw048]=")
UNKNOWN_ID = "H111mc0HywMCEEf="
Event: TypeAlias = dict[str, Any]
Behaviour: TypeAlias = Callable[[Event], Awaitable[object]]


class Scripted:
    """Functions that do what a test says, by name; every call is kept in order."""

    def __init__(self, behaviours: Mapping[str, object]) -> None:
        self.behaviours = dict(behaviours)
        self.calls: list[tuple[str, Event, Cause]] = []
        self.changed = asyncio.Event()

    async def invoke(self, function: str, payload: bytes, *, cause: Cause) -> Outcome:
        event: Event = json.loads(payload)
        self.calls.append((function, event, cause))
        behaviour = self.behaviours.get(function, {"statusCode": 200})
        self.changed.set()
        result = await behaviour(event) if callable(behaviour) else behaviour
        if isinstance(result, FunctionError | Throttled | NoSuchFunction):
            return result
        return Returned(RequestId("r"), json.dumps(result).encode())

    def invoke_event(self, function: str, payload: bytes, *, cause: Cause) -> RequestId | NoSuchFunction:
        raise NotImplementedError

    def events_of(self, function: str) -> list[Event]:
        return [event for name, event, _ in self.calls if name == function]


class Port(asyncio.Protocol):
    """Just enough HTTP/1.1 for a gateway: what the emulator's one port does."""

    def __init__(self, gateway: Gateway, transports: list[asyncio.Transport], hung_up: asyncio.Event) -> None:
        self._gateway = gateway
        self._hung_up = hung_up
        self._transports = transports
        self._received = b""
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transports.append(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._task is None and (request := self._next_request()) is not None:
            self._dispatch(request)

    def connection_lost(self, exc: Exception | None) -> None:
        self._hung_up.set()

    def _next_request(self) -> Request | None:
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return None
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = Headers(tuple((n, v.strip()) for n, _, v in (each.partition(":") for each in fields)))
        length = int(headers.get("Content-Length", "0"))
        if len(rest) < length:
            return None
        self._received = rest[length:]
        method, target, _ = line.split(" ")
        path, _, query = target.partition("?")
        peer = self._transport.get_extra_info("peername")
        return Request(method, path, query, headers, rest[:length], peer)

    def _dispatch(self, request: Request) -> None:
        target = execute_api_target(request.headers.get("Host"), request.path)
        assert target is not None
        if target.is_connections:
            answer = self._gateway.call(request, target.api_id, target.stage, target.rest)
            if isinstance(answer, Response):
                self._respond(answer)
            else:
                self._task = asyncio.get_running_loop().create_task(self._later(answer))
        else:
            self._task = asyncio.get_running_loop().create_task(self._open(request, target))

    async def _later(self, answer: Awaitable[Response]) -> None:
        self._respond(await answer)
        self._task = None

    async def _open(self, request: Request, target: ExecuteApiTarget) -> None:
        answer = await self._gateway.handshake(request, target.api_id, target.stage, target.rest)
        if isinstance(answer, Accepted):
            early, self._received = self._received, b""
            self._gateway.open(answer, self._transport).data_received(early)
        else:
            self._respond(answer)
            self._task = None

    def _respond(self, response: Response) -> None:
        fields = (*response.headers, ("Content-Length", str(len(response.body))))
        lines = (f"HTTP/1.1 {response.status} x", *(f"{name}: {value}" for name, value in fields), "", "")
        self._transport.write("\r\n".join(lines).encode() + response.body)


@dataclass
class Served:
    gateway: Gateway
    functions: Scripted
    clock: ManualClock
    port: int
    hung_up: asyncio.Event
    seen: list[Observation] = field(default_factory=list)
    scheme: str = "ws"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/_aws/execute-api/a1b2/dev"

    @property
    def endpoint(self) -> str:
        return self.url.replace("ws:", "http:")

    @asynccontextmanager
    async def client(self, query: str = "", **options: Any) -> AsyncIterator[ClientConnection]:
        options = {"compression": None, "ping_interval": None, "user_agent_header": "UA", **options}
        async with connect(self.url + query, **options) as client:
            yield client

    def connection_id(self) -> str:
        """The id of the connection that was opened last."""
        return [each.connection for each in self.seen if isinstance(each, ConnectionOpened)][-1]

    def of(self, kind: type[Observation]) -> list[Observation]:
        return [each for each in self.seen if isinstance(each, kind)]

    def was_called(self, times: int) -> bool:
        """Whether functions were invoked so often."""
        return len(self.functions.calls) == times

    async def until(self, holds: Callable[[], object]) -> None:
        """Returns once the condition holds, looking whenever something was observed or invoked."""
        async with asyncio.timeout(WAIT):
            while not holds():
                self.functions.changed.clear()
                await self.functions.changed.wait()

    async def idle(self) -> None:
        await asyncio.wait_for(self.gateway.idle.wait(), WAIT)

    async def call(self, operation: str, **parameters: object) -> Any:
        """One call through boto3."""
        sdk = an_sdk(self.endpoint)
        return await asyncio.to_thread(getattr(sdk, operation), **parameters)

    async def error(self, operation: str, **parameters: object) -> tuple[str, str, int, type[Exception]]:
        """The code, message, status and class of the error that a call through boto3 raises."""
        with pytest.raises(ClientError) as caught:
            await self.call(operation, **parameters)
        response = caught.value.response
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        return response["Error"]["Code"], response["Error"]["Message"], status, caught.type


@cache
def a_session() -> Any:
    return boto3.Session(aws_access_key_id="AK", aws_secret_access_key="s", region_name="us-east-1")


def an_sdk(endpoint: str) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    return a_session().client("apigatewaymanagementapi", endpoint_url=endpoint, config=config)


def a_route(key: str, *, two_way: bool = False, function: str | None = None, **rest: Any) -> Route:
    integration: Integration = LambdaIntegration(function or key.strip("$"))
    return Route(RouteKey(key), **{"integration": integration, "route_response": two_way, **rest})


def an_api(*routes: Route, stage: Stage | None = None, **rest: Any) -> Api:
    stage = stage or Stage("dev")
    by_key = {route.route_key: route for route in routes}
    return Api("a1b2", "ws", "us-east-1", "000000000000", {stage.name: stage}, by_key, **rest)


FULL = (a_route("$connect"), a_route("$disconnect"), a_route("send"), a_route("ask", two_way=True))


@asynccontextmanager
async def serving(
    *routes: Route,
    quotas: Quotas | None = None,
    settings: GatewaySettings | None = None,
    api: Api | None = None,
    tls: ssl.SSLContext | None = None,
    secrets: Mapping[str, str] | None = None,
    callers: Mapping[str, Caller] | None = None,
    wall_time: float = 1_700_000_000.0,
    **behaviours: object,
) -> AsyncIterator[Served]:
    clock, functions, seen = ManualClock(time=wall_time), Scripted(behaviours), list[Observation]()
    deployed = api or an_api(*(routes or FULL))
    apis = {deployed.api_id: deployed}

    def note(observation: Observation) -> None:
        seen.append(observation)
        functions.changed.set()

    gateway = Gateway(
        api=lambda api_id, _: apis.get(api_id),
        functions=functions,
        clock=clock,
        random=Random(1),
        note=note,
        quotas=quotas,
        settings=settings,
        invocation_of={"AK": "invocation-1"}.get,
        caller_of=(callers or {}).get,
        secret_of=None if secrets is None else secrets.get,
    )
    transports: list[asyncio.Transport] = []
    hung_up = asyncio.Event()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Port(gateway, transports, hung_up), "127.0.0.1", 0, ssl=tls)
    try:
        port = server.sockets[0].getsockname()[1]
        yield Served(gateway, functions, clock, port, hung_up, seen, "wss" if tls else "ws")
        assert gateway.errors == 0
    finally:
        server.close()
        await gateway.close()
        for transport in transports:
            transport.abort()
        for _ in range(3):
            await asyncio.sleep(0)  # uvloop frees a transport some turns after its end


def run(test: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(test, WAIT))


async def received(client: ClientConnection) -> str | bytes:
    return await asyncio.wait_for(client.recv(), WAIT)


async def closing_of(client: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ClientSawClose) as caught:
        await received(client)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


def told(event: Event) -> tuple[int, str]:
    context = event["requestContext"]
    return context["disconnectStatusCode"], context["disconnectReason"]


async def echo(event: Event) -> object:
    return {"statusCode": 200, "body": event["body"]}


def a_post(body: bytes) -> Request:
    scope = "Credential=AK/20231114/us-east-1/execute-api/aws4_request"
    signed = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"
    return Request("POST", "/", headers=Headers((("Authorization", signed),)), body=body)


def a_post_to(served: Served, connection: str, request: Request) -> int:
    return served.gateway.manage(request, "a1b2", "dev", f"@connections/{connection}").status


async def refused(served: Served, query: str = "", **options: Any) -> tuple[int, str, str]:
    """The status, the error type and the message of a handshake that is refused."""
    with pytest.raises(InvalidStatus) as caught:
        async with served.client(query, **options):
            raise AssertionError("accepted")
    response = caught.value.response
    message = json.loads(response.body or b"{}").get("message", "")
    return response.status_code, response.headers.get("x-amzn-ErrorType", ""), message
