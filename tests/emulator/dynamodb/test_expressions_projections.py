"""Which part of an item does a projection take, and what is said of one that is wrong?"""

from collections.abc import Mapping
from typing import Any

import pytest

from harness.emulator.dynamodb.attribute_values import Item
from harness.emulator.dynamodb.errors import DynamoDbError
from harness.emulator.dynamodb.expressions import parse_projection

ITEM: Item = {
    "a": {"S": "x"},
    "l": {"L": [{"N": "1"}, {"M": {"p": {"N": "5"}, "q": {"S": "s"}}}, {"N": "3"}]},
    "m": {"M": {"x": {"N": "1"}, "y": {"M": {"z": {"N": "9"}, "l": {"L": [{"N": "7"}, {"N": "8"}]}}}}},
    "m.x": {"S": "dotted"},
}
NAMES = {"#m": "m", "#x": "x", "#dotted": "m.x"}

PARTS: Mapping[str, dict[str, Any]] = {
    "a": {"a": {"S": "x"}},
    "nowhere": {},
    "nowhere, a": {"a": {"S": "x"}},
    "#dotted": {"m.x": {"S": "dotted"}},
    "#m.#x": {"m": {"M": {"x": {"N": "1"}}}},
    "a[0]": {},
    "a.b": {},
    "m.q": {},
    "m.q.r": {},
    "l[0].a": {},
    "l[9]": {},
    "l[2], l[0]": {"l": {"L": [{"N": "1"}, {"N": "3"}]}},
    "l[1].p, l[0], l[2].p": {"l": {"L": [{"N": "1"}, {"M": {"p": {"N": "5"}}}]}},
    "m.y.l[1], m.x, a": {
        "a": {"S": "x"},
        "m": {"M": {"x": {"N": "1"}, "y": {"M": {"l": {"L": [{"N": "8"}]}}}}},
    },
}


@pytest.mark.parametrize("text", PARTS)
def test_a_projection_is_a_part_of_the_item(text: str) -> None:
    assert parse_projection(text, NAMES).of(ITEM) == PARTS[text]


def test_a_projection_tells_what_it_uses() -> None:
    projection = parse_projection("#m.#x, l[0], a", NAMES)
    assert projection.names == {"#m", "#x"}
    assert projection.top_level_names == {"m", "l", "a"}


CLASH = "Two document paths {} with each other; must remove or rewrite one of these paths; path one: {}, path two: {}"
MISTAKES: Mapping[str, str] = {
    "": "The expression can not be empty;",
    "a,": 'Syntax error; token: "<EOF>", near: ","',
    "a, ": 'Syntax error; token: "<EOF>", near: ", "',
    "size(a)": 'Syntax error; token: "(", near: "size(a"',
    ":v": 'Syntax error; token: ":v", near: ":v"',
    "a[-1]": 'Syntax error; token: "-", near: "[-1"',
    "a[01]": 'Syntax error; token: "1", near: "01]"',
    "a.name": "Attribute name is a reserved keyword; reserved keyword: name",
    "#u": "An expression attribute name used in the document path is not defined; attribute name: #u",
    "a, a": CLASH.format("overlap", "[a]", "[a]"),
    "a, a.b": CLASH.format("overlap", "[a]", "[a, b]"),
    "l[1].p, l[1]": CLASH.format("overlap", "[l, [1], p]", "[l, [1]]"),
    "a.b, a[0]": CLASH.format("conflict", "[a, b]", "[a, [0]]"),
    "#u, a, a": CLASH.format("overlap", "[a]", "[a]"),
    "a, a, #u": "An expression attribute name used in the document path is not defined; attribute name: #u",
}


@pytest.mark.parametrize("text", MISTAKES, ids=lambda text: text or "empty")
def test_a_projection_that_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(DynamoDbError) as refused:
        parse_projection(text, NAMES)
    assert refused.value.message == f"Invalid ProjectionExpression: {MISTAKES[text]}"
