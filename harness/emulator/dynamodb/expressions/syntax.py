"""Syntax trees of expressions, before their names and values are known: the nodes that the parsers build."""

from dataclasses import dataclass
from typing import TypeAlias

PathElement: TypeAlias = str | int
"""An attribute's name, a `#reference` to one, or a list index."""


@dataclass(frozen=True, slots=True)
class PathNode:
    """A document path, `a.#b[1]`; names that begin with `#` are references."""

    elements: tuple[PathElement, ...]


@dataclass(frozen=True, slots=True)
class ValueNode:
    """A reference to an expression attribute value, with its colon."""

    reference: str


@dataclass(frozen=True, slots=True)
class CallNode:
    """A function and its operands."""

    function: str
    operands: "tuple[OperandNode, ...]"


@dataclass(frozen=True, slots=True)
class SumNode:
    """`left + right` or `left - right`, in an update."""

    operator: str
    left: "OperandNode"
    right: "OperandNode"


OperandNode: TypeAlias = PathNode | ValueNode | CallNode | SumNode


@dataclass(frozen=True, slots=True)
class ComparisonNode:
    """`left = right`, or with another comparator."""

    operator: str
    left: OperandNode
    right: OperandNode


@dataclass(frozen=True, slots=True)
class BetweenNode:
    """`operand BETWEEN lower AND upper`."""

    operand: OperandNode
    lower: OperandNode
    upper: OperandNode


@dataclass(frozen=True, slots=True)
class InNode:
    """`operand IN (options)`."""

    operand: OperandNode
    options: tuple[OperandNode, ...]


@dataclass(frozen=True, slots=True)
class NotNode:
    """`NOT operand`."""

    operand: "ConditionNode"


@dataclass(frozen=True, slots=True)
class AllNode:
    """Conditions joined by AND."""

    operands: "tuple[ConditionNode, ...]"


@dataclass(frozen=True, slots=True)
class AnyNode:
    """Conditions joined by OR."""

    operands: "tuple[ConditionNode, ...]"


ConditionNode: TypeAlias = ComparisonNode | BetweenNode | InNode | CallNode | NotNode | AllNode | AnyNode


@dataclass(frozen=True, slots=True)
class SetNode:
    """`SET path = operand`."""

    path: PathNode
    operand: OperandNode


@dataclass(frozen=True, slots=True)
class RemoveNode:
    """`REMOVE path`."""

    path: PathNode


@dataclass(frozen=True, slots=True)
class AddNode:
    """`ADD path value`."""

    path: PathNode
    value: ValueNode


@dataclass(frozen=True, slots=True)
class DeleteNode:
    """`DELETE path value`."""

    path: PathNode
    value: ValueNode


ActionNode: TypeAlias = SetNode | RemoveNode | AddNode | DeleteNode


def parts(node: ConditionNode | OperandNode) -> tuple[ConditionNode | OperandNode, ...]:
    """The nodes that a node is made of, from left to right."""
    match node:
        case ComparisonNode(_, left, right) | SumNode(_, left, right):
            return (left, right)
        case BetweenNode(operand, lower, upper):
            return (operand, lower, upper)
        case InNode(operand, options):
            return (operand, *options)
        case CallNode(_, operands):
            return operands
        case NotNode(operand):
            return (operand,)
        case AllNode(conditions) | AnyNode(conditions):
            return conditions
        case PathNode() | ValueNode():
            return ()
