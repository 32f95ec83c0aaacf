"""Destinations' records and dead letters, key for key."""

import orjson
import pytest

from harness.emulator.lambda_runtime.event_invoke_config import EventInvokeConfig
from harness.emulator.lambda_runtime.event_results import EndedEvent, letters_about
from harness.emulator.lambda_runtime.outcome import FunctionError, Outcome, RequestId, Returned, Throttled
from harness.emulator.lambda_runtime.retries import Condition
from harness.emulator.letters import Letter, MessageAttribute

REQUEST = RequestId("r-1")
ERROR = b'{"errorMessage":"no","errorType":"ValueError"}'
BOTH = EventInvokeConfig(on_success="arn:success", on_failure="arn:failure")
THROTTLED = Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")


def an_event(condition: Condition, outcome: Outcome, *, attempts: int = 3) -> EndedEvent:
    return EndedEvent(REQUEST, "arn:f", b'{"a":1}', condition, attempts, outcome, 1_700_000_000.123)


def a_record(condition: str, attempts: int, **response: object) -> dict[str, object]:
    return {
        "version": "1.0",
        "timestamp": "2023-11-14T22:13:20.123Z",
        "requestContext": {
            "requestId": "r-1",
            "functionArn": "arn:f:$LATEST",
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": {"a": 1},
        **response,
    }


@pytest.mark.aws("S-14", "S-15")
@pytest.mark.parametrize(
    ("event", "destination", "record"),
    [
        pytest.param(
            an_event(Condition.RETRIES_EXHAUSTED, FunctionError(REQUEST, ERROR)),
            "arn:failure",
            a_record(
                "RetriesExhausted",
                3,
                responseContext={
                    "statusCode": 200,
                    "executedVersion": "$LATEST",
                    "functionError": "Unhandled",
                },
                responsePayload={"errorMessage": "no", "errorType": "ValueError"},
            ),
            id="retries exhausted",
        ),
        pytest.param(
            an_event(Condition.EVENT_AGE_EXCEEDED, FunctionError(REQUEST, ERROR), attempts=1),
            "arn:failure",
            a_record(
                "EventAgeExceeded",
                1,
                responseContext={
                    "statusCode": 200,
                    "executedVersion": "$LATEST",
                    "functionError": "Unhandled",
                },
                responsePayload={"errorMessage": "no", "errorType": "ValueError"},
            ),
            id="too old",
        ),
        pytest.param(
            an_event(Condition.SUCCESS, Returned(REQUEST, b'{"ok":true}'), attempts=1),
            "arn:success",
            a_record(
                "Success",
                1,
                responseContext={"statusCode": 200, "executedVersion": "$LATEST"},
                responsePayload={"ok": True},
            ),
            id="success",
        ),
        pytest.param(
            an_event(Condition.ZERO_RESERVED_CONCURRENCY, THROTTLED, attempts=0),
            "arn:failure",
            a_record("ZeroReservedConcurrency", 0),
            id="never run",
        ),
    ],
)
def test_a_destination_gets_its_record(
    event: EndedEvent, destination: str, record: dict[str, object]
) -> None:
    (letter,) = letters_about(event, BOTH, "")
    assert (letter.target, orjson.loads(letter.body), letter.attributes) == (destination, record, {})


def a_dead_letter(code: str, message: str) -> Letter:
    attributes = {
        "RequestID": MessageAttribute("String", "r-1"),
        "ErrorCode": MessageAttribute("Number", code),
        "ErrorMessage": MessageAttribute("String", message),
    }
    return Letter("arn:dlq", '{"a":1}', attributes, request="r-1")


@pytest.mark.aws("S-13")
@pytest.mark.parametrize(
    ("outcome", "code", "message"),
    [
        pytest.param(FunctionError(REQUEST, ERROR), "200", "no", id="the function's error"),
        pytest.param(FunctionError(REQUEST, b'"odd"'), "200", '"odd"', id="an error in no form of Lambda's"),
        pytest.param(FunctionError(REQUEST, b""), "200", "null", id="an error that says nothing"),
        pytest.param(
            FunctionError(REQUEST, b'{"errorMessage":"%s"}' % (b"x" * 2000)),
            "200",
            "x" * 1024,
            id="the first kilobyte",
        ),
    ],
)
def test_a_dead_letter_is_the_event_with_three_attributes(outcome: Outcome, code: str, message: str) -> None:
    event = an_event(Condition.RETRIES_EXHAUSTED, outcome)
    assert list(letters_about(event, EventInvokeConfig(), "arn:dlq")) == [a_dead_letter(code, message)]


@pytest.mark.aws("S-13", assumed=True)
def test_a_dead_letter_of_a_throttled_event_has_the_throttles_error() -> None:
    event = an_event(Condition.EVENT_AGE_EXCEEDED, THROTTLED)
    assert list(letters_about(event, EventInvokeConfig(), "arn:dlq")) == [
        a_dead_letter("429", "Rate Exceeded.")
    ]


@pytest.mark.parametrize(
    ("condition", "targets"),
    [(Condition.RETRIES_EXHAUSTED, ["arn:dlq", "arn:failure"]), (Condition.SUCCESS, ["arn:success"])],
    ids=["a failure is told to both", "a success to its destination only"],
)
def test_a_function_may_have_a_dead_letter_queue_and_destinations(
    condition: Condition, targets: list[str]
) -> None:
    outcome = Returned(REQUEST, b"1") if condition is Condition.SUCCESS else FunctionError(REQUEST, ERROR)
    assert [
        letter.target for letter in letters_about(an_event(condition, outcome), BOTH, "arn:dlq")
    ] == targets


@pytest.mark.parametrize("condition", Condition)
def test_nobody_is_told_where_nobody_asked(condition: Condition) -> None:
    event = an_event(condition, FunctionError(REQUEST, ERROR))
    assert list(letters_about(event, EventInvokeConfig(), "")) == []
