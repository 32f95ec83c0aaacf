"""Where an event goes that its function returns from, fails at, or never gets."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from tests.contract.conftest import ROLE, Clients, Deployed, Queue, a_name, zipped

SOURCE = """
def handler(event, context):
    if event.get("fail"):
        raise ValueError("as asked")
    return {"request": context.aws_request_id}
"""
Create: TypeAlias = Callable[..., str]


@pytest.fixture
def create(lambda_: Any) -> Create:
    """Creates a function that fails when its event says so, and returns its name."""

    def create(**settings: object) -> str:
        name = a_name("function")
        lambda_.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": zipped({"app.py": SOURCE})},
            Timeout=20,
            **settings,
        )
        return name

    return create


def send(lambda_: Any, function: str, event: object) -> str:
    """Invokes asynchronously and returns the request id."""
    answer = lambda_.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event))
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    return str(answer["ResponseMetadata"]["RequestId"])


@pytest.mark.aws("S-13", "L-26")
def test_an_event_that_failed_to_its_end_is_a_dead_letter(lambda_: Any, create: Create, queue: Queue) -> None:
    name = create(DeadLetterConfig={"TargetArn": queue.arn})
    lambda_.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    request = send(lambda_, name, {"fail": True})

    assert queue.texts() == (
        '{"fail": true}',
        {
            "RequestID": ("String", request),
            "ErrorCode": ("Number", "200"),
            "ErrorMessage": ("String", "as asked"),
        },
    )


@pytest.mark.aws("S-13")
def test_a_dead_letter_may_go_to_a_topic(client: Clients, lambda_: Any, create: Create, queue: Queue) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name=a_name("topic"))["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"}
    )
    name = create(DeadLetterConfig={"TargetArn": topic})
    lambda_.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    request = send(lambda_, name, {"fail": 1})

    body, attributes = queue.texts()
    assert (body, attributes["RequestID"], attributes["ErrorMessage"]) == (
        '{"fail": 1}',
        ("String", request),
        ("String", "as asked"),
    )


@pytest.mark.aws("S-14", "S-15")
@pytest.mark.parametrize(
    ("kind", "event", "condition"),
    [("OnFailure", {"fail": 1}, "RetriesExhausted"), ("OnSuccess", {}, "Success")],
    ids=["failure", "success"],
)
def test_a_destination_is_told_how_an_event_ended(
    lambda_: Any, create: Create, queue: Queue, kind: str, event: dict[str, int], condition: str
) -> None:
    name = create()
    config = lambda_.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={kind: {"Destination": queue.arn}}
    )
    request = send(lambda_, name, event)
    record = json.loads(queue.message()["Body"])

    assert record["requestContext"] == {
        "requestId": request,
        "functionArn": config["FunctionArn"],
        "condition": condition,
        "approximateInvokeCount": 1,
    }
    assert record["requestPayload"] == event
    if kind == "OnSuccess":
        assert record["responsePayload"] == {"request": request}
    else:
        assert record["responseContext"]["functionError"] == "Unhandled"


@pytest.mark.aws("S-14")
def test_a_function_may_be_a_destination(lambda_: Any, create: Create, deployed: Deployed) -> None:
    name = create()
    lambda_.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": deployed.function_arn}}
    )
    request = send(lambda_, name, {"a": 1})

    record = deployed.recorded()
    assert (record["requestPayload"], record["responsePayload"]) == ({"a": 1}, {"request": request})


@pytest.mark.aws("S-16")
def test_an_event_for_a_function_with_no_concurrency_is_not_tried(
    lambda_: Any, create: Create, queue: Queue, sqs: Any
) -> None:
    dead = Queue(sqs)
    name = create(DeadLetterConfig={"TargetArn": dead.arn})
    lambda_.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnFailure": {"Destination": queue.arn}}
    )
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    send(lambda_, name, {"a": 1})

    assert dead.message()["Body"] == '{"a": 1}'
    assert json.loads(queue.message()["Body"])["requestContext"]["approximateInvokeCount"] == 0


@pytest.mark.aws("S-18")
def test_a_message_for_a_function_that_is_gone_is_redriven(
    client: Clients, lambda_: Any, create: Create, queue: Queue
) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name=a_name("topic"))["TopicArn"]
    function = lambda_.get_function(FunctionName=create())["Configuration"]["FunctionArn"]
    redrive = json.dumps({"deadLetterTargetArn": queue.arn})
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function, Attributes={"RedrivePolicy": redrive})
    lambda_.delete_function(FunctionName=function)
    message_id = sns.publish(TopicArn=topic, Message="x", Subject="s")["MessageId"]

    body = json.loads(queue.message()["Body"])
    assert (body["Type"], body["MessageId"], body["TopicArn"], body["Message"], body["Subject"]) == (
        "Notification",
        message_id,
        topic,
        "x",
        "s",
    )


@pytest.mark.aws("S-18")
def test_a_message_for_a_queue_that_is_gone_is_redriven(client: Clients, sqs: Any, queue: Queue) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name=a_name("topic"))["TopicArn"]
    gone = Queue(sqs)
    redrive = json.dumps({"deadLetterTargetArn": queue.arn})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=gone.arn, Attributes={"RedrivePolicy": redrive})
    sqs.delete_queue(QueueUrl=gone.url)
    sns.publish(TopicArn=topic, Message="x")

    assert json.loads(queue.message()["Body"])["Message"] == "x"


@pytest.mark.aws("S-18", "S-13")
def test_a_handlers_error_is_no_case_for_the_subscriptions_queue(
    client: Clients, lambda_: Any, create: Create, queue: Queue, sqs: Any
) -> None:
    sns, redriven = client("sns"), Queue(sqs)
    topic = sns.create_topic(Name=a_name("topic"))["TopicArn"]
    name = create(DeadLetterConfig={"TargetArn": queue.arn})
    lambda_.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    lambda_.update_function_code(
        FunctionName=name,
        ZipFile=zipped({"app.py": "def handler(event, context):\n    raise ValueError('no')\n"}),
    )
    function = lambda_.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    policy = json.dumps({"deadLetterTargetArn": redriven.arn})
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function, Attributes={"RedrivePolicy": policy})
    sns.publish(TopicArn=topic, Message="x")

    assert json.loads(queue.message()["Body"])["Records"][0]["Sns"]["Message"] == "x"
    assert "Messages" not in sqs.receive_message(QueueUrl=redriven.url)
