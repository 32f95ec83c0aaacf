"""PutItem, GetItem, UpdateItem, DeleteItem: one item at a time."""

from collections.abc import Mapping
from typing import Any

from harness.emulator.dynamodb.attribute_values import check_item
from harness.emulator.dynamodb.capacity import Consumed, read_units
from harness.emulator.dynamodb.database import Database
from harness.emulator.dynamodb.errors import DynamoDbError, validation
from harness.emulator.dynamodb.key_schema import check_key
from harness.emulator.dynamodb.operations.answers import with_capacity, with_item_collection
from harness.emulator.dynamodb.operations.index_keys import check_no_key_nested
from harness.emulator.dynamodb.operations.legacy import refuse_legacy
from harness.emulator.dynamodb.operations.request_expressions import RequestExpressions
from harness.emulator.dynamodb.operations.writes import (
    Outcome,
    WriteRequest,
    check_condition,
    outcome,
    parse_delete,
    parse_put,
    parse_update_item,
    place,
)
from harness.emulator.dynamodb.rows import Position, Row
from harness.emulator.dynamodb.table import Table


def put_item(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    refuse_legacy("PutItem", body)
    _check_return_values(body)
    return _write(database, body, parse_put(body))


def delete_item(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    refuse_legacy("DeleteItem", body)
    _check_return_values(body)
    return _write(database, body, parse_delete(body))


def update_item(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    refuse_legacy("UpdateItem", body)
    return _write(database, body, parse_update_item(body))


def get_item(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    refuse_legacy("GetItem", body)
    key = check_item(body["Key"])
    expressions = RequestExpressions(body, ("ProjectionExpression",))
    projection = expressions.projection()
    expressions.check_all_used()
    table = database.table(body["TableName"])
    database.count_request(table, "Read")
    check_key(table.schema, key)
    check_no_key_nested(table, frozenset() if projection is None else projection.nested)
    position = table.position(key)
    database.before_reading(table, None, position[:2])
    row = table.rows.get(position)
    units = read_units(0 if row is None else row.size, consistent=bool(body.get("ConsistentRead")))
    consumed = Consumed(units)
    database.has_read(table, consumed, position[:2])
    answer: dict[str, Any] = {}
    if row is not None:
        answer["Item"] = row.item if projection is None else projection.of(row.item)
    return with_capacity(answer, body, table.name, consumed)


# --- writing ----------------------------------------------------------------------------------------------


def _check_return_values(body: Mapping[str, Any]) -> None:
    if body.get("ReturnValues") not in (None, "NONE", "ALL_OLD"):
        raise validation("ReturnValues can only be ALL_OLD or NONE")


def _write(database: Database, body: Mapping[str, Any], request: WriteRequest) -> dict[str, Any]:
    table = database.table(request.table)
    database.count_request(table, "Write")
    position = place(request, table)
    old = table.rows.get(position)
    _check_condition(database, table, position, request, old)
    result = outcome(request, table, old)
    write = database.write(table, position, result.new, request.change)
    answer: dict[str, Any] = {}
    attributes = _returned(body.get("ReturnValues"), old, result)
    if attributes:
        answer["Attributes"] = attributes
    if body.get("ReturnConsumedCapacity"):
        with_capacity(answer, body, table.name, write.consumed())
    return with_item_collection(answer, body, table, request.key)


def _check_condition(
    database: Database, table: Table, position: Position, request: WriteRequest, old: Row | None
) -> None:
    try:
        check_condition(request, old)
    except DynamoDbError:
        database.refused_write(table, table.write(position, old))
        raise


def _returned(wanted: str | None, old: Row | None, result: Outcome) -> Mapping[str, Any] | None:
    match wanted:
        case "ALL_OLD":
            return None if old is None else old.item
        case "ALL_NEW":
            return None if result.new is None else result.new.item
        case "UPDATED_OLD" if result.updated is not None:
            return result.updated.old
        case "UPDATED_NEW" if result.updated is not None:
            return result.updated.new
    return None
