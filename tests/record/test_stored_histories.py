"""Histories that are read from their files: in order, as often as wanted, and knowing what they lack."""

from collections.abc import Callable
from math import inf
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.record.history import Gap
from harness.record.lines import LineWriter, header
from harness.record.observation import (
    ClientConnected,
    ClientLeft,
    ConnectionPosted,
    EventPublished,
    MessageReceived,
    Observation,
    RecordingBegan,
    RecordingEnded,
)
from harness.record.store import HistoryWriter
from harness.record.stored import StoredHistory

Lines = list[bytes]
DIGEST, TEXT = "0123456789abcdef", "a text that is long"
BEGAN = RecordingBegan(1.0, clients=1, inside=40)
RECEIVED = [MessageReceived(float(at), "alice", TEXT) for at in (3, 5, 7)]
POSTED = [ConnectionPosted(float(at), "c", 200, None, 19, DIGEST) for at in (2, 4, 6)]
ENDED = RecordingEnded(8.0, clients=5, inside=43)


def the_lines() -> Lines:
    """0 began, 1 text, 2 received, 3 digest, 4-6 posted, 7-8 received, 9 ended."""
    clients, inside = LineWriter(), LineWriter()
    written = [
        clients.line(BEGAN, 0),
        clients.line(RECEIVED[0], 1),
        *(inside.line(one, number) for number, one in enumerate(POSTED, start=40)),
        *(clients.line(one, number) for number, one in enumerate(RECEIVED[1:], start=2)),
        clients.line(ENDED, 4),
    ]
    return b"".join(written).splitlines(keepends=True)


def stored(folder: Path, lines: Lines) -> StoredHistory:
    path = folder / "history.jsonl"
    path.write_bytes(header() + b"".join(lines))
    return StoredHistory(path)


def test_a_whole_history_is_in_time_order_and_lacks_nothing(tmp_path: Path) -> None:
    history = stored(tmp_path, the_lines())

    in_order: list[Observation] = sorted([BEGAN, *RECEIVED, *POSTED, ENDED], key=lambda one: one.at)
    assert list(history.each()) == list(history.each()) == in_order == list(history.observations)
    assert list(history.each(ConnectionPosted)) == POSTED
    assert list(history.each(MessageReceived, RecordingEnded)) == [*RECEIVED, ENDED]
    assert history.of(MessageReceived) == tuple(RECEIVED)
    assert history.of(EventPublished) == ()
    assert (history.began, history.ended, history.torn, history.gaps) == (True, True, False, ())
    assert (history.begins_at, history.ends_at) == (1.0, 8.0)


def test_what_was_written_late_comes_in_its_time(tmp_path: Path) -> None:
    times = [1.0, 5.0, 2.0, 6.0, 5.5, 3.0, 9.0]
    path = tmp_path / "history.jsonl"
    with HistoryWriter(path) as writer:
        writer.append_all(ClientConnected(at, f"c{number}") for number, at in enumerate(times))
        writer.append(ClientLeft(4.0, "c1"))
    history = StoredHistory(path)

    assert [one.at for one in history.each(ClientConnected)] == sorted(times)
    assert [one.at for one in history.each()] == sorted([*times, 4.0])
    assert history.gaps == ()


@pytest.mark.parametrize(
    ("lost", "gap"),
    [
        pytest.param([2], Gap("clients", 1, 2, 1.0, 5.0), id="a message"),
        pytest.param([5], Gap("inside", 41, 42, 2.0, 6.0), id="a post"),
        pytest.param([3, 4], Gap("inside", 40, 43, 1.0, 8.0), id="the text of all posts"),
        pytest.param([4], Gap("inside", 40, 41, 1.0, 4.0), id="the first post"),
        pytest.param([6], Gap("inside", 42, 43, 4.0, 8.0), id="the last post"),
        pytest.param([7, 8], Gap("clients", 2, 4, 3.0, 8.0), id="two messages"),
        pytest.param([0], Gap("clients", 0, 1, -inf, 3.0), id="the beginning"),
    ],
)
@pytest.mark.parametrize(
    "damage", [lambda line: b"", lambda line: b"garbage\n", lambda line: line[:-4] + b"\n"]
)
def test_what_is_lost_or_damaged_is_a_gap(
    tmp_path: Path, lost: list[int], gap: Gap, damage: Callable[[bytes], bytes]
) -> None:
    lines = [damage(line) if place in lost else line for place, line in enumerate(the_lines())]

    history = stored(tmp_path, lines)

    assert history.gaps == (gap,)
    assert len(list(history.each())) == 8 - (gap.end - gap.first)


def test_what_is_doubled_counts_once(tmp_path: Path) -> None:
    lines = the_lines()

    history = stored(tmp_path, [*lines[:6], lines[5], *lines[6:]])

    assert list(history.each(ConnectionPosted)) == POSTED
    assert history.gaps == (Gap("inside", 41, 41, 4.0, 4.0),)


def test_what_stands_in_a_wrong_place_is_left_out(tmp_path: Path) -> None:
    lines = the_lines()
    lines[5], lines[6] = lines[6], lines[5]

    history = stored(tmp_path, lines)

    assert list(history.each(ConnectionPosted)) == [POSTED[0], POSTED[2]]
    assert history.gaps[0] == Gap("inside", 41, 42, 2.0, 6.0)


@pytest.mark.parametrize("kept", range(11))
def test_a_history_that_is_cut_off_says_how_far_it_came(tmp_path: Path, kept: int) -> None:
    history = stored(tmp_path, the_lines()[:kept])

    assert (history.began, history.ended, history.torn) == (kept > 0, kept == 10, False)
    assert history.gaps == ()


@pytest.mark.parametrize(
    ("end", "messages"), [(b"", 3), (b'["Cli', 3), (b'["ClientLeft",4,8.0,"alice",false]', 3)]
)
def test_a_torn_last_line_is_left_out_unless_its_newline_alone_is_missing(
    tmp_path: Path, end: bytes, messages: int
) -> None:
    history = stored(tmp_path, [*the_lines()[:9], end])

    assert history.torn is bool(end)
    assert len(list(history.each(MessageReceived))) == messages
    assert len(list(history.each(ClientLeft))) == end.endswith(b"]")


@pytest.mark.parametrize("content", [b"", header()[:50], header()[:-1]])
def test_a_history_without_even_a_first_line_is_torn_and_empty(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(content)

    history = StoredHistory(path)

    assert (history.torn, history.began, list(history.each()), history.begins_at) == (True, False, [], 0.0)


def test_a_file_that_is_no_history_of_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b'{"kind":"FrameReceived","at":3.0,"client":"alice","text":"{}","event":"e1"}\n')

    with pytest.raises(UsageError) as refused:
        StoredHistory(path)

    assert str(refused.value).startswith(f"{path}: not a history of version 2; it begins with: ")
