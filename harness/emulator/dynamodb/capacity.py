"""Consumed capacity of operations, and how answers tell of it (D-5 to D-7)."""

from dataclasses import dataclass, field
from typing import Any

READ_UNIT = 4096
"""Bytes that one strongly consistent read unit covers."""
WRITE_UNIT = 1024
"""Bytes that one write unit covers."""


def read_units(size: int, *, consistent: bool) -> float:
    """Units for reading `size` bytes in one go: of 4 KB each, half as many when eventually consistent (D-5)."""
    units = float(max(1, -(-size // READ_UNIT)))
    return units if consistent else units / 2


def write_units(size: int) -> float:
    """Units for writing an item of `size` bytes: of 1 KB each, at least one (D-7)."""
    return float(max(1, -(-size // WRITE_UNIT)))


@dataclass(slots=True)
class Consumed:
    """What was consumed of one table and of its indexes, in capacity units."""

    table: float = 0.0
    global_indexes: dict[str, float] = field(default_factory=dict)
    local_indexes: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        return self.table + sum(self.global_indexes.values()) + sum(self.local_indexes.values())

    def add_index(self, name: str, units: float, *, is_global: bool) -> None:
        """Counts units of an index; a name that was not counted before is told from now on."""
        indexes = self.global_indexes if is_global else self.local_indexes
        indexes[name] = indexes.get(name, 0.0) + units

    def add(self, other: "Consumed", *, times: float = 1.0) -> None:
        """Counts what another operation on the same table consumed."""
        self.table += other.table * times
        for name, units in other.global_indexes.items():
            self.add_index(name, units * times, is_global=True)
        for name, units in other.local_indexes.items():
            self.add_index(name, units * times, is_global=False)


def described(consumed: Consumed, table: str, wanted: str, *, kind: str | None = None) -> dict[str, Any]:
    """The ConsumedCapacity member for TOTAL or INDEXES (D-6).

    Transactions tell `kind` (ReadCapacityUnits or WriteCapacityUnits) beside each CapacityUnits.
    """
    answer: dict[str, Any] = {"TableName": table, **_units(consumed.total, kind)}
    if wanted == "INDEXES":
        answer["Table"] = _units(consumed.table, kind)
        if consumed.local_indexes:
            answer["LocalSecondaryIndexes"] = _each(consumed.local_indexes, kind)
        if consumed.global_indexes:
            answer["GlobalSecondaryIndexes"] = _each(consumed.global_indexes, kind)
    return answer


def _each(indexes: dict[str, float], kind: str | None) -> dict[str, dict[str, float]]:
    return {name: _units(units, kind) for name, units in indexes.items()}


def _units(units: float, kind: str | None) -> dict[str, float]:
    return {"CapacityUnits": units} if kind is None else {"CapacityUnits": units, kind: units}
