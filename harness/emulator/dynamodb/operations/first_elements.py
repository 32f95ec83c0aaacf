"""First elements of paths: the attributes that a condition or an operand speaks of, references not resolved."""

from collections.abc import Iterator
from functools import lru_cache

from harness.emulator.dynamodb.expressions.syntax import ConditionNode, OperandNode, PathNode, parts


@lru_cache(maxsize=1024)
def first_elements(node: ConditionNode) -> frozenset[str]:
    """Names, and references to names with their `#`."""
    return frozenset(_first_elements(node))


@lru_cache(maxsize=1024)
def nested_elements(node: ConditionNode | OperandNode) -> frozenset[str]:
    """Those of the first elements that paths go into."""
    return frozenset(_first_elements(node, at_least=2))


def _first_elements(node: ConditionNode | OperandNode, *, at_least: int = 1) -> Iterator[str]:
    if isinstance(node, PathNode) and len(node.elements) >= at_least:
        yield str(node.elements[0])
    for part in parts(node):
        yield from _first_elements(part, at_least=at_least)
