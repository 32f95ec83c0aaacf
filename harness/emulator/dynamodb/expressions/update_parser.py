"""Parser of updates, as nodes: SET, REMOVE, ADD and DELETE, in any order, each once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from harness.emulator.dynamodb.expressions.operand_parser import OperandParser, Undecided
from harness.emulator.dynamodb.expressions.syntax import (
    ActionNode,
    AddNode,
    DeleteNode,
    RemoveNode,
    SetNode,
    SumNode,
)
from harness.emulator.dynamodb.expressions.tokens import invalid

_SECTIONS = ("SET", "REMOVE", "ADD", "DELETE")


@dataclass(frozen=True, slots=True)
class ParsedUpdate:
    """An update's actions as they were written, references not resolved yet, and which these are."""

    actions: tuple[ActionNode, ...]
    names: frozenset[str]
    values: frozenset[str]
    operators: int


@lru_cache(maxsize=1024)
def parse_update_text(text: str) -> ParsedUpdate:
    """The update as nodes; raises a ValidationException for what is wrong whatever names and values there are."""
    parser = _UpdateParser("UpdateExpression", text)
    actions = parser.actions()
    return ParsedUpdate(tuple(actions), frozenset(parser.names), frozenset(parser.values), parser.operators)


class _UpdateParser(OperandParser):
    def actions(self) -> list[ActionNode]:
        """All sections; a section that comes again is refused last."""
        actions: list[ActionNode] = []
        sections: list[str] = []
        while self.reader.next.kind != "end" or not sections:
            if not self.reader.stands(*_SECTIONS):
                raise self.reader.refusal()
            section = self.reader.take().text.upper()
            sections.append(section)
            actions += self._section(section)
        self.finish()
        self._check_sections(sections)
        return actions

    def _section(self, section: str) -> list[ActionNode]:
        action = self._action(section)
        actions = [action()]
        while self.reader.takes(","):
            actions.append(action())
        return actions

    def _action(self, section: str) -> Callable[[], ActionNode]:
        match section:
            case "SET":
                return self._set
            case "REMOVE":
                return lambda: RemoveNode(self.path())
            case "ADD":
                return lambda: AddNode(self.path(), self.value())
            case _:
                return lambda: DeleteNode(self.path(), self.value())

    def _check_sections(self, sections: list[str]) -> None:
        for number, section in enumerate(sections):
            if section in sections[:number]:
                problem = f'The "{section}" section can only be used once in an update expression;'
                raise invalid(self.reader.kind, problem)

    def _set(self) -> SetNode:
        path = self.path()
        self.reader.expect("=")
        value = self._sum()
        self.check_parentheses()
        if not isinstance(value, Undecided):
            return SetNode(path, value)
        self.check_use(value, "a value to set")
        return SetNode(path, value.node)

    def _sum(self) -> SumNode | Undecided:
        """An operand, `left + right` or `left - right`, in parentheses or not."""
        left = self._left_side()
        if not isinstance(left, Undecided) or not self.reader.stands("+", "-"):
            return left
        self.check_use(left, "an operand")
        self.operators += 1
        return SumNode(self.reader.take().text, left.node, self.operand())

    def _left_side(self) -> SumNode | Undecided:
        if self.reader.stands("("):
            return self.group(self._sum)
        start = self.reader.next
        return Undecided(self.unchecked_operand(), start)
