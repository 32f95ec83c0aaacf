"""What follows when a function fails at records of a stream: batches, retries, bisecting, giving up."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.emulator.event_sources.mapping import StreamSettings
from harness.emulator.event_sources.shard import (
    RETENTION,
    Batch,
    Condition,
    Following,
    GivenUp,
    Record,
    after_failure,
    backoff,
    too_old,
)

NOW = 1_700_000_000.0


def records(numbers: str, *, age: float = 0.0) -> tuple[Record, ...]:
    return tuple(Record(int(number), NOW - age, {}) for number in numbers)


def a_batch(numbers: str, **counts: int) -> Batch:
    return Batch(records(numbers), **counts)


def settings(**chosen: Any) -> StreamSettings:
    return StreamSettings("LATEST", **chosen)


EXHAUSTED = Condition.RETRY_ATTEMPTS_EXHAUSTED

AFTER_FAILURE = {
    "tried again without end": (
        settings(),
        a_batch("12", invocations=99, retries=99),
        0,
        Following((a_batch("12", invocations=100, retries=100),), delay=60.0),
    ),
    "the first retry": (
        settings(maximum_retry_attempts=2),
        a_batch("12"),
        0,
        Following((a_batch("12", invocations=1, retries=1),), delay=1.0),
    ),
    "no retry left": (
        settings(maximum_retry_attempts=2),
        a_batch("12", invocations=2, retries=2),
        0,
        Following((), GivenUp(a_batch("12", invocations=3, retries=2), EXHAUSTED)),
    ),
    "no retry at all": (
        settings(maximum_retry_attempts=0),
        a_batch("1"),
        0,
        Following((), GivenUp(a_batch("1", invocations=1), EXHAUSTED)),
    ),
    "bisected, which is no retry": (
        settings(maximum_retry_attempts=0, bisect_on_error=True),
        a_batch("12345"),
        0,
        Following((a_batch("12", invocations=1), a_batch("345", invocations=1))),
    ),
    "one record cannot be bisected": (
        settings(maximum_retry_attempts=0, bisect_on_error=True),
        a_batch("1", invocations=3),
        0,
        Following((), GivenUp(a_batch("1", invocations=4), EXHAUSTED)),
    ),
    "from the record that failed": (
        settings(maximum_retry_attempts=2),
        a_batch("1234"),
        2,
        Following((a_batch("34", invocations=1, retries=1),), delay=1.0),
    ),
    "from the record that failed, and no retry left": (
        settings(maximum_retry_attempts=0),
        a_batch("1234"),
        2,
        Following((), GivenUp(a_batch("34", invocations=1), EXHAUSTED)),
    ),
    "bisected at the record that failed": (
        settings(maximum_retry_attempts=0, bisect_on_error=True),
        a_batch("1234"),
        3,
        Following((a_batch("4", invocations=1),)),
    ),
}


@pytest.mark.parametrize(
    ("stream", "batch", "failed_from", "expected"), AFTER_FAILURE.values(), ids=AFTER_FAILURE
)
def test_after_a_failure_follows(
    stream: StreamSettings, batch: Batch, failed_from: int, expected: Following
) -> None:
    assert after_failure(batch, stream, failed_from=failed_from) == expected


def test_record_that_is_too_old_is_given_up_and_the_others_go_on() -> None:
    old, young = records("12", age=61.0), records("3", age=59.0)
    following = too_old(Batch(old + young, 4, 3), settings(maximum_record_age=60), at=NOW)

    given_up = GivenUp(Batch(old, 4, 3), Condition.RECORD_AGE_EXCEEDED)
    assert following == Following((Batch(young, 4, 3),), given_up)


def test_batch_that_is_all_too_old_leaves_nothing() -> None:
    batch = Batch(records("12", age=61.0))
    following = too_old(batch, settings(maximum_record_age=60), at=NOW)
    assert following == Following((), GivenUp(batch, Condition.RECORD_AGE_EXCEEDED))


@pytest.mark.parametrize(("age", "is_kept"), [(RETENTION, True), (RETENTION + 1, False)])
def test_record_is_never_tried_after_the_stream_has_lost_it(age: float, is_kept: bool) -> None:
    following = too_old(Batch(records("1", age=age)), settings(), at=NOW)
    assert (following is None) is is_kept


def test_attempts_are_further_and_further_apart() -> None:
    assert [backoff(times) for times in (0, 1, 2, 5, 6, 99)] == [1.0, 2.0, 4.0, 32.0, 60.0, 60.0]


@dataclass
class Played:
    """What a function was invoked with, and what was given up, over a whole batch."""

    invocations: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)


def play(numbers: str, *, poison: str, **chosen: Any) -> Played:
    """A batch to its end, at a function that fails whenever it gets a record of `poison`."""
    played = Played()
    batches: tuple[Batch, ...] = (a_batch(numbers),)
    while batches:
        first, rest = batches[0], batches[1:]
        text = "".join(str(record.position) for record in first.records)
        played.invocations.append(text)
        following = after_failure(first, settings(**chosen)) if set(poison) & set(text) else Following()
        batches = following.batches + rest
        if following.given_up is not None:
            lost = following.given_up.batch.records
            played.given_up.append("".join(str(record.position) for record in lost))
    return played


def test_batch_with_a_poisonous_record_is_given_up_as_a_whole() -> None:
    assert play("12345", poison="3", maximum_retry_attempts=1) == Played(["12345", "12345"], ["12345"])


def test_bisecting_gives_up_the_poisonous_record_alone_and_keeps_the_order() -> None:
    played = play("12345678", poison="3", maximum_retry_attempts=1, bisect_on_error=True)
    assert played == Played(["12345678", "1234", "12", "34", "3", "3", "4", "5678"], ["3"])
