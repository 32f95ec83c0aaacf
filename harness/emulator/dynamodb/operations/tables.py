"""CreateTable, DescribeTable, UpdateTable, DeleteTable, ListTables: the tables, and what they are like.

What takes AWS a while is done when the answer goes out. The answer tells of it as AWS's does (CREATING, UPDATING,
DELETING), and the next DescribeTable finds it done, so a waiter never waits.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.emulator.dynamodb.database import Database, table_name
from harness.emulator.dynamodb.errors import (
    DynamoDbError,
    invalid_parameters,
    limit_exceeded,
    resource_in_use,
    resource_not_found,
    table_exists,
    table_not_found,
    validation,
)
from harness.emulator.dynamodb.stream import Stream
from harness.emulator.dynamodb.table import Table
from harness.emulator.dynamodb.table_definition import (
    MAX_GLOBAL_INDEXES,
    check_all_used,
    parse_billing,
    parse_create_table,
    parse_global_index,
    parse_stream,
    parse_types,
    refuse_what_is_not_emulated,
    too_many_global_indexes,
)
from harness.emulator.dynamodb.table_description import described

_PAGE = 100


def find_table(database: Database, body: Mapping[str, Any]) -> Table:
    """The table that a control plane operation names."""
    name = table_name(body["TableName"])
    if name not in database.tables:
        raise table_not_found(name)
    return database.tables[name]


def create_table(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    definition = parse_create_table(body)
    if definition.name in database.tables:
        raise table_exists(definition.name)
    table = Table(
        definition,
        arn=database.arn(definition.name),
        table_id=database.new_uuid(),
        created_at=database.clock.time(),
    )
    if definition.stream_view is not None:
        enable_stream(database, table, definition.stream_view)
    database.tables[definition.name] = table
    creating = dict.fromkeys(table.indexes, "CREATING")
    return {"TableDescription": described(table, status="CREATING", index_status=creating)}


def describe_table(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"Table": described(find_table(database, body))}


def delete_table(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    table = find_table(database, body)
    if table.definition.deletion_protection:
        raise validation(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        )
    del database.tables[table.name]
    if table.stream is not None:
        table.stream.disabled_at = database.clock.time()
    whole = described(table, status="DELETING")
    told = (
        "TableName",
        "TableStatus",
        "ProvisionedThroughput",
        "TableSizeBytes",
        "ItemCount",
        "TableArn",
        "TableId",
    )
    return {"TableDescription": {name: whole[name] for name in (*told, "DeletionProtectionEnabled")}}


def list_tables(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    start, limit = body.get("ExclusiveStartTableName") or "", body.get("Limit") or _PAGE
    names = sorted(name for name in database.tables if name > start)
    answer: dict[str, Any] = {"TableNames": names[:limit]}
    if len(names) > limit:
        answer["LastEvaluatedTableName"] = names[limit - 1]
    return answer


# --- UpdateTable ------------------------------------------------------------------------------------------


def update_table(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    refuse_what_is_not_emulated(body)
    if body.get("ReplicaUpdates"):
        raise validation("ReplicaUpdates is not emulated by fanout-harness; nothing was done.")
    table = find_table(database, body)
    _check_something_to_do(body)
    _check_billing(table, body)
    changes = body.get("GlobalSecondaryIndexUpdates") or []
    _check_index_throughput(table, body, changes)
    _update_billing(database, table, body)
    index_status = _update_indexes(table, body, changes)
    _update_stream(database, table, body.get("StreamSpecification"))
    protection, table_class = body.get("DeletionProtectionEnabled"), body.get("TableClass")
    if protection is not None:
        table.definition = replace(table.definition, deletion_protection=protection)
    if table_class is not None:
        table.definition = replace(table.definition, table_class=table_class)
    if body.get("SSESpecification") is not None:
        table.definition = replace(table.definition, encryption=body["SSESpecification"])
    return {"TableDescription": described(table, status="UPDATING", index_status=index_status)}


def _check_something_to_do(body: Mapping[str, Any]) -> None:
    asked = {name for name, value in body.items() if value not in (None, [])}
    if not asked - {"TableName", "AttributeDefinitions"}:
        raise invalid_parameters(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates "
            "or SSESpecification or ReplicaUpdates is required"
        )


def _check_billing(table: Table, body: Mapping[str, Any]) -> None:
    mode, given = body.get("BillingMode"), body.get("ProvisionedThroughput")
    stays_on_demand = table.definition.throughput is None and mode != "PROVISIONED"
    if mode is not None:
        parse_billing(mode, given)
    elif given is not None and stays_on_demand:
        raise invalid_parameters(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
        )
    if given is not None and mode is None and parse_billing(None, given) == table.definition.throughput:
        raise validation(
            f"The provisioned throughput for the table will not change. The requested value equals the current "
            f"value. Current ReadCapacityUnits provisioned for the table: {given['ReadCapacityUnits']}. Requested "
            f"ReadCapacityUnits: {given['ReadCapacityUnits']}. Current WriteCapacityUnits provisioned for the "
            f"table: {given['WriteCapacityUnits']}. Requested WriteCapacityUnits: {given['WriteCapacityUnits']}. "
            "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
        )


def _check_index_throughput(table: Table, body: Mapping[str, Any], updates: list[Mapping[str, Any]]) -> None:
    """A table on demand has global indexes on demand, a provisioned one has provisioned ones."""
    given = [one["Update"]["IndexName"] for one in updates if one.get("Update") is not None]
    becomes, was = body.get("BillingMode"), table.definition.throughput
    if becomes == "PAY_PER_REQUEST" or (becomes is None and was is None):
        for name in given:
            raise invalid_parameters(
                f"ProvisionedThroughput should not be specified for index: {name} when BillingMode is "
                "PAY_PER_REQUEST"
            )
    if becomes == "PROVISIONED" and was is None:
        for index in table.indexes.values():
            if index.definition.is_global and index.name not in given:
                raise invalid_parameters(f"ProvisionedThroughput is not specified for index: {index.name}")


def _update_billing(database: Database, table: Table, body: Mapping[str, Any]) -> None:
    mode, given = body.get("BillingMode"), body.get("ProvisionedThroughput")
    if mode == "PAY_PER_REQUEST" and table.definition.throughput is not None:
        table.on_demand_since = database.clock.time()
        table.definition = replace(table.definition, throughput=None)
        for index in table.indexes.values():
            index.definition = replace(index.definition, throughput=None)
    elif given is not None:
        table.on_demand_since = None
        table.definition = replace(table.definition, throughput=parse_billing("PROVISIONED", given))


def _update_indexes(
    table: Table, body: Mapping[str, Any], updates: list[Mapping[str, Any]]
) -> dict[str, str]:
    """Does the changes, all or none; the status in which the answer shows the indexes."""
    actions = [_action(one) for one in updates]
    if sum(kind in ("Create", "Delete") for kind, _ in actions) > 1:
        raise limit_exceeded(
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
        )
    for kind, asked in actions:
        _check_index_action(table, kind, asked)
    status: dict[str, str] = {}
    for kind, asked in actions:
        status[asked["IndexName"]] = _update_index(table, kind, asked, body)
    return status


def _action(update: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    given = [(kind, asked) for kind, asked in update.items() if asked is not None]
    if len(given) != 1 or given[0][0] not in ("Create", "Update", "Delete"):
        raise invalid_parameters(
            "Only one of GlobalSecondaryIndexUpdate's members Create, Update or Delete is to be given"
            if given
            else "At least one of Create, Update or Delete is required in a GlobalSecondaryIndexUpdate"
        )
    return given[0]


def _check_index_action(table: Table, kind: str, asked: Mapping[str, Any]) -> None:
    index = table.indexes.get(asked["IndexName"])
    if kind == "Create":
        if index is not None:
            raise validation("Attempting to create an index which already exists")
        if sum(one.definition.is_global for one in table.indexes.values()) >= MAX_GLOBAL_INDEXES:
            raise too_many_global_indexes()
    elif index is None or not index.definition.is_global:
        raise resource_not_found()


def _update_index(table: Table, kind: str, asked: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    match kind:
        case "Create":
            on_demand = table.definition.throughput is None
            types = {**table.definition.types, **parse_types(body.get("AttributeDefinitions") or [])}
            index = parse_global_index(asked, types, on_demand=on_demand)
            check_all_used(types, table.schema, [*table.definition.indexes, index])
            table.add_index(index, types)
            return "CREATING"
        case "Delete":
            table.remove_index(asked["IndexName"])
            return "DELETING"
    given = asked["ProvisionedThroughput"]
    throughput = parse_billing("PROVISIONED", given)
    assert throughput is not None
    table.set_index_throughput(asked["IndexName"], throughput)
    return "UPDATING"


# --- streams ----------------------------------------------------------------------------------------------


def _update_stream(database: Database, table: Table, asked: Mapping[str, Any] | None) -> None:
    if asked is None:
        return
    view = parse_stream(asked)
    if view is None:
        if table.stream is None:
            raise validation("Table has no stream to disable")
        table.stream.disabled_at = database.clock.time()
        table.stream = None
    elif table.stream is not None:
        raise _stream_is_there(table)
    else:
        enable_stream(database, table, view)


def _stream_is_there(table: Table) -> DynamoDbError:
    return resource_in_use(f"Table already has an enabled stream: TableName: {table.name}")


def enable_stream(database: Database, table: Table, view_type: str) -> None:
    """Gives the table a new stream."""
    at = database.clock.time()
    label = stream_label(at)
    while f"{table.arn}/stream/{label}" in database.streams:
        at += 0.001  # two streams of one table within a millisecond
        label = stream_label(at)
    arn = f"{table.arn}/stream/{label}"
    stream = Stream(arn, label, table.name, table.schema, view_type, database.region, at)
    table.stream = database.streams[arn] = stream
    for old in [one for one in database.streams.values() if one.is_gone(at)]:
        del database.streams[old.arn]


def stream_label(at: float) -> str:
    """An ISO 8601 time with milliseconds, as AWS labels streams."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
