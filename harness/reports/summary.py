"""summary.json: everything the checks said, for other programs to read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite

from harness.checks.verdict import CheckResult, Finding, LatencyFigures, ScenarioResult, Verdict

VERSION = 2
"""Rises when a member changes its meaning or goes; new members do not change it."""


def summary(results: Sequence[ScenarioResult], *, run: Mapping[str, object], complete: bool = True) -> bytes:
    """One JSON object: `version`, `run` (as given), `complete`, `verdict`, `gate`, and `scenarios` with their checks.

    `gate` is the verdict without the UNKNOWNs that were `accepted`: what the exit code says. What is not `complete`
    was written while more was to come: both are UNKNOWN at best.

    Times are seconds; an observation's `at` is on the history's clock, where the timeline began at `timeline_at`.
    JSON knows no infinity: it is null, and `missing` beside it tells how many deliveries never came.
    """
    to_come = () if complete else (Verdict.UNKNOWN,)
    whole = {
        "version": VERSION,
        "run": dict(run),
        "complete": complete,
        "verdict": Verdict.worst((*(result.verdict for result in results), *to_come)).value,
        "gate": Verdict.worst((*(result.gate for result in results), *to_come)).value,
        "scenarios": [_scenario(result) for result in results],
    }
    text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode(errors="replace") + b"\n"


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
        "counts": {name: _number(value) for name, value in check.counts.items()},
        "latencies": [_figures(figures) for figures in check.latencies],
        "findings": [_finding(finding) for finding in check.findings],
    }


def _figures(figures: LatencyFigures) -> dict[str, object]:
    counted = {name: value for name, value in asdict(figures).items() if name != "seconds"}
    return counted | {name: _number(value) for name, value in figures.seconds.items()}


def _finding(finding: Finding) -> dict[str, object]:
    evidence = [dict(one.fields) for one in finding.evidence]
    return {"kind": finding.kind, "what": finding.what, "evidence": evidence}


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
