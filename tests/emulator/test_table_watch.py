"""Rows written and deleted, read off DynamoDB requests."""

import orjson
import pytest

from harness.emulator.table_watch import TableWatch
from harness.record.observation import RowDeleted, RowWritten

KEY = {"pk": {"S": "a"}, "sk": {"S": "META"}}
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/t"


def written(operation: str) -> RowWritten:
    return RowWritten(1.0, "t", "a", operation, "r")


DELETED = RowDeleted(1.0, "t", "a", "r")
OPERATIONS: dict[str, tuple[str, dict[str, object], tuple[RowWritten | RowDeleted, ...]]] = {
    "a put": ("PutItem", {"TableName": "t", "Item": KEY}, (written("PutItem"),)),
    "an update": ("UpdateItem", {"TableName": "t", "Key": KEY}, (written("UpdateItem"),)),
    "a delete": ("DeleteItem", {"TableName": "t", "Key": KEY}, (DELETED,)),
    "a table by its ARN": ("DeleteItem", {"TableName": ARN, "Key": KEY}, (DELETED,)),
    "a table that nobody saw created": ("PutItem", {"TableName": "u", "Item": KEY}, ()),
    "a batch": (
        "BatchWriteItem",
        {"RequestItems": {"t": [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}]}},
        (written("PutItem"), DELETED),
    ),
    "a transaction": (
        "TransactWriteItems",
        {
            "TransactItems": [
                {"Put": {"TableName": "t", "Item": KEY}},
                {"Update": {"TableName": "t", "Key": KEY}},
                {"ConditionCheck": {"TableName": "t", "Key": KEY}},
                {"Delete": {"TableName": ARN, "Key": KEY}},
            ]
        },
        (written("PutItem"), written("UpdateItem"), DELETED),
    ),
}


@pytest.mark.parametrize(("operation", "asked", "seen"), OPERATIONS.values(), ids=OPERATIONS)
def test_what_a_request_did(
    operation: str, asked: dict[str, object], seen: tuple[RowWritten | RowDeleted, ...]
) -> None:
    watch = TableWatch()
    keys = [{"AttributeName": "sk", "KeyType": "RANGE"}, {"AttributeName": "pk", "KeyType": "HASH"}]
    created = orjson.dumps({"TableName": "t", "KeySchema": keys})
    assert watch.succeeded("CreateTable", created, at=0.0, request=None) == ()

    assert watch.watches(operation)
    assert watch.succeeded(operation, orjson.dumps(asked), at=1.0, request="r") == seen


def test_reads_are_not_watched() -> None:
    assert [TableWatch().watches(one) for one in ("GetItem", "Query", "Scan", "")] == [False] * 4
