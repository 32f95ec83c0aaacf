"""Retries of asynchronous invocations: when one is tried again, and why it is tried no more."""

from enum import Enum
from typing import TypeAlias

from harness.emulator.lambda_runtime.event_invoke_config import EventInvokeConfig

_AFTER_FUNCTION_ERRORS = (60.0, 120.0)
_FIRST_BACKOFF, _LONGEST_BACKOFF = 1.0, 300.0


class Condition(Enum):
    """How an event ended, in the words of a destination's record (S-15)."""

    SUCCESS = "Success"
    RETRIES_EXHAUSTED = "RetriesExhausted"
    EVENT_AGE_EXCEEDED = "EventAgeExceeded"
    ZERO_RESERVED_CONCURRENCY = "ZeroReservedConcurrency"


NextAttempt: TypeAlias = float | Condition
"""Seconds until the event is tried again, or why it never is."""


def after_function_error(failed_attempts: int, *, age: float, config: EventInvokeConfig) -> NextAttempt:
    """What follows this many failed attempts (S-10, S-11); `age` is the event's, in seconds."""
    if failed_attempts > config.retries:
        return Condition.RETRIES_EXHAUSTED
    return _unless_too_old(_AFTER_FUNCTION_ERRORS[failed_attempts - 1], age, config)


def after_throttle(
    throttles: int, *, age: float, config: EventInvokeConfig, reserved_concurrency: int | None
) -> NextAttempt:
    """What follows this many throttles (S-12): 1 s, doubling up to 5 min; `age` is the event's, in seconds.

    A function whose reserved concurrency is 0 never gets the event (S-16).
    """
    if reserved_concurrency == 0:
        return Condition.ZERO_RESERVED_CONCURRENCY
    doublings = min(throttles - 1, 16)
    return _unless_too_old(min(_FIRST_BACKOFF * 2**doublings, _LONGEST_BACKOFF), age, config)


def _unless_too_old(delay: float, age: float, config: EventInvokeConfig) -> NextAttempt:
    """Lambda looks ahead: an event that would be too old for its next attempt ends now."""
    return Condition.EVENT_AGE_EXCEEDED if age + delay > config.event_age else delay
