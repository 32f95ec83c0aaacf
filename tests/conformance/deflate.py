"""permessage-deflate as a client speaks it (RFC 7692): offers, what was agreed to, compressed frames."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tests.conformance.raw_client import Op, frame

NAME = "permessage-deflate"
TAIL = b"\x00\x00\xff\xff"
LARGEST_WINDOW = 15

Parameters: TypeAlias = Mapping[str, str]
"""Parameters by name; "" for those without a value."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a client asks the server for; `max_window_bits` 0 for nothing."""

    no_context_takeover: bool = False
    max_window_bits: int = 0

    @property
    def text(self) -> str:
        """The offer as it stands in `Sec-WebSocket-Extensions`."""
        parts = [NAME]
        parts += ["server_no_context_takeover"] if self.no_context_takeover else []
        parts += [f"server_max_window_bits={self.max_window_bits}"] if self.max_window_bits else []
        return "; ".join(parts)

    @property
    def agreed(self) -> Parameters:
        """The parameters that a server agrees to that does all that is asked."""
        return ({"server_no_context_takeover": ""} if self.no_context_takeover else {}) | (
            {"server_max_window_bits": str(self.max_window_bits)} if self.max_window_bits else {}
        )


def agreed_in(head: str) -> Parameters | None:
    """The parameters in the answer's head; None when compression was not agreed to."""
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "sec-websocket-extensions":
            extension, *parameters = (part.strip() for part in value.split(";"))
            assert extension == NAME
            return {key: bits for key, _, bits in (parameter.partition("=") for parameter in parameters)}
    return None


class Deflate:
    """Both directions of one connection, by what was agreed to."""

    def __init__(self, agreed: Parameters) -> None:
        self._takes_over = "server_no_context_takeover" not in agreed
        self._window = int(agreed.get("server_max_window_bits", LARGEST_WINDOW))
        self._inflate = zlib.decompressobj(-self._window)
        self._deflate = zlib.compressobj(wbits=-LARGEST_WINDOW)
        self._mirror = zlib.decompressobj(-LARGEST_WINDOW)
        self.largest_frame = 0

    def inflate(self, payload: bytes) -> bytes:
        """A message's payload as it was before the server compressed it."""
        if not self._takes_over:
            self._inflate = zlib.decompressobj(-self._window)
        return self._inflate.decompress(payload + TAIL)

    def deflate(self, payload: bytes) -> bytes:
        """A message's payload, compressed."""
        packed = self._deflate.compress(payload) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return packed.removesuffix(TAIL)

    def message(self, payload: bytes, *, frame_size: int = 0) -> bytes:
        """A compressed text message, in frames of `frame_size` compressed bytes; 0 for one frame.

        `largest_frame` then says what its largest frame inflates to.
        """
        packed = self.deflate(payload)
        size = frame_size or max(len(packed), 1)
        parts = [packed[start : start + size] for start in range(0, len(packed), size)] or [b""]
        last = len(parts) - 1
        inflated = [
            self._mirror.decompress(part + (TAIL if n == last else b"")) for n, part in enumerate(parts)
        ]
        self.largest_frame = max(map(len, inflated))
        return b"".join(
            frame(Op.CONTINUATION if n else Op.TEXT, part, fin=n == last, rsv=0 if n else 4)
            for n, part in enumerate(parts)
        )
