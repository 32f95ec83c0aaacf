from dataclasses import dataclass
from io import StringIO

import pytest
from rich.console import Console
from rich.spinner import Spinner

from harness.checks.verdict import ScenarioResult
from harness.progress import Standing, Tally, TerminalProgress, _lines
from harness.record.observation import EventPublished, Observation, PublishFailed, Settled

STARTED = Settled(10.0, "start", complete=True, detail="")
ENDED = Settled(14.0, "end", complete=True, detail="")
PUBLISHED = EventPublished(11.0, 11.0, "e1", "trade", ("market.BTC",), "{}", "m1")
FAILED = PublishFailed(11.0, 11.0, "e2", "throttled")


@dataclass
class CrowdSoFar:
    connected: int = 3
    messages: int = 7


class StoppedClock:
    """A clock that shows what it is told to."""

    def __init__(self, now: float) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("noted", "now", "length", "standing"),
    [
        pytest.param((), 10.0, 4.0, Standing(3, 0, 7, None), id="clients still connect"),
        pytest.param((STARTED,), 10.0, 4.0, Standing(3, 0, 7, 0.0), id="the timeline begins"),
        pytest.param((STARTED, PUBLISHED), 11.0, 4.0, Standing(3, 1, 7, 0.25), id="a quarter has passed"),
        pytest.param((STARTED, FAILED), 12.0, 4.0, Standing(3, 0, 7, 0.5), id="what failed is not counted"),
        pytest.param(
            (STARTED, PUBLISHED, ENDED), 19.0, 4.0, Standing(3, 1, 7, 1.0), id="what settles is done"
        ),
        pytest.param((STARTED,), 10.0, 0.0, Standing(3, 0, 7, 1.0), id="a timeline of no length"),
    ],
)
def test_the_standing_is_counted_from_what_is_noted(
    noted: tuple[Observation, ...], now: float, length: float, standing: Standing
) -> None:
    passed_on: list[Observation] = []
    tally = Tally(StoppedClock(now), length=length, note=passed_on.append)  # type: ignore[arg-type]  # its part

    for seen in noted:
        tally.note(seen)

    assert tally.standing(CrowdSoFar()) == standing
    assert tuple(passed_on) == noted


@pytest.mark.parametrize("done", [None, 0.5])
def test_the_display_is_two_lines_of_eighty_columns(done: float | None) -> None:
    text = StringIO()
    standing = Standing(20_000, 12_345, 24_690_000, done)
    Console(file=text, width=80).print(
        _lines(Spinner("dots"), "A claim [bold]that[/] is long " * 5, standing)
    )
    title, figures = text.getvalue().splitlines()
    assert "A claim [bold]that[/] is long" in title
    assert title.rstrip().endswith("…")
    assert "20,000 clients · 12,345 events · 24,690,000 messages" in figures


def test_where_nothing_can_move_the_claim_is_printed_once() -> None:
    text = StringIO()
    progress = TerminalProgress(
        Console(file=text, width=80), block=lambda result, run: f"{run}: {result.title}"
    )
    with progress.doing("starting"), progress.playing("A [claim]", lambda: Standing(0, 0, 0, None)):
        pass
    progress.judged(ScenarioResult("a", "judged" * 20, (), seconds=0.0), run="runs/x")
    assert text.getvalue() == f"playing: A [claim]\nruns/x: {'judged' * 20}\n"
