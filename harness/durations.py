"""Durations, as files and commands write them (`100ms`, `5s`, `1.5m`, `10ms..200ms`), as seconds.

`Duration` and `DurationRange` are the types of fields that take them.
"""

import re
from typing import Annotated

from pydantic import BeforeValidator

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|s|m|h)")
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(value: object) -> float:
    """Seconds for `100ms`, `5s`, `1.5m` or a plain number of seconds; ValueError that says how to write one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    elif isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        seconds = float(match[1]) * _UNITS[match[2]]
    else:
        raise ValueError(f"{value!r} is not a duration; write 100ms, 5s or 1m")
    if seconds < 0:
        raise ValueError("a duration cannot be negative")
    return seconds


def parse_range(value: object) -> object:
    """Two durations for `10ms..200ms`, the same one twice for `50ms`."""
    match value:
        case str() if ".." in value:
            ends = [parse_duration(end) for end in value.split("..")]
        case list() | tuple():
            ends = [parse_duration(end) for end in value]
        case _:
            ends = [parse_duration(value)] * 2
    if ends != sorted(ends):
        raise ValueError(f"{value!r} ends before it begins; write 10ms..200ms")
    return tuple(ends)


Duration = Annotated[float, BeforeValidator(parse_duration, json_schema_input_type=str | float)]
DurationRange = Annotated[
    tuple[float, float],
    BeforeValidator(parse_range, json_schema_input_type=str | float | tuple[float, float]),
]
