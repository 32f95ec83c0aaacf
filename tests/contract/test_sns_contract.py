"""What a function gets of what is published to a topic."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.conftest import Clients, Deployed, a_name

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture(scope="module")
def topic(sns: Any, deployed: Deployed) -> tuple[str, str]:
    """The ARNs of a topic and of the recorder's subscription to it."""
    arn = sns.create_topic(Name=a_name("topic"))["TopicArn"]
    subscribed = sns.subscribe(
        TopicArn=arn, Protocol="lambda", Endpoint=deployed.function_arn, ReturnSubscriptionArn=True
    )
    return arn, subscribed["SubscriptionArn"]


@pytest.mark.aws("S-1", "S-3", "S-4", "S-6", "S-7", "S-26")
def test_a_message_reaches_its_function_in_the_exact_envelope(
    sns: Any, topic: tuple[str, str], deployed: Deployed
) -> None:
    topic_arn, subscription_arn = topic
    published = sns.publish(
        TopicArn=topic_arn,
        Message='{"price":1}',
        Subject="depth",
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "depth"},
            "size": {"DataType": "Number", "StringValue": "12.5"},
            "tags": {"DataType": "String.Array", "StringValue": '["a"]'},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    )
    event = deployed.recorded()

    message = event["Records"][0]["Sns"]
    assert re.fullmatch(UUID, published["MessageId"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", message["Timestamp"])
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*", message["Signature"])
    host = "https://sns.us-east-1.amazonaws.com/"
    assert re.fullmatch(
        re.escape(host) + r"SimpleNotificationService-[0-9a-f]{32}\.pem", message["SigningCertUrl"]
    )
    assert event == {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription_arn,
                "Sns": {
                    "Type": "Notification",
                    "MessageId": published["MessageId"],
                    "TopicArn": topic_arn,
                    "Subject": "depth",
                    "Message": '{"price":1}',
                    "Timestamp": message["Timestamp"],
                    "SignatureVersion": "1",
                    "Signature": message["Signature"],
                    "SigningCertUrl": message["SigningCertUrl"],
                    "UnsubscribeUrl": f"{host}?Action=Unsubscribe&SubscriptionArn={subscription_arn}",
                    "MessageAttributes": {
                        "kind": {"Type": "String", "Value": "depth"},
                        "size": {"Type": "String", "Value": "12.5"},
                        "tags": {"Type": "String", "Value": '["a"]'},
                        "raw": {"Type": "Binary", "Value": "AAE="},
                    },
                },
            }
        ]
    }


@pytest.mark.aws("S-5")
def test_a_topic_that_signs_with_version_2_says_1_to_a_function(sns: Any, deployed: Deployed) -> None:
    topic_arn = sns.create_topic(Name=a_name("topic"), Attributes={"SignatureVersion": "2"})["TopicArn"]
    sns.subscribe(TopicArn=topic_arn, Protocol="lambda", Endpoint=deployed.function_arn)
    sns.publish(TopicArn=topic_arn, Message="x")

    assert deployed.recorded()["Records"][0]["Sns"]["SignatureVersion"] == "1"


@pytest.mark.aws("S-2", "S-3")
def test_a_message_without_subject_and_attributes_has_null_and_nothing(
    sns: Any, topic: tuple[str, str], deployed: Deployed
) -> None:
    sns.publish(TopicArn=topic[0], Message="x")
    message = deployed.recorded()["Records"][0]["Sns"]

    assert (message["Subject"], message["MessageAttributes"]) == (None, {})


@pytest.mark.aws("S-7")
def test_a_batch_is_one_invocation_for_each_entry(
    sns: Any, topic: tuple[str, str], deployed: Deployed
) -> None:
    entries = [{"Id": f"e{number}", "Message": f"m{number}"} for number in range(3)]
    answer = sns.publish_batch(TopicArn=topic[0], PublishBatchRequestEntries=entries)
    events = [deployed.recorded() for _ in entries]

    records = [event["Records"] for event in events]
    assert [len(one) for one in records] == [1, 1, 1]
    assert answer.get("Failed", []) == []
    assert {(one["MessageId"], one["Id"]) for one in answer["Successful"]} == {
        (one[0]["Sns"]["MessageId"], one[0]["Sns"]["Message"].replace("m", "e")) for one in records
    }


@pytest.mark.parametrize(
    ("scope", "policy", "dropped", "delivered"),
    [
        (
            "MessageAttributes",
            {"kind": ["depth", {"prefix": "tr"}]},
            {"Message": "dropped", "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "x"}}},
            {
                "Message": "kept",
                "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "trade"}},
            },
        ),
        (
            "MessageBody",
            {"depth": {"levels": [{"numeric": [">", 2]}]}},
            {"Message": '{"depth":{"levels":1}}'},
            {"Message": '{"depth":{"levels":3}}'},
        ),
    ],
    ids=["of attributes", "of the body"],
)
@pytest.mark.aws("S-19")
def test_a_filter_policy_lets_through_what_it_matches(
    sns: Any,
    topic: tuple[str, str],
    deployed: Deployed,
    scope: str,
    policy: dict[str, object],
    dropped: dict[str, object],
    delivered: dict[str, object],
) -> None:
    topic_arn, subscription_arn = topic

    def set_attribute(name: str, value: str) -> None:
        sns.set_subscription_attributes(
            SubscriptionArn=subscription_arn, AttributeName=name, AttributeValue=value
        )

    set_attribute("FilterPolicyScope", scope)
    set_attribute("FilterPolicy", json.dumps(policy))
    sns.publish(TopicArn=topic_arn, **dropped)
    sns.publish(TopicArn=topic_arn, **delivered)
    got = deployed.recorded()["Records"][0]["Sns"]["Message"]
    set_attribute("FilterPolicy", "")
    sns.publish(TopicArn=topic_arn, Message="last")

    assert got == delivered["Message"]
    assert deployed.recorded()["Records"][0]["Sns"]["Message"] == "last"


def test_a_queue_gets_the_message_too(client: Clients, sns: Any, deployed: Deployed) -> None:
    sqs = client("sqs")
    topic_arn = sns.create_topic(Name=a_name("topic"))["TopicArn"]
    queue_url = sqs.create_queue(QueueName=a_name("queue"))["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue)

    message_id = sns.publish(TopicArn=topic_arn, Message="x")["MessageId"]
    (received,) = sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=10)["Messages"]

    body = json.loads(received["Body"])
    assert (body["MessageId"], body["Message"], body["TopicArn"]) == (message_id, "x", topic_arn)


def test_a_fifo_topic_needs_a_group_and_hands_it_on(client: Clients, sns: Any) -> None:
    sqs = client("sqs")
    fifo = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic_arn = sns.create_topic(Name=a_name("topic") + ".fifo", Attributes=fifo)["TopicArn"]
    queue_url = sqs.create_queue(QueueName=a_name("q") + ".fifo", Attributes={"FifoQueue": "true"})[
        "QueueUrl"
    ]
    queue = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue)

    with pytest.raises(sns.exceptions.InvalidParameterException):
        sns.publish(TopicArn=topic_arn, Message="x")
    sns.publish(TopicArn=topic_arn, Message="x", MessageGroupId="g", MessageDeduplicationId="d")
    (received,) = sqs.receive_message(
        QueueUrl=queue_url, WaitTimeSeconds=10, AttributeNames=["MessageGroupId"]
    )["Messages"]

    assert received["Attributes"]["MessageGroupId"] == "g"


def test_a_topic_that_is_not_there_is_not_found(sns: Any) -> None:
    with pytest.raises(sns.exceptions.NotFoundException) as failed:
        sns.publish(TopicArn="arn:aws:sns:us-east-1:000000000000:nobody", Message="x")

    assert failed.value.response["Error"]["Message"] == "Topic does not exist"


@pytest.mark.aws("S-24")
def test_a_message_that_is_too_long_is_refused(sns: Any, topic: tuple[str, str]) -> None:
    with pytest.raises(ClientError) as failed:
        sns.publish(TopicArn=topic[0], Message="x" * 262_145)

    error: Any = failed.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("InvalidParameter", "Invalid parameter: Message too long")


def test_a_queue_that_is_polled_for_long_keeps_nobody_waiting(client: Clients) -> None:
    sqs = client("sqs")
    queue_url = sqs.create_queue(QueueName=a_name("polled"))["QueueUrl"]

    with ThreadPoolExecutor(1) as threads:
        polled = threads.submit(sqs.receive_message, QueueUrl=queue_url, WaitTimeSeconds=10)
        client("sqs").send_message(QueueUrl=queue_url, MessageBody="x")

    assert [message["Body"] for message in polled.result()["Messages"]] == ["x"]
