"""Time, passed in: a `Clock` tells the time and wakes sleepers, so that tests can turn it by hand.

Two times exist. `monotonic()` is for durations and for every `at` in a history (seconds, shared by all
processes of one host); `time()` is the wall time (seconds since the epoch) that AWS puts into events.
"""

import asyncio
import heapq
import time
from collections.abc import Callable
from typing import Protocol


class TimerHandle(Protocol):
    """A call that is due later and can still be cancelled."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """What the parts know of time."""

    def monotonic(self) -> float: ...

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[], None]) -> TimerHandle:
        """Calls back once after `delay` seconds, in the event loop's thread."""

    async def sleep(self, delay: float) -> None:
        """Returns after `delay` seconds."""


class RealClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()

    def call_later(self, delay: float, callback: Callable[[], None]) -> TimerHandle:
        return asyncio.get_running_loop().call_later(delay, callback)

    async def sleep(self, delay: float) -> None:
        await asyncio.sleep(delay)


class _Due:
    """One entry of the manual clock's schedule; order of equal times is the order of asking."""

    __slots__ = ("at", "callback", "cancelled", "number")

    def __init__(self, at: float, number: int, callback: Callable[[], None]) -> None:
        self.at, self.number, self.callback, self.cancelled = at, number, callback, False

    def __lt__(self, other: "_Due") -> bool:
        return (self.at, self.number) < (other.at, other.number)

    def cancel(self) -> None:
        self.cancelled = True


class ManualClock:
    """A clock that stands still until `advance` turns it; what falls due on the way is called in order."""

    def __init__(self, *, monotonic: float = 1000.0, time: float = 1_700_000_000.0) -> None:
        self._monotonic = monotonic
        self._wall_offset = time - monotonic
        self._schedule: list[_Due] = []
        self._asked = 0

    def monotonic(self) -> float:
        return self._monotonic

    def time(self) -> float:
        return self._monotonic + self._wall_offset

    def call_later(self, delay: float, callback: Callable[[], None]) -> TimerHandle:
        self._asked += 1
        due = _Due(self._monotonic + max(delay, 0.0), self._asked, callback)
        heapq.heappush(self._schedule, due)
        return due

    async def sleep(self, delay: float) -> None:
        woken = asyncio.Event()
        handle = self.call_later(delay, woken.set)
        try:
            await woken.wait()
        finally:
            handle.cancel()

    def advance(self, seconds: float) -> None:
        """Turns the clock forward by `seconds`, calling what falls due at its own time."""
        until = self._monotonic + seconds
        while self._schedule and self._schedule[0].at <= until:
            due = heapq.heappop(self._schedule)
            self._monotonic = due.at
            if not due.cancelled:
                due.callback()
        self._monotonic = until
