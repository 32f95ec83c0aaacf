"""Opening handshakes of real WebSocket clients with a gateway behind a minimal HTTP port."""

import asyncio
from dataclasses import replace

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from harness.emulator.gateway.apis import (
    Api,
    Authorizer,
    Route,
    RouteKey,
    Stage,
    Throttling,
    UnsupportedIntegration,
)
from harness.emulator.gateway.quotas import Quotas
from harness.emulator.lambda_runtime.outcome import (
    FunctionError,
    NoSuchFunction,
    RequestId,
    Throttled,
)
from harness.emulator.port.http import Response
from harness.record.observation import RouteAnswered
from tests.emulator.gateway.served import (
    A_HANDSHAKE,
    FULL,
    WAIT,
    Event,
    a_post,
    a_route,
    an_api,
    echo,
    received,
    refused,
    run,
    serving,
)


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
            assert {type(one) for one in served.seen} <= {RouteAnswered}

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


@pytest.mark.aws("C-8", assumed=True)
def test_the_whole_list_of_offered_subprotocols_is_no_answer() -> None:
    async def scenario() -> None:
        answer = {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "a, b"}}
        async with serving(connect=answer) as served:
            assert (await refused(served, subprotocols=[Subprotocol("a"), Subprotocol("b")]))[0] == 502

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
