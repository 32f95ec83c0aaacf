"""Progress of a run, told while it is under way, to a terminal or to nobody."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from rich.console import Console, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from harness.checks.verdict import ScenarioResult
from harness.clock import Clock
from harness.record.observation import EventPublished, Observation, Settled
from harness.reports.plain import plain

BAR_WIDTH = 16

Block: TypeAlias = Callable[[ScenarioResult, str], RenderableType]
"""What is shown of a result that the run's folder keeps."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a scenario is: clients connected, events published, messages received.

    `done` is the part of the timeline that has passed, from 0 to 1; None before the timeline begins.
    """

    connected: int
    published: int
    messages: int
    done: float | None


class CrowdProgress(Protocol):
    """The part of the crowd's own progress that is shown."""

    @property
    def connected(self) -> int: ...

    @property
    def messages(self) -> int: ...


class Tally:
    """Passes observations on to `note` and counts what tells how far the scenario is.

    `length` is the timeline's, in seconds; it begins when the clients have settled.
    """

    def __init__(self, clock: Clock, *, length: float, note: Callable[[Observation], None]) -> None:
        self._clock, self._length, self._pass_on = clock, length, note
        self._published = 0
        self._began_at: float | None = None

    def note(self, seen: Observation) -> None:
        """Takes an observation of the publisher or of the timeline."""
        match seen:
            case EventPublished():
                self._published += 1
            case Settled(phase="start"):
                self._began_at = seen.at
        self._pass_on(seen)

    def standing(self, crowd: CrowdProgress) -> Standing:
        """How far the scenario is now."""
        return Standing(crowd.connected, self._published, crowd.messages, self._done())

    def _done(self) -> float | None:
        if self._began_at is None:
            return None
        elapsed = self._clock.monotonic() - self._began_at
        return min(1.0, elapsed / self._length) if self._length else 1.0


class Progress(Protocol):
    """Told by the run what it does."""

    def doing(self, what: str) -> AbstractContextManager[object]:
        """Shown for as long as the context lasts."""

    def playing(self, title: str, standing: Callable[[], Standing]) -> AbstractContextManager[object]:
        """A scenario is played for as long as the context lasts; `standing` is asked for now and then."""

    def judged(self, result: ScenarioResult, *, run: str) -> None:
        """A scenario has its verdict; `run` is the folder that keeps it."""

    def tell(self, what: str) -> None:
        """Something to know before it is done; lines of text."""


class Silent:
    """Says nothing."""

    def doing(self, what: str) -> AbstractContextManager[object]:
        return nullcontext()

    def playing(self, title: str, standing: Callable[[], Standing]) -> AbstractContextManager[object]:
        return nullcontext()

    def judged(self, result: ScenarioResult, *, run: str) -> None:
        return None

    def tell(self, what: str) -> None:
        return None


class TerminalProgress:
    """A line that moves while a scenario is played, then the scenario's block, as soon as it is judged.

    Where the console is no terminal nothing moves: the claim is printed, and later its block.
    """

    def __init__(self, console: Console, *, block: Block, moves: bool = True) -> None:
        """`block` gives what is shown of a result.

        Without `moves` the terminal is left to somebody else, a debugger say.
        """
        self._console = console
        self._block = block
        self._moves = moves and console.is_terminal

    def doing(self, what: str) -> AbstractContextManager[object]:
        if not self._moves:
            return nullcontext()
        return self._console.status(escape(plain(what)))

    @contextmanager
    def playing(self, title: str, standing: Callable[[], Standing]) -> Iterator[None]:
        if not self._moves:
            self._console.print(f"playing: {plain(title)}", markup=False, soft_wrap=True)
            yield
            return
        spinner = Spinner("dots")
        with Live(
            get_renderable=lambda: _lines(spinner, title, standing()),
            console=self._console,
            refresh_per_second=5,
            transient=True,
        ):
            yield

    def judged(self, result: ScenarioResult, *, run: str) -> None:
        # A file or a pipe gets whole lines.
        self._console.print(self._block(result, run), soft_wrap=not self._console.is_terminal)

    def tell(self, what: str) -> None:
        self._console.print(plain(what), markup=False, soft_wrap=True)


def _lines(spinner: Spinner, title: str, standing: Standing) -> Table:
    """The claim, cut where the line ends, and below it the bar with the figures."""
    lines = Table.grid(padding=(0, 1), expand=True)
    lines.add_column(width=1)
    lines.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    lines.add_row(spinner, Text(plain(title)))
    lines.add_row("", _bar(standing))
    return lines


def _bar(standing: Standing) -> Table:
    figures = Text(
        f"{standing.connected:,} clients · {standing.published:,} events · {standing.messages:,} messages",
        style="dim",
    )
    line = Table.grid(padding=(0, 1))
    if standing.done is None:
        line.add_row("connecting", figures)
    else:
        line.add_row(ProgressBar(total=1.0, completed=standing.done, width=BAR_WIDTH), figures)
    return line
