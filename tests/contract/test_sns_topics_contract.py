"""Topics and their limits, filter policies for queues, raw delivery, and what CloudWatch counts."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest

from tests.contract.conftest import REGION, Clients, Deployed, a_name, error_of

MIB = 1_048_576
Subscribed: TypeAlias = Callable[..., str]


@pytest.fixture
def topic(sns: Any) -> str:
    return str(sns.create_topic(Name=a_name("topic"))["TopicArn"])


@pytest.fixture
def subscribed(sns: Any, sqs: Any, topic: str) -> Subscribed:
    """Subscribes a queue with these attributes to the topic, and returns its URL."""

    def subscribe(to: str = topic, **attributes: str) -> str:
        url = str(sqs.create_queue(QueueName=a_name("queue"))["QueueUrl"])
        named = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        sns.subscribe(TopicArn=to, Protocol="sqs", Endpoint=named["QueueArn"], Attributes=attributes)
        return url

    return subscribe


def received(sqs: Any, url: str) -> Any:
    """The next message of a queue, taken out of it."""
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10, MessageAttributeNames=["All"])[
        "Messages"
    ]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return message


# --- large messages -----------------------------------------------------------------------------------------


@pytest.mark.aws("S-25")
def test_a_topic_may_take_messages_of_one_mebibyte(
    sns: Any, sqs: Any, deployed: Deployed, subscribed: Subscribed
) -> None:
    large = sns.create_topic(Name=a_name("large"), Attributes={"MaximumMessageSize": str(MIB)})["TopicArn"]
    url = subscribed(large, RawMessageDelivery="true")
    shown = sns.get_topic_attributes(TopicArn=large)["Attributes"]["MaximumMessageSize"]
    sns.publish(TopicArn=large, Message="x" * MIB)

    assert shown == str(MIB)
    assert received(sqs, url)["Body"] == "x" * MIB
    assert error_of(sns.publish, TopicArn=large, Message="x" * (MIB + 1)) == (
        "InvalidParameter",
        "Invalid parameter: Message too long",
    )


@pytest.mark.aws("S-24", "S-25")
def test_the_limit_of_a_topic_can_be_lowered_and_counts_attributes(sns: Any, topic: str) -> None:
    default = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["MaximumMessageSize"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="MaximumMessageSize", AttributeValue="1024")
    attributes = {"k": {"DataType": "String", "StringValue": "v"}}

    assert default == "262144"
    sns.publish(TopicArn=topic, Message="x" * 1024)
    code, _ = error_of(sns.publish, TopicArn=topic, Message="x" * 1017, MessageAttributes=attributes)
    assert code == "InvalidParameter"


@pytest.mark.aws("S-25", "S-27")
def test_a_batch_has_the_limit_of_its_topic(sns: Any, topic: str) -> None:
    entries = [{"Id": str(number), "Message": "x" * 200_000} for number in range(5)]
    code, _ = error_of(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="MaximumMessageSize", AttributeValue=str(MIB))
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)

    assert code == "BatchRequestTooLong"
    assert [one["Id"] for one in answer["Successful"]] == ["0", "1", "2", "3", "4"]


@pytest.mark.aws("S-25")
@pytest.mark.parametrize("size", ["1023", "1048577", "much"])
def test_sizes_that_no_topic_can_have(sns: Any, topic: str, size: str) -> None:
    refused = (
        "InvalidParameter",
        "Invalid parameter: MaximumMessageSize must be an integer from 1024 to 1048576",
    )
    asked = {"AttributeName": "MaximumMessageSize", "AttributeValue": size}

    assert error_of(sns.set_topic_attributes, TopicArn=topic, **asked) == refused
    assert error_of(sns.create_topic, Name=a_name("t"), Attributes={"MaximumMessageSize": size}) == refused


@pytest.mark.aws("S-25")
def test_a_topic_of_large_messages_is_for_functions_and_queues(sns: Any, topic: str) -> None:
    large = sns.create_topic(Name=a_name("large"), Attributes={"MaximumMessageSize": "262145"})["TopicArn"]
    web = {"Protocol": "http", "Endpoint": "http://127.0.0.1:9/"}
    asked = {"AttributeName": "MaximumMessageSize", "AttributeValue": "262145"}
    arn = sns.subscribe(
        TopicArn=topic, Protocol="email", Endpoint="a@example.com", ReturnSubscriptionArn=True
    )

    assert error_of(sns.subscribe, TopicArn=large, **web)[0] == "InvalidParameter"
    assert error_of(sns.set_topic_attributes, TopicArn=topic, **asked)[0] == "InvalidParameter"
    sns.unsubscribe(SubscriptionArn=arn["SubscriptionArn"])
    sns.set_topic_attributes(TopicArn=topic, **asked)


@pytest.mark.aws("S-25")
def test_a_topic_of_large_messages_has_at_most_100_subscriptions(sns: Any, topic: str) -> None:
    function = f"arn:aws:lambda:{REGION}:000000000000:function:f"
    for number in range(101):
        sns.subscribe(
            TopicArn=topic, Protocol="lambda", Endpoint=f"{function}{number}", ReturnSubscriptionArn=True
        )
    large = {"AttributeName": "MaximumMessageSize", "AttributeValue": str(MIB)}
    every = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsConfirmed"]
    one = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"]

    assert every == "101"
    assert error_of(sns.set_topic_attributes, TopicArn=topic, **large)[0] == "InvalidParameter"
    sns.unsubscribe(SubscriptionArn=one)
    sns.set_topic_attributes(TopicArn=topic, **large)
    new = {"TopicArn": topic, "Protocol": "lambda", "Endpoint": f"{function}-one-more"}
    assert error_of(sns.subscribe, **new)[0] == "InvalidParameter"


# --- filter policies ----------------------------------------------------------------------------------------


@pytest.mark.aws("S-21")
def test_a_filter_policy_over_a_limit_is_refused_where_it_is_set(
    sns: Any, topic: str, subscribed: Subscribed
) -> None:
    subscribed()
    (one,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    too_complex = json.dumps({"a": [str(number) for number in range(151)]})
    asked = {"TopicArn": topic, "Protocol": "lambda", "Endpoint": f"arn:aws:lambda:{REGION}:0:function:f"}

    assert error_of(
        sns.set_subscription_attributes,
        SubscriptionArn=one["SubscriptionArn"],
        AttributeName="FilterPolicy",
        AttributeValue=too_complex,
    ) == ("InvalidParameter", "Invalid parameter: FilterPolicy: Filter policy is too complex")
    assert error_of(sns.subscribe, **asked, Attributes={"FilterPolicy": too_complex}) == (
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: FilterPolicy: Filter policy is too complex",
    )
    assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 1


@pytest.mark.aws("S-21")
def test_a_topic_has_at_most_200_filter_policies(sns: Any, topic: str) -> None:
    function = f"arn:aws:lambda:{REGION}:000000000000:function:f"
    policy = {"FilterPolicy": '{"k":["v"]}'}
    for number in range(200):
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f"{function}{number}", Attributes=policy)
    one_more = {"TopicArn": topic, "Protocol": "lambda", "Endpoint": f"{function}-one-more"}

    assert error_of(sns.subscribe, **one_more, Attributes=policy)[0] == "FilterPolicyLimitExceeded"
    assert sns.subscribe(**one_more)["SubscriptionArn"]


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"FilterPolicyScope": "Body"}, "Please use either MessageBody or MessageAttributes"),
        ({"FilterPolicy": "{"}, "FilterPolicy: failed to parse JSON."),
        ({"FilterPolicy": '{"a":{"b":["x"]}}'}, "MessageAttributes does not support nested filter policy"),
        ({"RawMessageDelivery": "maybe"}, "RawMessageDelivery: Invalid value [maybe]"),
        ({"RedrivePolicy": "{}"}, "RedrivePolicy: deadLetterTargetArn is an invalid arn"),
        ({"DeliveryPolicy": "["}, "DeliveryPolicy: failed to parse JSON."),
        ({"Colour": "red"}, "AttributeName"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_attributes_that_a_subscription_cannot_have(
    sns: Any, topic: str, attributes: dict[str, str], says: str
) -> None:
    function = f"arn:aws:lambda:{REGION}:000000000000:function:f"
    code, message = error_of(
        sns.subscribe, TopicArn=topic, Protocol="lambda", Endpoint=function, Attributes=attributes
    )
    assert (code, says in message) == ("InvalidParameter", True), message


@pytest.mark.aws("S-19", "S-20")
@pytest.mark.parametrize(
    ("scope", "policy", "dropped", "kept"),
    [
        pytest.param(
            "MessageAttributes", {"from": [{"cidr": "10.0.0.0/8"}]}, "192.168.0.1", "10.1.2.3", id="cidr"
        ),
        pytest.param(
            "MessageAttributes", {"from": [{"equals-ignore-case": "A"}]}, "b", "a", id="equals-ignore-case"
        ),
        pytest.param(
            "MessageAttributes",
            {"from": [{"anything-but": {"suffix": ".1"}}]},
            "10.1",
            "10.2",
            id="anything-but",
        ),
        pytest.param(
            "MessageBody",
            {"$or": [{"order": {"from": ["a"]}}, {"order": {"price": [{"numeric": [">", 5]}]}}]},
            "b",
            "a",
            id="nested, with $or",
        ),
        pytest.param(
            "MessageBody",
            {"order": {"lines": {"from": [{"prefix": "a"}]}}},
            "b",
            "ab",
            id="objects in arrays",
        ),
    ],
)
def test_queues_have_the_same_matcher_as_functions(
    sns: Any,
    sqs: Any,
    topic: str,
    subscribed: Subscribed,
    scope: str,
    policy: object,
    dropped: str,
    kept: str,
) -> None:
    url = subscribed(FilterPolicy=json.dumps(policy), FilterPolicyScope=scope)
    for value in (dropped, kept):
        sns.publish(
            TopicArn=topic,
            Message=json.dumps(
                {"order": {"from": value, "price": 5, "lines": [{"from": "x"}, {"from": value}]}}
            ),
            MessageAttributes={"from": {"DataType": "String", "StringValue": value}},
        )

    assert json.loads(json.loads(received(sqs, url)["Body"])["Message"])["order"]["from"] == kept


# --- raw delivery -------------------------------------------------------------------------------------------


def test_a_raw_delivery_has_the_messages_attributes_as_the_queues_own(
    sns: Any, sqs: Any, topic: str, subscribed: Subscribed
) -> None:
    url = subscribed(RawMessageDelivery="true")
    sns.publish(
        TopicArn=topic,
        Message="as it is",
        Subject="not shown",
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "depth"},
            "size": {"DataType": "Number.int", "StringValue": "12"},
            "tags": {"DataType": "String.Array", "StringValue": '["a"]'},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )
    message = received(sqs, url)

    assert message["Body"] == "as it is"
    assert message["MessageAttributes"] == {
        "kind": {"DataType": "String", "StringValue": "depth"},
        "size": {"DataType": "Number.int", "StringValue": "12"},
        "tags": {"DataType": "String.Array", "StringValue": '["a"]'},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }


@pytest.mark.aws("S-18")
def test_a_raw_delivery_with_more_than_ten_attributes_is_refused(
    sns: Any, sqs: Any, topic: str, subscribed: Subscribed
) -> None:
    dead = sqs.create_queue(QueueName=a_name("dead"))["QueueUrl"]
    named = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": named})
    url = subscribed(RawMessageDelivery="true", RedrivePolicy=redrive)
    many = {f"k{number}": {"DataType": "String", "StringValue": "v"} for number in range(11)}
    sns.publish(TopicArn=topic, Message="too many", MessageAttributes=many)
    sns.publish(TopicArn=topic, Message="next")

    assert json.loads(received(sqs, dead)["Body"])["Message"] == "too many"
    assert received(sqs, url)["Body"] == "next"


def test_subscribing_again_is_no_second_subscription(sns: Any, topic: str) -> None:
    asked = {"TopicArn": topic, "Protocol": "lambda", "Endpoint": f"arn:aws:lambda:{REGION}:0:function:f"}
    policy = {"FilterPolicy": '{"k":["v"]}'}
    first = sns.subscribe(**asked, Attributes=policy)["SubscriptionArn"]

    assert sns.subscribe(**asked)["SubscriptionArn"] == first
    assert sns.subscribe(**asked, Attributes=policy)["SubscriptionArn"] == first
    assert error_of(sns.subscribe, **asked, Attributes={"FilterPolicy": '{"k":["w"]}'}) == (
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: Subscription already exists with different attributes",
    )


# --- CloudWatch ---------------------------------------------------------------------------------------------


@pytest.mark.aws("S-23")
def test_cloudwatch_tells_what_was_published_delivered_and_filtered_out(
    client: Clients, sns: Any, sqs: Any, topic: str, subscribed: Subscribed
) -> None:
    url = subscribed()
    subscribed(FilterPolicy='{"k":["v"]}')
    gone = f"arn:aws:lambda:{REGION}:000000000000:function:gone"
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=gone)
    attributes = {"k": {"DataType": "String", "StringValue": "other"}}
    sns.publish(TopicArn=topic, Message="12345")
    sns.publish(TopicArn=topic, Message="123", MessageAttributes=attributes)
    for _ in range(2):
        received(sqs, url)

    metrics = client("cloudwatch")
    dimensions = [{"Name": "TopicName", "Value": topic.rpartition(":")[2]}]
    named = metrics.list_metrics(Namespace="AWS/SNS", Dimensions=dimensions)["Metrics"]
    now = datetime.now(UTC)

    def sum_of(name: str) -> float:
        (datum,) = metrics.get_metric_statistics(
            Namespace="AWS/SNS",
            MetricName=name,
            Dimensions=dimensions,
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=7200,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(datum["Sum"])

    assert {one["MetricName"]: sum_of(one["MetricName"]) for one in named} == {
        "NumberOfMessagesPublished": 2,
        "PublishSize": 20,
        "NumberOfNotificationsDelivered": 2,
        "NumberOfNotificationsFailed": 2,
        "NumberOfNotificationsFilteredOut": 2,
        "NumberOfNotificationsFilteredOut-NoMessageAttributes": 1,
        "NumberOfNotificationsFilteredOut-MessageAttributes": 1,
    }
