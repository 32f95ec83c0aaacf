"""Events that are put, and the functions, queues, topics and buses that rules send them to."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from tests.contract.conftest import Clients, Deployed, Queue, a_name, error_of

Rule: TypeAlias = Callable[..., str]


@pytest.fixture(scope="module")
def events(client: Clients) -> Any:
    return client("events")


@pytest.fixture
def source() -> str:
    """The source of a test's events, which no other test has."""
    return a_name("source")


@pytest.fixture
def rule(events: Any, source: str) -> Rule:
    """Creates a rule for the test's source with these targets; its ARN."""

    def create(*targets: dict[str, Any], bus: str = "default", **pattern: object) -> str:
        name = a_name("rule")
        arn = events.put_rule(
            Name=name, EventBusName=bus, EventPattern=json.dumps({"source": [source], **pattern})
        )["RuleArn"]
        numbered = [{"Id": str(number), **target} for number, target in enumerate(targets)]
        assert events.put_targets(Rule=name, EventBusName=bus, Targets=numbered)["FailedEntryCount"] == 0
        return str(arn)

    return create


def put(events: Any, source: str, detail: object, **more: Any) -> str:
    """Puts an event; its id."""
    entry = {"Source": source, "DetailType": "Trade", "Detail": json.dumps(detail), **more}
    answer = events.put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0
    return str(answer["Entries"][0]["EventId"])


def test_function_gets_the_event(events: Any, deployed: Deployed, rule: Rule, source: str) -> None:
    rule({"Arn": deployed.function_arn})
    event_id = put(events, source, {"market": "BTC-PERP"}, Resources=["arn:x"], Time=1_600_000_000)

    assert deployed.recorded() == {
        "version": "0",
        "id": event_id,
        "detail-type": "Trade",
        "source": source,
        "account": "000000000000",
        "time": "2020-09-13T12:26:40Z",
        "region": "us-east-1",
        "resources": ["arn:x"],
        "detail": {"market": "BTC-PERP"},
    }


def test_queue_gets_the_event(events: Any, queue: Queue, rule: Rule, source: str) -> None:
    rule({"Arn": queue.arn})
    event_id = put(events, source, {"market": "BTC-PERP"})
    event = queue.event()

    assert (event["id"], event["detail"]) == (event_id, {"market": "BTC-PERP"})


def test_topic_gets_the_event(client: Clients, events: Any, queue: Queue, rule: Rule, source: str) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name=a_name("topic"))["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"}
    )
    rule({"Arn": topic})
    event_id = put(events, source, {})

    assert queue.event()["id"] == event_id


def test_fifo_queue_gets_the_event_in_a_group(events: Any, sqs: Any, rule: Rule, source: str) -> None:
    queue = Queue(sqs, FifoQueue="true", ContentBasedDeduplication="true")
    rule({"Arn": queue.arn, "SqsParameters": {"MessageGroupId": "trades"}})
    put(events, source, {})

    assert queue.message()["Attributes"]["MessageGroupId"] == "trades"


def test_only_events_that_match_are_sent(events: Any, queue: Queue, rule: Rule, source: str) -> None:
    rule({"Arn": queue.arn}, detail={"price": [{"numeric": [">", 100]}]})
    put(events, source, {"price": 100})
    put(events, source, {"price": "101"})
    put(events, source, {"price": 101})

    assert queue.event()["detail"] == {"price": 101}


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"Input": '{"fixed": true}'}, '{"fixed": true}'),
        ({"InputPath": "$.detail"}, '{"market":"BTC-PERP"}'),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"market": "$.detail.market"},
                    "InputTemplate": '"<market> traded"',
                }
            },
            '"BTC-PERP traded"',
        ),
    ],
    ids=["Input", "InputPath", "InputTransformer"],
)
def test_target_gets_what_it_asks_for(
    events: Any, queue: Queue, rule: Rule, source: str, target: dict[str, Any], text: str
) -> None:
    rule({"Arn": queue.arn, **target})
    put(events, source, {"market": "BTC-PERP"})

    assert queue.message()["Body"] == text


def test_disabled_rule_sends_nothing(events: Any, sqs: Any, queue: Queue, rule: Rule, source: str) -> None:
    off = Queue(sqs)
    arn = rule({"Arn": off.arn})
    rule({"Arn": queue.arn})
    events.disable_rule(Name=arn.rpartition("/")[2])
    put(events, source, {})
    queue.event()
    assert "Messages" not in sqs.receive_message(QueueUrl=off.url)

    events.enable_rule(Name=arn.rpartition("/")[2])
    event_id = put(events, source, {})
    assert off.event()["id"] == event_id


def test_bus_has_rules_of_its_own_and_sends_to_another(
    events: Any, sqs: Any, queue: Queue, rule: Rule, source: str
) -> None:
    bus, elsewhere = a_name("bus"), Queue(sqs)
    bus_arn = events.create_event_bus(Name=bus)["EventBusArn"]
    rule({"Arn": queue.arn}, bus=bus)
    rule({"Arn": bus_arn}, {"Arn": elsewhere.arn})
    first = put(events, source, {}, EventBusName=bus_arn)
    assert queue.event()["id"] == first
    second = put(events, source, {})

    assert (elsewhere.event()["id"], queue.event()["id"]) == (second, second)


def test_event_for_a_bus_that_is_not_there_is_accepted_and_lost(events: Any, source: str) -> None:
    assert put(events, source, {}, EventBusName="nowhere")


def test_event_for_a_function_that_is_not_there_goes_to_the_targets_dead_letter_queue(
    events: Any, queue: Queue, rule: Rule, source: str
) -> None:
    nobody = "arn:aws:lambda:us-east-1:000000000000:function:nobody"
    rule_arn = rule({"Arn": nobody, "DeadLetterConfig": {"Arn": queue.arn}})
    event_id = put(events, source, {})
    message = queue.message()

    assert json.loads(message["Body"])["id"] == event_id
    attributes = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert attributes == {
        "RULE_ARN": rule_arn,
        "TARGET_ARN": nobody,
        "ERROR_CODE": "NO_RESOURCE",
        "ERROR_MESSAGE": f"Function not found: {nobody}",
    }


def test_entries_are_refused_one_by_one(events: Any, queue: Queue, rule: Rule, source: str) -> None:
    rule({"Arn": queue.arn})
    good = {"Source": source, "DetailType": "Trade", "Detail": "{}"}
    answer = events.put_events(Entries=[{**good, "Detail": "{"}, good, {**good, "Source": ""}])

    assert answer["FailedEntryCount"] == 2
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [
        "MalformedDetail",
        None,
        "InvalidArgument",
    ]
    assert queue.event()["id"] == answer["Entries"][1]["EventId"]


def test_requests_that_are_too_large_are_refused(events: Any) -> None:
    entry = {"Source": "s", "DetailType": "t", "Detail": "{}"}
    assert error_of(events.put_events, Entries=[entry] * 11)[0] == "ValidationException"
    large = {**entry, "Detail": json.dumps({"x": "y" * 1_048_576})}
    assert error_of(events.put_events, Entries=[large]) == (
        "ValidationException",
        "Total size of the entries in the request is over the limit.",
    )


@pytest.mark.parametrize(
    ("operation", "arguments", "code", "message"),
    [
        pytest.param(
            "put_rule",
            {"Name": "r", "EventPattern": '{"source": [{"like": "a"}]}'},
            "InvalidEventPatternException",
            "Event pattern is not valid. Reason: unknown operator 'like' in 'source'",
            id="no pattern",
        ),
        pytest.param(
            "put_rule",
            {"Name": "r", "ScheduleExpression": "rate(1 minutes)"},
            "ValidationException",
            "Parameter ScheduleExpression is not valid. Reason: one minute, two minutes: the unit is "
            "singular for 1 and plural else.",
            id="no schedule",
        ),
        pytest.param(
            "put_rule",
            {"Name": "r", "ScheduleExpression": "cron(0 12 L * ? *)"},
            "NotImplemented",
            "events:PutRule with 'L' in cron is not emulated by fanout-harness; nothing was done.",
            id="a special day",
        ),
        pytest.param(
            "put_targets",
            {
                "Rule": "r",
                "Targets": [{"Id": "1", "Arn": "arn:aws:states:us-east-1:000000000000:stateMachine:x"}],
            },
            "NotImplemented",
            "events:PutTargets with a rule's target arn:aws:states:us-east-1:000000000000:stateMachine:x "
            "is not emulated by fanout-harness; nothing was done.",
            id="a state machine",
        ),
        pytest.param(
            "create_archive",
            {"ArchiveName": "a", "EventSourceArn": "arn:aws:events:us-east-1:000000000000:event-bus/default"},
            "NotImplemented",
            "events:CreateArchive is not emulated by fanout-harness; nothing was done.",
            id="an archive",
        ),
    ],
)
def test_request_is_refused(
    events: Any, operation: str, arguments: dict[str, Any], code: str, message: str
) -> None:
    assert error_of(getattr(events, operation), **arguments) == (code, message)


@pytest.mark.parametrize(("price", "result"), [(101, True), (100, False)])
def test_pattern_can_be_tried(events: Any, price: int, result: bool) -> None:
    pattern = json.dumps({"detail": {"price": [{"numeric": [">", 100]}]}})
    event = json.dumps({"detail": {"price": price}})
    assert events.test_event_pattern(EventPattern=pattern, Event=event)["Result"] is result
