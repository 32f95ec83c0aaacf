"""Input of a rule's target: what it gets of an event. Input, InputPath and InputTransformer, in values.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import orjson

Event: TypeAlias = Mapping[str, object]

_STEP = re.compile(r"\.([A-Za-z0-9_/-]+|\*)|\[(\d+|\*)\]|\['([^']*)'\]")
_VARIABLE = re.compile(r"<([^<>\s]+)>")


@dataclass(frozen=True, slots=True)
class TargetInput:
    """What a target asks for instead of the whole event; at most one of `constant`, `path` and `template`.

    `constant` is JSON text, `path` a JSONPath, `template` an InputTemplate whose variables `paths` finds.
    """

    constant: str | None = None
    path: str | None = None
    template: str | None = None
    paths: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleName:
    """The rule in whose name an event comes."""

    arn: str
    name: str


def input_of(event: Event, wanted: TargetInput, *, rule: RuleName, ingested_at: str) -> str:
    """The text that the target gets: JSON, unless a template writes something else.

    `ingested_at` is when the event came, as EventBridge writes it. A path that finds nothing gives null.
    """
    match wanted:
        case TargetInput(constant=str(text)):
            return text
        case TargetInput(path=str(path)):
            return _json(found_at(event, path))
        case TargetInput(template=str(template)):
            predefined = {
                "aws.events.rule-arn": rule.arn,
                "aws.events.rule-name": rule.name,
                "aws.events.event.ingestion-time": ingested_at,
                "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
                "aws.events.event.json": event,
            }
            found = {name: found_at(event, path) for name, path in wanted.paths.items()}
            return _filled_in(template, {**found, **predefined})
    return _json(event)


def found_at(event: object, path: str) -> object:
    """The value at a JSONPath of EventBridge's kind (`$.detail.items[0].id`), None where there is none.

    A wildcard gives the list of what it finds.
    """
    values, several = [event], False
    for name, index, quoted in _STEP.findall(path.removeprefix("$")):
        several = several or "*" in (name, index)
        values = [child for value in values for child in _children(value, name or quoted, index)]
    return values if several else values[0] if values else None


def _children(value: object, name: str, index: str) -> list[object]:
    match value:
        case {**fields} if name == "*" or index == "*":
            return list(fields.values())
        case [*elements] if name == "*" or index == "*":
            return elements
        case {**fields} if name in fields:
            return [fields[name]]
        case [*elements] if index and int(index) < len(elements):
            return [elements[int(index)]]
    return []


def _filled_in(template: str, values: Mapping[str, object]) -> str:
    """The template with its variables; one that is neither JSON nor text in quotes becomes text in quotes."""
    written = _with_json(template, values)
    if template.lstrip().startswith(("{", "[", '"')) or _is_json(written):
        return written
    return _json(_VARIABLE.sub(lambda found: _as_text(values.get(found[1], "")), template))


def _with_json(template: str, values: Mapping[str, object]) -> str:
    """Variables within quotes are filled in as they are, others as JSON; unknown ones are empty text."""
    written, quoted, end = "", False, 0
    for found in _VARIABLE.finditer(template):
        before, end = template[end : found.start()], found.end()
        quoted ^= _quotes(before) % 2 == 1
        value = values.get(found[1], "")
        written += before + (_json(_as_text(value))[1:-1] if quoted else _json(value))
    return written + template[end:]


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _quotes(text: str) -> int:
    return len(re.findall(r'(?<!\\)"', text))


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
