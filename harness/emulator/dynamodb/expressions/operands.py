"""Operands: what they are worth in an item, with their references resolved, and the checks on them.

Mistakes are told in AWS's order: all operands of a function first, then how many there are, then what they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from harness.emulator.dynamodb.attribute_values import AttributeValue, Item, type_of
from harness.emulator.dynamodb.errors import DynamoDbError
from harness.emulator.dynamodb.expressions.document_paths import DocumentPath, Read, reading, resolved, shown
from harness.emulator.dynamodb.expressions.placeholders import Names, Values
from harness.emulator.dynamodb.expressions.syntax import PathNode, ValueNode
from harness.emulator.dynamodb.expressions.tokens import ExpressionKind, invalid

MAX_OPERATORS = 300
"""Operators and functions in one expression."""

_UNDEFINED_VALUE = "An expression attribute value used in expression is not defined; attribute value: "


@dataclass(frozen=True, slots=True)
class PathOperand:
    """A document path."""

    path: DocumentPath
    read: Read


@dataclass(frozen=True, slots=True)
class Literal:
    """An expression attribute value."""

    value: AttributeValue

    def read(self, _: Item) -> AttributeValue:
        """The value, whatever the item."""
        return self.value


@dataclass(frozen=True, slots=True)
class Computed:
    """What a function computes; `type` is given where it is the same for every item."""

    read: Read
    type: str | None = None


Operand: TypeAlias = PathOperand | Literal | Computed


def known_type(operand: Operand) -> str | None:
    """The operand's type, where the expression alone tells it."""
    match operand:
        case Literal(value):
            return type_of(value)
        case Computed():
            return operand.type
        case PathOperand():
            return None


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known while an expression is bound: its kind, and what its references stand for."""

    kind: ExpressionKind
    names: Names
    values: Values

    def path(self, node: PathNode) -> PathOperand:
        """The path; raises for an undefined name."""
        path = resolved(node, self.names, self.kind)
        return PathOperand(path, reading(path))

    def literal(self, node: ValueNode) -> Literal:
        """The value; raises for an undefined one."""
        value = self.values.get(node.reference)
        if value is None:
            raise self.invalid(_UNDEFINED_VALUE + node.reference)
        return Literal(value)

    def invalid(self, problem: str) -> DynamoDbError:
        """The refusal of the expression."""
        return invalid(self.kind, problem)

    def check_operators(self, count: int) -> None:
        """Raises for too many operators and functions in the expression; AWS tells of it last."""
        if count > MAX_OPERATORS:
            problem = f"The expression contains too many operators; operator count: {MAX_OPERATORS + 1}"
            raise self.invalid(problem)

    def check_count(self, function: str, operands: Sequence[Operand], expected: int) -> None:
        """Raises unless the function got so many operands."""
        if len(operands) != expected:
            raise self.invalid(
                "Incorrect number of operands for operator or function; "
                f"operator or function: {function}, number of operands: {len(operands)}"
            )

    def check_distinct(self, operator: str, operands: Sequence[Operand]) -> None:
        """Raises when the first operand is a path that comes again."""
        first = operands[0]
        if not isinstance(first, PathOperand):
            return
        if any(isinstance(operand, PathOperand) and operand.path == first.path for operand in operands[1:]):
            raise self.invalid(
                "The first operand must be distinct from the remaining operands for this operator or function; "
                f"operator: {operator}, first operand: {shown(first.path)}"
            )

    def check_types(self, operator: str, operands: Sequence[Operand], allowed: frozenset[str]) -> None:
        """Raises for an operand of which the expression alone tells that its type is not allowed."""
        for operand in operands:
            kind = known_type(operand)
            if kind is not None and kind not in allowed:
                raise self.incorrect_type(operator, kind)

    def check_path(self, function: str, operand: Operand) -> None:
        """Raises unless the operand is a document path."""
        if not isinstance(operand, PathOperand):
            raise self.invalid(
                f"Operator or function requires a document path; operator or function: {function}"
            )

    def incorrect_type(self, operator: str, kind: str) -> DynamoDbError:
        """The refusal of an operand for its type."""
        return self.invalid(
            "Incorrect operand type for operator or function; "
            f"operator or function: {operator}, operand type: {kind}"
        )
