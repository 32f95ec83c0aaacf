"""Who must, may and must not receive, from what clients did."""

from collections.abc import Sequence
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scenario.model import ClientGroup, Scenario
from harness.scenario.receivers import (
    Act,
    Closed,
    Connected,
    Connecting,
    Interval,
    Leaving,
    Reach,
    Subscribing,
    SubscriptionIndex,
    reach,
    subscriptions,
)

CLIENTS = {
    "a": ClientGroup(),
    "q": ClientGroup(query={"market": "Q"}),
    "n": ClientGroup(count=2, query={"market": "N{n}"}),
}


def intervals_of(*acts: Act) -> tuple[Interval, ...]:
    return subscriptions(Scenario(scenario="s", clients=CLIENTS), acts)


def online(client: str, at: float = 0.0) -> tuple[Act, Act]:
    """Connecting at `at`, connected one second later."""
    return Connecting(at, client), Connected(at + 1, client)


@pytest.mark.parametrize(
    ("acts", "intervals"),
    [
        pytest.param([*online("a")], [], id="no channel"),
        pytest.param([*online("q")], [Interval("q", "market.Q", 0, 1, inf, inf)], id="channel by the query"),
        pytest.param(
            [*online("n/2")], [Interval("n/2", "market.N2", 0, 1, inf, inf)], id="number in the query"
        ),
        pytest.param(
            [*online("a"), Subscribing(2, 3, "a", "c")],
            [Interval("a", "c", 2, 3, inf, inf)],
            id="channel by a message",
        ),
        pytest.param(
            [*online("q"), Subscribing(2, 3, "q", "c")],
            [Interval("q", "market.Q", 0, 1, 2, 3), Interval("q", "c", 2, 3, inf, inf)],
            id="a switch: in between either may hold",
        ),
        pytest.param(
            [*online("q"), Subscribing(2, 3, "q", "c", refused=True)],
            [Interval("q", "market.Q", 0, 1, inf, inf)],
            id="a refused switch changes nothing",
        ),
        pytest.param(
            [*online("q"), Subscribing(2, inf, "q", "c")],
            [Interval("q", "market.Q", 0, 1, 2, inf), Interval("q", "c", 2, inf, inf, inf)],
            id="a switch whose end was never seen",
        ),
        pytest.param(
            [*online("a"), Subscribing(2, 5, "a", "c"), Subscribing(3, 4, "a", "d")],
            [Interval("a", "c", 2, inf, inf, inf), Interval("a", "d", 3, inf, inf, inf)],
            id="two that overlap: either may be the last",
        ),
        pytest.param(
            [
                *online("a"),
                Subscribing(2, 5, "a", "c"),
                Subscribing(3, 4, "a", "d"),
                Subscribing(6, 7, "a", "e"),
            ],
            [
                Interval("a", "c", 2, inf, inf, 7),
                Interval("a", "d", 3, inf, inf, 7),
                Interval("a", "e", 6, 7, inf, inf),
            ],
            id="a later one settles it",
        ),
        pytest.param(
            [*online("a"), Subscribing(2, 3, "a", "c"), Subscribing(4, 5, "a", "c")],
            [Interval("a", "c", 2, 3, inf, inf), Interval("a", "c", 4, 5, inf, inf)],
            id="asking again takes nothing away",
        ),
        pytest.param(
            [*online("q"), Leaving(5, "q"), Closed(6, "q")],
            [Interval("q", "market.Q", 0, 1, 5, 6)],
            id="leaves",
        ),
        pytest.param(
            [*online("q"), Closed(5, "q")],
            [Interval("q", "market.Q", 0, 1, 5, 5)],
            id="closed by the other side",
        ),
        pytest.param(
            [*online("q"), Subscribing(2, 3, "q", "c"), Leaving(5, "q"), Closed(6, "q"), *online("q", 7)],
            [
                Interval("q", "market.Q", 0, 1, 2, 3),
                Interval("q", "c", 2, 3, 5, 6),
                Interval("q", "market.Q", 7, 8, inf, inf),
            ],
            id="comes back with no more than its query",
        ),
        pytest.param(
            [Connecting(0, "q"), *online("q", 3)],
            [Interval("q", "market.Q", 0, inf, inf, 3), Interval("q", "market.Q", 3, 4, inf, inf)],
            id="refused, then tried again",
        ),
        pytest.param(
            [*online("q"), *online("q", 3)],
            [Interval("q", "market.Q", 0, 1, 3, inf), Interval("q", "market.Q", 3, 4, inf, inf)],
            id="a new connection while the old one was never seen to close",
        ),
        pytest.param(
            [*online("a"), Subscribing(2, 9, "a", "c"), Closed(5, "a")],
            [Interval("a", "c", 2, inf, inf, 5)],
            id="closed before the switch was done",
        ),
        pytest.param(
            [Subscribing(2, 3, "a", "c"), Connected(1, "a"), Connecting(0, "a")],
            [Interval("a", "c", 2, 3, inf, inf)],
            id="acts in any order",
        ),
    ],
)
def test_intervals(acts: Sequence[Act], intervals: list[Interval]) -> None:
    assert intervals_of(*acts) == tuple(intervals)


def test_an_act_of_a_stranger_is_an_error() -> None:
    with pytest.raises(KeyError, match="bob"):
        intervals_of(Connecting(0, "bob"))


SUBSCRIBED = (
    Interval("early", "c", 0, 1, inf, inf),
    Interval("late", "c", 4, 6, inf, inf),
    Interval("gone", "c", 0, 1, 8, 9),
    Interval("other", "d", 0, 1, inf, inf),
)


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


@pytest.mark.parametrize(
    ("channels", "window", "must", "may"),
    [
        pytest.param(["c"], (2, 3), "early gone", "early gone", id="settled"),
        pytest.param(["c"], (0.5, 3), "", "early gone", id="published while they connected"),
        pytest.param(["c"], (2, 5), "early gone", "early gone late", id="somebody subscribed meanwhile"),
        pytest.param(["c"], (2, 4), "early gone", "early gone late", id="at the very moment"),
        pytest.param(
            ["c"], (6, 7), "early gone late", "early gone late", id="from the moment it was in place"
        ),
        pytest.param(["c"], (7, 8), "early late", "early gone late", id="somebody began to leave"),
        pytest.param(["c"], (9, 10), "early late", "early late", id="somebody is gone"),
        pytest.param(["d"], (2, 2), "other", "other", id="another channel"),
        pytest.param(["c", "d"], (9, 9), "early late other", "early late other", id="two channels"),
        pytest.param(["x"], (2, 3), "", "", id="nobody's channel"),
        pytest.param([], (2, 3), "", "", id="no channel"),
    ],
)
def test_reach(channels: list[str], window: tuple[float, float], must: str, may: str) -> None:
    assert reach(channels, *window, SUBSCRIBED) == Reach(names(must), names(may))


def test_a_window_that_ends_before_it_begins_is_an_error() -> None:
    with pytest.raises(ValueError, match="handled at 1, before it was published at 2"):
        reach(["c"], 2, 1, SUBSCRIBED)


# --- what holds for any history ---------------------------------------------------------------------------------

moments = st.integers(0, 30).map(float)
clients = st.sampled_from(["a", "q", "n/1"])
channels = st.sampled_from(["c", "d", "market.Q"])
acts = st.one_of(
    st.builds(Connecting, moments, clients),
    st.builds(Connected, moments, clients),
    st.builds(
        lambda at, took, client, channel, refused: Subscribing(at, at + took, client, channel, refused),
        moments,
        st.sampled_from([0.0, 1.0, 5.0, inf]),
        clients,
        channels,
        st.booleans(),
    ),
    st.builds(Leaving, moments, clients),
    st.builds(Closed, moments, clients),
)
histories = st.lists(acts, max_size=25)
windows = st.tuples(moments, moments).map(lambda pair: (min(pair), max(pair)))


@given(histories)
def test_what_is_sure_is_possible(history: list[Act]) -> None:
    for interval in intervals_of(*history):
        assert interval.maybe_from < interval.maybe_until
        if interval.sure_from < inf:
            assert interval.maybe_from <= interval.sure_from < interval.sure_until <= interval.maybe_until


@given(histories, windows, st.lists(channels, max_size=2))
def test_who_must_receive_may_receive(
    history: list[Act], window: tuple[float, float], wanted: list[str]
) -> None:
    found = reach(wanted, *window, intervals_of(*history))
    assert found.must <= found.may


@given(histories, windows, moments, moments, channels)
def test_a_wider_window_asks_for_less_and_allows_more(
    history: list[Act], window: tuple[float, float], earlier: float, later: float, channel: str
) -> None:
    index = SubscriptionIndex(intervals_of(*history))
    start, end = window
    narrow, wide = index.reach([channel], start, end), index.reach([channel], start - earlier, end + later)
    assert wide.must <= narrow.must
    assert narrow.may <= wide.may


@given(histories, windows)
def test_nobody_must_receive_from_two_channels_that_exclude_each_other(
    history: list[Act], window: tuple[float, float]
) -> None:
    intervals = intervals_of(*history)
    musts = [reach([channel], *window, intervals).must for channel in ("c", "d", "market.Q")]
    assert sum(map(len, musts)) == len(frozenset[str]().union(*musts))


@given(histories, st.lists(windows, max_size=20))
def test_an_index_that_was_asked_before_answers_the_same(
    history: list[Act], asked: list[tuple[float, float]]
) -> None:
    intervals = intervals_of(*history)
    index = SubscriptionIndex(intervals)
    for start, end in asked:
        assert index.reach(["c"], start, end) == reach(["c"], start, end, intervals)
