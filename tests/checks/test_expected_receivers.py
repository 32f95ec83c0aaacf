import pytest

from harness.checks.expected import acts, expected
from harness.record.history import History
from harness.record.observation import (
    ClientClosed,
    ClientConnecting,
    ClientLeft,
    ClientRefused,
    ConnectionClosed,
    ConnectionOpened,
    InvocationEnded,
    InvocationStarted,
    ObservationsLost,
    Settled,
    SubscriptionSent,
)
from harness.scenario.model import Scenario
from harness.scenario.receivers import Act, Closed, Connected, Connecting, Leaving, Subscribing
from tests.checks.histories import (
    MARKET,
    a_client,
    a_fan_out,
    a_history,
    a_scenario,
    an_event,
    its_connection,
)

INF = float("inf")
ETH = "market.ETH-PERP"


def subscribings(scenario: Scenario, history: History) -> list[Subscribing]:
    return [act for act in acts(scenario, history) if isinstance(act, Subscribing)]


def test_what_clients_did_becomes_acts_in_time_order() -> None:
    history = a_history(
        a_client("alice"),
        ClientLeft(20.0, "alice"),
        ClientClosed(20.1, "alice", 1000),
        ClientConnecting(21.0, "alice"),
        ClientRefused(21.1, "alice", 403),
    )

    told: tuple[Act, ...] = (
        Connecting(1.0, "alice"),
        Connected(1.1, "alice"),
        Subscribing(1.2, 2.2, "alice", MARKET, refused=False),
        Leaving(20.0, "alice"),
        Closed(20.1, "alice"),
        Connecting(21.0, "alice"),
        Closed(21.1, "alice"),
    )
    assert acts(a_scenario(), history) == told


def test_a_subscription_is_done_when_its_invocation_has_ended() -> None:
    history = a_history(a_client("alice"), its_connection("alice", subscribed_at=4.5))

    assert subscribings(a_scenario(), history) == [Subscribing(1.2, 4.5, "alice", MARKET)]


def test_a_subscription_whose_invocation_was_never_seen_is_done_when_the_start_had_settled() -> None:
    history = a_history(a_client("alice"), ConnectionOpened(1.05, "c", "alice"))

    assert subscribings(a_scenario(), history) == [Subscribing(1.2, 10.0, "alice", MARKET)]


def test_a_subscription_is_never_surely_done_when_the_start_did_not_settle() -> None:
    history = a_history(
        a_client("alice"),
        ConnectionOpened(1.05, "c", "alice"),
        Settled(10.0, "start", complete=False),
        settled=False,
    )

    assert subscribings(a_scenario(), history) == [Subscribing(1.2, INF, "alice", MARKET)]


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param((), id="shows nothing"),
        pytest.param(
            (ObservationsLost(9.0, 1), ConnectionOpened(10.0, "c", "alice")), id="does not show everything"
        ),
    ],
)
def test_a_subscription_has_a_second_when_the_inside(inside: tuple[ConnectionOpened, ...]) -> None:
    history = a_history(a_client("alice", at=11.0), inside)

    assert subscribings(a_scenario(), history) == [Subscribing(11.2, 12.2, "alice", MARKET)]


def test_the_nth_message_of_a_connection_is_its_nth_invocation() -> None:
    history = a_history(
        a_client("alice"),
        its_connection("alice"),
        InvocationStarted(1.01, "r-connect", "connect", connection="c-alice", route="$connect"),
        InvocationEnded(1.02, "r-connect", "connect"),
        SubscriptionSent(11.0, "alice", ETH),
        InvocationStarted(11.1, "second", "subscribe", connection="c-alice", route="subscribe"),
        InvocationEnded(11.7, "second", "subscribe"),
    )

    assert [one.done_at for one in subscribings(a_scenario(), history)] == [1.3, 11.7]


def test_each_connection_of_a_client_counts_its_own_messages() -> None:
    history = a_history(
        a_client("alice"),
        its_connection("alice"),
        ClientLeft(11.0, "alice"),
        ClientClosed(11.1, "alice", 1000),
        a_client("alice", at=12.0),
        its_connection("alice", connection="c-again", at=12.0, subscribed_at=12.9),
    )

    assert [one.done_at for one in subscribings(a_scenario(), history)] == [1.3, 12.9]


def test_a_close_by_the_gateway_is_the_beginning_of_leaving() -> None:
    history = a_history(
        a_client("alice", channel=None),
        ConnectionOpened(1.05, "c", "alice"),
        ConnectionClosed(20.0, "c", 1001, "Going away"),
        ClientClosed(20.3, "alice", 1001),
    )

    assert acts(a_scenario(), history)[2:] == (Leaving(20.0, "alice"), Closed(20.3, "alice"))


def test_the_gateways_end_of_an_earlier_connection_says_nothing_of_the_present_one() -> None:
    history = a_history(
        a_client("alice", channel=None),
        ConnectionOpened(1.05, "c1", "alice"),
        ClientLeft(20.0, "alice", vanished=True),
        ClientClosed(20.0, "alice", 1006),
        a_client("alice", at=21.0, channel=None),
        ConnectionOpened(21.05, "c2", "alice"),
        ConnectionClosed(22.0, "c1", 1006),
        ConnectionClosed(23.0, "a stranger's", 1000),
    )

    assert acts(a_scenario(), history)[-1] == Connected(21.1, "alice")


@pytest.mark.parametrize(
    ("members", "at", "channel", "refused"),
    [
        pytest.param(
            {"clients": {"alice": {"subscribe": MARKET, "refused": "FORBIDDEN"}}},
            1.2,
            MARKET,
            True,
            id="group's",
        ),
        pytest.param(
            {"clients": {"alice": {"subscribe": MARKET, "refused": "FORBIDDEN"}}},
            1.2,
            ETH,
            False,
            id="another's",
        ),
        pytest.param(
            {"timeline": [{"at": 5, "subscribe": {"clients": "alice", "channel": ETH, "refused": "NO"}}]},
            15.0,
            ETH,
            True,
            id="step's",
        ),
        pytest.param(
            {
                "timeline": [
                    {"at": 1, "subscribe": {"clients": "alice", "channel": ETH}},
                    {"at": 5, "subscribe": {"clients": "alice", "channel": ETH, "refused": "NO"}},
                ]
            },
            11.0,
            ETH,
            False,
            id="later step's",
        ),
    ],
)
def test_a_refused_subscription_is_the(
    members: dict[str, object], at: float, channel: str, refused: bool
) -> None:
    history = a_history(a_client("alice", channel=None), SubscriptionSent(at, "alice", channel))

    assert [one.refused for one in subscribings(a_scenario(**members), history)] == [refused]


def test_an_event_must_reach_who_was_subscribed_over_the_whole_lookup() -> None:
    event = an_event(at=11.0)
    scenario = a_scenario(clients={"alice": {}, "bob": {}, "eth": {}})
    history = a_history(
        a_client("alice"),
        its_connection("alice"),
        a_client("bob"),
        its_connection("bob"),
        a_client("eth", channel=ETH),
        its_connection("eth"),
        event,
        ClientLeft(11.2, "bob"),
        a_fan_out(event, {}, ends_after=0.5),
    )

    (only,) = expected(scenario, history)

    assert (only.handled_at, only.must, only.may) == (
        11.5,
        frozenset({"alice"}),
        frozenset({"alice", "bob"}),
    )


def test_a_retried_delivery_is_handled_when_its_last_attempt_has_ended() -> None:
    event = an_event(at=11.0)
    history = a_history(
        ConnectionOpened(1.0, "c", "alice"),
        event,
        a_fan_out(event, {}, ends_after=0.5),
        a_fan_out(event, {}, after=60.0, ends_after=60.5),
    )

    assert [one.handled_at for one in expected(a_scenario(), history)] == [71.5]


@pytest.mark.parametrize(
    ("inside", "handled_at"),
    [
        pytest.param((), 12.0, id="not seen"),
        pytest.param((InvocationStarted(11.1, "r", "fan_out", messages=("m-e1",)),), 100.0, id="not ended"),
    ],
)
def test_handling_ends_with_a_grace_or_with_the_run_when_it_was(
    inside: tuple[InvocationStarted, ...], handled_at: float
) -> None:
    history = a_history(an_event(at=11.0), inside)

    assert [one.handled_at for one in expected(a_scenario(), history)] == [handled_at]


def test_who_connects_with_a_market_is_subscribed_by_that() -> None:
    scenario = a_scenario(clients={"alice": {"query": {"market": "BTC-PERP"}}})
    history = a_history(a_client("alice", channel=None), an_event())

    assert [one.must for one in expected(scenario, history)] == [{"alice"}]
