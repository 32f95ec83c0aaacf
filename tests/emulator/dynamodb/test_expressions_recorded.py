"""Does every expression get the answer that AWS's DynamoDB Local gave? 849 recorded cases, good ones and mistakes.

Each line of `recorded_expressions.jsonl` is one case: an item (its key, `pk` and `sk`, is added to it), an expression
with its names and values, and the answer: whether a filter found the item, what a projection or an update made of it,
or the error's message. Numbers in answers are in normal form, which DynamoDB Local gives top-level attributes only.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from harness.emulator.dynamodb.attribute_values import Item, check_item
from harness.emulator.dynamodb.errors import DynamoDbError
from harness.emulator.dynamodb.expressions import (
    check_all_used,
    check_names,
    check_values,
    parse_condition,
    parse_projection,
    parse_update,
)

KEY: Item = {"pk": {"S": "p"}, "sk": {"N": "1"}}
RECORDED = Path(__file__).with_name("recorded_expressions.jsonl")


def cases() -> Iterator[Any]:
    for line in RECORDED.read_bytes().splitlines():
        case = orjson.loads(line)
        yield pytest.param(case, id=f"{case['kind']}: {case['expression'][:60]}")


def answer(case: dict[str, Any]) -> object:
    """What our rules answer to a recorded case, in the form in which it was recorded."""
    try:
        return answer_of(case)
    except DynamoDbError as error:
        assert error.code == "ValidationException"
        return error.message


def answer_of(case: dict[str, Any]) -> object:
    names, values = check_names(case.get("names")), check_values(case.get("values"))
    item, text = check_item({**KEY, **case["item"]}), case["expression"]
    match case["kind"]:
        case "filter":
            condition = parse_condition(text, names, values, kind="FilterExpression")
            check_all_used(names, values, [condition])
            return condition.holds(item)
        case "projection":
            projection = parse_projection(text, names)
            check_all_used(names, values, [projection])
            return projection.of(item)
        case _:
            update = parse_update(text, names, values)
            check_all_used(names, values, [update])
            updated = update.apply(item, key_names=KEY)
            return {name: value for name, value in updated.item.items() if name not in KEY}


@pytest.mark.parametrize("case", list(cases()))
def test_the_answer_is_the_recorded_one(case: dict[str, Any]) -> None:
    assert answer(case) == case["answer"]
