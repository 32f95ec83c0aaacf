"""summary.json: everything the checks said, for other programs to read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite

from harness.checks.verdict import CheckResult, Finding, LatencyFigures, ScenarioResult, Verdict
from harness.errors import ExitCode
from harness.reports.plain import escaped
from harness.reports.stopped import Outcome, Stopped

VERSION = 2
"""Rises when a member changes its meaning or goes; new members do not change it."""


def summary(
    results: Sequence[ScenarioResult],
    *,
    run: Mapping[str, object],
    complete: bool = True,
    stopped: Stopped | None = None,
) -> bytes:
    """One JSON object: `version`, `run` (as given), `outcome`, `complete`, `verdict`, `gate`, `reasons`, `scenarios`.

    `outcome` is `judged`; `under way` while more is to come; or what `stopped` the run, and `reasons` are why. It
    `did not start` with the verdict FAIL when a function does not.

    `gate` is the verdict without the UNKNOWNs that were `accepted`: what the exit code says. What is not `complete`
    was written while more was to come: both are UNKNOWN at best.

    Times are seconds; an observation's `at` is on the history's clock, where the timeline began at `timeline_at`.
    JSON knows no infinity: it is null, and `missing` beside it tells how many deliveries never came.
    """
    to_come = () if complete else (_stop_verdict(stopped),)
    outcome = stopped.outcome if stopped else Outcome.JUDGED if complete else Outcome.UNDER_WAY
    whole = {
        "version": VERSION,
        "run": dict(run),
        "outcome": outcome.value,
        "complete": complete,
        "verdict": Verdict.worst((*(result.verdict for result in results), *to_come)).value,
        "gate": Verdict.worst((*(result.gate for result in results), *to_come)).value,
        "reasons": list(stopped.reasons) if stopped else [],
        "scenarios": [_scenario(result) for result in results],
    }
    text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)
    return escaped(text).encode() + b"\n"


def _stop_verdict(stopped: Stopped | None) -> Verdict:
    failed = stopped is not None and stopped.exit_code == ExitCode.FAIL
    return Verdict.FAIL if failed else Verdict.UNKNOWN


def _scenario(result: ScenarioResult) -> dict[str, object]:
    return {
        "scenario": result.scenario,
        "title": result.title,
        "verdict": result.verdict.value,
        "seconds": result.seconds,
        "timeline_at": result.timeline_at,
        "checks": [_check(check) for check in result.results],
    }


def _check(check: CheckResult) -> dict[str, object]:
    return {
        "check": check.check,
        "verdict": check.verdict.value,
        "accepted": check.accepted,
        "summary": check.summary,
        "judged": check.judged,
        "counts": {name: _number(value) for name, value in check.counts.items()},
        "latencies": [_figures(figures) for figures in check.latencies],
        "found": dict(check.found),
        "findings": [_finding(finding) for finding in check.findings],
    }


def _figures(figures: LatencyFigures) -> dict[str, object]:
    counted = {name: value for name, value in asdict(figures).items() if name != "seconds"}
    return counted | {name: _number(value) for name, value in figures.seconds.items()}


def _finding(finding: Finding) -> dict[str, object]:
    evidence = [dict(one.fields) for one in finding.evidence]
    return {
        "id": finding.id,
        "kind": finding.kind,
        "severity": finding.severity.value,
        "what": finding.what,
        "count": finding.count,
        "request": finding.request,
        "evidence": evidence,
    }


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
