"""Real WebSocket clients and boto3 against a gateway behind a minimal HTTP port."""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from typing import Any, TypeAlias, cast

import boto3
import pytest
import trustme
import uvloop
from botocore.config import Config
from botocore.exceptions import ClientError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed as ClientSawClose
from websockets.exceptions import InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from harness.clock import ManualClock
from harness.emulator.gateway.apis import (
    Api,
    Authorizer,
    Integration,
    LambdaIntegration,
    Route,
    RouteKey,
    Stage,
    Throttling,
    UnsupportedIntegration,
)
from harness.emulator.gateway.quotas import Quotas
from harness.emulator.gateway.server import Accepted, Gateway, GatewaySettings
from harness.emulator.gateway.urls import execute_api_target
from harness.emulator.http import Headers, Request, Response
from harness.emulator.lambda_runtime.outcome import (
    Cause,
    FunctionError,
    NoSuchFunction,
    Outcome,
    RequestId,
    Returned,
    Throttled,
)
from harness.record.observation import ConnectionClosed, ConnectionOpened, ConnectionPosted, Observation

WAIT = 10.0
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
            self._respond(self._gateway.manage(request, target.api_id, target.stage, target.rest))
        else:
            work = self._open(request, target.api_id, target.stage)
            self._task = asyncio.get_running_loop().create_task(work)

    async def _open(self, request: Request, api_id: str, stage: str) -> None:
        answer = await self._gateway.handshake(request, api_id, stage)
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
    **behaviours: object,
) -> AsyncIterator[Served]:
    clock, functions, seen = ManualClock(), Scripted(behaviours), list[Observation]()
    deployed = api or an_api(*(routes or FULL))
    apis = {deployed.api_id: deployed}

    def note(observation: Observation) -> None:
        seen.append(observation)
        functions.changed.set()

    gateway = Gateway(
        api=apis.get,
        functions=functions,
        clock=clock,
        random=Random(1),
        note=note,
        quotas=quotas,
        settings=settings,
        invocation_of={"AK": "invocation-1"}.get,
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
        runner.run(asyncio.wait_for(test, 60))


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


# --- the opening handshake -----------------------------------------------------------------------------------


def test_handshake_is_held_until_connect_returned() -> None:  # C-1, C-12, C-14
    async def scenario() -> None:
        held, reached = asyncio.Event(), asyncio.Event()

        async def hold(event: Event) -> object:
            reached.set()
            await held.wait()
            return {"statusCode": 200}

        async with serving(connect=hold) as served:
            opening = asyncio.ensure_future(connect(served.url, compression=None).__aenter__())
            await asyncio.wait_for(reached.wait(), WAIT)
            [event] = served.functions.events_of("connect")
            connection_id = event["requestContext"]["connectionId"]
            code, _, status, _ = await served.error("get_connection", ConnectionId=connection_id)
            assert (code, status, opening.done()) == ("GoneException", 410, False)
            assert served.gateway.in_flight() == 2  # the handshake and its invocation
            held.set()
            client = await asyncio.wait_for(opening, WAIT)
            await served.call("post_to_connection", ConnectionId=connection_id, Data=b"hello")
            assert await received(client) == "hello"
            await client.close()

    run(scenario())


@pytest.mark.parametrize(
    ("result", "status"),
    [
        pytest.param({"statusCode": 403, "body": "no"}, 403, id="C-3 a 403 passes"),
        pytest.param({"statusCode": 301}, 301, id="C-3 a 301 passes"),
        pytest.param({"statusCode": "501"}, 501, id="C-3 R-16 a status as text passes"),
        pytest.param({"status": 200}, 502, id="C-4 R-15 an unknown key is malformed"),
        pytest.param("ok", 502, id="C-4 R-16 a bare string is malformed"),
        pytest.param(None, 502, id="null is not an answer to a handshake"),
        pytest.param(FunctionError(RequestId("r"), b"{}"), 502, id="C-4 an exception"),
        pytest.param(Throttled("ReservedFunctionConcurrentInvocationLimitExceeded"), 500, id="a throttle"),
        pytest.param(NoSuchFunction("connect"), 500, id="R-22 no such function"),
    ],
)
def test_refused_handshake_shows_the_status_and_never_disconnects(result: object, status: int) -> None:
    async def scenario() -> None:
        async with serving(connect=result) as served:
            with pytest.raises(InvalidStatus) as caught:
                async with served.client():
                    raise AssertionError("accepted")
            assert caught.value.response.status_code == status
            await served.idle()
            assert [name for name, _, _ in served.functions.calls] == ["connect"]  # C-6
            assert served.seen == []

    run(scenario())


@pytest.mark.parametrize(
    ("api", "status"),
    [
        pytest.param(an_api(stage=Stage("other")), 403, id="C-18 unknown stage"),
        pytest.param(an_api(a_route("$connect", api_key_required=True)), 500, id="API keys, loudly"),
        pytest.param(an_api(a_route("$connect", authorization="AWS_IAM")), 500, id="AWS_IAM, loudly"),
        pytest.param(
            an_api(Route(RouteKey("$connect"), UnsupportedIntegration("HTTP_PROXY to https://x"))),
            500,
            id="an integration that is not emulated, loudly",
        ),
        pytest.param(
            an_api(a_route("$connect"), stage=Stage("dev", default_throttling=Throttling(1.0, 0))),
            429,
            id="C-17 Q-9 the route is throttled",
        ),
    ],
)
def test_handshake_that_is_refused_without_asking_the_function(api: Api, status: int) -> None:
    async def scenario() -> None:
        async with serving(api=api) as served:
            with pytest.raises(InvalidStatus) as caught:
                async with served.client():
                    raise AssertionError("accepted")
            assert (caught.value.response.status_code, served.functions.calls) == (status, [])

    run(scenario())


def test_handshakes_beyond_the_quota_get_429_until_time_passes() -> None:
    async def scenario() -> None:
        async with serving(quotas=Quotas(handshake_rate=1.0, handshake_burst=1)) as served, served.client():
            with pytest.raises(InvalidStatus) as caught:
                async with served.client():
                    raise AssertionError("accepted")
            assert caught.value.response.status_code == 429
            served.clock.advance(1.0)
            async with served.client():
                assert served.gateway.open_connections() == 2

    run(scenario())


def test_integration_time_out_of_connect_is_504() -> None:
    async def scenario() -> None:
        reached, ended = asyncio.Event(), asyncio.Event()

        async def hang(event: Event) -> object:
            reached.set()
            await ended.wait()
            return {}

        async with serving(connect=hang) as served:
            opening = asyncio.ensure_future(connect(served.url).__aenter__())
            await asyncio.wait_for(reached.wait(), WAIT)
            served.clock.advance(29.0)
            with pytest.raises(InvalidStatus) as caught:
                await asyncio.wait_for(opening, WAIT)
            assert caught.value.response.status_code == 504
            assert served.gateway.in_flight() == 1  # the function itself runs on
            ended.set()
            await served.idle()

    run(scenario())


def test_without_connect_route_everybody_is_accepted() -> None:  # C-7
    async def scenario() -> None:
        async with serving(a_route("send")) as served, served.client():
            assert served.functions.calls == []

    run(scenario())


def test_subprotocol_passes_from_the_function_and_nothing_else() -> None:  # C-8, C-9, C-10
    async def scenario() -> None:
        answer = {
            "statusCode": 200,
            "headers": {"sec-websocket-protocol": "b", "Set-Cookie": "x=1"},
            "body": "hi",
        }
        offered = [Subprotocol("a"), Subprotocol("b")]
        async with serving(connect=answer) as served, served.client(subprotocols=offered) as client:
            assert client.subprotocol == "b"
            assert client.response is not None
            assert [name.lower() for name, _ in client.response.headers.raw_items()] == [
                "date",
                "connection",
                "upgrade",
                "sec-websocket-accept",
                "sec-websocket-protocol",
            ]

    run(scenario())


def test_permessage_deflate_is_negotiated_when_offered() -> None:  # C-10, C-11
    async def scenario() -> None:
        offers = [ClientPerMessageDeflateFactory(server_max_window_bits=12)]
        async with serving(ask=echo) as served, served.client(extensions=offers) as client:
            assert client.response is not None
            agreed = client.response.headers["sec-websocket-extensions"]
            assert agreed == "permessage-deflate;server_max_window_bits=12"
            for number in range(3):
                await client.send(f'{{"action":"ask","n":"{"x" * 3000}{number}"}}')
                assert await received(client) == f'{{"action":"ask","n":"{"x" * 3000}{number}"}}'

    run(scenario())


def test_request_authorizer_decides_and_its_context_stays_with_the_connection() -> None:  # E-16
    async def authorize(event: Event) -> object:
        effect = "Allow" if event["queryStringParameters"]["token"] == "good" else "Deny"
        statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        return {"principalId": "user", "policyDocument": policy, "context": {"n": 1, "b": True}}

    async def scenario() -> None:
        authorizer = Authorizer("x1", "by-token", "authorize", ("route.request.querystring.token",))
        routes = (a_route("$connect", authorization=authorizer), *FULL[1:])
        async with serving(*routes, authorize=authorize) as served:
            for query, status in (("", 401), ("?token=", 401), ("?token=bad", 403)):
                with pytest.raises(InvalidStatus) as caught:
                    async with served.client(query):
                        raise AssertionError("accepted")
                assert caught.value.response.status_code == status
            assert [name for name, _, _ in served.functions.calls] == ["authorize"]
            async with served.client("?token=good") as client:
                await client.send('{"action":"send"}')
                await served.idle()
            await served.idle()
            context = {"principalId": "user", "n": "1", "b": "true"}
            told_in = {
                name: event["requestContext"]["authorizer"]
                for name, event, _ in served.functions.calls
                if name != "authorize"
            }
            assert told_in == {
                "connect": {**context, "integrationLatency": 0},
                "send": context,
                "disconnect": context,
            }

    run(scenario())


# --- messages ------------------------------------------------------------------------------------------------


async def echo(event: Event) -> object:
    return {"statusCode": 200, "body": event["body"]}


def test_connection_from_open_to_close_as_its_functions_and_the_journal_see_it() -> None:
    async def scenario() -> None:
        async with serving() as served:
            async with served.client(
                "?market=BTC", user_agent_header="fanout-harness/1 (client btc/3)"
            ) as client:
                await client.send('{"action":"send","n":1}')
                await served.idle()
                connection = served.connection_id()
                served.clock.advance(2.5)
            await served.idle()
            assert [(name, cause) for name, _, cause in served.functions.calls] == [
                ("connect", Cause(connection, "$connect")),
                ("send", Cause(connection, "send")),
                ("disconnect", Cause(connection, "$disconnect")),
            ]
            connect_told, message_told, disconnect_told = (event for _, event, _ in served.functions.calls)
            host = f"127.0.0.1:{served.port}"
            assert connect_told["queryStringParameters"] == {"market": "BTC"}
            assert connect_told["headers"]["Host"] == host
            assert ID.fullmatch(connection)
            assert message_told["body"] == '{"action":"send","n":1}'
            assert message_told["requestContext"]["domainName"] == host
            assert message_told["requestContext"]["messageId"][-5:] == connection[-5:]
            assert told(disconnect_told) == (1000, "")
            assert served.seen == [
                ConnectionOpened(1000.0, connection, "btc/3"),
                ConnectionClosed(1002.5, connection, 1000),
            ]

    run(scenario())


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        pytest.param('{"action":"nobody"}', "Forbidden", id="R-10 no route matches"),
        pytest.param("not json", "Forbidden", id="R-6 R-10 not JSON"),
        pytest.param('{"action":"$connect"}', "Forbidden", id="R-8 reserved route"),
        pytest.param('{"action":"fail"}', "Internal server error", id="R-13 the function fails"),
        pytest.param('{"action":"odd"}', "Internal server error", id="R-14 malformed response"),
        pytest.param(
            '{"action":"foreign"}', "Internal server error", id="an integration that is not emulated"
        ),
        pytest.param('{"action":"slowed"}', "Too Many Requests", id="Q-9 the route is throttled"),
    ],
)
def test_client_is_told_what_went_wrong_and_stays_connected(sent: str, message: str) -> None:
    throttling = {RouteKey("slowed"): Throttling(1.0, 0)}
    foreign = Route(RouteKey("foreign"), UnsupportedIntegration("HTTP"))
    routes = (a_route("fail"), a_route("odd"), a_route("slowed"), a_route("ask", two_way=True), foreign)
    api = an_api(*routes, stage=Stage("dev", route_throttling=throttling))

    async def scenario() -> None:
        failure = FunctionError(RequestId("r"), b'{"errorMessage":"boom"}')
        behaviours: Event = {"fail": failure, "odd": {"Data": 1}, "ask": echo}
        async with serving(api=api, **behaviours) as served, served.client() as client:
            await client.send(sent)
            frame = await received(client)
            match = re.fullmatch(
                r'\{"message": "(.*)", "connectionId":"(.*)", "requestId":"(.*)"\}', str(frame)
            )
            assert match is not None
            assert match.group(1, 2) == (message, served.connection_id())
            assert ID.fullmatch(match[3])
            assert match[3][11] == "F"  # R-12, I-3
            await client.send('{"action":"ask"}')
            assert await received(client) == '{"action":"ask"}'

    run(scenario())


def test_body_is_sent_back_on_two_way_routes_only_and_whatever_the_status() -> (
    None
):  # T-1, T-2, T-4, R-17, R-18
    async def scenario() -> None:
        failing_status = {"statusCode": 500, "body": "still sent"}
        async with serving(send=echo, ask=failing_status) as served, served.client() as client:
            await client.send('{"action":"send"}')
            await served.idle()
            served.functions.behaviours["send"] = None
            await client.send('{"action":"send"}')
            await served.idle()
            await client.send('{"action":"ask"}')
            assert await received(client) == "still sent"

    run(scenario())


def test_integration_time_out_of_a_message_is_an_error_frame() -> None:
    async def scenario() -> None:
        reached, ended = asyncio.Event(), asyncio.Event()

        async def hang(event: Event) -> object:
            reached.set()
            await ended.wait()
            return {"body": "too late"}

        async with serving(ask=hang) as served, served.client() as client:
            await client.send('{"action":"ask"}')
            await asyncio.wait_for(reached.wait(), WAIT)
            served.clock.advance(29.0)
            assert str(await received(client)).startswith('{"message": "Internal server error"')
            ended.set()
            await served.idle()
            served.functions.behaviours["ask"] = echo
            await client.send('{"action":"ask"}')
            assert await received(client) == '{"action":"ask"}'

    run(scenario())


@pytest.mark.parametrize(("invocations", "at_once"), [("concurrent", 3), ("serial", 1)])
def test_messages_of_one_connection_run_at_once_or_in_turn(invocations: Any, at_once: int) -> None:
    async def scenario() -> None:
        running, most, order = 0, 0, list[str]()
        together = asyncio.Event()

        async def count(event: Event) -> object:
            nonlocal running, most
            running += 1
            most = max(most, running)
            order.append(event["body"])
            if running == at_once:
                together.set()
            await together.wait()
            running -= 1
            return {}

        settings = GatewaySettings(invocations=invocations)
        async with serving(settings=settings, send=count) as served, served.client() as client:
            sent = [f'{{"action":"send","n":{number}}}' for number in range(3)]
            for each in sent:
                await client.send(each)
            await asyncio.wait_for(together.wait(), WAIT)
            await served.until(lambda: len(served.functions.events_of("send")) == 3)
            await served.idle()
            assert (most, order) == (at_once, sent)

    run(scenario())


def test_fragments_arrive_as_one_message() -> None:
    async def scenario() -> None:
        async with serving(ask=echo) as served, served.client() as client:
            await client.send(['{"action":', '"ask",', f'"n":"{"x" * 32_000}"', "}"])
            assert await received(client) == f'{{"action":"ask","n":"{"x" * 32_000}"}}'

    run(scenario())


# --- closing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        pytest.param(1001, "", (1001, ""), id="X-3 a closed tab"),
        pytest.param(4000, "bye", (4000, "bye"), id="X-3 code and reason"),
        pytest.param(1000, "", (1000, ""), id="X-3 normal"),
    ],
)
def test_disconnect_is_told_how_the_client_closed(code: int, reason: str, expected: tuple[int, str]) -> None:
    async def scenario() -> None:
        async with serving() as served:
            async with served.client() as client:
                await client.close(code, reason)
            await served.idle()
            assert [told(event) for event in served.functions.events_of("disconnect")] == [expected]
            gone = await served.error("post_to_connection", ConnectionId=served.connection_id(), Data=b"x")
            assert gone[:3] == ("GoneException", "", 410)  # M-18, K-1

    run(scenario())


def test_client_that_closes_without_a_status_is_1005() -> None:
    async def scenario() -> None:
        async with serving() as served:
            async with served.client() as client:
                client.protocol.send_frame(Frame(Opcode.CLOSE, b""))
                client.transport.writelines(client.protocol.data_to_send())
                await served.until(lambda: served.gateway.open_connections() == 0)
            await served.idle()
            [event] = served.functions.events_of("disconnect")
            assert told(event) == (1005, "Client-side close frame status not set")

    run(scenario())


def test_reset_connection_is_1006() -> None:
    async def scenario() -> None:
        async with serving() as served:
            async with served.client() as client:
                client.transport.abort()
                await served.until(lambda: served.gateway.open_connections() == 0)
            await served.idle()
            assert [told(event) for event in served.functions.events_of("disconnect")] == [(1006, "")]

    run(scenario())


def test_client_that_is_gone_before_its_handshake_is_answered_is_disconnected() -> None:
    async def scenario() -> None:
        held, reached = asyncio.Event(), asyncio.Event()

        async def hold(event: Event) -> object:
            reached.set()
            await held.wait()
            return {"statusCode": 200}

        async with serving(connect=hold) as served:
            opening = asyncio.ensure_future(connect(served.url).__aenter__())
            await asyncio.wait_for(reached.wait(), WAIT)
            opening.cancel()
            await asyncio.wait_for(served.hung_up.wait(), WAIT)
            held.set()
            await served.until(lambda: served.functions.events_of("disconnect"))
            await served.idle()
            assert [told(event) for event in served.functions.events_of("disconnect")] == [(1006, "")]
            connection = served.connection_id()
            assert served.seen == [
                ConnectionOpened(1000.0, connection, None),
                ConnectionClosed(1000.0, connection, 1006),
            ]

    run(scenario())


@pytest.mark.parametrize("sent", [b"binary", "x" * 40_000])
def test_closing_codes_arrive_over_tls_too(sent: Any) -> None:
    authority = trustme.CA()
    accepted, trusted = (ssl.SSLContext(kind) for kind in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT))
    authority.issue_cert("127.0.0.1").configure_cert(accepted)
    authority.configure_trust(trusted)

    async def scenario() -> None:
        async with serving(tls=accepted) as served, served.client(ssl=trusted) as client:
            assert a_post_to(served, served.connection_id(), a_post(b"hello")) == 200
            assert await received(client) == "hello"
            await client.send(sent)
            assert await closing_of(client) == (1003 if isinstance(sent, bytes) else 1009, "")
            await served.idle()

    run(scenario())


def test_vanished_client_can_go_unnoticed_until_it_is_idle() -> None:  # X-6, M-15
    async def scenario() -> None:
        async with serving(settings=GatewaySettings(lost_sockets="unnoticed")) as served:
            async with served.client() as client:
                client.transport.abort()
            posted = await served.call("post_to_connection", ConnectionId=served.connection_id(), Data=b"x")
            assert posted["ResponseMetadata"]["HTTPStatusCode"] == 200
            served.clock.advance(599.0)
            assert served.functions.events_of("disconnect") == []
            served.clock.advance(1.0)
            await served.idle()
            assert [told(event) for event in served.functions.events_of("disconnect")] == [
                (1001, "Going away")
            ]

    run(scenario())


def test_idle_connection_goes_away_after_ten_minutes() -> None:
    async def scenario() -> None:
        async with serving() as served, served.client() as client:
            served.clock.advance(599.0)
            await client.send('{"action":"send"}')
            await served.until(lambda: served.functions.events_of("send"))
            await served.idle()
            served.clock.advance(599.0)
            assert served.gateway.open_connections() == 1
            served.clock.advance(1.0)
            assert await closing_of(client) == (1001, "Going away")
            await served.idle()
            assert [told(event) for event in served.functions.events_of("disconnect")] == [
                (1001, "Going away")
            ]

    run(scenario())


def test_busy_connection_goes_away_after_two_hours() -> None:
    async def scenario() -> None:
        async with serving() as served, served.client() as client:
            connection = served.connection_id()
            for _ in range(13):
                served.clock.advance(550.0)
                await served.call("post_to_connection", ConnectionId=connection, Data=b"x")
                assert await received(client) == "x"
            served.clock.advance(49.0)
            assert served.gateway.open_connections() == 1
            served.clock.advance(1.0)
            assert await closing_of(client) == (1001, "Going away")

    run(scenario())


@pytest.mark.parametrize(
    ("message", "code"),
    [
        pytest.param("x" * 32_769, 1009, id="Q-4 a frame over 32 KB"),
        pytest.param(["x" * 32_768] * 4 + ["x"], 1009, id="Q-3 a message over 128 KB"),
        pytest.param(b"binary", 1003, id="Q-5 a binary frame"),
    ],
)
def test_client_that_breaks_a_limit_is_closed(message: Any, code: int) -> None:
    async def scenario() -> None:
        async with serving() as served, served.client() as client:
            await client.send(message)
            assert await closing_of(client) == (code, "")
            await served.idle()
            assert served.functions.events_of("send") == []
            assert [told(event) for event in served.functions.events_of("disconnect")] == [(code, "")]

    run(scenario())


def test_disconnect_events_can_get_lost() -> None:
    async def scenario() -> None:
        async with serving() as served:
            served.gateway.settings.disconnect_events = "lost"
            async with served.client():
                pass
            await served.until(lambda: served.gateway.open_connections() == 0)
            await served.idle()
            assert served.functions.events_of("disconnect") == []

    run(scenario())


def test_post_from_disconnect_to_its_own_connection_is_gone() -> None:
    async def scenario() -> None:
        errors: list[tuple[str, str, int, type[Exception]]] = []

        async with serving() as served:

            async def post(event: Event) -> object:
                connection = event["requestContext"]["connectionId"]
                errors.append(await served.error("post_to_connection", ConnectionId=connection, Data=b"x"))
                return {}

            served.functions.behaviours["disconnect"] = post
            async with served.client():
                pass
            await served.until(lambda: bool(served.functions.events_of("disconnect")))
            await served.idle()
            assert errors[0][:3] == ("GoneException", "", 410)

    run(scenario())


# --- @connections, through boto3 -------------------------------------------------------------------------------


def test_post_get_and_delete() -> None:  # M-1 to M-4, M-16, X-4
    async def scenario() -> None:
        async with serving() as served, served.client() as client:
            connection = served.connection_id()
            served.clock.advance(2.0)
            posted = await served.call("post_to_connection", ConnectionId=connection, Data=b'{"p": 1}')
            assert posted["ResponseMetadata"]["HTTPStatusCode"] == 200
            assert await received(client) == '{"p": 1}'
            described = await served.call("get_connection", ConnectionId=connection)
            assert described["ConnectedAt"].isoformat() == "2023-11-14T22:13:20+00:00"
            assert described["LastActiveAt"].isoformat() == "2023-11-14T22:13:22+00:00"
            assert described["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "UA"}
            deleted = await served.call("delete_connection", ConnectionId=connection)
            assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
            assert await closing_of(client) == (1000, "Connection Closed Normally")
            await served.idle()
            [event] = served.functions.events_of("disconnect")
            assert told(event) == (1000, "Connection Closed Normally")
            assert served.of(ConnectionPosted) == [ConnectionPosted(1002.0, connection, 200, "invocation-1")]

    run(scenario())


@pytest.mark.parametrize(
    ("connection", "data", "expected"),
    [
        pytest.param(UNKNOWN_ID, b"x", ("GoneException", "", 410, "GoneException"), id="M-5 M-7 K-1 gone"),
        pytest.param(
            "test",
            b"x",
            ("BadRequestException", "Invalid connectionId: test", 400, "ClientError"),
            id="M-6 K-4 malformed",
        ),
        pytest.param(
            UNKNOWN_ID,
            b"x" * 131_073,
            ("PayloadTooLargeException", "Message too long", 413, "PayloadTooLargeException"),
            id="M-10 too large",
        ),
    ],
)
def test_post_that_is_refused(connection: str, data: bytes, expected: tuple[str, str, int, str]) -> None:
    async def scenario() -> None:
        async with serving() as served:
            *answer, kind = await served.error("post_to_connection", ConnectionId=connection, Data=data)
            assert (*answer, kind.__name__) == expected

    run(scenario())


def test_large_post_is_one_message() -> None:
    async def scenario() -> None:
        async with serving() as served, served.client() as client:
            data = "".join(chr(97 + n % 26) for n in range(131_072))
            await served.call("post_to_connection", ConnectionId=served.connection_id(), Data=data)
            assert await received(client) == data

    run(scenario())


def test_client_that_does_not_read_is_limited_and_delays_nobody() -> None:  # M-11
    async def scenario() -> None:
        quotas = Quotas(client_buffer=200_000)
        async with serving(quotas=quotas) as served, served.client(max_queue=1) as slow:
            slow_id = served.connection_id()
            slow.transport.pause_reading()
            async with served.client() as quick:
                request = a_post(b"x" * 100_000)
                statuses = [a_post_to(served, slow_id, request) for _ in range(200)]
                assert statuses[0] == 200
                assert statuses[-1] == 429
                assert a_post_to(served, served.connection_id(), a_post(b"quick")) == 200
                assert await received(quick) == "quick"
            slow.transport.abort()

    run(scenario())


def a_post(body: bytes) -> Request:
    scope = "Credential=AK/20231114/us-east-1/execute-api/aws4_request"
    signed = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"
    return Request("POST", "/", headers=Headers((("Authorization", signed),)), body=body)


def a_post_to(served: Served, connection: str, request: Request) -> int:
    return served.gateway.manage(request, "a1b2", "dev", f"@connections/{connection}").status


def test_calls_share_the_account_throttle() -> None:  # Q-8, M-19
    async def scenario() -> None:
        async with serving(quotas=Quotas(account_rate=1.0, account_burst=2)) as served, served.client():
            connection = served.connection_id()  # the handshake took one of two
            assert [a_post_to(served, connection, a_post(b"x")) for _ in range(2)] == [200, 429]
            served.clock.advance(1.0)
            assert a_post_to(served, connection, a_post(b"x")) == 200

    run(scenario())


def test_unsigned_or_misdirected_calls_are_forbidden() -> None:  # M-8, M-13, K-13
    async def scenario() -> None:
        async with serving() as served, served.client():
            connection, post = served.connection_id(), a_post(b"x")
            manage = served.gateway.manage
            [(_, signed)] = post.headers.fields
            foreign = Headers((("Authorization", signed.replace("execute-api", "lambda")),))
            answers = (
                manage(replace(post, headers=Headers()), "a1b2", "dev", f"@connections/{connection}"),
                manage(replace(post, headers=foreign), "a1b2", "dev", f"@connections/{connection}"),
                manage(post, "a1b2", "prod", f"@connections/{connection}"),
                manage(post, "zzzz", "dev", f"@connections/{connection}"),
                manage(post, "a1b2", "dev", f"@connections/{connection}/more"),
                manage(replace(post, method="PUT"), "a1b2", "dev", f"@connections/{connection}"),
                manage(post, "a1b2", "dev", f"%40connections/{connection[:-1]}%3D"),
            )
            assert [(each.status, dict(each.headers).get("x-amzn-ErrorType")) for each in answers] == [
                (403, "MissingAuthenticationTokenException"),
                (403, "InvalidSignatureException"),
                (403, "ForbiddenException"),
                (403, "ForbiddenException"),
                (403, "ForbiddenException"),
                (403, "ForbiddenException"),
                (200, None),
            ]

    run(scenario())


def test_closing_the_gateway_ends_connections_and_what_is_in_flight() -> None:
    async def scenario() -> None:
        async def hang(event: Event) -> object:
            return await asyncio.get_running_loop().create_future()

        async with serving(send=hang) as served, served.client() as client:
            await client.send('{"action":"send"}')
            await served.until(lambda: bool(served.functions.events_of("send")))
            closing = asyncio.ensure_future(served.gateway.close())
            assert await closing_of(client) == (1001, "Going away")
            await asyncio.wait_for(closing, WAIT)
            assert (served.gateway.in_flight(), served.gateway.open_connections()) == (0, 0)
            assert served.functions.events_of("disconnect") == []

    run(scenario())
