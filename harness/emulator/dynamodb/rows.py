"""Rows in their order, and those that lie between two keys.

Rows are ordered by a token of their partition key, as on AWS, where a Scan walks partitions in the order of a hash;
then by the partition key itself, then by the sort key. One sorted map holds them all, so a Query costs what it
returns and the logarithm of the table's size, and a page may start behind a row that is gone.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from sortedcontainers import SortedDict

from harness.emulator.dynamodb.attribute_values import AttributeValue, Item, size_of, sort_key
from harness.emulator.dynamodb.key_schema import KeySchema

Position: TypeAlias = tuple[Any, ...]
"""Where a row stands: (token, hash key, range key ...); an index's row adds its table's hash and range key."""

TOKENS = 1 << 32
"""Tokens are below this; a Scan's segments are equal shares of them."""


@dataclass(frozen=True, slots=True)
class Row:
    """An item and its size in bytes. Items are shared by indexes and answers, and so never changed."""

    item: Item
    size: int


def row_of(item: Item) -> Row:
    """The row of a checked, normalised item."""
    return Row(item, size_of(item))


class _Top:
    """Greater than every key."""

    __slots__ = ()

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return True


class _AfterPrefix:
    """Greater than every key that begins with the prefix, and than every smaller one."""

    __slots__ = ("_prefix",)

    def __init__(self, prefix: Any) -> None:
        self._prefix = prefix

    def __lt__(self, other: Any) -> bool:
        return not self.__gt__(other)

    def __gt__(self, other: Any) -> bool:
        return bool(other[: len(self._prefix)] <= self._prefix)


_TOP = _Top()


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which positions a read walks: from `low` to `high`, which are part of it only where they say so."""

    low: Position
    high: Position
    with_low: bool = True
    with_high: bool = True

    def after(self, start: Position, *, forward: bool) -> "Bounds":
        """What is left of the bounds behind `start` in the direction of the walk."""
        if forward:
            return Bounds(start, self.high, with_low=False, with_high=self.with_high)
        return Bounds(self.low, start, with_low=self.with_low, with_high=False)

    def contain(self, position: Position) -> bool:
        """Whether the position lies within."""
        above = position > self.low or (self.with_low and position == self.low)
        return bool(above and (position < self.high or (self.with_high and position == self.high)))


def token_of(value: AttributeValue) -> int:
    """The place of a partition in a Scan: spread evenly over all tokens, the same in every run."""
    (text,) = value.values()
    return zlib.crc32(text.encode())


def partition_of(value: AttributeValue) -> Position:
    """The beginning of the positions of all rows with this partition key."""
    return (token_of(value), sort_key(value))


def position_of(schema: KeySchema, item: Item) -> Position:
    """Where the item stands by this key, which it must have."""
    hash_value = item[schema.hash.name]
    if schema.range is None:
        return (token_of(hash_value), sort_key(hash_value))
    return (token_of(hash_value), sort_key(hash_value), sort_key(item[schema.range.name]))


def bounds_of(
    hash_value: AttributeValue, operator: str | None = None, operands: tuple[AttributeValue, ...] = ()
) -> Bounds:
    """The positions that a key condition asks for; `operator` is =, <, <=, >, >=, BETWEEN, begins_with or None."""
    partition = partition_of(hash_value)
    keys = tuple(sort_key(operand) for operand in operands)
    match operator, keys:
        case "=", (key,):
            return Bounds((*partition, key), (*partition, key, _TOP))
        case "<", (key,):
            return Bounds(partition, (*partition, key), with_high=False)
        case "<=", (key,):
            return Bounds(partition, (*partition, key, _TOP))
        case ">", (key,):
            return Bounds((*partition, key, _TOP), (*partition, _TOP))
        case ">=", (key,):
            return Bounds((*partition, key), (*partition, _TOP))
        case "BETWEEN", (low, high):
            return Bounds((*partition, low), (*partition, high, _TOP))
        case "begins_with", (prefix,):
            return Bounds((*partition, prefix), (*partition, _AfterPrefix(prefix)))
    return Bounds(partition, (*partition, _TOP))


def segment_bounds(segment: int, total: int) -> Bounds:
    """The positions of one of a Scan's segments; (0, 1) is everything."""
    return Bounds((-(-segment * TOKENS // total),), (-(-(segment + 1) * TOKENS // total),), with_high=False)


class OrderedRows:
    """Rows by position; knows their number and their size in bytes."""

    def __init__(self) -> None:
        self._rows: SortedDict[Position, Row] = SortedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, position: Position) -> Row | None:
        """The row that stands there."""
        row: Row | None = self._rows.get(position)
        return row

    def set(self, position: Position, row: Row) -> None:
        """Puts a row there, in the place of another or where none was."""
        old = self._rows.get(position)
        self.size += row.size - (0 if old is None else old.size)
        self._rows[position] = row

    def remove(self, position: Position) -> None:
        """Takes the row away, if there is one."""
        old = self._rows.pop(position, None)
        if old is not None:
            self.size -= old.size

    def within(self, bounds: Bounds, *, forward: bool = True) -> Iterator[tuple[Position, Row]]:
        """The rows between the bounds, in ascending or descending order; costs what is taken of it."""
        rows = self._rows
        inclusive = (bounds.with_low, bounds.with_high)
        for position in rows.irange(bounds.low, bounds.high, inclusive, reverse=not forward):
            yield position, rows[position]

    def __iter__(self) -> Iterator[tuple[Position, Row]]:
        return iter(self._rows.items())
