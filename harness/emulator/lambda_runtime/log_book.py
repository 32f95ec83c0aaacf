"""Log book: what functions wrote and what Lambda wrote around it, all lines numbered in order."""

import asyncio
import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from operator import attrgetter

from harness.emulator.lambda_runtime.outcome import RequestId

CAPACITY = 20_000
"""Lines of one function that are kept."""

_TAIL_SIZE = 4096


@dataclass(frozen=True, slots=True)
class LogLine:
    """One log event; `at` in seconds since the epoch, `request` None for what no invocation wrote.

    `number` counts the lines of all functions from 1 on.
    """

    number: int
    at: float
    function: str
    line: str
    request: RequestId | None = None


class LogBook:
    """The last `capacity` lines of each function, over all its environments.

    Lines are numbered from 1, over all functions. A function that never wrote, or is forgotten, has no lines;
    nothing is raised for it.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.last_number = 0
        self._capacity = capacity
        self._logs: dict[str, deque[LogLine]] = {}
        self._waiting: set[asyncio.Future[None]] = set()

    def add(self, function: str, line: str, request: RequestId | None, *, at: float) -> None:
        """Keeps the line, in the place of the function's oldest one once its log is full."""
        log = self._logs.get(function)
        if log is None:
            log = self._logs[function] = deque(maxlen=self._capacity)
        self.last_number += 1
        log.append(LogLine(self.last_number, at, function, line, request))
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    def forget(self, function: str) -> None:
        """The function is no more, and neither is its log."""
        self._logs.pop(function, None)

    def lines(
        self, function: str | None = None, request: RequestId | None = None, *, after: int = 0
    ) -> tuple[LogLine, ...]:
        """The lines with a number above `after`, oldest first: of one function, of one invocation, or all."""
        logs = self._logs.values() if function is None else [self._logs.get(function, ())]
        in_order = heapq.merge(*(_newer(log, after) for log in logs), key=attrgetter("number"))
        return tuple(line for line in in_order if request is None or line.request == request)

    def tail(self, function: str, request: RequestId) -> bytes:
        """The last 4 KB of an invocation's lines, as `X-Amz-Log-Result` carries them before base64."""
        text = "".join(f"{line.line}\n" for line in self.lines(function, request))
        return text.encode()[-_TAIL_SIZE:]

    async def another(self, after: int) -> None:
        """Returns once there is a line with a number above `after`."""
        while self.last_number <= after:
            woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(woken)
            try:
                await woken
            finally:
                self._waiting.discard(woken)


def _newer(log: Sequence[LogLine], after: int) -> list[LogLine]:
    """The lines above a number, oldest first, found from the newest on: who follows a log asks for few."""
    return list(takewhile(lambda line: line.number > after, reversed(log)))[::-1]
