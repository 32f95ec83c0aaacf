"""Gateway: holds handshakes, routes messages to functions, answers @connections.

The shell around the rules of this package. Everything runs in one event loop; `manage` never waits.
"""

import asyncio
import re
from collections.abc import Callable
from typing import TypeAlias

from harness.clock import Clock
from harness.emulator.gateway.apis import (
    DISCONNECT,
    Api,
)
from harness.emulator.gateway.configuration import GatewaySettings, InForce
from harness.emulator.gateway.connect_route import Accepted, ConnectRoute
from harness.emulator.gateway.connection import OpenConnection
from harness.emulator.gateway.connection_registry import Connections
from harness.emulator.gateway.ids import RandomBytes, new_request_id
from harness.emulator.gateway.integration_requests import Integrations
from harness.emulator.gateway.integration_responses import (
    Refuse,
)
from harness.emulator.gateway.lambda_events import (
    ConnectionFacts,
    disconnect_event,
)
from harness.emulator.gateway.management_api import ApiAndStage, CallerOf, InvocationOf, ManagementApi
from harness.emulator.gateway.messages import Messages
from harness.emulator.gateway.opening_handshake import (
    refusal,
    switching_protocols,
)
from harness.emulator.gateway.quotas import Quotas
from harness.emulator.gateway.session import GOING_AWAY, Closed, Session
from harness.emulator.gateway.signatures import (
    SecretOf,
)
from harness.emulator.gateway.throttles import Throttles
from harness.emulator.in_flight import InFlight
from harness.emulator.journal import Note
from harness.emulator.lambda_runtime.outcome import Cause, Functions
from harness.emulator.port.http import MaybeLater, Request, Response
from harness.record.observation import ConnectionClosed, ConnectionOpened, ReplySent, digest_of

FindApi: TypeAlias = Callable[[str, str], Api | None]
"""The API with an id as it is deployed to a stage now; None when there is none, or nothing is deployed (G-1)."""

_CLIENT = re.compile(r"fanout-harness/\S+ \(client (.+)\)")
_CLOSING = 1.0  # seconds that clients get, when the gateway closes, to take what was sent to them


class Gateway:
    """The data plane of all WebSocket APIs of one emulator.

    Takes handshakes, connections that were accepted, and calls of @connections. It raises nothing of its own: what
    is refused is a response or a message, and a task that fails unexpectedly is logged and counted in `errors`; the
    other connections go on. With `secret_of`, signatures are verified; without, only that there is one, and what it
    was made for.
    """

    def __init__(
        self,
        *,
        api: FindApi,
        functions: Functions,
        clock: Clock,
        random: RandomBytes,
        note: Note,
        quotas: Quotas | None = None,
        settings: GatewaySettings | None = None,
        invocation_of: InvocationOf | None = None,
        secret_of: SecretOf | None = None,
        caller_of: CallerOf | None = None,
    ) -> None:
        self._in_force = InForce(settings or GatewaySettings(), quotas or Quotas())
        self._api = api
        self._clock = clock
        self._random = random
        self._note = note
        self._throttles = Throttles(self._in_force)
        self._connections: Connections[OpenConnection] = Connections()
        self._in_flight = InFlight()
        self._integrations = Integrations(
            functions=functions,
            clock=clock,
            note=note,
            in_force=self._in_force,
            in_flight=self._in_flight,
        )
        self._messages = Messages(
            integrations=self._integrations,
            throttles=self._throttles,
            clock=clock,
            random=random,
            in_force=self._in_force,
        )
        self._connect_route = ConnectRoute(
            integrations=self._integrations,
            throttles=self._throttles,
            clock=clock,
            random=random,
            in_force=self._in_force,
            secret_of=secret_of,
        )
        self._management = ManagementApi(
            deployed=self._deployed,
            connections=self._connections,
            connect_route=self._connect_route,
            throttles=self._throttles,
            clock=clock,
            random=random,
            note=note,
            in_force=self._in_force,
            in_flight=self._in_flight,
            invocation_of=invocation_of,
            secret_of=secret_of,
            caller_of=caller_of,
        )
        self._is_closing = False

    # --- how it behaves -------------------------------------------------------------------------------------

    @property
    def in_force(self) -> InForce:
        """The settings and quotas that hold now."""
        return InForce(self._in_force.settings, self._in_force.quotas)

    def configure(self, *, settings: GatewaySettings | None = None, quotas: Quotas | None = None) -> None:
        """Lets other settings or quotas hold from now on; a connection keeps the quotas it was opened with."""
        self._in_force.settings = settings or self._in_force.settings
        self._in_force.quotas = quotas or self._in_force.quotas

    # --- what the one port asks for -------------------------------------------------------------------------

    async def handshake(
        self, request: Request, api_id: str, stage: str, rest: str = ""
    ) -> Response | Accepted:
        """Holds an opening handshake until `$connect` returned (C-1); a response refuses it.

        `rest` is the raw path behind `/{stage}/`, which is empty where a WebSocket can be opened.
        """
        if rest:
            return self.manage(request, api_id, stage, rest)
        with self._in_flight.held():
            answer = await self._connect_route.decide(request, self._api(api_id, stage), stage)
        return refusal(answer) if isinstance(answer, Refuse) else answer

    def open(self, accepted: Accepted, transport: asyncio.Transport) -> OpenConnection:
        """Writes the 101 and takes the transport over; the connection is postable from here on (C-14).

        Call it for every accepted handshake, even when the client is gone meanwhile: `$disconnect` then runs.
        Bytes that came before belong into the `data_received` of the protocol it gives.
        """
        facts, now = accepted.facts, self._clock.monotonic()
        head, extensions = switching_protocols(
            accepted.opening, subprotocol=accepted.subprotocol, time=self._clock.time()
        )
        connection = OpenConnection(
            facts,
            Session(quotas=self._in_force.quotas, now=now, extensions=extensions),
            transport,
            listener=self,
            clock=self._clock,
            in_force=self._in_force,
            in_flight=self._in_flight,
        )
        self._connections.add(facts.api_id, facts.stage, facts.connection_id, connection)
        self._note(ConnectionOpened(now, facts.connection_id, _client_name(facts.user_agent)))
        connection.start(head)
        for payload in accepted.posted:
            connection.post(payload)
        return connection

    def call(self, request: Request, api_id: str, stage: str, rest: str) -> MaybeLater:
        """Answers a call of @connections, at once unless posts are to change places (M-17)."""
        return self._management.call(request, api_id, stage, rest)

    def manage(self, request: Request, api_id: str, stage: str, rest: str) -> Response:
        """Answers a call of @connections at once; `rest` is the raw path behind `/{stage}/`."""
        return self._management.answer(request, api_id, stage, rest)

    def astray(self, request: Request, response: Response, reason: str) -> None:
        """Notes a call that was meant for @connections, and was answered by somebody else."""
        self._management.astray(request, response, reason)

    # --- what an idle-wait asks for -------------------------------------------------------------------------

    def in_flight(self) -> int:
        """How many handshakes, invocations and closings have begun and not ended."""
        return self._in_flight.count

    @property
    def idle(self) -> asyncio.Event:
        """Set whenever `in_flight` is zero."""
        return self._in_flight.idle

    @property
    def errors(self) -> int:
        """How many of the gateway's own tasks failed unexpectedly; each was logged."""
        return self._in_flight.errors

    def open_connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    async def close(self) -> None:
        """Ends every connection with 1001, without `$disconnect`, and everything in flight."""
        self._is_closing = True
        connections = list(self._connections)
        for connection in connections:
            connection.close(GOING_AWAY)
        await self._in_flight.cancel()
        try:
            await asyncio.wait_for(self._in_flight.idle.wait(), _CLOSING)
        except TimeoutError:
            for connection in connections:
                connection.abort()

    # --- what happens on a connection -----------------------------------------------------------------------

    def message_received(self, connection: OpenConnection, text: str) -> None:
        """A client sent a message: its route's integration runs, at once unless turns are taken."""
        if self._in_force.settings.invocations == "serial":
            self._in_flight.start(self._message_in_turn(connection, text))
        else:
            self._in_flight.start(self._message(connection, text))

    def connection_closed(self, connection: OpenConnection, closed: Closed) -> None:
        """A connection is over: it is gone for posts from now on, and `$disconnect` runs (X-1, X-7, M-18)."""
        facts = connection.facts
        self._connections.remove(facts.api_id, facts.stage, facts.connection_id)
        at = self._clock.monotonic()
        self._note(ConnectionClosed(at, facts.connection_id, closed.code, closed.reason))
        settings = self._in_force.settings
        if settings.disconnect_events == "lost" or self._is_closing:
            return
        delay = settings.disconnect_delay if settings.disconnect_events == "late" else 0.0
        self._in_flight.start(self._disconnect(facts, closed, delay))

    async def _message_in_turn(self, connection: OpenConnection, text: str) -> None:
        async with connection.turn:
            await self._message(connection, text)

    async def _message(self, connection: OpenConnection, text: str) -> None:
        facts = connection.facts
        api, stage = self._deployed(facts.api_id, facts.stage)
        answer = await self._messages.answer(api, stage, facts, text)
        if answer is None:
            return
        at, payload = self._clock.monotonic(), answer.text.encode()
        if connection.reply(payload):
            size, digest = len(payload), digest_of(payload)
            self._note(ReplySent(at, facts.connection_id, size, digest, answer.request))

    async def _disconnect(self, facts: ConnectionFacts, closed: Closed, delay: float) -> None:
        if delay > 0:
            await self._clock.sleep(delay)
        api, stage = self._deployed(facts.api_id, facts.stage)
        route = api.routes.get(DISCONNECT) if api is not None else None
        if stage is None or route is None or route.integration is None:
            return
        now = self._clock.time()
        payload = disconnect_event(
            facts,
            stage.variables,
            code=closed.code,
            reason=closed.reason,
            request_id=new_request_id(now, self._random),
            now=now,
        )
        cause = Cause(connection=facts.connection_id, route=DISCONNECT)
        # What it returns is ignored.
        await self._integrations.call(route.integration, payload, stage.variables, cause)

    def _deployed(self, api_id: str, stage: str) -> ApiAndStage:
        # Not recorded on AWS yet: whether connections that are open meet a new deployment at once; here they do.
        api = self._api(api_id, stage)
        return api, api.stages.get(stage) if api is not None else None


def _client_name(user_agent: str | None) -> str | None:
    match = _CLIENT.fullmatch(user_agent or "")
    return match[1] if match else None
