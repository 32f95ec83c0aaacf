"""Intrinsic functions of CloudFormation: what a value of a template comes to, once they are resolved.

Pure. What is known only after deploying (a resource's name, ARN or id) becomes a mark in the text, which
`replace_references` finds again. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import base64
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.yaml_source import Location, suggestion

NO_VALUE = object()
"""What `AWS::NoValue` comes to: whatever has this value is left out."""

# A template cannot hold U+0000, so a mark is never mistaken for text, and a literal ${...} never for a mark.
_MARK = re.compile("\0([^\0]*)\0")
_SUB = re.compile(r"\$\{(!?)([^}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}\}")


class Unresolvable(Exception):
    """A value that cannot be known here: where it stands in the template, and why."""

    def __init__(self, location: Location, text: str) -> None:
        super().__init__(text)
        self.location, self.text = location, text


@dataclass(frozen=True, slots=True)
class Reference:
    """What `Ref` (attribute "") or `Fn::GetAtt` names of a resource."""

    logical_id: str
    attribute: str = ""

    def __str__(self) -> str:
        return f"{self.logical_id}.{self.attribute}" if self.attribute else self.logical_id


@dataclass(frozen=True, slots=True)
class Scope:
    """What a template's values may refer to.

    `parameters` are the values of parameters and pseudo parameters; `declared` those that the template has, with a
    value or without. `resources` are the logical ids that exist under the template's conditions. `given` are
    values that people state for what cannot be known here: by `UserPool.Arn`, an export's name, a dynamic reference.
    """

    parameters: Mapping[str, object] = field(default_factory=dict)
    declared: Collection[str] = ()
    mappings: Mapping[str, object] = field(default_factory=dict)
    conditions: Mapping[str, object] = field(default_factory=dict)
    resources: Collection[str] = ()
    given: Mapping[str, str] = field(default_factory=dict)


def evaluate(value: object, scope: Scope, location: Location = ()) -> object:
    """The value with its intrinsic functions resolved; Unresolvable for what cannot be, NO_VALUE for nothing."""
    match value:
        case dict() if len(value) == 1 and (function := _function_of(value)):
            ((_, argument),) = value.items()
            return function(argument, scope, location)
        case dict():
            found = {key: evaluate(one, scope, (*location, key)) for key, one in value.items()}
            return {key: one for key, one in found.items() if one is not NO_VALUE}
        case list():
            items = [evaluate(one, scope, (*location, index)) for index, one in enumerate(value)]
            return [one for one in items if one is not NO_VALUE]
        case str():
            return _with_dynamic_references(value, scope, location)
    return value


def holds(condition: object, scope: Scope, location: Location = ()) -> bool:
    """Whether a condition holds: its name, or one of the condition functions. Unresolvable for a strange one."""
    match condition:
        case str():
            if condition not in scope.conditions:
                hint = suggestion(condition, scope.conditions)
                raise Unresolvable(location, f"no condition is called '{condition}'{hint}")
            inside = ("Conditions", condition)
            without_itself = {name: one for name, one in scope.conditions.items() if name != condition}
            return holds(scope.conditions[condition], _with_conditions(scope, without_itself), inside)
        case {"Condition": str(name)}:
            return holds(name, scope, location)
        case {"Fn::And": list(parts)}:
            return all(holds(part, scope, location) for part in parts)
        case {"Fn::Or": list(parts)}:
            return any(holds(part, scope, location) for part in parts)
        case {"Fn::Not": [part]}:
            return not holds(part, scope, location)
        case {"Fn::Equals": [left, right]}:
            return _plain(evaluate(left, scope, location)) == _plain(evaluate(right, scope, location))
    raise Unresolvable(location, "is no condition; write Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition")


def references_in(text: str) -> tuple[Reference, ...]:
    """The resources that a resolved text refers to, in order."""
    return tuple(_reference(match) for match in _MARK.finditer(text))


def replace_references(text: str, replacement: Callable[[Reference], str]) -> str:
    """The text with something else in place of each reference to a resource."""
    return _MARK.sub(lambda match: replacement(_reference(match)), text)


def only_reference(value: object) -> Reference | None:
    """The resource that a value is a reference to, and nothing else; None for any other value."""
    match = _MARK.fullmatch(value) if isinstance(value, str) else None
    return _reference(match) if match else None


def first_reference(value: object) -> Reference | None:
    """The first resource that a value refers to, however deep inside; None when all of it is known."""
    match value:
        case str():
            return next(iter(references_in(value)), None)
        case dict():
            return next(filter(None, map(first_reference, value.values())), None)
        case list():
            return next(filter(None, map(first_reference, value)), None)
    return None


def shown(text: str) -> str:
    """A resolved text for people, with references written as in Fn::Sub."""
    return replace_references(text, lambda reference: f"${{{reference}}}")


def text_of(value: object, location: Location) -> str:
    """A scalar as CloudFormation turns it into text; Unresolvable for a list or a mapping."""
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
    raise Unresolvable(location, "must come to text")


# --- the functions ------------------------------------------------------------------------------------------

_Function: TypeAlias = Callable[[object, Scope, Location], object]


def _function_of(value: Mapping[str, object]) -> _Function | None:
    (name,) = value
    if name.startswith("Fn::"):
        return _FUNCTIONS.get(name, _unknown(name))
    return _FUNCTIONS.get(name)


def _unknown(name: str) -> _Function:
    def refuse(argument: object, scope: Scope, location: Location) -> object:
        raise Unresolvable(location, f"{name} cannot be resolved here{suggestion(name, _FUNCTIONS)}")

    return refuse


def _ref(argument: object, scope: Scope, location: Location) -> object:
    name = _name(argument, "Ref", location)
    if name == "AWS::NoValue":
        return NO_VALUE
    if name in scope.parameters:
        return scope.parameters[name]
    if name in scope.given:
        return scope.given[name]
    if name in scope.declared:
        raise Unresolvable(location, f"parameter '{name}' has no value here: give --parameter {name}=VALUE")
    return _mark(Reference(name), scope, location)


def _get_att(argument: object, scope: Scope, location: Location) -> object:
    match argument:
        case str() if "." in argument:
            logical_id, _, attribute = argument.partition(".")
        case [str(logical_id), name]:
            attribute = text_of(evaluate(name, scope, location), location)
        case _:
            raise Unresolvable(location, "Fn::GetAtt takes a resource and one of its attributes")
    reference = Reference(logical_id, attribute)
    return scope.given[str(reference)] if str(reference) in scope.given else _mark(reference, scope, location)


def _mark(reference: Reference, scope: Scope, location: Location) -> str:
    if reference.logical_id not in scope.resources:
        hint = suggestion(reference.logical_id, [*scope.resources, *scope.declared, *scope.parameters])
        raise Unresolvable(location, f"nothing is called '{reference.logical_id}'{hint}")
    return f"\0{reference}\0"


def _sub(argument: object, scope: Scope, location: Location) -> object:
    match argument:
        case str(template):
            variables: Mapping[str, object] = {}
        case [str(template), dict(variables)]:
            pass
        case _:
            raise Unresolvable(location, "Fn::Sub takes text, or a list of text and its variables")

    def part(match: re.Match[str]) -> str:
        literal, name = match[1], match[2].strip()
        if literal:
            return f"${{{match[2]}}}"
        if name in variables:
            return text_of(evaluate(variables[name], scope, location), location)
        function = _get_att if "." in name else _ref
        return text_of(function(name, scope, location), location)

    return _with_dynamic_references(_SUB.sub(part, template), scope, location)


def _join(argument: object, scope: Scope, location: Location) -> object:
    match argument:
        case [str(delimiter), parts]:
            items = evaluate(parts, scope, location)
            if isinstance(items, list):
                return delimiter.join(text_of(item, location) for item in items)
    raise Unresolvable(location, "Fn::Join takes a delimiter and a list")


def _if(argument: object, scope: Scope, location: Location) -> object:
    match argument:
        case [str(condition), then, otherwise]:
            chosen, index = (then, 1) if holds(condition, scope, location) else (otherwise, 2)
            return evaluate(chosen, scope, (*location, "Fn::If", index))
    raise Unresolvable(location, "Fn::If takes a condition's name and two values")


def _find_in_map(argument: object, scope: Scope, location: Location) -> object:
    match argument:
        case [name, first, second, *default]:
            keys = [text_of(evaluate(key, scope, location), location) for key in (name, first, second)]
        case _:
            raise Unresolvable(location, "Fn::FindInMap takes a mapping and two of its keys")
    found: object = scope.mappings
    for key in keys:
        if not isinstance(found, dict) or key not in found:
            match default:
                case [{"DefaultValue": value}]:
                    return evaluate(value, scope, location)
            raise Unresolvable(location, f"Fn::FindInMap finds no '{key}' on the way {' / '.join(keys)}")
        found = found[key]
    return found


def _select(argument: object, scope: Scope, location: Location) -> object:
    match argument:
        case [index, items]:
            number, found = evaluate(index, scope, location), evaluate(items, scope, location)
            if isinstance(found, list) and str(number).isdecimal() and int(str(number)) < len(found):
                return found[int(str(number))]
    raise Unresolvable(location, "Fn::Select takes an index from 0 and a list that is long enough")


def _split(argument: object, scope: Scope, location: Location) -> object:
    match argument:
        case [str(delimiter), source] if delimiter:
            return text_of(evaluate(source, scope, location), location).split(delimiter)
    raise Unresolvable(location, "Fn::Split takes a delimiter and text")


def _base64(argument: object, scope: Scope, location: Location) -> object:
    text = _known(evaluate(argument, scope, location), "Fn::Base64", location)
    return base64.b64encode(text.encode()).decode()


def _length(argument: object, scope: Scope, location: Location) -> object:
    items = evaluate(argument, scope, location)
    if isinstance(items, list):
        return len(items)
    raise Unresolvable(location, "Fn::Length takes a list")


def _to_json_string(argument: object, scope: Scope, location: Location) -> object:
    # JSON writes U+0000 as an escape; as text it is a mark again.
    return json.dumps(evaluate(argument, scope, location), separators=(",", ":")).replace("\\u0000", "\0")


def _import_value(argument: object, scope: Scope, location: Location) -> object:
    name = _known(evaluate(argument, scope, location), "Fn::ImportValue", location)
    if name in scope.given:
        return scope.given[name]
    raise Unresolvable(location, f"the export '{name}' is another stack's; {_say(name)}")


_FUNCTIONS: Mapping[str, _Function] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Base64": _base64,
    "Fn::Length": _length,
    "Fn::ToJsonString": _to_json_string,
    "Fn::ImportValue": _import_value,
}


# --- what they share ----------------------------------------------------------------------------------------


def _with_dynamic_references(text: str, scope: Scope, location: Location) -> str:
    def part(match: re.Match[str]) -> str:
        if match[0] in scope.given:
            return scope.given[match[0]]
        raise Unresolvable(location, f"'{match[0]}' is looked up in an account; {_say(match[0])}")

    return _DYNAMIC.sub(part, text)


def _say(name: str) -> str:
    return f"say what stands for it in Metadata: {{FanoutHarness: {{values: {{'{name}': ...}}}}}}"


def _name(argument: object, function: str, location: Location) -> str:
    if isinstance(argument, str):
        return argument
    raise Unresolvable(location, f"{function} takes a name")


def _known(value: object, function: str, location: Location) -> str:
    text = text_of(value, location)
    if references_in(text):
        raise Unresolvable(location, f"{function} of '{shown(text)}' is known only once it is deployed")
    return text


def _plain(value: object) -> object:
    """As Fn::Equals compares: numbers and flags as their text."""
    return text_of(value, ()) if isinstance(value, bool | int | float) else value


def _reference(match: re.Match[str]) -> Reference:
    logical_id, _, attribute = match[1].partition(".")
    return Reference(logical_id, attribute)


def _with_conditions(scope: Scope, conditions: Mapping[str, object]) -> Scope:
    """A condition that refers to itself, on whatever way, is then one that is not there."""
    return Scope(scope.parameters, scope.declared, scope.mappings, conditions, scope.resources, scope.given)
