"""Was it right? Pure functions from a scenario and its history to verdicts."""

from harness.checks.judge import judge
from harness.checks.verdict import CheckResult, Evidence, Finding, LatencyFigures, ScenarioResult, Verdict

__all__ = ["CheckResult", "Evidence", "Finding", "LatencyFigures", "ScenarioResult", "Verdict", "judge"]
