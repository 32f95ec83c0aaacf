"""What a run may cost: figures that can be worked out by hand, and caps."""

import pytest

from harness.backends.aws.choice import AwsChoice, Caps
from harness.backends.aws.cost import Estimate, Item, affordable, estimate, refuse_over
from harness.clients.load import Load, Published
from harness.errors import UsageError
from harness.stack.model import Stack

STACK = Stack.model_validate(
    {
        "name": "chat",
        "tables": {"rooms": {"name": "Rooms", "hash_key": "id"}},
        "topics": {"messages": {"name": "Messages"}, "alarms": {"name": "Alarms"}},
        "events": "messages",
        "functions": {
            "connect": {"handler": "app.connect", "memory": 1024},
            "talk": {"handler": "app.talk", "memory": 512},
            "fan_out": {"handler": "app.fan_out", "memory": 2048, "subscribed_to": ["messages"]},
            "alarm": {"handler": "app.alarm", "subscribed_to": ["alarms"]},
        },
        "api": {"name": "chat", "routes": {"$connect": "connect", "$disconnect": "connect", "talk": "talk"}},
        "connections": {"table": "rooms", "connection_id": {"attribute": "id"}},
    }
)


def amounts(*loads: Load) -> dict[str, float]:
    return {item.row: item.amount for item in estimate(loads, STACK).items}


def test_each_line_is_what_aws_bills() -> None:
    load = Load(connections=10, messages=4, events=(Published(1024, 8), Published(2048, 6)), seconds=61.0)

    assert amounts(load) == {
        "P-1": 10 + 4 + 4 + 8 + 6,
        "P-4": 20,  # ten connections for two begun minutes
        "P-16": 8 + 2 * 6,
        "P-6": 10 + 10 + 4 + 2,
        "P-7": (10 + 10) * 1.0 + 4 * 0.5 + 2 * 2.0,
        "P-10": 2,
        "P-12": (10 + 10 + 4) * 3,
        "P-13": (2 + 244) * 2,  # 5 KB of rows, by each event and each look
    }


@pytest.mark.parametrize(
    ("size", "messages", "publishes"),
    [(1, 1, 1), (32_768, 1, 1), (32_769, 2, 1), (65_536, 2, 1), (65_537, 3, 2), (262_144, 8, 4)],
)
def test_large_messages_are_billed_in_steps(size: int, messages: int, publishes: int) -> None:
    found = amounts(Load(0, 0, (Published(size, 1),), 0.0))
    assert (found["P-1"], found["P-10"]) == (messages, publishes)


def test_scenarios_add_up() -> None:
    load = Load(connections=10, messages=4, events=(Published(1024, 8),), seconds=60.0)
    one, two = estimate([load], STACK), estimate([load, load], STACK)
    assert (two.connections, two.events) == (20, 2)
    assert two.usd == pytest.approx(2 * one.usd)


def test_a_million_pushes_cost_a_dollar() -> None:
    (item,) = (
        one
        for one in estimate([Load(0, 0, (Published(100, 1_000_000),), 0.0)], STACK).items
        if one.row == "P-1"
    )
    assert item.usd == pytest.approx(1.0)


ESTIMATE = Estimate(connections=1_500, events=20, items=(Item("messages", 2_000_000, 0.000001, "P-1"),))


@pytest.mark.parametrize(
    ("caps", "said"),
    [
        pytest.param(
            Caps(1_499, 20, 2.0), "1,500 connections, and --max-connections is 1,499", id="connections"
        ),
        pytest.param(Caps(1_500, 19, 2.0), "20 events, and --max-events is 19", id="events"),
        pytest.param(Caps(1_500, 20, 1.99), "$2.00, and --max-cost is $1.99", id="cost"),
        pytest.param(
            Caps(1, 1, 2.0),
            "1,500 connections, and --max-connections is 1; up to 20 events, and --max-events is 1",
            id="two of them",
        ),
    ],
)
def test_over_a_cap_is_refused(caps: Caps, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        refuse_over(ESTIMATE, caps)
    assert str(refused.value) == f"the run would need up to {said}"


def test_just_at_the_caps_is_fine() -> None:
    refuse_over(ESTIMATE, Caps(1_500, 20, 2.0))


def test_what_is_told_says_what_may_be_done() -> None:
    load = Load(connections=1, messages=0, events=(), seconds=0.0)
    told = affordable([load], STACK, AwsChoice("111122223333", allow_write=True))
    assert told.splitlines()[0] == (
        "on AWS account 111122223333: at most 1 connections, no more than 400 of them a second, and 0 events; "
        "rows that it leaves behind are deleted"
    )
