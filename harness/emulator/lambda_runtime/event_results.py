"""Destinations' records and dead letters: who is told how an event ended, and in which words."""

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from harness.emulator.aws_api.timestamps import iso_milliseconds
from harness.emulator.lambda_runtime.event_invoke_config import EventInvokeConfig
from harness.emulator.lambda_runtime.function import LATEST
from harness.emulator.lambda_runtime.outcome import (
    FunctionError,
    NoSuchFunction,
    Outcome,
    RequestId,
    Returned,
    Throttled,
)
from harness.emulator.lambda_runtime.retries import Condition
from harness.emulator.letters import Letter, MessageAttribute

_LONGEST_ERROR_MESSAGE = 1024


@dataclass(frozen=True, slots=True)
class EndedEvent:
    """An event that is tried no more. `outcome` is that of its last attempt, `ended_at` in seconds of the epoch.

    `function_arn` is unqualified; `attempts` counts those in which the function ran.
    """

    request: RequestId
    function_arn: str
    payload: bytes
    condition: Condition
    attempts: int
    outcome: Outcome
    ended_at: float


def letters_about(event: EndedEvent, config: EventInvokeConfig, dead_letter_target: str) -> Iterator[Letter]:
    """What Lambda sends; a function may have both, a dead-letter queue and a destination, "" for none."""
    if event.condition is Condition.SUCCESS:
        if config.on_success:
            yield _record(config.on_success, event)
        return
    if dead_letter_target:
        yield _dead_letter(dead_letter_target, event)
    if config.on_failure:
        yield _record(config.on_failure, event)


def _record(destination: str, event: EndedEvent) -> Letter:
    """The record that a destination gets (S-14)."""
    record = {
        "version": "1.0",
        "timestamp": iso_milliseconds(event.ended_at),
        "requestContext": {
            "requestId": event.request,
            "functionArn": f"{event.function_arn}:{LATEST}",
            "condition": event.condition.value,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": _json(event.payload),
        **_response(event.outcome),
    }
    return Letter(destination, orjson.dumps(record).decode(), request=event.request)


def _response(outcome: Outcome) -> dict[str, object]:
    context: dict[str, object] = {"statusCode": 200, "executedVersion": LATEST}
    match outcome:
        case Returned(payload=payload):
            return {"responseContext": context, "responsePayload": _json(payload)}
        case FunctionError(payload=payload):
            failed = {**context, "functionError": "Unhandled"}
            return {"responseContext": failed, "responsePayload": _json(payload)}
        case Throttled() | NoSuchFunction():
            # Not recorded on AWS yet: the response in the record of an event that was throttled to its end;
            # ours has none.
            return {}


def _dead_letter(target: str, event: EndedEvent) -> Letter:
    """The event as it was, with three attributes (S-13)."""
    code, message = _error(event.outcome)
    return Letter(
        target,
        event.payload.decode("utf-8", "replace"),
        {
            "RequestID": MessageAttribute("String", event.request),
            "ErrorCode": MessageAttribute("Number", code),
            "ErrorMessage": MessageAttribute("String", message[:_LONGEST_ERROR_MESSAGE]),
        },
        request=event.request,
    )


def _error(outcome: Outcome) -> tuple[str, str]:
    """A dead letter's ErrorCode and ErrorMessage; the message is never empty, because queues refuse that."""
    match outcome:
        case Returned(payload=payload) | FunctionError(payload=payload):
            error = _json(payload)
            message = error.get("errorMessage") if isinstance(error, dict) else None
            return "200", str(message or payload.decode("utf-8", "replace") or "null")
        case Throttled() | NoSuchFunction():
            # Not recorded on AWS yet: the ErrorCode and ErrorMessage of a dead letter that was throttled to its
            # end; ours are those that a caller of Invoke gets (L-28).
            return "429", "Rate Exceeded."


def _json(payload: bytes) -> object:
    try:
        return orjson.loads(payload or b"null")
    except orjson.JSONDecodeError:
        return payload.decode("utf-8", "replace")
