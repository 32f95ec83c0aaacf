"""Conditions: ConditionExpression and FilterExpression, compiled to one function of an item.

Values are compared by type and value. What is missing equals nothing, and differs from everything; values of
different types are neither less nor greater.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.emulator.dynamodb.attribute_values import AttributeValue, Item
from harness.emulator.dynamodb.expressions import syntax
from harness.emulator.dynamodb.expressions.comparisons import (
    COMPARISONS,
    ORDERED_TYPES,
    order_in,
    shown_value,
)
from harness.emulator.dynamodb.expressions.condition_functions import Holds, bound_function, bound_size
from harness.emulator.dynamodb.expressions.condition_parser import ParsedCondition, parse_condition_text
from harness.emulator.dynamodb.expressions.document_paths import Read
from harness.emulator.dynamodb.expressions.operands import Literal, Operand, Scope
from harness.emulator.dynamodb.expressions.placeholders import check_names, check_values
from harness.emulator.dynamodb.expressions.tokens import ExpressionKind

MAX_IN_OPERANDS = 100


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition. `holds(item)` says whether it is true of an item in normal form, `{}` for none."""

    holds: Holds
    names: frozenset[str]
    values: frozenset[str]


def parse_condition(
    text: str,
    names: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    *,
    kind: ExpressionKind = "ConditionExpression",
) -> Condition:
    """The condition; raises a ValidationException in AWS's words, in DynamoDB Local's order of mistakes."""
    parsed = parse_condition_text(kind, text)
    scope = Scope(kind, check_names(names), check_values(values))
    return Condition(bound(parsed, scope), parsed.names, parsed.values)


def bound(parsed: ParsedCondition, scope: Scope) -> Holds:
    """A parsed condition as a function of an item; raises for what is wrong with names, values and their types."""
    holds = _bound(parsed.node, scope)
    scope.check_operators(parsed.operators)
    return holds


def _bound(node: syntax.ConditionNode, scope: Scope) -> Holds:
    match node:
        case syntax.ComparisonNode():
            return _comparison(node, scope)
        case syntax.BetweenNode():
            return _between(node, scope)
        case syntax.InNode():
            return _in(node, scope)
        case syntax.CallNode(function, operands):
            return bound_function(function, bound_operands(operands, scope), scope)
        case syntax.NotNode(operand):
            return _not(_bound(operand, scope))
        case syntax.AllNode(conditions):
            return _all([_bound(condition, scope) for condition in conditions])
        case syntax.AnyNode(conditions):
            return _any([_bound(condition, scope) for condition in conditions])


def bound_operands(nodes: Sequence[syntax.OperandNode], scope: Scope) -> list[Operand]:
    """The operands of a condition, resolved and checked."""
    return [_operand(node, scope) for node in nodes]


def _operand(node: syntax.OperandNode, scope: Scope) -> Operand:
    match node:
        case syntax.PathNode():
            return scope.path(node)
        case syntax.ValueNode():
            return scope.literal(node)
        case syntax.CallNode(_, operands):
            return bound_size(bound_operands(operands, scope), scope)
        case _:
            raise AssertionError("only an update has sums")


# --- logic ------------------------------------------------------------------------------------------------


def _not(holds: Holds) -> Holds:
    return lambda item: not holds(item)


def _all(conditions: Sequence[Holds]) -> Holds:
    if len(conditions) == 2:
        first, second = conditions
        return lambda item: first(item) and second(item)
    return lambda item: all(holds(item) for holds in conditions)


def _any(conditions: Sequence[Holds]) -> Holds:
    if len(conditions) == 2:
        first, second = conditions
        return lambda item: first(item) or second(item)
    return lambda item: any(holds(item) for holds in conditions)


# --- comparisons ------------------------------------------------------------------------------------------


def _comparison(node: syntax.ComparisonNode, scope: Scope) -> Holds:
    operands = left, right = bound_operands((node.left, node.right), scope)
    equality = node.operator in ("=", "<>")
    if not equality:
        scope.check_types(node.operator, operands, ORDERED_TYPES)
    scope.check_distinct(node.operator, operands)
    if equality:
        return _equality(left, right, equal=node.operator == "=")
    return _order(node.operator, left, right)


def _equality(left: Operand, right: Operand, *, equal: bool) -> Holds:
    if isinstance(right, Literal):
        read, expected = left.read, right.value
        if equal:
            return lambda item: read(item) == expected
        return lambda item: read(item) != expected
    one, other = left.read, right.read
    if equal:
        return lambda item: _same(one(item), other(item))
    return lambda item: not _same(one(item), other(item))


def _same(left: AttributeValue | None, right: AttributeValue | None) -> bool:
    return left is not None and left == right


def _order(operator: str, left: Operand, right: Operand) -> Holds:
    compare = COMPARISONS[operator]
    if isinstance(right, Literal):
        return _order_against(left.read, right.value, compare)
    one, other = left.read, right.read

    def holds(item: Item) -> bool:
        value, bound = one(item), other(item)
        if value is None or bound is None:
            return False
        (kind,) = bound
        limit, actual = order_in(kind, bound), order_in(kind, value)
        return limit is not None and actual is not None and compare(actual, limit)

    return holds


def _order_against(read: Read, bound: AttributeValue, compare: Callable[[Any, Any], bool]) -> Holds:
    (kind,) = bound
    limit = order_in(kind, bound)

    def holds(item: Item) -> bool:
        value = read(item)
        if value is None or (actual := order_in(kind, value)) is None:
            return False
        return compare(actual, limit)

    return holds


def _between(node: syntax.BetweenNode, scope: Scope) -> Holds:
    operands = operand, lower, upper = bound_operands((node.operand, node.lower, node.upper), scope)
    scope.check_types("BETWEEN", operands, ORDERED_TYPES)
    scope.check_distinct("BETWEEN", operands)
    if isinstance(lower, Literal) and isinstance(upper, Literal):
        _check_bounds(lower.value, upper.value, scope)
    return _all([_order(">=", operand, lower), _order("<=", operand, upper)])


def _check_bounds(lower: AttributeValue, upper: AttributeValue, scope: Scope) -> None:
    bounds = f"lower bound operand: {shown_value(lower)}, upper bound operand: {shown_value(upper)}"
    (kind,) = lower
    if kind not in upper:
        raise scope.invalid(
            f"The BETWEEN operator requires same data type for lower and upper bounds; {bounds}"
        )
    if order_in(kind, lower) > order_in(kind, upper):
        raise scope.invalid(
            f"The BETWEEN operator requires upper bound to be greater than or equal to lower bound; {bounds}"
        )


def _in(node: syntax.InNode, scope: Scope) -> Holds:
    operands = bound_operands((node.operand, *node.options), scope)
    scope.check_distinct("IN", operands)
    if len(node.options) > MAX_IN_OPERANDS:
        problem = (
            f"The IN operator is provided with too many operands; number of operands: {len(node.options)}"
        )
        raise scope.invalid(problem)
    read = operands[0].read
    options = [option.read for option in operands[1:]]

    def holds(item: Item) -> bool:
        value = read(item)
        return value is not None and any(option(item) == value for option in options)

    return holds
