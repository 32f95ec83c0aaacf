"""Malformed input for the one port: handshakes and frames, each from a seed and a number alone.

Every input starts as something valid and is then broken in one to three ways, so that it gets past the first check.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal, TypeAlias

from tests.conformance.raw_client import Op, close, frame, text

Ending: TypeAlias = Literal["end", "drop", "reset"]
"""How the client leaves: it ends its side and reads to the end, closes at once, or resets the connection."""

_ENDINGS: tuple[Ending, ...] = ("end", "end", "end", "end", "end", "end", "end", "drop", "reset")

DEFLATE = "permessage-deflate"


@dataclass(frozen=True, slots=True)
class Input:
    """What is sent on one connection: bytes of HTTP, then, once a 101 has come, bytes of WebSocket.

    `frames` None: what the 101 is followed by is no matter, or there is none.
    """

    head: bytes
    frames: bytes | None
    ending: Ending
    pieces: int = 0  # bytes in a TCP segment; 0 for one segment


def malformed(seed: int, number: int, path: str) -> Input:
    """The input with this number; `path` is that of a stage that lets everybody in."""
    random = Random(f"{seed}/{number}")
    ending = random.choice(_ENDINGS)
    pieces = random.choice((0, 0, 0, 1, 7, 100))
    if random.random() < 0.5:
        return Input(_broken_head(random, path), None, ending, pieces)
    fields = dict(_FIELDS) | ({"Sec-WebSocket-Extensions": DEFLATE} if random.random() < 0.5 else {})
    frames = _broken_frames(random)[:200_000]
    return Input(_head("GET", path, fields), frames, ending, 0 if len(frames) > 2000 else pieces)


# --- handshakes -------------------------------------------------------------------------------------------

_FIELDS: Mapping[str, str] = {
    "Host": "127.0.0.1",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}
_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "CONNECT", "PATCH", "BREW", "get", "G\0T", "")
_VERSIONS = ("HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "HTP/1.1", "HTTP/1.1.1", "", "HTTP/")
_VALUES = (
    "",
    " ",
    "websocket, websocket",
    "h2c",
    "-1",
    "99999999999999999999",
    "chunked",
    "chunked, gzip",
    "100-continue",
    "13, 8",
    "\x00\x01",
    "\xff" * 20,
    "a" * 9000,
    ";;;=,,",
    'permessage-deflate; server_max_window_bits="',
    "permessage-deflate; server_max_window_bits=99999",
    ",".join(["permessage-deflate"] * 200),
    "AWS4-HMAC-SHA256 Credential=/////, SignedHeaders=, Signature=",
    "../../etc/passwd",
    "[::1",
)
_NAMES = (
    *_FIELDS,
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Protocol",
    "Content-Length",
    "Transfer-Encoding",
    "Expect",
    "Authorization",
    "Origin",
    "X Y",
    "",
    ":",
)
_PATHS = (
    "/",
    "//",
    "*",
    "{path}/@connections/",
    "{path}/@connections/%",
    "{path}/@connections/%00",
    "{path}/@connections/{long}",
    "{path}?{long}",
    "{path}?a=%zz&=&&a",
    "{path}/../..",
    "{path}%2f%40connections",
    "/_aws/execute-api/",
    "/_aws/execute-api/%00/%ff",
    "/_harness/{long}",
    "/_harness/observations?since=-1",
    "/_harness/observations?since=NaN",
    "/_harness/quiet?timeout=1e999",
    "/2015-03-31/functions/{long}",
    "http://",
    "http://[",
    "ws://x{path}",
    "\xff\xfe",
    "",
)


def _head(method: str, path: str, fields: Mapping[str, str], version: str = "HTTP/1.1") -> bytes:
    lines = [f"{method} {path} {version}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace")


def _broken_head(random: Random, path: str) -> bytes:
    method, version, fields = "GET", "HTTP/1.1", dict(_FIELDS)
    for _ in range(random.randint(1, 3)):
        match random.randrange(6):
            case 0:
                method = random.choice(_METHODS)
            case 1:
                version = random.choice(_VERSIONS)
            case 2:
                path = random.choice(_PATHS).format(path=path, long="x" * random.choice((50, 5000, 70_000)))
            case 3:
                fields.pop(random.choice(tuple(fields)), None)
            case _:
                fields[random.choice(_NAMES)] = random.choice(_VALUES)
    octets = _head(method, path, fields, version)
    return random.choice(_SPOILING)(random, octets)


# --- frames -----------------------------------------------------------------------------------------------


def _any_frame(random: Random) -> bytes:
    payload = random.randbytes(random.choice((0, 1, 2, 125, 126, 127, 1000, 40_000)))
    return frame(
        random.choice((0, 1, 1, 2, 8, 9, 10, random.randrange(16))),
        payload,
        fin=random.random() < 0.7,
        rsv=random.choice((0, 0, 0, 4, random.randrange(8))),
        mask=None if random.random() < 0.1 else random.randbytes(4),
        length=random.choice((None, None, None, len(payload) + 1, 2**16, 2**31, 2**63, 2**64 - 1)),
    )


def _compressed(random: Random) -> bytes:
    squeezed = zlib.compressobj(wbits=-15)
    content = squeezed.compress(bytes(random.choice((0, 10, 10**6)))) + squeezed.flush(zlib.Z_SYNC_FLUSH)
    return frame(Op.TEXT, _flipped(random, content) if random.random() < 0.7 else content, rsv=4)


def _message(random: Random) -> bytes:
    action = "".join(map(chr, random.choices(range(1, 0xD800), k=random.randrange(30))))
    return text(random.choice((f'{{"action":"{action}"}}', action, "[" * 5000, '{"action":' * 2000, "\0")))


def _closing(random: Random) -> bytes:
    if random.random() < 0.3:
        return frame(Op.CLOSE, random.randbytes(random.randrange(130)))
    return close(random.randrange(65_536), random.randbytes(random.randrange(120)))


def _broken_frames(random: Random) -> bytes:
    makers = (_any_frame, _any_frame, _compressed, _message, _closing, _ping)
    octets = b"".join(random.choice(makers)(random) for _ in range(random.randint(1, 6)))
    return random.choice(_SPOILING)(random, octets)


def _ping(random: Random) -> bytes:
    return frame(Op.PING, random.randbytes(random.randrange(130)), fin=random.random() < 0.9)


# --- spoiling bytes ---------------------------------------------------------------------------------------


def _as_it_is(random: Random, octets: bytes) -> bytes:
    return octets


def _flipped(random: Random, octets: bytes) -> bytes:
    spoiled = bytearray(octets)
    for _ in range(random.randint(1, 8) if spoiled else 0):
        spoiled[random.randrange(len(spoiled))] ^= 1 << random.randrange(8)
    return bytes(spoiled)


def _cut(random: Random, octets: bytes) -> bytes:
    return octets[: random.randrange(len(octets) + 1)]


def _twice(random: Random, octets: bytes) -> bytes:
    return octets * 2


def _with_noise(random: Random, octets: bytes) -> bytes:
    place = random.randrange(len(octets) + 1)
    return octets[:place] + random.randbytes(random.choice((1, 10, 1000))) + octets[place:]


def _noise(random: Random, octets: bytes) -> bytes:
    return random.randbytes(random.choice((1, 20, 2000)))


_SPOILING: tuple[Callable[[Random, bytes], bytes], ...] = (
    _as_it_is,
    _as_it_is,
    _flipped,
    _cut,
    _twice,
    _with_noise,
    _noise,
)
