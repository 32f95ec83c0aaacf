"""Writes: what one asks for, where it goes, and what comes of it.

PutItem, UpdateItem, DeleteItem and the actions of TransactWriteItems go through the same three steps: `parse`
looks at the request alone, `place` at the table's keys, `outcome` at the item that is there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.emulator.dynamodb.attribute_values import Item, check_item
from harness.emulator.dynamodb.database import ChangeKind
from harness.emulator.dynamodb.errors import conditional_check_failed, validation
from harness.emulator.dynamodb.expressions.conditions import Condition
from harness.emulator.dynamodb.expressions.updates import Update, Updated
from harness.emulator.dynamodb.key_schema import check_item_key, check_key
from harness.emulator.dynamodb.operations.index_keys import (
    check_no_index_key_nested,
    check_no_key_nested,
    check_updated_index_keys,
)
from harness.emulator.dynamodb.operations.request_expressions import RequestExpressions
from harness.emulator.dynamodb.rows import Position, Row, row_of
from harness.emulator.dynamodb.table import Table

MAX_ITEM_BYTES = 400 * 1024
"""Bytes of an item, names and values (D-25)."""

WriteKind = Literal["PutItem", "UpdateItem", "DeleteItem", "ConditionCheck"]


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One write, parsed. `key` is the Key, or the whole Item of a put; `row` is what a put puts.

    `nested` are the attributes in which an update changes something nested, `looked_into` those into which the
    condition goes.
    """

    table: str
    kind: WriteKind
    key: Item
    row: Row | None = None
    condition: Condition | None = None
    update: Update | None = None
    all_old_on_failure: bool = False
    nested: frozenset[str] = frozenset()
    looked_into: frozenset[str] = frozenset()

    @property
    def change(self) -> ChangeKind:
        """How the journal names it."""
        assert self.kind != "ConditionCheck"
        return self.kind


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to stand in the place of the old row, and what an update touched."""

    new: Row | None
    updated: Updated | None = None


# --- the request alone ------------------------------------------------------------------------------------


def parse_put(body: Mapping[str, Any]) -> WriteRequest:
    """A PutItem, or the Put of a transaction."""
    item = check_item(body["Item"])
    row = row_of(item)
    if row.size > MAX_ITEM_BYTES:
        raise validation("Item size has exceeded the maximum allowed size")
    return _conditioned(body, "PutItem", item, row)


def parse_delete(body: Mapping[str, Any]) -> WriteRequest:
    """A DeleteItem, or the Delete of a transaction."""
    return _conditioned(body, "DeleteItem", check_item(body["Key"]))


def parse_condition_check(body: Mapping[str, Any]) -> WriteRequest:
    """The ConditionCheck of a transaction."""
    return _conditioned(body, "ConditionCheck", check_item(body["Key"]))


def parse_update_item(body: Mapping[str, Any]) -> WriteRequest:
    """An UpdateItem, or the Update of a transaction."""
    key = check_item(body["Key"])
    expressions = RequestExpressions(body, ("UpdateExpression", "ConditionExpression"))
    update = expressions.update()
    condition = expressions.condition("ConditionExpression")
    expressions.check_all_used()
    return WriteRequest(
        body["TableName"],
        "UpdateItem",
        key,
        None,
        condition,
        update,
        _wants_old(body),
        nested=expressions.nested_in_update(),
        looked_into=expressions.nested() if condition is not None else frozenset(),
    )


def _conditioned(body: Mapping[str, Any], kind: WriteKind, key: Item, row: Row | None = None) -> WriteRequest:
    expressions = RequestExpressions(body, ("ConditionExpression",))
    condition = expressions.condition("ConditionExpression")
    expressions.check_all_used()
    nested: frozenset[str] = expressions.nested() if condition is not None else frozenset()
    return WriteRequest(
        body["TableName"], kind, key, row, condition, None, _wants_old(body), looked_into=nested
    )


def _wants_old(body: Mapping[str, Any]) -> bool:
    return body.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"


# --- the table's keys -------------------------------------------------------------------------------------


def place(request: WriteRequest, table: Table) -> Position:
    """Where the item stands; raises for a key that does not fit the table or an index (D-11 to D-19)."""
    if request.kind == "PutItem":
        check_item_key(table.schema, request.key)
        table.check_index_keys(request.key)
    else:
        check_key(table.schema, request.key)
    check_no_key_nested(table, request.looked_into)
    if request.update is not None:
        request.update.check_keys(table.schema.names)
    return table.position(request.key)


# --- the item that is there -------------------------------------------------------------------------------


def check_condition(request: WriteRequest, old: Row | None) -> None:
    """Raises ConditionalCheckFailedException, with the item if the request wants it (D-22)."""
    if request.condition is None or request.condition.holds({} if old is None else old.item):
        return
    raise conditional_check_failed(old.item if old is not None and request.all_old_on_failure else None)


def outcome(request: WriteRequest, table: Table, old: Row | None) -> Outcome:
    """What the write makes of the old row; the condition is checked already."""
    return _OUTCOMES[request.kind](request, table, old)


def _put(request: WriteRequest, _table: Table, _old: Row | None) -> Outcome:
    return Outcome(request.row)


def _delete(_request: WriteRequest, _table: Table, _old: Row | None) -> Outcome:
    return Outcome(None)


def _keep(_request: WriteRequest, _table: Table, old: Row | None) -> Outcome:
    return Outcome(old)


def _update(request: WriteRequest, table: Table, old: Row | None) -> Outcome:
    """An update of an absent item makes one of its key (D-21)."""
    before = request.key if old is None else old.item
    if request.update is None:
        return Outcome(old if old is not None else row_of(before))
    check_no_index_key_nested(table, request.nested)
    updated = request.update.apply(before)
    if table.indexes:
        check_updated_index_keys(table, request.update, updated.item)
    row = row_of(updated.item)
    if row.size > MAX_ITEM_BYTES:
        raise validation("Item size to update has exceeded the maximum allowed size")
    return Outcome(row, updated)


_OUTCOMES: Mapping[WriteKind, Callable[[WriteRequest, Table, Row | None], Outcome]] = {
    "PutItem": _put,
    "DeleteItem": _delete,
    "UpdateItem": _update,
    "ConditionCheck": _keep,
}
