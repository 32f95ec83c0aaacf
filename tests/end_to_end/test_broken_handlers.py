"""Each check can fail: a handler broken in one way turns exactly that check red, through the user's own command."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.command import HERE, Ended

BROKEN = "tests/end_to_end/broken_handlers"


def test_the_real_handlers_turn_nothing_red(
    harness: Callable[..., Ended], tmp_path: Path, verdicts: Callable[[], dict[str, str]]
) -> None:
    ended = harness("run", "--runs", str(tmp_path / "runs"), str(HERE / "every-check.yaml"))
    assert set(verdicts().values()) == {"PASS"}, ended.stdout
    assert ended.exit_code == 0


@pytest.mark.parametrize(
    ("handler", "red"),
    [
        ("sends_to_all", "routing"),
        ("drops_one_in_a_hundred", "routing"),
        ("sends_twice", "routing"),
        ("leaks_private_events", "routing"),
        ("alters_the_payload", "routing"),
        ("is_slow", "latency"),
        ("never_purges", "purge"),
        ("purges_a_live_row", "purge"),
        ("raises_after_posting", "health"),
    ],
)
def test_a_broken_fan_out_turns_its_check_red(
    handler: str,
    red: str,
    harness: Callable[..., Ended],
    stack_with: Callable[..., Path],
    tmp_path: Path,
    verdicts: Callable[[], dict[str, str]],
) -> None:
    stack = stack_with(fan_out=f"{BROKEN}.{handler}")
    ended = harness(
        "run", "--stack", str(stack), "--runs", str(tmp_path / "runs"), str(HERE / "every-check.yaml")
    )
    assert {check for check, verdict in verdicts().items() if verdict != "PASS"} == {red}, ended.stdout
    assert ended.exit_code == 1


def test_a_subscribe_that_refuses_nobody_turns_refusals_red(
    harness: Callable[..., Ended],
    stack_with: Callable[..., Path],
    tmp_path: Path,
    verdicts: Callable[[], dict[str, str]],
) -> None:
    stack = stack_with(subscribe=f"{BROKEN}.lets_anybody_subscribe")
    ended = harness(
        "run", "--stack", str(stack), "--runs", str(tmp_path / "runs"), str(HERE / "every-check.yaml")
    )
    assert {check for check, verdict in verdicts().items() if verdict != "PASS"} == {"refusals"}, ended.stdout
    assert ended.exit_code == 1


def test_a_fan_out_that_reorders_turns_order_red(
    harness: Callable[..., Ended],
    stack_with: Callable[..., Path],
    tmp_path: Path,
    verdicts: Callable[[], dict[str, str]],
) -> None:
    stack = stack_with(fan_out=f"{BROKEN}.reorders")
    ended = harness("run", "--stack", str(stack), "--runs", str(tmp_path / "runs"), str(HERE / "order.yaml"))
    assert {check for check, verdict in verdicts().items() if verdict != "PASS"} == {"order", "routing"}, (
        ended.stdout
    )
    assert "the handler had returned before" in ended.stdout, ended.stdout
    assert ended.exit_code == 1
