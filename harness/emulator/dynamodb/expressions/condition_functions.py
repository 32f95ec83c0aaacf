"""Functions of conditions: `attribute_exists`, `begins_with`, `contains`, `size` and the rest."""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from harness.emulator.dynamodb.attribute_values import TYPES, AttributeValue, Item
from harness.emulator.dynamodb.expressions.document_paths import Read
from harness.emulator.dynamodb.expressions.operands import Computed, Literal, Operand, Scope, known_type

Holds: TypeAlias = Callable[[Item], bool]
"""Whether a condition is true of an item."""

_PREFIX_TYPES = frozenset({"S", "B"})
_SIZED_TYPES = TYPES - {"N", "BOOL", "NULL"}
# The types in the orders in which AWS's messages list them.
_TYPE_NAMES = "{N,BS,L,B,NULL,M,S,SS,NS,BOOL}"
_ANY_TYPE = (
    "{DECIMALSET,DECIMAL,M,SS,NS,NULL,N,DOUBLESET,S,BS,INTSET,HD,FS,HDS,B,DOUBLE,FLOAT,L,DICT,INT,BOOL}"
)


def bound_function(function: str, operands: Sequence[Operand], scope: Scope) -> Holds:
    """The function of a condition as a function of an item; raises for operands that it does not take."""
    return _FUNCTIONS[function](operands, scope)


def _attribute_exists(operands: Sequence[Operand], scope: Scope) -> Holds:
    read = _path_operand("attribute_exists", operands, scope)
    return lambda item: read(item) is not None


def _attribute_not_exists(operands: Sequence[Operand], scope: Scope) -> Holds:
    read = _path_operand("attribute_not_exists", operands, scope)
    return lambda item: read(item) is None


def _path_operand(function: str, operands: Sequence[Operand], scope: Scope) -> Read:
    scope.check_count(function, operands, 1)
    scope.check_path(function, operands[0])
    return operands[0].read


def _attribute_type(operands: Sequence[Operand], scope: Scope) -> Holds:
    scope.check_count("attribute_type", operands, 2)
    scope.check_distinct("attribute_type", operands)
    kind = _type_named_by(operands[1], scope)
    read = operands[0].read

    def holds(item: Item) -> bool:
        value = read(item)
        return value is not None and kind in value

    return holds


def _type_named_by(operand: Operand, scope: Scope) -> str:
    if not isinstance(operand, Literal) or "S" not in operand.value:
        raise scope.incorrect_type("attribute_type", known_type(operand) or _ANY_TYPE)
    kind: str = operand.value["S"]
    if kind not in TYPES:
        raise scope.invalid(f"Invalid attribute type name found; type: {kind}, valid types: {_TYPE_NAMES}")
    return kind


def _begins_with(operands: Sequence[Operand], scope: Scope) -> Holds:
    scope.check_count("begins_with", operands, 2)
    scope.check_distinct("begins_with", operands)
    scope.check_types("begins_with", operands, _PREFIX_TYPES)
    return _of_both(operands, begins_with)


def begins_with(value: AttributeValue, prefix: AttributeValue) -> bool:
    """Whether a string begins with a string, or binary with binary."""
    if "S" in prefix:
        return "S" in value and value["S"].startswith(prefix["S"])
    if "B" in prefix and "B" in value:
        return base64.b64decode(value["B"]).startswith(base64.b64decode(prefix["B"]))
    return False


def _contains(operands: Sequence[Operand], scope: Scope) -> Holds:
    scope.check_count("contains", operands, 2)
    scope.check_distinct("contains", operands)
    return _of_both(operands, _is_in)


def _is_in(value: AttributeValue, wanted: AttributeValue) -> bool:
    """Whether a string or binary has a part, or a set or list a member."""
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return "S" in wanted and wanted["S"] in content
        case "B":
            return "B" in wanted and base64.b64decode(wanted["B"]) in base64.b64decode(content)
        case "L":
            return wanted in content
        case "SS" | "NS" | "BS":
            return wanted.get(kind[0]) in content
        case _:
            return False


def _of_both(
    operands: Sequence[Operand], relation: Callable[[AttributeValue, AttributeValue], bool]
) -> Holds:
    first, second = (operand.read for operand in operands)

    def holds(item: Item) -> bool:
        value, other = first(item), second(item)
        return value is not None and other is not None and relation(value, other)

    return holds


_FUNCTIONS: Mapping[str, Callable[[Sequence[Operand], Scope], Holds]] = {
    "attribute_exists": _attribute_exists,
    "attribute_not_exists": _attribute_not_exists,
    "attribute_type": _attribute_type,
    "begins_with": _begins_with,
    "contains": _contains,
}


# --- size -------------------------------------------------------------------------------------------------


def bound_size(operands: Sequence[Operand], scope: Scope) -> Operand:
    """`size(operand)` as an operand; raises for an operand that has none."""
    scope.check_count("size", operands, 1)
    scope.check_types("size", operands, _SIZED_TYPES)
    read = operands[0].read

    def size(item: Item) -> AttributeValue | None:
        value = read(item)
        return None if value is None else _size(value)

    return Computed(size, "N")


def _size(value: AttributeValue) -> AttributeValue | None:
    """Characters as UTF-16 counts them, bytes, members or elements; None for a value that has no size."""
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return {"N": str(len(content) if content.isascii() else len(content.encode("utf-16-le")) // 2)}
        case "B":
            return {"N": str(len(base64.b64decode(content)))}
        case "N" | "BOOL" | "NULL":
            return None
        case _:
            return {"N": str(len(content))}
