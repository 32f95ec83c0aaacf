"""Functions and gateway here, table and topic elsewhere: whoever looks sees one AWS."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from websockets.sync.client import connect

from harness.record.observation import ConnectionPosted, InvocationStarted, RowDeleted, RowWritten
from tests.hybrid.conftest import Hybrid
from tests.patience import WAIT

KEY = {"id": {"S": "a"}}


@pytest.fixture
def room(hybrid: Hybrid) -> Iterator[Hybrid]:
    """The table is empty and nothing has been seen yet."""
    assert hybrid.quiet()
    hybrid.seen()
    yield hybrid
    table = hybrid.there("dynamodb")
    for item in table.scan(TableName="Rooms")["Items"]:
        table.delete_item(TableName="Rooms", Key={"id": item["id"]})


def rows_seen(hybrid: Hybrid) -> list[tuple[str, ...]]:
    """(kind, key, operation) of each row that was seen to change."""
    found: list[tuple[str, ...]] = []
    for one in hybrid.seen():
        match one:
            case RowWritten(key=key, operation=operation):
                found.append(("written", key, operation))
            case RowDeleted(key=key):
                found.append(("deleted", key))
    return found


@pytest.mark.aws("S-1", "S-2", "S-3", "S-5", "S-6", "S-7", "S-26")
def test_a_publish_reaches_the_client_through_table_and_topic_elsewhere(room: Hybrid) -> None:
    with connect(room.testbed.deployment.url, open_timeout=WAIT) as client:
        published = room.client("sns").publish(TopicArn=room.topic_arn, Message='{"price":1}')
        event = json.loads(client.recv(timeout=WAIT))
    sns = event["Records"][0]["Sns"]
    (subscription,) = room.client("sns").list_subscriptions_by_topic(TopicArn=room.topic_arn)["Subscriptions"]
    assert event == {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription["SubscriptionArn"],
                "Sns": {
                    "Type": "Notification",
                    "MessageId": published["MessageId"],
                    "TopicArn": room.topic_arn,
                    "Subject": None,
                    "Message": '{"price":1}',
                    "Timestamp": sns["Timestamp"],
                    "SignatureVersion": "1",
                    "Signature": sns["Signature"],
                    "SigningCertUrl": sns["SigningCertUrl"],
                    "UnsubscribeUrl": sns["UnsubscribeUrl"],
                    "MessageAttributes": {},
                },
            }
        ]
    }
    assert sns["Timestamp"].endswith("Z") and "http" in sns["SigningCertUrl"]


def test_each_row_is_seen_with_the_invocation_that_changed_it(room: Hybrid) -> None:
    with connect(room.testbed.deployment.url, open_timeout=WAIT):
        room.client("sns").publish(TopicArn=room.topic_arn, Message="hello")
        assert room.quiet()
    assert room.quiet()
    seen = room.seen()
    by_function = {one.function: one.request for one in seen if isinstance(one, InvocationStarted)}
    assert [(type(one), one.request) for one in seen if isinstance(one, RowWritten | RowDeleted)] == [
        (RowWritten, by_function["hybrid-connect"]),
        (RowDeleted, by_function["hybrid-disconnect"]),
    ]
    assert [one.request for one in seen if isinstance(one, ConnectionPosted)] == [
        by_function["hybrid-fan_out"]
    ]


def test_quiet_waits_for_what_is_still_inside_the_topic_elsewhere(room: Hybrid) -> None:
    published = {
        room.client("sns").publish(TopicArn=room.topic_arn, Message=str(number))["MessageId"]
        for number in range(20)
    }
    batch = [{"Id": str(number), "Message": "in a batch"} for number in range(10)]
    answer = room.client("sns").publish_batch(TopicArn=room.topic_arn, PublishBatchRequestEntries=batch)
    published |= {one["MessageId"] for one in answer["Successful"]}
    assert room.quiet()
    delivered = [one.messages for one in room.seen() if isinstance(one, InvocationStarted)]
    assert sorted(delivered) == sorted((message_id,) for message_id in published)


PUT = {"TableName": "Rooms", "Item": {"id": {"S": "a"}, "n": {"N": "1"}}}
UPDATE = {
    "TableName": "Rooms",
    "Key": KEY,
    "UpdateExpression": "SET n = :n",
    "ExpressionAttributeValues": {":n": {"N": "2"}},
}
DELETE = {"TableName": "Rooms", "Key": KEY}
NEVER = {"ConditionExpression": "attribute_exists(nothing)"}

CHANGES = [
    pytest.param([("put_item", PUT)], [("written", "a", "PutItem")], id="a put"),
    pytest.param([("update_item", UPDATE)], [("written", "a", "UpdateItem")], id="an update"),
    pytest.param([("put_item", {**PUT, **NEVER})], [], id="a put whose condition does not hold"),
    pytest.param([("delete_item", DELETE)], [], id="a delete of nothing"),
    pytest.param(
        [("put_item", PUT), ("delete_item", DELETE)],
        [("written", "a", "PutItem"), ("deleted", "a")],
        id="a delete",
    ),
    pytest.param(
        [("put_item", PUT), ("delete_item", {**DELETE, "ReturnValues": "ALL_OLD"})],
        [("written", "a", "PutItem"), ("deleted", "a")],
        id="a delete that asks for the row",
    ),
    pytest.param(
        [
            ("put_item", PUT),
            (
                "batch_write_item",
                {
                    "RequestItems": {
                        "Rooms": [
                            {"PutRequest": {"Item": {"id": {"S": "b"}}}},
                            {"DeleteRequest": {"Key": KEY}},
                        ]
                    }
                },
            ),
        ],
        [("written", "a", "PutItem"), ("written", "b", "PutItem"), ("deleted", "a")],
        id="a batch",
    ),
    pytest.param(
        [
            ("put_item", PUT),
            (
                "transact_write_items",
                {
                    "TransactItems": [
                        {"Put": {"TableName": "Rooms", "Item": {"id": {"S": "b"}}}},
                        {"Update": {**UPDATE, "Key": {"id": {"S": "c"}}}},
                        {"Delete": DELETE},
                    ]
                },
            ),
        ],
        [
            ("written", "a", "PutItem"),
            ("written", "b", "PutItem"),
            ("written", "c", "UpdateItem"),
            ("deleted", "a"),
        ],
        id="a transaction",
    ),
    pytest.param([("scan", {"TableName": "Rooms"})], [], id="reading"),
]


@pytest.mark.parametrize(("calls", "seen"), CHANGES)
def test_what_changes_a_row_is_seen(
    room: Hybrid, calls: list[tuple[str, dict[str, Any]]], seen: list[tuple[str, ...]]
) -> None:
    for operation, arguments in calls:
        room.call(operation, **arguments)
    assert rows_seen(room) == seen


def test_a_delete_returns_the_old_row_to_who_asks_for_it_only(room: Hybrid) -> None:
    room.call("put_item", **PUT)
    assert room.call("delete_item", **DELETE) == {}
    room.call("put_item", **PUT)
    assert room.call("delete_item", **DELETE, ReturnValues="ALL_OLD") == {"Attributes": PUT["Item"]}


def test_an_answer_that_was_shortened_keeps_no_checksum_of_the_longer_one(room: Hybrid) -> None:
    dynamodb = room.client("dynamodb")
    dynamodb.put_item(**PUT)
    headers = dynamodb.delete_item(**DELETE)["ResponseMetadata"]["HTTPHeaders"]
    assert "x-amz-crc32" not in headers  # SDKs refuse an answer that does not match it


def test_rows_and_topics_are_really_elsewhere(room: Hybrid) -> None:
    room.call("put_item", **PUT)
    assert room.there("dynamodb").scan(TableName="Rooms")["Items"] == [PUT["Item"]]
    assert {"TopicArn": room.topic_arn} in room.there("sns").list_topics()["Topics"]


def test_a_function_is_shown_as_a_function_and_known_there_by_an_address(room: Hybrid) -> None:
    function = room.testbed.deployment.outputs["functions.fan_out.arn"]
    (here,) = room.client("sns").list_subscriptions_by_topic(TopicArn=room.topic_arn)["Subscriptions"]
    (there,) = room.there("sns").list_subscriptions_by_topic(TopicArn=room.topic_arn)["Subscriptions"]
    attributes = room.client("sns").get_subscription_attributes(SubscriptionArn=here["SubscriptionArn"])
    assert (here["Protocol"], here["Endpoint"]) == ("lambda", function)
    assert there["Protocol"] == "http" and there["Endpoint"].startswith(room.backend.endpoint)
    assert there["SubscriptionArn"] == here["SubscriptionArn"]
    assert attributes["Attributes"]["Endpoint"] == function


def test_subscribing_a_function_twice_is_one_subscription(room: Hybrid) -> None:
    function = room.testbed.deployment.outputs["functions.fan_out.arn"]
    again = room.client("sns").subscribe(TopicArn=room.topic_arn, Protocol="lambda", Endpoint=function)
    (only,) = room.client("sns").list_subscriptions_by_topic(TopicArn=room.topic_arn)["Subscriptions"]
    assert again["SubscriptionArn"] == only["SubscriptionArn"]


@pytest.mark.aws("S-19", "S-20", "S-23")
def test_nothing_is_awaited_that_a_filter_policy_holds_back(room: Hybrid) -> None:
    sns = room.client("sns")
    topic_arn = sns.create_topic(Name="Filtered")["TopicArn"]
    arn = sns.subscribe(
        TopicArn=topic_arn,
        Protocol="lambda",
        Endpoint=room.testbed.deployment.outputs["functions.fan_out.arn"],
        Attributes={"FilterPolicy": '{"kind":["depth"]}'},
    )["SubscriptionArn"]
    depth = {"kind": {"DataType": "String", "StringValue": "depth"}}
    sns.publish(TopicArn=topic_arn, Message="held back")
    assert room.page("elsewhere")["awaited_notifications"] == 0
    passed = sns.publish(TopicArn=topic_arn, Message="let through", MessageAttributes=depth)["MessageId"]
    assert room.quiet()
    assert [one.messages for one in room.seen() if isinstance(one, InvocationStarted)] == [(passed,)]
    sns.set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue='{"kind":["trade"]}'
    )
    sns.publish(TopicArn=topic_arn, Message="held back", MessageAttributes=depth)
    assert room.page("elsewhere")["awaited_notifications"] == 0
    sns.delete_topic(TopicArn=topic_arn)


def test_a_text_for_functions_reaches_functions(room: Hybrid) -> None:
    with connect(room.testbed.deployment.url, open_timeout=WAIT) as client:
        texts = json.dumps({"default": "for all", "lambda": "for functions", "http": "for web sites"})
        room.client("sns").publish(TopicArn=room.topic_arn, Message=texts, MessageStructure="json")
        assert json.loads(client.recv(timeout=WAIT))["Records"][0]["Sns"]["Message"] == "for functions"


def test_an_unsubscribed_function_gets_nothing_more(room: Hybrid) -> None:
    sns = room.client("sns")
    topic_arn = sns.create_topic(Name="Left")["TopicArn"]
    function = room.testbed.deployment.outputs["functions.fan_out.arn"]
    arn = sns.subscribe(TopicArn=topic_arn, Protocol="lambda", Endpoint=function)["SubscriptionArn"]
    sns.unsubscribe(SubscriptionArn=arn)
    sns.publish(TopicArn=topic_arn, Message="to nobody")
    assert room.page("elsewhere")["awaited_notifications"] == 0
    assert sns.list_subscriptions_by_topic(TopicArn=topic_arn)["Subscriptions"] == []


def test_errors_from_elsewhere_keep_their_names(room: Hybrid) -> None:
    with pytest.raises(ClientError) as missing:
        room.client("dynamodb").describe_table(TableName="Nowhere")
    with pytest.raises(ClientError) as unknown:
        room.client("sns").publish(TopicArn=room.topic_arn + "X", Message="lost")
    assert missing.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert unknown.value.response["Error"]["Code"] == "NotFound"
    assert room.quiet()


def test_a_queue_here_cannot_listen_to_a_topic_elsewhere(room: Hybrid) -> None:
    with pytest.raises(ClientError, match="put sqs there too"):
        room.client("sns").subscribe(
            TopicArn=room.topic_arn, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:here"
        )


def test_what_is_elsewhere_is_told(room: Hybrid) -> None:
    there = {"endpoint": room.elsewhere, "reachable": True, "reason": ""}
    assert room.page("elsewhere") == {
        "services": {"dynamodb": there, "sns": there},
        "awaited_notifications": 0,
    }
