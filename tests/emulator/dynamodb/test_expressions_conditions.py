"""Does a condition hold? And what is said of one that is wrong, in which order?"""

from collections.abc import Mapping
from itertools import permutations
from typing import Any

import pytest

from harness.emulator.dynamodb.attribute_values import Item, check_item
from harness.emulator.dynamodb.errors import DynamoDbError
from harness.emulator.dynamodb.expressions import check_all_used, check_names, check_values, parse_condition

ITEM: Item = check_item(
    {
        "s": {"S": "abc"},
        "n": {"N": "5"},
        "b": {"B": "YWJj"},
        "yes": {"BOOL": True},
        "nothing": {"NULL": True},
        "ss": {"SS": ["a", "bc"]},
        "ns": {"NS": ["1", "2"]},
        "l": {"L": [{"N": "1"}, {"M": {"x": {"S": "deep"}}}]},
        "m": {"M": {"x": {"N": "1"}, "y.z": {"S": "dotted"}}},
        "emoji": {"S": "é\U0001f600"},
    }
)
VALUES: Mapping[str, Any] = {
    ":abc": {"S": "abc"},
    ":ab": {"S": "ab"},
    ":one": {"N": "1.0"},
    ":two": {"N": "2"},
    ":three": {"N": "3"},
    ":five": {"N": "5e0"},
    ":six": {"N": "6"},
    ":bytes": {"B": "YWI="},
    ":yes": {"BOOL": True},
    ":null": {"NULL": True},
    ":set": {"SS": ["bc", "a"]},
    ":map": {"M": {"y.z": {"S": "dotted"}, "x": {"N": "1.00"}}},
    ":S": {"S": "S"},
    ":Z": {"S": "Z"},
}
NAMES = {"#m": "m", "#dotted": "y.z", "#size": "size"}


def parsed(text: str, kind: Any = "ConditionExpression") -> Any:
    names = {reference: name for reference, name in NAMES.items() if reference in text}
    values = {
        reference: value
        for reference, value in VALUES.items()
        if f"{reference} " in f"{text} ".translate(ENDS)
    }
    checked_names, checked_values = check_names(names or None), check_values(values or None)
    condition = parse_condition(text, checked_names, checked_values, kind=kind)
    check_all_used(checked_names, checked_values, [condition])
    return condition


ENDS = str.maketrans("(),", "   ")


def refusal(text: str) -> str:
    with pytest.raises(DynamoDbError) as refused:
        parsed(text)
    assert refused.value.code == "ValidationException"
    return refused.value.message.removeprefix("Invalid ConditionExpression: ")


TRUE = """
s = :abc
n = :five
n <> :six
s <> :five
nowhere <> :abc
nowhere <> absent
nothing = :null
yes = :yes
ss = :set
m = :map
#m.#dotted <> :abc
l[1].x <> :abc
n > :two
n >= :five
n < :six
n <= :five
s > :ab
b > :bytes
n BETWEEN :five AND :six
s IN (:six, :abc)
m.x IN (l[0])
n between :five and :six
attribute_exists(s)
attribute_exists(l[1].x)
attribute_not_exists(l[2])
attribute_not_exists(m.x.y)
attribute_type(s, :S)
begins_with(s, :ab)
begins_with(b, :bytes)
contains(s, :ab)
contains(b, :bytes)
contains(ns, :one)
contains(l, :one)
size(s) = :three
size(emoji) = :three
size(b) = :three
size(ss) = :two
size(l) = :two
size(m) = :two
NOT s = :ab
NOT NOT s = :abc
NOT nowhere = absent
NOT n < :abc
NOT (s = :ab OR n = :two)
s = :ab OR s = :abc AND n = :five
(s = :ab OR s = :abc) AND n = :five
(s) = (:abc)
"""
FALSE = """
s = :ab
s = :five
n <> :five
nowhere = absent
nowhere = :abc
nowhere < :six
s < :five
n BETWEEN :six AND :six
s BETWEEN :five AND :six
nowhere IN (:abc, absent)
attribute_exists(nowhere)
attribute_type(n, :S)
attribute_type(nowhere, :S)
begins_with(n, :ab)
begins_with(s, :bytes)
contains(n, :five)
contains(ss, :ab)
contains(ss, :set)
contains(m, :abc)
size(n) = :one
size(nowhere) = :one
yes < nothing
NOT s = :abc AND n = :six
s = :abc AND (n = :six OR n = :two)
"""


@pytest.mark.parametrize("text", TRUE.strip().splitlines())
def test_a_condition_holds(text: str) -> None:
    assert parsed(text).holds(ITEM) is True


@pytest.mark.parametrize("text", FALSE.strip().splitlines())
def test_a_condition_does_not_hold(text: str) -> None:
    assert parsed(text).holds(ITEM) is False


def test_an_absent_item_has_no_attributes() -> None:
    assert parsed("attribute_not_exists(pk)").holds({}) is True
    assert parsed("attribute_exists(pk)").holds({}) is False


# --- mistakes ---------------------------------------------------------------------------------------------

MISTAKES: Mapping[str, str] = {
    "": "The expression can not be empty;",
    "s =": 'Syntax error; token: "<EOF>", near: "="',
    "s == :abc": 'Syntax error; token: "=", near: "== :abc"',
    "s = :abc)": 'Syntax error; token: ")", near: ":abc)"',
    "s = 'abc'": 'Syntax error; token: "\'", near: "= \'abc"',
    "_s = :abc": 'Syntax error; token: "_", near: "_s"',
    "s.and = :abc": 'Syntax error; token: "and", near: ".and ="',
    "(s AND n)": 'Syntax error; token: "AND", near: "s AND n"',
    "(s) AND n = :six": 'Syntax error; token: "AND", near: ") AND n"',
    "s IN ()": 'Syntax error; token: ")", near: "()"',
    "((s = :abc))": "The expression has redundant parentheses;",
    "name = :abc": "Attribute name is a reserved keyword; reserved keyword: name",
    "foo(s)": "Invalid function name; function: foo",
    "Size(s) = :two": "Invalid function name; function: Size",
    "size(s)": "The function is not allowed to be used this way in an expression; function: size",
    "attribute_exists(s) = :yes": (
        "The function is not allowed to be used this way in an expression; function: attribute_exists"
    ),
    "if_not_exists(s, :abc) = :abc": (
        "The function is not allowed in a condition expression; function: if_not_exists"
    ),
    "l[2147483648] = :abc": "List index is not within the allowable range; index: [2147483648]",
    "#u = s": "An expression attribute name used in the document path is not defined; attribute name: #u",
    "s = :u": "An expression attribute value used in expression is not defined; attribute value: :u",
    "begins_with(s)": (
        "Incorrect number of operands for operator or function; "
        "operator or function: begins_with, number of operands: 1"
    ),
    "attribute_exists(:abc)": (
        "Operator or function requires a document path; operator or function: attribute_exists"
    ),
    "l[0].x = l[0].x": (
        "The first operand must be distinct from the remaining operands for this operator or function; "
        "operator: =, first operand: [l, [0], x]"
    ),
    "s < :yes": "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
    "begins_with(s, :five)": (
        "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"
    ),
    "size(:five) = :one": (
        "Incorrect operand type for operator or function; operator or function: size, operand type: N"
    ),
    "attribute_type(s, :Z)": (
        "Invalid attribute type name found; type: Z, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}"
    ),
    "n BETWEEN :six AND :five": (
        "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
        "lower bound operand: AttributeValue: {N:6}, upper bound operand: AttributeValue: {N:5}"
    ),
    "n BETWEEN :six AND :abc": (
        "The BETWEEN operator requires same data type for lower and upper bounds; "
        "lower bound operand: AttributeValue: {N:6}, upper bound operand: AttributeValue: {S:abc}"
    ),
    f"s IN ({', '.join([':abc'] * 101)})": (
        "The IN operator is provided with too many operands; number of operands: 101"
    ),
    " OR ".join(["s=:abc"] * 151): "The expression contains too many operators; operator count: 301",
    "NOT " * 300 + "attribute_exists(s)": "The expression contains too many operators; operator count: 301",
    "s" * 4097: "Expression size has exceeded the maximum allowed size; expression size: 4097",
    f"attribute_exists(s{'.s' * 32})": "The document path has too many nesting levels; nesting levels: 33",
    "NOT (" * 65 + "s = n" + ")" * 65: (
        "The expression nests more than 64 levels deep, which fanout-harness does not read"
    ),
    "(" * 200 + "s = n" + ")" * 200: "The expression has redundant parentheses;",
}


@pytest.mark.parametrize("text", MISTAKES, ids=lambda text: text[:50] or "empty")
def test_a_mistake_is_told_in_aws_words(text: str) -> None:
    assert refusal(text) == MISTAKES[text]


def test_the_refusal_names_the_kind_of_expression() -> None:
    with pytest.raises(DynamoDbError) as refused:
        parse_condition("a", kind="FilterExpression")
    assert refused.value.message == 'Invalid FilterExpression: Syntax error; token: "<EOF>", near: "a"'


# Of two mistakes the one of the earlier step is told, wherever it stands.
STEPS = (
    ("((s = n))", "redundant parentheses"),
    ("name = s", "reserved keyword"),
    ("s = :u", "is not defined"),
)


@pytest.mark.parametrize(("first", "second"), list(permutations(range(len(STEPS)), 2)))
def test_mistakes_of_an_earlier_step_win(first: int, second: int) -> None:
    message = refusal(f"{STEPS[first][0]} AND {STEPS[second][0]}")
    assert STEPS[min(first, second)][1] in message


SAME_STEP = (("name = s", "reserved keyword"), ("foo(s)", "function name"), ("size(s)", "this way"))


@pytest.mark.parametrize(("first", "second"), list(permutations(SAME_STEP, 2)))
def test_of_two_mistakes_of_one_step_the_first_is_told(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    assert first[1] in refusal(f"{first[0]} AND {second[0]}")
