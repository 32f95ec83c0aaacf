"""The event loop's lag, measured on a clock that is turned by hand."""

import asyncio

import pytest

from harness.clients.loop_lag import watch_loop_lag
from harness.clock import ManualClock
from harness.record.observation import LoopLag, Observation


async def _lags(*turns: float) -> list[Observation]:
    """What is noted when the loop wakes after each of `turns` seconds."""
    clock, seen = ManualClock(), list[Observation]()
    watching = asyncio.create_task(watch_loop_lag(clock, seen.append, every=0.25, tolerated=0.125))
    for seconds in turns:
        await _settled()
        clock.advance(seconds)
    await _settled()
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    return seen


async def _settled() -> None:
    """Returns when every task that could run has run."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("turns", "lags"),
    [
        pytest.param((0.25, 0.25), [], id="on time"),
        pytest.param((0.375,), [], id="late, but tolerated"),
        pytest.param((0.5,), [LoopLag(1000.5, 0.25)], id="late"),
        pytest.param((0.25, 1.25, 0.25), [LoopLag(1001.5, 1.0)], id="late once, then on time"),
    ],
)
def test_a_lag_is_noted_when_the_loop_wakes_later_than_tolerated(
    turns: tuple[float, ...], lags: list[LoopLag]
) -> None:
    assert asyncio.run(_lags(*turns)) == lags
