"""Switches of the emulator, read from JSON: a frozen dataclass says by its fields' types what each may be.

`bool` is true or false, `int` and `float` are numbers from 0 on, `Share` one up to 1, and a pair of floats the least
and the most. `X | None` also takes null. No other types are read.
"""

import types
from collections.abc import Mapping
from typing import Annotated, TypeGuard, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

Share = Annotated[float, "at most 1"]
"""A part of a whole."""


def read_switches(kind: type[T], wanted: Mapping[str, object]) -> T:
    """What the JSON object says, the rest as it is by default; ValueError names the switch that cannot be."""
    known = get_type_hints(kind, include_extras=True)
    for name, value in wanted.items():
        if name not in known:
            raise ValueError(f"there is no setting {name!r}; there are {', '.join(sorted(known))}")
        if not _fits(value, known[name]):
            raise ValueError(f"{name} cannot be {value!r}")
    return kind(**{name: _plain(value) for name, value in wanted.items()})


def _fits(value: object, hint: object) -> bool:
    if isinstance(hint, types.UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    if get_origin(hint) is tuple:
        return _is_range(value)
    if hint == Share:
        return _is_number(value, float) and 0 <= value <= 1
    if hint is type(None) or hint is bool:
        return isinstance(value, hint)
    return _is_number(value, hint) and value >= 0


def _is_number(value: object, hint: object) -> TypeGuard[float]:
    return isinstance(value, int if hint is int else int | float) and not isinstance(value, bool)


def _is_range(value: object) -> bool:
    match value:
        case [least, most]:
            return _is_number(least, float) and _is_number(most, float) and 0 <= least <= most
    return False


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
