"""Event patterns: the language of EventBridge's rules and of the filters of event sources.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html: every field of a pattern
must match (AND), and any condition of a field is enough (OR). A field with several values, an array, matches when
any of them does. Conditions look at leaves: text, numbers, true, false, null.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, cast

import orjson

from harness.emulator.matching.operators import COMPARISONS, Language, holds, is_number
from harness.json_values import Json, JsonObject

Pattern: TypeAlias = JsonObject
"""`{field: [condition, ...]}` or `{field: {field: ...}}`, or `{"$or": [pattern, ...]}`."""

_IGNORE_CASE = "equals-ignore-case"


class InvalidPattern(ValueError):
    """The text is no pattern; the message says why."""


def parse_pattern(text: str) -> Pattern:
    """The pattern in a JSON text; InvalidPattern for one that AWS refuses."""
    try:
        pattern = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidPattern("it is no JSON") from error
    if not isinstance(pattern, dict) or not pattern:
        raise InvalidPattern("it is no JSON object with a field")
    for problem in _problems(pattern):
        raise InvalidPattern(problem)
    return pattern


def matches(pattern: Pattern, event: JsonObject) -> bool:
    """Whether the event has what the pattern, a valid one, asks for."""
    return all(_field_matches(name, wanted, event) for name, wanted in pattern.items())


# --- matching ---------------------------------------------------------------------------------------------


def _field_matches(name: str, wanted: Json, event: JsonObject) -> bool:
    match wanted:
        case [*alternatives] if _is_or(name, alternatives):
            return any(matches(cast(Pattern, one), event) for one in alternatives)
        case [*conditions]:
            return _any_condition(conditions, tuple(_leaves(event.get(name, []))))
        case {**nested}:
            return any(matches(cast(Pattern, nested), child) for child in _children(event.get(name)))
    return False


def _is_or(name: str, alternatives: Sequence[Json]) -> bool:
    """`$or` is an operator where patterns stand behind it, and else the name of a field."""
    return name == "$or" and all(isinstance(one, dict) for one in alternatives)


def _children(value: Json) -> Iterable[JsonObject]:
    """The objects to match a nested pattern against; none is an empty one, as `exists: false` wants."""
    found = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
    return found or [{}]


def _leaves(value: Json) -> Iterator[Json]:
    match value:
        case [*elements]:
            for element in elements:
                yield from _leaves(element)
        case {**_nested}:
            return
        case _:
            yield value


def _any_condition(conditions: Sequence[Json], leaves: Sequence[Json]) -> bool:
    for condition in conditions:
        match condition:
            case {"exists": wanted}:
                if wanted is bool(leaves):
                    return True
            case _ if any(holds(condition, leaf, _LANGUAGE) for leaf in leaves):
                return True
    return False


def _same(wanted: Json, value: Json) -> bool:
    """300 and 300.0 are two values, because numbers are compared as they are written; so are 1 and true."""
    return type(wanted) is type(value) and wanted == value


_LANGUAGE = Language(_same, frozenset({"prefix", "suffix", _IGNORE_CASE, "wildcard", "cidr"}))


# --- what is wrong with a pattern -------------------------------------------------------------------------


def _problems(pattern: Pattern) -> Iterator[str]:
    for name, wanted in pattern.items():
        match wanted:
            case [*alternatives] if alternatives and _is_or(name, alternatives):
                for one in alternatives:
                    yield from _problems(cast(Pattern, one))
            case [*conditions] if conditions:
                yield from (problem for one in conditions for problem in _condition_problems(name, one))
            case {**nested} if nested:
                yield from _problems(cast(Pattern, nested))
            case [] | {}:
                yield f"'{name}' is empty"
            case _:
                yield f"'{name}' must be an object or an array"


def _condition_problems(name: str, condition: Json) -> Iterator[str]:
    match condition:
        case {**operation} if len(operation) != 1:
            yield f"a condition of '{name}' is not one operator"
        case {**operation}:
            ((operator, operand),) = operation.items()
            check = _OPERANDS.get(str(operator))
            if check is None:
                yield f"unknown operator '{operator}' in '{name}'"
            elif not check(operand):
                yield f"'{operator}' in '{name}' does not take {orjson.dumps(operand).decode()}"
        case [*_]:
            yield f"a condition of '{name}' is an array"


def _is_text_or_ignores_case(operand: Json) -> bool:
    match operand:
        case {"equals-ignore-case": str(_), **others}:
            return not others
    return isinstance(operand, str)


def _is_wildcard(operand: Json) -> bool:
    return isinstance(operand, str) and "**" not in operand.replace("\\*", "")


def _are_bounds(operand: Json) -> bool:
    match operand:
        case [*bounds] if bounds and len(bounds) in (2, 4):
            pairs = zip(bounds[0::2], bounds[1::2], strict=True)
            return all(operator in COMPARISONS and is_number(bound) for operator, bound in pairs)
    return False


def _is_network(operand: Json) -> bool:
    try:
        return isinstance(operand, str) and bool(ipaddress.ip_network(operand, strict=False))
    except ValueError:
        return False


def _is_unwanted(operand: Json) -> bool:
    match operand:
        case [*several]:
            return bool(several) and all(isinstance(one, str) or is_number(one) for one in several)
        case {**operation}:
            return len(operation) == 1 and all(
                operator in ("prefix", "suffix", "wildcard", _IGNORE_CASE)
                and all(isinstance(one, str) for one in (texts if isinstance(texts, list) else [texts]))
                for operator, texts in operation.items()
            )
    return isinstance(operand, str) or is_number(operand)


_OPERANDS: Mapping[str, Callable[[Json], bool]] = {
    "anything-but": _is_unwanted,
    "cidr": _is_network,
    _IGNORE_CASE: lambda operand: isinstance(operand, str),
    "exists": lambda operand: isinstance(operand, bool),
    "numeric": _are_bounds,
    "prefix": _is_text_or_ignores_case,
    "suffix": _is_text_or_ignores_case,
    "wildcard": _is_wildcard,
}
"""Whether an operator takes an operand."""
