"""Expired items, by the table's time to live (D-40 to D-46)."""

import heapq
import math
from collections.abc import Iterator, Mapping

import orjson

from harness.emulator.dynamodb.attribute_values import Item
from harness.emulator.dynamodb.rows import OrderedRows, Position

TOO_OLD = 5 * 365.25 * 86400.0
"""Seconds in the past from which on an expiry is taken for a mistake and ignored (D-41)."""


def expires_at(item: Item, attribute: str) -> float | None:
    """The epoch seconds in the item's top-level Number of that name; None for anything else (D-40)."""
    text = item.get(attribute, {}).get("N")
    if text is None:
        return None
    at = float(text)
    return at if math.isfinite(at) else None


def ttl_text(item: Mapping[str, object], attribute: str | None) -> str | None:
    """The value of that attribute as DynamoDB's JSON, "" when the item lacks it; None for no attribute."""
    if attribute is None:
        return None
    return orjson.dumps(item[attribute], default=str).decode() if attribute in item else ""


class ExpiryQueue:
    """A table's items in the order in which they expire, for one TTL attribute."""

    def __init__(self, attribute: str, rows: OrderedRows) -> None:
        self._attribute = attribute
        self._rows = rows
        self._queue: list[tuple[float, Position]] = []
        for position, row in rows:
            self.written(position, row.item)

    def written(self, position: Position, item: Item) -> None:
        """The item stands there now."""
        at = expires_at(item, self._attribute)
        if at is not None:
            heapq.heappush(self._queue, (at, position))

    def expired(self, until: float, *, now: float) -> Iterator[Position]:
        """The positions of items that are there and expired before `until`, each handed out once."""
        while self._queue and self._queue[0][0] <= until:
            at, position = heapq.heappop(self._queue)
            row = self._rows.get(position)
            # The item may be gone, or have been written since with another expiry, which then has its own entry.
            if row is not None and expires_at(row.item, self._attribute) == at and now - at <= TOO_OLD:
                yield position
