"""Durations, as files and commands write them (`100ms`, `5s`, `1.5m`, `10ms..200ms`), as seconds.

`Duration` and `DurationRange` are the types of fields that take them. A program gives such a field seconds; in a
person's file, which is validated with `WITH_UNITS`, a number alone is a slip (200 of what?), all but 0.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo

_NUMBER = r"\d+(?:\.\d+)?"
_DURATION = re.compile(rf"({_NUMBER})\s*(us|ms|s|m|h)")
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}

WITH_UNITS: Mapping[str, object] = {"durations": "with units"}
"""The context of a validation in which durations need a unit."""


def parse_duration(value: object) -> float:
    """Seconds for `100ms`, `5s`, `1.5m` or 0; ValueError that says how to write one."""
    text = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if match := _DURATION.fullmatch(text):
        return float(match[1]) * _UNITS[match[2]]
    if not re.fullmatch(rf"[-+]?{_NUMBER}", text):
        raise ValueError(f"{value!r} is not a duration; write 100ms, 5s or 1m")
    if text.startswith("-"):
        raise ValueError("a duration cannot be negative")
    if float(text) != 0:
        raise ValueError(f"{text} has no unit; did you mean {text}s or {text}ms?")
    return 0.0


def _duration(value: object, info: ValidationInfo) -> float:
    return _seconds(value, info.context)


def _seconds(value: object, context: object) -> float:
    if context == WITH_UNITS or isinstance(value, bool | str) or not isinstance(value, int | float):
        return parse_duration(value)
    if value < 0:
        raise ValueError("a duration cannot be negative")
    return float(value)


def _range(value: object, info: ValidationInfo) -> tuple[float, float]:
    """Two durations for `10ms..200ms`, the same one twice for `50ms`."""
    match value:
        case str() if ".." in value:
            ends = [parse_duration(end) for end in value.split("..")]
        case list() | tuple():
            ends = [_seconds(end, info.context) for end in value]
        case _:
            ends = [_seconds(value, info.context)] * 2
    if len(ends) != 2:
        raise ValueError(f"{value!r} is not a range; write 10ms..200ms")
    if ends != sorted(ends):
        raise ValueError(f"{value!r} ends before it begins; write 10ms..200ms")
    return ends[0], ends[1]


_Written = Annotated[str, Field(pattern=rf"^\s*({_NUMBER}\s*(us|ms|s|m|h)|0(\.0+)?)\s*$")] | Literal[0]
Duration = Annotated[float, BeforeValidator(_duration, json_schema_input_type=_Written)]
DurationRange = Annotated[
    tuple[float, float],
    BeforeValidator(_range, json_schema_input_type=str | Literal[0] | tuple[_Written, _Written]),
]
