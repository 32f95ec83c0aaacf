"""Metrics that SNS gives CloudWatch: how many messages came and went, summed for each topic and minute (S-23)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

PERIOD = 60.0
"""Seconds that one datum sums up."""


class Key(NamedTuple):
    """What a datum is of: `at` is its minute's beginning, in seconds since the epoch."""

    topic_arn: str
    metric: str
    at: float


@dataclass(slots=True)
class Datum:
    """What one minute had."""

    count: int = 0
    sum: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")


class SnsMetrics:
    """Counts until somebody asks."""

    def __init__(self) -> None:
        self._data: dict[Key, Datum] = defaultdict(Datum)

    def count(self, topic_arn: str, metric: str, at: float, value: float = 1.0) -> None:
        """Adds one value of a topic's metric at this wall time."""
        datum = self._data[Key(topic_arn, metric, at - at % PERIOD)]
        datum.count += 1
        datum.sum += value
        datum.least, datum.most = min(datum.least, value), max(datum.most, value)

    def take(self) -> Mapping[Key, Datum]:
        """Everything since the last call."""
        taken, self._data = self._data, defaultdict(Datum)
        return taken
