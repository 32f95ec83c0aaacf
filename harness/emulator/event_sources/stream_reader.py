"""Reader of a table's stream for a function: in order, one batch of a shard at a time, and on when that is done.

With a ParallelizationFactor the shard has as many lanes, and the changes of one item are all in the same lane. The
rules are `shard`'s; this is the shell that obeys them.
"""

import asyncio
import zlib
from collections.abc import Callable, Iterator
from enum import Enum
from random import Random
from typing import TypeAlias

import orjson

from harness.clock import Clock
from harness.emulator.dynamodb.stream import Stream
from harness.emulator.event_sources.batching import fitting, window_left
from harness.emulator.event_sources.failure_record import failure_letter, sequence_number
from harness.emulator.event_sources.filters import Filters
from harness.emulator.event_sources.mapping import EventSourceMapping, StreamSettings
from harness.emulator.event_sources.reader import (
    FUNCTION_FAILED,
    NOTHING_PROCESSED,
    PROCESSED,
    Told,
)
from harness.emulator.event_sources.responses import failed_items
from harness.emulator.event_sources.shard import (
    Batch,
    Following,
    GivenUp,
    Record,
    after_failure,
    backoff,
    too_old,
)
from harness.emulator.lambda_runtime.identifiers import request_id
from harness.emulator.lambda_runtime.outcome import (
    Cause,
    FunctionError,
    Functions,
    NoSuchFunction,
    Outcome,
    Returned,
    Throttled,
)
from harness.emulator.letters import Letter

FindStream: TypeAlias = Callable[[], Stream | None]
"""The stream, up to date; None when it is not there any more."""

_PAGE = 1000


class StreamReader:
    """Reads one stream from `run` on until it has stopped; `position` is where in the shard it begins."""

    def __init__(
        self,
        mapping: EventSourceMapping,
        *,
        find: FindStream,
        position: int,
        functions: Functions,
        send: Callable[[Letter], None],
        clock: Clock,
        random: Random,
        told: Told,
    ) -> None:
        assert mapping.stream is not None
        self.mapping, self.settings, self.filters = mapping, mapping.stream, Filters.of(mapping.filters)
        self.last_result = NOTHING_PROCESSED
        self.find, self.functions, self.clock, self.told = find, functions, clock, told
        self._send, self._random = send, random
        factor = mapping.stream.parallelization_factor
        self._lanes = [_Lane(self, number, factor, position) for number in range(factor)]

    @property
    def position(self) -> int:
        """What is before it is done; some of what comes after may be, when there are several lanes."""
        return min(lane.position for lane in self._lanes)

    def in_flight(self) -> int:
        """Lanes that have something to do; not those that wait for their next attempt."""
        return sum(lane.is_busy() for lane in self._lanes)

    def wake(self) -> None:
        for lane in self._lanes:
            lane.wake()
        self.told()

    def configure(self, mapping: EventSourceMapping) -> None:
        """All but the ParallelizationFactor, for which there must be another reader."""
        assert mapping.stream is not None
        self.mapping, self.settings, self.filters = mapping, mapping.stream, Filters.of(mapping.filters)

    def stop(self) -> None:
        for lane in self._lanes:
            lane.stop()
        self.told()

    async def run(self) -> None:
        self.wake()
        async with asyncio.TaskGroup() as lanes:
            for lane in self._lanes:
                lanes.create_task(lane.run())

    def give_up(self, given_up: GivenUp, invoked: str) -> None:
        """Tells the destination, if there is one; `invoked` is the last invocation's request id, "" for none."""
        stream = self.find()
        if not self.settings.on_failure or stream is None:
            return
        self._send(
            failure_letter(
                given_up,
                destination=self.settings.on_failure,
                function_arn=self.mapping.function_arn,
                stream_arn=self.mapping.source_arn,
                shard_id=stream.shard_id,
                request_id=invoked or request_id(self._random),
                at=self.clock.time(),
            )
        )


class _Doing(Enum):
    RESTING = "at the end of the shard"
    WORKING = "reading, gathering or waiting for the function"
    PAUSING = "waiting for its next attempt"


class _Lane:
    """The part of a shard whose batches go one after the other."""

    def __init__(self, reader: StreamReader, number: int, of: int, position: int) -> None:
        self.position = position
        self._reader, self._number, self._of = reader, number, of
        self._woken, self._resumed = asyncio.Event(), asyncio.Event()
        self._doing, self._stopped = _Doing.RESTING, False

    def is_busy(self) -> bool:
        resting = self._doing is _Doing.RESTING
        return self._doing is _Doing.WORKING or (resting and self._woken.is_set())

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopped = True
        self._woken.set()
        self._resumed.set()

    async def run(self) -> None:
        while not self._stopped:
            await self._rest()
            await self._work()
        self._woken.clear()
        self._now(_Doing.RESTING)

    async def _work(self) -> None:
        """Until everything is done that is there."""
        while (records := await self._gather()) and not self._stopped:
            await self._process(records)

    async def _rest(self) -> None:
        """Until there may be something to read."""
        self._now(_Doing.RESTING)
        await self._woken.wait()
        self._woken.clear()
        self._now(_Doing.WORKING)

    def _now(self, doing: _Doing) -> None:
        self._doing = doing
        self._reader.told()

    # --- reading ------------------------------------------------------------------------------------------

    async def _gather(self) -> tuple[Record, ...]:
        """The next batch, as complete as its window lets it be; an empty one at the end of the shard."""
        opened_at = self._reader.clock.monotonic()
        while records := self._read():
            left = window_left(
                self._reader.mapping,
                records=len(records),
                size=sum(map(_size_of, records)),
                open_for=self._reader.clock.monotonic() - opened_at,
            )
            if not left or self._stopped:
                return records[: fitting(records, _size_of)]
            await self._woken_within(left)
        return ()

    def _read(self) -> tuple[Record, ...]:
        """What is next for the function, at most a batch; records that are not for it are passed over."""
        records: list[Record] = []
        for record in self._ahead():
            if self._is_for_function(record):
                records.append(record)
            elif not records:
                self.position = record.position + 1
            if len(records) == self._reader.mapping.batch_size:
                break
        return tuple(records)

    def _ahead(self) -> Iterator[Record]:
        stream = self._reader.find()
        if stream is None:
            self._reader.last_result = "PROBLEM: The stream does not exist"
            return
        position = max(self.position, stream.horizon)
        while position < stream.end:
            page, after = stream.read(position, _PAGE)
            for number, body in enumerate(page, start=position):
                written_at = float(body["dynamodb"]["ApproximateCreationDateTime"])
                yield Record(number, written_at, {**body, "eventSourceARN": stream.arn})
            position = after

    def _is_for_function(self, record: Record) -> bool:
        return self._is_ours(record) and self._reader.filters.let_through(record.body)

    def _is_ours(self, record: Record) -> bool:
        if self._of == 1:
            return True
        change = record.body["dynamodb"]
        keys = orjson.dumps(change["Keys"], option=orjson.OPT_SORT_KEYS) if isinstance(change, dict) else b""
        return zlib.crc32(keys) % self._of == self._number

    async def _woken_within(self, seconds: float) -> None:
        timer = self._reader.clock.call_later(seconds, self._woken.set)
        await self._woken.wait()
        self._woken.clear()
        timer.cancel()

    # --- processing ---------------------------------------------------------------------------------------

    async def _process(self, records: tuple[Record, ...]) -> None:
        """Until all records are done or given up, or the reader is stopped, which keeps its place."""
        batches: tuple[Batch, ...] = (Batch(records),)
        while batches and not self._stopped:
            first, rest = batches[0], batches[1:]
            following = await self._attempt(first)
            batches = following.batches + rest
            self.position = batches[0].records[0].position if batches else records[-1].position + 1
            if following.delay and not self._stopped:
                await self._pause(following.delay)

    async def _attempt(self, batch: Batch) -> Following:
        """What takes the batch's place after it was tried, or when some of it is too old for that."""
        old = too_old(batch, self._reader.settings, at=self._reader.clock.time())
        if old is not None:
            self._give_up(old, "")
            return old
        outcome, throttles = await self._invoke(batch), 0
        while isinstance(outcome, Throttled | NoSuchFunction) and not self._stopped:
            self._reader.last_result = FUNCTION_FAILED
            await self._pause(backoff(throttles))
            outcome, throttles = await self._invoke(batch), throttles + 1
        return self._after(batch, outcome)

    async def _invoke(self, batch: Batch) -> Outcome:
        payload = orjson.dumps({"Records": [record.body for record in batch.records]})
        reader = self._reader
        cause = Cause(messages=tuple(str(record.body["eventID"]) for record in batch.records))
        return await reader.functions.invoke(reader.mapping.function_arn, payload, cause=cause)

    def _after(self, batch: Batch, outcome: Outcome) -> Following:
        settings = self._reader.settings
        match outcome:
            case Returned(request, payload):
                failed_from = self._failed_from(batch, payload)
                following = (
                    Following()
                    if failed_from is None
                    else after_failure(batch, settings, failed_from=failed_from)
                )
            case FunctionError(request, _):
                failed_from, following = 0, after_failure(batch, settings)
            case Throttled() | NoSuchFunction():
                return Following((batch,))  # stopped while it waited
        self._reader.last_result = PROCESSED if failed_from is None else FUNCTION_FAILED
        self._give_up(following, request)
        return following

    def _failed_from(self, batch: Batch, payload: bytes) -> int | None:
        """The index of the first record that the function says has failed; None when none has."""
        if not self._reader.mapping.report_item_failures:
            return None
        numbers = [sequence_number(record) for record in batch.records]
        failed = failed_items(payload, numbers)
        return min((numbers.index(number) for number in failed), default=None)

    def _give_up(self, following: Following, request: str) -> None:
        if following.given_up is not None:
            self._reader.give_up(following.given_up, request)

    async def _pause(self, seconds: float) -> None:
        """A wait in which nothing is in flight; ends early when the reader is stopped."""
        self._resumed.clear()
        timer = self._reader.clock.call_later(seconds, self._resumed.set)
        self._now(_Doing.PAUSING)
        await self._resumed.wait()
        self._now(_Doing.WORKING)
        timer.cancel()


def _size_of(record: Record) -> int:
    return len(orjson.dumps(record.body))


def starting_position(stream: Stream, settings: StreamSettings) -> int:
    """Where in the shard a new mapping begins."""
    return stream.position_of(settings.starting_position, None)
