"""Was it right? Pure functions from a scenario and its history to verdicts."""

from harness.checks.judge import judge
from harness.checks.verdict import CheckResult, Finding, LatencyFigures, ScenarioResult, Verdict

__all__ = ["CheckResult", "Finding", "LatencyFigures", "ScenarioResult", "Verdict", "judge"]
