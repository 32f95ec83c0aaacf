import pytest

from harness.checks import wording
from tests.checks.histories import an_event


@pytest.mark.parametrize(
    ("names", "told"),
    [
        pytest.param([], "nobody", id="none"),
        pytest.param(["btc/1"], "btc/1", id="one"),
        pytest.param(["btc/10", "btc/9", "alice"], "alice, btc/9 and btc/10", id="a few by their numbers"),
        pytest.param([f"btc/{n}" for n in range(1, 501)], "btc/1, btc/2, btc/3 and 497 others", id="many"),
    ],
)
def test_clients_are_listed(names: list[str], told: str) -> None:
    assert wording.listed(names) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "0 ms"),
        (0.00045, "0.45 ms"),
        (0.0999, "100 ms"),
        (0.084, "84 ms"),
        (1.0, "1 s"),
        (3.21, "3.21 s"),
        (600.0, "600 s"),
        (float("inf"), "infinite"),
    ],
)
def test_durations_are_told_in_their_unit(seconds: float, told: str) -> None:
    assert wording.duration(seconds) == told


def test_amounts_have_their_thousands_apart() -> None:
    assert (wording.counted(1, "message"), wording.counted(12_000, "message")) == (
        "1 message",
        "12 000 messages",
    )
    assert wording.counted(2, "publish", "publishes") == "2 publishes"


def test_an_event_is_named_with_its_type_and_channel() -> None:
    assert wording.event(an_event("e17", kind="")) == "e17 (event on market.BTC-PERP)"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        pytest.param([f"btc/{n}" for n in range(1, 13)], "all 12 of btc", id="a whole group"),
        pytest.param(
            [f"btc/{n}" for n in range(1, 12)], "btc/1, btc/2, btc/3 and 8 others", id="a part of one"
        ),
        pytest.param(["alice"], "alice", id="a group of one"),
        pytest.param(
            ["alice", *(f"btc/{n}" for n in range(1, 13)), "eth/1", "eth/2"],
            "all 12 of btc, all 2 of eth and alice",
            id="several groups",
        ),
        pytest.param([], "nobody", id="none"),
    ],
)
def test_whole_groups_are_one_name(names: list[str], told: str) -> None:
    assert wording.folded(names, {"btc": 12, "eth": 2, "alice": 1}) == told


@pytest.mark.parametrize(
    ("names", "told"),
    [(["e1"], "e1"), (["e1", "e2"], "e1, e2"), (["e52", "e181", "e3"], "e52, e181, ...")],
)
def test_the_first_few_are_named(names: list[str], told: str) -> None:
    assert wording.first_few(names) == told
