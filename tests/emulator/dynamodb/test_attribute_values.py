"""Which values may be stored, in which form are they kept, how are they ordered, and what is their size?"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.emulator.dynamodb.attribute_values import (
    AttributeValue,
    Item,
    check_item,
    check_value,
    compare,
    number,
    size_of,
    sort_key,
)
from harness.emulator.dynamodb.decimals import added, normal_text, subtracted
from harness.emulator.dynamodb.errors import DynamoDbError

OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
INVALID = "One or more parameter values were invalid: "
DEEP = (
    "Nesting Levels have exceeded supported limits: "
    "Attributes in the item have nested levels beyond supported limit"
)


def refusal(value: object) -> str:
    with pytest.raises(DynamoDbError) as refused:
        check_value(value)
    assert refused.value.code == "ValidationException"
    return refused.value.message


# --- numbers ----------------------------------------------------------------------------------------------

NORMAL: Mapping[str, str] = {
    "0": "0",
    "-0": "0",
    "00": "0",
    "0e1000": "0",
    "-0.00": "0",
    "007": "7",
    "+5": "5",
    "5.": "5",
    ".5": "0.5",
    "-.50": "-0.5",
    "1.0": "1",
    "1e2": "100",
    "1E+2": "100",
    "1e-7": "0.0000001",
    "1.5e20": "150000000000000000000",
    "1234567890.0123456789": "1234567890.0123456789",
    "1" + "0" * 125: "1" + "0" * 125,
    "9" * 38: "9" * 38,
    "1.0000000000000000000000000000000000000000": "1",
    "1e-130": "0." + "0" * 129 + "1",
    "9.9e125": "99" + "0" * 124,
}


@pytest.mark.parametrize("written", NORMAL)
def test_a_number_is_given_back_in_the_shortest_text(written: str) -> None:
    assert check_value({"N": written}) == {"N": NORMAL[written]}


NOT_NUMBERS: Mapping[str, str] = {
    "": "The parameter cannot be converted to a numeric value",
    "x": "The parameter cannot be converted to a numeric value: x",
    " 1": "The parameter cannot be converted to a numeric value:  1",
    "NaN": "The parameter cannot be converted to a numeric value: NaN",
    "Infinity": "The parameter cannot be converted to a numeric value: Infinity",
    "0x10": "The parameter cannot be converted to a numeric value: 0x10",
    "1_000": "The parameter cannot be converted to a numeric value: 1_000",
    "1e": "The parameter cannot be converted to a numeric value: 1e",
    "1e126": OVERFLOW,
    "-1e126": OVERFLOW,
    "1e9999999999": OVERFLOW,
    "1e-131": UNDERFLOW,
    "9" * 39: "Attempting to store more than 38 significant digits in a Number",
    "1." + "0" * 37 + "1": "Attempting to store more than 38 significant digits in a Number",
}


@pytest.mark.parametrize("written", NOT_NUMBERS)
def test_a_number_that_cannot_be_held_is_refused(written: str) -> None:
    assert refusal({"N": written}) == NOT_NUMBERS[written]


@given(st.integers(-(10**38) + 1, 10**38 - 1), st.integers(-130, 80))
def test_a_number_keeps_its_value(digits: int, exponent: int) -> None:
    written = f"{digits}e{exponent}"
    assert number(normal_text(written)) == number(written)


def test_sums_and_differences_are_exact_in_38_digits() -> None:
    assert added("9" * 38, "1") == "1" + "0" * 38
    assert added("0.1", "0.2") == "0.3"
    assert subtracted("1", "1e-37") == "0." + "9" * 37
    assert subtracted("1e-130", "1e-130") == "0"


@pytest.mark.parametrize(("left", "right"), [("9e125", "9e125"), ("1e50", "1"), ("1e125", "1e-130")])
def test_a_sum_that_does_not_fit_is_an_overflow(left: str, right: str) -> None:
    with pytest.raises(DynamoDbError) as refused:
        added(left, right)
    assert refused.value.message == OVERFLOW


# --- other values -----------------------------------------------------------------------------------------

REFUSED: Mapping[str, tuple[Any, str]] = {
    "nothing": ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    "an unknown type": (
        {"X": "a"},
        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
    ),
    "two types": (
        {"S": "a", "N": "1"},
        "Supplied AttributeValue has more than one datatypes set, "
        "must contain exactly one of the supported datatypes",
    ),
    "null that is not true": (
        {"NULL": False},
        INVALID + "Null attribute value types must have the value of true",
    ),
    "an empty string set": ({"SS": []}, INVALID + "An string set  may not be empty"),
    "an empty number set": ({"NS": []}, INVALID + "An number set  may not be empty"),
    "an empty binary set": ({"BS": []}, INVALID + "Binary sets should not be empty"),
    "a string twice": ({"SS": ["a", "a"]}, INVALID + "Input collection [a, a] contains duplicates."),
    "a number twice, written differently": (
        {"NS": ["1", "1.0"]},
        "Input collection contains duplicates",
    ),
    "bytes twice": (
        {"BS": ["Yg==", "Yg=="]},
        INVALID + "Input collection [Yg==, Yg==]of type BS contains duplicates.",
    ),
    "a bad element": ({"L": [{"N": "x"}]}, "The parameter cannot be converted to a numeric value: x"),
    "a bad member": ({"M": {"a": {"SS": []}}}, INVALID + "An string set  may not be empty"),
    "a null element": ({"L": [None]}, "The supplied Item contains a null AttributeValue"),
    "a member without a name": ({"M": {"": {"S": "a"}}}, "Empty attribute name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_value_that_may_not_be_stored_is_refused(case: str) -> None:
    value, message = REFUSED[case]
    assert refusal(value) == message


KEPT: Mapping[str, tuple[Any, AttributeValue]] = {
    "an empty string": ({"S": ""}, {"S": ""}),
    "empty binary": ({"B": ""}, {"B": ""}),
    "an empty list": ({"L": []}, {"L": []}),
    "an empty map": ({"M": {}}, {"M": {}}),
    "null": ({"NULL": True}, {"NULL": True}),
    "null for another type": ({"S": "a", "N": None}, {"S": "a"}),
    "an unknown type besides": ({"S": "a", "X": 1}, {"S": "a"}),
    "a string set in order": ({"SS": ["b", "", "a"]}, {"SS": ["", "a", "b"]}),
    "a number set in order": ({"NS": ["10", "9", "-1.0"]}, {"NS": ["-1", "9", "10"]}),
    "a binary set in order": ({"BS": ["eQ==", "eA=="]}, {"BS": ["eA==", "eQ=="]}),
    "canonical base64": ({"B": "eB=="}, {"B": "eA=="}),
    "numbers deep inside": ({"L": [{"M": {"a": {"N": "1.0"}}}]}, {"L": [{"M": {"a": {"N": "1"}}}]}),
}


@pytest.mark.parametrize("case", KEPT)
def test_a_value_is_kept_in_normal_form(case: str) -> None:
    value, kept = KEPT[case]
    assert check_value(value) == kept


@pytest.mark.parametrize("container", ["L", "M"])
def test_containers_nest_31_deep_and_no_deeper(container: str) -> None:
    def nested(levels: int) -> AttributeValue:
        value: AttributeValue = {"S": "x"}
        for _ in range(levels):
            value = {"L": [value]} if container == "L" else {"M": {"a": value}}
        return value

    assert check_value(nested(31)) == nested(31)
    assert refusal(nested(32)) == DEEP


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Empty attribute name"),
        ("a" * 65_536, "Attribute name is too large, must be less than 65536 bytes"),
    ],
    ids=["empty", "too long"],
)
def test_a_name_that_may_not_be_is_refused(name: str, message: str) -> None:
    with pytest.raises(DynamoDbError) as refused:
        check_item({name: {"S": "a"}})
    assert refused.value.message == message


# --- order and size ---------------------------------------------------------------------------------------

ORDERED: Mapping[str, list[AttributeValue]] = {
    "strings by their UTF-8 bytes": [{"S": s} for s in ("", "B", "a", "ab", "é", "\ufffd", "\U0001f600")],
    "numbers by value": [{"N": n} for n in ("-10", "-9", "0", "0.5", "9", "10", "1" + "0" * 125)],
    "bytes": [{"B": b} for b in ("", "AQ==", "AQE=", "/w==")],
}


@pytest.mark.parametrize("case", ORDERED)
def test_keys_are_ordered(case: str) -> None:
    values = ORDERED[case]
    set_aside = list(reversed(values))
    assert sorted(set_aside, key=sort_key) == values
    assert [compare(one, other) for one, other in pairwise(values)] == [-1] * (len(values) - 1)
    assert compare(values[-1], values[0]) == 1
    assert compare(values[0], dict(values[0])) == 0


# Measured as TableSizeBytes of DynamoDB Local; the key `pk` with its value counts 3 of each.
SIZES: Mapping[str, tuple[AttributeValue, int]] = {
    "text": ({"S": "a"}, 5),
    "text in UTF-8": ({"S": "é\U0001f600"}, 10),
    "zero": ({"N": "0"}, 5),
    "one digit": ({"N": "1"}, 6),
    "a minus": ({"N": "-1"}, 7),
    "trailing zeros": ({"N": "1000000"}, 6),
    "digits in pairs": ({"N": "1234"}, 7),
    "pairs counted from the point": ({"N": "10.01"}, 7),
    "a fraction": ({"N": "0.005"}, 6),
    "both sides of the point": ({"N": "12345.678"}, 10),
    "38 digits": ({"N": "1" * 38}, 24),
    "38 digits and a minus": ({"N": "-" + "1" * 38}, 25),
    "binary": ({"B": "YWJj"}, 7),
    "a boolean": ({"BOOL": False}, 5),
    "null": ({"NULL": True}, 5),
    "a string set": ({"SS": ["a", "bc"]}, 7),
    "a number set": ({"NS": ["1", "22", "333"]}, 11),
    "a binary set": ({"BS": ["YQ==", "YWJj"]}, 8),
    "an empty list": ({"L": []}, 7),
    "an empty map": ({"M": {}}, 7),
    "a list": ({"L": [{"S": "a"}, {"N": "1"}]}, 12),
    "a map": ({"M": {"a": {"S": "b"}, "cc": {"L": [{"BOOL": True}]}}}, 18),
}


@pytest.mark.parametrize("case", SIZES)
def test_an_item_counts_its_bytes(case: str) -> None:
    value, size = SIZES[case]
    item: Item = {"pk": {"S": "k"}, "v": value}
    assert size_of(item) == size
