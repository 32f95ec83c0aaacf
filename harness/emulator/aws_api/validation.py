"""Validation of input against AWS's service models: what is required, and types, lengths, ranges, patterns and enums.

Pure. Takes an operation as botocore describes it and its input as a mapping by the names of the wire; gives the
mistakes in the words of AWS's own framework (`Value 'x' at 'name' failed to satisfy constraint: ...`), in the order
of the model. Each service wraps them in its own error. A member that the model does not know is ignored (smithy.io,
"unknown members": a client may be newer than the model), and one that is null is not there.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

from harness.emulator.aws_api.service_model import members_on_the_wire, wire_name

_BOUNDS_IN_NAME = re.compile(r"StringWithLengthBetween(\d+)And(\d+)(K?)|UriWithLengthBetween(\d+)And(\d+)")
# Java's words in AWS's patterns. Letters and numbers come together there, so both may be as wide as `\\w`.
_OF_JAVA: Mapping[str, str] = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": r" \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    r"\p{Print}": r"[\x20-\x7e]",
    r"\uD800\uDC00-\uDBFF\uDFFF": r"\U00010000-\U0010ffff",
}


class Constraint(Enum):
    """What a mistake is about; a service may name its error by it."""

    REQUIRED = "required"
    TYPE = "type"
    LENGTH = "length"
    RANGE = "range"
    PATTERN = "pattern"
    ENUM = "enum"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One value that breaks a constraint: where (`tags.1.member.key`), and the rule in AWS's words."""

    constraint: Constraint
    path: str
    value: object
    rule: str

    def __str__(self) -> str:
        shown = "null" if self.value is None else f"'{_shown(self.value)}'"
        return f"Value {shown} at '{self.path}' failed to satisfy constraint: {self.rule}"


def mistakes(operation: OperationModel, given: Mapping[str, object]) -> tuple[Mistake, ...]:
    """Every mistake in the input of an operation; none for one that takes no input."""
    shape = operation.input_shape
    return () if shape is None else tuple(_of_structure(shape, given, ""))


def as_one_message(found: Sequence[Mistake]) -> str:
    """The mistakes as AWS's framework says them: `2 validation errors detected: ...; ...`."""
    plural = "" if len(found) == 1 else "s"
    return f"{len(found)} validation error{plural} detected: {'; '.join(map(str, found))}"


def known_members(operation: OperationModel, given: Mapping[str, object]) -> dict[str, object]:
    """The input without what the operation does not know, and without what is null."""
    shape = operation.input_shape
    known = {} if shape is None else members_on_the_wire(shape)
    return {name: value for name, value in given.items() if name in known and value is not None}


# --- by kind of shape -------------------------------------------------------------------------------------

_Rule: TypeAlias = Callable[[Shape, object, str], Iterator[Mistake]]


def _of(shape: Shape, value: object, path: str) -> Iterator[Mistake]:
    kind, rule = _RULES.get(shape.type_name, (None, None))
    if kind is None or rule is None:  # blobs and timestamps are read by whoever takes them
        return
    if not isinstance(value, kind) or (isinstance(value, bool) and bool not in kind):
        yield Mistake(Constraint.TYPE, path, value, f"Member must be of type {shape.type_name}")
        return
    yield from rule(shape, value, path)


def _of_structure(shape: Shape, value: object, path: str) -> Iterator[Mistake]:
    assert isinstance(shape, StructureShape)
    assert isinstance(value, Mapping)
    required = {wire_name(name, shape.members[name]) for name in shape.required_members}
    for name, member in members_on_the_wire(shape).items():
        inside = _inside(path, name[:1].lower() + name[1:])
        if (held := value.get(name)) is not None:
            yield from _of(member, held, inside)
        elif name in required:
            yield Mistake(Constraint.REQUIRED, inside, None, "Member must not be null")


def _of_list(shape: Shape, value: object, path: str) -> Iterator[Mistake]:
    assert isinstance(shape, ListShape)
    assert isinstance(value, list)
    yield from _of_length(shape, value, path)
    for number, one in enumerate(value, start=1):
        yield from _of(shape.member, one, _inside(path, f"{number}.member"))


def _of_map(shape: Shape, value: object, path: str) -> Iterator[Mistake]:
    assert isinstance(shape, MapShape)
    assert isinstance(value, Mapping)
    yield from _of_length(shape, value, path)
    for name, one in value.items():
        yield from _of(shape.key, name, _inside(path, f"{name}.key"))
        yield from _of(shape.value, one, _inside(path, f"{name}.member"))


def _of_text(shape: Shape, value: object, path: str) -> Iterator[Mistake]:
    assert isinstance(value, str)
    too_long_or_short = tuple(_of_length(shape, value, path))
    yield from too_long_or_short
    allowed = shape.enum if isinstance(shape, StringShape) else []
    if allowed and value not in allowed:
        rule = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        yield Mistake(Constraint.ENUM, path, value, rule)
    pattern = shape.metadata.get("pattern")
    # A pattern is never tried on a text that is too long: some take quadratic time.
    if pattern and not too_long_or_short and _compiled(pattern).fullmatch(value) is None:
        rule = f"Member must satisfy regular expression pattern: {pattern}"
        yield Mistake(Constraint.PATTERN, path, value, rule)


def _of_number(shape: Shape, value: object, path: str) -> Iterator[Mistake]:
    assert isinstance(value, int | float)
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        rule = f"Member must have value greater than or equal to {least}"
        yield Mistake(Constraint.RANGE, path, value, rule)
    if most is not None and value > most:
        yield Mistake(Constraint.RANGE, path, value, f"Member must have value less than or equal to {most}")


def _of_anything(_: Shape, __: object, ___: str) -> Iterator[Mistake]:
    return iter(())


def _of_length(
    shape: Shape, value: str | list[object] | Mapping[str, object], path: str
) -> Iterator[Mistake]:
    least, most = _lengths(shape)
    if least is not None and len(value) < least:
        rule = f"Member must have length greater than or equal to {least}"
        yield Mistake(Constraint.LENGTH, path, value, rule)
    if most is not None and len(value) > most:
        yield Mistake(Constraint.LENGTH, path, value, f"Member must have length less than or equal to {most}")


def _lengths(shape: Shape) -> tuple[int | None, int | None]:
    """The bounds of a length; API Gateway's model has those of texts in the names of their shapes only."""
    named = _BOUNDS_IN_NAME.fullmatch(shape.name) if shape.type_name == "string" else None
    if named is None:
        return shape.metadata.get("min"), shape.metadata.get("max")
    least, most, thousands, least_of_uri, most_of_uri = named.groups()
    return int(least or least_of_uri), int(most or most_of_uri) * (1024 if thousands else 1)


_RULES: Mapping[str, tuple[tuple[type, ...], _Rule]] = {
    "structure": ((dict,), _of_structure),
    "list": ((list,), _of_list),
    "map": ((dict,), _of_map),
    "string": ((str,), _of_text),
    "integer": ((int,), _of_number),
    "long": ((int,), _of_number),
    "float": ((int, float), _of_number),
    "double": ((int, float), _of_number),
    "boolean": ((bool,), _of_anything),
}


def _inside(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    for java, python in _OF_JAVA.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(_shown, value))}]"
        case dict():
            return f"{{{', '.join(f'{name}={_shown(one)}' for name, one in value.items())}}}"
    return str(value)
