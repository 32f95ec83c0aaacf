"""Connection rows: what happened to each connection and to its row in the table, as far as the history shows it.

A row is a connection's when its partition key is the connection's id behind the prefix that the stack names
(`WS#L0SM9cOFvHcCIhw=`). One pass over the history; what is kept grows with connections, not with posts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.checks.inside import connections
from harness.record.history import History
from harness.record.observation import (
    ConnectionAsked,
    ConnectionClosed,
    ConnectionOpened,
    ConnectionPosted,
    InvocationEnded,
    InvocationStarted,
    RowDeleted,
    RowsFound,
    RowWritten,
)
from harness.scenario.connection_rows import ConnectionRows

UNATTRIBUTED_GRACE = 1.0
"""Seconds after a deletion in which a post by nobody knows whom may still belong to an earlier lookup."""
ENDLESS = 2
"""Invocations, each begun after a 410 was answered, that posted to the connection again: it will never end."""

Refusal: TypeAlias = ConnectionPosted | ConnectionAsked
"""A call of @connections that was answered 410: nothing but this tells a backend that a connection is gone (M-5)."""


@dataclass(slots=True)
class SeenConnection:
    """What a history shows of one connection and of its row. `row_seen` says that it ever had one.

    `refused` is its first 410, not counting one before it had opened: a post inside $connect (C-12). `deleted` is
    the first deletion of the row after its last write, `rewritten` the last write, if that undid a deletion, and
    `recreated` the first one after `disconnected`, the end of its $disconnect. `posted_again` is the first post after
    the lasting deletion, by an invocation that began after it too. `endless` holds one post each of invocations that
    began after the first 410; no more are kept than it takes.
    """

    connection: str
    client: str | None = None
    opened: ConnectionOpened | None = None
    closed: ConnectionClosed | None = None
    disconnected: InvocationEnded | None = None
    refused: Refusal | None = None
    row_seen: bool = False
    deleted: RowDeleted | None = None
    rewritten: RowWritten | None = None
    recreated: RowWritten | None = None
    last_change: RowWritten | RowDeleted | None = None
    posted_again: ConnectionPosted | None = None
    endless: list[ConnectionPosted] = field(default_factory=list)
    touched: list[RowDeleted] = field(default_factory=list)
    _declared_gone: bool = False

    @property
    def named(self) -> str:
        """`alice's connection c1`; `connection c1` of a stranger."""
        whose = "" if self.client is None else f"{self.client}'s "
        return f"{whose}connection {self.connection}"

    @property
    def who(self) -> str:
        """Its client, or the connection itself when that is a stranger's."""
        return self.client or f"connection {self.connection}"

    def is_open(self, at: float) -> bool:
        """Whether the gateway held it open at that time."""
        return (
            self.opened is not None and self.opened.at <= at and (self.closed is None or self.closed.at > at)
        )

    def note(self, seen: "Refusal | RowWritten | RowDeleted", began_at: float) -> None:
        """The next thing that happened to it; a post's invocation began at `began_at`."""
        match seen:
            case RowWritten():
                self._written(seen)
            case RowDeleted():
                self._deleted(seen)
            case _:
                self._refused(seen, began_at)

    def _written(self, written: RowWritten) -> None:
        if isinstance(self.last_change, RowDeleted) or self.rewritten is not None:
            self.rewritten = written
        if self.disconnected is not None and self.disconnected.at < written.at:
            self.recreated = self.recreated or written
        # The same invocation may replace a row by deleting it and writing it anew.
        self.touched = [one for one in self.touched if one.request is None or one.request != written.request]
        self.row_seen, self.last_change, self.deleted, self.posted_again = True, written, None, None

    def _deleted(self, deleted: RowDeleted) -> None:
        if self.is_open(deleted.at) and not self._declared_gone:
            self.touched.append(deleted)
        self.deleted = self.deleted or deleted
        self.row_seen, self.last_change, self.rewritten = True, deleted, None

    def _refused(self, refusal: Refusal, began_at: float) -> None:
        if self.opened is not None and refusal.at < self.opened.at:
            return
        self._declared_gone = self._declared_gone or self.is_open(refusal.at)
        first = self.refused = self.refused or refusal
        if not isinstance(refusal, ConnectionPosted):
            return
        if self.deleted is not None and began_at > self.deleted.at:
            self.posted_again = self.posted_again or refusal
        known = {one.request for one in self.endless}
        if began_at > first.at and len(self.endless) < ENDLESS and refusal.request not in known:
            self.endless.append(refusal)


@dataclass(frozen=True, slots=True)
class SeenRows:
    """Every connection whose opening, or a 410 of which, was seen, by its id; `found` is the table at the end."""

    connections: Mapping[str, SeenConnection]
    found: RowsFound | None

    def there_at_the_end(self, connection: str) -> RowsFound | None:
        """The rows at the end, cut down to this connection's; None when it is not among them."""
        if self.found is None or connection not in self.found.connections:
            return None
        return RowsFound(self.found.at, (connection,))


def seen_rows(rows: ConnectionRows, history: History) -> SeenRows:
    """What the history shows of connections and their rows."""
    seen = _opened(history)
    refused, refusing = _refused(history)
    # Nothing is kept of rows of other things, nor of invocations that met no 410: there may be any number of them.
    calls = (InvocationStarted, ConnectionPosted, ConnectionAsked) if refused else ()
    strangers: dict[str, RowWritten | RowDeleted] = {}
    started: dict[str, float] = {}
    for one in history.each(RowWritten, RowDeleted, *calls):
        match one:
            case InvocationStarted() if one.request in refusing:
                started[one.request] = one.at
            case RowWritten() | RowDeleted():
                connection = one.key.removeprefix(rows.prefix) if one.key.startswith(rows.prefix) else ""
                if connection in seen:
                    seen[connection].note(one, one.at)
                elif connection in refused:
                    strangers[connection] = one
            case ConnectionPosted(status=410) | ConnectionAsked(status=410):
                if one.connection not in seen:
                    seen[one.connection] = SeenConnection(one.connection)
                    if (change := strangers.pop(one.connection, None)) is not None:
                        seen[one.connection].note(change, change.at)
                began_at = started.get(one.request or "", one.at - UNATTRIBUTED_GRACE)
                seen[one.connection].note(one, began_at)
    return SeenRows(seen, next(iter(history.of(RowsFound)[-1:]), None))


def _refused(history: History) -> tuple[set[str], set[str]]:
    """The connections that a 410 was answered for, and the invocations that it was answered to."""
    refused, refusing = set[str](), set[str]()
    calls: Iterator[Refusal] = history.each(ConnectionPosted, ConnectionAsked)
    for one in calls:
        if one.status == 410:
            refused.add(one.connection)
            refusing.add(one.request or "")
    return refused, refusing


def _opened(history: History) -> dict[str, SeenConnection]:
    """The connections that opened, with their ends, before anything happened to their rows."""
    clients = connections(history).clients
    seen = {
        one.connection: SeenConnection(one.connection, clients.get(one.connection), one)
        for one in history.of(ConnectionOpened)
    }
    for closed in history.of(ConnectionClosed):
        if closed.connection in seen:
            seen[closed.connection].closed = closed
    for connection, ended in _disconnects(history):
        if connection in seen:
            seen[connection].disconnected = ended
    return seen


def _disconnects(history: History) -> Iterator[tuple[str, InvocationEnded]]:
    """The end of each connection's $disconnect."""
    asked = {
        one.request: one.connection
        for one in history.each(InvocationStarted)
        if one.route == "$disconnect" and one.connection is not None
    }
    for ended in history.each(InvocationEnded):
        if (connection := asked.get(ended.request)) is not None:
            yield connection, ended
