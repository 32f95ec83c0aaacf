"""Are the names and values of a request well formed, and is every one of them used? Which words are reserved?"""

from collections.abc import Mapping
from typing import Any

import pytest

from harness.emulator.dynamodb.errors import DynamoDbError
from harness.emulator.dynamodb.expressions import check_all_used, check_names, check_values, parse_condition
from harness.emulator.dynamodb.expressions.reserved_words import RESERVED_WORDS

BAD_NAMES: Mapping[str, tuple[dict[str, str], str]] = {
    "none at all": ({}, "ExpressionAttributeNames must not be empty"),
    "no hash sign": ({"a": "x"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"'),
    "only a hash sign": ({"#": "x"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#"'),
    "a dash": ({"#a-b": "x"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#a-b"'),
    "an empty name": (
        {"#a": ""},
        "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a",
    ),
}


@pytest.mark.parametrize("case", BAD_NAMES)
def test_names_that_are_wrong_are_refused(case: str) -> None:
    names, message = BAD_NAMES[case]
    with pytest.raises(DynamoDbError) as refused:
        check_names(names)
    assert refused.value.message == message


BAD_VALUES: Mapping[str, tuple[dict[str, Any], str]] = {
    "none at all": ({}, "ExpressionAttributeValues must not be empty"),
    "no colon": ({"v": {"S": "x"}}, 'ExpressionAttributeValues contains invalid key: Syntax error; key: "v"'),
    "no number": (
        {":v": {"N": "x"}},
        "ExpressionAttributeValues contains invalid value: "
        "The parameter cannot be converted to a numeric value: x for key :v",
    ),
    "an empty set": (
        {":v": {"SS": []}},
        "ExpressionAttributeValues contains invalid value: "
        "One or more parameter values were invalid: An string set  may not be empty for key :v",
    ),
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_values_that_are_wrong_are_refused(case: str) -> None:
    values, message = BAD_VALUES[case]
    with pytest.raises(DynamoDbError) as refused:
        check_values(values)
    assert refused.value.message == message


def test_values_are_put_into_normal_form_once() -> None:
    checked = check_values({":v": {"N": "1.0"}})
    assert checked == {":v": {"N": "1"}}
    assert check_values(checked) is checked


def test_names_and_values_may_be_shared_by_expressions() -> None:
    names, values = check_names({"#a": "a", "#b": "b"}), check_values({":v": {"S": "x"}})
    one, other = parse_condition("#a = :v", names, values), parse_condition("#b = :v", names, values)
    check_all_used(names, values, [one, other])


def test_unused_names_are_told_before_unused_values() -> None:
    names, values = check_names({"#c": "c", "#b": "b", "#a": "a"}), check_values({":v": {"S": "x"}})
    with pytest.raises(DynamoDbError) as refused:
        check_all_used(names, values, [parse_condition("#a = b", names, values)])
    assert refused.value.message == (
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#c, #b}"
    )


def test_unused_values_are_told() -> None:
    values = check_values({":v": {"S": "x"}, ":b": {"S": "x"}, ":q": {"S": "x"}, ":z": {"S": "x"}})
    with pytest.raises(DynamoDbError) as refused:
        check_all_used(check_names(None), values, [parse_condition("a = :v", None, values)])
    assert refused.value.message == (
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:z, :q, :b}"
    )


def test_573_words_are_reserved_in_any_case() -> None:
    assert len(RESERVED_WORDS) == 573
    with pytest.raises(DynamoDbError) as refused:
        parse_condition("attribute_exists(Connection)")
    assert refused.value.message == (
        "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: Connection"
    )
