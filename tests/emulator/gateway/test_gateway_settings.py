"""What a user may set of the gateway, and what it does, with real clients (sections 1 and 7)."""

import asyncio
import json
import math
import re
import typing
from dataclasses import fields, replace

import pytest
from pydantic import BaseModel
from websockets.asyncio.client import connect

from harness.emulator.gateway.configuration import (
    ConfigurationError,
    GatewaySettings,
    InForce,
    described,
    read_configuration,
)
from harness.emulator.gateway.quotas import Quotas
from harness.emulator.port.http import Response
from harness.scenario import behaviour
from harness.stack.model import Api
from tests.emulator.gateway.served import (
    Event,
    Served,
    a_post,
    closing_of,
    echo,
    received,
    refused,
    run,
    serving,
    told,
)
from tests.patience import WAIT

# --- reading -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({}, InForce(), id="nothing is as on AWS"),
        pytest.param(
            {"disconnect_events": "late", "disconnect_delay": 2, "quotas": {"idle_timeout": 5}},
            InForce(
                GatewaySettings(disconnect_events="late", disconnect_delay=2.0), Quotas(idle_timeout=5.0)
            ),
            id="settings and quotas",
        ),
        pytest.param(
            {"quotas": {"account_rate": "unlimited"}},
            InForce(quotas=Quotas(account_rate=math.inf)),
            id="a rate without end",
        ),
        pytest.param(
            {"connect_timeout_status": 502},
            InForce(GatewaySettings(connect_timeout_status=502)),
            id="a status",
        ),
    ],
)
def test_configuration_reads_as(asked: Event, expected: InForce) -> None:
    assert read_configuration(asked) == expected
    assert read_configuration(json.loads(json.dumps(described(expected)))) == expected


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"disconect_events": "lost"},
            "unknown setting 'disconect_events'; did you mean 'disconnect_events'?",
        ),
        ({"disconnect_events": "never"}, "disconnect_events is delivered or late or lost, not 'never'"),
        ({"disconnect_delay": "2s"}, "disconnect_delay is a number or 'unlimited', not '2s'"),
        ({"disconnect_delay": -1}, "disconnect_delay cannot be below 0, and is -1"),
        ({"connect_timeout_status": 200}, "connect_timeout_status is a status from 400 to 599, not 200"),
        ({"connect_timeout_status": True}, "connect_timeout_status is a whole number, not True"),
        ({"quotas": []}, 'quotas is an object such as {"idle_timeout": 5}'),
        ({"quotas": {"idle": 5}}, "unknown setting 'idle'; there are idle_timeout,"),
        ({"quotas": {"frame_size": 1.5}}, "frame_size is a whole number, not 1.5"),
    ],
)
def test_configuration_that_cannot_be_read_is_told(asked: Event, message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        read_configuration(asked)


@pytest.mark.parametrize(
    ("written", "ours"),
    [(behaviour.GatewaySettings, GatewaySettings), (behaviour.Quotas, Quotas)],
    ids=["settings", "quotas"],
)
def test_files_and_gateway_know_the_same_settings(written: type[BaseModel], ours: type[object]) -> None:
    in_files = {name: field.alias or name for name, field in written.model_fields.items()}
    defaults = {in_files[name]: value for name, value in written().model_dump().items()}
    assert defaults == {each.name: each.default for each in fields(typing.cast(type[Quotas], ours))}


def test_a_scenario_says_what_differs_from_its_stack() -> None:
    api = Api.model_validate(
        {
            "name": "x",
            "routes": {},
            "gateway": {"json": "lenient", "disconnect_events": "late"},
            "quotas": {"idle_timeout": "5s", "handshake_rate": "unlimited"},
        }
    )
    over = behaviour.ScenarioGateway.model_validate(
        {"disconnect_events": "lost", "quotas": {"idle_timeout": "1s"}}
    )
    assert api.gateway_configuration(over) == {
        "json": "lenient",
        "disconnect_events": "lost",
        "quotas": {"idle_timeout": 1.0, "handshake_rate": "unlimited"},
    }
    assert read_configuration(api.gateway_configuration()) == InForce(
        GatewaySettings(json="lenient", disconnect_events="late"),
        Quotas(idle_timeout=5.0, handshake_rate=math.inf),
    )


# --- doing ---------------------------------------------------------------------------------------------------


@pytest.mark.aws("X-1", "X-8")
def test_disconnect_can_be_late_and_overtaken() -> None:
    async def scenario() -> None:
        late = GatewaySettings(disconnect_events="late", disconnect_delay=30.0)
        async with serving(settings=late) as served:
            async with served.client():
                pass
            await served.until(lambda: served.gateway.open_connections() == 0)
            served.clock.advance(29.0)
            async with served.client():  # the same person, back before the old connection is reported gone
                assert served.functions.events_of("disconnect") == []
                served.clock.advance(1.0)
                await served.until(lambda: served.functions.events_of("disconnect"))
            served.clock.advance(30.0)
            await served.idle()
            assert [told(event) for event in served.functions.events_of("disconnect")] == [(1000, "")] * 2

    run(scenario())


@pytest.mark.aws("X-8")
def test_disconnect_does_not_wait_for_messages_that_still_run() -> None:
    async def scenario() -> None:
        ended = asyncio.Event()

        async def hang(event: Event) -> object:
            await ended.wait()
            return {}

        async with serving(send=hang) as served:
            async with served.client() as client:
                await client.send('{"action":"send"}')
                await served.until(lambda: served.functions.events_of("send"))
            await served.until(lambda: served.functions.events_of("disconnect"))
            assert not ended.is_set()
            ended.set()
            await served.idle()

    run(scenario())


@pytest.mark.aws("7-2", assumed=True)
def test_status_of_a_connect_that_takes_too_long_can_be_set() -> None:
    async def scenario() -> None:
        ended = asyncio.Event()

        async def hang(event: Event) -> object:
            await ended.wait()
            return {}

        async with serving(settings=GatewaySettings(connect_timeout_status=500), connect=hang) as served:
            refusing = asyncio.ensure_future(refused(served))
            await served.until(lambda: served.functions.events_of("connect"))
            served.clock.advance(29.0)
            assert (await asyncio.wait_for(refusing, WAIT))[0] == 500
            ended.set()
            await served.idle()

    run(scenario())


@pytest.mark.aws("C-13", "7-23", assumed=True)
def test_post_from_connect_is_gone_and_can_arrive_all_the_same() -> None:
    async def scenario() -> None:
        answers: list[tuple[str, str, int, type[Exception]]] = []
        settings = GatewaySettings(posts_while_connecting="delivered")

        async with serving(settings=settings) as served:

            async def post(event: Event) -> object:
                own = event["requestContext"]["connectionId"]
                answers.append(await served.error("post_to_connection", ConnectionId=own, Data=b"early"))
                return {"statusCode": 200}

            served.functions.behaviours["connect"] = post
            async with served.client() as client:
                assert await received(client) == "early"
            assert answers[0][:3] == ("GoneException", "", 410)

    run(scenario())


@pytest.mark.aws("7-13", assumed=True)
@pytest.mark.parametrize(("empty_bodies", "messages"), [("dropped", ["end"]), ("sent", ["", "end"])])
def test_empty_body_of_a_two_way_route_is_dropped_or_sent(
    empty_bodies: typing.Literal["dropped", "sent"], messages: list[str]
) -> None:
    async def scenario() -> None:
        settings = GatewaySettings(empty_bodies=empty_bodies)
        answers = iter([{"statusCode": 200}, {"body": "end"}])

        async def answer(event: Event) -> object:
            return next(answers)

        async with serving(settings=settings, ask=answer) as served, served.client() as client:
            for _ in range(2):
                await client.send('{"action":"ask"}')
                await served.idle()
            assert [await received(client) for _ in messages] == messages

    run(scenario())


@pytest.mark.aws("R-9")
def test_lenient_gateway_routes_what_lacks_its_quotes_and_passes_it_on_verbatim() -> None:
    async def scenario() -> None:
        sent = '{"action":"ask", body:"hello"}'
        settings = GatewaySettings(json="lenient")
        async with serving(settings=settings, ask=echo) as served, served.client() as client:
            await client.send(sent)
            assert await received(client) == sent

    run(scenario())


@pytest.mark.aws("M-17", "7-8", assumed=True)
def test_jitter_lets_posts_at_one_time_change_places_and_keeps_those_that_wait() -> None:
    async def scenario() -> None:
        settings = GatewaySettings(post_jitter=1.0)
        async with serving(settings=settings) as served, served.client() as client:
            numbers = [str(number) for number in range(20)]
            together = [asyncio.ensure_future(post(served, number)) for number in numbers]
            await in_time(served, *together)
            arrived = [await received(client) for _ in numbers]
            assert (sorted(arrived, key=str) == sorted(numbers), arrived == numbers) == (True, False)
            for number in numbers:
                await in_time(served, asyncio.ensure_future(post(served, number)))
            assert [await received(client) for _ in numbers] == numbers

    run(scenario())


async def post(served: Served, text: str) -> int:
    connection = served.connection_id()
    answer = served.gateway.call(a_post(text.encode()), "a1b2", "dev", f"@connections/{connection}")
    assert not isinstance(answer, Response)
    return (await answer).status


async def in_time(served: Served, *posts: "asyncio.Future[int]") -> None:
    """Lets a second pass in small steps, so that each post has its own moment."""
    await asyncio.sleep(0)
    for _ in range(1000):
        served.clock.advance(0.001)
        await asyncio.sleep(0)
    assert await asyncio.wait_for(asyncio.gather(*posts), WAIT) == [200] * len(posts)


@pytest.mark.aws("Q-1", "Q-3", "Q-4")
def test_quotas_hold_from_now_on_and_an_open_connection_keeps_its_own() -> None:
    async def scenario() -> None:
        async with serving() as served, served.client() as old:
            served.gateway.configure(quotas=Quotas(idle_timeout=5.0, frame_size=10))
            async with served.client() as new:
                await new.send("x" * 11)
                assert await closing_of(new) == (1009, "")
            async with served.client() as new:
                served.clock.advance(5.0)
                assert await closing_of(new) == (1001, "Going away")
            await old.send("x" * 11)
            assert str(await received(old)).startswith('{"message": "Forbidden"')

    run(scenario())


@pytest.mark.aws("Q-6")
def test_throttle_that_was_changed_holds_at_once() -> None:
    async def scenario() -> None:
        async with serving() as served, served.client():
            served.gateway.configure(quotas=replace(Quotas(), handshake_rate=1.0, handshake_burst=0))
            assert (await refused(served))[0] == 429
            served.gateway.configure(quotas=replace(Quotas(), handshake_rate=math.inf, handshake_burst=0))
            async with connect(served.url):
                assert served.gateway.open_connections() == 2

    run(scenario())
