"""Messages of clients: their route, the checks before the integration, and what the client is sent back."""

import logging
from base64 import b64decode
from binascii import Error as Base64Error
from typing import TypeAlias

from harness.clock import Clock
from harness.emulator.gateway.apis import Api, LambdaIntegration, Route, Stage
from harness.emulator.gateway.configuration import InForce
from harness.emulator.gateway.ids import RandomBytes, new_message_id, new_request_id
from harness.emulator.gateway.integration_requests import Integrations
from harness.emulator.gateway.integration_responses import (
    FORBIDDEN,
    TOO_MANY_REQUESTS,
    Failed,
    Reply,
    bad_request_message,
    error_message,
    read_message_answer,
)
from harness.emulator.gateway.lambda_events import ConnectionFacts, message_event
from harness.emulator.gateway.request_models import is_acceptable
from harness.emulator.gateway.routes import choose_route
from harness.emulator.gateway.throttles import Throttles
from harness.emulator.lambda_runtime.outcome import Cause, FunctionError, RequestId, Returned

_log = logging.getLogger(__name__)

_Answered: TypeAlias = tuple[str | Failed | None, RequestId | None]
"""What is made of a message, and the invocation that answered it."""


class Messages:
    """Takes messages to their integrations.

    Gives what is sent back, None for nothing. What goes wrong is such a text, as AWS words it; the
    connection stays open after it (T-6).
    """

    def __init__(
        self,
        *,
        integrations: Integrations,
        throttles: Throttles,
        clock: Clock,
        random: RandomBytes,
        in_force: InForce,
    ) -> None:
        self._integrations = integrations
        self._throttles = throttles
        self._clock = clock
        self._random = random
        self._in_force = in_force

    async def answer(
        self, api: Api | None, stage: Stage | None, facts: ConnectionFacts, text: str
    ) -> Reply | None:
        """What the client gets for its message, None for nothing; `api` is None once it is deleted."""
        request_id = new_request_id(self._clock.time(), self._random)
        answer, invocation = await self._routed(api, stage, facts, text, request_id)
        if answer is None or isinstance(answer, str):
            return None if answer is None else Reply(answer, invocation)
        _log.info("message on %s: %s", facts.connection_id, answer.why)
        told = error_message(answer.message, connection_id=facts.connection_id, request_id=request_id)
        return Reply(told, invocation)

    async def _routed(
        self, api: Api | None, stage: Stage | None, facts: ConnectionFacts, text: str, request_id: str
    ) -> _Answered:
        route = choose_route(api, text, json=self._in_force.settings.json) if api is not None else None
        if api is None or stage is None or route is None:
            return Failed("no route matches", FORBIDDEN), None
        if not self._throttles.admit_route(api, stage, route.route_key, self._clock.monotonic()):
            # Not recorded on AWS yet: the error message for a message that is throttled.
            return Failed("throttled", TOO_MANY_REQUESTS), None
        message_id = new_message_id(facts.connection_id, self._clock.time(), self._random)
        if route.request_model is not None and not is_acceptable(route.request_model, text):
            return bad_request_message(connection_id=facts.connection_id, message_id=message_id), None
        if _converts_to_binary(route) and not _is_base64(text):
            # Not recorded on AWS yet: text that cannot be converted to binary.
            return Failed("the message is not base64, and its integration converts it to binary"), None
        return await self._integrated(route, stage, facts, text, message_id, request_id)

    async def _integrated(
        self, route: Route, stage: Stage, facts: ConnectionFacts, text: str, message_id: str, request_id: str
    ) -> _Answered:
        payload = message_event(
            facts,
            text,
            stage.variables,
            route_key=route.route_key,
            message_id=message_id,
            request_id=request_id,
            now=self._clock.time(),
            is_base64=_converts_to_binary(route),
        )
        cause = Cause(connection=facts.connection_id, route=route.route_key)
        answer = await self._integrations.call(route.integration, payload, stage.variables, cause)
        sends_empty = self._in_force.settings.empty_bodies == "sent"
        invocation = answer.request if isinstance(answer, Returned | FunctionError) else None
        reply = read_message_answer(answer, two_way=route.route_response, sends_empty=sends_empty)
        return reply, invocation or None


def _converts_to_binary(route: Route) -> bool:
    return isinstance(route.integration, LambdaIntegration) and route.integration.converts_to_binary


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return False
    return True
