"""What happens later: index lag, deletion of expired items, and throughput that fills up again."""

from typing import Any

import pytest

from harness.emulator.dynamodb.database import Change
from harness.emulator.dynamodb.settings import DynamoDbSettings
from tests.emulator.dynamodb.engines import Body, Engine, a_table, an_engine, an_index, item

NOW = 1_700_000_000
KEY = item(pk="a", sk="1")
FIVE_YEARS = 5 * 366 * 86400


def things(**settings: Any) -> Engine:
    engine = an_engine(
        a_table(
            types={"x": "S"},
            global_indexes={"ByColour": an_index("colour")},
            local_indexes={"ByX": an_index("pk x")},
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"},
        )
    )
    engine("UpdateTimeToLive", TableName="Things", TimeToLiveSpecification=TTL)
    engine.dynamodb.configure(DynamoDbSettings(**settings))
    return engine


TTL = {"AttributeName": "expireAt", "Enabled": True}


def put(engine: Engine, sort: str = "1", **attributes: str | int | Body) -> None:
    engine("PutItem", TableName="Things", Item=item(pk="a", sk=sort, **attributes))


def sort_keys(engine: Engine, index: str | None = None) -> list[str]:
    of_index: Body = {} if index is None else {"IndexName": index}
    return sorted(one["sk"]["S"] for one in engine("Scan", TableName="Things", **of_index)["Items"])


# --- lag of global indexes --------------------------------------------------------------------------------


@pytest.mark.aws("D-9")
def test_a_global_index_follows_the_table_after_the_lag_and_a_local_one_at_once() -> None:
    engine = things(index_lag=0.5)
    put(engine, colour="red", x="x")
    assert (sort_keys(engine), sort_keys(engine, "ByX"), sort_keys(engine, "ByColour")) == (["1"], ["1"], [])
    engine.clock.advance(0.5)
    assert sort_keys(engine, "ByColour") == ["1"]


@pytest.mark.aws("D-9")
def test_a_row_that_was_deleted_is_a_ghost_in_the_index_until_the_lag_is_over() -> None:
    engine = things()
    put(engine, colour="red")
    engine.dynamodb.configure(DynamoDbSettings(index_lag=1.0))
    engine("DeleteItem", TableName="Things", Key=KEY)
    assert (sort_keys(engine), sort_keys(engine, "ByColour")) == ([], ["1"])
    engine.clock.advance(1.0)
    assert sort_keys(engine, "ByColour") == []


def test_the_index_is_up_to_date_as_soon_as_the_lag_is_switched_off() -> None:
    engine = things(index_lag=1.0)
    put(engine, colour="red")
    assert sort_keys(engine, "ByColour") == []
    engine.dynamodb.configure(DynamoDbSettings())
    assert sort_keys(engine, "ByColour") == ["1"]
    engine("DeleteItem", TableName="Things", Key=KEY)
    assert sort_keys(engine, "ByColour") == []
    engine.clock.advance(1.0)
    assert sort_keys(engine, "ByColour") == []


# --- time to live -----------------------------------------------------------------------------------------


@pytest.mark.aws("D-42", "D-43")
def test_nothing_is_ever_deleted_on_time_unless_it_is_switched_on() -> None:
    engine = things()
    put(engine, expireAt=NOW - 1)
    engine.clock.advance(10 * 86400.0)
    assert sort_keys(engine) == ["1"]


@pytest.mark.aws("D-42", "D-44", "D-45")
def test_an_expired_item_is_deleted_after_the_delay_from_indexes_too_and_by_the_service() -> None:
    engine = things(ttl_delay=60.0)
    put(engine, colour="red", expireAt=NOW + 10)
    put(engine, "2", colour="red", expireAt=NOW + 20)
    engine.clock.advance(69.0)
    assert sort_keys(engine) == ["1", "2"]
    engine.clock.advance(1.0)
    assert (sort_keys(engine), sort_keys(engine, "ByColour")) == (["2"], ["2"])
    (removed,) = [one for one in stream_records(engine) if one["eventName"] == "REMOVE"]
    assert engine.changes[-1] == Change("Things", "a", "DeleteItem", None, record=removed["eventID"])
    assert removed["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert removed["dynamodb"]["OldImage"] == item(pk="a", sk="1", colour="red", expireAt=NOW + 10)


def stream_records(engine: Engine) -> list[Body]:
    (stream,) = engine("ListStreams")["Streams"]
    described = engine("DescribeStream", StreamArn=stream["StreamArn"])["StreamDescription"]
    place = engine(
        "GetShardIterator",
        StreamArn=stream["StreamArn"],
        ShardId=described["Shards"][0]["ShardId"],
        ShardIteratorType="TRIM_HORIZON",
    )
    found: list[Body] = engine("GetRecords", **place)["Records"]
    return found


@pytest.mark.parametrize(
    "expiry",
    [
        pytest.param({"S": str(NOW - 10)}, id="a string", marks=pytest.mark.aws("D-40")),
        pytest.param({"M": {"at": {"N": str(NOW - 10)}}}, id="in a map", marks=pytest.mark.aws("D-40")),
        pytest.param({"N": str(NOW * 1000)}, id="milliseconds", marks=pytest.mark.aws("D-40")),
        pytest.param({"N": str(NOW - FIVE_YEARS)}, id="five years ago", marks=pytest.mark.aws("D-41")),
        pytest.param({"N": "9" * 38 + "0" * 80}, id="a number beyond all time"),
    ],
)
def test_what_is_no_time_in_seconds_never_expires(expiry: Body) -> None:
    engine = things(ttl_delay=0.0)
    put(engine, expireAt=expiry)
    engine.clock.advance(86400.0)
    assert sort_keys(engine) == ["1"]


@pytest.mark.aws("D-43")
def test_an_update_of_the_expiry_rescues_the_row() -> None:
    engine = things(ttl_delay=60.0)
    put(engine, expireAt=NOW + 10)
    engine(
        "UpdateItem",
        TableName="Things",
        Key=KEY,
        UpdateExpression="SET expireAt = :later",
        ExpressionAttributeValues={":later": {"N": str(NOW + 100)}},
    )
    engine.clock.advance(159.0)
    assert sort_keys(engine) == ["1"]
    engine.clock.advance(1.0)
    assert sort_keys(engine) == []


def test_items_that_were_there_before_expire_once_it_is_switched_on() -> None:
    engine = things()
    put(engine, expireAt=NOW - 100)
    put(engine, "2", expireAt=NOW + 100)
    engine.dynamodb.configure(DynamoDbSettings(ttl_delay=1.0))
    assert sort_keys(engine) == ["2"]
    engine.dynamodb.configure(DynamoDbSettings())
    engine.clock.advance(1000.0)
    assert sort_keys(engine) == ["2"]


@pytest.mark.aws("D-46")
def test_a_table_has_one_ttl_attribute() -> None:
    engine = an_engine(a_table())
    describe: Body = {"TableName": "Things"}
    disabled = {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    assert engine("DescribeTimeToLive", **describe) == disabled
    enabled = engine("UpdateTimeToLive", TableName="Things", TimeToLiveSpecification=TTL)
    assert enabled == {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expireAt"}}
    assert engine("DescribeTimeToLive", **describe) == {
        "TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "expireAt"}
    }
    refused = [
        ({"AttributeName": "expireAt", "Enabled": True}, "TimeToLive is already enabled"),
        (
            {"AttributeName": "ttl", "Enabled": True},
            "TimeToLive is active on a different AttributeName: current AttributeName is expireAt",
        ),
    ]
    for asked, message in refused:
        assert (
            engine.message("UpdateTimeToLive", TableName="Things", TimeToLiveSpecification=asked) == message
        )
    engine("UpdateTimeToLive", TableName="Things", TimeToLiveSpecification={**TTL, "Enabled": False})
    assert engine("DescribeTimeToLive", **describe) == disabled


# --- throttling -------------------------------------------------------------------------------------------

PROVISIONED = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/Things"


def provisioned(**settings: Any) -> Engine:
    index = an_index("colour") | {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
    engine = an_engine(a_table(ProvisionedThroughput=PROVISIONED, global_indexes={"ByColour": index}))
    engine.dynamodb.configure(DynamoDbSettings(**settings))
    return engine


def reason(error: Any) -> tuple[str, str, str]:
    (told,) = error.extra["ThrottlingReasons"]
    return error.code, told["reason"], told["resource"]


@pytest.mark.aws("D-60", "D-62")
def test_a_provisioned_table_is_throttled_when_its_units_are_spent_and_fills_up_again() -> None:
    engine = provisioned(limit_throughput=True)
    for sort in "12":
        put(engine, sort)
    error = engine.refusal("PutItem", TableName="Things", Item=KEY)
    assert error.message == (
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API."
    )
    assert reason(error) == (
        "ProvisionedThroughputExceededException",
        "TableWriteProvisionedThroughputExceeded",
        ARN,
    )
    assert sort_keys(engine) == ["1", "2"]
    engine.clock.advance(0.5)
    put(engine, "3")
    assert engine.refusal("PutItem", TableName="Things", Item=KEY).code == error.code


@pytest.mark.aws("D-60", "D-63")
def test_an_index_without_throughput_holds_up_the_writes_that_change_it() -> None:
    engine = provisioned(limit_throughput=True)
    put(engine, "1", colour="red")
    error = engine.refusal("PutItem", TableName="Things", Item=item(pk="a", sk="2", colour="red"))
    assert reason(error)[1:] == ("IndexWriteProvisionedThroughputExceeded", f"{ARN}/index/ByColour")
    put(engine, "2")


def test_unused_throughput_is_kept_for_five_minutes() -> None:
    engine = provisioned(limit_throughput=True)
    put(engine, "0")
    engine.clock.advance(10_000.0)
    for number in range(600):
        put(engine, str(number))
    assert engine.refusal("PutItem", TableName="Things", Item=KEY).code.startswith("Provisioned")


@pytest.mark.aws("D-61", "D-63")
def test_a_partition_on_demand_has_aws_limits() -> None:
    engine = things(limit_throughput=True)
    put(engine, payload="x" * 300_000)
    for _ in range(3):
        put(engine, payload="y" * 300_000)
    error = engine.refusal("PutItem", TableName="Things", Item=KEY)
    assert error.message.startswith("Throughput exceeds the current capacity of your table or index.")
    assert reason(error) == ("ThrottlingException", "TableWriteKeyRangeThroughputExceeded", ARN)
    engine("PutItem", TableName="Things", Item=item(pk="other", sk="1"))


@pytest.mark.aws("D-61", "D-64")
def test_a_new_table_on_demand_takes_4000_units_in_its_first_second() -> None:
    engine = an_engine(a_table(key="pk"))
    engine.dynamodb.configure(DynamoDbSettings(limit_throughput=True))
    for number in range(14):
        engine("PutItem", TableName="Things", Item=item(pk=str(number), payload="x" * 300_000))
    error = engine.refusal("PutItem", TableName="Things", Item=item(pk="more"))
    assert (error.code, reason(error)[2]) == ("ThrottlingException", ARN)
    engine.clock.advance(1.0)
    engine("PutItem", TableName="Things", Item=item(pk="more"))


@pytest.mark.aws("D-60", "D-61")
@pytest.mark.parametrize(
    ("engine", "code"),
    [(provisioned, "ProvisionedThroughputExceededException"), (things, "ThrottlingException")],
)
def test_every_nth_request_on_items_can_be_throttled(engine: Any, code: str) -> None:
    made: Engine = engine(throttle_every=3)
    put(made, "1")
    made("DescribeTable", TableName="Things")
    made("GetItem", TableName="Things", Key=KEY)
    assert made.refusal("Query", **by_key()).code == code
    made("Query", **by_key())
    put(made, "2")
    get = {"Get": {"TableName": "Things", "Key": KEY}}
    assert made.refusal("TransactGetItems", TransactItems=[get]).code == code
    made.dynamodb.configure(DynamoDbSettings())
    assert sort_keys(made) == ["1", "2"]


def by_key() -> Body:
    return {
        "TableName": "Things",
        "KeyConditionExpression": "pk = :a",
        "ExpressionAttributeValues": {":a": {"S": "a"}},
    }


@pytest.mark.aws("D-22")
def test_a_condition_that_fails_consumes_capacity_all_the_same() -> None:
    engine = provisioned(limit_throughput=True)
    for _ in range(2):
        refused = engine.refusal(
            "PutItem", TableName="Things", Item=KEY, ConditionExpression="attribute_exists(pk)"
        )
        assert refused.code == "ConditionalCheckFailedException"
    assert engine.refusal("PutItem", TableName="Things", Item=KEY).code.startswith("Provisioned")
