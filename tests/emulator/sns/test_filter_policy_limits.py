"""Which filter policies SNS takes, and what it says of the others."""

import json
from typing import Any

import pytest

from harness.emulator.sns.filter_policy import Scope
from harness.emulator.sns.filter_policy_limits import InvalidFilterPolicy, read_filter_policy

pytestmark = pytest.mark.aws("S-21")
VALUES = [str(number) for number in range(150)]


@pytest.mark.parametrize(
    ("policy", "scope"),
    [
        pytest.param({name: ["x"] for name in "abcde"}, "MessageAttributes", id="five keys"),
        pytest.param({"a": VALUES}, "MessageAttributes", id="150 values of one key"),
        pytest.param({"a": VALUES[:15], "b": VALUES[:10]}, "MessageAttributes", id="150 combinations"),
        pytest.param({"a": {"b": {"c": VALUES[:50]}}}, "MessageBody", id="50 values, three deep"),
        pytest.param({"a": [1_000_000_000, -1_000_000_000]}, "MessageAttributes", id="the largest numbers"),
        pytest.param({"$or": [{"a": ["x"]}, {"b": ["y"]}], "c": ["z"]}, "MessageAttributes", id="an $or"),
        pytest.param(
            {
                "a": [
                    {"prefix": "x"},
                    {"suffix": "x"},
                    {"equals-ignore-case": "x"},
                    {"cidr": "10.0.0.0/8"},
                    {"exists": True},
                    {"anything-but": ["x", 1]},
                    {"anything-but": {"prefix": "x"}},
                    {"numeric": ["=", 1.5]},
                    {"numeric": [">", 0, "<=", 100]},
                    None,
                    True,
                ]
            },
            "MessageAttributes",
            id="every operator",
        ),
    ],
)
def test_policies_that_are_taken(policy: dict[str, Any], scope: Scope) -> None:
    assert read_filter_policy(json.dumps(policy), scope) == policy


@pytest.mark.parametrize(
    ("policy", "scope", "why"),
    [
        (
            {name: ["x"] for name in "abcdef"},
            "MessageAttributes",
            "Filter policy can not have more than 5 keys",
        ),
        ({"a": [*VALUES, "x"]}, "MessageAttributes", "Filter policy is too complex"),
        ({"a": VALUES[:16], "b": VALUES[:10]}, "MessageAttributes", "Filter policy is too complex"),
        ({"a": {"b": {"c": VALUES[:51]}}}, "MessageBody", "Filter policy is too complex"),
        ({"a": [1_000_000_001]}, "MessageAttributes", "Match value 1000000001 must be from -1E9 to 1E9"),
        ({"a": "x"}, "MessageAttributes", '"a" must be an object or an array'),
        ({"a": [["x"]]}, "MessageBody", "Match value must be String, number, true, false, or null"),
        ({"a": [{"like": "x"}]}, "MessageAttributes", "Unrecognized match type like"),
        ({"a": [{"prefix": "x", "suffix": "y"}]}, "MessageBody", "Only one key allowed in match expression"),
        ({"a": [{"prefix": 1}]}, "MessageAttributes", "prefix match pattern must be a string"),
        (
            {"a": [{"anything-but": {"numeric": ["=", 1]}}]},
            "MessageBody",
            "Unsupported anything-but pattern: numeric",
        ),
        ({"a": [{"exists": "x"}]}, "MessageBody", "exists match pattern must be either true or false."),
        ({"a": [{"numeric": []}]}, "MessageBody", "Invalid member in numeric match: ]"),
        ({"a": [{"numeric": [1]}]}, "MessageBody", "Invalid member in numeric match: 1"),
        ({"a": [{"numeric": ["!", 1]}]}, "MessageBody", "Unrecognized numeric range operator: !"),
        ({"a": [{"numeric": ["="]}]}, "MessageBody", "Value of equals must be numeric"),
        ({"a": [{"numeric": ["<", "1"]}]}, "MessageBody", "Value of < must be numeric"),
        ({"a": [{"numeric": ["<", 1, ">", 2]}]}, "MessageBody", "Too many elements in numeric expression"),
        ({"a": [{"numeric": [">", 1, ">", 2]}]}, "MessageBody", "Bad numeric range operator: >"),
        ({"a": [{"numeric": [">", 2, "<", 1]}]}, "MessageBody", "Bottom must be less than top"),
        (
            {"a": [{"numeric": [">", 1, "<", 2, "<", 3]}]},
            "MessageBody",
            "Too many terms in numeric range expression",
        ),
        ([], "MessageBody", "Filter policy must be a JSON object"),
        ({"a": ["x" * 262_144]}, "MessageBody", "Filter policy can not be larger than 262144 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_policies_that_are_refused(policy: object, scope: Scope, why: str) -> None:
    with pytest.raises(InvalidFilterPolicy) as refused:
        read_filter_policy(json.dumps(policy), scope)

    assert str(refused.value) == f"FilterPolicy: {why}"


def test_a_nested_policy_of_attributes_is_refused() -> None:
    with pytest.raises(
        InvalidFilterPolicy,
        match=r"^Filter policy scope MessageAttributes does not support nested filter policy$",
    ):
        read_filter_policy('{"a":{"b":["x"]}}', "MessageAttributes")


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(InvalidFilterPolicy, match=r"^FilterPolicy: failed to parse JSON\.$"):
        read_filter_policy("{", "MessageBody")
