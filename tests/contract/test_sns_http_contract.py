"""HTTP endpoints as subscribers: the handshake, what they get, and when they get it again."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.contract.conftest import Clients, a_name
from tests.contract.http_subscriber import HttpSubscriber, Posted, http_subscriber
from tests.patience import WAIT

AT_ONCE = json.dumps(
    {
        "healthyRetryPolicy": {"numRetries": 2, "numNoDelayRetries": 2},
        "requestPolicy": {"headerContentType": "application/json"},
    }
)


@pytest.fixture
def topic(sns: Any) -> str:
    return str(sns.create_topic(Name=a_name("topic"))["TopicArn"])


@pytest.fixture
def inbox() -> Iterator[HttpSubscriber]:
    with http_subscriber() as subscriber:
        yield subscriber


def subscribed(sns: Any, topic: str, inbox: HttpSubscriber, **attributes: str) -> str:
    """Subscribes the inbox, confirms by the token, and returns the subscription's ARN."""
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=inbox.url, Attributes=attributes)
    token = inbox.next().body["Token"]
    return str(sns.confirm_subscription(TopicArn=topic, Token=token)["SubscriptionArn"])


def proven(posted: Posted, *signed: str) -> None:
    """Raises unless the signature is by the key of the certificate that the message names."""
    body = posted.body
    with urlopen(body["SigningCertURL"], timeout=WAIT) as answer:
        key = x509.load_pem_x509_certificate(answer.read()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    text = "".join(f"{name}\n{body[name]}\n" for name in signed)
    algorithm = {"1": hashes.SHA1, "2": hashes.SHA256}[body["SignatureVersion"]]()
    key.verify(base64.b64decode(body["Signature"]), text.encode(), padding.PKCS1v15(), algorithm)


def test_an_endpoint_that_visits_its_subscribe_url_is_confirmed(
    sns: Any, topic: str, inbox: HttpSubscriber
) -> None:
    answered = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=inbox.url)["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="too early")
    before = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    asked = inbox.next()
    with urlopen(asked.body["SubscribeURL"], timeout=WAIT) as visited:
        confirmed = visited.read().decode()
    sns.publish(TopicArn=topic, Message="in time")
    notified = inbox.next()

    assert (answered, listed["SubscriptionArn"]) == ("pending confirmation", "PendingConfirmation")
    assert (before["SubscriptionsPending"], before["SubscriptionsConfirmed"]) == ("1", "0")
    assert asked.path == "/inbox?from=sns"
    assert asked.headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    assert "x-amz-sns-subscription-arn" not in asked.headers
    assert list(asked.body) == [
        *("Type", "MessageId", "Token", "TopicArn", "Message", "SubscribeURL", "Timestamp"),
        *("SignatureVersion", "Signature", "SigningCertURL"),
    ]
    proven(asked, "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    assert f"<SubscriptionArn>{notified.headers['x-amz-sns-subscription-arn']}</SubscriptionArn>" in confirmed
    assert notified.body["Message"] == "in time"


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_notification_has_its_headers_its_signature_and_a_way_out(
    sns: Any, topic: str, inbox: HttpSubscriber, version: str
) -> None:
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue=version)
    arn = subscribed(sns, topic, inbox)
    attributes = {"size": {"DataType": "Number", "StringValue": "12.5"}}
    message_id = sns.publish(TopicArn=topic, Message="é", Subject="s", MessageAttributes=attributes)[
        "MessageId"
    ]
    posted = inbox.next()

    expected = {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": message_id,
        "x-amz-sns-topic-arn": topic,
        "x-amz-sns-subscription-arn": arn,
        "content-type": "text/plain; charset=UTF-8",
        "user-agent": "Amazon Simple Notification Service Agent",
    }
    body = posted.body
    assert {name: posted.headers[name] for name in expected} == expected
    assert (body["Type"], body["MessageId"], body["TopicArn"], body["Subject"], body["Message"]) == (
        "Notification",
        message_id,
        topic,
        "s",
        "é",
    )
    assert body["MessageAttributes"] == {"size": {"Type": "Number", "Value": "12.5"}}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["Timestamp"])
    assert body["SignatureVersion"] == version
    proven(posted, "Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")

    with urlopen(body["UnsubscribeURL"], timeout=WAIT):
        pass
    farewell = inbox.next()
    assert farewell.body["Type"] == "UnsubscribeConfirmation"
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []

    with urlopen(farewell.body["SubscribeURL"], timeout=WAIT):
        pass
    sns.publish(TopicArn=topic, Message="back again")
    assert inbox.next().body["Message"] == "back again"


def test_a_raw_delivery_is_the_message_alone(sns: Any, topic: str, inbox: HttpSubscriber) -> None:
    subscribed(sns, topic, inbox, RawMessageDelivery="true", DeliveryPolicy=AT_ONCE)
    sns.publish(TopicArn=topic, Message='{"a":1}')
    posted = inbox.next()

    assert posted.text == '{"a":1}'
    assert (posted.headers["x-amz-sns-rawdelivery"], posted.headers["content-type"]) == (
        "true",
        "application/json",
    )


def test_an_endpoint_that_fails_is_tried_again_by_the_delivery_policy(
    sns: Any, topic: str, inbox: HttpSubscriber
) -> None:
    subscribed(sns, topic, inbox, DeliveryPolicy=AT_ONCE)
    for status in (500, 429):
        inbox.answers.put(status)
    message_id = sns.publish(TopicArn=topic, Message="x")["MessageId"]

    assert [inbox.next().body["MessageId"] for _ in range(3)] == [message_id] * 3


@pytest.mark.aws("S-18")
@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([503, 503, 503], id="fails to the last retry"),
        pytest.param([404], id="refuses, which is for good"),
        pytest.param([302], id="sends elsewhere, where nobody follows"),
    ],
)
def test_what_an_endpoint_does_not_take_goes_to_the_dead_letter_queue(
    client: Clients, sns: Any, topic: str, inbox: HttpSubscriber, answers: list[int]
) -> None:
    sqs = client("sqs")
    queue = sqs.create_queue(QueueName=a_name("dead"))["QueueUrl"]
    named = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": named})
    subscribed(sns, topic, inbox, DeliveryPolicy=AT_ONCE, RedrivePolicy=redrive)
    for status in answers:
        inbox.answers.put(status)
    sns.publish(TopicArn=topic, Message="x")

    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    assert (json.loads(message["Body"])["Message"], inbox.posted.qsize()) == ("x", len(answers))


@pytest.mark.aws("S-19", "S-20")
def test_a_filter_policy_of_the_body_keeps_from_an_endpoint_what_it_does_not_match(
    sns: Any, topic: str, inbox: HttpSubscriber
) -> None:
    policy = json.dumps({"order": {"from": [{"cidr": "10.0.0.0/8"}], "price": [{"numeric": [">", 5]}]}})
    subscribed(sns, topic, inbox, FilterPolicy=policy, FilterPolicyScope="MessageBody")
    sns.publish(TopicArn=topic, Message='{"order":{"from":"192.168.0.1","price":6}}')
    sns.publish(TopicArn=topic, Message='{"order":{"from":"10.1.2.3","price":6}}')

    assert inbox.next().body["Message"] == '{"order":{"from":"10.1.2.3","price":6}}'


def test_only_its_own_token_confirms_a_subscription(sns: Any, topic: str, inbox: HttpSubscriber) -> None:
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=inbox.url)
    other = sns.create_topic(Name=a_name("topic"))["TopicArn"]
    token = inbox.next().body["Token"]

    for topic_arn, given in ((topic, "made-up"), (other, token)):
        with pytest.raises(sns.exceptions.InvalidParameterException, match="Token"):
            sns.confirm_subscription(TopicArn=topic_arn, Token=given)
    with pytest.raises(sns.exceptions.NotFoundException):
        sns.confirm_subscription(TopicArn=topic + "x", Token=token)


def test_whoever_asked_for_signatures_cannot_be_unsubscribed_by_the_url(
    sns: Any, topic: str, inbox: HttpSubscriber
) -> None:
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=inbox.url)
    token = inbox.next().body["Token"]
    sns.confirm_subscription(TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")
    sns.publish(TopicArn=topic, Message="x")

    with pytest.raises(HTTPError, match="403"):
        urlopen(inbox.next().body["UnsubscribeURL"], timeout=WAIT)
    assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 1


@pytest.mark.parametrize(
    ("protocol", "address", "status", "says"),
    [
        ("https", "http://127.0.0.1:9/", 400, "Endpoint must match the specified protocol"),
        ("http", "http:///inbox", 400, "Endpoint"),
        ("http", "http://127.0.0.1:99999/", 400, "Endpoint"),
        ("ftp", "ftp://127.0.0.1/", 400, "does not support this protocol string: ftp"),
        ("sms", "+41790000000", 501, "sns:Subscribe to sms is not emulated"),
    ],
)
def test_endpoints_that_are_refused(
    sns: Any, topic: str, protocol: str, address: str, status: int, says: str
) -> None:
    with pytest.raises(ClientError) as refused:
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=address)

    response: Any = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert says in response["Error"]["Message"]


def test_an_address_for_email_stays_pending_and_gets_nothing(sns: Any, topic: str) -> None:
    asked = {"TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.com"}
    assert sns.subscribe(**asked)["SubscriptionArn"] == "pending confirmation"
    arn = sns.subscribe(**asked, ReturnSubscriptionArn=True)["SubscriptionArn"]
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"] == "true"
    assert sns.publish(TopicArn=topic, Message="x")["MessageId"]
