"""Percentiles: which of them a scenario may bound, a check computes and a report shows, and how one is taken."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Literal, TypeAlias

Percentile: TypeAlias = Literal["p50", "p95", "p99", "max"]

PERCENT: Mapping[Percentile, float] = {"p50": 50, "p95": 95, "p99": 99, "max": 100}
"""Every percentile by its name, in the order of reports: how many percent of the values are not above it."""


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of values in rising order: the smallest that `percent` of them do not exceed."""
    return ordered[max(ceil(len(ordered) * percent / 100), 1) - 1]


def percentiles(ordered: Sequence[float]) -> Mapping[Percentile, float]:
    """All of them of values in rising order, of which there must be one at least."""
    return {name: percentile(ordered, percent) for name, percent in PERCENT.items()}
