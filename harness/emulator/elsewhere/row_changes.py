"""Row changes: what a DynamoDB request that succeeded did, read from its JSON and the answer's alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from harness.emulator.dynamodb.database import ChangeKind, table_name

Accepted: TypeAlias = Mapping[str, Any]
"""A JSON object that DynamoDB has accepted, so that its members are those of its model."""

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
"""The operations that change rows. PartiQL's do too, and stay unseen."""


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that was written or deleted; `attributes` holds at least its key, in DynamoDB's JSON."""

    table: str
    kind: ChangeKind
    attributes: Accepted

    @property
    def is_whole(self) -> bool:
        """Whether `attributes` are all that the row has now."""
        return self.kind == "PutItem"

    def key(self, hash_key: str) -> str:
        """The text of its partition key, whose attribute is `hash_key`."""
        (text,) = self.attributes[hash_key].values()
        return str(text)


def asking_for_the_old_row(operation: str, body: Accepted) -> Accepted | None:
    """A DeleteItem that returns what it deleted, as only that tells whether there was a row; None if no need."""
    if operation != "DeleteItem" or body.get("ReturnValues", "NONE") != "NONE":
        return None
    return {**body, "ReturnValues": "ALL_OLD"}


def without_the_old_row(answer: Accepted) -> Accepted:
    """The answer to a DeleteItem whose caller did not ask for the row."""
    return {name: value for name, value in answer.items() if name != "Attributes"}


def changed_rows(operation: str, body: Accepted, answer: Accepted) -> Iterator[ChangedRow]:
    """The rows in the order of the request.

    A DeleteItem whose answer has no `Attributes` deleted nothing. Batches and transactions do not tell: every
    row that they delete counts as deleted.
    """
    match operation:
        case "PutItem":
            yield _changed("PutItem", body, "Item")
        case "UpdateItem":
            yield _changed("UpdateItem", body, "Key")
        case "DeleteItem" if answer.get("Attributes"):
            yield _changed("DeleteItem", body, "Key")
        case "BatchWriteItem":
            yield from _changed_by_batch(body["RequestItems"], answer.get("UnprocessedItems") or {})
        case "TransactWriteItems":
            for action in body["TransactItems"]:
                yield from _changed_by_action(action)


def _changed_by_batch(asked: Accepted, unprocessed: Accepted) -> Iterator[ChangedRow]:
    for table, requests in asked.items():
        for request in requests:
            if request in unprocessed.get(table, ()):
                continue
            match request:
                case {"PutRequest": {"Item": item}}:
                    yield ChangedRow(table_name(table), "PutItem", item)
                case {"DeleteRequest": {"Key": key}}:
                    yield ChangedRow(table_name(table), "DeleteItem", key)


def _changed_by_action(action: Accepted) -> Iterator[ChangedRow]:
    match action:
        case {"Put": body}:
            yield _changed("PutItem", body, "Item")
        case {"Update": body}:
            yield _changed("UpdateItem", body, "Key")
        case {"Delete": body}:
            yield _changed("DeleteItem", body, "Key")


def _changed(kind: ChangeKind, body: Accepted, attributes: str) -> ChangedRow:
    return ChangedRow(table_name(body["TableName"]), kind, body[attributes])
