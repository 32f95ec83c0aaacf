"""Tokens of expressions: the lexer of all of DynamoDB's expressions, and its syntax errors."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from harness.emulator.dynamodb.errors import DynamoDbError, validation

ExpressionKind: TypeAlias = Literal[
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
]
TokenKind: TypeAlias = Literal[
    "name", "name reference", "value reference", "index", "keyword", "symbol", "end"
]

MAX_BYTES = 4096
"""The longest expression, in bytes."""

_KEYWORDS = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"})
# Whatever fits nothing else is a symbol of one character: the parser then refuses it by name.
_TOKEN = re.compile(
    r"[ \t\r\n]*(?:(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<name_reference>#[A-Za-z0-9_]+)"
    r"|(?P<value_reference>:[A-Za-z0-9_]+)|(?P<index>0|[1-9][0-9]*)|(?P<symbol><>|<=|>=|.)|$)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word; `start` and `end` are its place in the expression. A keyword's text is as it was written."""

    kind: TokenKind
    text: str
    start: int
    end: int


def invalid(kind: ExpressionKind, problem: str) -> DynamoDbError:
    """The refusal of an expression."""
    return validation(f"Invalid {kind}: {problem}")


def _tokens(text: str) -> Iterator[Token]:
    position = 0
    while (match := _TOKEN.match(text, position)) is not None and match.lastgroup is not None:
        word = match[match.lastgroup]
        position = match.end()
        yield Token(_kind(match.lastgroup, word), word, position - len(word), position)
    yield Token("end", "<EOF>", len(text), len(text))


def _kind(group: str, word: str) -> TokenKind:
    match group:
        case "name":
            return "keyword" if word.upper() in _KEYWORDS else "name"
        case "name_reference":
            return "name reference"
        case "value_reference":
            return "value reference"
        case "index":
            return "index"
        case _:
            return "symbol"


class Reader:
    """Walks the tokens of one expression; raises a ValidationException for an empty or too long one at once."""

    def __init__(self, kind: ExpressionKind, text: str) -> None:
        if not text:
            raise invalid(kind, "The expression can not be empty;")
        if len(text.encode()) > MAX_BYTES:
            raise invalid(kind, _too_long(kind, text))
        self.kind: ExpressionKind = kind
        self._text = text
        self._tokens = tuple(_tokens(text))
        self._at = 0

    @property
    def position(self) -> int:
        """The number of the token that stands here, from 0."""
        return self._at

    @property
    def next(self) -> Token:
        """The token that stands here."""
        return self._tokens[self._at]

    @property
    def after_next(self) -> Token:
        """The token after it."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def take(self) -> Token:
        """The token that stands here, and moves on."""
        token = self._tokens[self._at]
        self._at += 1
        return token

    def takes(self, *words: str) -> bool:
        """Whether one of these symbols or keywords stands here; moves on if so."""
        if self.stands(*words):
            self._at += 1
            return True
        return False

    def stands(self, *words: str) -> bool:
        """Whether one of these symbols or keywords (in upper case) stands here."""
        token = self._tokens[self._at]
        return token.kind in ("symbol", "keyword") and token.text.upper() in words

    def expect(self, word: str) -> None:
        """Moves over this symbol or keyword, or refuses the expression."""
        if not self.takes(word):
            raise self.refusal()

    def expect_end(self) -> None:
        """Refuses the expression unless it ends here."""
        if self.next.kind != "end":
            raise self.refusal()

    def refusal(self) -> DynamoDbError:
        """The syntax error at the token that stands here; it shows the tokens before and after, too."""
        before = self._tokens[max(self._at - 1, 0)]
        token, after = self.next, self.after_next
        start = before.start if self._at else 0
        near = self._text[start : len(self._text) if after.kind == "end" else after.end]
        return invalid(self.kind, f'Syntax error; token: "{token.text}", near: "{near}"')


def _too_long(kind: ExpressionKind, text: str) -> str:
    problem = "Expression size has exceeded the maximum allowed size;"
    if kind in ("UpdateExpression", "ProjectionExpression"):
        return problem
    return f"{problem} expression size: {len(text.encode())}"
