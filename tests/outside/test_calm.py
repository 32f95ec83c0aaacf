import asyncio
from collections.abc import Iterable

import pytest

from harness.clock import ManualClock
from harness.outside.calm import calm


@pytest.mark.parametrize(
    ("changes", "complete_at", "timeout", "still", "took"),
    [
        pytest.param((), 0.0, 10.0, True, 2.0, id="nothing ever changes"),
        pytest.param((1.0, 2.5), 0.0, 10.0, True, 4.5, id="it changes twice"),
        pytest.param((1.0,), 5.0, 10.0, True, 5.0, id="something expected is late"),
        pytest.param((1.0,), 99.0, 10.0, True, 10.0, id="something expected never comes"),
        pytest.param(range(1, 20), 0.0, 10.0, False, 10.0, id="it never stops"),
        pytest.param((), 0.0, 1.0, True, 0.5, id="a short time leaves half of it for being still"),
    ],
)
def test_it_is_calm_when_nothing_changes_and_nothing_is_missing(
    changes: Iterable[float], complete_at: float, timeout: float, still: bool, took: float
) -> None:
    async def scenario() -> tuple[bool, float]:
        clock = ManualClock(monotonic=0.0)

        async def signs() -> int:
            return sum(at <= clock.monotonic() for at in changes)

        waiting = asyncio.create_task(
            calm(timeout, signs=signs, complete=lambda: clock.monotonic() >= complete_at, clock=clock)
        )
        while not waiting.done():
            for _ in range(5):
                await asyncio.sleep(0)
            if not waiting.done():
                clock.advance(0.25)
        return await waiting, clock.monotonic()

    assert asyncio.run(scenario()) == (still, took)
