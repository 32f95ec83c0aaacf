"""Batches: when one is complete, how it is cut, how many may run at once. Lambda's rules, in values."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from harness.emulator.event_sources.mapping import LARGEST_PAYLOAD, EventSourceMapping

R = TypeVar("R")

# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
_FIRST_BATCHES = 5
_MORE_PER_MINUTE = 300
_MOST_BATCHES = 1250


def window_left(mapping: EventSourceMapping, *, records: int, size: int, open_for: float) -> float:
    """For how many seconds a batch still waits for more; 0 when it goes now.

    `size` is in bytes, `open_for` counts seconds since its first record was there.
    """
    if records >= mapping.batch_size or size >= LARGEST_PAYLOAD:
        return 0.0
    return max(0.0, mapping.batch_window - open_for)


def fitting(records: Sequence[R], size_of: Callable[[R], int]) -> int:
    """How many of the records go into one invocation; at least one, whatever its size in bytes."""
    total = 0
    for count, record in enumerate(records):
        total += size_of(record)
        if total > LARGEST_PAYLOAD and count:
            return count
    return len(records)


def batches_at_once(mapping: EventSourceMapping, *, busy_for: float) -> int:
    """How many batches of a queue may run at a time that was never empty for so many seconds."""
    if mapping.maximum_concurrency is not None:
        return mapping.maximum_concurrency
    return min(_FIRST_BATCHES + _MORE_PER_MINUTE * int(busy_for // 60), _MOST_BATCHES)
