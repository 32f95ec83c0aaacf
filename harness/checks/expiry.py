"""Expiry of rows: is what stands in the attribute that a table's TTL names a time at which the row will go?

Pure. TTL takes a number of epoch seconds, and passes over anything else in silence (D-42).
"""

import re
from enum import Enum

import orjson

_MILLISECONDS = 1e11
"""Epoch seconds have reached this in the year 5138; milliseconds had in 1973."""
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_SHARE = 0.05
_LEAST = 60.0


class Expiry(Enum):
    """How it is with one row."""

    FINE = "fine"
    LACKING = "lacking"
    NO_NUMBER = "no number"
    MILLISECONDS = "milliseconds"
    PAST = "past"
    OTHER_TIME = "other time"


def expiry_of(ttl: str, written_at: float | None, within: float | None) -> Expiry:
    """What is to be said of a row that was written at this Unix time (None: nobody knows) and must expire `within`.

    `ttl` is the attribute's value as DynamoDB writes it, "" for none. Without `within` any time to come will do.
    """
    if not ttl:
        return Expiry.LACKING
    expires_at = epoch_seconds(ttl)
    if expires_at is None:
        return Expiry.NO_NUMBER
    if expires_at >= _MILLISECONDS:
        return Expiry.MILLISECONDS
    if written_at is None:
        return Expiry.FINE
    if expires_at <= written_at:
        return Expiry.PAST
    if within is not None and abs(expires_at - written_at - within) > tolerance(within):
        return Expiry.OTHER_TIME
    return Expiry.FINE


def epoch_seconds(ttl: str) -> float | None:
    """The number that the attribute holds; None when it holds something else."""
    try:
        value = orjson.loads(ttl)
    except orjson.JSONDecodeError:
        return None
    number = value.get("N") if isinstance(value, dict) else None
    return float(number) if isinstance(number, str) and _NUMBER.fullmatch(number) else None


def tolerance(within: float) -> float:
    """By how much, in seconds, an expiry may miss what the scenario expects: a twentieth, and a minute at least."""
    return max(_LEAST, _SHARE * within)


def long_time(seconds: float) -> str:
    """`24 h`, `90 min`, `12 s`."""
    for unit, size in (("days", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
