"""Throughput that is left for a request, by AWS's limits of tables, indexes and partitions (D-60 to D-64)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias

from harness.emulator.dynamodb.errors import on_demand_throughput_exceeded, throughput_exceeded
from harness.emulator.dynamodb.rows import Position

Kind: TypeAlias = Literal["Read", "Write"]

BURST = 300.0
"""Seconds of unused provisioned throughput that are kept."""
ON_DEMAND: Mapping[Kind, float] = {"Read": 12_000.0, "Write": 4_000.0}
"""Units per second that a new on-demand table has (D-64)."""
PARTITION: Mapping[Kind, float] = {"Read": 3_000.0, "Write": 1_000.0}
"""Units per second that one partition has (D-63)."""


@dataclass(slots=True)
class _Bucket:
    """Units that are left; fills at `rate` per second up to `most`."""

    rate: float
    most: float
    left: float
    at: float

    def is_empty(self, now: float) -> bool:
        self.left = min(self.most, self.left + (now - self.at) * self.rate)
        self.at = now
        return self.left <= 0.0


@dataclass(frozen=True, slots=True)
class Spender:
    """What consumes: a table (`index` None) or one of its global indexes, and which partition of it, if known."""

    arn: str
    index: str | None
    units_per_second: float | None
    partition: Position | None = None


class Throughput:
    """The buckets of one table.

    A request passes while every bucket it takes from holds something, as on AWS where what a request costs is known
    afterwards, and so a bucket may be overdrawn. `check` raises a DynamoDbError and takes nothing.
    """

    def __init__(self) -> None:
        self._buckets: dict[tuple[Kind, str | None, Position | None], _Bucket] = {}

    def check(self, kind: Kind, spenders: Iterable[Spender], now: float) -> None:
        """Raises what AWS answers when one of the spenders has nothing left."""
        for spender in spenders:
            if self._bucket(kind, spender, None, now).is_empty(now):
                throttle(kind, spender)
            if spender.partition is not None and self._bucket(kind, spender, spender.partition, now).is_empty(
                now
            ):
                throttle(kind, spender, on_key_range=True)

    def spend(self, kind: Kind, spent: Iterable[tuple[Spender, float]], now: float) -> None:
        """Takes the units that each spender consumed."""
        for spender, units in spent:
            self._bucket(kind, spender, None, now).left -= units
            if spender.partition is not None:
                self._bucket(kind, spender, spender.partition, now).left -= units

    def _bucket(self, kind: Kind, spender: Spender, partition: Position | None, now: float) -> _Bucket:
        key = (kind, spender.index, partition)
        bucket = self._buckets.get(key)
        rate, most = _rate(kind, spender, is_partition=partition is not None)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[key] = _Bucket(rate, most, rate, now)
        return bucket


def throttle(kind: Kind, spender: Spender, *, on_key_range: bool = False) -> NoReturn:
    """Raises the error of the table's capacity mode, with AWS's reason (D-60 to D-62).

    What is on demand has no limit but those of its partitions.
    """
    scope = "Table" if spender.index is None else "Index"
    limit = "KeyRange" if on_key_range or spender.units_per_second is None else "Provisioned"
    reasons = [{"reason": f"{scope}{kind}{limit}ThroughputExceeded", "resource": spender.arn}]
    if spender.units_per_second is None:
        raise on_demand_throughput_exceeded(reasons)
    raise throughput_exceeded(reasons)


def _rate(kind: Kind, spender: Spender, *, is_partition: bool) -> tuple[float, float]:
    if is_partition:
        return PARTITION[kind], PARTITION[kind]
    if spender.units_per_second is None:
        return ON_DEMAND[kind], ON_DEMAND[kind]
    return spender.units_per_second, spender.units_per_second * BURST
