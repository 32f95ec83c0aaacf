"""Count of what has begun and not yet ended, which can be waited on; it owns the tasks that it started."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import TypeVar

_log = logging.getLogger(__name__)
ResultT = TypeVar("ResultT")


class InFlight:
    """Counts what was begun; `idle` is set whenever the count is zero.

    Work that raises or is cancelled has ended too.
    """

    def __init__(self) -> None:
        self.idle = asyncio.Event()
        self.idle.set()
        self.errors = 0
        self._count = 0
        self._tasks: set[asyncio.Task[object]] = set()

    @property
    def count(self) -> int:
        """How many have not ended."""
        return self._count

    def begin(self) -> None:
        """One more has begun."""
        self._count += 1
        self.idle.clear()

    def end(self) -> None:
        """One of those begun has ended."""
        self._count -= 1
        if self._count == 0:
            self.idle.set()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Counts one for as long as the block runs."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    def start(self, work: Coroutine[object, object, ResultT]) -> asyncio.Task[ResultT]:
        """Runs the work as a task that this object owns; what it raises is logged and counted in `errors`."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        self.begin()
        task.add_done_callback(self._ended)
        return task

    async def cancel(self) -> None:
        """Cancels the tasks and returns when the last one has ended."""
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.errors += 1
            _log.error("a task failed", exc_info=error)
        self.end()
