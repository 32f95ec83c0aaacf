"""Who may open a connection? Decides opening handshakes: quotas, the authorizer, `$connect`."""

import logging
from dataclasses import dataclass, replace

from harness.clock import Clock
from harness.emulator.gateway.apis import CONNECT, Api, Authorizer, LambdaIntegration, Route, Stage
from harness.emulator.gateway.authorizers import identity_sources_present, read_authorizer_answer
from harness.emulator.gateway.handshake import OpeningHandshake, read_opening_handshake
from harness.emulator.gateway.ids import RandomBytes, new_connection_id, new_request_id
from harness.emulator.gateway.integration import (
    FORBIDDEN,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    Accept,
    Refuse,
    read_connect_answer,
)
from harness.emulator.gateway.integrations import Integrations
from harness.emulator.gateway.lambda_events import (
    ConnectionFacts,
    Parameters,
    authorizer_event,
    connect_event,
    method_arn,
    new_trace_id,
    read_parameters,
)
from harness.emulator.gateway.throttles import Throttles
from harness.emulator.http import Request
from harness.emulator.lambda_runtime.outcome import Cause

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A handshake that `$connect` let pass; give it to `Gateway.open`."""

    facts: ConnectionFacts
    opening: OpeningHandshake
    subprotocol: str | None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A handshake whose fate is not decided yet."""

    api: Api
    stage: Stage
    facts: ConnectionFacts
    parameters: Parameters
    request_id: str


class Openings:
    """Decides opening handshakes. `url_length` is the longest target of a request, in characters (U-7)."""

    def __init__(
        self,
        *,
        integrations: Integrations,
        throttles: Throttles,
        clock: Clock,
        random: RandomBytes,
        url_length: int,
    ) -> None:
        self._integrations = integrations
        self._throttles = throttles
        self._clock = clock
        self._random = random
        self._url_length = url_length

    async def decide(self, request: Request, api: Api | None, stage_name: str) -> Accepted | Refuse:
        """Holds the handshake until the authorizer and `$connect` have answered (C-1)."""
        stage = api.stages.get(stage_name) if api is not None else None
        if api is None or stage is None:
            # Not recorded on AWS yet: the answer to an unknown stage (C-18).
            return Refuse(403, FORBIDDEN)
        opening = read_opening_handshake(request, url_length=self._url_length)
        if isinstance(opening, Refuse):
            return opening
        if not self._admits_handshake(api, stage):
            return Refuse(429, TOO_MANY_REQUESTS)  # C-17
        attempt = self._attempt(request, api, stage)
        verdict = await self._connect(attempt, api.routes.get(CONNECT))
        if isinstance(verdict, Refuse):
            return verdict
        facts, accept = verdict
        return Accepted(facts, opening, accept.subprotocol)

    def _admits_handshake(self, api: Api, stage: Stage) -> bool:
        now = self._clock.monotonic()
        throttles = self._throttles
        return throttles.admit_handshake(api, now) and throttles.admit_route(api, stage, CONNECT, now)

    def _attempt(self, request: Request, api: Api, stage: Stage) -> _Attempt:
        now, random = self._clock.time(), self._random
        facts = ConnectionFacts(
            api_id=api.api_id,
            stage=stage.name,
            connection_id=new_connection_id(now, random),
            connected_at=now,
            domain_name=request.headers.get("Host"),
            source_ip=request.peer[0],
            user_agent=request.headers.get("User-Agent") or None,
        )
        parameters = read_parameters(request, new_trace_id(now, random))
        return _Attempt(api, stage, facts, parameters, new_request_id(now, random))

    async def _connect(
        self, attempt: _Attempt, route: Route | None
    ) -> tuple[ConnectionFacts, Accept] | Refuse:
        if route is None:
            return attempt.facts, Accept()  # C-7
        authorized = await self._authorize(attempt, route)
        if isinstance(authorized, Refuse):
            return authorized
        facts, integration_latency = authorized
        if route.integration is None:
            return facts, Accept()
        payload = connect_event(
            facts,
            attempt.parameters,
            attempt.stage.variables,
            request_id=attempt.request_id,
            now=self._clock.time(),
            integration_latency=integration_latency,
        )
        cause = Cause(connection=facts.connection_id, route=CONNECT)
        verdict = read_connect_answer(
            await self._integrations.call(route.integration, payload, attempt.stage.variables, cause)
        )
        return verdict if isinstance(verdict, Refuse) else (facts, verdict)

    async def _authorize(
        self, attempt: _Attempt, route: Route
    ) -> tuple[ConnectionFacts, int | None] | Refuse:
        """The connection's facts with what the authorizer said, and its latency in ms."""
        if route.api_key_required or route.authorization == "AWS_IAM":
            # Refused rather than ignored: a test must not pass because nobody asked for a key.
            _log.error("API keys and AWS_IAM on $connect are not emulated (api %s)", attempt.facts.api_id)
            return Refuse(500, "API keys and AWS_IAM on $connect are not emulated")
        match route.authorization:
            case Authorizer() as authorizer:
                return await self._ask(authorizer, attempt)
            case "NONE":
                return attempt.facts, None

    async def _ask(
        self, authorizer: Authorizer, attempt: _Attempt
    ) -> tuple[ConnectionFacts, int | None] | Refuse:
        facts, stage = attempt.facts, attempt.stage
        if not identity_sources_present(authorizer, facts, attempt.parameters, stage.variables):
            return Refuse(401, UNAUTHORIZED)
        arn = method_arn(attempt.api, stage.name)
        payload = authorizer_event(
            facts,
            attempt.parameters,
            stage.variables,
            arn=arn,
            request_id=attempt.request_id,
            now=self._clock.time(),
        )
        began_at = self._clock.monotonic()
        cause = Cause(connection=facts.connection_id, route=CONNECT)
        answer = await self._integrations.call(
            LambdaIntegration(authorizer.function), payload, stage.variables, cause
        )
        context = read_authorizer_answer(answer, arn)
        if isinstance(context, Refuse):
            return context
        return replace(facts, authorizer=context), round((self._clock.monotonic() - began_at) * 1000)
