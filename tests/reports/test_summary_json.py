import json
from math import inf

import pytest

from harness.checks.findings import finding_of
from harness.checks.verdict import CheckResult, ScenarioResult, Verdict
from harness.record.observation import RowsFound
from harness.reports.summary import summary
from tests.checks.figures import figures


def test_the_summary_holds_everything_that_was_said() -> None:
    check = CheckResult(
        "latency",
        Verdict.FAIL,
        "too slow",
        (finding_of("too slow", "p99 < 1 s does not hold", RowsFound(11.0, ("c",))),),
        {"expected": 2, "worst": inf},
        (figures("trade", "market.BTC", 2, 1, 0.25, inf, inf, inf),),
    )
    result = ScenarioResult("fast", "It is fast", (check,), seconds=3.5, timeline_at=10.0)

    assert json.loads(summary([result], run={"backend": "embedded"})) == {
        "version": 2,
        "run": {"backend": "embedded"},
        "complete": True,
        "verdict": "FAIL",
        "gate": "FAIL",
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
                        "findings": [
                            {
                                "kind": "too slow",
                                "what": "p99 < 1 s does not hold",
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
        "complete": True,
        "verdict": "UNKNOWN",
        "gate": "UNKNOWN",
        "scenarios": [],
    }


@pytest.mark.parametrize(("verdict", "told"), [(Verdict.PASS, "UNKNOWN"), (Verdict.FAIL, "FAIL")])
def test_while_more_is_to_come_nothing_has_passed(verdict: Verdict, told: str) -> None:
    result = ScenarioResult("s", "s", (CheckResult("health", verdict, "one check"),), seconds=0.0)

    whole = json.loads(summary([result], run={}, complete=False))

    assert (whole["complete"], whole["verdict"], whole["gate"]) == (False, told, told)
    assert whole["scenarios"][0]["verdict"] == verdict.value


def test_half_a_character_does_not_break_the_summary() -> None:
    check = CheckResult("health", Verdict.FAIL, "\ud800", (finding_of("x", "\ud800"),))

    whole = json.loads(summary([ScenarioResult("s", "s", (check,), seconds=0.0)], run={}))

    assert whole["scenarios"][0]["checks"][0]["summary"] == "?"
