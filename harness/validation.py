"""Validation of a YAML document by a model: the model, or every mistake of shape with its line, in plain words."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from harness.durations import WITH_UNITS
from harness.yaml_source import Location, Mistake, Source, refuse, suggestion

M = TypeVar("M", bound=BaseModel)

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


def validated(model: type[M], source: Source, *, context: Mapping[str, object] = WITH_UNITS) -> M:
    """The document as a model; UsageError with every mistake of its shape.

    `context` is what the fields' validators are told: that durations need a unit, unless it says otherwise.
    """
    try:
        result = model.model_validate({} if source.value is None else source.value, context=dict(context))
    except ValidationError as error:
        refuse((*source.mistakes, *_shape_mistakes(error, model, source)))
        raise
    refuse(source.mistakes)
    return result


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
