"""Parts of the emulator, asked one and all: what is in flight, when all are idle, and to end one after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol


class Ends(Protocol):
    """What is open, or running, and ends."""

    async def close(self) -> None:
        """Ends it; nothing of it runs when this returns."""


class Part(Ends, Protocol):
    """What may have begun something that has not ended."""

    @property
    def idle(self) -> asyncio.Event:
        """Set whenever `in_flight` is zero."""

    def in_flight(self) -> int:
        """How much has begun and not ended."""


class Parts:
    """All parts that may be busy. `settle` returns when what they have handed to moto's thread is done."""

    def __init__(self, parts: Iterable[Part], *, settle: Callable[[], Awaitable[None]]) -> None:
        self._parts, self._settle = tuple(parts), settle

    def in_flight(self) -> int:
        """How much has begun and not ended, in all of them."""
        return sum(part.in_flight() for part in self._parts)

    async def quiet(self, timeout: float) -> bool:
        """Waits until nothing is in flight, of any part; False after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while await self._is_busy():
                    for part in self._parts:
                        await part.idle.wait()
        except TimeoutError:
            return False
        return True

    async def _is_busy(self) -> bool:
        """Whether anything is in flight; letters are, until moto's thread has come to them."""
        await self._settle()
        return self.in_flight() > 0


async def end(parts: Iterable[Ends]) -> None:
    """Ends them in this order."""
    for part in parts:
        await part.close()
