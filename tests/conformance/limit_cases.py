"""Large messages and many messages: the suite's sections 9 and 10, as far as API Gateway's limits let them."""

from tests.conformance.case import Case, InPieces, Step
from tests.conformance.framing_cases import FRAME_SIZE, NO_BINARY, in_frames
from tests.conformance.raw_client import Close, Op, Text, frame, text

MESSAGE_SIZE = "API Gateway takes messages up to 128 KB: 1009 (Q-3)"
KB, MB = 1024, 1024 * 1024
ROUNDTRIPS = 1000


def _one_frame(opcode: int, size: int) -> bytes:
    """A frame whose header says `size`; what follows the first bytes is not needed to refuse it."""
    return frame(opcode, b"*" * KB, length=size)


def _frames_up_to_the_limit(opcode: int, frame_size: int) -> bytes:
    """Frames of a message that goes on: one more than fits into 128 KB."""
    first = frame(opcode, b"*" * frame_size, fin=False)
    return first + frame(Op.CONTINUATION, b"*" * frame_size, fin=False) * (128 * KB // frame_size)


def _fragmented(opcode: int, frame_size: int) -> tuple[Step, ...]:
    if frame_size > 32 * KB:
        return (_one_frame(opcode, frame_size), Close(1009))
    return (_frames_up_to_the_limit(opcode, frame_size), Close(1003 if opcode == Op.BINARY else 1009))


_SIZES = (64 * KB, 256 * KB, MB, 4 * MB, 8 * MB, 16 * MB)
_FRAMES = (64, 256, KB, 4 * KB, 16 * KB, 64 * KB, 256 * KB, MB, 4 * MB)
_PIECES = (64, 128, 256, 512, KB, 2 * KB)
_SMALL = (0, 16, 64, 256, KB, 4 * KB)
_KINDS = (Op.TEXT, Op.BINARY)

LARGE = (
    *(
        Case(
            f"9.{kind}.{n}",
            f"{kind.name} of {size} bytes in one frame",
            (_one_frame(kind, size), Close(1009)),
            FRAME_SIZE,
        )
        for kind in _KINDS
        for n, size in enumerate(_SIZES, 1)
    ),
    *(
        Case(
            f"9.{kind + 2}.{n}",
            f"{kind.name} of 4 MB in frames of {size} bytes",
            _fragmented(kind, size),
            FRAME_SIZE if size > 32 * KB else NO_BINARY if kind == Op.BINARY else MESSAGE_SIZE,
        )
        for kind in _KINDS
        for n, size in enumerate(_FRAMES, 1)
    ),
    *(
        Case(
            f"9.{kind + 4}.{n}",
            f"{kind.name} of 1 MB in pieces of {size} bytes",
            (InPieces(_one_frame(kind, MB), size), Close(1009)),
            FRAME_SIZE,
        )
        for kind in _KINDS
        for n, size in enumerate(_PIECES, 1)
    ),
)
MANY = (
    *(
        Case(
            f"9.7.{n}", f"many texts of {size} bytes", (text("*" * size), Text(">" + "*" * size)) * ROUNDTRIPS
        )
        for n, size in enumerate(_SMALL, 1)
    ),
    *(
        Case(
            f"9.8.{n}",
            f"many binaries of {size} bytes",
            (frame(Op.BINARY, b"*" * size), Close(1003)),
            NO_BINARY,
        )
        for n, size in enumerate(_SMALL, 1)
    ),
)
_LARGEST = "*" * 131_072
AT_THE_LIMIT = (
    Case("Q-4", "a frame of 32 KB", (text("*" * 32_768), Text(">" + "*" * 32_768))),
    Case("Q-4", "a frame of one byte more", (text("*" * 32_769), Close(1009))),
    Case("Q-3", "a message of 128 KB", (*in_frames(_LARGEST, 32_768), Text(">" + _LARGEST))),
    Case("Q-3", "a message of one byte more", (*in_frames(_LARGEST + "*", 32_768), Close(1009))),
    Case(
        "RFC 5.2", "a length that has its highest bit set", (frame(Op.TEXT, b"x", length=2**63), Close(1009))
    ),
)
FRAGMENTED = (
    Case(
        "10.1.1", "64 KB in frames of 1,300 bytes", (*in_frames("*" * 65_536, 1300), Text(">" + "*" * 65_536))
    ),
)

CASES = (*LARGE, *MANY, *AT_THE_LIMIT, *FRAGMENTED)
