"""Filter policies, condition by condition (S-19 to S-23)."""

from collections.abc import Mapping

import orjson
import pytest

from harness.emulator.letters import MessageAttribute
from harness.emulator.sns.filter_policy import FilterPolicy


def text(value: str) -> MessageAttribute:
    return MessageAttribute("String", value)


def number(value: str) -> MessageAttribute:
    return MessageAttribute("Number", value)


def array(value: str) -> MessageAttribute:
    return MessageAttribute("String.Array", value)


OF_ATTRIBUTES: Mapping[str, tuple[dict[str, object], dict[str, MessageAttribute], bool]] = {
    "no policy": ({}, {}, True),
    "an equal text": ({"k": ["a", "b"]}, {"k": text("b")}, True),
    "another case": ({"k": ["a"]}, {"k": text("A")}, False),
    "a part of a text": ({"k": ["a"]}, {"k": text('"abc"')}, False),
    "no such attribute": ({"k": ["a"]}, {"other": text("a")}, False),
    "no attributes": ({"k": ["a"]}, {}, False),
    "every key must match": ({"k": ["a"], "l": ["b"]}, {"k": text("a"), "l": text("x")}, False),
    "every key matches": ({"k": ["a"], "l": ["b"]}, {"k": text("a"), "l": text("b")}, True),
    "an element of an array": ({"k": ["b"]}, {"k": array('["a","b"]')}, True),
    "no element of an array": ({"k": ["c"]}, {"k": array('["a","b"]')}, False),
    "an array that is no JSON": ({"k": ["["]}, {"k": array("[")}, True),
    "a boolean in an array": ({"k": [True]}, {"k": array("[true]")}, True),
    "a boolean is no number": ({"k": [1]}, {"k": array("[true]")}, False),
    "a null in an array": ({"k": [None]}, {"k": array("[null]")}, True),
    "a number, however it is written": ({"k": [100]}, {"k": number("1e2")}, True),
    "a number of a custom type": ({"k": [100]}, {"k": MessageAttribute("Number.int", "100")}, True),
    "a number as text": ({"k": ["100"]}, {"k": number("100")}, False),
    "a text as number": ({"k": [100]}, {"k": text("100")}, False),
    "a number in an array": ({"k": [2]}, {"k": array("[1,2]")}, True),
    "binary is ignored": ({"k": ["AAE="]}, {"k": MessageAttribute("Binary", "AAE=")}, False),
    "a prefix": ({"k": [{"prefix": "ba"}]}, {"k": text("basket")}, True),
    "another prefix": ({"k": [{"prefix": "ba"}]}, {"k": text("rugby")}, False),
    "a prefix in an array": ({"k": [{"prefix": "ba"}]}, {"k": array('["x","bat"]')}, True),
    "a prefix of a number": ({"k": [{"prefix": "1"}]}, {"k": number("10")}, False),
    "a suffix": ({"k": [{"suffix": "ball"}]}, {"k": text("baseball")}, True),
    "another suffix": ({"k": [{"suffix": "ball"}]}, {"k": text("rugby")}, False),
    "equal but for the case": ({"k": [{"equals-ignore-case": "TenNis"}]}, {"k": text("tEnnis")}, True),
    "anything but a text": ({"k": [{"anything-but": "a"}]}, {"k": text("b")}, True),
    "just that text": ({"k": [{"anything-but": "a"}]}, {"k": text("a")}, False),
    "anything but some texts": ({"k": [{"anything-but": ["a", "b"]}]}, {"k": text("b")}, False),
    "anything but a number": ({"k": [{"anything-but": 5}]}, {"k": number("5")}, False),
    "anything but some numbers": ({"k": [{"anything-but": [5, 6]}]}, {"k": number("7")}, True),
    "anything but a prefix": ({"k": [{"anything-but": {"prefix": "a"}}]}, {"k": text("ab")}, False),
    "anything but a suffix": ({"k": [{"anything-but": {"suffix": "b"}}]}, {"k": text("ba")}, True),
    "anything but what is absent": ({"k": [{"anything-but": "a"}]}, {}, False),
    "anything but one element of an array": ({"k": [{"anything-but": "a"}]}, {"k": array('["a","b"]')}, True),
    "within a range": ({"k": [{"numeric": [">", 0, "<=", 5]}]}, {"k": number("5")}, True),
    "outside of a range": ({"k": [{"numeric": [">", 0, "<=", 5]}]}, {"k": number("0")}, False),
    "an exact number": ({"k": [{"numeric": ["=", 301.5]}]}, {"k": number("3.015e2")}, True),
    "a range and a text": ({"k": [{"numeric": [">", 0]}]}, {"k": text("5")}, False),
    "at least": ({"k": [{"numeric": [">=", -1]}]}, {"k": number("-1")}, True),
    "below": ({"k": [{"numeric": ["<", -1]}]}, {"k": number("-1")}, False),
    "there": ({"k": [{"exists": True}]}, {"k": text("x")}, True),
    "not there": ({"k": [{"exists": True}]}, {}, False),
    "absent, as wanted": ({"k": [{"exists": False}]}, {"other": text("x")}, True),
    "absent or one value": ({"k": [{"exists": False}, "a"]}, {"k": text("a")}, True),
    "there, unwanted": ({"k": [{"exists": False}]}, {"k": text("x")}, False),
    "in a network": ({"k": [{"cidr": "10.0.0.0/24"}]}, {"k": text("10.0.0.255")}, True),
    "outside of a network": ({"k": [{"cidr": "10.0.0.0/24"}]}, {"k": text("10.1.1.0")}, False),
    "no address": ({"k": [{"cidr": "10.0.0.0/24"}]}, {"k": text("x")}, False),
    "one of two keys": ({"$or": [{"k": ["a"]}, {"l": ["b"]}]}, {"l": text("b")}, True),
    "none of two keys": ({"$or": [{"k": ["a"]}, {"l": ["b"]}]}, {"l": text("a")}, False),
    "one of two keys, and another": (
        {"m": ["c"], "$or": [{"k": ["a"]}, {"l": ["b"]}]},
        {"k": text("a")},
        False,
    ),
    "an operator that nobody knows": ({"k": [{"wildcard": "*"}]}, {"k": text("x")}, False),
}


@pytest.mark.parametrize(("policy", "attributes", "delivered"), OF_ATTRIBUTES.values(), ids=OF_ATTRIBUTES)
@pytest.mark.aws("S-20")
def test_policies_of_attributes(
    policy: dict[str, object], attributes: dict[str, MessageAttribute], delivered: bool
) -> None:
    assert FilterPolicy(policy).lets_through(attributes, "{}") is delivered


OF_BODIES: Mapping[str, tuple[dict[str, object], object, bool]] = {
    "a field": ({"k": ["a"]}, {"k": "a"}, True),
    "a field of another type": ({"k": [1]}, {"k": "1"}, False),
    "a null": ({"k": [None]}, {"k": None}, True),
    "a boolean": ({"k": [False]}, {"k": False}, True),
    "a nested field": ({"a": {"b": {"c": [{"prefix": "x"}]}}}, {"a": {"b": {"c": "xy"}}}, True),
    "a nested field elsewhere": ({"a": {"b": ["x"]}}, {"b": "x"}, False),
    "a nested policy and a plain value": ({"a": {"b": ["x"]}}, {"a": "x"}, False),
    "a nested field that is absent, as wanted": ({"a": {"b": [{"exists": False}]}}, {"a": {}}, True),
    "a parent that is absent, as wanted": ({"a": {"b": [{"exists": False}]}}, {}, True),
    "an element of an array": ({"k": ["b"]}, {"k": ["a", "b"]}, True),
    "an object in an array": ({"a": {"b": [2]}}, {"a": [{"b": 1}, {"b": 2}]}, True),
    "no single object in an array": ({"a": {"b": [1], "c": [2]}}, {"a": [{"b": 1}, {"c": 2}]}, False),
    "an element of an array and a prefix": ({"k": [{"prefix": "b"}]}, {"k": ["a", 1, "b"]}, True),
    "a range and a text": ({"k": [{"numeric": [">", 1]}]}, {"k": "2"}, False),
    "a range and a boolean": ({"k": [{"numeric": [">=", 1]}]}, {"k": True}, False),
    "one of two fields": ({"$or": [{"k": ["a"]}, {"l": {"m": ["b"]}}]}, {"l": {"m": "b"}}, True),
    "one of two nested fields": ({"a": {"$or": [{"k": [1]}, {"l": [1]}]}}, {"a": {"l": 1}}, True),
    "a body that is a list": ({"k": ["a"]}, [{"k": "a"}], False),
    "a body that is a text": ({"k": ["a"]}, "a", False),
}


@pytest.mark.parametrize(("policy", "body", "delivered"), OF_BODIES.values(), ids=OF_BODIES)
@pytest.mark.aws("S-19", "S-20")
def test_policies_of_the_body(policy: dict[str, object], body: object, delivered: bool) -> None:
    message = orjson.dumps(body).decode()

    assert FilterPolicy(policy, "MessageBody").lets_through({"k": text("a")}, message) is delivered


@pytest.mark.aws("S-19")
def test_a_body_that_is_no_json_never_matches() -> None:
    assert not FilterPolicy({"k": [{"exists": False}]}, "MessageBody").lets_through({}, "{")
