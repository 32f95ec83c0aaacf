"""BatchGetItem and BatchWriteItem: many single operations in one request, none of which knows of the others.

What there is no throughput for comes back unprocessed (D-24); when that is everything, the request fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from harness.emulator.dynamodb.attribute_values import Item, check_item, size_of
from harness.emulator.dynamodb.capacity import Consumed, read_units
from harness.emulator.dynamodb.database import Database
from harness.emulator.dynamodb.errors import DynamoDbError, validation
from harness.emulator.dynamodb.expressions.projections import Projection
from harness.emulator.dynamodb.key_schema import check_key, does_not_match_schema
from harness.emulator.dynamodb.operations.answers import item_collection, with_capacities
from harness.emulator.dynamodb.operations.index_keys import check_no_key_nested
from harness.emulator.dynamodb.operations.legacy import refuse_legacy
from harness.emulator.dynamodb.operations.request_expressions import RequestExpressions
from harness.emulator.dynamodb.operations.writes import MAX_ITEM_BYTES, WriteRequest, place
from harness.emulator.dynamodb.rows import Position, Row, row_of
from harness.emulator.dynamodb.table import Table

MAX_GETS = 100
MAX_WRITES = 25
MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""Bytes of items in one BatchGetItem's answer."""

_THROTTLED = frozenset({"ProvisionedThroughputExceededException", "ThrottlingException"})
_DUPLICATES = "Provided list of item keys contains duplicates"


# --- BatchGetItem -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Gets:
    """The keys asked of one table, and what was found."""

    name: str
    asked: Mapping[str, Any]
    keys: list[Item]
    projection: Projection | None
    found: list[Item] = field(default_factory=list)
    unprocessed: list[Item] = field(default_factory=list)
    consumed: Consumed = field(default_factory=Consumed)


def batch_get_item(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    requested: Mapping[str, Any] = body["RequestItems"]
    if sum(len(asked["Keys"]) for asked in requested.values()) > MAX_GETS:
        raise validation("Too many items requested for the BatchGetItem call")
    gets = [_parse_gets(name, asked) for name, asked in requested.items()]
    tables = [database.table(one.name) for one in gets]
    database.count_request(tables[0], "Read")
    for one, table in zip(gets, tables, strict=True):
        _check_keys(table, one)
    left, refused = MAX_ANSWER_BYTES, None
    for one, table in zip(gets, tables, strict=True):
        left, refused = _get_each(database, table, one, left, refused)
    if refused is not None and not any(one.consumed.table for one in gets):
        raise refused
    return _gets_answer(body, gets)


def _parse_gets(name: str, asked: Mapping[str, Any]) -> _Gets:
    refuse_legacy("BatchGetItem", asked)
    keys = [check_item(key) for key in asked["Keys"]]
    expressions = RequestExpressions(asked, ("ProjectionExpression",))
    projection = expressions.projection()
    expressions.check_all_used()
    return _Gets(name, asked, keys, projection)


def _check_keys(table: Table, gets: _Gets) -> None:
    # Keys are in their normal form, so equal ones are equal text; that they are fit for the table comes second.
    if len({orjson.dumps(key, option=orjson.OPT_SORT_KEYS) for key in gets.keys}) < len(gets.keys):
        raise validation(_DUPLICATES)
    for key in gets.keys:
        check_key(table.schema, key)
    check_no_key_nested(table, frozenset() if gets.projection is None else gets.projection.nested)


def _get_each(
    database: Database, table: Table, gets: _Gets, left: int, refused: DynamoDbError | None
) -> tuple[int, DynamoDbError | None]:
    """Reads the keys; gives the bytes that are left for the answer, and why something was throttled."""
    consistent = bool(gets.asked.get("ConsistentRead"))
    for key in gets.keys:
        position = table.position(key)
        row = table.rows.get(position)
        size = 0 if row is None else row.size
        try:
            database.before_reading(table, None, position[:2])
        except DynamoDbError as error:
            refused = error
        if refused is not None or size > left:
            gets.unprocessed.append(key)
            continue
        left -= size
        _got(database, table, gets, position, row, consistent=consistent)
    return left, refused


def _got(
    database: Database, table: Table, gets: _Gets, position: Position, row: Row | None, *, consistent: bool
) -> None:
    consumed = Consumed(read_units(0 if row is None else row.size, consistent=consistent))
    database.has_read(table, consumed, position[:2])
    gets.consumed.add(consumed)
    if row is not None:
        gets.found.append(row.item if gets.projection is None else gets.projection.of(row.item))


def _gets_answer(body: Mapping[str, Any], gets: list[_Gets]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "Responses": {one.name: one.found for one in gets},
        "UnprocessedKeys": {
            one.name: {**one.asked, "Keys": one.unprocessed} for one in gets if one.unprocessed
        },
    }
    return with_capacities(answer, body, {one.name: one.consumed for one in gets})


# --- BatchWriteItem ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Writes:
    """The writes asked of one table."""

    name: str
    requests: list[tuple[Mapping[str, Any], WriteRequest]]
    unprocessed: list[Mapping[str, Any]] = field(default_factory=list)
    consumed: Consumed = field(default_factory=Consumed)
    collections: list[dict[str, Any]] = field(default_factory=list)


def batch_write_item(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    requested: Mapping[str, Any] = body["RequestItems"]
    if sum(len(asked) for asked in requested.values()) > MAX_WRITES:
        raise validation("Too many items requested for the BatchWriteItem call")
    writes = [
        _Writes(name, [(one, _parse_write(name, one)) for one in asked]) for name, asked in requested.items()
    ]
    tables = [database.table(one.name) for one in writes]
    database.count_request(tables[0], "Write")
    placed = [_place_each(table, one) for one, table in zip(writes, tables, strict=True)]
    refused: DynamoDbError | None = None
    for one, table, positions in zip(writes, tables, placed, strict=True):
        refused = _write_each(database, table, one, positions) or refused
    if refused is not None and all(len(one.unprocessed) == len(one.requests) for one in writes):
        raise refused
    return _writes_answer(body, writes)


def _parse_write(table: str, asked: Mapping[str, Any]) -> WriteRequest:
    given = [(kind, one) for kind, one in asked.items() if one is not None]
    if len(given) != 1:
        raise validation(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
            "datatypes"
        )
    match given[0]:
        case "PutRequest", put:
            item = check_item(put["Item"])
            if size_of(item) > MAX_ITEM_BYTES:
                raise validation("Item size has exceeded the maximum allowed size")
            return WriteRequest(table, "PutItem", item, row_of(item))
        case _, delete:
            return WriteRequest(table, "DeleteItem", check_item(delete["Key"]))


def _place_each(table: Table, writes: _Writes) -> list[Position]:
    positions = [_place(table, request) for _, request in writes.requests]
    if len(set(positions)) < len(positions):
        raise validation(_DUPLICATES)
    return positions


def _place(table: Table, request: WriteRequest) -> Position:
    if any(
        attribute.type not in request.key.get(attribute.name, ()) for attribute in table.schema.attributes
    ):
        raise does_not_match_schema()
    return place(request, table)


def _write_each(
    database: Database, table: Table, writes: _Writes, positions: list[Position]
) -> DynamoDbError | None:
    refused: DynamoDbError | None = None
    for (asked, request), position in zip(writes.requests, positions, strict=True):
        try:
            write = database.write(table, position, request.row, request.change)
        except DynamoDbError as error:
            if error.code not in _THROTTLED:
                raise
            refused = error
            writes.unprocessed.append(asked)
            continue
        writes.consumed.add(write.consumed())
        metrics = item_collection(table, request.key)
        if metrics is not None and metrics not in writes.collections:
            writes.collections.append(metrics)
    return refused


def _writes_answer(body: Mapping[str, Any], writes: list[_Writes]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "UnprocessedItems": {one.name: one.unprocessed for one in writes if one.unprocessed}
    }
    if body.get("ReturnItemCollectionMetrics") == "SIZE":
        answer["ItemCollectionMetrics"] = {one.name: one.collections for one in writes if one.collections}
    return with_capacities(answer, body, {one.name: one.consumed for one in writes})
