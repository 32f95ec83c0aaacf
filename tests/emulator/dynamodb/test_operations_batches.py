"""BatchGetItem and BatchWriteItem: many operations in one request, none of which knows of the others."""

import pytest

from harness.emulator.dynamodb.database import Change
from harness.emulator.dynamodb.settings import DynamoDbSettings
from tests.emulator.dynamodb.engines import Body, Engine, a_table, an_engine, an_index, item


def things() -> Engine:
    return an_engine(a_table(local_indexes={"ByX": an_index("pk x")}), a_table("Others", key="id"))


def puts(*items: Body) -> list[Body]:
    return [{"PutRequest": {"Item": one}} for one in items]


def deletes(*keys: Body) -> list[Body]:
    return [{"DeleteRequest": {"Key": one}} for one in keys]


def gets(*keys: Body, **more: object) -> Body:
    return {"Keys": list(keys), **more}


def key(number: int) -> Body:
    return item(pk="a", sk=str(number))


def test_a_batch_writes_and_deletes_in_several_tables() -> None:
    engine = things()
    engine("PutItem", TableName="Things", Item=key(3))
    answer = engine(
        "BatchWriteItem",
        RequestItems={"Things": puts(key(1), key(2)) + deletes(key(3)), "Others": puts(item(id="x"))},
        ReturnConsumedCapacity="TOTAL",
        ReturnItemCollectionMetrics="SIZE",
    )
    assert answer == {
        "UnprocessedItems": {},
        "ItemCollectionMetrics": {
            "Things": [{"ItemCollectionKey": item(pk="a"), "SizeEstimateRangeGB": [0.0, 1.0]}]
        },
        "ConsumedCapacity": [
            {"TableName": "Things", "CapacityUnits": 3.0},
            {"TableName": "Others", "CapacityUnits": 1.0},
        ],
    }
    assert engine("Scan", TableName="Things")["Items"] == [key(1), key(2)]
    assert engine.changes[1:] == [
        Change("Things", "a", "PutItem", None),
        Change("Things", "a", "PutItem", None),
        Change("Things", "a", "DeleteItem", None),
        Change("Others", "x", "PutItem", None),
    ]


def test_a_batch_gets_what_is_there_from_several_tables() -> None:
    engine = things()
    for number in (1, 2):
        engine("PutItem", TableName="Things", Item=key(number) | item(x="x"))
    engine("PutItem", TableName="Others", Item=item(id="x", y="y"))
    answer = engine(
        "BatchGetItem",
        RequestItems={
            "Things": gets(key(2), key(9), key(1), ProjectionExpression="sk"),
            "Others": gets(item(id="x"), ConsistentRead=True),
        },
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer == {
        "Responses": {"Things": [item(sk="2"), item(sk="1")], "Others": [item(id="x", y="y")]},
        "UnprocessedKeys": {},
        "ConsumedCapacity": [
            {"TableName": "Things", "CapacityUnits": 1.5},
            {"TableName": "Others", "CapacityUnits": 1.0},
        ],
    }


def test_more_than_16_mb_of_items_come_in_several_answers() -> None:
    engine = things()
    for number in range(50):
        engine("PutItem", TableName="Things", Item=key(number) | item(payload="x" * 400_000))
    asked = {"Things": gets(*map(key, range(50)), ProjectionExpression="sk")}
    first = engine("BatchGetItem", RequestItems=asked)
    left = first["UnprocessedKeys"]
    assert len(first["Responses"]["Things"]) == 41
    assert left == {"Things": gets(*map(key, range(41, 50)), ProjectionExpression="sk")}
    second = engine("BatchGetItem", RequestItems=left)
    assert (len(second["Responses"]["Things"]), second["UnprocessedKeys"]) == (9, {})


@pytest.mark.aws("D-24")
@pytest.mark.parametrize(
    ("requested", "message"),
    [
        pytest.param(
            {"Things": puts(*map(key, range(13))), "Others": puts(*(item(id=str(n)) for n in range(13)))},
            "Too many items requested for the BatchWriteItem call",
            id="26 in two tables",
        ),
        pytest.param(
            {"Things": []},
            "1 validation error detected: Value '{Things=[]}' at 'requestItems' failed to satisfy constraint: Map "
            "value must satisfy constraint: [Member must have length less than or equal to 25, Member must have "
            "length greater than or equal to 1]",
            id="nothing for a table",
        ),
        pytest.param(
            {"Things": puts(key(1)) + deletes(key(1))},
            "Provided list of item keys contains duplicates",
            id="one item twice",
        ),
        pytest.param(
            {"Things": [puts(key(1))[0] | deletes(key(2))[0]]},
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
            "datatypes",
            id="put and delete in one",
        ),
        pytest.param(
            {"Things": puts(item(pk="a"))},
            "The provided key element does not match the schema",
            id="half a key",
        ),
        pytest.param(
            {"Things": puts(key(1), key(2) | item(x="x" * 410_000))},
            "Item size has exceeded the maximum allowed size",
            id="one item too large",
        ),
    ],
)
def test_a_batch_of_writes_that_cannot_be_done_does_nothing(requested: Body, message: str) -> None:
    engine = things()
    assert engine.message("BatchWriteItem", RequestItems=requested) == message
    assert engine.changes == []


@pytest.mark.aws("D-24")
def test_more_than_25_writes_to_a_table_are_too_many() -> None:
    message = things().message("BatchWriteItem", RequestItems={"Things": puts(*map(key, range(26)))})
    assert message.endswith(
        "at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have "
        "length less than or equal to 25, Member must have length greater than or equal to 1]"
    )


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        pytest.param(
            {"Things": gets(*map(key, range(60))), "Others": gets(*(item(id=str(n)) for n in range(60)))},
            "Too many items requested for the BatchGetItem call",
            id="more than 100",
        ),
        pytest.param(
            {"Things": gets(key(1), key(1))},
            "Provided list of item keys contains duplicates",
            id="a key twice",
        ),
        pytest.param(
            {"Things": gets(item(pk="a"))},
            "The provided key element does not match the schema",
            id="half a key",
        ),
        pytest.param(
            {"Things": gets(key(1), AttributesToGet=["pk"])},
            "The legacy parameter AttributesToGet is not emulated by fanout-harness; use ProjectionExpression "
            "instead.",
            id="legacy",
        ),
    ],
)
def test_a_batch_of_gets_that_makes_no_sense_is_refused(requested: Body, message: str) -> None:
    assert things().message("BatchGetItem", RequestItems=requested) == message


@pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem"])
def test_a_batch_with_an_unknown_table_is_refused_as_a_whole(operation: str) -> None:
    engine = things()
    asked = gets(key(1)) if operation == "BatchGetItem" else puts(key(1))
    error = engine.refusal(operation, RequestItems={"Things": asked, "Nowhere": asked})
    assert error.code == "ResourceNotFoundException"
    assert engine.changes == []


@pytest.mark.aws("D-24", "D-60")
def test_what_there_is_no_throughput_for_comes_back_unprocessed() -> None:
    engine = an_engine(a_table(ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}))
    engine.dynamodb.configure(DynamoDbSettings(limit_throughput=True))
    writes = puts(*map(key, range(4)))
    assert engine("BatchWriteItem", RequestItems={"Things": writes}) == {
        "UnprocessedItems": {"Things": writes[2:]}
    }
    error = engine.refusal("BatchWriteItem", RequestItems={"Things": writes[2:]})
    assert error.code == "ProvisionedThroughputExceededException"
    engine.clock.advance(1.0)
    assert engine("BatchWriteItem", RequestItems={"Things": writes[2:]}) == {"UnprocessedItems": {}}
    read = engine("BatchGetItem", RequestItems={"Things": gets(*map(key, range(4)))})
    assert read == {
        "Responses": {"Things": [key(0), key(1)]},
        "UnprocessedKeys": {"Things": gets(key(2), key(3))},
    }
    error = engine.refusal("BatchGetItem", RequestItems={"Things": gets(key(2))})
    assert error.code == "ProvisionedThroughputExceededException"
