"""What does an update make of an item, what did it touch, and what is said of one that is wrong?"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from harness.emulator.dynamodb.attribute_values import Item, check_item
from harness.emulator.dynamodb.errors import DynamoDbError
from harness.emulator.dynamodb.expressions import parse_update

ITEM: Item = check_item(
    {
        "pk": {"S": "WS#1"},
        "s": {"S": "text"},
        "n": {"N": "5"},
        "ss": {"SS": ["a", "b"]},
        "l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]},
        "m": {"M": {"x": {"N": "1"}, "y": {"M": {"z": {"N": "9"}}}, "tags": {"SS": ["t"]}}},
    }
)
VALUES: Mapping[str, Any] = {
    ":s": {"S": "new"},
    ":n": {"N": "2"},
    ":a": {"SS": ["a"]},
    ":c": {"SS": ["c", "a"]},
    ":t": {"SS": ["t"]},
    ":l": {"L": [{"S": "x"}]},
    ":map": {"M": {}},
}


def update(text: str) -> Any:
    return parse_update(text, {"#n": "n", "#name": "name"}, VALUES)


def changed(text: str) -> dict[str, Any]:
    """The attributes that an update of ITEM gives other values, None for those it removes; ITEM stays as it is."""
    before = deepcopy(ITEM)
    new = update(text).apply(ITEM).item
    assert before == ITEM
    return {name: new.get(name) for name in {*ITEM, *new} if ITEM.get(name) != new.get(name)}


def numbers(*values: int) -> dict[str, Any]:
    return {"L": [{"N": str(value)} for value in values]}


CHANGES: Mapping[str, dict[str, Any]] = {
    "SET s = :s": {"s": {"S": "new"}},
    "set s = :s, #name = n": {"s": {"S": "new"}, "name": {"N": "5"}},
    "SET s = n, n = s": {"s": {"N": "5"}, "n": {"S": "text"}},
    "SET n = n + :n": {"n": {"N": "7"}},
    "SET n = :n - n": {"n": {"N": "-3"}},
    "SET n = (n + :n)": {"n": {"N": "7"}},
    "SET n = if_not_exists(n, :n)": {},
    "SET fresh = if_not_exists(fresh, :n) + :n": {"fresh": {"N": "4"}},
    "SET fresh = list_append(:l, :l)": {"fresh": {"L": [{"S": "x"}, {"S": "x"}]}},
    "SET fresh = list_append(if_not_exists(fresh, :l), :l)": {"fresh": {"L": [{"S": "x"}, {"S": "x"}]}},
    "SET l[1] = n": {"l": numbers(0, 5, 2)},
    "SET l[9] = :n, l[5] = n": {"l": numbers(0, 1, 2, 5, 2)},
    "SET l[3] = n REMOVE l[0]": {"l": numbers(1, 2, 5)},
    "SET m.y.z = :n": {"m": {"M": {**ITEM["m"]["M"], "y": {"M": {"z": {"N": "2"}}}}}},
    "SET m.fresh = l[2]": {"m": {"M": {**ITEM["m"]["M"], "fresh": {"N": "2"}}}},
    "REMOVE s, nowhere": {"s": None},
    "REMOVE l[0], l[2], l[7]": {"l": numbers(1)},
    "REMOVE m.y, m.tags, m.nowhere": {"m": {"M": {"x": {"N": "1"}}}},
    "ADD n :n, fresh :n": {"n": {"N": "7"}, "fresh": {"N": "2"}},
    "ADD ss :c": {"ss": {"SS": ["a", "b", "c"]}},
    "ADD fresh :c": {"fresh": {"SS": ["a", "c"]}},
    "ADD l[0] :n, l[9] :n": {"l": numbers(2, 1, 2, 2)},
    "DELETE ss :c": {"ss": {"SS": ["b"]}},
    "DELETE ss :a, nowhere :a": {"ss": {"SS": ["b"]}},
    "DELETE m.tags :t": {"m": {"M": {"x": {"N": "1"}, "y": {"M": {"z": {"N": "9"}}}}}},
    "ADD n :n SET fresh = n": {"n": {"N": "7"}, "fresh": {"N": "5"}},
    "REMOVE n SET fresh = n": {"n": None, "fresh": {"N": "5"}},
}


@pytest.mark.parametrize("text", CHANGES)
def test_an_update_changes_what_it_says(text: str) -> None:
    assert changed(text) == CHANGES[text]


def test_the_last_member_of_a_set_takes_the_attribute_with_it() -> None:
    item: Item = {"tags": {"SS": ["t"]}}
    assert update("DELETE tags :t").apply(item).item == {}


# As recorded on AWS by others: only what the paths lead to, an index looked up as it was written.
TOUCHED: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "SET s = :s": ({"s": {"S": "text"}}, {"s": {"S": "new"}}),
    "SET fresh = :s": ({}, {"fresh": {"S": "new"}}),
    "REMOVE s": ({"s": {"S": "text"}}, {}),
    "ADD n :n": ({"n": {"N": "5"}}, {"n": {"N": "7"}}),
    "SET m.y.z = :n": (
        {"m": {"M": {"y": {"M": {"z": {"N": "9"}}}}}},
        {"m": {"M": {"y": {"M": {"z": {"N": "2"}}}}}},
    ),
    "SET l[1] = :n, m.x = :n": (
        {"l": numbers(1), "m": {"M": {"x": {"N": "1"}}}},
        {"l": numbers(2), "m": {"M": {"x": {"N": "2"}}}},
    ),
    "REMOVE l[1]": ({"l": numbers(1)}, {"l": numbers(2)}),
    "SET l[100] = :n": ({}, {}),
}


@pytest.mark.parametrize("text", TOUCHED)
def test_updated_old_and_updated_new_are_the_touched_paths(text: str) -> None:
    updated = update(text).apply(ITEM)
    assert (updated.old, updated.new) == TOUCHED[text]


def test_an_update_tells_what_it_is_about() -> None:
    parsed = update("SET s = :s, m.x = :n, n = n REMOVE l[0]")
    assert parsed.top_level_names == {"s", "m", "n", "l"}
    assert parsed.literals == {"s": {"S": "new"}}
    assert not parsed.only_removes
    assert update("REMOVE s DELETE ss :a").only_removes


# --- mistakes ---------------------------------------------------------------------------------------------

NO_ATTRIBUTE = "The provided expression refers to an attribute that does not exist in the item"
WRONG_TYPE = "An operand in the update expression has an incorrect data type"
NO_CONTAINER = "The document path provided in the update expression is invalid for update"
KEY = (
    "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"
)
IN_AN_ITEM: Mapping[str, str] = {
    "SET s = nowhere": NO_ATTRIBUTE,
    "SET s = l[3]": NO_ATTRIBUTE,
    "SET s = n + nowhere": NO_ATTRIBUTE,
    "SET s = if_not_exists(s, nowhere)": NO_ATTRIBUTE,
    "SET s = list_append(nowhere, :l)": NO_ATTRIBUTE,
    "SET s = s + :n": WRONG_TYPE,
    "SET s = list_append(s, :l)": WRONG_TYPE,
    "ADD s :n": WRONG_TYPE,
    "ADD ss :n": WRONG_TYPE,
    "DELETE n :a": WRONG_TYPE,
    "SET nowhere.a = :s": NO_CONTAINER,
    "SET s.a = :s": NO_CONTAINER,
    "SET m[0] = :s": NO_CONTAINER,
    "SET l.a = :s": NO_CONTAINER,
    "SET l[3].a = :s": NO_CONTAINER,
    "REMOVE nowhere.a": NO_CONTAINER,
    "DELETE nowhere.a :a": NO_CONTAINER,
    "SET pk = :s": KEY,
    "REMOVE pk.a": KEY,
    "ADD pk :n": KEY,
}


@pytest.mark.parametrize("text", IN_AN_ITEM)
def test_an_update_that_does_not_fit_the_item_is_refused(text: str) -> None:
    with pytest.raises(DynamoDbError) as refused:
        update(text).apply(ITEM, key_names=("pk", "sk"))
    assert refused.value.message == IN_AN_ITEM[text]


OVERLAP = (
    "Two document paths {} with each other; must remove or rewrite one of these paths; "
    "path one: {}, path two: {}"
)
MISTAKES: Mapping[str, str] = {
    "": "The expression can not be empty;",
    "s = :s": 'Syntax error; token: "s", near: "s ="',
    "SET s": 'Syntax error; token: "<EOF>", near: "s"',
    "SET s = :s,": 'Syntax error; token: "<EOF>", near: ","',
    "SET s = n + :n + :n": 'Syntax error; token: "+", near: ":n + :n"',
    "SET s = if_not_exists(s, n + :n)": 'Syntax error; token: "+", near: "n + :n"',
    "ADD n n": 'Syntax error; token: "n", near: "n n"',
    "SET s = ((n))": "The expression has redundant parentheses;",
    "SET s = :s SET n = :n": 'The "SET" section can only be used once in an update expression;',
    "SET s = size(s)": "The function is not allowed in an update expression; function: size",
    "SET s = list_append(list_append(l, l), l)": (
        "The function is not allowed to be used this way in an expression; function: list_append"
    ),
    "SET s = :s, s = :n": OVERLAP.format("overlap", "[s]", "[s]"),
    "SET m = :s REMOVE m.y[0]": OVERLAP.format("overlap", "[m]", "[m, y, [0]]"),
    "SET m.y = :s, m = :s": OVERLAP.format("overlap", "[m, y]", "[m]"),
    "SET m.y = :s, m[0] = :s": OVERLAP.format("conflict", "[m, y]", "[m, [0]]"),
    "SET #n = :s, n = :s": OVERLAP.format("overlap", "[n]", "[n]"),
    "SET s = n + :s": (
        "Incorrect operand type for operator or function; operator or function: +, operand type: S"
    ),
    "SET s = list_append(l, :s)": (
        "Incorrect operand type for operator or function; operator or function: list_append, operand type: S"
    ),
    "SET s = if_not_exists(:s, n)": (
        "Operator or function requires a document path; operator or function: if_not_exists"
    ),
    "SET s = if_not_exists(n, n)": (
        "The first operand must be distinct from the remaining operands for this operator or function; "
        "operator: if_not_exists, first operand: [n]"
    ),
    "ADD n :map": (
        "Incorrect operand type for operator or function; "
        "operator: ADD, operand type: MAP, typeSet: ALLOWED_FOR_ADD_OPERAND"
    ),
    "DELETE n :n": (
        "Incorrect operand type for operator or function; "
        "operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"
    ),
    "s" * 4097: "Expression size has exceeded the maximum allowed size;",
}


@pytest.mark.parametrize("text", MISTAKES, ids=lambda text: text[:50] or "empty")
def test_a_mistake_in_an_update_is_told_in_aws_words(text: str) -> None:
    with pytest.raises(DynamoDbError) as refused:
        update(text)
    assert refused.value.message == f"Invalid UpdateExpression: {MISTAKES[text]}"
