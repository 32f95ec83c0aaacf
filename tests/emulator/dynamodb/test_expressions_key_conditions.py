"""What does a key condition ask for, given the key of the table or index?"""

from collections.abc import Mapping
from typing import Any

import pytest

from harness.emulator.dynamodb.errors import DynamoDbError
from harness.emulator.dynamodb.expressions import KeyNames, parse_key_condition

VALUES: Mapping[str, Any] = {
    ":p": {"S": "p"},
    ":one": {"N": "1.0"},
    ":two": {"N": "2"},
    ":yes": {"BOOL": True},
    ":S": {"S": "S"},
}
ONE, TWO, P = {"N": "1"}, {"N": "2"}, {"S": "p"}
BOTH: KeyNames = ("pk", "sk")


def asked(text: str, key: KeyNames = BOTH) -> tuple[Any, ...]:
    condition = parse_key_condition(text, {"#p": "pk"}, VALUES, key=key)
    assert condition.hash_name == key[0]
    return condition.hash_value, condition.range


CONDITIONS: Mapping[str, Any] = {
    "pk = :p": None,
    "#p = :p": None,
    ":p = pk": None,
    "pk = :p AND sk = :one": ("sk", "=", (ONE,)),
    "sk = :one AND pk = :p": ("sk", "=", (ONE,)),
    "(pk = :p) AND (sk >= :one)": ("sk", ">=", (ONE,)),
    "(pk = :p AND sk < :one)": ("sk", "<", (ONE,)),
    "pk = :p AND :one < sk": ("sk", ">", (ONE,)),
    "pk = :p AND sk BETWEEN :one AND :two": ("sk", "BETWEEN", (ONE, TWO)),
    "begins_with(sk, :p) and pk = :p": ("sk", "begins_with", (P,)),
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_key_condition_is_the_partition_key_and_a_range(text: str) -> None:
    assert asked(text) == (P, CONDITIONS[text])


def test_the_key_schema_says_which_is_the_partition_key() -> None:
    assert asked("pk = :p AND sk = :one", ("sk", "pk")) == (ONE, ("pk", "=", (P,)))


INVALID = "Invalid condition in KeyConditionExpression: "
SCALARS = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: "
MISTAKES: Mapping[str, str] = {
    "pk": 'Invalid KeyConditionExpression: Syntax error; token: "<EOF>", near: "pk"',
    "pk = :u": (
        "Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; "
        "attribute value: :u"
    ),
    "pk = :p AND sk > :yes": (
        "Invalid KeyConditionExpression: Incorrect operand type for operator or function; "
        "operator or function: >, operand type: BOOL"
    ),
    "pk = :p OR sk = :one": "Invalid operator used in KeyConditionExpression: OR",
    "NOT pk = :p": "Invalid operator used in KeyConditionExpression: NOT",
    "NOT NOT pk = :p": "Invalid operator used in KeyConditionExpression: NOT",
    "pk IN (:p)": "Invalid operator used in KeyConditionExpression: IN",
    "pk <> :p": "Invalid operator used in KeyConditionExpression: <>",
    "pk = :p AND contains(sk, :p)": "Invalid operator used in KeyConditionExpression: contains",
    "pk = :p AND attribute_type(sk, :S)": "Invalid operator used in KeyConditionExpression: attribute_type",
    "pk = :p AND size(sk) = :one": "KeyConditionExpressions cannot contain nested operations",
    "pk = sk": INVALID + "Multiple attribute names used in one condition",
    "pk = :p AND sk BETWEEN :one AND third": INVALID + "Multiple attribute names used in one condition",
    ":p = :p": INVALID + "No key attribute specified",
    "pk = :p AND begins_with(:p, sk)": (
        INVALID + "begins_with operator must have the key attribute as its first operand"
    ),
    ":one BETWEEN sk AND sk AND pk = :p": (
        INVALID + "BETWEEN operator must have the key attribute as its first operand"
    ),
    "pk = :p AND pk = :p": "KeyConditionExpressions must only contain one condition per key",
    "pk = :p AND sk > :one AND sk < :two": "KeyConditionExpressions must only contain one condition per key",
    "pk = :p AND sk = :one AND third = :p": "Conditions can be of length 1 or 2 only",
    "pk.a = :p": SCALARS + "pk",
    "pk = :p AND sk[0] = :one": SCALARS + "sk",
    "pk = :p AND third.a = :one": "KeyConditionExpressions cannot have conditions on nested attributes",
    "sk = :one": "Query condition missed key schema element: pk",
    "pk = :p AND third = :p": "Query condition missed key schema element: sk",
    "pk > :p": "Query key condition not supported",
    "begins_with(pk, :p)": "Query key condition not supported",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_key_condition_that_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(DynamoDbError) as refused:
        asked(text)
    assert refused.value.message == MISTAKES[text]


def test_a_key_without_a_sort_key_takes_one_condition() -> None:
    with pytest.raises(DynamoDbError) as refused:
        asked("pk = :p AND sk = :one", ("pk", None))
    assert refused.value.message == "Query key condition not supported"
