"""YAML files: what one says, and on which line it says it.

Files are read by YAML 1.2's core schema: `no`, `on`, `1:30` and `2024-01-01` are text, keys are always text.
Every mistake knows its file and line, and all of them are told at once.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias

import yaml

from harness.errors import UsageError

Location: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a document: the keys and list indexes that lead to it."""

Tagged: TypeAlias = Callable[[str, object], object]
"""What a plain value stands for that has a tag of its own, such as `!Ref`; LookupError for a tag that is unknown."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong; `line` counts from 1."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class Source:
    """A document: its plain value (dict, list, str, int, float, bool, None) and the line of every part."""

    file: str
    value: object
    lines: Mapping[Location, int]
    mistakes: tuple[Mistake, ...] = ()

    def line_of(self, location: Location) -> int:
        """The line of the value there, or of the nearest thing around it."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def mistake(self, location: Location, text: str) -> Mistake:
        return Mistake(self.file, self.line_of(location), text)


def read_yaml(path: Path, *, tagged: Tagged | None = None) -> Source:
    """The document of a file; UsageError when it cannot be read or is no YAML at all."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 text") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    return parse_yaml(text, file=str(path), tagged=tagged)


def parse_yaml(text: str, *, file: str, tagged: Tagged | None = None) -> Source:
    """The document of a text; mistakes that leave a value (a key given twice) are kept in `mistakes`."""
    try:
        root = _compose(text)
        reading = _Reading(file, tagged or _no_tag)
        value = None if root is None else reading.value_of(root, ())
    except yaml.MarkedYAMLError as error:
        raise UsageError(str(_syntax_mistake(file, error))) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise UsageError(f"{file}:{line}: a character that YAML does not allow") from error
    except RecursionError as error:
        raise UsageError(f"{file}:1: is nested too deeply") from error
    return Source(file, value, reading.lines, tuple(reading.mistakes))


def refuse(mistakes: Iterable[Mistake]) -> None:
    """Raises one UsageError that tells all the mistakes, a line each, in the order of the file."""
    ordered = sorted(dict.fromkeys(mistakes), key=lambda mistake: (mistake.file, mistake.line))
    if ordered:
        raise UsageError(*map(str, ordered))


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'subscribe'?` for a word like `subscirbe`, "" when nothing known is like it."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f"; did you mean '{close[0]}'?" if close else ""


# --- reading ------------------------------------------------------------------------------------------------

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_MOST_VALUES = 1_000_000


class _Loader(yaml.SafeLoader):
    """Resolves plain scalars as YAML 1.2's core schema does."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own


_Loader.add_implicit_resolver(f"{_TAG}null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(
    f"{_TAG}bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")
)
_Loader.add_implicit_resolver(f"{_TAG}int", re.compile(r"[-+]?[0-9]+\Z"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    f"{_TAG}float",
    re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z"),
    list("-+.0123456789"),
)
_Loader.add_implicit_resolver(_MERGE, re.compile(r"<<\Z"), ["<"])

_SCALARS: Mapping[str, Callable[[str], object]] = {
    f"{_TAG}str": str,
    f"{_TAG}null": lambda text: None,
    f"{_TAG}bool": lambda text: text.lower() == "true",
    f"{_TAG}int": int,
    f"{_TAG}float": float,
}


def _compose(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _no_tag(tag: str, value: object) -> object:
    raise LookupError(tag)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _syntax_mistake(file: str, error: yaml.MarkedYAMLError) -> Mistake:
    mark = error.problem_mark or error.context_mark
    text = ", ".join(part for part in (error.problem, error.context) if part)
    return Mistake(file, mark.line + 1 if mark else 1, f"is not YAML: {text}")


class _Reading:
    """One walk over the nodes of a document."""

    def __init__(self, file: str, tagged: Tagged) -> None:
        self.file = file
        self._tagged = tagged
        self.lines: dict[Location, int] = {}
        self.mistakes: list[Mistake] = []
        self._around: list[yaml.Node] = []
        self._visits = 0

    def value_of(self, node: yaml.Node, location: Location) -> object:
        self._visits += 1
        if self._visits > _MOST_VALUES:
            # A few lines of aliases to aliases can stand for more values than any memory holds.
            raise yaml.MarkedYAMLError(problem="more than a million values", problem_mark=node.start_mark)
        if any(node is outer for outer in self._around):
            return self._wrong(node, "an alias that contains itself")
        self.lines.setdefault(location, _line(node))
        self._around.append(node)
        value = self._plain_value(node, location)
        self._around.pop()
        return value

    def _plain_value(self, node: yaml.Node, location: Location) -> object:
        match node:
            case yaml.MappingNode() if node.tag == f"{_TAG}map":
                return self._mapping(node, location)
            case yaml.SequenceNode() if node.tag == f"{_TAG}seq":
                return self._sequence(node, location)
            case yaml.ScalarNode() if node.tag in _SCALARS:
                return self._scalar(node)
        try:
            return self._tagged(node.tag, self._untagged(node, location))
        except LookupError:
            return self._wrong(node, f"the tag '{node.tag}' means nothing here")

    def _untagged(self, node: yaml.Node, location: Location) -> object:
        match node:
            case yaml.MappingNode():
                return self._mapping(node, location)
            case yaml.SequenceNode():
                return self._sequence(node, location)
        return node.value

    def _sequence(self, node: yaml.SequenceNode, location: Location) -> list[object]:
        return [self.value_of(item, (*location, index)) for index, item in enumerate(node.value)]

    def _scalar(self, node: yaml.ScalarNode) -> object:
        try:
            return _SCALARS[node.tag](node.value)
        except ValueError:
            return self._wrong(node, f"{node.value!r} is no {node.tag.removeprefix(_TAG)}")

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, object]:
        values: dict[str, object] = {}
        first: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._wrong(key, "a key must be text")
            elif key.tag != _MERGE and key.value in first:
                self._wrong(key, f"'{key.value}' is here twice; the first is on line {first[key.value]}")
            elif key.tag != _MERGE:
                name = str(key.value)
                first[name] = _line(key)
                self.lines.setdefault((*location, name), first[name])
                values[name] = self.value_of(value, (*location, name))
        return {**self._inherited(node, location), **values}

    def _inherited(self, node: yaml.MappingNode, location: Location) -> dict[str, object]:
        """What `<<` brings in: the first of several mappings wins."""
        inherited: dict[str, object] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                for one in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    content = self.value_of(one, location)
                    if isinstance(content, dict):
                        inherited = {**content, **inherited}
                    else:
                        self._wrong(key, "'<<' takes a mapping")
        return inherited

    def _wrong(self, node: yaml.Node, text: str) -> object:
        """Keeps the mistake; None stands for the value."""
        self.mistakes.append(Mistake(self.file, _line(node), text))
        return None
