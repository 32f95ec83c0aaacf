"""Event source mappings of the account: what they are, which are being read, and where they stand."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from harness.clock import Clock
from harness.emulator.dynamodb.stream import Stream
from harness.emulator.event_sources.mapping import EventSourceMapping, State
from harness.emulator.event_sources.queue_reader import QueueReader
from harness.emulator.event_sources.reader import NOTHING_PROCESSED, Reader
from harness.emulator.event_sources.stream_reader import StreamReader, starting_position
from harness.emulator.lambda_runtime.outcome import Functions
from harness.emulator.letters import Letter
from harness.emulator.moto_services import MotoThread
from harness.emulator.sqs.queues import visibility_timeout_of

StreamOf: TypeAlias = Callable[[str, str], Stream | None]
"""The stream by region and ARN, without what is too old in it; None when there is none."""


_ENDING = (State.DISABLING, State.DELETING)


@dataclass(eq=False, slots=True)
class Kept:
    """A mapping that is kept, with its state, and its reader while it is read.

    `position` is where in a shard the next reader begins, `last_result` how the last one's last batch ended.
    """

    mapping: EventSourceMapping
    position: int
    state: State = State.CREATING
    last_result: str = NOTHING_PROCESSED
    reader: Reader | None = None

    def result(self) -> str:
        """How the last batch ended."""
        return self.last_result if self.reader is None else self.reader.last_result


class EventSources:
    """Keeps the mappings and runs their readers. `idle` is set whenever `in_flight` is 0.

    Raises nothing for a source or a function that is not there: the mapping's `result` says so, and it is read on.
    """

    def __init__(
        self,
        *,
        functions: Functions,
        moto: MotoThread,
        stream_of: StreamOf,
        send: Callable[[Letter], None],
        clock: Clock,
        random: Random,
    ) -> None:
        """`send` delivers the records about what was given up."""
        self._functions, self._moto, self._stream_of, self._send = functions, moto, stream_of, send
        self._clock, self._random = clock, random
        self._kept: dict[str, Kept] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.idle = asyncio.Event()
        self.idle.set()

    # --- mappings -----------------------------------------------------------------------------------------

    def all(self) -> tuple[Kept, ...]:
        """Every mapping, in the order of creation."""
        return tuple(self._kept.values())

    def find(self, uuid: str) -> Kept | None:
        """The mapping with this UUID."""
        return self._kept.get(uuid)

    def visibility_timeout_of(self, queue_arn: str) -> Awaitable[float | None]:
        """A queue's visibility timeout in seconds, None when there is no such queue."""
        return self._moto.run(lambda: visibility_timeout_of(queue_arn))

    def stream_of(self, mapping: EventSourceMapping) -> Stream | None:
        """The stream that a mapping names; None when there is none."""
        return self._stream_of(mapping.region, mapping.source_arn)

    def add(self, mapping: EventSourceMapping) -> Kept:
        """Keeps a new mapping, whose source is there; it is read from when it is enabled."""
        stream = self.stream_of(mapping) if mapping.stream is not None else None
        position = (
            0 if stream is None or mapping.stream is None else starting_position(stream, mapping.stream)
        )
        kept = self._kept[mapping.uuid] = Kept(mapping, position)
        return kept

    def enable(self, kept: Kept) -> None:
        """Reads the source from now on."""
        kept.state = State.ENABLED
        if kept.reader is None:
            self._start(kept)

    def disable(self, kept: Kept) -> None:
        """Reads no more; what is being processed comes to its end."""
        if kept.reader is None:
            kept.state = State.DISABLED
        else:
            kept.state = State.DISABLING
            kept.reader.stop()

    def delete(self, kept: Kept) -> None:
        """Forgets the mapping as soon as what is being processed has come to its end."""
        kept.state = State.DELETING
        if kept.reader is None:
            del self._kept[kept.mapping.uuid]
        else:
            kept.reader.stop()

    def change(self, kept: Kept, mapping: EventSourceMapping) -> None:
        """Goes on with a changed mapping, whose source is the same."""
        lanes = [
            one.stream.parallelization_factor for one in (kept.mapping, mapping) if one.stream is not None
        ]
        kept.mapping = mapping
        if kept.reader is None:
            return
        kept.reader.configure(mapping)
        if len(set(lanes)) > 1:
            kept.reader.stop()  # and another one goes on from where it stands

    # --- what happens around it ---------------------------------------------------------------------------

    def row_changed(self, table: str) -> None:
        """A table was written to; its stream may have another record."""
        for kept in self._kept.values():
            if kept.reader is not None and kept.mapping.table == table:
                kept.reader.wake()

    def queues_changed(self) -> None:
        """Queues were made, or messages shown again before their time."""
        for kept in self._kept.values():
            if kept.reader is not None and kept.mapping.stream is None:
                kept.reader.wake()

    def in_flight(self) -> int:
        """Batches that are gathered or processed, looks at sources that are due, mappings that are ending."""
        reading = sum(kept.reader.in_flight() for kept in self._kept.values() if kept.reader is not None)
        return reading + sum(kept.state in _ENDING for kept in self._kept.values())

    async def close(self) -> None:
        """Reads nothing any more, and returns when all readers have ended."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    # --- readers ------------------------------------------------------------------------------------------

    def _start(self, kept: Kept) -> None:
        kept.reader = self._reader(kept)
        task = asyncio.get_running_loop().create_task(self._read(kept, kept.reader))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        kept.reader.wake()

    def _reader(self, kept: Kept) -> Reader:
        mapping = kept.mapping
        if mapping.stream is None:
            return QueueReader(
                mapping, moto=self._moto, functions=self._functions, clock=self._clock, told=self._note
            )
        return StreamReader(
            mapping,
            find=lambda: self.stream_of(mapping),
            position=kept.position,
            functions=self._functions,
            send=self._send,
            clock=self._clock,
            random=self._random,
            told=self._note,
        )

    async def _read(self, kept: Kept, reader: Reader) -> None:
        await reader.run()
        kept.last_result, kept.position = reader.last_result, reader.position
        kept.reader = None
        match kept.state:
            case State.DELETING:
                del self._kept[kept.mapping.uuid]
            case State.DISABLING:
                kept.state = State.DISABLED
            case _:
                self._start(kept)
        self._note()

    def _note(self) -> None:
        if self.in_flight():
            self.idle.clear()
        else:
            self.idle.set()
