"""Timelines as flat lists of actions."""

from collections.abc import Mapping, Sequence
from random import Random

import pytest

from harness.clients.schedule import (
    Action,
    ConnectClient,
    LeaveClient,
    PublishEvent,
    SubscribeClient,
    VanishClient,
    initial,
    schedule,
)
from harness.matcher.session import MARKET_TYPES
from harness.scenario.model import Scenario

TRADE: dict[str, object] = {"type": "trade", "market": "BTC"}


def a_scenario(*steps: Mapping[str, object], **groups: Mapping[str, object]) -> Scenario:
    return Scenario.model_validate({"scenario": "s", "clients": groups, "timeline": steps})


def with_seed(scenario: Scenario, seed: int) -> Scenario:
    return scenario.model_copy(update={"seed": seed})


def actions_of(
    scenario: Scenario, files: Mapping[str, Sequence[Mapping[str, object]]] | None = None
) -> tuple[Action, ...]:
    return schedule(scenario, files=(files or {}).__getitem__, chances=Random)


def test_who_joins_before_and_what_they_ask_for() -> None:
    scenario = a_scenario(
        alice={"subscribe": "trader.a"},
        btc={"count": 2, "subscribe": "market.{n}"},
        eve={"refused": 403},
        late={"joins": "later"},
    )
    assert initial(scenario) == (
        ("alice", "trader.a"),
        ("btc/1", "market.1"),
        ("btc/2", "market.2"),
        ("eve", None),
    )


@pytest.mark.parametrize(
    ("step", "actions"),
    [
        pytest.param({"at": "1s", "publish": TRADE}, [PublishEvent(1.0, TRADE, "e1")], id="one event"),
        pytest.param(
            {
                "at": 1,
                "publish": {"type": "t", "n": "{n}", "deep": [{"x": "<{n}>"}, 5]},
                "every": 0.1,
                "for": 0.3,
            },
            [
                PublishEvent(1.0, {"type": "t", "n": "1", "deep": [{"x": "<1>"}, 5]}, "e1"),
                PublishEvent(1.1, {"type": "t", "n": "2", "deep": [{"x": "<2>"}, 5]}, "e2"),
                PublishEvent(1.2, {"type": "t", "n": "3", "deep": [{"x": "<3>"}, 5]}, "e3"),
            ],
            id="repeated and counted",
        ),
        pytest.param(
            {"publish": TRADE, "every": "2s", "for": "1s"},
            [PublishEvent(0.0, TRADE, "e1")],
            id="at least once",
        ),
        pytest.param(
            {"publish": {"eventId": "x{n}"}, "every": 1, "for": 2},
            [PublishEvent(0.0, {"eventId": "x1"}, "x1"), PublishEvent(1.0, {"eventId": "x2"}, "x2")],
            id="ids of their own",
        ),
        pytest.param({"at": 2, "connect": "late"}, [ConnectClient(2.0, "late")], id="connect"),
        pytest.param({"leave": ["a", "b/2"]}, [LeaveClient(0.0, "a"), LeaveClient(0.0, "b/2")], id="leave"),
        pytest.param(
            {"vanish": ["b", "b/1"]}, [VanishClient(0.0, "b/1"), VanishClient(0.0, "b/2")], id="once each"
        ),
        pytest.param(
            {"subscribe": {"clients": "b", "channel": "m.{n}", "refused": "NO"}},
            [SubscribeClient(0.0, "b/1", "m.1", "NO"), SubscribeClient(0.0, "b/2", "m.2", "NO")],
            id="subscribe",
        ),
        pytest.param({"leave": ["late", "eve"]}, [], id="what cannot happen"),
        pytest.param({"connect": "eve"}, [ConnectClient(0.0, "eve")], id="a refused handshake, tried"),
    ],
)
def test_one_step(step: Mapping[str, object], actions: list[Action]) -> None:
    scenario = a_scenario(step, a={}, b={"count": 2}, late={"joins": "later"}, eve={"refused": 403})
    assert actions_of(scenario) == tuple(actions)


def test_steps_are_put_in_the_order_of_time_and_keep_the_files_order_at_one_time() -> None:
    scenario = a_scenario(
        {"at": 2, "publish": {"p": 2}},
        {"at": 1, "leave": "a"},
        {"at": 2, "connect": "a"},
        {"at": 1, "publish": {"p": 1}},
        a={},
    )
    assert actions_of(scenario) == (
        LeaveClient(1.0, "a"),
        PublishEvent(1.0, {"p": 1}, "e1"),
        PublishEvent(2.0, {"p": 2}, "e2"),
        ConnectClient(2.0, "a"),
    )


def test_lines_of_a_file_come_at_their_own_time_or_after_the_line_before() -> None:
    lines: list[Mapping[str, object]] = [
        {"p": 1},
        {"p": 2},
        {"p": 3, "at": "5s"},
        {"p": 4},
        {"p": 5, "at": "100ms"},
    ]
    scenario = a_scenario({"at": 10, "publish_file": "f", "every": 0.5})
    assert actions_of(scenario, {"f": lines}) == (
        PublishEvent(10.0, {"p": 1}, "e1"),
        PublishEvent(10.1, {"p": 5}, "e2"),
        PublishEvent(10.5, {"p": 2}, "e3"),
        PublishEvent(15.0, {"p": 3}, "e4"),
        PublishEvent(15.5, {"p": 4}, "e5"),
    )


def test_an_id_that_a_payload_brings_along_is_not_given_to_another() -> None:
    scenario = a_scenario({"publish": {}}, {"publish": {"eventId": "e1"}}, {"publish": {}})
    assert actions_of(scenario) == (
        PublishEvent(0.0, {}, "e2"),
        PublishEvent(0.0, {"eventId": "e1"}, "e1"),
        PublishEvent(0.0, {}, "e3"),
    )


def test_generated_events_come_one_at_each_repetition() -> None:
    step = {"at": 1, "publish_generated": {"markets": ["BTC"], "seed": 3}, "every": 0.5, "for": 2}
    actions = actions_of(a_scenario(step))
    assert [action.at for action in actions] == [1.0, 1.5, 2.0, 2.5]
    types = {action.payload["type"] for action in actions if isinstance(action, PublishEvent)}
    assert types <= set(MARKET_TYPES)
    assert actions == actions_of(with_seed(a_scenario(step), 99)), "a generated session has its own seed"


# --- churn ------------------------------------------------------------------------------------------------------

CHURN = {"churn": {"clients": ["b", "late"], "channels": ["x", "y{n}"]}, "every": 1, "for": 300}
GROUPS: Mapping[str, Mapping[str, object]] = {
    "b": {"count": 3, "subscribe": "x"},
    "late": {"joins": "later", "query": {"market": "M"}},
}


def test_a_churn_does_one_act_at_each_repetition_and_follows_the_seed() -> None:
    once, again = actions_of(a_scenario(CHURN, **GROUPS)), actions_of(a_scenario(CHURN, **GROUPS))
    assert [action.at for action in once] == [float(at) for at in range(300)]
    assert once == again
    assert once != actions_of(with_seed(a_scenario(CHURN, **GROUPS), 2))
    assert {type(action) for action in once} == {ConnectClient, LeaveClient, SubscribeClient}


def assert_every_act_can_happen(actions: Sequence[Action]) -> None:
    """Plays the acts on a model of presence: None stands for a client that is away."""
    channels: dict[str, str | None] = {"b/1": "x", "b/2": "x", "b/3": "x", "late": None}
    for action in actions:
        match action:
            case ConnectClient(client=client):
                assert channels[client] is None
                channels[client] = "market.M" if client == "late" else "x"
            case LeaveClient(client=client) | VanishClient(client=client):
                assert channels[client] is not None
                channels[client] = None
            case SubscribeClient(client=client, channel=channel):
                assert channels[client] not in (None, channel)
                channels[client] = channel


def test_a_churn_does_only_what_can_happen() -> None:
    assert_every_act_can_happen(actions_of(a_scenario(CHURN, **GROUPS)))


def test_steps_after_a_churn_skip_whom_it_took_away_or_brought_back() -> None:
    steps = (CHURN, {"at": 100.5, "vanish": ["b", "late"]}, {"at": 200.5, "connect": ["b", "late"]})
    actions = actions_of(a_scenario(*steps, **GROUPS))
    assert_every_act_can_happen(actions)
    assert any(isinstance(action, VanishClient) for action in actions)


def test_a_churn_with_one_channel_only_comes_and_goes() -> None:
    churn = {"churn": {"clients": "b", "channels": ["x"]}, "every": 1, "for": 100}
    actions = actions_of(a_scenario(churn, b={"subscribe": "x"}))
    assert [type(action) for action in actions] == [LeaveClient, ConnectClient] * 50
