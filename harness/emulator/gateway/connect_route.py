"""`$connect`: who may open a connection, by the quotas, the authorizer, the API key and the route's integration."""

import logging
from dataclasses import dataclass, replace

from harness.clock import Clock
from harness.emulator.gateway.apis import (
    CONNECT,
    Api,
    Authorizer,
    LambdaIntegration,
    Route,
    Stage,
    UnsupportedAuthorization,
)
from harness.emulator.gateway.authorizers import (
    Allowed,
    api_key_of,
    identity_sources_present,
    read_authorizer_answer,
)
from harness.emulator.gateway.configuration import InForce
from harness.emulator.gateway.ids import ConnectionId, RandomBytes, new_connection_id, new_request_id
from harness.emulator.gateway.integration_requests import Integrations
from harness.emulator.gateway.integration_responses import (
    FORBIDDEN,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    Accept,
    Refuse,
    read_connect_answer,
)
from harness.emulator.gateway.lambda_events import (
    ConnectionFacts,
    Parameters,
    authorizer_event,
    connect_event,
    method_arn,
    new_trace_id,
    read_parameters,
)
from harness.emulator.gateway.opening_handshake import OpeningHandshake, read_opening_handshake
from harness.emulator.gateway.signatures import (
    Fault,
    SecretOf,
    fault_of_signature,
    read_signature,
)
from harness.emulator.gateway.throttles import Throttles
from harness.emulator.gateway.urls import domain_name
from harness.emulator.lambda_runtime.outcome import Cause
from harness.emulator.port.http import Request

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A handshake that `$connect` let pass; give it to `Gateway.open`.

    `posted` was posted to the connection before it was open, and is due all the same (C-13).
    """

    facts: ConnectionFacts
    opening: OpeningHandshake
    subprotocol: str | None
    posted: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A handshake whose fate is not decided yet."""

    request: Request
    api: Api
    stage: Stage
    facts: ConnectionFacts
    parameters: Parameters
    request_id: str


class ConnectRoute:
    """Decides opening handshakes. With `secret_of`, signatures are verified and not only looked at (A-11).

    Takes the request, gives what `Gateway.open` needs (Accepted) or how the handshake is refused (Refuse). What a
    function does wrong is a refusal; nothing of a refused handshake stays behind but the tokens that it took.
    """

    def __init__(
        self,
        *,
        integrations: Integrations,
        throttles: Throttles,
        clock: Clock,
        random: RandomBytes,
        in_force: InForce,
        secret_of: SecretOf | None,
    ) -> None:
        self._integrations = integrations
        self._throttles = throttles
        self._clock = clock
        self._random = random
        self._in_force = in_force
        self._secret_of = secret_of
        self._undecided: dict[ConnectionId, list[bytes]] = {}

    def keep(self, connection_id: str, payload: bytes) -> None:
        """Keeps what is posted to a connection whose handshake is not decided yet, for when it is open (C-13)."""
        posted = self._undecided.get(ConnectionId(connection_id))
        if posted is not None:
            posted.append(payload)

    async def decide(self, request: Request, api: Api | None, stage_name: str) -> Accepted | Refuse:
        """Holds the handshake until the authorizer and `$connect` have answered (C-1)."""
        stage = api.stages.get(stage_name) if api is not None else None
        if api is None or stage is None:
            # G-1. Not recorded on AWS yet: the answer to an unknown stage (C-18).
            return Refuse(403, FORBIDDEN)
        opening = read_opening_handshake(request, url_length=self._in_force.quotas.url_length)
        if isinstance(opening, Refuse):
            return opening
        if not self._admits_handshake(api, stage):
            return Refuse(429, TOO_MANY_REQUESTS)  # C-17
        attempt = self._attempt(request, api, stage)
        posted = self._undecided.setdefault(attempt.facts.connection_id, [])
        try:
            verdict = await self._connect(attempt, api.routes.get(CONNECT))
        finally:
            del self._undecided[attempt.facts.connection_id]
        if isinstance(verdict, Refuse):
            return verdict
        facts, accept = verdict
        return Accepted(facts, opening, accept.subprotocol, tuple(posted))

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
            domain_name=domain_name(request.headers.get("Host"), request.path, api),
            source_ip=request.peer[0],
            user_agent=request.headers.get("User-Agent") or None,
        )
        parameters = read_parameters(request, new_trace_id(now, random))
        return _Attempt(request, api, stage, facts, parameters, new_request_id(now, random))

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
        answer = await self._integrations.call(route.integration, payload, attempt.stage.variables, cause)
        status = self._in_force.settings.connect_timeout_status
        verdict = read_connect_answer(answer, timeout_status=status)
        return verdict if isinstance(verdict, Refuse) else (facts, verdict)

    async def _authorize(
        self, attempt: _Attempt, route: Route
    ) -> tuple[ConnectionFacts, int | None] | Refuse:
        """The connection's facts with what the authorizer said, and its latency in ms."""
        allowed, integration_latency = Allowed({}), None
        facts = attempt.facts
        match route.authorization:
            case UnsupportedAuthorization(what):
                _log.error(
                    "%s: the authorization %s is not known, so nobody is let in", attempt.api.name, what
                )
                return Refuse(403, FORBIDDEN)
            case Authorizer() as authorizer:
                asked = await self._ask(authorizer, attempt)
                if isinstance(asked, Refuse):
                    return asked
                allowed, integration_latency = asked
                facts = replace(facts, authorizer=allowed.context)
            case "AWS_IAM" if (fault := self._fault_of_signature(attempt)) is not None:
                return Refuse(403, fault.message, fault.error_type)
        refused = self._check_api_key(attempt, route, allowed.usage_identifier_key)
        return (facts, integration_latency) if refused is None else refused

    def _fault_of_signature(self, attempt: _Attempt) -> Fault | None:
        signature, region = read_signature(attempt.request), attempt.api.region
        return fault_of_signature(
            attempt.request, signature, region, secret_of=self._secret_of, now=self._clock.time()
        )

    def _check_api_key(
        self, attempt: _Attempt, route: Route, usage_identifier_key: str | None
    ) -> Refuse | None:
        if not route.api_key_required:
            return None
        api, stage = attempt.api, attempt.stage
        key = api_key_of(api.api_key_selection_expression, attempt.parameters, usage_identifier_key)
        if key is None or key not in stage.api_keys:
            return Refuse(403, FORBIDDEN)
        if not self._throttles.admit_key(api, stage, key, self._clock.monotonic()):
            return Refuse(429, TOO_MANY_REQUESTS)  # C-17
        return None

    async def _ask(self, authorizer: Authorizer, attempt: _Attempt) -> tuple[Allowed, int] | Refuse:
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
        answer = await self._integrations.authorize(
            LambdaIntegration(authorizer.function), payload, stage.variables, cause
        )
        allowed = read_authorizer_answer(answer, arn)
        if isinstance(allowed, Refuse):
            return allowed
        return allowed, round((self._clock.monotonic() - began_at) * 1000)
