"""Parser of operands, which every other one is built on: paths, value references, functions, parentheses.

What is wrong besides the syntax is noted while parsing and told, the leftmost first, once the syntax is known to
be right: reserved words, list indexes, functions that do not exist or stand where they may not. Redundant
parentheses are told earlier, before the syntax of what follows them. (The order is DynamoDB Local's, measured with
pairs of mistakes.)
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from harness.emulator.dynamodb.expressions.reserved_words import RESERVED_WORDS
from harness.emulator.dynamodb.expressions.syntax import (
    CallNode,
    OperandNode,
    PathElement,
    PathNode,
    ValueNode,
)
from harness.emulator.dynamodb.expressions.tokens import ExpressionKind, Reader, Token, invalid

_REDUNDANT = "The expression has redundant parentheses;"
_MAX_INDEX = 2**31 - 1
_MAX_PATH_LEVELS = 32
# Keeps the parser's recursion far from Python's limit. AWS bounds the operators only, but nobody nests as deep.
_MAX_DEPTH = 64
_TOO_DEEP = f"The expression nests more than {_MAX_DEPTH} levels deep, which fanout-harness does not read"

Place: TypeAlias = Literal["a condition", "an operand", "a value to set"]
_PLACES: Mapping[str, tuple[Place, ...]] = {
    "attribute_exists": ("a condition",),
    "attribute_not_exists": ("a condition",),
    "attribute_type": ("a condition",),
    "begins_with": ("a condition",),
    "contains": ("a condition",),
    "size": ("an operand",),
    "if_not_exists": ("an operand", "a value to set"),
    "list_append": ("a value to set",),
}
_FUNCTIONS = frozenset(_PLACES)
_UPDATE_FUNCTIONS = frozenset({"if_not_exists", "list_append"})

_Node = TypeVar("_Node")


class OperandParser:
    """Reads operands, and collects the references in them."""

    def __init__(self, kind: ExpressionKind, text: str) -> None:
        self.reader = Reader(kind, text)
        self.names: set[str] = set()
        """The `#references` read so far."""
        self.values: set[str] = set()
        """The `:references` read so far."""
        self._notes: list[tuple[int, str]] = []
        self.operators = 0
        """How many operators and functions were read so far."""
        self._depth = 0
        self._redundant = False
        self._closing: dict[int, int] = {}
        """Parentheses by their tokens' positions: where the one that opens here closes."""

    def finish(self) -> None:
        """Refuses what follows the expression, then what was noted."""
        self.reader.expect_end()
        if self._notes:
            raise invalid(self.reader.kind, min(self._notes)[1])

    def note(self, token: Token, problem: str) -> None:
        """Remembers what is wrong at a token."""
        self._notes.append((token.start, problem))

    @contextmanager
    def _parentheses(self) -> Iterator[None]:
        """Around what stands in parentheses."""
        self.reader.expect("(")
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise invalid(self.reader.kind, _REDUNDANT if self.reader.stands("(") else _TOO_DEEP)
        yield
        self.reader.expect(")")
        self._depth -= 1

    def check_parentheses(self) -> None:
        """Refuses redundant parentheses, once the outermost ones are closed and what they are part of is complete."""
        if self._redundant and not self._depth:
            raise invalid(self.reader.kind, _REDUNDANT)

    # --- operands -----------------------------------------------------------------------------------------

    def operand(self) -> OperandNode:
        """`path`, `:value`, `function(...)` or one of them in parentheses."""
        if self.reader.stands("("):
            return self.group(self.operand)
        start = self.reader.next
        node = self.unchecked_operand()
        self.check_use(Undecided(node, start), "an operand")
        return node

    def group(self, inner: Callable[[], _Node]) -> _Node:
        """`(inner)`; refuses parentheses in parentheses."""
        opens = self.reader.position
        with self._parentheses():
            node = inner()
            closes = self._closing[opens] = self.reader.position
            self._redundant |= self._closing.get(opens + 1) == closes - 1
        return node

    def unchecked_operand(self) -> OperandNode:
        """`path`, `:value` or `function(...)`; whether the function may stand here is for `check_use` to say."""
        reader = self.reader
        match reader.next.kind:
            case "value reference":
                return self.value()
            case "name" if reader.after_next.text == "(":
                return self._call()
            case "name" | "name reference":
                return self.path()
            case _:
                raise reader.refusal()

    def value(self) -> ValueNode:
        """`:value`."""
        if self.reader.next.kind != "value reference":
            raise self.reader.refusal()
        reference = self.reader.take().text
        self.values.add(reference)
        return ValueNode(reference)

    def _call(self) -> CallNode:
        function = self.reader.take()
        self.operators += 1
        return CallNode(function.text, self.operands())

    def operands(self) -> tuple[OperandNode, ...]:
        """`(operand, ...)`, at least one."""
        with self._parentheses():
            operands = [self.operand()]
            while self.reader.takes(","):
                operands.append(self.operand())
        return tuple(operands)

    def check_use(self, operand: "Undecided", place: Place) -> None:
        """Notes a function that does not exist, or may not stand in such a place."""
        if isinstance(operand.node, CallNode) and (problem := self._misuse(operand.node.function, place)):
            self.note(operand.start, problem)

    def _misuse(self, function: str, place: Place) -> str | None:
        if function not in _FUNCTIONS:
            return f"Invalid function name; function: {function}"
        updates = self.reader.kind == "UpdateExpression"
        if updates != (function in _UPDATE_FUNCTIONS):
            where = "an update" if updates else "a condition"
            return f"The function is not allowed in {where} expression; function: {function}"
        if place not in _PLACES[function]:
            return f"The function is not allowed to be used this way in an expression; function: {function}"
        return None

    # --- paths --------------------------------------------------------------------------------------------

    def path(self) -> PathNode:
        """A document path."""
        elements: list[PathElement] = [self._name()]
        start = self.reader.next
        while self.reader.stands(".", "["):
            elements.append(self._element())
        if len(elements) > _MAX_PATH_LEVELS:
            problem = f"The document path has too many nesting levels; nesting levels: {len(elements)}"
            self.note(start, problem)
        return PathNode(tuple(elements))

    def _name(self) -> str:
        token = self.reader.next
        if token.kind not in ("name", "name reference"):
            raise self.reader.refusal()
        if token.kind == "name" and token.text.upper() in RESERVED_WORDS:
            self.note(token, f"Attribute name is a reserved keyword; reserved keyword: {token.text}")
        if token.kind == "name reference":
            self.names.add(token.text)
        return self.reader.take().text

    def _element(self) -> PathElement:
        if self.reader.take().text == ".":
            return self._name()
        token = self.reader.next
        if token.kind != "index":
            raise self.reader.refusal()
        if int(token.text) > _MAX_INDEX:
            self.note(token, f"List index is not within the allowable range; index: [{token.text}]")
        self.reader.take()
        self.reader.expect("]")
        return int(token.text)


@dataclass(frozen=True, slots=True)
class Undecided:
    """An operand of which is not known yet in what place it stands; `start` is its first token."""

    node: OperandNode
    start: Token
