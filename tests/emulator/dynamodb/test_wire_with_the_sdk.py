"""boto3 over the wire protocol, without a network: the SDK is the contract."""

import io
from collections.abc import Iterator
from random import Random
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from harness.clock import ManualClock
from harness.emulator.aws_api.requests import aws_call
from harness.emulator.dynamodb.settings import DynamoDbSettings
from harness.emulator.dynamodb.wire import DynamoDbApi
from harness.emulator.port.http import Headers, Request
from tests.emulator.dynamodb.engines import ACCOUNT, REGION, a_table, an_index, item


class Content(io.BytesIO):
    """A body that the SDK streams."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


class Wire:
    """Answers what botocore is about to send; `sent` are the operations."""

    def __init__(self) -> None:
        self.api = DynamoDbApi(account=ACCOUNT, clock=ManualClock(), random=Random(1))
        self.sent: list[str] = []

    def client(self, service: str = "dynamodb", **config: Any) -> Any:
        made: Any = boto3.client(  # type: ignore[call-overload]
            service,
            region_name=REGION,
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            config=Config(**config),
        )
        made.meta.events.register("before-send", self._answer)
        return made

    def _answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        fields = tuple((name, _text(value)) for name, value in request.headers.items())
        assert isinstance(request.body, bytes)
        asked = Request("POST", "/", "", Headers(fields), request.body)
        call = aws_call(asked)
        assert call is not None
        self.sent.append(call.operation)
        response = self.api.answer(call, asked)
        headers = HTTPHeaders()
        for name, value in response.headers:
            headers[name] = value
        return AWSResponse(request.url, response.status, headers, Content(response.body))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def test_pages_are_followed_and_binary_arrives_as_bytes() -> None:
    client = Wire().client()
    client.create_table(**a_table())
    client.get_waiter("table_exists").wait(TableName="Things")
    for number in range(5):
        client.put_item(TableName="Things", Item=item(pk="a", sk=str(number), b={"B": b"\x00\xff"}))
    pages = client.get_paginator("query").paginate(
        TableName="Things",
        KeyConditionExpression="pk = :a",
        ExpressionAttributeValues={":a": {"S": "a"}},
        PaginationConfig={"PageSize": 2},
    )
    found = [one for page in pages for one in page["Items"]]
    assert [one["sk"]["S"] for one in found] == list("01234")
    assert found[0]["b"]["B"] == b"\x00\xff"


@pytest.mark.aws("D-20", "D-22")
def test_errors_are_raised_by_name_with_what_they_carry() -> None:
    client = Wire().client()
    client.create_table(**a_table(key="pk"))
    client.put_item(TableName="Things", Item=item(pk="a"))
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as failed:
        client.delete_item(
            TableName="Things",
            Key=item(pk="a"),
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert failed.value.response["Item"] == item(pk="a")
    with pytest.raises(client.exceptions.TransactionCanceledException) as cancelled:
        put = {"TableName": "Things", "Item": item(pk="a"), "ConditionExpression": "attribute_not_exists(pk)"}
        client.transact_write_items(TransactItems=[{"Put": put}])
    assert cancelled.value.response["CancellationReasons"] == [
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    ]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_table(TableName="Nothing")


@pytest.mark.aws("D-65")
def test_the_sdk_retries_what_is_throttled_and_says_nothing() -> None:
    wire = Wire()
    client = wire.client(retries={"mode": "standard", "max_attempts": 2})
    client.create_table(**a_table(key="pk"))
    wire.api.configure(DynamoDbSettings(throttle_every=2))
    client.put_item(TableName="Things", Item=item(pk="a"))
    answer = client.put_item(TableName="Things", Item=item(pk="b"))
    assert wire.sent == ["CreateTable", "PutItem", "PutItem", "PutItem"]
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


@pytest.mark.aws("D-60", "D-62")
def test_a_throttled_request_carries_its_reasons() -> None:
    wire = Wire()
    client = wire.client(retries={"mode": "standard", "total_max_attempts": 1})
    client.create_table(**a_table(ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}))
    wire.api.configure(DynamoDbSettings(throttle_every=1))
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException) as throttled:
        client.scan(TableName="Things")
    (reason,) = throttled.value.response["ThrottlingReasons"]
    assert reason["reason"] == "TableReadProvisionedThroughputExceeded"


def test_a_stream_is_read_through_the_sdk() -> None:
    wire = Wire()
    client, streams = wire.client(), wire.client("dynamodbstreams")
    created = client.create_table(
        **a_table(
            key="pk",
            global_indexes={"ByX": an_index("x")},
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
    )
    client.put_item(TableName="Things", Item=item(pk="a"))
    arn = created["TableDescription"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    place = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )
    (record,) = streams.get_records(ShardIterator=place["ShardIterator"])["Records"]
    assert (record["eventName"], record["dynamodb"]["NewImage"]) == ("INSERT", item(pk="a"))
