"""Real WebSocket clients and boto3 against a gateway behind a minimal HTTP port."""

import asyncio
import json
import re
import ssl
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import trustme
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from harness.emulator.gateway.apis import (
    Api,
    Authorizer,
    LambdaIntegration,
    Route,
    RouteKey,
    Stage,
    Throttling,
    UnsupportedIntegration,
)
from harness.emulator.gateway.configuration import GatewaySettings
from harness.emulator.gateway.connections_api import Caller
from harness.emulator.gateway.quotas import Quotas
from harness.emulator.lambda_runtime.outcome import (
    Cause,
    FunctionError,
    NoSuchFunction,
    RequestId,
    Throttled,
)
from harness.emulator.port.http import Headers, Response
from harness.record.observation import ConnectionClosed, ConnectionOpened, ConnectionPosted
from tests.emulator.gateway.served import (
    FULL,
    ID,
    UNKNOWN_ID,
    WAIT,
    Event,
    a_post,
    a_post_to,
    a_route,
    an_api,
    closing_of,
    echo,
    received,
    refused,
    run,
    serving,
    told,
)

A_HANDSHAKE = (
    b"GET /_aws/execute-api/a1b2/dev HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

# --- the opening handshake -----------------------------------------------------------------------------------


@pytest.mark.aws("C-1", "C-12", "C-14")
def test_handshake_is_held_until_connect_returned() -> None:
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


@pytest.mark.aws("C-6")
@pytest.mark.parametrize(
    ("result", "status"),
    [
        pytest.param(
            {"statusCode": 403, "body": "no"}, 403, id="C-3 a 403 passes", marks=pytest.mark.aws("C-3")
        ),
        pytest.param({"statusCode": 301}, 301, id="C-3 a 301 passes", marks=pytest.mark.aws("C-3")),
        pytest.param(
            {"statusCode": "501"},
            501,
            id="C-3 R-16 a status as text passes",
            marks=pytest.mark.aws("C-3", "R-16"),
        ),
        pytest.param(
            {"status": 200},
            502,
            id="C-4 R-15 an unknown key is malformed",
            marks=pytest.mark.aws("C-4", "R-15"),
        ),
        pytest.param(
            "ok", 502, id="C-4 R-16 a bare string is malformed", marks=pytest.mark.aws("C-4", "R-16")
        ),
        pytest.param(
            None, 502, id="null is not an answer to a handshake", marks=pytest.mark.aws("7-17", assumed=True)
        ),
        pytest.param(
            FunctionError(RequestId("r"), b"{}"), 502, id="C-4 an exception", marks=pytest.mark.aws("C-4")
        ),
        pytest.param(
            Throttled("ReservedFunctionConcurrentInvocationLimitExceeded"),
            500,
            id="a throttle",
            marks=pytest.mark.aws("7-3", assumed=True),
        ),
        pytest.param(
            NoSuchFunction("connect"),
            500,
            id="R-22 no such function",
            marks=pytest.mark.aws("R-22", assumed=True),
        ),
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
            assert [name for name, _, _ in served.functions.calls] == ["connect"]
            assert served.seen == []

    run(scenario())


@pytest.mark.parametrize(
    ("api", "status"),
    [
        pytest.param(
            an_api(stage=Stage("other")),
            403,
            id="C-18 unknown stage",
            marks=pytest.mark.aws("C-18", "7-15", assumed=True),
        ),
        pytest.param(
            an_api(a_route("$connect", api_key_required=True)),
            403,
            id="A-12 no API key",
            marks=pytest.mark.aws("A-12"),
        ),
        pytest.param(
            an_api(a_route("$connect", authorization="AWS_IAM")),
            403,
            id="A-11 no signature",
            marks=pytest.mark.aws("A-11", assumed=True),
        ),
        pytest.param(
            an_api(Route(RouteKey("$connect"), UnsupportedIntegration("HTTP_PROXY to https://x"))),
            500,
            id="an integration that is not emulated, loudly",
        ),
        pytest.param(
            an_api(a_route("$connect"), stage=Stage("dev", default_throttling=Throttling(1.0, 0))),
            429,
            id="C-17 Q-9 the route is throttled",
            marks=pytest.mark.aws("C-17", "Q-9"),
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


@pytest.mark.aws("Q-6")
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


@pytest.mark.aws("7-2", assumed=True)
@pytest.mark.aws("Q-10")
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


@pytest.mark.aws("C-7")
def test_without_connect_route_everybody_is_accepted() -> None:
    async def scenario() -> None:
        async with serving(a_route("send")) as served, served.client():
            assert served.functions.calls == []

    run(scenario())


@pytest.mark.aws("C-8", "C-9", "C-10")
def test_subprotocol_passes_from_the_function_and_nothing_else() -> None:
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


@pytest.mark.aws("C-10", "C-11")
def test_permessage_deflate_is_negotiated_when_offered() -> None:
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


@pytest.mark.aws("A-1", "A-2", "A-5", "A-7", "A-10", "C-5", "E-16")
def test_request_authorizer_decides_and_its_context_stays_with_the_connection() -> None:
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


@pytest.mark.aws("C-2", "T-5")
@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_of_connect_accepts_and_its_body_goes_nowhere(status: int) -> None:
    async def scenario() -> None:
        answer = {"statusCode": status, "body": "hi"}
        routes = (a_route("$connect", two_way=True), a_route("$disconnect", two_way=True), *FULL[2:])
        async with serving(*routes, connect=answer, disconnect=answer, ask=echo) as served:
            async with served.client() as client:
                await client.send('{"action":"ask"}')
                assert await received(client) == '{"action":"ask"}'
            await served.idle()

    run(scenario())


@pytest.mark.aws("C-15")
def test_message_sent_ahead_of_the_handshake_waits_for_connect() -> None:
    async def scenario() -> None:
        held = asyncio.Event()

        async def hold(event: Event) -> object:
            await held.wait()
            return {"statusCode": 200}

        async with serving(connect=hold) as served:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(A_HANDSHAKE)
            writer.write(Frame(Opcode.TEXT, b'{"action":"send"}').serialize(mask=True))
            await served.until(lambda: served.functions.events_of("connect"))
            assert [name for name, _, _ in served.functions.calls] == ["connect"]
            held.set()
            await served.until(lambda: served.functions.events_of("send"))
            assert (await reader.readline()).startswith(b"HTTP/1.1 101")
            writer.close()

    run(scenario())


@pytest.mark.aws("U-4")
@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", "foo"),
        ("POST", "dev/@connections/x"),
        ("GET", "@connections"),
        ("GET", "@connections/"),
        ("POST", "@connections/x/more"),
        ("PUT", "@connections/x"),
        ("HEAD", "@connections/x"),
    ],
)
def test_path_or_method_behind_the_stage_that_does_not_exist_is_told(method: str, rest: str) -> None:
    async def scenario() -> None:
        async with serving() as served:
            answer = await served.gateway.handshake(replace(a_post(b""), method=method), "a1b2", "dev", rest)
            assert isinstance(answer, Response)
            message = f"No method found matching route {rest} for http method {method}."
            assert (answer.status, answer.body) == (404, f'{{"message":"{message}"}}'.encode())

    run(scenario())


@pytest.mark.aws("U-4")
def test_handshake_with_more_behind_its_stage_is_refused() -> None:
    async def scenario() -> None:
        async with serving() as served:
            assert await refused(served, "/foo") == (
                404,
                "NotFoundException",
                "No method found matching route foo for http method GET.",
            )
            async with served.client("/"):  # a slash alone is nothing
                assert len(served.functions.events_of("connect")) == 1

    run(scenario())


# --- messages ------------------------------------------------------------------------------------------------


@pytest.mark.aws("C-2", "E-14", "I-3", "I-5", "U-8")
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
            by_path = "a1b2.execute-api.us-east-1.amazonaws.com"
            assert message_told["requestContext"]["domainName"] == by_path
            assert message_told["requestContext"]["messageId"][-5:] == connection[-5:]
            assert told(disconnect_told) == (1000, "")
            assert served.seen == [
                ConnectionOpened(1000.0, connection, "btc/3"),
                ConnectionClosed(1002.5, connection, 1000),
            ]

    run(scenario())


@pytest.mark.aws("R-11", "R-12", "T-6")
@pytest.mark.parametrize(
    ("sent", "message"),
    [
        pytest.param(
            '{"action":"nobody"}', "Forbidden", id="R-10 no route matches", marks=pytest.mark.aws("R-10")
        ),
        pytest.param("not json", "Forbidden", id="R-6 R-10 not JSON", marks=pytest.mark.aws("R-6", "R-10")),
        pytest.param(
            '{"action":"$connect"}',
            "Forbidden",
            id="R-8 reserved route",
            marks=pytest.mark.aws("R-8", assumed=True),
        ),
        pytest.param(
            '{"action":"fail"}',
            "Internal server error",
            id="R-13 the function fails",
            marks=pytest.mark.aws("R-13"),
        ),
        pytest.param(
            '{"action":"odd"}',
            "Internal server error",
            id="R-14 malformed response",
            marks=pytest.mark.aws("R-14"),
        ),
        pytest.param(
            '{"action":"foreign"}', "Internal server error", id="an integration that is not emulated"
        ),
        pytest.param(
            '{"action":"slowed"}',
            "Too Many Requests",
            id="Q-9 the route is throttled",
            marks=(pytest.mark.aws("Q-9"), pytest.mark.aws("7-1", assumed=True)),
        ),
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
            assert match[3][11] == "F"
            await client.send('{"action":"ask"}')
            assert await received(client) == '{"action":"ask"}'

    run(scenario())


@pytest.mark.aws("R-17", assumed=True)
@pytest.mark.aws("T-1", "T-2", "T-3", "T-4", "T-7", "R-18")
@pytest.mark.aws("7-12", assumed=True)
def test_body_is_sent_back_on_two_way_routes_only_and_whatever_the_status() -> None:
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


@pytest.mark.aws("7-2", assumed=True)
@pytest.mark.aws("Q-10")
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


@pytest.mark.aws("7-7", assumed=True)
@pytest.mark.aws("R-21")
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


@pytest.mark.aws("Q-12")
def test_fragments_arrive_as_one_message() -> None:
    async def scenario() -> None:
        async with serving(ask=echo) as served, served.client() as client:
            await client.send(['{"action":', '"ask",', f'"n":"{"x" * 32_000}"', "}"])
            assert await received(client) == f'{{"action":"ask","n":"{"x" * 32_000}"}}'

    run(scenario())


@pytest.mark.aws("R-20")
def test_message_that_does_not_fit_its_model_never_reaches_the_function() -> None:
    async def scenario() -> None:
        model = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
        async with serving(a_route("send", request_model=model)) as served, served.client() as client:
            await client.send('{"action":"send","n":"1"}')
            frame = str(await received(client))
            match = re.fullmatch(
                r'\{"message" : "Bad request body", "connectionId": "(.*)", "messageId": "(.*)"\}', frame
            )
            assert match is not None
            assert (match[1], match[2][-5:]) == (served.connection_id(), served.connection_id()[-5:])
            assert served.functions.calls == []
            await client.send('{"action":"send","n":1}')
            await served.until(lambda: served.functions.events_of("send"))

    run(scenario())


@pytest.mark.aws("Q-5")
def test_base64_in_a_text_frame_is_converted_to_binary_where_the_integration_asks_for_it() -> None:
    async def scenario() -> None:
        converting = LambdaIntegration("default", converts_to_binary=True)
        route = Route(RouteKey("$default"), converting, route_response=True)
        async with serving(route, default=echo) as served, served.client() as client:
            await client.send("AP9i")
            assert await received(client) == "AP9i"
            [event] = served.functions.events_of("default")
            assert (event["body"], event["isBase64Encoded"]) == ("AP9i", True)
            await client.send("not base64!")
            assert str(await received(client)).startswith('{"message": "Internal server error"')
            await client.send(b"binary all the same")
            assert await closing_of(client) == (1003, "")

    run(scenario())


@pytest.mark.aws("R-19")
def test_integration_with_a_shorter_timeout_ends_earlier_and_none_after_29_seconds() -> None:
    async def scenario() -> None:
        ended = asyncio.Event()

        async def hang(event: Event) -> object:
            await ended.wait()
            return {}

        short = Route(RouteKey("short"), LambdaIntegration("hang", timeout=0.05))
        long = Route(RouteKey("long"), LambdaIntegration("hang", timeout=60.0))
        async with serving(short, long, hang=hang) as served, served.client() as client:
            for calls, name, seconds in ((1, "short", 0.05), (2, "long", 29.0)):
                await client.send(f'{{"action":"{name}"}}')
                await served.until(partial(served.was_called, calls))
                served.clock.advance(seconds)
                assert str(await received(client)).startswith('{"message": "Internal server error"')
            ended.set()
            await served.idle()

    run(scenario())


# --- closing -------------------------------------------------------------------------------------------------


@pytest.mark.aws("M-18")
@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        pytest.param(1001, "", (1001, ""), id="X-3 a closed tab", marks=pytest.mark.aws("X-3")),
        pytest.param(4000, "bye", (4000, "bye"), id="X-3 code and reason", marks=pytest.mark.aws("X-3")),
        pytest.param(1000, "", (1000, ""), id="X-3 normal", marks=pytest.mark.aws("X-3")),
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
            assert gone[:3] == ("GoneException", "", 410)

    run(scenario())


@pytest.mark.aws("X-2")
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


@pytest.mark.aws("7-5", assumed=True)
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


@pytest.mark.aws("7-9", assumed=True)
@pytest.mark.aws("X-6", "M-15")
def test_vanished_client_can_go_unnoticed_until_it_is_idle() -> None:
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


@pytest.mark.aws("X-5", "Q-1")
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


@pytest.mark.aws("7-4", "Q-14", assumed=True)
@pytest.mark.aws("Q-2")
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


@pytest.mark.aws("7-4", assumed=True)
@pytest.mark.parametrize(
    ("message", "code"),
    [
        pytest.param("x" * 32_769, 1009, id="Q-4 a frame over 32 KB", marks=pytest.mark.aws("Q-4")),
        pytest.param(
            ["x" * 32_768] * 4 + ["x"], 1009, id="Q-3 a message over 128 KB", marks=pytest.mark.aws("Q-3")
        ),
        pytest.param(b"binary", 1003, id="Q-5 a binary frame", marks=pytest.mark.aws("Q-5")),
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


@pytest.mark.aws("X-1")
def test_disconnect_events_can_get_lost() -> None:
    async def scenario() -> None:
        async with serving() as served:
            served.gateway.configure(settings=GatewaySettings(disconnect_events="lost"))
            async with served.client():
                pass
            await served.until(lambda: served.gateway.open_connections() == 0)
            await served.idle()
            assert served.functions.events_of("disconnect") == []

    run(scenario())


@pytest.mark.aws("X-7")
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


@pytest.mark.aws("Q-13")
def test_nothing_but_what_is_posted_is_sent_to_a_client_that_only_waits() -> None:
    async def scenario() -> None:
        async with serving() as served:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(A_HANDSHAKE)
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT)
            served.clock.advance(599.0)
            await served.call("post_to_connection", ConnectionId=served.connection_id(), Data=b"first")
            frame = Frame(Opcode.TEXT, b"first").serialize(mask=False)
            assert await asyncio.wait_for(reader.readexactly(len(frame)), WAIT) == frame
            writer.close()

    run(scenario())


@pytest.mark.aws("Q-7")
def test_open_connections_are_not_counted_against_a_quota() -> None:
    async def scenario() -> None:
        async with serving(quotas=Quotas(handshake_rate=100.0, handshake_burst=100)) as served:
            clients = []
            for _ in range(3):
                clients += await asyncio.gather(*(connect(served.url, compression=None) for _ in range(80)))
                served.clock.advance(1.0)
            assert served.gateway.open_connections() == 240
            await asyncio.gather(*(client.close() for client in clients))

    run(scenario())


# --- @connections, through boto3 -------------------------------------------------------------------------------


@pytest.mark.aws("M-1", "M-2", "M-3", "M-4", "M-16", "X-4")
@pytest.mark.aws("7-11", assumed=True)
def test_post_get_and_delete() -> None:
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
        pytest.param(
            UNKNOWN_ID,
            b"x",
            ("GoneException", "", 410, "GoneException"),
            id="M-5 M-7 K-1 gone",
            marks=pytest.mark.aws("M-5", "M-7", "K-1"),
        ),
        pytest.param(
            "test",
            b"x",
            ("BadRequestException", "Invalid connectionId: test", 400, "ClientError"),
            id="M-6 K-4 malformed",
            marks=(pytest.mark.aws("M-6", "K-4"), pytest.mark.aws("7-10", assumed=True)),
        ),
        pytest.param(
            UNKNOWN_ID,
            b"x" * 131_073,
            ("PayloadTooLargeException", "Message too long", 413, "PayloadTooLargeException"),
            id="M-10 too large",
            marks=(pytest.mark.aws("M-10"), pytest.mark.aws("7-10", assumed=True)),
        ),
    ],
)
def test_post_that_is_refused(connection: str, data: bytes, expected: tuple[str, str, int, str]) -> None:
    async def scenario() -> None:
        async with serving() as served:
            *answer, kind = await served.error("post_to_connection", ConnectionId=connection, Data=data)
            assert (*answer, kind.__name__) == expected

    run(scenario())


@pytest.mark.aws("7-22", assumed=True)
@pytest.mark.aws("M-9", "M-12")
def test_caller_whose_role_may_not_call_is_denied_by_name() -> None:
    async def scenario() -> None:
        arn = "arn:aws:sts::000000000000:assumed-role/lambda/fan-out"
        manage = {
            "Effect": "Allow",
            "Action": "execute-api:ManageConnections",
            "Resource": "arn:aws:execute-api:us-east-1:000000000000:a1b2/dev/POST/@connections/*",
        }
        async with serving(callers={"AK": Caller(arn, (manage,))}) as served, served.client() as client:
            connection = served.connection_id()
            await served.call("post_to_connection", ConnectionId=connection, Data=b"allowed")
            assert await received(client) == "allowed"
            denied = await served.error("get_connection", ConnectionId=connection)
            assert denied[:3] == (
                "AccessDeniedException",
                f"User: {arn} is not authorized to perform: execute-api:ManageConnections on resource: "
                f"arn:aws:execute-api:us-east-1:********0000:a1b2/dev/GET/@connections/{connection[:-1]}%3D",
                403,
            )
            answer = served.gateway.manage(a_post(b"x"), "a1b2", "dev", "dev/@connections/x%3D")
            assert json.loads(answer.body)["message"] == (
                f"User: {arn} is not authorized to perform: execute-api:Invoke on resource: "
                "arn:aws:execute-api:us-east-1:********0000:a1b2/dev/POST/dev/@connections/x%3D"
            )

    run(scenario())


@pytest.mark.aws("Q-15")
def test_large_post_is_one_message() -> None:
    async def scenario() -> None:
        async with serving() as served, served.client() as client:
            data = "".join(chr(97 + n % 26) for n in range(131_072))
            await served.call("post_to_connection", ConnectionId=served.connection_id(), Data=data)
            assert await received(client) == data

    run(scenario())


@pytest.mark.aws("M-11")
def test_client_that_does_not_read_is_limited_and_delays_nobody() -> None:
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


@pytest.mark.aws("Q-8", "M-19")
def test_calls_share_the_account_throttle() -> None:
    async def scenario() -> None:
        async with serving(quotas=Quotas(account_rate=1.0, account_burst=2)) as served, served.client():
            connection = served.connection_id()  # the handshake took one of two
            assert [a_post_to(served, connection, a_post(b"x")) for _ in range(2)] == [200, 429]
            served.clock.advance(1.0)
            assert a_post_to(served, connection, a_post(b"x")) == 200

    run(scenario())


@pytest.mark.aws("K-13", "M-8", "M-13")
def test_unsigned_or_misdirected_calls_are_forbidden() -> None:
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
                (404, "NotFoundException"),
                (404, "NotFoundException"),
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
