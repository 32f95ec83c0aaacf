"""`harness parity`, top to bottom: each backend is opened and measured by itself, then all stand side by side."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars

from harness.errors import UsageError
from harness.parity.catalogue import CLAIMS
from harness.parity.claim import Claim
from harness.parity.comparison import Comparison
from harness.parity.measuring import measured
from harness.parity.subject import Choice, opened


async def compare(choices: Sequence[Choice], claims: Sequence[Claim], console: Console) -> Comparison:
    """What each backend shows of each claim; progress goes to the console.

    BackendError when a backend cannot be opened or ends in the middle; UsageError for an unknown one.
    """
    columns = []
    for choice in choices:
        with _progress(console, choice.name, len(claims)) as done:
            async with opened(choice) as subject:
                columns.append(await measured(subject, claims, done))
    return Comparison(tuple(claims), tuple(columns))


def claims_named(words: Sequence[str]) -> tuple[Claim, ...]:
    """The claims whose area, phrase or rows have one of the words; all without words; UsageError for none."""
    wanted = tuple(claim for claim in CLAIMS if not words or any(_has(claim, word) for word in words))
    if not wanted:
        areas = ", ".join(dict.fromkeys(claim.area for claim in CLAIMS))
        raise UsageError(f"no claim has {' or '.join(map(repr, words))} in it; the areas are {areas}")
    return wanted


def _has(claim: Claim, word: str) -> bool:
    return word in claim.rows or word.lower() in f"{claim.area} {claim.says}".lower()


@contextmanager
def _progress(console: Console, name: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar that goes when the backend is done."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        task = bars.add_task(f"measuring {name}", total=total)
        yield lambda: bars.advance(task)
