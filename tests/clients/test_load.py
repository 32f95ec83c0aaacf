"""What a scenario puts on the system at most."""

from random import Random

import pytest

from harness.clients.load import Load, Published, load
from harness.clients.schedule import schedule
from harness.scenario.model import Scenario

EVENT = {"eventId": "e", "type": "trade", "market": "BTC"}
SIZE = len('{"eventId":"e","type":"trade","market":"BTC"}')


def load_of(clients: dict[str, object], *timeline: dict[str, object]) -> Load:
    scenario = Scenario.model_validate(
        {"scenario": "A claim", "clients": clients, "timeline": timeline, "settle": 2}
    )
    return load(scenario, schedule(scenario, files=lambda _: (), chances=Random))


def receivers(clients: dict[str, object], *timeline: dict[str, object]) -> list[int]:
    return [one.receivers for one in load_of(clients, *timeline).events]


def test_everything_is_counted() -> None:
    clients: dict[str, object] = {
        "btc": {"count": 5, "subscribe": "market.BTC"},
        "quick": {"count": 2, "query": {"market": "BTC"}},
        "late": {"subscribe": "market.ETH", "joins": "later"},
    }

    found = load_of(
        clients,
        {"at": 1, "publish": EVENT},
        {"at": 2, "connect": "late"},
        {"at": 3, "subscribe": {"clients": "quick", "channel": "market.ETH"}},
    )

    assert found == Load(connections=8, messages=8, events=(Published(SIZE, 7),), seconds=3 + 3 * 2)
    assert found.received == 8 + 7


@pytest.mark.parametrize(
    ("step", "still"),
    [
        pytest.param({"leave": "btc/1"}, 2, id="who left gets nothing"),
        pytest.param({"vanish": "btc/1"}, 3, id="who vanished is posted to until that is noticed"),
        pytest.param(
            {"subscribe": {"clients": "btc/1", "channel": "market.ETH"}}, 2, id="who switched gets nothing"
        ),
        pytest.param({"subscribe": {"clients": "eth", "channel": "market.BTC"}}, 4, id="who came gets it"),
        pytest.param(
            {"subscribe": {"clients": "eth", "channel": "market.BTC", "refused": "NO"}},
            3,
            id="who was refused does not",
        ),
    ],
)
def test_receivers_follow_the_timeline(step: dict[str, object], still: int) -> None:
    clients: dict[str, object] = {
        "btc": {"count": 3, "subscribe": "market.BTC"},
        "eth": {"subscribe": "market.ETH"},
    }
    assert receivers(
        clients, {"at": 0, "publish": EVENT}, {"at": 2, **step}, {"at": 5, "publish": EVENT}
    ) == [3, still]


def test_who_comes_just_after_an_event_may_still_be_found_for_it() -> None:
    clients: dict[str, object] = {"late": {"query": {"market": "BTC"}, "joins": "later"}}
    assert receivers(clients, {"at": 0, "publish": EVENT}, {"at": 0.5, "connect": "late"}) == [1]
