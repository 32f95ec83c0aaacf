"""Closing: the suite's section 7. A server answers a close frame with the same, and ends the TCP connection."""

from tests.conformance.case import Case, InPieces, Step
from tests.conformance.framing_cases import FRAME_SIZE
from tests.conformance.raw_client import Close, Op, Text, close, fragmented, frame, text

_BYE = (close(1000), Close(1000))
_KB256 = frame(Op.TEXT, b"*" * 1024, length=256 * 1024)
_PING = frame(Op.PING)

ORDER = (
    Case("7.1.1", "a message, then close", (text("Hello"), Text(">Hello"), *_BYE)),
    Case("7.1.2", "close twice", (close(1000) + close(1000), Close(1000))),
    Case("7.1.3", "a ping after close", (close(1000) + _PING, Close(1000))),
    Case("7.1.4", "a message after close", (close(1000) + text("late"), Close(1000))),
    Case("7.1.5", "close inside a message", (fragmented("a", "b")[0] + close(1000), Close(1000))),
    Case(
        "7.1.6", "256 KB, close, ping", (InPieces(_KB256, 997), close(1000) + _PING, Close(1009)), FRAME_SIZE
    ),
)


def _echoed(code: int | None, reason: str = "") -> tuple[Step, ...]:
    return (close(code, reason), Close(code, reason))


BODIES = (
    Case("7.3.1", "without a body", _echoed(None)),
    Case("7.3.2", "a body of one byte", (frame(Op.CLOSE, b"a"), Close(1002))),
    Case("7.3.3", "a code", _echoed(1000)),
    Case("7.3.4", "a code and a reason", _echoed(1000, "Hello World!")),
    Case("7.3.5", "the longest reason", _echoed(1000, "*" * 123)),
    Case("7.3.6", "a reason too long", (close(1000, "*" * 124), Close(1002))),
    Case("7.5.1", "a reason that is no UTF-8", (close(1000, b"\xce\xba\xed\xa0\x80"), Close(1007))),
)

_VALID = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
_NOT_VALID = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)

CODES = (
    *(Case(f"7.7.{n}", f"code {code}", _echoed(code)) for n, code in enumerate(_VALID, 1)),
    *(Case(f"7.9.{n}", f"code {code}", (close(code), Close(1002))) for n, code in enumerate(_NOT_VALID, 1)),
    *(
        Case(f"7.13.{n}", f"code {code}", (close(code), Close(1002)))
        for n, code in enumerate((5000, 65_535), 1)
    ),
)

CASES = (*ORDER, *BODIES, *CODES)
