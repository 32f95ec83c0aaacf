"""Turns by the clock."""

import asyncio

import pytest

from harness.clients.pace import Pace
from harness.clock import ManualClock


@pytest.mark.aws("Q-6")
def test_no_more_have_their_turn_in_a_second_than_the_rate_allows() -> None:
    async def scenario() -> list[int]:
        clock, had = ManualClock(), 0
        pace = Pace(4, clock)

        async def one() -> None:
            nonlocal had
            await pace.turn()
            had += 1

        async with asyncio.TaskGroup() as everybody:
            for _ in range(10):
                everybody.create_task(one())
            await let_run()
            by_second = []
            for _ in range(3):
                clock.advance(0.999)
                await let_run()
                by_second.append(had)
                clock.advance(0.001)
                await let_run()
        return by_second

    assert asyncio.run(scenario()) == [4, 8, 10]


def test_a_pause_saves_up_nothing() -> None:
    async def scenario() -> list[bool]:
        clock = ManualClock()
        pace = Pace(1, clock)
        clock.advance(60)
        turns = [asyncio.create_task(pace.turn()) for _ in range(2)]
        await let_run()
        done = [turn.done() for turn in turns]
        clock.advance(1)
        await asyncio.gather(*turns)
        return done

    assert asyncio.run(scenario()) == [True, False]


def test_without_a_rate_everybody_goes_at_once() -> None:
    async def scenario() -> None:
        pace = Pace(None, ManualClock())
        for _ in range(1000):
            await pace.turn()

    asyncio.run(scenario())


async def let_run() -> None:
    """Returns when every task has gone on as far as the clock lets it."""
    for _ in range(20):
        await asyncio.sleep(0)
