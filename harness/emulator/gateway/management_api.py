"""API Gateway Management API: calls of @connections, from the signature to the connection that they are for."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from harness.clock import Clock
from harness.emulator.gateway import management_answers as answers
from harness.emulator.gateway.apis import Api, Stage
from harness.emulator.gateway.configuration import InForce
from harness.emulator.gateway.connect_route import ConnectRoute
from harness.emulator.gateway.connection import OpenConnection
from harness.emulator.gateway.connection_registry import Connections, Missing
from harness.emulator.gateway.ids import RandomBytes
from harness.emulator.gateway.session import DELETED
from harness.emulator.gateway.signatures import SecretOf, Signature, fault_of_signature, read_signature
from harness.emulator.gateway.throttles import Throttles
from harness.emulator.gateway.urls import connection_id_of, fault_of_address, means_connections
from harness.emulator.in_flight import InFlight
from harness.emulator.journal import Note
from harness.emulator.port.http import MaybeLater, Request, Response
from harness.record.observation import ConnectionAsked, ConnectionPosted, PostRefused, digest_of

ApiAndStage: TypeAlias = tuple[Api | None, Stage | None]
"""An API and its stage as they are deployed now; None for what there is not."""

InvocationOf: TypeAlias = Callable[[str], str | None]
"""The Lambda request id that runs in the environment with an access key id; None for a stranger's key."""

CallerOf: TypeAlias = Callable[[str], answers.Caller | None]
"""Whom an access key id belongs to, and what IAM lets them do; None for those of whom IAM knows nothing."""

# A fan-out posts the same payload to many, and knowing it again is cheaper than its digest.
_digest_of = lru_cache(maxsize=64)(digest_of)

_METHODS = ("GET", "POST", "DELETE")
"""The methods of `@connections/{id}`."""


class ManagementApi:
    """Answers calls of @connections on the open `connections`, and notes each with its status.

    It raises nothing: what is refused is an answer, and has changed nothing, but for a post to a connection that is
    being opened, which `connect_route` may keep (C-13).
    """

    def __init__(
        self,
        *,
        deployed: Callable[[str, str], ApiAndStage],
        connections: Connections[OpenConnection],
        connect_route: ConnectRoute,
        throttles: Throttles,
        clock: Clock,
        random: RandomBytes,
        note: Note,
        in_force: InForce,
        in_flight: InFlight,
        invocation_of: InvocationOf | None,
        secret_of: SecretOf | None,
        caller_of: CallerOf | None,
    ) -> None:
        """With `secret_of`, signatures are verified; with `caller_of`, IAM's policies are."""
        self._deployed, self._connections, self._connect_route = deployed, connections, connect_route
        self._throttles, self._in_force, self._in_flight = throttles, in_force, in_flight
        self._clock, self._random, self._note = clock, random, note
        self._invocation_of, self._secret_of, self._caller_of = invocation_of, secret_of, caller_of

    def call(self, request: Request, api_id: str, stage: str, rest: str) -> MaybeLater:
        """Answers a call of @connections, at once unless posts are to change places (M-17)."""
        if self._in_force.settings.post_jitter > 0 and request.method == "POST":
            return self._answer_later(request, api_id, stage, rest)
        return self.answer(request, api_id, stage, rest)

    def answer(self, request: Request, api_id: str, stage: str, rest: str) -> Response:
        """Answers a call of @connections at once; `rest` is the raw path behind `/{stage}/`."""
        at = self._clock.monotonic()
        signature = read_signature(request)
        deployed = self._deployed(api_id, stage)
        response = self._answer(request, deployed, rest, signature)
        invocation, connection_id = self._invocation(signature), connection_id_of(rest)
        if connection_id is None or None in deployed:
            if means_connections(request.path):
                why = fault_of_address(api_id, deployed[0], stage, rest)
                self._note(PostRefused(at, _url(request), response.status, why, invocation))
        elif request.method == "POST":
            size, digest = len(request.body), _digest_of(request.body)
            self._note(ConnectionPosted(at, connection_id, response.status, invocation, size, digest))
        else:
            self._note(ConnectionAsked(at, connection_id, request.method, response.status, invocation))
        return response

    def astray(self, request: Request, response: Response, reason: str) -> None:
        """Notes a call that was meant for @connections, and was answered by somebody else."""
        invocation = self._invocation(read_signature(request))
        at = self._clock.monotonic()
        self._note(PostRefused(at, _url(request), response.status, reason, invocation))

    def _invocation(self, signature: Signature | None) -> str | None:
        if signature is None or self._invocation_of is None:
            return None
        return self._invocation_of(signature.access_key_id)

    async def _answer_later(self, request: Request, api_id: str, stage: str, rest: str) -> Response:
        chance = int.from_bytes(self._random.randbytes(4), "big") / 2**32
        with self._in_flight.held():
            await self._clock.sleep(chance * self._in_force.settings.post_jitter)
            return self.answer(request, api_id, stage, rest)

    def _answer(
        self,
        request: Request,
        deployed: ApiAndStage,
        rest: str,
        signature: Signature | None,
    ) -> Response:
        api, stage = deployed
        quotas = self._in_force.quotas
        if len(request.path) > quotas.url_length:
            return answers.URL_TOO_LONG
        if api is None or stage is None or not rest:
            return answers.FORBIDDEN
        denied = self._denied(request, signature, api, stage, rest)
        if denied is not None:
            return denied
        connection_id = connection_id_of(rest)
        if connection_id is None or request.method not in _METHODS:
            return answers.no_method(request, rest)
        fault = fault_of_signature(
            request, signature, api.region, secret_of=self._secret_of, now=self._clock.time()
        )
        if fault is not None:
            return answers.refused(fault)
        if not self._throttles.admit_call(api, self._clock.monotonic()):
            return answers.LIMIT_EXCEEDED
        found = self._connections.find(api.api_id, stage.name, connection_id)
        if found is Missing.MALFORMED:
            return answers.missing(found, connection_id)
        if len(request.body) > quotas.message_size:
            return answers.TOO_LARGE
        if isinstance(found, Missing):
            self._keep(request, connection_id)
            return answers.missing(found, connection_id)
        return _carry_out(request, found)

    def _denied(
        self, request: Request, signature: Signature | None, api: Api, stage: Stage, rest: str
    ) -> Response | None:
        """IAM looks before the path does: a role that may not call is not told what there is (M-9)."""
        caller = self._caller_of(signature.access_key_id) if self._caller_of and signature else None
        return None if caller is None else answers.denied(request, caller, api, stage.name, rest)

    def _keep(self, request: Request, connection_id: str) -> None:
        """C-13: a post to a connection that is being opened is 410, and may arrive all the same."""
        if request.method == "POST" and self._in_force.settings.posts_while_connecting == "delivered":
            self._connect_route.keep(connection_id, request.body)


def _url(request: Request) -> str:
    return f"{'https' if request.secure else 'http'}://{request.headers.get('host')}{request.path}"


def _carry_out(request: Request, connection: OpenConnection) -> Response:
    match request.method:
        case "POST":
            # M-16: verbatim, as one text message.
            return answers.POSTED if connection.post(request.body) else answers.LIMIT_EXCEEDED
        case "GET":
            facts = connection.facts
            return answers.described(
                connected_at=facts.connected_at,
                last_active_at=connection.last_active_at,
                source_ip=facts.source_ip,
                user_agent=facts.user_agent,
            )
        case _:
            connection.close(DELETED)
            return answers.DELETED
