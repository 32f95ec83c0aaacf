"""Rows of latencies for tests of checks and reports."""

from harness.checks.verdict import LatencyFigures
from harness.percentiles import PERCENT


def figures(event_type: str, channel: str, expected: int, missing: int, *seconds: float) -> LatencyFigures:
    """A row with these percentiles, in the order of reports."""
    return LatencyFigures(event_type, channel, expected, missing, dict(zip(PERCENT, seconds, strict=True)))
