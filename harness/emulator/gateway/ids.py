"""Ids of connections, messages and requests: 16 characters, base64url of 11 bytes (I-1).

In the recorded ids the first four bytes count units of 25 ms, byte 8 tells the kind (2 for connections and
messages, 5 for requests), and a message's bytes 8 to 10 are its connection's (I-2, I-3).
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NewType, Protocol

ConnectionId = NewType("ConnectionId", str)


class RandomBytes(Protocol):
    """A source of random bytes, such as `random.Random`."""

    def randbytes(self, n: int) -> bytes:
        """`n` random bytes."""


_UNITS_A_SECOND = 40
_EPOCH_COUNT = 1_686_433_802  # the count at the Unix epoch, which all recorded ids agree upon
_CONNECTION, _REQUEST = b"\x02", b"\x05"
# M-7: 410 was recorded for an id whose last character is not canonical base64: any will do there.
_WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{15}=")


def new_connection_id(time: float, random: RandomBytes) -> ConnectionId:
    """An id for a connection made at wall time `time` (seconds since the epoch)."""
    return ConnectionId(_encode(time, random, _CONNECTION + random.randbytes(2)))


def new_message_id(connection_id: ConnectionId, time: float, random: RandomBytes) -> str:
    """An id for a message that the connection sent."""
    return _encode(time, random, urlsafe_b64decode(connection_id)[8:])


def new_request_id(time: float, random: RandomBytes) -> str:
    """An id for one request: a handshake, a message, a disconnect."""
    return _encode(time, random, _REQUEST + random.randbytes(2))


def is_well_formed(connection_id: str) -> bool:
    """Whether this could be a connection's id, known or not (M-6, M-7)."""
    return _WELL_FORMED.fullmatch(connection_id) is not None


def _encode(time: float, random: RandomBytes, tail: bytes) -> str:
    count = (int(time * _UNITS_A_SECOND) + _EPOCH_COUNT) % 2**32
    return urlsafe_b64encode(count.to_bytes(4, "big") + random.randbytes(4) + tail).decode()
