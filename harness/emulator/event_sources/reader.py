"""Readers of queues and streams: what they have in common, for whoever keeps them."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from harness.emulator.event_sources.mapping import EventSourceMapping

Told: TypeAlias = Callable[[], None]
"""Called whenever a reader may have become idle, or busy."""

NOTHING_PROCESSED = "No records processed"
PROCESSED = "OK"
FUNCTION_FAILED = "PROBLEM: Function call failed"


class Reader(Protocol):
    """Reads one source for one function, from `run` until it has stopped."""

    last_result: str

    @property
    def position(self) -> int:
        """Where in a shard another reader goes on; 0 for a queue."""

    def in_flight(self) -> int:
        """What has been read and is being processed, and 1 for a look at the source that is due."""

    def wake(self) -> None:
        """There may be something to read; in the event loop's thread."""

    def configure(self, mapping: EventSourceMapping) -> None:
        """Reads as the mapping says from now on."""

    def stop(self) -> None:
        """Reads no more; `run` returns once what is being processed has ended."""

    async def run(self) -> None:
        """Reads until it is stopped."""
