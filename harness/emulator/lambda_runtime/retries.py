"""When an asynchronous invocation is tried again: Lambda's rules for its event queue."""

MAXIMUM_EVENT_AGE = 21_600.0
"""Seconds for which a throttled event is tried again (S-11, S-12)."""

_AFTER_FUNCTION_ERRORS = (60.0, 120.0)
_FIRST_BACKOFF, _LONGEST_BACKOFF = 1.0, 300.0


def delay_after_function_error(failed_attempts: int) -> float | None:
    """Seconds until the next attempt after this many failed ones; None when that was the last (S-10)."""
    index = failed_attempts - 1
    return _AFTER_FUNCTION_ERRORS[index] if index < len(_AFTER_FUNCTION_ERRORS) else None


def delay_after_throttle(throttles: int, *, age: float, reserved_concurrency: int | None) -> float | None:
    """Seconds until a throttled event is tried again (S-12): 1 s, doubling up to 5 min; None to drop it.

    `age` is the event's, in seconds. A function whose reserved concurrency is 0 never gets it (S-16).
    """
    if reserved_concurrency == 0 or age >= MAXIMUM_EVENT_AGE:
        return None
    doublings = min(throttles - 1, 16)
    return float(min(_FIRST_BACKOFF * 2**doublings, _LONGEST_BACKOFF))
