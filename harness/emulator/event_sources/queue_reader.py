"""Reader of a queue for a function: receives, invokes, deletes what succeeded.

What failed stays in the queue, unseen until its visibility timeout is over; then the queue hands it out again, or to
its dead-letter queue. Nothing is polled: the queue says when a message is added, and when one comes back.
"""

import asyncio
from dataclasses import dataclass

import orjson

from harness.clock import Clock, TimerHandle
from harness.emulator.event_sources.batching import batches_at_once, fitting, window_left
from harness.emulator.event_sources.filters import Filters
from harness.emulator.event_sources.mapping import EventSourceMapping
from harness.emulator.event_sources.queue_records import ids_of, record_of
from harness.emulator.event_sources.reader import (
    FUNCTION_FAILED,
    NOTHING_PROCESSED,
    PROCESSED,
    Told,
)
from harness.emulator.event_sources.responses import failed_items
from harness.emulator.event_sources.shard import backoff
from harness.emulator.lambda_runtime.outcome import Cause, Functions, Outcome, Returned, Throttled
from harness.emulator.moto_services import MotoThread
from harness.emulator.sqs.message import Message
from harness.emulator.sqs.queues import MotoQueue, Received

# How much longer a queue that is never empty must be read until more batches may run at once.
_LOOK_AGAIN = 60.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A message that was let through, as a record, and the bytes that it takes in an event."""

    message: Message
    record: dict[str, object]
    size: int


class QueueReader:
    """Reads one queue from `run` on until it has stopped.

    A batch that failed stays in the queue. A queue that is not there is told by `last_result`, until `wake` finds it.
    """

    def __init__(
        self, mapping: EventSourceMapping, *, moto: MotoThread, functions: Functions, clock: Clock, told: Told
    ) -> None:
        self.last_result = NOTHING_PROCESSED
        self._functions, self._clock, self._told = functions, clock, told
        self.configure(mapping)
        self._loop = asyncio.get_running_loop()
        self._queue = MotoQueue(mapping.source_arn, moto, listener=mapping.uuid, ring=self._ring)
        self._woken = asyncio.Event()
        self._timer: TimerHandle | None = None
        self._looking = self._stopped = False
        self._running = self._backing_off = 0
        self._visibility_timeout = 0.0
        self._busy_since = clock.monotonic()

    @property
    def position(self) -> int:
        return 0

    def configure(self, mapping: EventSourceMapping) -> None:
        self._mapping, self._filters = mapping, Filters.of(mapping.filters)

    def in_flight(self) -> int:
        """Batches that are gathered or processed; not those that wait because the function is throttled."""
        return self._running - self._backing_off + (self._looking or self._woken.is_set())

    def wake(self) -> None:
        self._woken.set()
        self._told()

    def _ring(self) -> None:
        """From another thread."""
        self._loop.call_soon_threadsafe(self.wake)

    def stop(self) -> None:
        self._stopped = True
        self.wake()

    async def run(self) -> None:
        self.wake()
        try:
            async with asyncio.TaskGroup() as batches:
                while not self._stopped:
                    await self._woken.wait()
                    self._woken.clear()
                    self._looking = True
                    await self._take(batches)
                    self._looking = False
                    self._told()
        finally:
            self._wake_in(None)
            self._woken.clear()
            self._queue.stop_listening()

    # --- receiving ----------------------------------------------------------------------------------------

    async def _take(self, batches: asyncio.TaskGroup) -> None:
        """Takes batches as long as there are messages, and as many may run."""
        while not self._stopped and self._running < self._most_batches():
            batch = await self._gather()
            if not batch:
                return
            while batch:
                count = fitting(batch, lambda one: one.size)
                self._running += 1
                batches.create_task(self._process(batch[:count]))
                batch = batch[count:]
        self._wake_in(_LOOK_AGAIN)

    async def _gather(self) -> list[_Waiting]:
        """A batch that is complete, or as complete as its window lets it be; an empty one when the queue is."""
        gathered = await self._receive(self._mapping.batch_size)
        opened_at = self._clock.monotonic()
        while gathered and self._window_left(gathered, opened_at) and not self._stopped:
            more = await self._receive(self._mapping.batch_size - len(gathered))
            gathered += more
            if not more:
                await self._woken_within(self._window_left(gathered, opened_at))
        return gathered

    def _window_left(self, gathered: list[_Waiting], opened_at: float) -> float:
        return window_left(
            self._mapping,
            records=len(gathered),
            size=sum(one.size for one in gathered),
            open_for=self._clock.monotonic() - opened_at,
        )

    async def _receive(self, most: int) -> list[_Waiting]:
        """At least one message that the filters let through, and none when there is none."""
        while (received := await self._queue.receive(most)) is not None and received.messages:
            self._visibility_timeout = received.visibility_timeout
            kept, dropped = self._filtered(received)
            if dropped:
                await self._queue.delete(one.receipt_handle for one in dropped)
            if kept:
                return kept
        if received is None:
            self.last_result = "PROBLEM: The queue does not exist"
        self._wake_in(None if received is None else received.next_in)
        self._busy_since = self._clock.monotonic()
        return []

    def _filtered(self, received: Received) -> tuple[list[_Waiting], list[Message]]:
        """(what is let through, what is not)"""
        kept: list[_Waiting] = []
        dropped: list[Message] = []
        for message in received.messages:
            record = record_of(message, self._mapping.source_arn)
            if self._filters.let_through(record):
                kept.append(_Waiting(message, record, len(orjson.dumps(record))))
            else:
                dropped.append(message)
        return kept, dropped

    def _most_batches(self) -> int:
        return batches_at_once(self._mapping, busy_for=self._clock.monotonic() - self._busy_since)

    async def _woken_within(self, seconds: float) -> None:
        if not seconds:
            return
        timer = self._clock.call_later(seconds, self._woken.set)
        await self._woken.wait()
        self._woken.clear()
        timer.cancel()

    def _wake_in(self, seconds: float | None) -> None:
        """Looks again then; None: not before the queue says so."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self._clock.call_later(seconds, self.wake)

    # --- processing ---------------------------------------------------------------------------------------

    async def _process(self, batch: list[_Waiting]) -> None:
        try:
            await self._deliver(batch)
        finally:
            self._running -= 1
            self.wake()

    async def _deliver(self, batch: list[_Waiting]) -> None:
        messages = [one.message for one in batch]
        payload = orjson.dumps({"Records": [one.record for one in batch]})
        outcome = await self._invoked(payload, Cause(messages=ids_of(messages)))
        if not isinstance(outcome, Returned):
            self.last_result = FUNCTION_FAILED
            return
        failed: frozenset[str] = frozenset()
        if self._mapping.report_item_failures:
            failed = failed_items(outcome.payload, [one.message_id for one in messages])
        await self._queue.delete(one.receipt_handle for one in messages if one.message_id not in failed)
        self.last_result = PROCESSED

    async def _invoked(self, payload: bytes, cause: Cause) -> Outcome:
        """What came of it; a throttled function is tried again for as long as nobody else sees the messages."""
        began_at, throttles = self._clock.monotonic(), 0
        while True:
            outcome = await self._functions.invoke(self._mapping.function_arn, payload, cause=cause)
            delay = backoff(throttles)
            over_at = began_at + self._visibility_timeout
            if not isinstance(outcome, Throttled) or self._clock.monotonic() + delay >= over_at:
                return outcome
            throttles += 1
            self._backing_off += 1
            self._told()
            try:
                await self._clock.sleep(delay)
            finally:
                self._backing_off -= 1
