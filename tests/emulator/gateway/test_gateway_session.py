"""One connection's life in memory: bytes and time in, happenings and bytes out (sections 1.7 and 1.9)."""

from collections.abc import Sequence

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode

from harness.emulator.gateway.quotas import Quotas
from harness.emulator.gateway.session import DELETED, GOING_AWAY, LOST, NO_STATUS, Closed, Message, Session


def a_session() -> Session:
    return Session(quotas=Quotas(), now=0.0)


def frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def text(data: str) -> bytes:
    return frame(Opcode.TEXT, data.encode())


def close_frame(code: int, reason: str = "") -> bytes:
    """The close frame that a client sees, and the end of the stream."""
    return Frame(Opcode.CLOSE, Close(code, reason).serialize()).serialize(mask=False)


@pytest.mark.parametrize(
    ("received", "happenings", "sent"),
    [
        pytest.param(text("hé"), [Message("hé")], [], id="a text message"),
        pytest.param(
            frame(Opcode.TEXT, b"a", fin=False) + frame(Opcode.PING, b"p") + frame(Opcode.CONT, b"b"),
            [Message("ab")],
            [Frame(Opcode.PONG, b"p").serialize(mask=False)],
            id="Q-12 fragments around a ping",
            marks=pytest.mark.aws("Q-12"),
        ),
        pytest.param(
            frame(Opcode.PING, b"p"),
            [],
            [Frame(Opcode.PONG, b"p").serialize(mask=False)],
            id="a ping",
            marks=pytest.mark.aws("7-6", assumed=True),
        ),
        pytest.param(frame(Opcode.PONG, b""), [], [], id="an unasked pong"),
        pytest.param(
            text("x" * 32_768),
            [Message("x" * 32_768)],
            [],
            id="Q-4 a frame of 32 KB",
            marks=pytest.mark.aws("Q-4"),
        ),
        pytest.param(
            text("x" * 32_769),
            [Closed(1009)],
            [close_frame(1009), b""],
            id="Q-4 a larger frame",
            marks=pytest.mark.aws("Q-4"),
        ),
        pytest.param(
            b"".join(
                (
                    frame(Opcode.TEXT, b"x" * 32_768, fin=False),
                    frame(Opcode.CONT, b"x" * 32_768, fin=False) * 2,
                    frame(Opcode.CONT, b"x" * 32_768),
                )
            ),
            [Message("x" * 131_072)],
            [],
            id="Q-3 a message of 128 KB",
            marks=pytest.mark.aws("Q-3"),
        ),
        pytest.param(
            frame(Opcode.TEXT, b"x" * 32_768, fin=False)
            + frame(Opcode.CONT, b"x" * 32_768, fin=False) * 3
            + frame(Opcode.CONT, b"x"),
            [Closed(1009)],
            [close_frame(1009), b""],
            id="Q-3 a larger message",
            marks=pytest.mark.aws("Q-3"),
        ),
        pytest.param(
            frame(Opcode.BINARY, b"x"),
            [Closed(1003)],
            [close_frame(1003), b""],
            id="Q-5 binary",
            marks=pytest.mark.aws("Q-5"),
        ),
        pytest.param(
            frame(Opcode.TEXT, b"\xff"), [Closed(1007)], [close_frame(1007), b""], id="text that is not UTF-8"
        ),
        pytest.param(
            frame(Opcode.CONT, b"x"), [Closed(1002)], [close_frame(1002), b""], id="a stray fragment"
        ),
        pytest.param(
            text("a") + frame(Opcode.CLOSE, b"") + text("b"),
            [Message("a"), NO_STATUS],
            [Frame(Opcode.CLOSE, b"").serialize(mask=False), b""],
            id="X-2 closed without a code",
            marks=pytest.mark.aws("X-2"),
        ),
        pytest.param(
            frame(Opcode.CLOSE, Close(4000, "bye").serialize()),
            [Closed(4000, "bye")],
            [close_frame(4000, "bye"), b""],
            id="X-3 closed with a code",
            marks=pytest.mark.aws("X-3"),
        ),
    ],
)
def test_client_bytes_bring_about(
    received: bytes, happenings: Sequence[object], sent: Sequence[bytes]
) -> None:
    session = a_session()
    assert list(session.receive(received, 1.0)) == happenings
    assert list(session.data_to_send()) == sent


@pytest.mark.aws("Q-3")
@pytest.mark.parametrize(
    ("last", "happenings"),
    [(b"", [Message("x" * 131_072)]), (b"x", [Closed(1009)])],
    ids=["full", "one byte more"],
)
def test_the_bytes_of_a_compressed_message_are_counted_unpacked(
    last: bytes, happenings: Sequence[object]
) -> None:
    ours, theirs = (PerMessageDeflate(False, False, 15, 15) for _ in range(2))
    session = Session(quotas=Quotas(), now=0.0, extensions=[ours])
    fragments = [Frame(Opcode.CONT, b"x" * 32_768, False) for _ in range(4)] + [Frame(Opcode.CONT, last)]
    fragments[0].opcode = Opcode.TEXT

    sent = b"".join(one.serialize(mask=True, extensions=[theirs]) for one in fragments)
    assert list(session.receive(sent, 1.0)) == happenings


@pytest.mark.parametrize("size", [1, 3, 7])
def test_bytes_may_arrive_in_pieces(size: int) -> None:
    session, received = a_session(), text("hello")
    pieces = [received[start : start + size] for start in range(0, len(received), size)]
    assert [each for piece in pieces for each in session.receive(piece, 1.0)] == [Message("hello")]


def test_end_without_close_frame_is_lost_and_a_session_ends_once() -> None:
    session = a_session()
    assert list(session.receive_eof()) == [LOST]
    assert [
        *session.receive_eof(),
        *session.lose(),
        *session.close(DELETED),
        *session.receive(b"x", 1.0),
    ] == []
    assert not session.is_open


@pytest.mark.aws("X-4")
def test_close_from_our_side_tells_both_ends_the_same() -> None:
    session = a_session()
    assert list(session.close(DELETED)) == [DELETED]
    assert list(session.data_to_send()) == [close_frame(1000, "Connection Closed Normally")]
    assert list(session.receive(text("late") + frame(Opcode.CLOSE, b""), 1.0)) == []
    assert list(session.data_to_send()) == [b""]


@pytest.mark.aws("Q-1", "X-5")
@pytest.mark.aws("7-6", assumed=True)
def test_idle_session_expires_after_ten_minutes_of_no_messages() -> None:
    session = a_session()
    session.receive(text("x"), 100.0)
    session.receive(frame(Opcode.PING, b""), 500.0)
    assert session.deadline == 700.0
    assert list(session.expire(699.9)) == []
    assert list(session.expire(700.0)) == [GOING_AWAY]


@pytest.mark.aws("Q-2")
def test_post_keeps_a_session_from_being_idle_up_to_two_hours() -> None:
    session = a_session()
    for now in range(0, 7200, 500):
        session.send_text(b"x", float(now))
    assert session.deadline == 7200.0


@pytest.mark.aws("Q-15")
def test_large_message_is_sent_in_frames_of_32_kb() -> None:
    session = a_session()
    session.send_text(b"x" * 70_000, 0.0)
    assert list(session.data_to_send()) == [
        Frame(Opcode.TEXT, b"x" * 32_768, fin=False).serialize(mask=False),
        Frame(Opcode.CONT, b"x" * 32_768, fin=False).serialize(mask=False),
        Frame(Opcode.CONT, b"x" * 4_464, fin=True).serialize(mask=False),
    ]
