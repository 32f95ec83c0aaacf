"""Messages of real WebSocket clients to a gateway, and what they are sent back."""

import asyncio
import re
from functools import partial
from typing import Any

import pytest

from harness.emulator.gateway.apis import (
    LambdaIntegration,
    Route,
    RouteKey,
    Stage,
    Throttling,
    UnsupportedIntegration,
)
from harness.emulator.gateway.configuration import GatewaySettings
from harness.emulator.lambda_runtime.outcome import (
    Cause,
    FunctionError,
    RequestId,
)
from harness.record.observation import ConnectionClosed, ConnectionOpened
from tests.emulator.gateway.served import (
    ID,
    WAIT,
    Event,
    a_route,
    an_api,
    closing_of,
    echo,
    received,
    run,
    serving,
    told,
)


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
            text = await received(client)
            match = re.fullmatch(
                r'\{"message": "(.*)", "connectionId":"(.*)", "requestId":"(.*)"\}', str(text)
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
def test_integration_time_out_of_a_message_is_an_error_message() -> None:
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
            text = str(await received(client))
            match = re.fullmatch(
                r'\{"message" : "Bad request body", "connectionId": "(.*)", "messageId": "(.*)"\}', text
            )
            assert match is not None
            assert (match[1], match[2][-5:]) == (served.connection_id(), served.connection_id()[-5:])
            assert served.functions.calls == []
            await client.send('{"action":"send","n":1}')
            await served.until(lambda: served.functions.events_of("send"))

    run(scenario())


@pytest.mark.aws("Q-5")
def test_base64_in_a_text_message_is_converted_to_binary_where_the_integration_asks_for_it() -> None:
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
