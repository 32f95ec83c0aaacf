"""Values of updates: what an action gives its path, as a function of the item as it was."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from harness.emulator.dynamodb.attribute_values import AttributeValue, Item, type_of
from harness.emulator.dynamodb.decimals import added, subtracted
from harness.emulator.dynamodb.errors import DynamoDbError, validation
from harness.emulator.dynamodb.expressions.document_paths import Read
from harness.emulator.dynamodb.expressions.operands import Computed, Operand, Scope
from harness.emulator.dynamodb.expressions.syntax import (
    ActionNode,
    AddNode,
    CallNode,
    DeleteNode,
    OperandNode,
    PathNode,
    RemoveNode,
    SetNode,
    SumNode,
    ValueNode,
)


@dataclass(frozen=True, slots=True)
class Keep:
    """Leave what is there."""


@dataclass(frozen=True, slots=True)
class Remove:
    """Leave nothing there."""


Change: TypeAlias = Callable[[Item], AttributeValue | Keep | Remove]

_NUMBER = frozenset({"N"})
_LIST = frozenset({"L"})
_SETS = frozenset({"SS", "NS", "BS"})
_ADDABLE = _SETS | _NUMBER
_SET_ORDER: Mapping[str, Callable[[str], Any]] = {"SS": str, "NS": Decimal, "BS": base64.b64decode}
_JAVA_NAMES: Mapping[str, str] = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "BOOL": "BOOLEAN",
    "NULL": "NULL",
    "L": "LIST",
    "M": "MAP",
    "SS": "STRING_SET",
    "NS": "NUMBER_SET",
    "BS": "BINARY_SET",
}


def bound_action(node: ActionNode, scope: Scope) -> Change:
    """The action as a function of the item; raises for what is wrong with names, values and their types."""
    match node:
        case SetNode(_, operand):
            return _set(_operand(operand, scope).read)
        case RemoveNode():
            return lambda _: Remove()
        case AddNode(path, value):
            return _add(scope.path(path).read, _collected("ADD", value, _ADDABLE, scope))
        case DeleteNode(path, value):
            return _delete(scope.path(path).read, _collected("DELETE", value, _SETS, scope))


def _missing() -> DynamoDbError:
    return validation("The provided expression refers to an attribute that does not exist in the item")


def _incorrect_type() -> DynamoDbError:
    return validation("An operand in the update expression has an incorrect data type")


# --- SET --------------------------------------------------------------------------------------------------


def _set(read: Read) -> Change:
    def value(item: Item) -> AttributeValue:
        found = read(item)
        if found is None:
            raise _missing()
        return found

    return value


def _operand(node: OperandNode, scope: Scope) -> Operand:
    match node:
        case PathNode():
            return scope.path(node)
        case ValueNode():
            return scope.literal(node)
        case SumNode(operator, left, right):
            return _sum(operator, [_operand(left, scope), _operand(right, scope)], scope)
        case CallNode(function, operands):
            return _call(function, [_operand(operand, scope) for operand in operands], scope)


def _sum(operator: str, operands: Sequence[Operand], scope: Scope) -> Operand:
    scope.check_types(operator, operands, _NUMBER)
    calculate = added if operator == "+" else subtracted
    left, right = (operand.read for operand in operands)
    return Computed(lambda item: {"N": calculate(_content(left, item, "N"), _content(right, item, "N"))})


def _call(function: str, operands: Sequence[Operand], scope: Scope) -> Operand:
    scope.check_count(function, operands, 2)
    first, second = (operand.read for operand in operands)
    if function == "if_not_exists":
        scope.check_path(function, operands[0])
        scope.check_distinct(function, operands)
        return Computed(lambda item: _either(first(item), second(item)))
    scope.check_types(function, operands, _LIST)
    return Computed(lambda item: {"L": _content(first, item, "L") + _content(second, item, "L")})


def _either(value: AttributeValue | None, otherwise: AttributeValue | None) -> AttributeValue:
    """The other operand must be there even if it is not needed, as on DynamoDB Local."""
    if otherwise is None:
        raise _missing()
    return otherwise if value is None else value


def _content(read: Read, item: Item, kind: str) -> Any:
    """What is in an operand that must be there and be of this type."""
    value = read(item)
    if value is None:
        raise _missing()
    if kind not in value:
        raise _incorrect_type()
    return value[kind]


# --- ADD and DELETE ---------------------------------------------------------------------------------------


def _collected(section: str, node: ValueNode, allowed: frozenset[str], scope: Scope) -> AttributeValue:
    value = scope.literal(node).value
    kind = type_of(value)
    if kind not in allowed:
        raise scope.invalid(
            f"Incorrect operand type for operator or function; operator: {section}, "
            f"operand type: {_JAVA_NAMES[kind]}, typeSet: ALLOWED_FOR_{section}_OPERAND"
        )
    return value


def _add(read: Read, more: AttributeValue) -> Change:
    kind = type_of(more)

    def total(item: Item) -> AttributeValue:
        value = read(item)
        if value is None:
            return more
        if kind not in value:
            raise _incorrect_type()
        if kind == "N":
            return {"N": added(value["N"], more["N"])}
        return _set_of(kind, {*value[kind], *more[kind]})

    return total


def _delete(read: Read, members: AttributeValue) -> Change:
    kind = type_of(members)
    gone = frozenset(members[kind])

    def rest(item: Item) -> AttributeValue | Keep | Remove:
        value = read(item)
        if value is None:
            return Keep()
        if kind not in value:
            raise _incorrect_type()
        left = set(value[kind]) - gone
        return _set_of(kind, left) if left else Remove()

    return rest


def _set_of(kind: str, members: set[str]) -> AttributeValue:
    return {kind: sorted(members, key=_SET_ORDER[kind])}
