"""What an update reads may not go into an index key, and equal keys of a batch are told before unfit ones."""

import random

import pytest

from harness.clock import ManualClock
from harness.emulator.dynamodb.engine import DynamoDb
from harness.emulator.dynamodb.errors import DynamoDbError


def a_table() -> DynamoDb:
    database = DynamoDb(
        region="us-east-1",
        account="000000000000",
        clock=ManualClock(),
        random=random.Random(1),
        changed=lambda _: None,
    )
    database.handle(
        "CreateTable",
        {
            "TableName": "Things",
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "g", "AttributeType": "S"},
            ],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "ByG",
                    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        },
    )
    return database


def test_an_update_that_reads_inside_an_index_key_is_refused() -> None:
    with pytest.raises(DynamoDbError, match=r"Key attributes must be scalars.* IndexKey: g"):
        a_table().handle(
            "UpdateItem",
            {
                "TableName": "Things",
                "Key": {"pk": {"S": "a"}},
                "UpdateExpression": "SET e = if_not_exists(g.x[1], :v)",
                "ExpressionAttributeValues": {":v": {"S": "v"}},
            },
        )


def test_equal_keys_are_told_before_one_that_does_not_fit_the_table() -> None:
    keys = [{"pk": {"S": "a"}, "x": {"S": "b"}}, {"pk": {"S": "c"}}, {"pk": {"S": "c"}}]
    with pytest.raises(DynamoDbError, match="Provided list of item keys contains duplicates"):
        a_table().handle("BatchGetItem", {"RequestItems": {"Things": {"Keys": keys}}})
