"""WebSocket connection of a client, from its opening handshake to its end.

A thin asyncio shell around the protocol core of `websockets`. The core rather than its asyncio client, because a
crowd has thousands of connections in one process: with 1,000 of them and one frame a read, this takes 1.6 times
as many frames per second of CPU and 2.4 times as many handshakes, and an arrival is stamped as it leaves the
event loop, before anything is decoded or any task is woken.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from http import HTTPStatus
from typing import TypeAlias, cast

import orjson
from websockets.client import ClientProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State

from harness.clock import Clock
from harness.record.observation import (
    ClientClosed,
    ClientConnected,
    ClientRefused,
    MessageReceived,
    Observation,
)
from harness.scenario.feed import Feed

Note: TypeAlias = Callable[[Observation], None]
ReadText: TypeAlias = Callable[[bytes], tuple[str, str | None]]

_TEXTS_KEPT = 256
_REASON_LENGTH = 300
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # struct linger: on, for 0 seconds


def text_reader(feed: Feed) -> ReadText:
    """Reads a text message: its text, and the id of the matcher event it carries, or None.

    One reader serves a whole crowd: an event that thousands of clients receive is decoded once, and its text is
    kept once. Raises UnicodeDecodeError for what is not UTF-8.
    """

    @lru_cache(maxsize=_TEXTS_KEPT)
    def read(payload: bytes) -> tuple[str, str | None]:
        text = payload.decode()
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            return text, None
        return text, feed.event_id_of(message)

    return read


class Connection(asyncio.Protocol):
    """One connection of the client named `client`; notes what it sees, at the time it sees it.

    `answered` is done when the handshake is: True for 101, False for anything else, which is noted as refused.
    `lost` is done when the TCP connection is gone; it never is when there was none. Nothing is raised for what the
    server does: a breach of the protocol closes the connection, and is noted as its close.
    """

    def __init__(
        self,
        client: str,
        core: ClientProtocol,
        request: Request,
        *,
        clock: Clock,
        note: Note,
        read_text: ReadText,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.answered: asyncio.Future[bool] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()
        self.messages = 0
        self._client, self._core, self._request = client, core, request
        self._clock, self._note, self._read_text = clock, note, read_text
        self._transport: asyncio.Transport | None = None
        self._fragments: list[bytes] | None = None
        self._pongs: dict[bytes, asyncio.Future[bool]] = {}
        self._pings = 0
        self._closed = self._is_cut = False

    # --- what the client asks for ---

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        transport = self._transport
        return transport is not None and self._core.state is State.OPEN and not transport.is_closing()

    def send_text(self, text: str) -> None:
        """Sends one text message; the connection must be open."""
        self._core.send_text(text.encode())
        self._flush()

    def ping(self) -> asyncio.Future[bool]:
        """Pings the server; True when the pong arrives, and with it all that the server wrote before.

        False when the connection ends without one.
        """
        pong: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if not self.is_open:
            pong.set_result(False)
            return pong
        self._pings += 1
        payload = self._pings.to_bytes(8, "big")
        self._pongs[payload] = pong
        self._core.send_ping(payload)
        self._flush()
        return pong

    def send_close(self) -> None:
        """Begins the closing handshake with 1000; the connection must be open."""
        self._core.send_close(CloseCode.NORMAL_CLOSURE)
        self._flush()

    def reset(self) -> None:
        """Ends the TCP connection with a reset: no close frame, no FIN."""
        if self._transport is not None:
            # Any transport of TCP has a socket, and asyncio's and uvloop's both let its options be set.
            self._transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
            )
            self._transport.abort()

    def give_up(self, reason: str) -> None:
        """Notes that no answer came to the opening handshake, and ends it; nothing when one did come."""
        if not self.answered.done():
            self._refuse(self._clock.monotonic(), 0, reason)
            self._abort()

    @contextmanager
    def opening(self) -> Iterator[None]:
        """For as long as the event loop opens the connection; whatever ends that early ends the connection too.

        uvloop closes a transport whose opening is cancelled without telling its protocol: nothing may wait for it.
        """
        opened = False
        try:
            yield
            opened = True
        finally:
            if not opened:
                self._abort()
                self._transport = None

    async def cut(self) -> None:
        """Ends the TCP connection if it has not ended, and returns when it has.

        An opening handshake that is cut was not refused: nothing is noted of it.
        """
        self._is_cut = True
        self._abort()
        if self._transport is not None:
            await asyncio.wait((self.lost,))

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # --- what the event loop tells ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._core.send_request(self._request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        at = self._clock.monotonic()
        self._core.receive_data(data)
        self._take_events(at)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        at = self._clock.monotonic()
        self._core.receive_eof()
        self._take_events(at)  # the end of the stream also ends a response that gave no length
        if not self.answered.done() and self._is_cut:
            self.answered.set_result(False)
        elif not self.answered.done():
            self._refuse(at, 0, str(exc) if exc else _handshake_fault(self._core))
        self._note_closed(at)
        for pong in self._pongs.values():
            _resolve(pong, answered=False)
        self._pongs.clear()
        self.lost.set_result(None)

    def _flush(self) -> None:
        transport = cast(asyncio.Transport, self._transport)
        for data in self._core.data_to_send():
            if transport.is_closing():
                return
            if data:
                transport.write(data)
            else:
                transport.close()
        if self._core.close_rcvd is not None or self._core.parser_exc is not None:
            transport.close()

    def _take_events(self, at: float) -> None:
        try:
            for event in self._core.events_received():
                match event:
                    case Frame():
                        self._take_frame(event, at)
                    case Response():
                        self._take_answer(event, at)
        except UnicodeDecodeError as error:
            self._core.fail(CloseCode.INVALID_DATA, f"{error.reason} at position {error.start}")
            self._core.parser_exc = error

    def _take_answer(self, response: Response, at: float) -> None:
        fault = self._core.handshake_exc
        if self.answered.done():
            return
        if fault is None:
            self._note(ClientConnected(at, self._client))
            self.answered.set_result(True)
        elif response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self._refuse(at, 0, f"101, but {fault}")
        else:
            self._refuse(at, response.status_code, _said(response))

    def _refuse(self, at: float, status: int, reason: str) -> None:
        self._note(ClientRefused(at, self._client, status, reason))
        self.answered.set_result(False)

    def _take_frame(self, frame: Frame, at: float) -> None:
        match frame.opcode:
            case Opcode.TEXT if frame.fin:
                self._take_text(bytes(frame.data), at)
            case Opcode.TEXT:
                self._fragments = [bytes(frame.data)]
            case Opcode.CONT if self._fragments is not None:
                self._fragments.append(bytes(frame.data))
                if frame.fin:
                    payload, self._fragments = b"".join(self._fragments), None
                    self._take_text(payload, at)
            case Opcode.PONG:
                self._take_pong(bytes(frame.data))
            case Opcode.CLOSE:
                self._note_closed(at)

    def _take_text(self, payload: bytes, at: float) -> None:
        text, event = self._read_text(payload)
        self.messages += 1
        self._note(MessageReceived(at, self._client, text, event))

    def _take_pong(self, payload: bytes) -> None:
        if payload not in self._pongs:
            return
        # RFC 6455, 5.5.3: a pong may answer the most recent ping only, and so stands for those before it.
        for earlier in tuple(self._pongs):
            _resolve(self._pongs.pop(earlier), answered=True)
            if earlier == payload:
                return

    def _note_closed(self, at: float) -> None:
        if self._closed or not self.answered.result():
            return
        self._closed = True
        code, reason = _ending(self._core)
        self._note(ClientClosed(at, self._client, code, reason))


def _resolve(pong: "asyncio.Future[bool]", *, answered: bool) -> None:
    if not pong.done():
        pong.set_result(answered)


def _said(response: Response) -> str:
    """What the server said with its refusal: the body, or else the reason phrase."""
    body = bytes(response.body).decode(errors="replace").strip()
    return body[:_REASON_LENGTH] or response.reason_phrase


def _handshake_fault(core: ClientProtocol) -> str:
    fault = core.handshake_exc
    return "" if fault is None else str(fault.__cause__ or fault)


def _ending(core: ClientProtocol) -> tuple[int, str]:
    """The close code and reason; RFC 6455, 7.1.5: the code that was received, and 1006 when none was.

    Where it was our side that could not go on, the reason says why.
    """
    if core.close_rcvd is not None:
        return int(core.close_rcvd.code), core.close_rcvd.reason
    fault = core.parser_exc
    why = "" if fault is None or isinstance(fault, EOFError) else str(fault)
    return int(CloseCode.ABNORMAL_CLOSURE), why
