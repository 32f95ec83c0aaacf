"""What does a YAML file say, where does it say it, and what is wrong with it in plain words?

Files are read by YAML 1.2's core schema: `no`, `on`, `1:30` and `2024-01-01` are text, keys are always text.
Every mistake knows its file and line, and all of them are told at once.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from harness.errors import UsageError

Location: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a document: the keys and list indexes that lead to it."""

Tagged: TypeAlias = Callable[[str, object], object]
"""What a plain value stands for that has a tag of its own, such as `!Ref`; LookupError for a tag that is unknown."""

M = TypeVar("M", bound=BaseModel)


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


def validated(model: type[M], source: Source) -> M:
    """The document as a model; UsageError with every mistake of its shape."""
    try:
        result = model.model_validate({} if source.value is None else source.value)
    except ValidationError as error:
        refuse((*source.mistakes, *_shape_mistakes(error, model, source)))
        raise
    refuse(source.mistakes)
    return result


def refuse(mistakes: Iterable[Mistake]) -> None:
    """Raises one UsageError that tells all the mistakes, a line each, in the order of the file."""
    ordered = sorted(dict.fromkeys(mistakes), key=lambda mistake: (mistake.file, mistake.line))
    if ordered:
        raise UsageError("\n".join(map(str, ordered)))


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


# --- mistakes of shape, in plain words ----------------------------------------------------------------------

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
}
_BOUNDS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must have at least {min_length}",
    "string_too_short": "must have at least {min_length} letters",
}


def _shape_mistakes(error: ValidationError, model: type[BaseModel], source: Source) -> Iterator[Mistake]:
    found = [(_in_file(one["loc"], source), one) for one in error.errors(include_url=False)]
    schema = model.model_json_schema()
    kinds: dict[Location, list[ErrorDetails]] = {}
    for location, one in found:
        if one["type"] in _KINDS:
            kinds.setdefault(location, []).append(one)
        else:
            yield _shape_mistake(location, one, schema, source)
    for location, alternatives in kinds.items():
        # An alternative that failed further inside was the one that was meant.
        if not any(other != location and other[: len(location)] == location for other, _ in found):
            yield source.mistake(location, _wrong_kind(location, alternatives))


def _in_file(location: tuple[int | str, ...], source: Source) -> Location:
    """The location without what stands for a choice among types and not for a part of the document."""
    inside: Location = ()
    for part in location:
        if (*inside, part) in source.lines:
            inside = (*inside, part)
    return inside


def _shape_mistake(
    location: Location, error: ErrorDetails, schema: Mapping[str, Any], source: Source
) -> Mistake:
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            text = f"'{error['loc'][-1]}' is missing{_within(location)}"
        case "extra_forbidden":
            known = _known_fields(schema, source.value, location[:-1])
            text = _unknown("field", str(location[-1]), known)
        case "unknown_name":
            location = (*location, context["name"])
            text = _unknown(context["what"], context["name"], context["known"])
        case "literal_error":
            text = _wrong_choice(location, error["input"], str(context["expected"]))
        case "value_error":
            text = f"{_subject(location)}: {context['error']}"
        case bound if bound in _BOUNDS:
            text = f"{_subject(location)} {_BOUNDS[bound].format(**context)}, not {_shown(error['input'])}"
        case _:
            text = f"{_subject(location)}: {error['msg']}"
    return source.mistake(location, text)


def _wrong_choice(location: Location, value: object, expected: str) -> str:
    hint = suggestion(str(value), re.findall(r"'([^']+)'", expected))
    return f"{_subject(location)} must be {expected}, not {_shown(value)}{hint}"


def _wrong_kind(location: Location, alternatives: list[ErrorDetails]) -> str:
    kinds = " or ".join(dict.fromkeys(_KINDS[one["type"]] for one in alternatives))
    value = alternatives[0]["input"]
    quotes = "; write it in quotes" if "text" in kinds and isinstance(value, int | float) else ""
    return f"{_subject(location)} must be {kinds}, not {_shown(value)}{quotes}"


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    known = list(known)
    hint = suggestion(name, known)
    if not hint and known:
        hint = f"; known are {', '.join(known)}"
    return f"unknown {what} '{name}'{hint}"


def _subject(location: Location) -> str:
    match location:
        case ():
            return "the file"
        case (*_, str(field)):
            return f"'{field}'"
        case (*outer, int(index)):
            return f"item {index + 1} of {_subject(tuple(outer))}"
    raise AssertionError(location)


def _within(location: Location) -> str:
    return f" in {_subject(location)}" if location else ""


def _shown(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return str(value).lower()
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list" if value else "an empty list"
    return repr(value)


def _known_fields(schema: Mapping[str, Any], value: object, location: Location) -> list[str]:
    """The fields that the JSON schema knows at a location, given what stands in the document on the way."""
    places = _alternatives(schema, schema, value)
    for part in location:
        value = value[part] if isinstance(value, dict | list) else None  # type: ignore[index]
        inner = [place for outer in places if (place := _step_into(outer, part)) is not None]
        places = [one for place in inner for one in _alternatives(schema, place, value)]
    return [name for place in places for name in place.get("properties", {})]


def _alternatives(
    schema: Mapping[str, Any], place: Mapping[str, Any], value: object
) -> list[Mapping[str, Any]]:
    """The plain schemas behind references and choices; those only whose required fields are there, if any."""
    if "$ref" in place:
        name = place["$ref"].rpartition("/")[2]
        return _alternatives(schema, schema["$defs"][name], value)
    choices = place.get("oneOf") or place.get("anyOf")
    if choices is None:
        return [place]
    found = [one for choice in choices for one in _alternatives(schema, choice, value)]
    fitting = [one for one in found if isinstance(value, dict) and set(one.get("required", ())) <= set(value)]
    return fitting or found


def _step_into(place: Mapping[str, Any], part: str | int) -> Mapping[str, Any] | None:
    if isinstance(part, int):
        inner = place.get("items")
    else:
        inner = place.get("properties", {}).get(part, place.get("additionalProperties"))
    return inner if isinstance(inner, Mapping) else None
