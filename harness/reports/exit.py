"""Exit code that the results of a run give."""

from collections.abc import Iterable

from harness.checks.verdict import ScenarioResult, Verdict
from harness.errors import ExitCode
from harness.reports.stopped import Outcome, Stopped

_CODES = {Verdict.PASS: ExitCode.PASS, Verdict.FAIL: ExitCode.FAIL, Verdict.UNKNOWN: ExitCode.UNKNOWN}


def exit_code(
    results: Iterable[ScenarioResult], *, complete: bool = True, stopped: Stopped | None = None
) -> int:
    """The worst verdict's code: 0 pass, 1 fail, 3 unknown; 3 for no scenarios at all.

    An UNKNOWN that was accepted counts for nothing. What is not `complete` is unknown at best. A run that did not
    start has the code that it ended with.
    """
    if stopped is not None and stopped.outcome is Outcome.NOT_STARTED:
        return stopped.exit_code
    cut_short = () if complete else (Verdict.UNKNOWN,)
    return _CODES[Verdict.worst((*(result.gate for result in results), *cut_short))]
