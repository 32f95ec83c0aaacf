"""Secondary index: which items it holds, as which rows, and what a write changes in it.

An index is sparse: an item without one of its key attributes is not in it (D-10). A row of an index holds what the
index projects; one that projects everything shares the table's row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.emulator.dynamodb.attribute_values import Item
from harness.emulator.dynamodb.capacity import write_units
from harness.emulator.dynamodb.key_schema import KeySchema
from harness.emulator.dynamodb.rows import OrderedRows, Position, Row, position_of, row_of


@dataclass(frozen=True, slots=True)
class Projection:
    """What an index copies: ALL, KEYS_ONLY, or INCLUDE with further attributes."""

    type: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexDefinition:
    """An index as it was asked for; `throughput` is (read, write) units, None on demand or for a local one."""

    name: str
    schema: KeySchema
    projection: Projection
    is_global: bool
    throughput: tuple[int, int] | None = None

    def projects(self, attribute: str, table: KeySchema) -> bool:
        """Whether the index's rows hold this attribute of an item."""
        return (
            self.projection.type == "ALL"
            or attribute in self.schema.names
            or attribute in table.names
            or attribute in self.projection.attributes
        )


@dataclass(frozen=True, slots=True)
class IndexChange:
    """What one write does to an index: a row out, a row in, or one replaced."""

    old: tuple[Position, Row] | None
    new: tuple[Position, Row] | None

    @property
    def units(self) -> float:
        """Write capacity: a changed key costs a delete and a put (D-7)."""
        match self.old, self.new:
            case None, None:
                return 0.0
            case (_, row), None:
                return write_units(row.size)
            case None, (_, row):
                return write_units(row.size)
            case (before, old), (after, new) if before == after:
                return write_units(max(old.size, new.size))
            case (_, old), (_, new):
                return write_units(old.size) + write_units(new.size)
        raise AssertionError("unreachable")


@dataclass(slots=True)
class SecondaryIndex:
    """A global or local secondary index of a table with the key schema `table`."""

    definition: IndexDefinition
    table: KeySchema
    rows: OrderedRows = field(default_factory=OrderedRows)
    _kept: frozenset[str] | None = None

    def __post_init__(self) -> None:
        projection = self.definition.projection
        if projection.type != "ALL":
            self._kept = frozenset((*self.table.names, *self.definition.schema.names, *projection.attributes))

    @property
    def name(self) -> str:
        return self.definition.name

    def change(self, primary: Position, old: Row | None, new: Row | None) -> IndexChange | None:
        """What replacing the item's old row with the new one does here; None when it does nothing."""
        before = None if old is None else self.entry(primary, old)
        after = None if new is None else self.entry(primary, new)
        if before is None and after is None:
            return None
        if (
            before is not None
            and after is not None
            and before[0] == after[0]
            and before[1].item == after[1].item
        ):
            return None
        return IndexChange(before, after)

    def apply(self, change: IndexChange) -> None:
        """Does it."""
        if change.old is not None and (change.new is None or change.new[0] != change.old[0]):
            self.rows.remove(change.old[0])
        if change.new is not None:
            self.rows.set(*change.new)

    def entry(self, primary: Position, row: Row) -> tuple[Position, Row] | None:
        """Where and as what the table's row stands in the index; None for one that is not in it."""
        item = row.item
        if any(
            attribute.type not in item.get(attribute.name, ())
            for attribute in self.definition.schema.attributes
        ):
            return None
        position = (*position_of(self.definition.schema, item), *primary[1:])
        if self._kept is None:
            return position, row
        return position, row_of(self._projected(item))

    def start_position(self, key: Item) -> Position:
        """The position that an ExclusiveStartKey names: the index's key attributes and the table's (D-2)."""
        table = position_of(self.table, key)
        return (*position_of(self.definition.schema, key), *table[1:])

    def start_key(self, item: Item) -> Item:
        """The LastEvaluatedKey for a row of the index."""
        return {
            name: item[name] for name in dict.fromkeys((*self.definition.schema.names, *self.table.names))
        }

    def _projected(self, item: Item) -> Item:
        kept: Mapping[str, object] | frozenset[str] = self._kept or frozenset()
        return {name: value for name, value in item.items() if name in kept}
