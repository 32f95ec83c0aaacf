"""Payload comparison: is what was received the published event, does it hold it, or where does it differ?

JSON values are compared as they are written: numbers as decimals, so that 1.0 is 1 and 0.1 is not
0.10000000000000000001; a member that is given twice is no member of any value that was published.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import TypeAlias, assert_never

from harness.scenario.feed import PayloadRule

_KEPT = 1024
"""Comparisons and parsed texts that are remembered: a thousand receivers of one event cost one of each."""
_DEEPEST = 100
"""Levels of arrays and objects that are compared; what is nested deeper is no JSON here."""
_SHORT = 18
"""Digits that fit a machine's integer; more of them are a Decimal, which takes any number of them."""


class Fit(Enum):
    """How what was received stands to what was published."""

    SAME = "same"
    WRAPPED = "wrapped"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a received text stands to a published one.

    `times` is how often it holds the whole published value. `place` is where it differs (`bids[0][1]`, empty where
    that is no place in a JSON value), `difference` says how, to follow after `differs`.
    """

    fit: Fit
    times: int = 1
    place: str = ""
    difference: str = ""


SAME = Comparison(Fit.SAME)


def compare(published: str, received: str, mode: PayloadRule) -> Comparison:
    """The received text against the published one, by the feed's word on what a payload must be.

    `json`: the same JSON value, or one that holds it somewhere, as text in a string too. `contains`: holds it, as
    JSON or as text. `bytes`: the same bytes. `any`: whatever it is, it is the event.
    """
    return SAME if published == received else _compare(published, received, mode)


@lru_cache(maxsize=_KEPT)
def _compare(published: str, received: str, mode: PayloadRule) -> Comparison:
    match mode:
        case "any":
            return SAME
        case "bytes":
            return _altered("", _first_difference(published, received))
        case "contains":
            as_json = _compare_json(published, received)
            times = received.count(published)
            return Comparison(Fit.WRAPPED, times) if as_json.fit is Fit.ALTERED and times else as_json
        case "json":
            return _compare_json(published, received)
        case _:
            assert_never(mode)


def _compare_json(published: str, received: str) -> Comparison:
    expected, found = parsed(published), parsed(received)
    if expected is NO_JSON or found is NO_JSON:
        what = "" if expected is NO_JSON else ": it is no JSON,"
        return _altered("", what + _first_difference(published, received))
    if _same(expected, found):
        return SAME
    if times := sum(_same(expected, part.value) for part in parts(found)):
        return Comparison(Fit.WRAPPED, times)
    return _difference(expected, found)


def _altered(place: str, difference: str) -> Comparison:
    return Comparison(Fit.ALTERED, 0, place, difference)


def _first_difference(published: str, received: str) -> str:
    pairs = zip(published, received, strict=False)
    at = next(
        (at for at, (one, other) in enumerate(pairs) if one != other), min(len(published), len(received))
    )
    return f" from character {at + 1} on"


# --- JSON, as it is written ---------------------------------------------------------------------------------


class NoJson(Enum):
    """What `parsed` gives for a text that is no JSON."""

    NO_JSON = "no JSON"


NO_JSON = NoJson.NO_JSON


class _Object(dict[str, "Json"]):
    """A JSON object; `repeated` is the first member that was given twice, None where all were given once."""

    repeated: str | None = None


Json: TypeAlias = "_Object | list[Json] | str | bool | int | Decimal | None"
Parsed: TypeAlias = "Json | NoJson"


def _object(members: list[tuple[str, Json]]) -> _Object:
    made = _Object(members)
    if len(made) < len(members):
        times = Counter(name for name, _ in members)
        made.repeated = next(name for name in times if times[name] > 1)
    return made


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _SHORT else Decimal(text)


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Decimal, parse_int=_integer, parse_constant=_no_constant
)


@lru_cache(maxsize=_KEPT)
def parsed(text: str) -> Parsed:
    """The text's JSON value, NO_JSON for any other text; not to be changed."""
    try:
        value: Json = _decoder.decode(text)
    except (ValueError, ArithmeticError, RecursionError):
        return NO_JSON
    return value if _is_flat_enough(value) else NO_JSON


def _is_flat_enough(value: Json) -> bool:
    level: list[Json] = [value]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return True
    return False


def _inner(value: Json) -> list[Json]:
    match value:
        case _Object():
            return list(value.values())
        case list():
            return value
        case _:
            return []


def _same(one: Json, other: Json) -> bool:
    """Whether they are one JSON value; the order of an object's members does not count."""
    match one, other:
        case (_Object(), _Object()):
            return (
                one.repeated is other.repeated is None
                and one.keys() == other.keys()
                and all(_same(value, other[name]) for name, value in one.items())
            )
        case (list(), list()):
            return len(one) == len(other) and all(map(_same, one, other))
        case (bool(), _) | (_, bool()):
            return one is other
        case ((int() | Decimal()), (int() | Decimal())):
            return one == other
        case _:
            return type(one) is type(other) and one == other


# --- what is inside a value -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """A value somewhere in a JSON value; `path` leads there: `detail.events[0]`, empty for the value itself."""

    path: str
    value: Json


def parts(value: Json) -> Iterator[Part]:
    """Every object, array and scalar in the value, itself first; strings that hold JSON are looked into."""
    waiting = [(Part("", value), 0)]
    while waiting:
        part, depth = waiting.pop()
        yield part
        if depth < _DEEPEST:
            waiting += [(inner, depth + 1) for inner in reversed(list(_parts_of(part)))]


def _parts_of(part: Part) -> Iterator[Part]:
    match part.value:
        case _Object():
            yield from (Part(_member(part.path, name), value) for name, value in part.value.items())
        case list():
            yield from (Part(f"{part.path}[{number}]", value) for number, value in enumerate(part.value))
        case str(text) if text.lstrip()[:1] in ("{", "[", '"'):
            if (held := parsed(text)) is not NO_JSON:
                yield Part(part.path, held)


def _member(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def ids_in(received: str, path: str) -> tuple[str, ...]:
    """The different texts that stand at `path` (a name or a dotted path) anywhere in a JSON text, in its order."""
    value = parsed(received)
    return () if value is NO_JSON else tuple(_ids_in(value, tuple(path.split("."))))


def _ids_in(value: Json, path: tuple[str, ...]) -> Mapping[str, None]:
    return {found: None for part in parts(value) if isinstance(found := _at(part.value, path), str)}


def _at(value: Json, path: tuple[str, ...]) -> Json:
    for name in path:
        value = value.get(name) if isinstance(value, _Object) else None
    return value


def has_shape(received: str, shape: Mapping[str, object]) -> bool:
    """Whether the text is a JSON object in which every member of the shape stands with the same value."""
    value = parsed(received)
    wanted = parsed(json.dumps(shape))
    return (
        isinstance(value, _Object)
        and isinstance(wanted, _Object)
        and all(name in value and _same(inner, value[name]) for name, inner in wanted.items())
    )


# --- where two values differ ----------------------------------------------------------------------------------


def _difference(published: Json, received: Json) -> Comparison:
    """Where the part of `received` that is most like the published value differs from it."""
    nearest = max(parts(received), key=lambda part: _likeness(published, part.value))
    if not any(_likeness(published, nearest.value)):
        return _altered("", ": nothing of what was published is in it")
    place, how = _first(published, nearest.value, nearest.path) or (nearest.path, ": another value")
    return _altered(place, f" at {place}{how}" if place else how)


def _likeness(published: Json, received: Json) -> tuple[int, int]:
    """How many members are the same, and how many are there at all."""
    if not isinstance(published, _Object) or not isinstance(received, _Object):
        return 0, 0
    shared = published.keys() & received.keys()
    return sum(_same(published[name], received[name]) for name in shared), len(shared)


_Difference: TypeAlias = tuple[str, str]
"""The path to what differs, and how it does."""


def _first(published: Json, received: Json, path: str) -> _Difference | None:
    match published, received:
        case (_Object(), _Object()):
            return _first_of_members(published, received, path)
        case (list(), list()):
            for number, (one, other) in enumerate(zip(published, received, strict=False)):
                if found := _first(one, other, f"{path}[{number}]"):
                    return found
            if len(published) != len(received):
                return path, f": {len(published)} items were published, {len(received)} received"
            return None
        case _ if _same(published, received):
            return None
        case _:
            return path, f": {_shown(published)} was published, {_shown(received)} received"


def _first_of_members(published: _Object, received: _Object, path: str) -> _Difference | None:
    if received.repeated is not None:
        return _member(path, received.repeated), ", which is given twice"
    for name, value in published.items():
        if name not in received:
            return _member(path, name), ", which is missing"
        if found := _first(value, received[name], _member(path, name)):
            return found
    added = next((name for name in received if name not in published), None)
    return None if added is None else (_member(path, added), ", which was not published")


def _shown(value: Json) -> str:
    match value:
        case Decimal():
            return str(value)
        case _Object() | list():
            return "an object" if isinstance(value, _Object) else "an array"
        case _:
            text = json.dumps(value, ensure_ascii=False)
            return text if len(text) <= 40 else f"{text[:39]}…"
