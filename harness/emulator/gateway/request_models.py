"""Request models: whether a message has the shape that its route asks for, by a part of JSON Schema draft 4.

A route checks messages once it has a request model; one that does not pass never reaches the integration (R-20).
A schema that asks for more than is understood here is told by `unsupported`, so that nothing passes unchecked.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

import orjson

Schema: TypeAlias = Mapping[str, object]

_TYPES: Mapping[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
_SAYING_NOTHING = frozenset({"$schema", "id", "title", "description", "default", "format"})


def unsupported(schema: object) -> str | None:
    """The first keyword in a schema that is not understood here; None when all are."""
    if not isinstance(schema, Mapping):
        return "a schema that is no object"
    for keyword, asked in schema.items():
        if not _is_understood(keyword, asked):
            return str(keyword)
        inner = [asked] if keyword == "items" else list(asked.values()) if keyword == "properties" else []
        if (found := next(filter(None, map(unsupported, inner)), None)) is not None:
            return found
    return None


def is_acceptable(schema: Schema, body: str) -> bool:
    """Whether the message is JSON that the schema describes."""
    try:
        parsed: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return _passes(schema, parsed)


def _is_understood(keyword: object, asked: object) -> bool:
    match keyword, asked:
        case "additionalProperties", _:
            return isinstance(asked, bool)
        case "pattern", str():
            return _is_pattern(asked)
    return keyword in _KEYWORDS or keyword in _SAYING_NOTHING


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _passes(schema: Schema, value: object) -> bool:
    return all(
        _KEYWORDS[keyword](asked, value, schema) for keyword, asked in schema.items() if keyword in _KEYWORDS
    )


def _type(asked: object, value: object, schema: Schema) -> bool:
    names = asked if isinstance(asked, list) else [asked]
    return any(isinstance(name, str) and name in _TYPES and _TYPES[name](value) for name in names)


def _enum(asked: object, value: object, schema: Schema) -> bool:
    return isinstance(asked, list) and value in asked


def _required(asked: object, value: object, schema: Schema) -> bool:
    return not isinstance(value, dict) or (isinstance(asked, list) and all(name in value for name in asked))


def _properties(asked: object, value: object, schema: Schema) -> bool:
    if not isinstance(value, dict) or not isinstance(asked, Mapping):
        return True
    return all(_passes(inner, value[name]) for name, inner in asked.items() if name in value)


def _additional_properties(asked: object, value: object, schema: Schema) -> bool:
    known = schema.get("properties", {})
    if not isinstance(value, dict) or not isinstance(known, Mapping) or asked is not False:
        return True
    return value.keys() <= known.keys()


def _items(asked: object, value: object, schema: Schema) -> bool:
    if not isinstance(value, list) or not isinstance(asked, Mapping):
        return True
    return all(_passes(asked, each) for each in value)


def _bound(holds: Callable[[float, float], bool], measure: Callable[[object], float | None]) -> "_Rule":
    def rule(asked: object, value: object, schema: Schema) -> bool:
        size = measure(value)
        return size is None or (isinstance(asked, int | float) and holds(size, asked))

    return rule


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _length_of(kind: type[str] | type[list[object]]) -> Callable[[object], float | None]:
    return lambda value: len(value) if isinstance(value, kind) else None


def _pattern(asked: object, value: object, schema: Schema) -> bool:
    return not isinstance(value, str) or re.search(str(asked), value) is not None


def _at_least(size: float, bound: float) -> bool:
    return size >= bound


def _at_most(size: float, bound: float) -> bool:
    return size <= bound


_Rule: TypeAlias = Callable[[object, object, Schema], bool]

_KEYWORDS: Mapping[str, _Rule] = {
    "type": _type,
    "enum": _enum,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional_properties,
    "items": _items,
    "minimum": _bound(_at_least, _number),
    "maximum": _bound(_at_most, _number),
    "minLength": _bound(_at_least, _length_of(str)),
    "maxLength": _bound(_at_most, _length_of(str)),
    "minItems": _bound(_at_least, _length_of(list)),
    "maxItems": _bound(_at_most, _length_of(list)),
    "pattern": _pattern,
}
