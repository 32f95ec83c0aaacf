"""Framing, pings, reserved bits, opcodes, fragmentation: the suite's sections 1 to 5, and RFC 6455's masking."""

from tests.conformance.case import Case, InPieces, Step
from tests.conformance.raw_client import Close, Op, Pong, Text, fragmented, frame, text

NO_BINARY = "API Gateway supports no binary frames: 1003 (Q-5)"
FRAME_SIZE = "API Gateway takes frames up to 32 KB: 1009 (Q-4)"

SIZES = (0, 125, 126, 127, 128, 65_535, 65_536)
HELLO = "Hello, world!"
BROKEN = Close(1002)


def in_frames(content: str, size: int) -> tuple[bytes, ...]:
    """The message in frames of `size` characters, of one byte each."""
    return fragmented(*(content[start : start + size] for start in range(0, len(content), size)))


def _of_size(opcode: int, size: int, pieces: int = 0) -> tuple[Step, ...]:
    octets = frame(opcode, b"*" * size)
    sent: Step = InPieces(octets, pieces) if pieces else octets
    if opcode == Op.BINARY:
        return (sent, Close(1009 if size > 32_768 else 1003))
    return (sent, Close(1009) if size > 32_768 else Text(">" + "*" * size))


MESSAGES = (
    *(
        Case(
            f"1.1.{n}", f"text of {size} bytes", _of_size(Op.TEXT, size), FRAME_SIZE if size > 32_768 else ""
        )
        for n, size in enumerate(SIZES, 1)
    ),
    Case("1.1.8", "text of 65,536 bytes in pieces of 997", _of_size(Op.TEXT, 65_536, 997), FRAME_SIZE),
    *(
        Case(
            f"1.1.{n}",
            f"the same in frames of 32 KB: {size} bytes",
            (*in_frames("*" * size, 32_768), Text(">" + "*" * size)),
        )
        for n, size in enumerate((65_535, 65_536), 6)
    ),
    *(
        Case(f"1.2.{n}", f"binary of {size} bytes", _of_size(Op.BINARY, size), NO_BINARY)
        for n, size in enumerate(SIZES, 1)
    ),
    Case("1.2.8", "binary of 65,536 bytes in pieces of 997", _of_size(Op.BINARY, 65_536, 997), NO_BINARY),
)

_LONGEST = b"\xfe" * 125

PINGS = (
    Case("2.1", "ping without payload", (frame(Op.PING), Pong())),
    Case("2.2", "ping with text", (frame(Op.PING, HELLO.encode()), Pong(HELLO.encode()))),
    Case("2.3", "ping with bytes", (frame(Op.PING, b"\x00\xff\xfe\xfd"), Pong(b"\x00\xff\xfe\xfd"))),
    Case("2.4", "ping of 125 bytes", (frame(Op.PING, _LONGEST), Pong(_LONGEST))),
    Case("2.5", "ping of 126 bytes", (frame(Op.PING, _LONGEST + b"\xfe"), BROKEN)),
    Case("2.6", "ping of 125 bytes, byte by byte", (InPieces(frame(Op.PING, _LONGEST)), Pong(_LONGEST))),
    Case("2.7", "pong that nobody asked for", (frame(Op.PONG),)),
    Case("2.8", "pong with payload that nobody asked for", (frame(Op.PONG, b"unsolicited"),)),
    Case("2.9", "pong, then ping", (frame(Op.PONG, b"unsolicited"), frame(Op.PING, b"ping"), Pong(b"ping"))),
    Case(
        "2.10",
        "ten pings at once",
        (b"".join(frame(Op.PING, b"%d" % n) for n in range(10)), *(Pong(b"%d" % n) for n in range(10))),
    ),
    Case(
        "2.11",
        "ten pings, byte by byte",
        (
            InPieces(b"".join(frame(Op.PING, b"%d" % n) for n in range(10))),
            *(Pong(b"%d" % n) for n in range(10)),
        ),
    ),
)

_PING = frame(Op.PING)
_HELLO = (text(HELLO), Text(">" + HELLO))

RESERVED_BITS = (
    Case("3.1", "text with RSV3", (frame(Op.TEXT, HELLO.encode(), rsv=1), BROKEN)),
    Case("3.2", "text, then text with RSV2", (*_HELLO, frame(Op.TEXT, b"x", rsv=2) + _PING, BROKEN)),
    Case("3.3", "the same, frame by frame", (*_HELLO, frame(Op.TEXT, b"x", rsv=3), _PING, BROKEN)),
    Case("3.4", "the same, byte by byte", (*_HELLO, InPieces(frame(Op.TEXT, b"x", rsv=4) + _PING), BROKEN)),
    Case("3.5", "binary with RSV1 and RSV3", (frame(Op.BINARY, b"\x00\xff", rsv=5), BROKEN)),
    Case("3.6", "ping with RSV1 and RSV2", (frame(Op.PING, b"x", rsv=6), BROKEN)),
    Case("3.7", "close with all reserved bits", (frame(Op.CLOSE, b"", rsv=7), BROKEN)),
)


def _reserved(section: str, first: int) -> tuple[Case, ...]:
    second, third, fourth, fifth = range(first + 1, first + 5)
    return (
        Case(f"{section}.1", f"opcode {first}", (frame(first), BROKEN)),
        Case(f"{section}.2", f"opcode {second} with payload", (frame(second, b"reserved"), BROKEN)),
        Case(f"{section}.3", f"text, then opcode {third}", (*_HELLO, frame(third) + _PING, BROKEN)),
        Case(f"{section}.4", f"text, then opcode {fourth}", (*_HELLO, frame(fourth, b"x") + _PING, BROKEN)),
        Case(
            f"{section}.5",
            f"text, then opcode {fifth}, byte by byte",
            (*_HELLO, InPieces(frame(fifth, b"reserved") + _PING), BROKEN),
        ),
    )


OPCODES = (*_reserved("4.1", 3), *_reserved("4.2", 11))

_TWO = fragmented("fragment1", "fragment2")
_WHOLE = Text(">fragment1fragment2")
_START, _END = _TWO
_MIDDLE_PING = frame(Op.PING, b"ping")
_AROUND_PING = (_START, _MIDDLE_PING, _END)
_LATE = text("afterwards")


def _rest(payload: bytes, *, fin: bool) -> bytes:
    return frame(Op.CONTINUATION, payload, fin=fin)


def _five(*between: bytes) -> bytes:
    """A message in five frames, with other frames after the second and the fourth."""
    one, two, three, four, five = fragmented("f1", "f2", "f3", "f4", "f5")
    return b"".join((one, two, *between, three, four, *between, five))


FRAGMENTS = (
    Case("5.1", "a ping in two frames", (frame(Op.PING, b"a", fin=False) + _rest(b"b", fin=True), BROKEN)),
    Case("5.2", "a pong in two frames", (frame(Op.PONG, b"a", fin=False) + _rest(b"b", fin=True), BROKEN)),
    Case("5.3", "text in two frames", (*_TWO, _WHOLE)),
    Case("5.4", "text in two frames at once", (b"".join(_TWO), _WHOLE)),
    Case("5.5", "text in two frames, byte by byte", (InPieces(b"".join(_TWO)), _WHOLE)),
    Case("5.6", "a ping between two frames", (*_AROUND_PING, Pong(b"ping"), _WHOLE)),
    Case("5.7", "a ping between two frames, at once", (b"".join(_AROUND_PING), Pong(b"ping"), _WHOLE)),
    Case(
        "5.8",
        "a ping between two frames, byte by byte",
        (InPieces(b"".join(_AROUND_PING)), Pong(b"ping"), _WHOLE),
    ),
    *(
        Case(f"5.{n}", f"a continuation of nothing, {how}, then text", (sent, BROKEN))
        for n, how, sent in (
            (9, "with FIN", _rest(b"x", fin=True) + _LATE),
            (10, "with FIN, at once", _rest(b"x", fin=True) + _LATE),
            (11, "with FIN, byte by byte", InPieces(_rest(b"x", fin=True) + _LATE)),
            (12, "without FIN", _rest(b"x", fin=False) + _LATE),
            (13, "without FIN, at once", _rest(b"x", fin=False) + _LATE),
            (14, "without FIN, byte by byte", InPieces(_rest(b"x", fin=False) + _LATE)),
        )
    ),
    Case(
        "5.15",
        "a message in two frames, then a continuation of nothing",
        (*_TWO, _WHOLE, _rest(b"fragment3", fin=False), _LATE, BROKEN),
    ),
    Case(
        "5.16", "continuation without FIN, then text, twice", ((_rest(b"x", fin=False) + _LATE) * 2, BROKEN)
    ),
    Case("5.17", "continuation with FIN, then text, twice", ((_rest(b"x", fin=True) + _LATE) * 2, BROKEN)),
    Case("5.18", "a message begins inside a message", (_START, text("fragment2"), BROKEN)),
    Case(
        "5.19",
        "text in five frames with pings between",
        (_five(_MIDDLE_PING), Pong(b"ping"), Pong(b"ping"), Text(">f1f2f3f4f5")),
    ),
    Case(
        "5.20",
        "the same, byte by byte",
        (InPieces(_five(_MIDDLE_PING)), Pong(b"ping"), Pong(b"ping"), Text(">f1f2f3f4f5")),
    ),
)

MASKING = (
    Case("RFC 5.1", "text without a mask", (frame(Op.TEXT, b"plain", mask=None), BROKEN)),
    Case("RFC 5.1", "ping without a mask", (frame(Op.PING, b"plain", mask=None), BROKEN)),
    Case("RFC 5.1", "close without a mask", (frame(Op.CLOSE, b"\x03\xe8", mask=None), BROKEN)),
    Case("RFC 5.3", "a mask of zeros", (frame(Op.TEXT, b"plain", mask=bytes(4)), Text(">plain"))),
    Case(
        "RFC 5.3",
        "every frame with a mask of its own",
        (
            frame(Op.TEXT, b"frag", fin=False, mask=b"\x01\x02\x03\x04")
            + frame(Op.CONTINUATION, b"ment", mask=b"\xff\xfe\xfd\xfc"),
            Text(">fragment"),
        ),
    ),
)

CASES = (*MESSAGES, *PINGS, *RESERVED_BITS, *OPCODES, *FRAGMENTS, *MASKING)
__all__ = ["CASES", "FRAME_SIZE", "NO_BINARY", "in_frames"]
