"""Rows of connections: what happened to each connection and to its row in the table, as far as the history shows it.

A row is a connection's when its partition key ends with the connection's id (`WS#L0SM9cOFvHcCIhw=`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from harness.checks.inside import Connections, connections
from harness.record.history import History
from harness.record.observation import (
    ConnectionClosed,
    ConnectionOpened,
    ConnectionPosted,
    InvocationStarted,
    RowDeleted,
    RowsFound,
    RowWritten,
)

Row: TypeAlias = tuple[RowWritten | RowDeleted, ...]
"""What happened to one connection's row, in time order."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Connections, the posts to them that were answered 410, and their rows, by connection id.

    `started` tells when the attempts of each request began; `found` is the table at the end.
    """

    history: History
    connections: Connections
    opened: Mapping[str, ConnectionOpened]
    closed: Mapping[str, ConnectionClosed]
    refused: Mapping[str, tuple[ConnectionPosted, ...]]
    rows: Mapping[str, Row]
    started: Mapping[str, list[float]]
    found: RowsFound | None

    def is_open(self, connection: str, at: float) -> bool:
        """Whether the gateway held the connection open at that time."""
        opened, closed = self.opened.get(connection), self.closed.get(connection)
        return opened is not None and opened.at <= at and (closed is None or closed.at > at)

    def was_declared_gone(self, connection: str, at: float) -> bool:
        """Whether a post was answered 410 while the connection was open: then deleting its row was right."""
        return any(
            one.at <= at and self.is_open(connection, one.at) for one in self.refused.get(connection, ())
        )


def seen_of(history: History) -> Seen:
    """What the history shows of connections and rows."""
    refused: dict[str, list[ConnectionPosted]] = {}
    for posted in history.of(ConnectionPosted):
        if posted.status == 410:
            refused.setdefault(posted.connection, []).append(posted)
    opened = {one.connection: one for one in history.of(ConnectionOpened)}
    return Seen(
        history,
        connections(history),
        opened,
        {one.connection: one for one in history.of(ConnectionClosed)},
        {connection: tuple(posted) for connection, posted in refused.items()},
        _rows(history, opened.keys() | refused.keys()),
        _starts(history),
        next(iter(history.of(RowsFound)[-1:]), None),
    )


def _rows(history: History, known: Iterable[str]) -> Mapping[str, Row]:
    """What happened to the row of each known connection."""
    ids = frozenset(known)
    lengths = {len(connection) for connection in ids}
    rows: dict[str, list[RowWritten | RowDeleted]] = {}
    changes: list[RowWritten | RowDeleted] = [*history.of(RowWritten), *history.of(RowDeleted)]
    for change in sorted(changes, key=lambda one: one.at):
        named = next((change.key[-length:] for length in lengths if change.key[-length:] in ids), None)
        if named is not None:
            rows.setdefault(named, []).append(change)
    return {connection: tuple(happened) for connection, happened in rows.items()}


def _starts(history: History) -> Mapping[str, list[float]]:
    starts: dict[str, list[float]] = {}
    for one in history.of(InvocationStarted):
        starts.setdefault(one.request, []).append(one.at)
    return starts
