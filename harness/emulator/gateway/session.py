"""Session of one connection, as a state machine: bytes and time in; messages, bytes and the end out.

RFC 6455 itself is `websockets`' protocol without I/O; here are AWS's rules on top of it: sizes (Q-3, Q-4), no
binary (Q-5), the idle time-out and the longest duration (Q-1, Q-2), and what `$disconnect` is told (section 1.7).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from websockets.extensions import Extension
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side

from harness.emulator.gateway.quotas import Quotas


@dataclass(frozen=True, slots=True)
class Message:
    """The client sent a whole text message (Q-12)."""

    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is over for API Gateway; `code` and `reason` are what `$disconnect` is told."""

    code: int
    reason: str = ""


Happening: TypeAlias = Message | Closed

NO_STATUS = Closed(1005, "Client-side close frame status not set")
GOING_AWAY = Closed(1001, "Going away")  # Not recorded on AWS yet: what a connection of 2 hours is told.
DELETED = Closed(1000, "Connection Closed Normally")
LOST = Closed(1006)  # Not recorded on AWS yet: what a TCP reset tells `$disconnect`.

_EMPTY_FRAME = 8
"""Bytes that an empty frame may have once it is compressed."""


class Session:
    """One open connection. Every `now` is monotonic seconds.

    Takes the client's bytes and the time, gives what happened, and raises nothing: a client that breaks RFC 6455 or a
    quota is sent a close frame and is `Closed` with that code. After each call write what `data_to_send` gives. A
    session ends once: the first `Closed` is its only one, and later bytes bring nothing about.
    """

    def __init__(self, *, quotas: Quotas, now: float, extensions: Sequence[Extension] = ()) -> None:
        # The protocol counts a compressed frame's own bytes too, so an empty last one would break a full message.
        longest = quotas.message_size + _EMPTY_FRAME
        self._protocol = _Rfc6455(Side.SERVER, max_size=(longest, quotas.frame_size))
        self._protocol.extensions = list(extensions)
        self._quotas = quotas
        self._parts: list[bytes] = []
        self._happenings: list[Happening] = []
        self._is_over = False
        self.opened_at = now
        self.last_active_at = now

    @property
    def is_open(self) -> bool:
        """Whether messages can still be sent."""
        return not self._is_over

    @property
    def deadline(self) -> float:
        """When `expire` must be called next, at the latest."""
        idle = self.last_active_at + self._quotas.idle_timeout
        return min(idle, self.opened_at + self._quotas.connection_duration)

    def receive(self, data: bytes, now: float) -> Sequence[Happening]:
        """What the client's bytes bring about, in order."""
        if self._is_over and self._protocol.reader.eof:
            return ()
        self._protocol.receive_data(data)
        for frame in self._protocol.events_received():
            assert isinstance(frame, Frame)
            self._frame(frame, now)
        if self._protocol.close_sent is not None and not self._is_over:
            self._end(Closed(self._protocol.close_sent.code))  # broken rules: 1002, 1009
        return self._taken()

    def receive_eof(self) -> Sequence[Happening]:
        """The client will send no more; without a close frame before, it is lost."""
        self._protocol.receive_eof()
        return self.lose()

    def lose(self) -> Sequence[Happening]:
        """The TCP connection is gone."""
        self._end(LOST)
        return self._taken()

    def send_text(self, payload: bytes, now: float) -> None:
        """Sends one text message; traffic in either direction keeps the connection from being idle."""
        # Not recorded on AWS yet: whether what the server sends counts as activity; it does here.
        self.last_active_at = now
        size = self._quotas.frame_size
        # Not recorded on AWS yet: how a message larger than a frame is sent; fragmented.
        self._protocol.send_text(payload[:size], fin=len(payload) <= size)
        for start in range(size, len(payload), size):
            self._protocol.send_continuation(payload[start : start + size], fin=start + size >= len(payload))

    def close(self, closed: Closed) -> Sequence[Happening]:
        """Closes from our side, telling the client the same code and reason."""
        if not self._is_over:
            self._protocol.send_close(closed.code, closed.reason)
            self._end(closed)
        return self._taken()

    def expire(self, now: float) -> Sequence[Happening]:
        """Closes the connection if its deadline has passed (Q-1, Q-2)."""
        return self.close(GOING_AWAY) if now >= self.deadline else ()

    def data_to_send(self) -> Sequence[bytes]:
        """Bytes for the client, in order; b"" stands for the end of our side of the stream."""
        return self._protocol.data_to_send()

    def _frame(self, frame: Frame, now: float) -> None:
        if not self._is_over:
            _ON_FRAME[frame.opcode](self, frame, now)

    def _on_data(self, frame: Frame, now: float) -> None:
        self._parts.append(bytes(frame.data))
        if sum(map(len, self._parts)) > self._quotas.message_size:
            self._fail(CloseCode.MESSAGE_TOO_BIG)
            return
        if not frame.fin:
            return
        whole = b"".join(self._parts)
        self._parts.clear()
        try:
            text = whole.decode()
        except UnicodeDecodeError:
            self._fail(CloseCode.INVALID_DATA)
            return
        self.last_active_at = now
        self._happenings.append(Message(text))

    def _on_binary(self, frame: Frame, now: float) -> None:
        self._fail(CloseCode.UNSUPPORTED_DATA)

    def _on_close(self, frame: Frame, now: float) -> None:
        received = self._protocol.close_rcvd
        assert received is not None
        is_without_status = received.code == CloseCode.NO_STATUS_RCVD
        self._end(NO_STATUS if is_without_status else Closed(received.code, received.reason))

    def _on_ping_or_pong(self, frame: Frame, now: float) -> None:
        """The protocol has answered a ping."""
        # Not recorded on AWS yet: whether pings keep a connection from being idle; they do not here.

    def _fail(self, code: CloseCode) -> None:
        if self._protocol.state is OPEN:
            self._protocol.fail(code)
        self._end(Closed(int(code)))

    def _end(self, closed: Closed) -> None:
        if not self._is_over:
            self._is_over = True
            self._happenings.append(closed)

    def _taken(self) -> Sequence[Happening]:
        happenings, self._happenings = self._happenings, []
        return happenings


class _Rfc6455(Protocol):
    """`websockets`' protocol, closing without a reason text when it fails, and closed inside a message too."""

    def fail(self, code: CloseCode | int, reason: str = "") -> None:
        # Not recorded on AWS yet: the reason texts of 1002, 1003, 1007 and 1009; empty.
        super().fail(code)

    def recv_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            self.current_size = (
                None  # "Control frames MAY be injected in the middle of a fragmented message" (5.4)
            )
        super().recv_frame(frame)


_OnFrame: TypeAlias = Callable[[Session, Frame, float], None]

_ON_FRAME: Mapping[Opcode, _OnFrame] = {
    Opcode.TEXT: Session._on_data,
    Opcode.CONT: Session._on_data,
    Opcode.BINARY: Session._on_binary,
    Opcode.CLOSE: Session._on_close,
    Opcode.PING: Session._on_ping_or_pong,
    Opcode.PONG: Session._on_ping_or_pong,
}
