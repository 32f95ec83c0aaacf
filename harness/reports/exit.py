"""Exit code that the results of a run give."""

from collections.abc import Iterable

from harness.checks.verdict import ScenarioResult, Verdict
from harness.errors import ExitCode

_CODES = {Verdict.PASS: ExitCode.PASS, Verdict.FAIL: ExitCode.FAIL, Verdict.UNKNOWN: ExitCode.UNKNOWN}


def exit_code(results: Iterable[ScenarioResult]) -> ExitCode:
    """The worst verdict's code: 0 pass, 1 fail, 3 unknown; 3 for no scenarios at all.

    An UNKNOWN that was accepted counts for nothing.
    """
    return _CODES[Verdict.worst(result.gate for result in results)]
