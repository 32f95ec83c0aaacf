"""Table: its definition, its items, its indexes, and what has not reached the indexes yet."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from harness.emulator.dynamodb.attribute_values import Item
from harness.emulator.dynamodb.capacity import Consumed, write_units
from harness.emulator.dynamodb.expiry import ExpiryQueue, expires_at
from harness.emulator.dynamodb.key_schema import AttributeTypes, KeySchema, check_index_key
from harness.emulator.dynamodb.rows import OrderedRows, Position, Row, position_of
from harness.emulator.dynamodb.secondary_index import IndexChange, IndexDefinition, SecondaryIndex
from harness.emulator.dynamodb.stream import Stream
from harness.emulator.dynamodb.throughput import Spender, Throughput

Throughputs = tuple[int, int]
"""Read and write capacity units per second."""


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """A table as it was asked for, its parameters checked. `throughput` is None on demand."""

    name: str
    schema: KeySchema
    types: AttributeTypes
    indexes: tuple[IndexDefinition, ...] = ()
    throughput: Throughputs | None = None
    stream_view: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    table_class: str | None = None
    encryption: Mapping[str, object] | None = None
    deletion_protection: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """One item's old row replaced by a new one, worked out and not yet done; None stands for no row."""

    position: Position
    old: Row | None
    new: Row | None
    changes: tuple[tuple[SecondaryIndex, IndexChange], ...]

    def consumed(self) -> Consumed:
        """What the write costs: the larger of the two items, and each index that it changes (D-7)."""
        consumed = Consumed(write_units(max(0 if row is None else row.size for row in (self.old, self.new))))
        for index, change in self.changes:
            consumed.add_index(index.name, change.units, is_global=index.definition.is_global)
        return consumed


class Table:
    """One table. `arn`, `table_id` and times (epoch seconds) are for its description.

    A write is worked out by `write`, which changes nothing, and done by `apply`, which cannot fail. Keys that do not
    fit are raised as a DynamoDbError.
    """

    def __init__(self, definition: TableDefinition, *, arn: str, table_id: str, created_at: float) -> None:
        self.definition = definition
        self.arn, self.table_id, self.created_at = arn, table_id, created_at
        self.on_demand_since = created_at if definition.throughput is None else None
        self.rows = OrderedRows()
        self.indexes = {index.name: SecondaryIndex(index, definition.schema) for index in definition.indexes}
        self.stream: Stream | None = None
        self.ttl_attribute: str | None = None
        self.tags = dict(definition.tags)
        self.throughput = Throughput()
        self._expiry: ExpiryQueue | None = None
        self._on_the_way: deque[tuple[float, SecondaryIndex, IndexChange]] = deque()

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def schema(self) -> KeySchema:
        return self.definition.schema

    # --- items ----------------------------------------------------------------------------------------------

    def position(self, key: Item) -> Position:
        """Where the item with this key stands; the key is checked."""
        return position_of(self.definition.schema, key)

    def check_index_keys(self, item: Item) -> None:
        """Raises for an item that an index cannot take (D-11, D-13)."""
        for index in self.indexes.values():
            check_index_key(index.definition.schema, item, index.name)

    def write(self, position: Position, new: Row | None) -> Write:
        """What putting this row there, or taking away the one that is there, would do."""
        old = self.rows.get(position)
        changes = [
            (index, change)
            for index in self.indexes.values()
            if (change := index.change(position, old, new)) is not None
        ]
        return Write(position, old, new, tuple(changes))

    def apply(self, write: Write, *, now: float, index_lag: float) -> None:
        """Does the write; global indexes follow `index_lag` seconds after `now` (D-9)."""
        if write.new is not None:
            self.rows.set(write.position, write.new)
            self._note_expiry(write.position, write.old, write.new.item)
        elif write.old is not None:
            self.rows.remove(write.position)
        for index, change in write.changes:
            if index.definition.is_global and index_lag > 0.0:
                self._delay(index, change, now + index_lag)
            else:
                index.apply(change)

    def _delay(self, index: SecondaryIndex, change: IndexChange, due: float) -> None:
        # No change overtakes another, whatever the lag was in between.
        last = self._on_the_way[-1][0] if self._on_the_way else due
        self._on_the_way.append((max(due, last), index, change))

    def catch_up(self, now: float) -> None:
        """Brings into the indexes what is due by `now`."""
        while self._on_the_way and self._on_the_way[0][0] <= now:
            _, index, change = self._on_the_way.popleft()
            index.apply(change)

    # --- time to live ---------------------------------------------------------------------------------------

    def set_ttl_attribute(self, attribute: str | None) -> None:
        """Enables time to live with this attribute, or disables it."""
        self.ttl_attribute, self._expiry = attribute, None

    def expired(self, until: float, *, now: float) -> list[Position]:
        """Where items stand that expired before `until`, each told once (D-40, D-41)."""
        if self.ttl_attribute is None:
            return []
        if self._expiry is None:
            self._expiry = ExpiryQueue(self.ttl_attribute, self.rows)
        return list(self._expiry.expired(until, now=now))

    def forget_expiry(self) -> None:
        """Keeps no account of expiries until somebody asks again."""
        self._expiry = None

    def _note_expiry(self, position: Position, old: Row | None, item: Item) -> None:
        if self._expiry is None or self.ttl_attribute is None:
            return
        if old is None or expires_at(old.item, self.ttl_attribute) != expires_at(item, self.ttl_attribute):
            self._expiry.written(position, item)

    # --- definition -----------------------------------------------------------------------------------------

    def add_index(self, definition: IndexDefinition, types: AttributeTypes) -> None:
        """Adds a global index and fills it; items that it cannot take are left out, as AWS does."""
        index = SecondaryIndex(definition, self.schema)
        for position, row in self.rows:
            entry = index.entry(position, row)
            if entry is not None:
                index.rows.set(*entry)
        self.indexes[definition.name] = index
        self._redefine_indexes(types)

    def remove_index(self, name: str) -> None:
        """Removes a global index, and the types of attributes that nobody's key is made of any more."""
        del self.indexes[name]
        self._on_the_way = deque(entry for entry in self._on_the_way if entry[1].name != name)
        self._redefine_indexes(self.definition.types)

    def set_index_throughput(self, name: str, throughput: Throughputs) -> None:
        """Gives a global index other provisioned throughput."""
        index = self.indexes[name]
        index.definition = replace(index.definition, throughput=throughput)
        self._redefine_indexes(self.definition.types)

    def _redefine_indexes(self, types: AttributeTypes) -> None:
        indexes = tuple(index.definition for index in self.indexes.values())
        used = {name for one in indexes for name in one.schema.names} | set(self.schema.names)
        kept = {name: kind for name, kind in types.items() if name in used}
        self.definition = replace(self.definition, indexes=indexes, types=kept)

    # --- throughput -----------------------------------------------------------------------------------------

    def spender(self, index: str | None, kind: str, partition: Position | None) -> Spender:
        """Who consumes when the table, or one of its indexes, is read or written."""
        unit = 0 if kind == "Read" else 1
        if index is None:
            throughput, arn = self.definition.throughput, self.arn
        else:
            throughput, arn = self.indexes[index].definition.throughput, f"{self.arn}/index/{index}"
        per_second = None if throughput is None else float(throughput[unit])
        return Spender(arn, index, per_second, partition)
