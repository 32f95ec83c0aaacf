"""A running stack, as a test of somebody's own application uses it: blocking calls, each with an end."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UsageError
from harness.live import HandshakeRefused, LiveStack, _LoopThread, live_stack
from tests.patience import WAIT

ROOT = Path(__file__).resolve().parents[1]
CONNECT = """
def handler(event, context):
    query = event.get("queryStringParameters") or {}
    return {"statusCode": 403 if query.get("as") == "stranger" else 200}
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[LiveStack]:
    with live_stack(ROOT / "stack.yaml") as running:
        yield running


def rows_in(stack: LiveStack) -> int:
    aws: Any = stack.aws("dynamodb")
    return int(aws.scan(TableName=stack.table_name("connections"))["Count"])


def test_a_published_event_reaches_its_market_and_nobody_else(stack: LiveStack) -> None:
    alice = stack.connect("alice", query={"market": "BTC-PERP"})
    bob = stack.connect("bob")
    bob.subscribe("market.ETH-PERP")

    event_id = stack.publish({"type": "trade", "market": "BTC-PERP", "price": "64523.5"})

    assert alice.receive() == {
        "type": "trade",
        "market": "BTC-PERP",
        "price": "64523.5",
        "eventId": event_id,
    }
    assert (alice.received(), bob.received()) == ([], [])
    alice.leave()
    bob.leave()


def test_an_event_keeps_the_id_it_came_with(stack: LiveStack) -> None:
    alice = stack.connect("alice", query={"market": "BTC-PERP"})
    assert stack.publish({"type": "trade", "market": "BTC-PERP", "eventId": "mine"}) == "mine"
    assert alice.receive()["eventId"] == "mine"
    alice.leave()


def test_what_has_arrived_is_taken_in_order_and_once(stack: LiveStack) -> None:
    alice = stack.connect("alice", query={"market": "BTC-PERP"})
    sent = [stack.publish({"type": "trade", "market": "BTC-PERP", "n": n}) for n in range(2)]
    assert sorted(message["eventId"] for message in alice.received()) == sorted(sent)
    assert alice.received() == []
    alice.leave()


def test_leaving_and_vanishing_delete_the_row(stack: LiveStack) -> None:
    alice, bob = stack.connect("alice"), stack.connect("bob")
    assert rows_in(stack) == 2

    alice.leave()
    assert alice.closed().code == 1000
    bob.vanish()
    bob.closed()
    stack.settle()

    assert rows_in(stack) == 0


def test_a_client_that_has_left_cannot_subscribe(stack: LiveStack) -> None:
    alice = stack.connect("alice")
    alice.leave()
    with pytest.raises(
        ConnectionError, match=r"alice is not connected, so it cannot subscribe to market\.BTC-PERP"
    ):
        alice.subscribe("market.BTC-PERP")
    alice.leave()


def test_waiting_for_what_does_not_come_ends(stack: LiveStack) -> None:
    alice = stack.connect("alice")
    with pytest.raises(TimeoutError, match=r"alice received no message within 0\.01 s"):
        alice.receive(timeout=0.01)
    with pytest.raises(TimeoutError, match=r"alice is still connected after 0\.01 s"):
        alice.closed(timeout=0.01)
    alice.leave()


def test_a_scenario_is_played_and_leaves_the_stack_as_it_was(stack: LiveStack, tmp_path: Path) -> None:
    claim = tmp_path / "lost.yaml"
    claim.write_text(
        "scenario: A gone client is purged\n"
        "gateway: {disconnect_events: lost}\n"
        "clients:\n  a: {query: {market: BTC-PERP}}\n"
        "timeline:\n  - {at: 0s, vanish: a}\n"
    )
    folder = stack.new_run_folder(tmp_path / "runs")

    result = stack.play(claim, folder)

    assert (result.scenario, result.title) == ("lost", "A gone client is purged")
    assert folder.description().scenarios == ("lost",)
    assert rows_in(stack) == 0
    stack.connect("alice").leave()
    stack.settle()
    assert rows_in(stack) == 0, "$disconnect is delivered again"


def test_a_refused_handshake_tells_its_status_and_an_open_client_stops_nothing(tmp_path: Path) -> None:
    threads = threading.active_count()
    (tmp_path / "mine.py").write_text(CONNECT)
    (tmp_path / "stack.yaml").write_text(
        "name: mine\nfunctions: {hello: {handler: mine.handler, subscribed_to: [events]}}\n"
        "topics: {events: {name: Events}}\napi: {name: mine, routes: {$connect: hello}}\n"
    )
    with live_stack(str(tmp_path / "stack.yaml")) as stack:
        with pytest.raises(HandshakeRefused, match="the opening handshake was refused: 403") as raised:
            stack.connect("eve", query={"as": "stranger"})
        assert raised.value.status == 403
        stack.connect("alice")
    assert threading.active_count() == threads


def test_a_stack_that_is_not_there_is_told_and_no_thread_stays() -> None:
    threads = threading.active_count()
    with pytest.raises(UsageError, match=r"nowhere\.yaml: cannot be read"), live_stack("nowhere.yaml"):
        raise AssertionError("it started")
    assert threading.active_count() == threads


# --- the event loop's thread --------------------------------------------------------------------------------


def test_a_call_that_takes_too_long_is_cancelled_before_the_thread_ends() -> None:
    ended: list[str] = []

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("tidied up")

    with pytest.raises(TimeoutError, match=r"did not answer within 1 s"), _LoopThread() as host:
        host.call(for_ever(), 1.0)
    assert ended == ["tidied up"]


def test_an_error_of_the_work_is_the_callers() -> None:
    async def fails() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match=r"^its own$"), _LoopThread() as host:
        host.call(fails(), WAIT)
