"""A WebSocket client that can do everything wrong: frames bit by bit over a blocking socket (RFC 6455, 5.2)."""

import base64
import hashlib
import os
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from types import TracebackType
from typing import Protocol, TypeAlias

from tests.patience import WAIT

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MASK = b"\x37\xfa\x21\x3d"  # RFC 6455's own example


class Op(IntEnum):
    """The opcodes that RFC 6455 defines; others are reserved."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as it came: `rsv` holds RSV1 to RSV3 as the bits 4, 2 and 1."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """A whole text message, decoded and, where it was compressed, inflated."""

    text: str


@dataclass(frozen=True, slots=True)
class Pong:
    """A pong frame."""

    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Close:
    """A close frame; `code` None when it has no body."""

    code: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """The server has ended its side of the TCP connection."""


Received: TypeAlias = Text | Pong | Close | End


class Refused(Exception):
    """The opening handshake was not answered with 101; `head` is the whole answer's head."""

    def __init__(self, status: int, head: str) -> None:
        super().__init__(head)
        self.status, self.head = status, head


class Inflate(Protocol):
    """The receiving side of an extension that compresses."""

    def inflate(self, payload: bytes) -> bytes:
        """A message's payload as it was before."""


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = MASK,
    length: int | None = None,
) -> bytes:
    """One frame's bytes, masked as a client's must be; `length` is what the header says, true or not."""
    first = (0x80 if fin else 0) | (rsv << 4) | opcode
    said = len(payload) if length is None else length
    masked = 0x80 if mask is not None else 0
    if said < 126:
        head = struct.pack("!BB", first, masked | said)
    elif said < 65_536:
        head = struct.pack("!BBH", first, masked | 126, said)
    else:
        head = struct.pack("!BBQ", first, masked | 127, said)
    return head + (payload if mask is None else mask + masked_with(mask, payload))


def masked_with(mask: bytes, payload: bytes) -> bytes:
    """The payload, each byte xor its byte of the mask (RFC 6455, 5.3)."""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def text(content: str | bytes) -> bytes:
    """A text message in one frame."""
    return frame(Op.TEXT, content.encode() if isinstance(content, str) else content)


def fragmented(*parts: str | bytes) -> tuple[bytes, ...]:
    """A text message, one frame per part."""
    octets = [part.encode() if isinstance(part, str) else part for part in parts]
    last = len(octets) - 1
    return tuple(
        frame(Op.CONTINUATION if place else Op.TEXT, part, fin=place == last)
        for place, part in enumerate(octets)
    )


def close(code: int | None = 1000, reason: str | bytes = b"") -> bytes:
    """A close frame; None for one without a body."""
    told = reason.encode() if isinstance(reason, str) else reason
    return frame(Op.CLOSE, b"" if code is None else struct.pack("!H", code) + told)


class RawClient:
    """One connection. Every wait is bounded; TimeoutError says that nothing came."""

    def __init__(self, address: tuple[str, int], *, receive_buffer: int | None = None) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.settimeout(WAIT)
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.connect(address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        self._message = bytearray()
        self._is_compressed = False
        self.inflating: Inflate | None = None

    def __enter__(self) -> "RawClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def shake_hands(self, path: str, *, host: str = "127.0.0.1", extensions: str = "") -> str:
        """Opens the WebSocket and returns the answer's head; Refused when it is no 101."""
        key = base64.b64encode(os.urandom(16)).decode()
        fields = {
            "Host": host,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
        } | ({"Sec-WebSocket-Extensions": extensions} if extensions else {})
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self.send("\r\n".join(lines).encode("latin-1"))
        head = self.receive_head()
        status = int(head.split(" ", 2)[1])
        if status != 101:
            raise Refused(status, head)
        accept = base64.b64encode(hashlib.sha1(key.encode() + GUID.encode()).digest()).decode()
        assert f"sec-websocket-accept: {accept}\r\n" in head
        return head

    def send(self, octets: bytes) -> None:
        """Sends the bytes; ConnectionError when the server has dropped the connection."""
        self._socket.sendall(octets)

    def send_in_pieces(self, octets: bytes, size: int) -> None:
        """Sends the bytes in segments of `size` bytes."""
        for start in range(0, len(octets), size):
            self._socket.sendall(octets[start : start + size])

    def reset(self) -> None:
        """Drops the connection with a TCP reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def receive_head(self) -> str:
        """The next HTTP head, with its blank line."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if not self._more():
                raise ConnectionError(f"no whole head came: {bytes(self._buffer)!r}")
        head = bytes(self._buffer[: end + 4]).decode("latin-1")
        del self._buffer[: end + 4]
        return head

    def receive(self) -> Received:
        """The next whole message, pong or close frame, or the end."""
        while (came := self.receive_frame()) is not None:
            starts = came.opcode == Op.TEXT and self.inflating is not None
            assert came.rsv in ((0, 4) if starts else (0,)), f"an extension that was not agreed to: {came}"
            self._is_compressed = came.rsv == 4 or (self._is_compressed and came.opcode != Op.TEXT)
            match came.opcode:
                case Op.PONG:
                    return Pong(came.payload)
                case Op.CLOSE:
                    return _close_of(came.payload)
                case Op.TEXT | Op.CONTINUATION:
                    self._message += came.payload
                    if came.fin:
                        return self._whole_message()
                case _:
                    raise AssertionError(f"a frame that servers never send: {came}")
        return End()

    def receive_frame(self) -> Frame | None:
        """The next frame; None at the end."""
        head = self._take(2)
        if head is None:
            return None
        first, second = head
        assert not second & 0x80, "a server must not mask (RFC 6455, 5.1)"
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(self._surely(2 if size == 126 else 8), "big")
        return Frame(first & 0x0F, self._surely(size), bool(first & 0x80), (first >> 4) & 0x07)

    def _whole_message(self) -> Text:
        whole = bytes(self._message)
        self._message.clear()
        if self._is_compressed and self.inflating is not None:
            whole = self.inflating.inflate(whole)
        return Text(whole.decode())

    def _surely(self, size: int) -> bytes:
        taken = self._take(size)
        if taken is None:
            raise ConnectionError("the connection ended inside a frame")
        return taken

    def _take(self, size: int) -> bytes | None:
        while len(self._buffer) < size:
            if not self._more():
                return None
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _more(self) -> bool:
        try:
            chunk = self._socket.recv(65_536)
        except ConnectionResetError:
            return False
        self._buffer += chunk
        return bool(chunk)


def opened(address: tuple[str, int], path: str, *, extensions: Iterable[str] = ()) -> RawClient:
    """A client whose handshake was accepted."""
    client = RawClient(address)
    try:
        client.shake_hands(path, extensions=", ".join(extensions))
    except BaseException:
        client.__exit__(None, None, None)
        raise
    return client


def _close_of(body: bytes) -> Close:
    return Close(int.from_bytes(body[:2], "big"), body[2:].decode()) if body else Close(None)
