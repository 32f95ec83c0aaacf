"""Database: which tables and streams exist, and what happens besides whenever an item is written.

A write takes throughput, reaches the indexes, goes into the table's stream, and is told to whoever watches.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

from harness.chance import Chance
from harness.clock import Clock
from harness.emulator.dynamodb.capacity import Consumed
from harness.emulator.dynamodb.errors import resource_not_found
from harness.emulator.dynamodb.expiry import ttl_text
from harness.emulator.dynamodb.rows import Position, Row
from harness.emulator.dynamodb.settings import DynamoDbSettings
from harness.emulator.dynamodb.stream import Stream
from harness.emulator.dynamodb.table import Table, Write
from harness.emulator.dynamodb.throughput import Kind, Spender, throttle

TOKEN_LIFETIME = 600.0
"""Seconds for which a ClientRequestToken makes TransactWriteItems idempotent."""

ChangeKind = Literal["PutItem", "UpdateItem", "DeleteItem"]


@dataclass(frozen=True, slots=True)
class Change:
    """A row that was written or deleted: its table, the text of its partition key, and what did it.

    `by` is who sent the request, as the engine was told; None for a deletion by time to live. `record` is the event
    id of the stream record that it became, if any. `ttl` is what stands in the row's attribute for time to live, as
    DynamoDB writes it (`{"N":"1700000000"}`), empty when the row lacks it; None where the table has no TTL.
    """

    table: str
    key: str
    kind: ChangeKind
    by: str | None
    record: str | None = None
    ttl: str | None = None


Changed = Callable[[Change], None]


@dataclass(frozen=True, slots=True)
class Transaction:
    """A TransactWriteItems that was done: what it asked for, until when it is remembered, what it consumed."""

    asked: Any
    until: float
    consumed: dict[str, Consumed]


def nobody_watches(change: Change) -> None:
    """Where nobody needs to know of changes."""


class Database:
    """The tables of one account in one region, and what all operations share.

    What is refused is raised as a DynamoDbError before anything is changed: a write is worked out (`Table.write`),
    admitted, and only then done (`commit`), which cannot fail.
    """

    def __init__(
        self, *, region: str, account: str, clock: Clock, random: Chance, changed: Changed = nobody_watches
    ) -> None:
        self.region, self.account = region, account
        self.clock, self.chance = clock, random
        self.settings = DynamoDbSettings()
        self.tables: dict[str, Table] = {}
        self.streams: dict[str, Stream] = {}
        self.transactions: dict[str, Transaction] = {}
        self.caller: str | None = None
        self._changed = changed
        self._requests = 0

    # --- what there is --------------------------------------------------------------------------------------

    def table(self, name: str) -> Table:
        """The table with this name or ARN, as the data plane finds it; its indexes are up to date."""
        table = self.tables.get(name) or self.tables.get(table_name(name))
        if table is None:
            raise resource_not_found()
        return table

    def arn(self, table: str) -> str:
        """The ARN that a table of this name has."""
        return f"arn:aws:dynamodb:{self.region}:{self.account}:table/{table}"

    def new_uuid(self) -> str:
        """A random UUID (version 4)."""
        bits = self.chance.randint(0, (1 << 128) - 1)
        text = f"{bits:032x}"
        variant = "89ab"[bits & 3]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    # --- time and chance ------------------------------------------------------------------------------------

    def configure(self, settings: DynamoDbSettings) -> None:
        """Behaves as the settings say from now on."""
        self.settings = settings
        for table in self.tables.values():
            if settings.index_lag == 0.0:
                table.catch_up(inf)
            if settings.ttl_delay is None:
                table.forget_expiry()

    def catch_up(self) -> None:
        """Does what is due by now: index entries that were on their way, deletions of expired items."""
        now = self.clock.monotonic()
        for table in self.tables.values():
            table.catch_up(now)
        if self.settings.ttl_delay is not None:
            self._delete_expired(self.settings.ttl_delay)

    def _delete_expired(self, delay: float) -> None:
        at = self.clock.time()
        for table in self.tables.values():
            for position in table.expired(at - delay, now=at):
                # It takes no capacity, and reaches the indexes as any write does (D-45).
                self._done(table, table.write(position, None), "DeleteItem", by=None, by_service=True)

    # --- reading --------------------------------------------------------------------------------------------

    def count_request(self, table: Table, kind: Kind) -> None:
        """Throttles every n-th request on items, where the settings say so."""
        self._requests += 1
        every = self.settings.throttle_every
        if every and self._requests % every == 0:
            throttle(kind, table.spender(None, kind, None))

    def before_reading(self, table: Table, index: str | None, partition: Position | None) -> None:
        """Raises when there is no throughput left for a read."""
        if self.settings.limit_throughput:
            spender = table.spender(index, "Read", partition)
            table.throughput.check("Read", [spender], self.clock.monotonic())

    def has_read(self, table: Table, consumed: Consumed, partition: Position | None) -> None:
        """Takes what a read consumed: of its partition, and what a local index fetched is of the same one."""
        if not self.settings.limit_throughput:
            return
        own = consumed.table + sum(consumed.local_indexes.values())
        spent = [(table.spender(None, "Read", partition), own)] if own else []
        spent += [
            (table.spender(name, "Read", partition), units) for name, units in consumed.global_indexes.items()
        ]
        table.throughput.spend("Read", spent, self.clock.monotonic())

    # --- writing --------------------------------------------------------------------------------------------

    def admit(self, table: Table, writes: list[Write]) -> None:
        """Raises when there is no throughput left for the writes, of the table or of an index (D-63)."""
        if self.settings.limit_throughput:
            spenders = [spender for write in writes for spender, _ in _spent(table, write)]
            table.throughput.check("Write", spenders, self.clock.monotonic())

    def write(self, table: Table, position: Position, new: Row | None, kind: ChangeKind) -> Write:
        """Puts the row there, or takes it away, if there is throughput for it."""
        write = table.write(position, new)
        self.admit(table, [write])
        self.commit(table, write, kind)
        return write

    def commit(self, table: Table, write: Write, kind: ChangeKind) -> None:
        """Does an admitted write."""
        if self.settings.limit_throughput:
            table.throughput.spend("Write", _spent(table, write), self.clock.monotonic())
        self._done(table, write, kind, by=self.caller, by_service=False)

    def refused_write(self, table: Table, write: Write) -> None:
        """Takes what a write consumes whose condition did not hold (D-22)."""
        if self.settings.limit_throughput:
            table.throughput.spend("Write", _spent(table, write)[:1], self.clock.monotonic())

    def _done(
        self, table: Table, write: Write, kind: ChangeKind, *, by: str | None, by_service: bool
    ) -> None:
        table.apply(write, now=self.clock.monotonic(), index_lag=self.settings.index_lag)
        record = None
        if table.stream is not None:
            event_id = f"{self.chance.randint(0, (1 << 128) - 1):032x}"
            is_recorded = table.stream.record(
                None if write.old is None else write.old.item,
                None if write.new is None else write.new.item,
                at=self.clock.time(),
                event_id=event_id,
                by_service=by_service,
            )
            record = event_id if is_recorded else None
        row = write.new or write.old
        if row is not None:
            (key,) = row.item[table.schema.hash.name].values()
            ttl = None if kind == "DeleteItem" else ttl_text(row.item, table.ttl_attribute)
            self._changed(Change(table.name, key, kind, by, record, ttl))


def _spent(table: Table, write: Write) -> list[tuple[Spender, float]]:
    """Who spends how much for the write: the table first, then each global index, by partition (D-63)."""
    consumed = write.consumed()
    own = consumed.table + sum(consumed.local_indexes.values())
    spent = [(table.spender(None, "Write", write.position[:2]), own)]
    for index, change in write.changes:
        entry = change.new or change.old
        if index.definition.is_global and entry is not None:
            spent.append((table.spender(index.name, "Write", entry[0][:2]), change.units))
    return spent


def table_name(name: str) -> str:
    """A table may be named by its ARN."""
    return name.rpartition("table/")[2] if name.startswith("arn:") else name
