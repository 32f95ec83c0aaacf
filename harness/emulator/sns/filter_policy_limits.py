"""Limits and form of a filter policy, as SNS checks them when it is set (S-20, S-21)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import orjson

from harness.emulator.matching.operators import COMPARISONS
from harness.emulator.sns.filter_policy import TEXT_OPERATORS, Scope
from harness.json_values import Json, JsonObject

MOST_KEYS = 5
MOST_COMBINATIONS = 150
MOST_BYTES = 256 * 1024
LARGEST_NUMBER = 1_000_000_000
POLICIES_PER_TOPIC = 200
POLICIES_PER_ACCOUNT = 10_000


class InvalidFilterPolicy(ValueError):
    """SNS refuses the policy; the message is what follows `Invalid parameter: ` in its answer."""


def read_filter_policy(text: str, scope: Scope) -> JsonObject:
    """The policy that the text holds; raises InvalidFilterPolicy."""
    if len(text.encode()) > MOST_BYTES:
        # Not recorded on AWS yet: the words for a policy that is too long.
        raise InvalidFilterPolicy("FilterPolicy: Filter policy can not be larger than 262144 bytes")
    try:
        policy = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidFilterPolicy("FilterPolicy: failed to parse JSON.") from error
    if not isinstance(policy, dict):
        raise InvalidFilterPolicy("FilterPolicy: Filter policy must be a JSON object")
    if len(policy) > MOST_KEYS:
        raise InvalidFilterPolicy("FilterPolicy: Filter policy can not have more than 5 keys")
    if _combinations(policy, scope, depth=1) > MOST_COMBINATIONS:
        raise InvalidFilterPolicy("FilterPolicy: Filter policy is too complex")
    return policy


def _combinations(policy: JsonObject, scope: Scope, *, depth: int) -> int:
    """The product over the keys of how many values each has, a nested key's times its depth; checks every value."""
    if scope == "MessageAttributes" and depth > 1:
        raise InvalidFilterPolicy(
            "Filter policy scope MessageAttributes does not support nested filter policy"
        )
    product = 1
    for key, wanted in policy.items():
        product *= _of_key(key, wanted, scope, depth)
    return product


def _of_key(key: str, wanted: Json, scope: Scope, depth: int) -> int:
    match wanted:
        case [*alternatives] if key == "$or" and all(isinstance(one, dict) for one in alternatives):
            # Not recorded on AWS yet: how an $or counts; its alternatives are added up here.
            every = cast("list[JsonObject]", alternatives)
            return sum(_combinations(one, scope, depth=depth) for one in every)
        case [*conditions]:
            for condition in conditions:
                _check(condition)
            return len(conditions) * depth
        case {**nested}:
            return _combinations(cast("JsonObject", nested), scope, depth=depth + 1)
    raise InvalidFilterPolicy(f'FilterPolicy: "{key}" must be an object or an array')


def _check(condition: Json) -> None:
    match condition:
        case None | str() | bool():
            return
        case int() | float():
            _check_number(condition)
        case {**expression} if len(expression) == 1:
            ((operator, operand),) = expression.items()
            _check_operator(str(operator), operand)
        case {**_expression}:
            raise InvalidFilterPolicy("FilterPolicy: Only one key allowed in match expression")
        case _:
            raise InvalidFilterPolicy(
                "FilterPolicy: Match value must be String, number, true, false, or null"
            )


def _check_number(number: float) -> None:
    if abs(number) > LARGEST_NUMBER:
        # Not recorded on AWS yet: the words for a number that is too large.
        raise InvalidFilterPolicy(f"FilterPolicy: Match value {number} must be from -1E9 to 1E9")


def _check_operator(operator: str, operand: Json) -> None:
    match operator:
        case "anything-but":
            _check_anything_but(operand)
        case "exists" if not isinstance(operand, bool):
            raise InvalidFilterPolicy("FilterPolicy: exists match pattern must be either true or false.")
        case "exists":
            return
        case "numeric":
            _check_range(operand if isinstance(operand, list) else [])
        case _ if operator not in TEXT_OPERATORS:
            raise InvalidFilterPolicy(f"FilterPolicy: Unrecognized match type {operator}")
        case _ if not isinstance(operand, str):
            raise InvalidFilterPolicy(f"FilterPolicy: {operator} match pattern must be a string")


def _check_anything_but(operand: Json) -> None:
    for one in operand if isinstance(operand, list) else [operand]:
        match one:
            case {**expression} if set(expression) - {"prefix", "suffix", "equals-ignore-case"}:
                raise InvalidFilterPolicy(
                    f"FilterPolicy: Unsupported anything-but pattern: {min(map(str, expression))}"
                )
            case _:
                _check(one)


def _check_range(bounds: Sequence[Json]) -> None:
    """`["=", 5]` or `[">", 0, "<=", 5]`."""
    if not bounds:
        raise InvalidFilterPolicy("FilterPolicy: Invalid member in numeric match: ]")
    operators, numbers = list(bounds[0::2]), list(bounds[1::2])
    first = operators[0]
    if not isinstance(first, str):
        raise InvalidFilterPolicy(f"FilterPolicy: Invalid member in numeric match: {first}")
    if first not in COMPARISONS:
        raise InvalidFilterPolicy(f"FilterPolicy: Unrecognized numeric range operator: {first}")
    for operator, number in zip(operators, [*numbers, None], strict=False):
        if isinstance(number, bool) or not isinstance(number, int | float):
            told = "equals" if operator == "=" else operator
            raise InvalidFilterPolicy(f"FilterPolicy: Value of {told} must be numeric")
        _check_number(number)
    if len(operators) > 1:
        _check_two_ended(operators, numbers)


def _check_two_ended(operators: Sequence[Json], numbers: Sequence[Json]) -> None:
    if operators[0] not in (">", ">="):
        raise InvalidFilterPolicy("FilterPolicy: Too many elements in numeric expression")
    if operators[1] not in ("<", "<="):
        raise InvalidFilterPolicy(f"FilterPolicy: Bad numeric range operator: {operators[1]}")
    if any(top <= bottom for bottom, top in pairwise(numbers)):  # type: ignore[operator]  # numbers, as checked
        raise InvalidFilterPolicy("FilterPolicy: Bottom must be less than top")
    if len(operators) > 2:
        raise InvalidFilterPolicy("FilterPolicy: Too many terms in numeric range expression")
