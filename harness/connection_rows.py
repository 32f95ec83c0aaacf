"""The rows of the connections table, read and removed through DynamoDB's public API."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.client import BaseClient


class ConnectionRows:
    """The table in which the application keeps its connections.

    A row names its connection in `attribute`, behind `prefix` (`WS#` in the exchange's own table).
    """

    def __init__(self, client: "BaseClient", table: str, *, attribute: str, prefix: str) -> None:
        self._client: Any = client
        self._table, self._attribute, self._prefix = table, attribute, prefix

    def connections(self) -> tuple[str, ...]:
        """The ids of all connections that have a row, sorted."""
        return tuple(sorted({found for item in self._items() if (found := self._connection_of(item))}))

    def clear(self) -> int:
        """Deletes every row, so that the next scenario starts with an empty table; answers how many there were."""
        keys = [key["AttributeName"] for key in self._describe()["KeySchema"]]
        rows = list(self._items())
        for row in rows:
            self._client.delete_item(TableName=self._table, Key={name: row[name] for name in keys})
        return len(rows)

    def _describe(self) -> dict[str, Any]:
        table: dict[str, Any] = self._client.describe_table(TableName=self._table)["Table"]
        return table

    def _items(self) -> Any:
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        return (item for page in pages for item in page["Items"])

    def _connection_of(self, item: dict[str, dict[str, str]]) -> str | None:
        value = item.get(self._attribute, {}).get("S", "")
        return value.removeprefix(self._prefix) if value.startswith(self._prefix) and value else None
