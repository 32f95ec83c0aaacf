"""Stop of a run before its end: what reports say where not everything was played and judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from harness.errors import HarnessError

INTERRUPTED = 130
"""The exit code of what a person or a CI server interrupted."""


class Outcome(Enum):
    """What became of a run; reports write it in these words."""

    JUDGED = "judged"
    NOT_STARTED = "did not start"
    BROKE = "broke"
    INTERRUPTED = "interrupted"
    UNDER_WAY = "under way"

    @property
    def sentence(self) -> str:
        """`the run did not start`."""
        return f"the run {'was ' if self is Outcome.INTERRUPTED else ''}{self.value}"


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why a run ended before its end, all reasons at once, and the exit code that it ended with.

    Of what `did not start` the code tells why: 1 a function, 2 a mistake in the files, 4 the harness or the backend.
    """

    outcome: Outcome
    exit_code: int
    reasons: tuple[str, ...] = ()

    def written(self) -> Mapping[str, object]:
        """As run.json keeps it."""
        return {"outcome": self.outcome.value, "exit_code": self.exit_code, "reasons": list(self.reasons)}


def stopped_by(error: BaseException, *, started: bool) -> Stopped:
    """What an error made of a run; of anything but our own errors, an interruption."""
    if not isinstance(error, HarnessError):
        return Stopped(Outcome.INTERRUPTED, INTERRUPTED)
    outcome = Outcome.BROKE if started else Outcome.NOT_STARTED
    return Stopped(outcome, error.exit_code, error.reasons)


def read_stopped(written: Mapping[str, object]) -> Stopped | None:
    """What `written` gave; None for nothing. ValueError for anything else."""
    if not written:
        return None
    reasons = written["reasons"]
    if not isinstance(reasons, list):
        raise ValueError("reasons are a list")
    return Stopped(Outcome(written["outcome"]), int(str(written["exit_code"])), tuple(map(str, reasons)))
