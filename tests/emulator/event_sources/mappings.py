"""Mappings, records and functions for the tests of event sources."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeAlias

from harness.emulator.event_sources.mapping import EventSourceMapping, StreamSettings
from harness.emulator.lambda_runtime.outcome import (
    Cause,
    FunctionError,
    NoSuchFunction,
    Outcome,
    RequestId,
    Returned,
    Throttled,
)
from tests.patience import WAIT

QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:jobs"
STREAM_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/Rows/stream/2026-11-22T12:00:00.000"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


OK = Returned(RequestId("r"), b"null")
FAILED = FunctionError(RequestId("r"), b'{"errorType":"ValueError"}')
THROTTLED = Throttled("ConcurrentInvocationLimitExceeded")

Event: TypeAlias = dict[str, Any]
Answer: TypeAlias = Callable[[Event], Outcome]


def a_queue_mapping(**settings: Any) -> EventSourceMapping:
    return EventSourceMapping(
        **{
            "uuid": "u",
            "arn": "arn:mapping",
            "source_arn": QUEUE_ARN,
            "function_arn": FUNCTION_ARN,
            "batch_size": 10,
            **settings,
        }
    )


def a_stream_mapping(*, stream: dict[str, Any] | None = None, **settings: Any) -> EventSourceMapping:
    settings.setdefault("source_arn", STREAM_ARN)
    return a_queue_mapping(
        **settings, stream=StreamSettings(**{"starting_position": "TRIM_HORIZON", **(stream or {})})
    )


class Function:
    """A function that answers as it is told, after `go` is set; it notes what it was invoked with."""

    def __init__(self, answer: Answer = lambda _: OK) -> None:
        self.answer = answer
        self.events: list[Event] = []
        self.causes: list[Cause] = []
        self.running = self.most_running = 0
        self.go = asyncio.Event()
        self.go.set()
        self._invoked = asyncio.Event()

    async def invoke(self, function: str, payload: bytes, *, cause: Cause) -> Outcome:
        assert function == FUNCTION_ARN
        event = json.loads(payload)
        self.events.append(event)
        self.causes.append(cause)
        self._invoked.set()
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        await self.go.wait()
        self.running -= 1
        return self.answer(event)

    async def invoked(self, times: int) -> None:
        """Waits until the function was invoked so often."""
        async with asyncio.timeout(WAIT):
            while len(self.events) < times:
                self._invoked.clear()
                await self._invoked.wait()

    def invoke_event(self, function: str, payload: bytes, *, cause: Cause) -> RequestId | NoSuchFunction:
        raise NotImplementedError


async def every_task_has_run() -> None:
    """As far as it can without anything from outside."""
    for _ in range(20):
        await asyncio.sleep(0)


def in_turn(*outcomes: Outcome) -> Answer:
    """One outcome after the other; the last one from then on."""
    left = list(outcomes)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]
