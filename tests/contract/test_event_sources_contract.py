"""Queues and streams that functions read, by event source mappings."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

from tests.contract.conftest import ROLE, Clients, Event, Queue, a_name, zipped
from tests.patience import WAIT

# Says what it was invoked with, then does what the records ask for.
SOURCE = """
import json, os
import boto3

sqs = boto3.client("sqs", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))

def asked(record):
    if "body" in record:
        return record["messageId"], record["body"]
    change = record["dynamodb"]
    return change["SequenceNumber"], change.get("NewImage", {}).get("do", {}).get("S", "")

def handler(event, context):
    sqs.send_message(QueueUrl=os.environ["TOLD"], MessageBody=json.dumps(event))
    failed = [identifier for identifier, text in map(asked, event["Records"]) if text.startswith("fail")]
    if os.environ.get("REPORT"):
        return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}
    if failed:
        raise ValueError("as asked")
"""


@pytest.fixture
def quiet(endpoint: str) -> Callable[[], None]:
    """Waits until nothing is in flight."""

    def wait() -> None:
        answer = urllib3.request("GET", f"{endpoint}/_harness/quiet?timeout={WAIT}", timeout=2 * WAIT)
        assert answer.status == 200

    return wait


@pytest.fixture
def told(sqs: Any) -> Queue:
    """Where a function says what it was invoked with."""
    return Queue(sqs)


@pytest.fixture
def function(lambda_: Any, told: Queue) -> Iterator[str]:
    """A function of its own; its mappings end with the test."""
    name = a_name("reader")
    create_function(lambda_, name, told, Timeout=20)
    yield name
    for mapping in lambda_.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]:
        lambda_.delete_event_source_mapping(UUID=mapping["UUID"])


def create_function(lambda_: Any, name: str, told: Queue, *, report: str = "", **settings: Any) -> None:
    lambda_.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=ROLE,
        Handler="app.handler",
        Code={"ZipFile": zipped({"app.py": SOURCE})},
        Environment={"Variables": {"TOLD": told.url, "REPORT": report}},
        **settings,
    )


@pytest.fixture
def create_table(dynamodb: Any) -> Callable[[], tuple[str, str]]:
    """Creates a table with a stream; its name, and the stream's ARN."""

    def create() -> tuple[str, str]:
        name = a_name("table")
        table = dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )["TableDescription"]
        return name, table["LatestStreamArn"]

    return create


def without_metadata(answer: Any) -> Any:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def state_of(lambda_: Any, uuid: str) -> str:
    return str(lambda_.get_event_source_mapping(UUID=uuid)["State"])


# --- queues ---------------------------------------------------------------------------------------------------


def test_mapping_of_a_queue_is_shown_as_lambda_shows_it(lambda_: Any, sqs: Any, function: str) -> None:
    queue = Queue(sqs)
    created = lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=queue.arn)
    uuid = created["UUID"]
    expected = {
        "UUID": uuid,
        "EventSourceMappingArn": f"arn:aws:lambda:us-east-1:000000000000:event-source-mapping:{uuid}",
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 0,
        "EventSourceArn": queue.arn,
        "FunctionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{function}",
        "FunctionResponseTypes": [],
        "LastModified": created["LastModified"],
        "State": "Creating",
        "StateTransitionReason": "USER_INITIATED",
    }

    assert (created["ResponseMetadata"]["HTTPStatusCode"], without_metadata(created)) == (202, expected)
    shown = without_metadata(lambda_.get_event_source_mapping(UUID=uuid))
    assert shown == expected | {"State": "Enabled"}
    assert lambda_.list_event_source_mappings(EventSourceArn=queue.arn)["EventSourceMappings"] == [shown]


def test_function_gets_messages_as_lambda_gives_them(
    lambda_: Any, sqs: Any, function: str, told: Queue
) -> None:
    queue = Queue(sqs)
    lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=queue.arn)
    attribute = {"kind": {"DataType": "String", "StringValue": "trade"}}
    sent = sqs.send_message(QueueUrl=queue.url, MessageBody="hello", MessageAttributes=attribute)
    (record,) = told.event()["Records"]

    sent_at = record["attributes"]["SentTimestamp"]
    assert record == {
        "messageId": sent["MessageId"],
        "receiptHandle": record["receiptHandle"],
        "body": "hello",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": sent_at,
            "SenderId": record["attributes"]["SenderId"],
            "ApproximateFirstReceiveTimestamp": record["attributes"]["ApproximateFirstReceiveTimestamp"],
        },
        "messageAttributes": {
            "kind": {
                "stringValue": "trade",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            }
        },
        "md5OfMessageAttributes": sent["MD5OfMessageAttributes"],
        "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": "us-east-1",
    }


def test_messages_that_were_processed_are_deleted(
    lambda_: Any, sqs: Any, function: str, told: Queue, quiet: Callable[[], None]
) -> None:
    queue = Queue(sqs)
    lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=queue.arn)
    queue.send("a", "b")
    quiet()

    assert [record["body"] for record in told.event()["Records"]] == ["a", "b"]
    assert queue.counts() == (0, 0)


def test_message_that_failed_comes_again_and_then_goes_to_the_dead_letter_queue(
    lambda_: Any, sqs: Any, told: Queue
) -> None:
    dead, name = Queue(sqs), a_name("reader")
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 2})
    queue = Queue(sqs, VisibilityTimeout="600", RedrivePolicy=redrive)
    create_function(lambda_, name, told, Timeout=20)
    lambda_.create_event_source_mapping(FunctionName=name, EventSourceArn=queue.arn)
    (message_id,) = queue.send("fail")

    attempts = [queue.bring_back(told.event()["Records"][-1]) for _ in range(2)]
    assert dead.message()["MessageId"] == message_id
    assert [one["attributes"]["ApproximateReceiveCount"] for one in attempts] == ["1", "2"]
    assert {one["messageId"] for one in attempts} == {message_id}


def test_message_that_the_function_says_has_failed_comes_again_alone(
    lambda_: Any, sqs: Any, told: Queue, quiet: Callable[[], None]
) -> None:
    queue, name = Queue(sqs, VisibilityTimeout="600"), a_name("reader")
    create_function(lambda_, name, told, report="yes", Timeout=20)
    lambda_.create_event_source_mapping(
        FunctionName=name, EventSourceArn=queue.arn, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    queue.send("a", "fail", "b")
    first = told.event()["Records"]
    quiet()
    assert queue.counts() == (0, 1), "the others are deleted"
    queue.bring_back(first[1])
    again = told.event()["Records"]

    assert [[record["body"] for record in batch] for batch in (first, again)] == [
        ["a", "fail", "b"],
        ["fail"],
    ]


def test_handler_may_bring_a_message_back_early(lambda_: Any, sqs: Any, function: str, told: Queue) -> None:
    queue = Queue(sqs, VisibilityTimeout="600")
    lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=queue.arn)
    queue.send("fail")
    record = queue.bring_back(told.event()["Records"][0])
    (again,) = told.event()["Records"]

    assert again["messageId"] == record["messageId"]


def test_delayed_message_comes_when_its_delay_is_over(
    lambda_: Any, sqs: Any, function: str, told: Queue
) -> None:
    queue = Queue(sqs)
    lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=queue.arn)
    sqs.send_message(QueueUrl=queue.url, MessageBody="later", DelaySeconds=1)
    (record,) = told.event()["Records"]

    attributes = record["attributes"]
    waited = int(attributes["ApproximateFirstReceiveTimestamp"]) - int(attributes["SentTimestamp"])
    assert waited >= 1000


def test_published_message_reaches_a_function_by_a_queue(
    client: Clients, lambda_: Any, sqs: Any, function: str, told: Queue
) -> None:
    sns, queue = client("sns"), Queue(sqs)
    topic = sns.create_topic(Name=a_name("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=queue.arn)
    sns.publish(TopicArn=topic, Message="hello")
    (record,) = told.event()["Records"]

    assert json.loads(record["body"])["Message"] == "hello"


def test_dead_letters_of_a_queue_can_be_read_by_a_function(
    lambda_: Any, sqs: Any, function: str, told: Queue
) -> None:
    dead = Queue(sqs)
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 1})
    queue = Queue(sqs, RedrivePolicy=redrive)
    lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=dead.arn)
    queue.send("poison")
    sqs.receive_message(QueueUrl=queue.url, VisibilityTimeout=0)
    sqs.receive_message(QueueUrl=queue.url)
    (record,) = told.event()["Records"]

    assert (record["body"], record["eventSourceARN"]) == ("poison", dead.arn)


@pytest.mark.parametrize("wanted", [True, False], ids=["enabled", "disabled"])
def test_mapping_can_be_switched(
    lambda_: Any, sqs: Any, function: str, told: Queue, quiet: Callable[[], None], wanted: bool
) -> None:
    queue = Queue(sqs)
    uuid = lambda_.create_event_source_mapping(
        FunctionName=function, EventSourceArn=queue.arn, Enabled=not wanted
    )["UUID"]
    before = state_of(lambda_, uuid)
    changed = lambda_.update_event_source_mapping(UUID=uuid, Enabled=wanted)
    quiet()

    states = (before, changed["State"], state_of(lambda_, uuid))
    assert states == (("Disabled", "Enabling", "Enabled") if wanted else ("Enabled", "Disabling", "Disabled"))
    queue.send("a")
    quiet()
    assert (queue.counts() == (0, 0)) is wanted


def test_mapping_can_be_changed(lambda_: Any, sqs: Any, function: str) -> None:
    queue = Queue(sqs)
    created = lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=queue.arn)
    filters = {"Filters": [{"Pattern": '{"body": {"a": ["b"]}}'}]}
    changed = lambda_.update_event_source_mapping(
        UUID=created["UUID"],
        BatchSize=50,
        MaximumBatchingWindowInSeconds=2,
        FilterCriteria=filters,
        ScalingConfig={"MaximumConcurrency": 7},
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    assert without_metadata(changed) == without_metadata(created) | {
        "BatchSize": 50,
        "MaximumBatchingWindowInSeconds": 2,
        "FilterCriteria": filters,
        "ScalingConfig": {"MaximumConcurrency": 7},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "LastModified": changed["LastModified"],
        "State": "Updating",
    }
    assert state_of(lambda_, created["UUID"]) == "Enabled"


def test_deleted_mapping_is_gone(lambda_: Any, sqs: Any, function: str, quiet: Callable[[], None]) -> None:
    queue = Queue(sqs)
    uuid = lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=queue.arn)["UUID"]
    deleted = lambda_.delete_event_source_mapping(UUID=uuid)
    quiet()

    assert deleted["State"] == "Deleting"
    with pytest.raises(lambda_.exceptions.ResourceNotFoundException) as gone:
        lambda_.get_event_source_mapping(UUID=uuid)
    assert gone.value.response["Error"]["Message"] == "The resource you requested does not exist."


def test_mapping_has_tags(lambda_: Any, sqs: Any, function: str) -> None:
    arn = lambda_.create_event_source_mapping(
        FunctionName=function, EventSourceArn=Queue(sqs).arn, Tags={"team": "a", "cost": "b"}
    )["EventSourceMappingArn"]
    lambda_.tag_resource(Resource=arn, Tags={"team": "c"})
    lambda_.untag_resource(Resource=arn, TagKeys=["cost"])

    assert lambda_.list_tags(Resource=arn)["Tags"] == {"team": "c"}


def test_mappings_are_listed_by_page_and_by_function(lambda_: Any, sqs: Any, function: str) -> None:
    arns = [Queue(sqs).arn for _ in range(3)]
    for arn in arns:
        lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=arn)
    first = lambda_.list_event_source_mappings(FunctionName=function, MaxItems=2)
    rest = lambda_.list_event_source_mappings(FunctionName=function, MaxItems=2, Marker=first["NextMarker"])

    listed = first["EventSourceMappings"] + rest["EventSourceMappings"]
    assert ([one["EventSourceArn"] for one in listed], "NextMarker" in rest) == (arns, False)


# --- streams --------------------------------------------------------------------------------------------------


def test_mapping_of_a_stream_is_shown_as_lambda_shows_it(
    lambda_: Any, function: str, create_table: Callable[[], tuple[str, str]]
) -> None:
    _, stream_arn = create_table()
    created = lambda_.create_event_source_mapping(
        FunctionName=function, EventSourceArn=stream_arn, StartingPosition="LATEST"
    )
    uuid = created["UUID"]
    assert without_metadata(created) == {
        "UUID": uuid,
        "EventSourceMappingArn": f"arn:aws:lambda:us-east-1:000000000000:event-source-mapping:{uuid}",
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 0,
        "EventSourceArn": stream_arn,
        "FunctionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{function}",
        "FunctionResponseTypes": [],
        "LastModified": created["LastModified"],
        "LastProcessingResult": "No records processed",
        "State": "Creating",
        "StateTransitionReason": "User action",
        "StartingPosition": "LATEST",
        "ParallelizationFactor": 1,
        "MaximumRetryAttempts": -1,
        "MaximumRecordAgeInSeconds": -1,
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {}},
        "TumblingWindowInSeconds": 0,
    }


def test_function_gets_changes_as_lambda_gives_them(
    lambda_: Any,
    dynamodb: Any,
    function: str,
    told: Queue,
    create_table: Callable[[], tuple[str, str]],
    quiet: Callable[[], None],
) -> None:
    table, stream_arn = create_table()
    mapping = lambda_.create_event_source_mapping(
        FunctionName=function, EventSourceArn=stream_arn, StartingPosition="TRIM_HORIZON"
    )
    dynamodb.put_item(TableName=table, Item={"id": {"S": "1"}, "b": {"B": b"foobar"}})
    (record,) = told.event()["Records"]
    quiet()

    change = record["dynamodb"]
    assert record == {
        "eventID": record["eventID"],
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": change["ApproximateCreationDateTime"],
            "Keys": {"id": {"S": "1"}},
            "NewImage": {"id": {"S": "1"}, "b": {"B": "Zm9vYmFy"}},
            "SequenceNumber": change["SequenceNumber"],
            "SizeBytes": 13,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": stream_arn,
    }
    shown = lambda_.get_event_source_mapping(UUID=mapping["UUID"])
    assert shown["LastProcessingResult"] == "OK"


def test_failing_change_holds_up_the_next_one_until_it_is_given_up(
    lambda_: Any,
    dynamodb: Any,
    sqs: Any,
    function: str,
    told: Queue,
    create_table: Callable[[], tuple[str, str]],
) -> None:
    (table, stream_arn), failures = create_table(), Queue(sqs)
    lambda_.create_event_source_mapping(
        FunctionName=function,
        EventSourceArn=stream_arn,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": failures.arn}},
    )
    dynamodb.put_item(TableName=table, Item={"id": {"S": "1"}, "do": {"S": "fail"}})
    first = told.event()
    dynamodb.put_item(TableName=table, Item={"id": {"S": "2"}})

    seen = [ids_of(event) for event in (first, told.event(), told.event())]
    assert seen == [["1"], ["1"], ["2"]]
    record = failures.event()
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    number = first["Records"][0]["dynamodb"]["SequenceNumber"]
    assert record["DDBStreamBatchInfo"]["startSequenceNumber"] == number


def ids_of(event: Event) -> list[str]:
    return [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]


# --- what is refused ------------------------------------------------------------------------------------------

NO_QUEUE = "arn:aws:sqs:us-east-1:000000000000:nobodys"
NO_STREAM = "arn:aws:dynamodb:us-east-1:000000000000:table/x/stream/2026-11-22T12:00:00.000"
A_STREAM = {"StartingPosition": "LATEST"}
REFUSED: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "no source": ("", {}, "InvalidParameterValueException", "Unrecognized event source."),
    "a queue that is not there": (
        NO_QUEUE,
        {},
        "InvalidParameterValueException",
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
        "SQS Error Message: The specified queue does not exist.",
    ),
    "a stream that is not there": (
        NO_STREAM,
        A_STREAM,
        "InvalidParameterValueException",
        f"Stream not found: {NO_STREAM}",
    ),
    "a function that is not there": (
        NO_QUEUE,
        {"FunctionName": "nobody"},
        "InvalidParameterValueException",
        "Function does not exist",
    ),
    "a large batch without a window": (
        NO_QUEUE,
        {"BatchSize": 11},
        "InvalidParameterValueException",
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
    ),
    "a batch of too many": (
        NO_QUEUE,
        {"BatchSize": 10_001, "MaximumBatchingWindowInSeconds": 1},
        "ValidationException",
        "1 validation error detected: Value '10001' at 'BatchSize' failed to satisfy constraint: 1 to 10000",
    ),
    "a window of a FIFO queue": (
        f"{NO_QUEUE}.fifo",
        {"MaximumBatchingWindowInSeconds": 1},
        "InvalidParameterValueException",
        "Batching window is not supported for FIFO queues",
    ),
    "a position in a queue": (
        NO_QUEUE,
        A_STREAM,
        "InvalidParameterValueException",
        "StartingPosition is not valid for SQS event sources.",
    ),
    "an unknown position": (
        NO_STREAM,
        {"StartingPosition": "HERE"},
        "ValidationException",
        "1 validation error detected: Value 'HERE' at 'startingPosition' failed to satisfy constraint: "
        "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
    ),
    "a time in a stream of changes": (
        NO_STREAM,
        {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1.0},
        "InvalidParameterValueException",
        f"Unsupported starting position for arn type: {NO_STREAM}",
    ),
    "a filter that is no pattern": (
        NO_QUEUE,
        {"FilterCriteria": {"Filters": [{"Pattern": "single-string"}]}},
        "InvalidParameterValueException",
        "Invalid filter pattern definition.",
    ),
    "retries of a queue": (
        NO_QUEUE,
        {"MaximumRetryAttempts": 1},
        "InvalidParameterValueException",
        "Unsupported MaximumRetryAttempts parameter for given event source mapping type.",
    ),
    "a concurrency of a stream": (
        NO_STREAM,
        {**A_STREAM, "ScalingConfig": {"MaximumConcurrency": 2}},
        "InvalidParameterValueException",
        "ScalingConfig is only supported for SQS event sources.",
    ),
    "an age below a minute": (
        NO_STREAM,
        {**A_STREAM, "MaximumRecordAgeInSeconds": 59},
        "ValidationException",
        "1 validation error detected: Value '59' at 'MaximumRecordAgeInSeconds' failed to satisfy "
        "constraint: 60 to 604800",
    ),
    "a stream of Kinesis": (
        "arn:aws:kinesis:us-east-1:000000000000:stream/x",
        A_STREAM,
        "NotImplementedException",
        "lambda:an event source mapping of arn:aws:kinesis:us-east-1:000000000000:stream/x is not emulated "
        "by fanout-harness; nothing was done.",
    ),
    "a tumbling window": (
        NO_STREAM,
        {**A_STREAM, "TumblingWindowInSeconds": 30},
        "NotImplementedException",
        "lambda:TumblingWindowInSeconds of an event source mapping is not emulated by fanout-harness; "
        "nothing was done.",
    ),
    "failures that go to a bucket": (
        NO_STREAM,
        {**A_STREAM, "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}},
        "NotImplementedException",
        "lambda:the destination arn:aws:s3:::bucket of an event source mapping is not emulated by "
        "fanout-harness; nothing was done.",
    ),
}


@pytest.mark.parametrize(("arn", "more", "code", "message"), REFUSED.values(), ids=REFUSED)
def test_mapping_is_refused(
    lambda_: Any, function: str, arn: str, more: dict[str, Any], code: str, message: str
) -> None:
    source = {"EventSourceArn": arn} if arn else {}
    with pytest.raises(ClientError) as refused:
        lambda_.create_event_source_mapping(**{"FunctionName": function, **source, **more})
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)


def test_queue_must_hide_messages_for_as_long_as_the_function_may_take(
    lambda_: Any, sqs: Any, function: str
) -> None:
    queue = Queue(sqs, VisibilityTimeout="10")
    with pytest.raises(lambda_.exceptions.InvalidParameterValueException) as refused:
        lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=queue.arn)
    assert refused.value.response["Error"]["Message"] == (
        "Queue visibility timeout: 10 seconds is less than Function timeout: 20 seconds"
    )


def test_source_is_mapped_to_a_function_once(lambda_: Any, sqs: Any, function: str) -> None:
    queue = Queue(sqs)
    uuid = lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=queue.arn)["UUID"]
    with pytest.raises(lambda_.exceptions.ResourceConflictException) as refused:
        lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=queue.arn)
    assert refused.value.response["Error"]["Message"] == (
        f'The event source arn (" {queue.arn} ") and function (" {function} ") provided mapping already '
        f"exists. Please update or delete the existing mapping with UUID {uuid}"
    )
