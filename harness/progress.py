"""What a run tells while it is under way: to a terminal, or to nobody."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table

from harness.checks.verdict import ScenarioResult


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a scenario is: clients connected, events published, frames received, and `done` from 0 to 1."""

    connected: int
    published: int
    frames: int
    done: float


class Progress(Protocol):
    """Told by the run what it does."""

    def doing(self, what: str) -> AbstractContextManager[object]:
        """Shown for as long as the context lasts."""

    def playing(self, title: str, standing: Callable[[], Standing]) -> AbstractContextManager[object]:
        """A scenario is played for as long as the context lasts; `standing` is asked for now and then."""

    def judged(self, result: ScenarioResult) -> None:
        """A scenario has its verdict."""


class Silent:
    """Says nothing."""

    def doing(self, what: str) -> AbstractContextManager[object]:
        return nullcontext()

    def playing(self, title: str, standing: Callable[[], Standing]) -> AbstractContextManager[object]:
        return nullcontext()

    def judged(self, result: ScenarioResult) -> None:
        return None


class TerminalProgress:
    """A line that moves while a scenario is played, then the scenario's block, as soon as it is judged.

    Where the console is no terminal nothing moves: the claim is printed, and later its block.
    """

    def __init__(self, console: Console, *, block: Callable[[ScenarioResult], object]) -> None:
        self._console = console
        self._block = block

    def doing(self, what: str) -> AbstractContextManager[object]:
        if not self._console.is_terminal:
            return nullcontext()
        return self._console.status(escape(what))

    @contextmanager
    def playing(self, title: str, standing: Callable[[], Standing]) -> Iterator[None]:
        if not self._console.is_terminal:
            self._console.print(f"playing: {title}", markup=False, soft_wrap=True)
            yield
            return
        spinner = Spinner("dots", escape(title))
        with Live(
            get_renderable=lambda: _line(spinner, standing()),
            console=self._console,
            refresh_per_second=5,
            transient=True,
        ):
            yield

    def judged(self, result: ScenarioResult) -> None:
        self._console.print(self._block(result))


def _line(spinner: Spinner, standing: Standing) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_row(spinner)
    figures = f"{standing.connected} clients · {standing.published} events · {standing.frames} frames"
    bar = Table.grid(padding=(0, 1))
    bar.add_row("  ", ProgressBar(total=1.0, completed=standing.done, width=30), figures)
    grid.add_row(bar)
    return grid
