import json
from dataclasses import replace
from math import inf

import pytest

from harness.checks.findings import finding_of
from harness.checks.verdict import CheckResult, ScenarioResult, Verdict
from harness.record.observation import RowsFound
from harness.reports.stopped import Outcome, Stopped
from harness.reports.summary import summary
from tests.checks.figures import figures


def test_the_summary_holds_everything_that_was_said() -> None:
    check = CheckResult(
        "latency",
        Verdict.FAIL,
        "too slow",
        (replace(finding_of("too slow", "p99 < 1 s does not hold", RowsFound(11.0, ("c",))), id="1a2b3c4d"),),
        {"expected": 2, "worst": inf},
        (figures("trade", "market.BTC", 2, 1, 0.25, inf, inf, inf),),
        found={"too slow": 400},
    )
    result = ScenarioResult("fast", "It is fast", (check,), seconds=3.5, timeline_at=10.0)

    assert json.loads(summary([result], run={"backend": "embedded"})) == {
        "version": 2,
        "run": {"backend": "embedded"},
        "outcome": "judged",
        "complete": True,
        "verdict": "FAIL",
        "gate": "FAIL",
        "reasons": [],
        "scenarios": [
            {
                "scenario": "fast",
                "title": "It is fast",
                "verdict": "FAIL",
                "seconds": 3.5,
                "timeline_at": 10.0,
                "checks": [
                    {
                        "check": "latency",
                        "verdict": "FAIL",
                        "accepted": False,
                        "summary": "too slow",
                        "judged": True,
                        "counts": {"expected": 2, "worst": None},
                        "latencies": [
                            {
                                "type": "trade",
                                "channel": "market.BTC",
                                "expected": 2,
                                "missing": 1,
                                "p50": 0.25,
                                "p95": None,
                                "p99": None,
                                "max": None,
                            }
                        ],
                        "found": {"too slow": 400},
                        "findings": [
                            {
                                "id": "1a2b3c4d",
                                "kind": "too slow",
                                "severity": "FAIL",
                                "what": "p99 < 1 s does not hold",
                                "count": 1,
                                "request": None,
                                "evidence": [{"kind": "RowsFound", "at": 11.0, "connections": ["c"]}],
                            }
                        ],
                    }
                ],
            }
        ],
    }


def test_a_run_without_scenarios_is_unknown() -> None:
    assert json.loads(summary([], run={})) == {
        "version": 2,
        "run": {},
        "outcome": "judged",
        "complete": True,
        "verdict": "UNKNOWN",
        "gate": "UNKNOWN",
        "reasons": [],
        "scenarios": [],
    }


@pytest.mark.parametrize(("verdict", "told"), [(Verdict.PASS, "UNKNOWN"), (Verdict.FAIL, "FAIL")])
def test_while_more_is_to_come_nothing_has_passed(verdict: Verdict, told: str) -> None:
    result = ScenarioResult("s", "s", (CheckResult("health", verdict, "one check"),), seconds=0.0)

    whole = json.loads(summary([result], run={}, complete=False))

    assert (whole["complete"], whole["verdict"], whole["gate"]) == (False, told, told)
    assert whole["outcome"] == "under way"
    assert whole["scenarios"][0]["verdict"] == verdict.value


def test_half_a_character_does_not_break_the_summary() -> None:
    check = CheckResult("health", Verdict.FAIL, "\ud800", (finding_of("x", "\ud800"),))

    whole = json.loads(summary([ScenarioResult("s", "s", (check,), seconds=0.0)], run={}))

    assert whole["scenarios"][0]["checks"][0]["summary"] == "?"


@pytest.mark.parametrize(
    ("stopped", "verdict"),
    [
        pytest.param(Stopped(Outcome.NOT_STARTED, 1, ("f does not start",)), "FAIL", id="a function"),
        pytest.param(Stopped(Outcome.NOT_STARTED, 2, ("s.yaml:3: x",)), "UNKNOWN", id="a mistake in a file"),
        pytest.param(Stopped(Outcome.BROKE, 4, ("the emulator ended",)), "UNKNOWN", id="it broke"),
        pytest.param(Stopped(Outcome.INTERRUPTED, 130), "UNKNOWN", id="interrupted"),
    ],
)
def test_what_was_stopped_says_how_and_why(stopped: Stopped, verdict: str) -> None:
    whole = json.loads(summary([], run={}, complete=False, stopped=stopped))

    assert (whole["outcome"], whole["verdict"]) == (stopped.outcome.value, verdict)
    assert whole["reasons"] == list(stopped.reasons)


def test_the_document_holds_no_control_characters_and_means_them_all_the_same() -> None:
    nasty = "a\x9b31m\u202eb\U000e0041"
    check = CheckResult("health", Verdict.FAIL, nasty)

    document = summary([ScenarioResult("s", "s", (check,), seconds=0.0)], run={}).decode()

    assert "\\u009b31m\\u202eb\\udb40\\udc41" in document
    assert json.loads(document)["scenarios"][0]["checks"][0]["summary"] == nasty
