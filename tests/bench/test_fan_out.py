"""The benchmark of the fan-out: it tells, and fails only for frames that were lost."""

import sys

import pytest

from bench import fan_out
from bench.fan_out import Line, lost
from bench.floor import Sent, floor


def a_line(*, arrived: int) -> Line:
    """Ten events to two subscribers, far too slow, the last of them with so many frames."""
    events = [Sent(0.0, (60.0, 60.0))] * 9 + [Sent(0.0, (60.0,) * arrived)]
    return Line(2, "the harness", tuple(events))


def test_what_was_lost_is_told_and_what_was_slow_is_not() -> None:
    assert lost([a_line(arrived=2)]) == []
    assert lost([a_line(arrived=1)]) == ["the harness, 2 subscribers: 19 of 20 frames arrived"]


def test_a_lost_frame_fails_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["fan_out", "2"])
    monkeypatch.setattr(fan_out, "measure", lambda sizes: iter([a_line(arrived=1)]))

    with pytest.raises(SystemExit, match="19 of 20 frames arrived"):
        fan_out.main()


def test_every_post_of_the_floor_arrives() -> None:
    measured = floor(3, 2)

    assert [len(one.arrived) for one in measured.events] == [3, 3]
    assert all(one.began < min(one.arrived) for one in measured.events)
