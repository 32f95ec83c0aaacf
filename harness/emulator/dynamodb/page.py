"""Page of a Query or Scan: the rows that the limit and 1 MB leave of it, before any filter (D-1)."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.emulator.dynamodb.rows import Position, Row

PAGE_BYTES = 1024 * 1024
"""Bytes of item data after which a page ends; the item that reaches it is still part of the page."""


@dataclass(frozen=True, slots=True)
class Page:
    """The rows that were evaluated. `last` is set when the page ended before the rows did, or just then (D-2)."""

    rows: list[Row]
    size: int
    last: Row | None


def read_page(rows: Iterable[tuple[Position, Row]], limit: int | None) -> Page:
    """Takes rows up to the limit or 1 MB, whichever comes first."""
    taken: list[Row] = []
    size, most = 0, limit if limit is not None else -1
    for _, row in rows:
        if size >= PAGE_BYTES:
            return Page(taken, size, taken[-1])
        taken.append(row)
        size += row.size
        if len(taken) == most:
            return Page(taken, size, row)
    return Page(taken, size, None)
