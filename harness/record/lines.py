"""Lines of a history: an observation as one JSON array, `["MessageReceived",17,12345.678901,"btc/17",34]`.

After its kind stands its number: each source numbers what it saw without a gap, so that a line that is lost or
doubled is noticed. Then the fields follow, in the order that the file's first line tells:
`{"history":2,"kinds":{"MessageReceived":["at","client","text"],...}}`.

What is long and comes again and again is written once, `["=",34,"the text"]`, and is a number from then on. That is
made of the number of the observation which came first, so it is never given twice, and one whose line is lost leads
nowhere. Whoever reads needs to remember no more than the last `REMEMBERED` of a source.
"""

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import TypeVar, get_args, get_type_hints

import orjson

from harness.record.observation import KINDS, Observation, SeenInside

VERSION = 2
"""The version of the lines. It rises with every change that an older harness cannot read."""

CLIENTS, INSIDE = "clients", "inside"
"""Who saw something: the runner with its clients and its publisher, or the emulator."""

REMEMBERED = 1024
"""How many long texts of one source are known at a time."""

_REPEATED = frozenset({"text", "event", "request", "digest"})
_MOST_REPEATED = 2  # such fields of one kind
_SHORT = 12  # characters, below which a text is no longer than its number
_MARKS = {CLIENTS: "=", INSIDE: "~"}


class UnreadableLineError(ValueError):
    """A line that is no observation; the message says what is wrong and shows the line's beginning."""


_Value = TypeVar("_Value")
_NAMES = frozenset({"type", "function"})


@dataclass(frozen=True, slots=True)
class _Form:
    """What the lines of one kind hold: its fields in order, the JSON types that each accepts, and how it is made."""

    name: str
    source: str
    kind: Callable[..., Observation]
    fields: tuple[str, ...]
    values: Callable[[Observation], tuple[object, ...]]
    accepted: Mapping[str, tuple[type, ...]]
    required: frozenset[str]
    repeated: tuple[int, ...]
    tuples: tuple[int, ...]
    names: tuple[int, ...]


def source_of(kind: type[Observation]) -> str:
    """Who sees what is of this kind."""
    return INSIDE if issubclass(kind, SeenInside) else CLIENTS


def header() -> bytes:
    """The first line of a history."""
    kinds = {form.name: form.fields for form in _FORMS.values()}
    return orjson.dumps({"history": VERSION, "kinds": kinds}) + b"\n"


class LineWriter:
    """Writes the observations of one source, from a fresh start: the lines can be read from the first one on."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def line(self, observation: Observation, number: int) -> bytes:
        """The observation as a line, after lines for what is new in it; `at` is rounded to microseconds.

        Half characters (lone surrogates) become U+FFFD.
        """
        form = _FORMS[type(observation)]
        values = [form.name, number, *form.values(observation)]
        values[2] = round(observation.at, 6)
        new = b""
        for place, position in enumerate(form.repeated):
            text = values[position]
            if isinstance(text, str) and len(text) >= _SHORT:
                reference = self._known.get(text)
                if reference is None:
                    reference = self._learn(text, number * _MOST_REPEATED + place)
                    new += _dumped([_MARKS[form.source], reference, text])
                values[position] = reference
        return new + _dumped(values)

    def _learn(self, text: str, reference: int) -> int:
        if len(self._known) >= REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[text] = reference
        return reference


class LineReader:
    """Reads lines in their order, with the fields that the header told.

    What cannot be read is an UnreadableLineError, and the lines after it can be read.
    """

    def __init__(self, first_line: bytes) -> None:
        """UnreadableLineError when this is not the first line of a history that is understood here."""
        self._forms = {name: _as_told(name, told) for name, told in _told_kinds(first_line).items()}
        self._texts: dict[str, dict[int, str]] = {CLIENTS: {}, INSIDE: {}}

    def read(self, line: bytes) -> tuple[int, Observation] | None:
        """The observation and its number; None for a line that only gives a text its number."""
        try:
            values = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise _unreadable(f"not JSON ({error})", line) from error
        match values:
            case ["=", int(reference), str(text)]:
                self._learn(CLIENTS, reference, text)
            case ["~", int(reference), str(text)]:
                self._learn(INSIDE, reference, text)
            case [str(kind), int(number), *rest] if kind in self._forms and number >= 0:
                return number, self._filled(self._forms[kind], rest, line)
            case _:
                raise _unreadable("not an observation", line)
        return None

    def _learn(self, source: str, reference: int, text: str) -> None:
        texts = self._texts[source]
        if len(texts) >= REMEMBERED:
            del texts[next(iter(texts))]
        texts[reference] = text

    def _filled(self, form: _Form, values: list[object], line: bytes) -> Observation:
        if len(values) != len(form.fields):
            raise _unreadable(f"{form.name} has {len(form.fields)} fields, not {len(values)}", line)
        for position in form.repeated:
            reference = values[position - 2]
            if type(reference) is int:
                text = self._texts[form.source].get(reference)
                if text is None:
                    raise _unreadable(f"nothing has the number {reference}", line)
                values[position - 2] = text
        for name, value in zip(form.fields, values, strict=True):
            if type(value) not in form.accepted[name]:
                raise _unreadable(f"{form.name}.{name} cannot be {value!r}", line)
        for position in form.tuples:
            values[position - 2] = _one_for_all(_texts(form, values[position - 2], line))
        for position in form.names:
            values[position - 2] = _one_for_all(values[position - 2])
        return form.kind(*values)


def prefix_of(kind: type[Observation]) -> bytes:
    """With what the lines of this kind begin, and no others."""
    return f'["{kind.__name__}",'.encode()


TEXTS = (b'["=",', b'["~",')
"""With what the lines begin that give a text its number."""


def _told_kinds(line: bytes) -> Mapping[str, list[str]]:
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError:
        told = None
    match told:
        case {"history": int(version)} if version != VERSION:
            raise UnreadableLineError(f"a history of version {version}; this harness reads version {VERSION}")
        case {"history": int(), "kinds": dict(kinds)}:
            return kinds
    raise _unreadable(f"not a history of version {VERSION}; it begins with", line)


def _as_told(name: str, told: Sequence[str]) -> _Form:
    """The form of a kind whose lines have these fields; those that it lacks are as they are by default."""
    kind = KINDS.get(name)
    form = None if kind is None else _FORMS[kind]
    if form is None or kind is None:
        raise UnreadableLineError(f"a history with observations that are not known here: {name}")
    if tuple(told) == form.fields:
        return form
    if not form.required <= set(told) <= set(form.fields):
        raise UnreadableLineError(f"a history whose {name} has other fields: {', '.join(told)}")
    return _form_of(kind, tuple(told))


@lru_cache(maxsize=1024)
def _one_for_all(value: _Value) -> _Value:
    """What is equal as one object: few names are in very many observations, of which many may be kept."""
    return value


def _texts(form: _Form, value: object, line: bytes) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise _unreadable(f"{form.name} has something that is not a list of strings", line)


def _unreadable(what: str, line: bytes) -> UnreadableLineError:
    return UnreadableLineError(f"{what}: {line[:120].decode(errors='replace').rstrip()!r}")


def _dumped(values: list[object]) -> bytes:
    try:
        return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:
        return orjson.dumps([_whole(one) for one in values], option=orjson.OPT_APPEND_NEWLINE)


def _whole(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case tuple():
            return [_whole(one) for one in value]
        case _:
            return value


def _form_of(kind: type[Observation], told: tuple[str, ...] | None = None) -> _Form:
    hints, declared = get_type_hints(kind), tuple(one.name for one in fields(kind))
    names = told or declared
    accepted = {name: _json_types(hints[name]) for name in declared}
    repeated = tuple(position for position, name in enumerate(names, start=2) if name in _REPEATED)
    assert len(repeated) <= _MOST_REPEATED
    return _Form(
        kind.__name__,
        source_of(kind),
        kind if names == declared else lambda *values: kind(**dict(zip(names, values, strict=True))),
        names,
        attrgetter(*declared) if len(declared) > 1 else lambda one: (one.at,),
        accepted,
        frozenset(one.name for one in fields(kind) if one.default is MISSING),
        repeated,
        tuple(position for position, name in enumerate(names, start=2) if list in accepted[name]),
        tuple(position for position, name in enumerate(names, start=2) if name in _NAMES),
    )


def _json_types(hint: object) -> tuple[type, ...]:
    """The types that JSON gives for a field: a float may be written as an integer, a tuple is a list."""
    if isinstance(hint, types.UnionType):
        return tuple(json_type for one in get_args(hint) for json_type in _json_types(one))
    if getattr(hint, "__origin__", None) is tuple:
        return (list,)
    if hint is float:
        return (float, int)
    assert isinstance(hint, type)
    return (hint,)


_FORMS: Mapping[type[Observation], _Form] = {kind: _form_of(kind) for kind in KINDS.values()}
