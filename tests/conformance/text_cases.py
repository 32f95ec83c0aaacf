"""UTF-8 in text messages: the suite's section 6. Not valid: 1007, told after the message's last frame."""

from collections.abc import Sequence

from tests.conformance.case import Case, InPieces, Step
from tests.conformance.raw_client import Close, Text, fragmented, text

KOSME = bytes.fromhex("cebae1bdb9cf83cebcceb5")
GREETING = "Hello-µ@ßöäüàá-UTF-8!!"
_INVALID = bytes.fromhex("cebae1bdb9cf83cebcceb5eda080656469746564")


def _outcome(octets: bytes) -> Step:
    try:
        return Text(">" + octets.decode())
    except UnicodeDecodeError:
        return Close(1007)


def _byte_by_byte(octets: bytes) -> tuple[bytes, ...]:
    return fragmented(*(octets[n : n + 1] for n in range(len(octets))))


def _each(section: str, title: str, payloads: Sequence[str | bytes], *, valid: bool) -> tuple[Case, ...]:
    """One case per payload (bytes, or hex); `valid` is what the suite's table says of all of them."""
    octets = [bytes.fromhex(one) if isinstance(one, str) else one for one in payloads]
    assert {isinstance(_outcome(one), Text) for one in octets} == {valid}
    return tuple(
        Case(f"{section}.{n}", f"{title}: {one[:8].hex()}", (text(one), _outcome(one)))
        for n, one in enumerate(octets, 1)
    )


def _lonely(first: int, last: int) -> bytes:
    return b"".join(bytes((start, 0x20)) for start in range(first, last + 1))


_INCOMPLETE = [
    "c0",
    "e080",
    "f08080",
    "f8808080",
    "fc80808080",
    "df",
    "efbf",
    "f7bfbf",
    "fbbfbfbf",
    "fdbfbfbfbf",
]
_SPLIT = (KOSME + b"\xf4", b"\x90", b"\x80\x80edited")

EMPTY = (
    Case("6.1.1", "text of no bytes", (text(""), Text(">"))),
    Case("6.1.2", "three frames of no bytes", (*fragmented("", "", ""), Text(">"))),
    Case("6.1.3", "text between two empty frames", (*fragmented("", "middle", ""), Text(">middle"))),
)
WHOLE_AND_SPLIT = (
    Case("6.2.1", "text in one frame", (text(GREETING), Text(">" + GREETING))),
    Case(
        "6.2.2", "split between characters", (*fragmented(GREETING[:11], GREETING[11:]), Text(">" + GREETING))
    ),
    Case("6.2.3", "one frame per byte", (*_byte_by_byte(GREETING.encode()), Text(">" + GREETING))),
    Case("6.2.4", "one frame per byte, Greek", (*_byte_by_byte(KOSME), Text(">" + KOSME.decode()))),
    Case("6.3.1", "a surrogate in the middle", (text(_INVALID), Close(1007))),
    Case("6.3.2", "the same, one frame per byte", (*_byte_by_byte(_INVALID), Close(1007))),
    Case(
        "6.4.1",
        "the second of three is bad",
        (*fragmented(KOSME, b"\xf4\x90\x80\x80", "edited"), Close(1007)),
    ),
    Case("6.4.2", "bad across frames", (*fragmented(*_SPLIT), Close(1007))),
    Case("6.4.3", "bad, in pieces", (InPieces(text(KOSME + b"\xf4\x90\x80\x80edited"), 12), Close(1007))),
    Case("6.4.4", "bad, byte by byte", (InPieces(text(b"".join(_SPLIT))), Close(1007))),
)
SEQUENCES = (
    *_each(
        "6.5",
        "one, two, three and four bytes",
        (
            "68656c6c6f24776f726c64",
            "68656c6c6fc2a2776f726c64",
            "68656c6c6fe282ac776f726c64",
            "68656c6c6ff0a4ada2776f726c64",
            KOSME,
        ),
        valid=True,
    ),
    *(
        Case(f"6.6.{size}", f"the first {size} bytes of Greek", (text(KOSME[:size]), _outcome(KOSME[:size])))
        for size in range(1, len(KOSME) + 1)
    ),
    *_each("6.7", "the first of each length", ("00", "c280", "e0a080", "f0908080"), valid=True),
    *_each("6.8", "five and six bytes", ("f888808080", "fc8480808080"), valid=False),
    *_each("6.9", "the last of each length", ("7f", "dfbf", "efbfbf", "f48fbfbf"), valid=True),
    *_each("6.10", "beyond Unicode", ("f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"), valid=False),
    *_each("6.11", "at a boundary", ("ed9fbf", "ee8080", "efbfbd", "f48fbfbf"), valid=True),
    Case("6.11.5", "past the last", (text(b"\xf4\x90\x80\x80"), Close(1007))),
    *_each(
        "6.12",
        "continuation bytes alone",
        (*((b"\x80\xbf" * 4)[:n] for n in (1,)), b"\xbf", *((b"\x80\xbf" * 4)[:n] for n in range(2, 7))),
        valid=False,
    ),
    Case("6.12.8", "all continuation bytes", (text(bytes(range(0x80, 0xBF))), Close(1007))),
    *_each(
        "6.13",
        "first bytes alone",
        (
            _lonely(0xC0, 0xDF),
            _lonely(0xE0, 0xEF),
            _lonely(0xF0, 0xF7),
            _lonely(0xF8, 0xFB),
            _lonely(0xFC, 0xFD),
        ),
        valid=False,
    ),
    *_each("6.14", "the last byte is missing", _INCOMPLETE, valid=False),
    Case("6.15.1", "all of these", (text(bytes.fromhex("".join(_INCOMPLETE))), Close(1007))),
    *_each("6.16", "impossible bytes", ("fe", "ff", "fefeffff"), valid=False),
    *_each("6.17", "overlong", ["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"], valid=False),
    *_each(
        "6.18",
        "the longest overlong",
        ["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"],
        valid=False,
    ),
    *_each("6.19", "overlong NUL", ["c080", "e08080", "f0808080", "f880808080", "fc8080808080"], valid=False),
    *_each(
        "6.20",
        "a surrogate",
        ["eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"],
        valid=False,
    ),
    *_each(
        "6.21",
        "a pair of surrogates",
        [high + low for high in ("eda080", "edadbf", "edae80", "edafbf") for low in ("edb080", "edbfbf")],
        valid=False,
    ),
    *_each(
        "6.22",
        "no character, yet valid",
        [chr(plane * 0x10000 + last).encode() for plane in range(17) for last in (0xFFFE, 0xFFFF)],
        valid=True,
    ),
    *_each("6.23", "specials", [chr(code).encode() for code in range(0xFFF9, 0x10000)], valid=True),
)

CASES = (*EMPTY, *WHOLE_AND_SPLIT, *SEQUENCES)
