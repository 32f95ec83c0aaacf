"""Which rows a DynamoDB request wrote or deleted, for the journal: read off requests that succeeded."""

from collections.abc import Iterator

import orjson

from harness.record.observation import RowDeleted, RowWritten

JsonObject = dict[str, object]
_WATCHED = frozenset(
    {"CreateTable", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}
)


class TableWatch:
    """Knows the partition key of every table created since the start."""

    def __init__(self) -> None:
        self._partition_keys: dict[str, str] = {}

    def watches(self, operation: str) -> bool:
        """Whether this operation can change a row (or a table's key)."""
        return operation in _WATCHED

    def succeeded(
        self, operation: str, body: bytes, *, at: float, request: str | None
    ) -> tuple[RowWritten | RowDeleted, ...]:
        """What the successful request did; `request` is the invocation that sent it, if known."""
        asked = orjson.loads(body)
        if operation == "CreateTable":
            self._learn(asked)
            return ()
        return tuple(
            RowDeleted(at, table, key, request)
            if kind == "DeleteItem"
            else RowWritten(at, table, key, kind, request)
            for kind, table, key in self._changes(operation, asked)
        )

    def _learn(self, asked: JsonObject) -> None:
        for element in _objects(asked.get("KeySchema")):
            if element.get("KeyType") == "HASH":
                self._partition_keys[_name(asked["TableName"])] = str(element["AttributeName"])

    def _changes(self, operation: str, asked: JsonObject) -> Iterator[tuple[str, str, str]]:
        match operation:
            case "PutItem" | "UpdateItem" | "DeleteItem":
                yield from self._change(operation, _name(asked["TableName"]), asked)
            case "BatchWriteItem":
                for table, writes in _object(asked.get("RequestItems")).items():
                    for write in _objects(writes):
                        yield from self._change("PutItem", _name(table), _object(write.get("PutRequest")))
                        yield from self._change(
                            "DeleteItem", _name(table), _object(write.get("DeleteRequest"))
                        )
            case "TransactWriteItems":
                for action in _objects(asked.get("TransactItems")):
                    for kind, item in (
                        ("PutItem", "Put"),
                        ("UpdateItem", "Update"),
                        ("DeleteItem", "Delete"),
                    ):
                        if item in action:
                            one = _object(action[item])
                            yield from self._change(kind, _name(one["TableName"]), one)

    def _change(self, kind: str, table: str, write: JsonObject) -> Iterator[tuple[str, str, str]]:
        attributes = _object(write.get("Key") or write.get("Item"))
        value = _object(attributes.get(self._partition_keys.get(table, ""))).values()
        if value:
            yield kind, table, str(next(iter(value)))


def _name(table: object) -> str:
    """A table may be named by its ARN."""
    return str(table).rpartition("table/")[2]


def _object(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
