"""Shard of a stream: what follows when a function fails at its records. Lambda's rules, in values.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-errors.html: the records of a shard are processed in order,
so a batch that fails holds up all that come after it, until it succeeds, is tried often enough, or is too old.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from harness.emulator.event_sources.mapping import FOR_EVER, StreamSettings

RETENTION = 24 * 3600.0
"""Seconds after which a stream has lost a record, however often Lambda would still try it."""

_FIRST_BACKOFF, _LONGEST_BACKOFF = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class Record:
    """A record as Lambda has it, its place in the shard, and when it was written, in seconds since the epoch."""

    position: int
    written_at: float
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that go to the function together, and how often they have: `retries` are those that count."""

    records: tuple[Record, ...]
    invocations: int = 0
    retries: int = 0


class Condition(Enum):
    """Why records are given up, in the words of an on-failure record."""

    RETRY_ATTEMPTS_EXHAUSTED = "RetryAttemptsExhausted"
    RECORD_AGE_EXCEEDED = "RecordAgeExceeded"


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Records that are tried no more, and who is told so."""

    batch: Batch
    condition: Condition


@dataclass(frozen=True, slots=True)
class Following:
    """What takes a batch's place: these batches, in this order, after `delay` seconds; and what is given up."""

    batches: tuple[Batch, ...] = ()
    given_up: GivenUp | None = None
    delay: float = 0.0


def too_old(batch: Batch, settings: StreamSettings, *, at: float) -> Following | None:
    """What is left of a batch before it is tried at this time; None when all of it still may be."""
    oldest = RETENTION if settings.maximum_record_age == FOR_EVER else settings.maximum_record_age
    old = tuple(record for record in batch.records if at - record.written_at > oldest)
    if not old:
        return None
    left = batch.records[len(old) :]
    given_up = GivenUp(Batch(old, batch.invocations, batch.retries), Condition.RECORD_AGE_EXCEEDED)
    rest = (Batch(left, batch.invocations, batch.retries),) if left else ()
    return Following(rest, given_up)


def after_failure(batch: Batch, settings: StreamSettings, *, failed_from: int = 0) -> Following:
    """What follows when the function failed at the record of this index, and did all before it.

    Bisecting does not count towards the retries.
    """
    left, invocations = batch.records[failed_from:], batch.invocations + 1
    if settings.bisect_on_error and failed_from:
        return Following((Batch(left, invocations, batch.retries),))
    if settings.bisect_on_error and len(left) > 1:
        half = len(left) // 2
        return Following(
            (Batch(left[:half], invocations, batch.retries), Batch(left[half:], invocations, batch.retries))
        )
    if FOR_EVER < settings.maximum_retry_attempts <= batch.retries:
        given_up = GivenUp(Batch(left, invocations, batch.retries), Condition.RETRY_ATTEMPTS_EXHAUSTED)
        return Following((), given_up)
    # Not recorded on AWS yet: whether a retry counts that got further than the one before; here every one does.
    return Following((Batch(left, invocations, batch.retries + 1),), delay=backoff(batch.retries))


def backoff(times: int) -> float:
    """Seconds before the next attempt, after so many that were in vain before."""
    # Not recorded on AWS yet: how long Lambda waits between attempts at a batch of a stream; ours doubles.
    return float(min(_FIRST_BACKOFF * 2 ** min(times, 16), _LONGEST_BACKOFF))
