"""History: everything seen in one run, in time order, and each observation as one JSON line.

A line is `{"kind":"MessageReceived","at":12.5,...}`: the observation's class, then its fields under their own
names. Encoding and decoding are exact opposites, and fast enough for hundreds of thousands of observations.
"""

import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from math import inf
from operator import attrgetter
from typing import TypeVar, get_args, get_type_hints

import orjson

from harness.record.observation import KINDS, Observation, RecordingBegan, RecordingEnded

VERSION = 2
"""The version of the lines that `encode` writes. It rises with every change that an older harness cannot read.

`decode` reads the older ones too: what is called otherwise today stands in `_FORMER_NAMES`.
"""

Kind = TypeVar("Kind")

_BY_TIME = attrgetter("at")


class UnreadableLineError(ValueError):
    """A line that is no observation; the message says what is wrong and shows the line's beginning."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Observations that a source numbered and that are missing: those from `first` to before `end`.

    They were seen after `after` and before `before`, the times of what is next to them; infinite where nothing is.
    `source` is `clients` or `inside`.
    """

    source: str
    first: int
    end: int
    after: float = -inf
    before: float = inf


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The observations of one run, sorted by `at`; those of one instant stay in the order they were given.

    `torn` says that the writer died in the middle of the last line, so that the end is missing. `gaps` are what is
    missing between observations that are there. `changed` says that it is not the history that the run sealed.
    """

    observations: tuple[Observation, ...] = ()
    torn: bool = False
    gaps: tuple[Gap, ...] = ()
    changed: bool = False
    _by_kind: dict[type, tuple[Observation, ...]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "observations", tuple(sorted(self.observations, key=_BY_TIME)))

    def of(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """The observations of one class, in time order; sorted out once for all classes."""
        if not self._by_kind:
            self._by_kind.update(_sorted_out(self.observations))
        return self._by_kind.get(kind, ())  # type: ignore[return-value]  # keyed by the values' own class

    def each(self, *kinds: type[Kind]) -> Iterator[Kind]:
        """The observations of these classes in time order, of all without a class; as often as it is called."""
        for seen in self.observations:
            if not kinds or type(seen) in kinds:
                yield seen  # type: ignore[misc]  # one of the classes that were asked for

    @property
    def began(self) -> bool:
        """Whether the beginning of the recording is in it."""
        return bool(self.of(RecordingBegan))

    @property
    def ended(self) -> bool:
        """Whether recording ended in order, and that end is in it."""
        return bool(self.of(RecordingEnded))

    @property
    def begins_at(self) -> float:
        """The first observation's `at`, 0.0 when nothing was seen."""
        return self.observations[0].at if self.observations else 0.0

    @property
    def ends_at(self) -> float:
        """The last observation's `at`, 0.0 when nothing was seen."""
        return self.observations[-1].at if self.observations else 0.0


def encode(observation: Observation) -> bytes:
    """The observation as one JSON line, newline included; half characters (lone surrogates) become U+FFFD."""
    prefix = _PREFIXES[type(observation)]
    try:
        return prefix + orjson.dumps(observation)[1:] + b"\n"
    except orjson.JSONEncodeError:
        return prefix + orjson.dumps(_with_whole_characters(observation))[1:] + b"\n"


def decode(line: bytes) -> Observation:
    """The observation that a line holds; UnreadableLineError for anything that `encode` does not write."""
    try:
        values = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _unreadable(f"not JSON ({error})", line) from error
    if not isinstance(values, dict):
        raise _unreadable("not a JSON object", line)
    kind = values.pop("kind", None)
    form = _FORMS.get(kind) if isinstance(kind, str) else None
    if form is None:
        raise _unreadable(f"unknown kind {kind!r}", line)
    return _filled(form, values, line)


@dataclass(frozen=True, slots=True)
class _Form:
    """What the lines of one kind hold: the accepted JSON types by field, the fields it cannot do without."""

    kind: Callable[..., Observation]
    name: str
    accepted: Mapping[str, tuple[type, ...]]
    required: frozenset[str]
    tuples: tuple[str, ...]


def _filled(form: _Form, values: dict[str, object], line: bytes) -> Observation:
    for name, value in values.items():
        accepted = form.accepted.get(name)
        if accepted is None:
            raise _unreadable(f"{form.name} has no field {name!r}", line)
        if type(value) not in accepted:
            raise _unreadable(f"{form.name}.{name} cannot be {value!r}", line)
    if not form.required <= values.keys():
        raise _unreadable(f"{form.name} lacks {', '.join(sorted(form.required - values.keys()))}", line)
    for name in form.tuples:
        values[name] = _texts(form, name, values.get(name, []), line)
    return form.kind(**values)


def _texts(form: _Form, name: str, value: object, line: bytes) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise _unreadable(f"{form.name}.{name} is not a list of strings", line)


def _unreadable(what: str, line: bytes) -> UnreadableLineError:
    return UnreadableLineError(f"{what}: {line[:120].decode(errors='replace').rstrip()!r}")


def _sorted_out(observations: Iterable[Observation]) -> dict[type, tuple[Observation, ...]]:
    lists: dict[type, list[Observation]] = {}
    for observation in observations:
        lists.setdefault(type(observation), []).append(observation)
    return {kind: tuple(seen) for kind, seen in lists.items()}


def _with_whole_characters(observation: Observation) -> dict[str, object]:
    return {one.name: _whole(getattr(observation, one.name)) for one in fields(observation)}


def _whole(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case tuple():
            return [_whole(one) for one in value]
        case _:
            return value


def _form_of(kind: type[Observation]) -> _Form:
    hints = get_type_hints(kind)
    accepted = {one.name: _json_types(hints[one.name]) for one in fields(kind)}
    required = frozenset(one.name for one in fields(kind) if one.default is MISSING)
    tuples = tuple(name for name, json_types in accepted.items() if list in json_types)
    return _Form(kind, kind.__name__, accepted, required, tuples)


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


_FORMER_NAMES: Mapping[str, str] = {"FrameReceived": "MessageReceived"}
"""Kinds as version 1 called them. A message is one frame or several, and a client is handed messages."""
_FORMS: dict[str, _Form] = {name: _form_of(kind) for name, kind in KINDS.items()}
_FORMS |= {former: _FORMS[name] for former, name in _FORMER_NAMES.items()}
_PREFIXES: Mapping[type, bytes] = {kind: b'{"kind":"' + name.encode() + b'",' for name, kind in KINDS.items()}
