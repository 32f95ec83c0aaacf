"""What a generated session emits."""

from collections import Counter
from decimal import Decimal
from itertools import islice
from random import Random
from typing import cast

import pytest

from harness.matcher.session import (
    ADMIN_TYPES,
    MARKET_TYPES,
    TRADER_TYPES,
    MatcherEvent,
    outlines,
    session,
)

MARKETS, TRADERS = ("BTC-PERP", "ETH-PERP"), ("t1", "t2", "t3")


def events(count: int, *, seed: int = 1, traders: tuple[str, ...] = TRADERS) -> list[MatcherEvent]:
    return list(islice(session(MARKETS, traders, chance=Random(seed)), count))


def test_the_same_seed_gives_the_same_session() -> None:
    assert events(500) == events(500)
    assert events(500) != events(500, seed=2)


def test_every_type_comes_and_the_market_state_seldom() -> None:
    counts = Counter(str(event["type"]) for event in events(20_000))
    assert set(counts) == {*MARKET_TYPES, *TRADER_TYPES, *ADMIN_TYPES}
    assert counts["marketState"] < counts["funding"] < counts["markPrice"] < counts["depth"]


def test_sequences_count_each_markets_events() -> None:
    for market in MARKETS:
        sequences = [event["sequence"] for event in events(2000) if event["market"] == market]
        assert sequences == list(range(1, len(sequences) + 1))


@pytest.mark.parametrize("kind", [*MARKET_TYPES, *TRADER_TYPES, *ADMIN_TYPES])
def test_only_private_events_name_a_trader(kind: str) -> None:
    owners = {event.get("traderId") for event in events(20_000) if event["type"] == kind}
    assert owners <= set(TRADERS) if kind in TRADER_TYPES else owners == {None}


def test_without_traders_there_are_no_private_events() -> None:
    types = {event["type"] for event in events(20_000, traders=())}
    assert types == {*MARKET_TYPES, *ADMIN_TYPES}


def test_depth_is_sorted_and_never_crossed() -> None:
    for event in events(5000):
        if event["type"] == "depth":
            bids = [Decimal(price) for price, _ in cast("list[list[str]]", event["bids"])]
            asks = [Decimal(price) for price, _ in cast("list[list[str]]", event["asks"])]
            assert bids == sorted(bids, reverse=True)
            assert asks == sorted(asks)
            assert not bids or not asks or bids[0] < asks[0]


def test_positions_in_a_market_sum_to_nothing() -> None:
    complete = events(5000)
    last = {
        (event["market"], event["traderId"]): Decimal(str(event["position"]))
        for event in complete[: _end_of_last_trade(complete)]
        if event["type"] == "positionUpdate"
    }
    for market in MARKETS:
        assert sum(position for (where, _), position in last.items() if where == market) == 0


def _end_of_last_trade(found: list[MatcherEvent]) -> int:
    """The index of the last depth event: what one order brings about is complete before it."""
    return max(index for index, event in enumerate(found) if event["type"] == "depth")


def test_outlines_name_every_kind_for_every_market_and_trader() -> None:
    found = list(outlines(MARKETS, TRADERS))
    assert len(found) == len(MARKETS) * (5 + len(TRADER_TYPES) * len(TRADERS))
    assert {"type": "orderUpdate", "market": "ETH-PERP", "traderId": "t3"} in found
    assert {"type": "depth", "market": "BTC-PERP"} in found
