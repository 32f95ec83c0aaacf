"""Rows of the connections table, read and removed through DynamoDB's public API."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from harness.errors import BackendError

if TYPE_CHECKING:
    from botocore.client import BaseClient

BATCH = 25
"""Requests that BatchWriteItem takes at once."""


class ConnectionRows:
    """The table in which the application keeps its connections.

    A row names its connection in `attribute`, behind `prefix` (`WS#` in the exchange's own table). BackendError
    when DynamoDB refuses or does not answer.
    """

    def __init__(self, client: "BaseClient", table: str, *, attribute: str, prefix: str) -> None:
        self._client: Any = client
        self._table, self._attribute, self._prefix = table, attribute, prefix

    def begin(self) -> None:
        """A scenario begins, with an empty table."""

    def connections(self) -> tuple[str, ...]:
        """The ids of all connections that have a row, sorted."""
        with self._translated():
            return tuple(sorted({found for item in self._items() if (found := self._connection_of(item))}))

    def fingerprint(self) -> str:
        """The same for the same rows, however they are read; another when a row came, changed or went."""
        with self._translated():
            rows = sorted(repr(sorted(item.items())) for item in self._items())
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    def clear(self, opened: int) -> int:
        """Deletes every row, so that the next scenario starts with an empty table; answers how many there were.

        `opened` is how many connections the scenario opened, for a table that is not the run's alone.
        """
        with self._translated():
            table: dict[str, Any] = self._client.describe_table(TableName=self._table)["Table"]
            keys = [key["AttributeName"] for key in table["KeySchema"]]
            deletes = [
                {"DeleteRequest": {"Key": {name: row[name] for name in keys}}} for row in self._items()
            ]
            for first in range(0, len(deletes), BATCH):
                self._write(deletes[first : first + BATCH])
            return len(deletes)

    def _write(self, requests: list[dict[str, Any]]) -> None:
        """DynamoDB may hand back a part of a batch; it is to be sent again."""
        while requests:
            answer = self._client.batch_write_item(RequestItems={self._table: requests})
            requests = answer.get("UnprocessedItems", {}).get(self._table, [])

    def _items(self) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        return (item for page in pages for item in page["Items"])

    def _connection_of(self, item: dict[str, dict[str, str]]) -> str | None:
        value = item.get(self._attribute, {}).get("S", "")
        return value.removeprefix(self._prefix) or None if value.startswith(self._prefix) else None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise BackendError(f"the rows of {self._table} cannot be reached: {error}") from error
