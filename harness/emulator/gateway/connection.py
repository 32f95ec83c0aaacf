"""Connection of a client: an asyncio protocol that carries bytes between transport and session, with its timers."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from harness.clock import Clock
from harness.emulator.gateway.configuration import InForce
from harness.emulator.gateway.lambda_events import ConnectionFacts
from harness.emulator.gateway.session import Closed, Message, Session
from harness.emulator.in_flight import InFlight


class Listener(Protocol):
    """Who is told what happens on a connection."""

    def message_received(self, connection: "OpenConnection", text: str) -> None: ...

    def connection_closed(self, connection: "OpenConnection", closed: Closed) -> None: ...


class OpenConnection(asyncio.Protocol):
    """One open connection over its transport. The only writer to the transport from its first byte on.

    Tells its `listener` of each message, and of the end exactly once, be that the client's doing or ours. After the
    end texts are dropped; the transport closes once the client has answered, or after the quota's `close_timeout`.
    """

    def __init__(
        self,
        facts: ConnectionFacts,
        session: Session,
        transport: asyncio.Transport,
        *,
        listener: Listener,
        clock: Clock,
        in_force: InForce,
        in_flight: InFlight,
    ) -> None:
        self.facts = facts
        self.session = session
        self.turn = asyncio.Lock()
        self._transport = transport
        self._listener = listener
        self._clock = clock
        self._in_force = in_force
        self._quotas = in_force.quotas
        self._in_flight = in_flight
        self._is_lost = False
        self._is_lingering = False
        self._timer = clock.call_later(session.deadline - clock.monotonic(), self._deadline_passed)

    def start(self, head: bytes) -> None:
        """Writes the head of the 101 and takes the transport over; a client that is gone already is lost."""
        if self._transport.is_closing():
            self.connection_lost(None)
            return
        self._transport.set_write_buffer_limits(high=self._quotas.client_buffer)
        self._transport.write(head)
        self._transport.set_protocol(self)

    @property
    def last_active_at(self) -> float:
        """Wall seconds of the last traffic."""
        return self.facts.connected_at + max(0.0, self.session.last_active_at - self.session.opened_at)

    def post(self, payload: bytes) -> bool:
        """Sends a text message; False when the client is too far behind (M-11)."""
        if not self._is_lost and self._transport.get_write_buffer_size() > self._quotas.client_buffer:
            return False
        self.session.send_text(payload, self._clock.monotonic())
        self._flush()
        return True

    def reply(self, payload: bytes) -> bool:
        """Sends the gateway's own answer to a message; False when the connection is over, where it is dropped."""
        if not self.session.is_open:
            return False
        self.session.send_text(payload, self._clock.monotonic())
        self._flush()
        return True

    def close(self, closed: Closed) -> None:
        """Closes from our side."""
        self._happened(self.session.close(closed))

    def abort(self) -> None:
        """Drops the TCP connection, whatever it still has to send."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._happened(self.session.receive(data, self._clock.monotonic()))

    def eof_received(self) -> None:
        if not self._goes_unnoticed():
            self._happened(self.session.receive_eof())

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_lost:
            return
        self._is_lost = True
        if self._is_lingering:
            self._in_flight.end()
            self._timer.cancel()
        elif not self._goes_unnoticed():
            self._happened(self.session.lose())

    def pause_writing(self) -> None:
        # A client that does not read what it provokes is not read either.
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _goes_unnoticed(self) -> bool:
        return self._in_force.settings.lost_sockets == "unnoticed" and self.session.is_open

    def _happened(self, happenings: Sequence[Message | Closed]) -> None:
        self._flush()
        for happening in happenings:
            match happening:
                case Message(text=text):
                    self._listener.message_received(self, text)
                case Closed():
                    self._over(happening)

    def _over(self, closed: Closed) -> None:
        self._timer.cancel()
        if not self._is_lost:
            self._is_lingering = True
            self._in_flight.begin()
            self._timer = self._clock.call_later(self._quotas.close_timeout, self.abort)
        self._listener.connection_closed(self, closed)

    def _deadline_passed(self) -> None:
        now = self._clock.monotonic()
        if now < self.session.deadline:
            self._timer = self._clock.call_later(self.session.deadline - now, self._deadline_passed)
        else:
            self._happened(self.session.expire(now))

    def _flush(self) -> None:
        chunks = self.session.data_to_send()
        if self._is_lost or not chunks:
            return
        self._transport.write(b"".join(chunks) if len(chunks) > 1 else chunks[0])
        if not chunks[-1]:
            self._end_of_stream()

    def _end_of_stream(self) -> None:
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()
