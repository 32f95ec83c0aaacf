"""Event queue of asynchronous invocations: attempted, retried on the clock, their end told to whom it concerns.

The rules are `retries`' and `event_results`'; this is the shell that obeys them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from harness.clock import Clock, TimerHandle
from harness.emulator.journal import Note
from harness.emulator.lambda_runtime.deployed_function import Deployed, Queued
from harness.emulator.lambda_runtime.event_invoke_config import DEFAULT_EVENT_INVOKE_CONFIG
from harness.emulator.lambda_runtime.event_results import EndedEvent, letters_about
from harness.emulator.lambda_runtime.function import FunctionConfiguration
from harness.emulator.lambda_runtime.outcome import (
    Cause,
    FunctionError,
    NoSuchFunction,
    Outcome,
    RequestId,
    Returned,
    Throttled,
)
from harness.emulator.lambda_runtime.retries import (
    Condition,
    NextAttempt,
    after_function_error,
    after_throttle,
)
from harness.emulator.lambda_runtime.scheduler import Scheduler
from harness.emulator.letters import Letter
from harness.record.observation import InvocationEnded

Send: TypeAlias = Callable[[Letter], None]
"""Delivers a letter some time soon."""


@dataclass(eq=False, slots=True)
class QueuedEvent:
    """An asynchronous invocation, over all its attempts; `function` is a name."""

    request: RequestId
    function: str
    payload: bytes
    cause: Cause
    client_context: str | None
    queued_at: float
    attempts: int = 0
    throttles: int = 0
    retry: TimerHandle | None = None


class EventQueue:
    """The events of all functions, from their first attempt to their last.

    Takes events and raises nothing: an attempt that fails or is throttled waits on the clock for the next one, as the
    function's event invoke config says; an event that ends unheard is noted, and its letters go to `send`.
    """

    def __init__(
        self,
        *,
        scheduler: Scheduler,
        throttle: Callable[[Deployed], Throttled | None],
        arn_of: Callable[[str], str],
        clock: Clock,
        note: Note,
        send: Send,
    ) -> None:
        self._scheduler, self._throttle, self._arn_of = scheduler, throttle, arn_of
        self._clock, self._note, self._send = clock, note, send
        self._retrying: set[QueuedEvent] = set()
        self._closed = False

    def attempt(self, event: QueuedEvent) -> None:
        """Runs the event's function, or tries that later."""
        self._retrying.discard(event)
        deployed = self._scheduler.find(event.function)
        if deployed is None:
            self._ended(event, NoSuchFunction(self._arn_of(event.function)))
        elif (throttled := self._throttle(deployed)) is not None:
            self._ended(event, throttled)
        else:
            ended = partial(self._ended, event)
            self._scheduler.submit(
                Queued(event.request, deployed, event.payload, event.cause, ended, event.client_context)
            )

    def forget(self) -> tuple[str, ...]:
        """Gives up what waits for its next attempt; the name of its function for each."""
        given_up = tuple(sorted(event.function for event in self._retrying))
        for event in self._retrying:
            if event.retry is not None:
                event.retry.cancel()
        self._retrying.clear()
        return given_up

    def close(self) -> None:
        """Forgets what waits for its next attempt; events that end from now on are told nobody."""
        self._closed = True
        self.forget()

    def _ended(self, event: QueuedEvent, outcome: Outcome) -> None:
        if self._closed:
            return
        deployed = self._scheduler.find(event.function)
        if isinstance(outcome, NoSuchFunction) or (deployed is None and not isinstance(outcome, Returned)):
            self._drop(
                event, f"ResourceNotFoundException: Function not found: {self._arn_of(event.function)}"
            )
        elif deployed is not None:
            self._follow(event, outcome, deployed.function)

    def _follow(
        self,
        event: QueuedEvent,
        outcome: Returned | FunctionError | Throttled,
        function: FunctionConfiguration,
    ) -> None:
        following = self._following(event, outcome, function)
        if isinstance(following, Condition):
            self._finish(event, outcome, following, function)
        else:
            event.retry = self._clock.call_later(following, partial(self.attempt, event))
            self._retrying.add(event)

    def _following(
        self,
        event: QueuedEvent,
        outcome: Returned | FunctionError | Throttled,
        function: FunctionConfiguration,
    ) -> NextAttempt:
        config = function.event_invoke_config or DEFAULT_EVENT_INVOKE_CONFIG
        age = self._clock.monotonic() - event.queued_at
        match outcome:
            case Returned():
                event.attempts += 1
                return Condition.SUCCESS
            case FunctionError():
                event.attempts += 1
                return after_function_error(event.attempts, age=age, config=config)
            case Throttled():
                event.throttles += 1
                reserved = function.reserved_concurrency
                return after_throttle(event.throttles, age=age, config=config, reserved_concurrency=reserved)

    def _finish(
        self, event: QueuedEvent, outcome: Outcome, condition: Condition, function: FunctionConfiguration
    ) -> None:
        if isinstance(outcome, Throttled):
            self._drop(event, f"TooManyRequestsException: {outcome.reason}")
        ended = EndedEvent(
            event.request,
            function.arn,
            event.payload,
            condition,
            event.attempts,
            outcome,
            self._clock.time(),
        )
        config = function.event_invoke_config or DEFAULT_EVENT_INVOKE_CONFIG
        for letter in letters_about(ended, config, function.dead_letter_target):
            self._send(letter)

    def _drop(self, event: QueuedEvent, error: str) -> None:
        self._note(InvocationEnded(self._clock.monotonic(), event.request, event.function, error))
