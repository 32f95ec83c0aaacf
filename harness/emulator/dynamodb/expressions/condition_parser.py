"""Parser of conditions: ConditionExpression, FilterExpression and KeyConditionExpression, as nodes.

NOT binds closer than AND, AND closer than OR.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from harness.emulator.dynamodb.expressions import syntax
from harness.emulator.dynamodb.expressions.operand_parser import OperandParser, Undecided
from harness.emulator.dynamodb.expressions.tokens import ExpressionKind

COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")


@lru_cache(maxsize=1024)
def parse_condition_text(kind: ExpressionKind, text: str) -> "ParsedCondition":
    """The condition as nodes; raises a ValidationException for what is wrong whatever names and values there are."""
    parser = _ConditionParser(kind, text)
    node = parser.condition()
    parser.finish()
    return ParsedCondition(node, frozenset(parser.names), frozenset(parser.values), parser.operators)


@dataclass(frozen=True, slots=True)
class ParsedCondition:
    """A condition whose references are not resolved yet, and which these are."""

    node: syntax.ConditionNode
    names: frozenset[str]
    values: frozenset[str]
    operators: int


_Primary: TypeAlias = syntax.ConditionNode | Undecided
"""What stands where a condition may. Undecided: the left side of a comparison, or a function that is a condition."""


class _ConditionParser(OperandParser):
    def condition(self) -> syntax.ConditionNode:
        """A whole condition."""
        node = self._disjunction(in_parentheses=False)
        assert not isinstance(node, Undecided), "a lone operand is refused outside parentheses"
        return node

    def _disjunction(self, *, in_parentheses: bool) -> _Primary:
        """Conditions joined by OR; in parentheses also a lone operand, since a comparison may follow them."""
        alternatives: list[syntax.ConditionNode] = []
        while True:
            node = self._conjunction(lone_operand=in_parentheses and not alternatives)
            if isinstance(node, Undecided):
                return node
            alternatives.append(node)
            if not self.reader.takes("OR"):
                return alternatives[0] if len(alternatives) == 1 else syntax.AnyNode(tuple(alternatives))
            self.operators += 1

    def _conjunction(self, *, lone_operand: bool) -> _Primary:
        conditions: list[syntax.ConditionNode] = []
        while True:
            node = self._negation(lone_operand=lone_operand and not conditions)
            if isinstance(node, Undecided):
                return node
            conditions.append(node)
            if not self.reader.takes("AND"):
                return conditions[0] if len(conditions) == 1 else syntax.AllNode(tuple(conditions))
            self.operators += 1

    def _negation(self, *, lone_operand: bool) -> _Primary:
        negations = 0
        while self.reader.takes("NOT"):
            self.operators += 1
            negations += 1
        node = self._primary(lone_operand=lone_operand and not negations)
        self.check_parentheses()
        if isinstance(node, Undecided) or not negations:
            return node
        # An even number of them says nothing, but a key condition may have none, so two stay to be seen.
        return syntax.NotNode(node) if negations % 2 else syntax.NotNode(syntax.NotNode(node))

    def _primary(self, *, lone_operand: bool) -> _Primary:
        primary = self._left_side()
        if not isinstance(primary, Undecided):
            return primary
        if isinstance(primary.node, syntax.CallNode):
            self.check_parentheses()
        if self.reader.stands(*COMPARATORS, "BETWEEN", "IN"):
            self.check_use(primary, "an operand")
            return self._comparison(primary.node)
        if lone_operand and self.reader.stands(")"):
            return primary
        if not isinstance(primary.node, syntax.CallNode):
            raise self.reader.refusal()
        self.check_use(primary, "a condition")
        return primary.node

    def _left_side(self) -> _Primary:
        if self.reader.stands("("):
            return self.group(self._in_parentheses)
        start = self.reader.next
        return Undecided(self.unchecked_operand(), start)

    def _in_parentheses(self) -> _Primary:
        return self._disjunction(in_parentheses=True)

    def _comparison(self, left: syntax.OperandNode) -> syntax.ConditionNode:
        self.operators += 1
        operator = self.reader.take().text.upper()
        match operator:
            case "BETWEEN":
                lower = self.operand()
                self.reader.expect("AND")
                return syntax.BetweenNode(left, lower, self.operand())
            case "IN":
                return syntax.InNode(left, self.operands())
            case _:
                return syntax.ComparisonNode(operator, left, self.operand())
