"""TransactGetItems and TransactWriteItems: all of it or nothing, and why nothing.

What is wrong with a request's shape or expressions is a ValidationException; what only its items or keys show cancels
the transaction, with one reason for each action.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.emulator.dynamodb.attribute_values import Item, check_item
from harness.emulator.dynamodb.capacity import Consumed, read_units
from harness.emulator.dynamodb.database import TOKEN_LIFETIME, Database, Transaction
from harness.emulator.dynamodb.errors import (
    DynamoDbError,
    cancellation_reason,
    idempotent_parameter_mismatch,
    transaction_cancelled,
    validation,
)
from harness.emulator.dynamodb.expressions.projections import Projection
from harness.emulator.dynamodb.key_schema import check_key
from harness.emulator.dynamodb.operations.answers import item_collection, with_capacities
from harness.emulator.dynamodb.operations.index_keys import check_no_key_nested
from harness.emulator.dynamodb.operations.request_expressions import RequestExpressions
from harness.emulator.dynamodb.operations.writes import (
    WriteRequest,
    check_condition,
    outcome,
    parse_condition_check,
    parse_delete,
    parse_put,
    parse_update_item,
    place,
)
from harness.emulator.dynamodb.rows import Position, Row
from harness.emulator.dynamodb.table import Table, Write

_TIMES = 2.0
"""A transaction consumes twice what its operations would alone: once to prepare, once to commit."""
_DUPLICATES = "Transaction request cannot include multiple operations on one item"

_PARSE: Mapping[str, Callable[[Mapping[str, Any]], WriteRequest]] = {
    "Put": parse_put,
    "Delete": parse_delete,
    "Update": parse_update_item,
    "ConditionCheck": parse_condition_check,
}


# --- TransactWriteItems -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Action:
    """One action at its place."""

    request: WriteRequest
    table: Table
    position: Position


def transact_write_items(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    requests = [_parse_action(asked) for asked in body["TransactItems"]]
    tables = [database.table(request.table) for request in requests]
    done = _done_before(database, body)
    if done is not None:
        return with_capacities({}, body, done.consumed, kind="ReadCapacityUnits")
    database.count_request(tables[0], "Write")
    actions = _placed(requests, tables)
    writes = _worked_out(actions)
    _admit(database, actions, writes)
    for action, write in zip(actions, writes, strict=True):
        if action.request.kind != "ConditionCheck":
            database.commit(action.table, write, action.request.change)
    consumed = _consumed(actions, writes)
    _remember(database, body, actions)
    return with_capacities(_collections(body, actions), body, consumed, kind="WriteCapacityUnits")


def _parse_action(asked: Mapping[str, Any]) -> WriteRequest:
    given = [(kind, one) for kind, one in asked.items() if one is not None and kind in _PARSE]
    if not given:
        raise validation(
            "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request"
        )
    if len(given) > 1:
        raise validation("TransactItems can only contain one of Check, Put, Update or Delete")
    ((kind, one),) = given
    return _PARSE[kind](one)


def _placed(requests: list[WriteRequest], tables: list[Table]) -> list[_Action]:
    placed = _each_or_cancel(
        [
            lambda one=request, table=table: place(one, table)
            for request, table in zip(requests, tables, strict=True)
        ]
    )
    places = [(table.name, position) for table, position in zip(tables, placed, strict=True)]
    if len(set(places)) < len(places):
        raise validation(_DUPLICATES)
    return [
        _Action(request, table, position)
        for request, table, position in zip(requests, tables, placed, strict=True)
    ]


def _worked_out(actions: list[_Action]) -> list[Write]:
    return _each_or_cancel([lambda one=action: _work_out(one) for action in actions])


def _work_out(action: _Action) -> Write:
    old = action.table.rows.get(action.position)
    check_condition(action.request, old)
    return action.table.write(action.position, outcome(action.request, action.table, old).new)


def _admit(database: Database, actions: list[_Action], writes: list[Write]) -> None:
    _each_or_cancel(
        [
            lambda table=action.table, one=write: database.admit(table, [one])
            for action, write in zip(actions, writes, strict=True)
        ]
    )


def _each_or_cancel(steps: "list[Callable[..., Any]]") -> list[Any]:
    """What every step gives; TransactionCanceledException with the reasons when one raises."""
    results: list[Any] = []
    errors: list[DynamoDbError | None] = []
    for step in steps:
        try:
            results.append(step())
            errors.append(None)
        except DynamoDbError as error:
            errors.append(error)
    if any(error is not None for error in errors):
        raise transaction_cancelled([cancellation_reason(error) for error in errors])
    return results


def _consumed(actions: list[_Action], writes: list[Write]) -> dict[str, Consumed]:
    consumed: dict[str, Consumed] = {}
    for action, write in zip(actions, writes, strict=True):
        consumed.setdefault(action.table.name, Consumed()).add(write.consumed(), times=_TIMES)
    return consumed


def _collections(body: Mapping[str, Any], actions: list[_Action]) -> dict[str, Any]:
    if body.get("ReturnItemCollectionMetrics") != "SIZE":
        return {}
    told: dict[str, list[dict[str, Any]]] = {}
    for action in actions:
        metrics = item_collection(action.table, action.request.key)
        if metrics is not None and metrics not in told.setdefault(action.table.name, []):
            told[action.table.name].append(metrics)
    return {"ItemCollectionMetrics": told} if told else {}


# --- idempotency ------------------------------------------------------------------------------------------


def _done_before(database: Database, body: Mapping[str, Any]) -> Transaction | None:
    """The transaction with the same token that was done already; raises when it asked for something else."""
    token, at = body.get("ClientRequestToken"), database.clock.monotonic()
    for old in [name for name, one in database.transactions.items() if one.until <= at]:
        del database.transactions[old]
    done = None if token is None else database.transactions.get(token)
    if done is not None and done.asked != body["TransactItems"]:
        raise idempotent_parameter_mismatch()
    return done


def _remember(database: Database, body: Mapping[str, Any], actions: list[_Action]) -> None:
    token = body.get("ClientRequestToken")
    if token is None:
        return
    consumed: dict[str, Consumed] = {}
    for action in actions:
        row = action.table.rows.get(action.position)
        units = read_units(0 if row is None else row.size, consistent=True)
        consumed.setdefault(action.table.name, Consumed()).add(Consumed(units * _TIMES))
    until = database.clock.monotonic() + TOKEN_LIFETIME
    database.transactions[token] = Transaction(body["TransactItems"], until, consumed)


# --- TransactGetItems -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Get:
    """One Get, parsed."""

    table: str
    key: Item
    projection: Projection | None


def transact_get_items(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    gets = [_parse_get(asked) for asked in body["TransactItems"]]
    tables = [database.table(one.table) for one in gets]
    database.count_request(tables[0], "Read")
    _each_or_cancel(
        [lambda one=one, table=table: _check_get(one, table) for one, table in zip(gets, tables, strict=True)]
    )
    positions = [table.position(one.key) for one, table in zip(gets, tables, strict=True)]
    if len({(one.table, position) for one, position in zip(gets, positions, strict=True)}) < len(gets):
        raise validation(_DUPLICATES)
    _each_or_cancel(
        [
            lambda table=table, position=position: database.before_reading(table, None, position[:2])
            for table, position in zip(tables, positions, strict=True)
        ]
    )
    consumed: dict[str, Consumed] = {}
    responses: list[dict[str, Any]] = []
    for one, table, position in zip(gets, tables, positions, strict=True):
        row = table.rows.get(position)
        responses.append(_response(one, row))
        used = Consumed(read_units(0 if row is None else row.size, consistent=True) * _TIMES)
        database.has_read(table, used, position[:2])
        consumed.setdefault(table.name, Consumed()).add(used)
    return with_capacities({"Responses": responses}, body, consumed, kind="ReadCapacityUnits")


def _parse_get(asked: Mapping[str, Any]) -> _Get:
    get = asked["Get"]
    expressions = RequestExpressions(get, ("ProjectionExpression",))
    projection = expressions.projection()
    expressions.check_all_used()
    return _Get(get["TableName"], check_item(get["Key"]), projection)


def _check_get(get: _Get, table: Table) -> None:
    check_key(table.schema, get.key)
    check_no_key_nested(table, frozenset() if get.projection is None else get.projection.nested)


def _response(get: _Get, row: Row | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {"Item": row.item if get.projection is None else get.projection.of(row.item)}
