"""Rows of this run's connections, told from the others of a table that others use too.

Nobody outside can read a connection's id off its WebSocket, so this is told by time: a row is taken for the run's
when it was not there as the scenario began and is there while the scenario's clients are still connected. It is
deleted only where that was allowed, and only while there are no more of them than connections were opened: more
mean that somebody else was connecting too, and then every row stays.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.outside.connection_rows import ConnectionRows

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from harness.stack.model import Stack

RowKey = Mapping[str, Mapping[str, str]]
"""A row's key in DynamoDB's JSON."""


class RunRows(ConnectionRows):
    """The rows of one run in its stack's connections table, named `table` on AWS.

    Only keys, and the attribute that names the connection, are ever read. `allow` is told of the keys that are
    about to be deleted; None where nothing may be. When reading has taken more than `read_units` in all, UsageError:
    the table is larger than a run that reads it again and again should have.
    """

    def __init__(
        self,
        client: "BaseClient",
        table: str,
        *,
        stack: "Stack",
        allow: Callable[[Collection[RowKey]], None] | None,
        read_units: float = inf,
    ) -> None:
        assert stack.connections is not None
        names = stack.connections.connection_id
        super().__init__(client, table, attribute=names.attribute, prefix=names.prefix)
        self._dynamodb: Any = client
        model = stack.tables[stack.connections.table]
        self._keys = tuple(name for name in (model.hash_key, model.range_key) if name is not None)
        self._allow, self._read_units_left = allow, read_units
        self._before: frozenset[str] = frozenset()
        self._found: frozenset[str] = frozenset()

    def begin(self) -> None:
        """From now on, rows that are there already are somebody else's."""
        self._before, self._found = frozenset(), frozenset()
        self._before = frozenset(super().connections())

    def connections(self) -> tuple[str, ...]:
        """The connections that have a row now and had none when the scenario began, sorted."""
        found = tuple(one for one in super().connections() if one not in self._before)
        self._found = frozenset(found)
        return found

    def clear(self, opened: int) -> int:
        """Deletes the rows that are the run's and are still there; answers how many there were.

        None when deleting is not allowed, or more rows came than connections were `opened`.
        """
        if self._allow is None or len(self._found) > opened:
            return 0
        with self._translated():
            left = [
                {name: item[name] for name in self._keys}
                for item in self._items()
                if self._connection_of(item) in self._found
            ]
            self._allow(left)
            for key in left:
                self._dynamodb.delete_item(TableName=self._table, Key=key)
        return len(left)

    def _items(self) -> Iterator[dict[str, Any]]:
        """Of the rows that were not there before, what is read; strangers that stay are no sign of life."""
        read = {
            f"#{number}": name for number, name in enumerate(dict.fromkeys((*self._keys, self._attribute)))
        }
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._table,
            ConsistentRead=True,
            ProjectionExpression=", ".join(read),
            ExpressionAttributeNames=read,
            ReturnConsumedCapacity="TOTAL",
        )
        items = (item for page in pages for item in self._paid(page))
        return (item for item in items if self._connection_of(item) not in self._before)

    def _paid(self, page: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
        """The page's items."""
        self._read_units_left -= page.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
        if self._read_units_left < 0:
            raise UsageError(
                f"reading the rows of {self._table} again and again costs more than --max-cost allows: "
                "play on a stack that nobody else uses, or raise it"
            )
        items: Sequence[dict[str, Any]] = page["Items"]
        return items
