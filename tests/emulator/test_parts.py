"""When all parts are idle, and in which order they end."""

import asyncio

from harness.emulator.parts import Parts, end
from harness.event_loop import run


class APart:
    """A part with so much in flight; `ended` gets its name when it is closed."""

    def __init__(self, name: str, count: int, ended: list[str]) -> None:
        self._name, self._ended = name, ended
        self.idle = asyncio.Event()
        self.set(count)

    def set(self, count: int) -> None:
        self._count = count
        if count:
            self.idle.clear()
        else:
            self.idle.set()

    def in_flight(self) -> int:
        return self._count

    async def close(self) -> None:
        self._ended.append(self._name)


async def nothing_handed() -> None:
    """No part has anything in moto's thread."""


def test_what_one_part_hands_to_another_is_waited_for() -> None:
    async def scenario() -> None:
        first, second, rounds = APart("first", 1, []), APart("second", 0, []), 0

        async def settle() -> None:
            nonlocal rounds
            rounds += 1
            match rounds:
                case 1:
                    asyncio.get_running_loop().call_soon(hand_over)
                case 2:
                    asyncio.get_running_loop().call_soon(second.set, 0)

        def hand_over() -> None:
            first.set(0)
            second.set(1)

        parts = Parts((second, first), settle=settle)

        assert await parts.quiet(30.0)
        assert (parts.in_flight(), rounds) == (0, 3)

    run(scenario())


def test_parts_that_stay_busy_are_not_quiet_in_time() -> None:
    async def scenario() -> None:
        parts = Parts((APart("one", 2, []), APart("other", 1, [])), settle=nothing_handed)

        assert parts.in_flight() == 3
        assert not await parts.quiet(0.01)

    run(scenario())


def test_parts_end_in_their_order() -> None:
    async def scenario() -> None:
        ended: list[str] = []
        await end((APart("a", 0, ended), APart("b", 1, ended), APart("c", 0, ended)))
        assert ended == ["a", "b", "c"]

    run(scenario())
