"""Integration requests: integrations called through the Lambda runtime, with their time-out on the clock."""

import asyncio
import logging
import re
from collections.abc import Mapping

import orjson

from harness.clock import Clock
from harness.emulator.gateway.apis import (
    Integration,
    LambdaIntegration,
    MockIntegration,
    UnsupportedIntegration,
)
from harness.emulator.gateway.configuration import InForce
from harness.emulator.gateway.integration_responses import Answer, NoOutcome, no_success
from harness.emulator.in_flight import InFlight
from harness.emulator.journal import Note
from harness.emulator.lambda_runtime.function import parse_reference
from harness.emulator.lambda_runtime.outcome import Cause, Functions, Outcome, RequestId, Returned
from harness.record.observation import RouteAnswered

_log = logging.getLogger(__name__)
_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")


class Integrations:
    """Calls integrations, for at most the quota's time (Q-10).

    A function that fails or takes too long is an Answer and no error; one that has timed out runs on, counted in
    `in_flight`.
    """

    def __init__(
        self, *, functions: Functions, clock: Clock, note: Note, in_force: InForce, in_flight: InFlight
    ) -> None:
        self._functions = functions
        self._clock, self._note = clock, note
        self._in_force = in_force
        self._in_flight = in_flight

    async def call(
        self, integration: Integration | None, payload: bytes, variables: Mapping[str, str], cause: Cause
    ) -> Answer:
        """What came of it, within the integration's time-out; what is no success is noted."""
        match integration:
            case LambdaIntegration(timeout=timeout):
                function = function_of(integration, variables)
                most = self._in_force.quotas.integration_timeout
                answer = await self._invoke(function, payload, cause, min(timeout, most))
                self._note_what_failed(answer, function, cause)
                return answer
            case MockIntegration(status_code=status, body=body):
                return Returned(RequestId(""), orjson.dumps({"statusCode": status, "body": body}))
            case UnsupportedIntegration(what=what):
                _log.error("route %s: the integration %s is not emulated", cause.route, what)
            case None:
                # Not recorded on AWS yet: a message to a route that has no integration.
                _log.error("route %s has no integration", cause.route)
        return NoOutcome.UNSUPPORTED

    def _note_what_failed(self, answer: Answer, function: str, cause: Cause) -> None:
        route, connection = cause.route or "", cause.connection or ""
        bad = no_success(answer, route)
        if bad is not None:
            reference, at = parse_reference(function), self._clock.monotonic()
            name = function if reference is None else reference.name
            self._note(RouteAnswered(at, bad.request, name, route, connection, bad.status, bad.problem))

    async def authorize(
        self, authorizer: LambdaIntegration, payload: bytes, variables: Mapping[str, str], cause: Cause
    ) -> Answer:
        """What an authorizer's function said, which is no route's response."""
        most = self._in_force.quotas.integration_timeout
        return await self._invoke(
            function_of(authorizer, variables), payload, cause, min(authorizer.timeout, most)
        )

    async def _invoke(self, function: str, payload: bytes, cause: Cause, timeout: float) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        invocation = self._in_flight.start(self._functions.invoke(function, payload, cause=cause))
        invocation.add_done_callback(lambda ended: _settle(answer, ended))
        timer = self._clock.call_later(timeout, lambda: _time_out(answer))
        try:
            return await answer  # the function runs on when its caller has stopped waiting
        finally:
            timer.cancel()


def function_of(integration: LambdaIntegration, variables: Mapping[str, str]) -> str:
    """The function to invoke, its stage variables filled in; a variable that is not there is ""."""
    return _VARIABLE.sub(lambda match: variables.get(match[1], ""), integration.function)


def _settle(answer: asyncio.Future[Answer], invocation: asyncio.Task[Outcome]) -> None:
    if answer.done():
        return
    if invocation.cancelled():
        answer.cancel()
    elif (error := invocation.exception()) is not None:
        answer.set_exception(error)
    else:
        answer.set_result(invocation.result())


def _time_out(answer: asyncio.Future[Answer]) -> None:
    if not answer.done():
        answer.set_result(NoOutcome.TIMED_OUT)
