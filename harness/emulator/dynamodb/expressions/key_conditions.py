"""Key conditions: the key values that a KeyConditionExpression asks for.

One condition per key attribute: equality on the partition key, and at most one comparison, BETWEEN or begins_with on
the sort key. Which of the two is the partition key is for the table's or index's key schema to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from harness.emulator.dynamodb.attribute_values import AttributeValue
from harness.emulator.dynamodb.errors import validation
from harness.emulator.dynamodb.expressions import syntax
from harness.emulator.dynamodb.expressions.condition_parser import parse_condition_text
from harness.emulator.dynamodb.expressions.conditions import bound
from harness.emulator.dynamodb.expressions.document_paths import DocumentPath
from harness.emulator.dynamodb.expressions.operands import Scope
from harness.emulator.dynamodb.expressions.placeholders import check_names, check_values
from harness.emulator.dynamodb.expressions.tokens import ExpressionKind

_KIND: ExpressionKind = "KeyConditionExpression"
_MIRRORED: Mapping[str, str] = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

RangeCondition: TypeAlias = tuple[str, str, tuple[AttributeValue, ...]]
"""The sort key's name; one of `= < <= > >= BETWEEN begins_with`; its one or, for BETWEEN, two operands."""
KeyNames: TypeAlias = tuple[str, str | None]
"""The names of the partition key and, if there is one, the sort key."""


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """What a Query looks for. Whether the values have the types of the key is for the caller to check."""

    hash_name: str
    hash_value: AttributeValue
    range: RangeCondition | None
    names: frozenset[str]
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class _KeyTerm:
    """One condition: `path operator operands`, the path on the left."""

    path: DocumentPath
    operator: str
    operands: tuple[AttributeValue, ...]

    @property
    def name(self) -> str:
        return str(self.path[0])


def parse_key_condition(
    text: str,
    names: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    *,
    key: KeyNames,
) -> KeyCondition:
    """The condition on a table or index with this key; raises a ValidationException in AWS's words."""
    parsed = parse_condition_text(_KIND, text)
    scope = Scope(_KIND, check_names(names), check_values(values))
    bound(parsed, scope)
    hash_term, range_term = _for_key(_terms(parsed.node, scope), key)
    sort = None if range_term is None else (range_term.name, range_term.operator, range_term.operands)
    return KeyCondition(hash_term.name, hash_term.operands[0], sort, parsed.names, parsed.values)


# --- the terms --------------------------------------------------------------------------------------------


def _terms(node: syntax.ConditionNode, scope: Scope) -> list[_KeyTerm]:
    match node:
        case syntax.AllNode(conditions):
            return [term for condition in conditions for term in _terms(condition, scope)]
        case syntax.AnyNode():
            raise _invalid_operator("OR")
        case syntax.NotNode():
            raise _invalid_operator("NOT")
        case syntax.InNode():
            raise _invalid_operator("IN")
        case syntax.ComparisonNode("<>"):
            raise _invalid_operator("<>")
        case syntax.ComparisonNode(operator, left, right):
            return [_comparison(operator, left, right, scope)]
        case syntax.BetweenNode(operand, lower, upper):
            return [_term("BETWEEN", (operand, lower, upper), scope)]
        case syntax.CallNode("begins_with", operands):
            return [_term("begins_with", operands, scope)]
        case syntax.CallNode(function):
            raise _invalid_operator(function)


def _invalid_operator(operator: str) -> Exception:
    return validation(f"Invalid operator used in KeyConditionExpression: {operator}")


def _comparison(operator: str, left: syntax.OperandNode, right: syntax.OperandNode, scope: Scope) -> _KeyTerm:
    if isinstance(left, syntax.ValueNode) and isinstance(right, syntax.PathNode):
        return _term(_MIRRORED[operator], (right, left), scope)
    return _term(operator, (left, right), scope)


def _term(operator: str, operands: tuple[syntax.OperandNode, ...], scope: Scope) -> _KeyTerm:
    _check_operands(operator, operands)
    path, *values = operands
    assert isinstance(path, syntax.PathNode)
    literals = [scope.literal(value).value for value in values if isinstance(value, syntax.ValueNode)]
    return _KeyTerm(scope.path(path).path, operator, tuple(literals))


def _check_operands(operator: str, operands: tuple[syntax.OperandNode, ...]) -> None:
    if any(isinstance(operand, syntax.CallNode | syntax.SumNode) for operand in operands):
        raise validation("KeyConditionExpressions cannot contain nested operations")
    paths = sum(isinstance(operand, syntax.PathNode) for operand in operands)
    if isinstance(operands[0], syntax.PathNode) and paths == 1:
        return
    invalid = "Invalid condition in KeyConditionExpression: "
    if operator in ("BETWEEN", "begins_with") and not isinstance(operands[0], syntax.PathNode):
        raise validation(f"{invalid}{operator} operator must have the key attribute as its first operand")
    raise validation(
        f"{invalid}Multiple attribute names used in one condition"
        if paths
        else f"{invalid}No key attribute specified"
    )


# --- the key ----------------------------------------------------------------------------------------------


def _for_key(terms: list[_KeyTerm], key: KeyNames) -> tuple[_KeyTerm, _KeyTerm | None]:
    for term in terms:
        _check_scalar(term, key)
    by_name = {term.name: term for term in terms}
    if len(by_name) < len(terms):
        raise validation("KeyConditionExpressions must only contain one condition per key")
    if len(terms) > 2:
        raise validation("Conditions can be of length 1 or 2 only")
    hash_name, range_name = key
    if range_name is None and len(terms) == 2:
        raise validation("Query key condition not supported")
    for name in (hash_name, range_name)[: len(terms)]:
        if name not in by_name:
            raise validation(f"Query condition missed key schema element: {name}")
    hash_term = by_name[hash_name]
    if hash_term.operator != "=":
        raise validation("Query key condition not supported")
    return hash_term, None if range_name is None else by_name.get(range_name)


def _check_scalar(term: _KeyTerm, key: KeyNames) -> None:
    if len(term.path) == 1:
        return
    if term.name in key:
        raise validation(
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
            f"Key: {term.name}"
        )
    raise validation("KeyConditionExpressions cannot have conditions on nested attributes")
