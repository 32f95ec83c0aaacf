"""Query and Scan: a page of rows, and of each the attributes that are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.emulator.dynamodb.attribute_values import Item, check_item
from harness.emulator.dynamodb.capacity import Consumed, read_units
from harness.emulator.dynamodb.database import Database
from harness.emulator.dynamodb.errors import invalid_parameters, validation
from harness.emulator.dynamodb.expressions.conditions import Condition
from harness.emulator.dynamodb.expressions.key_conditions import KeyCondition
from harness.emulator.dynamodb.expressions.projections import Projection
from harness.emulator.dynamodb.key_schema import KeySchema, empty_key
from harness.emulator.dynamodb.operations.answers import with_capacity
from harness.emulator.dynamodb.operations.index_keys import check_no_key_nested
from harness.emulator.dynamodb.operations.legacy import refuse_legacy
from harness.emulator.dynamodb.operations.request_expressions import RequestExpressions
from harness.emulator.dynamodb.page import Page, read_page
from harness.emulator.dynamodb.rows import (
    Bounds,
    OrderedRows,
    Position,
    Row,
    bounds_of,
    segment_bounds,
)
from harness.emulator.dynamodb.secondary_index import SecondaryIndex
from harness.emulator.dynamodb.table import Table


@dataclass(frozen=True, slots=True)
class _Source:
    """What is read: a table, or one of its indexes."""

    table: Table
    index: SecondaryIndex | None

    @property
    def schema(self) -> KeySchema:
        return self.table.schema if self.index is None else self.index.definition.schema

    @property
    def rows(self) -> OrderedRows:
        return self.table.rows if self.index is None else self.index.rows

    @property
    def global_index(self) -> str | None:
        """The name of a global index, which has throughput of its own."""
        return self.index.name if self.index is not None and self.index.definition.is_global else None

    @property
    def key_names(self) -> tuple[str, ...]:
        """What a LastEvaluatedKey holds: the index's key and the table's (D-2)."""
        return tuple(dict.fromkeys((*self.schema.names, *self.table.schema.names)))

    def start_position(self, key: Item) -> Position:
        """Where an ExclusiveStartKey stands."""
        return self.table.position(key) if self.index is None else self.index.start_position(key)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be answered of the rows; `fetch` reads each from the table, beyond what a local index holds."""

    filter: Condition | None
    projection: Projection | None
    count_only: bool
    fetch: bool


def query(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    refuse_legacy("Query", body)
    _check_select(body)
    expressions = RequestExpressions(
        body, ("ProjectionExpression", "FilterExpression", "KeyConditionExpression")
    )
    start = _start_key(body)
    condition, projection = expressions.condition("FilterExpression"), expressions.projection()
    source = _source(database, body)
    asked = expressions.key_condition(source.schema)
    expressions.check_all_used()
    bounds = _key_bounds(asked, source.schema)
    check_no_key_nested(source.table, expressions.nested())
    _check_filter(expressions, source)
    wanted = _wanted(body, source, projection, condition)
    forward = body.get("ScanIndexForward") is not False
    if start is not None:
        bounds = bounds.after(_query_start(source, start, bounds), forward=forward)
    partition = bounds.low[:2]
    database.before_reading(source.table, source.global_index, partition)
    page = read_page(source.rows.within(bounds, forward=forward), _limit(body))
    return _answer(database, body, source, page, wanted, partition)


def scan(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    refuse_legacy("Scan", body)
    _check_select(body)
    expressions = RequestExpressions(body, ("ProjectionExpression", "FilterExpression"))
    segment, total = _segment(body)
    start = _start_key(body)
    condition, projection = expressions.condition("FilterExpression"), expressions.projection()
    expressions.check_all_used()
    source = _source(database, body)
    check_no_key_nested(source.table, expressions.nested())
    _check_projected(expressions, source)
    wanted = _wanted(body, source, projection, condition)
    bounds = segment_bounds(segment, total)
    if start is not None:
        bounds = bounds.after(_scan_start(source, start, bounds, segment, total), forward=True)
    database.before_reading(source.table, source.global_index, None)
    page = read_page(source.rows.within(bounds), _limit(body))
    return _answer(database, body, source, page, wanted, None)


# --- parameters -------------------------------------------------------------------------------------------


def _limit(body: Mapping[str, Any]) -> int | None:
    limit = body.get("Limit")
    return None if limit is None else int(limit)


def _check_select(body: Mapping[str, Any]) -> None:
    select, projects = body.get("Select"), body.get("ProjectionExpression") is not None
    if select == "SPECIFIC_ATTRIBUTES" and not projects:
        raise validation(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        )
    if select == "ALL_PROJECTED_ATTRIBUTES" and body.get("IndexName") is None:
        raise validation("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
    if select in ("COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES") and projects:
        only = "only the Count" if select == "COUNT" else str(select)
        raise validation(f"Cannot specify the ProjectionExpression when choosing to get {only}")


def _segment(body: Mapping[str, Any]) -> tuple[int, int]:
    segment, total = body.get("Segment"), body.get("TotalSegments")
    if segment is None and total is None:
        return 0, 1
    if segment is None:
        raise validation(
            "The Segment parameter is required but was not present in the request when parameter TotalSegments "
            "is present"
        )
    if total is None:
        raise validation(
            "The TotalSegments parameter is required but was not present in the request when Segment parameter "
            "is present"
        )
    if segment >= total:
        raise validation(
            f"The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: "
            f"{segment} is not less than TotalSegments: {total}"
        )
    return int(segment), int(total)


def _source(database: Database, body: Mapping[str, Any]) -> _Source:
    table = database.table(body["TableName"])
    database.count_request(table, "Read")
    name = body.get("IndexName")
    if name is None:
        return _Source(table, None)
    index = table.indexes.get(name)
    if index is None:
        raise validation(f"The table does not have the specified index: {name}")
    if index.definition.is_global and body.get("ConsistentRead"):
        raise validation("Consistent reads are not supported on global secondary indexes")
    return _Source(table, index)


def _wanted(
    body: Mapping[str, Any], source: _Source, projection: Projection | None, condition: Condition | None
) -> _Wanted:
    select, index = body.get("Select"), source.index
    fetch = False
    if index is not None:
        asked = () if projection is None else projection.top_level_names
        beyond = [name for name in asked if not index.definition.projects(name, source.table.schema)]
        everything = select == "ALL_ATTRIBUTES" and index.definition.projection.type != "ALL"
        if index.definition.is_global:
            _refuse_beyond(index.name, beyond, everything=everything)
        fetch = everything or bool(beyond)
    return _Wanted(condition, projection, select == "COUNT", fetch)


def _refuse_beyond(index: str, beyond: list[str], *, everything: bool) -> None:
    """A global index answers with what it projects, and nothing else."""
    if everything:
        raise invalid_parameters(
            f"Select type ALL_ATTRIBUTES is not supported for global secondary index {index} because its "
            "projection type is not ALL"
        )
    if beyond:
        raise invalid_parameters(
            f"Global secondary index {index} does not project [{', '.join(sorted(beyond))}]"
        )


# --- keys -------------------------------------------------------------------------------------------------


def _key_bounds(asked: KeyCondition, schema: KeySchema) -> Bounds:
    """The positions that the key condition asks for; raises for one that does not fit the key."""
    operands = () if asked.range is None else asked.range[2]
    typed = [(schema.hash, asked.hash_value), *((schema.range, operand) for operand in operands)]
    for attribute, value in typed:
        assert attribute is not None
        if attribute.type not in value:
            raise invalid_parameters("Condition parameter type does not match schema type")
        if not value[attribute.type]:
            raise empty_key(attribute)
    return bounds_of(asked.hash_value, None if asked.range is None else asked.range[1], operands)


def _check_filter(expressions: RequestExpressions, source: _Source) -> None:
    """A Query's filter is for what its key condition cannot say."""
    filtered = expressions.attributes_in("FilterExpression")
    for name in source.schema.names:
        if name in filtered:
            raise validation(
                f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}"
            )
    _check_projected(expressions, source)


def _check_projected(expressions: RequestExpressions, source: _Source) -> None:
    """An index is filtered by what it holds, a local one too."""
    if source.index is None:
        return
    filtered = expressions.attributes_in("FilterExpression")
    index, table = source.index.definition, source.table.schema
    beyond = sorted(name for name in filtered if not index.projects(name, table))
    if beyond:
        raise invalid_parameters(
            f"Secondary index {index.name} does not project one or more filter attributes: [{', '.join(beyond)}]"
        )


def _start_key(body: Mapping[str, Any]) -> Item | None:
    start = body.get("ExclusiveStartKey")
    return None if start is None else check_item(start)


def _check_start(source: _Source, start: Item) -> None:
    types = {**source.table.definition.types}
    fits = set(start) == set(source.key_names) and all(types[name] in start[name] for name in start)
    if fits:
        _check_start_contents(source, start)
        return
    if source.index is None:
        raise validation(
            "The provided starting key is invalid: The provided key element does not match the schema"
        )
    raise validation("The provided starting key is invalid")


def _check_start_contents(source: _Source, start: Item) -> None:
    for attribute in source.table.schema.attributes:
        if not start[attribute.name][attribute.type]:
            raise validation(f"The provided starting key is invalid: {empty_key(attribute).message}")


def _query_start(source: _Source, start: Item, bounds: Bounds) -> Position:
    _check_start(source, start)
    position = source.start_position(start)
    if position[:2] != bounds.low[:2]:
        raise validation("The provided starting key is outside query boundaries based on provided conditions")
    if not bounds.contain(position):
        raise validation("The provided starting key does not match the range key predicate")
    return position


def _scan_start(source: _Source, start: Item, bounds: Bounds, segment: int, total: int) -> Position:
    _check_start(source, start)
    position = source.start_position(start)
    if not bounds.contain(position):
        raise validation(
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
            f"correct Segment. TotalSegments: {total} Segment: {segment}"
        )
    return position


# --- the answer -------------------------------------------------------------------------------------------


def _answer(
    database: Database,
    body: Mapping[str, Any],
    source: _Source,
    page: Page,
    wanted: _Wanted,
    partition: Position | None,
) -> dict[str, Any]:
    rows = _fetched(source.table, page.rows) if wanted.fetch else page.rows
    consumed = _consumed(
        source, page, rows if wanted.fetch else [], consistent=bool(body.get("ConsistentRead"))
    )
    database.has_read(source.table, consumed, partition)
    items = [row.item for row in rows]
    if wanted.filter is not None:
        holds = wanted.filter.holds
        items = [item for item in items if holds(item)]
    answer: dict[str, Any] = {}
    if not wanted.count_only:
        answer["Items"] = items if wanted.projection is None else list(map(wanted.projection.of, items))
    answer["Count"] = len(items)
    answer["ScannedCount"] = len(page.rows)
    if page.last is not None:
        answer["LastEvaluatedKey"] = {name: page.last.item[name] for name in source.key_names}
    return with_capacity(answer, body, source.table.name, consumed)


def _fetched(table: Table, rows: list[Row]) -> list[Row]:
    """The table's rows behind those of a local index, which follows its table at once."""
    found = (table.rows.get(table.position(row.item)) for row in rows)
    return [row for row in found if row is not None]


def _consumed(source: _Source, page: Page, fetched: list[Row], *, consistent: bool) -> Consumed:
    """A whole page is rounded up once; what is fetched from the table is so row by row (D-5)."""
    units = read_units(page.size, consistent=consistent)
    if source.index is None:
        return Consumed(units)
    consumed = Consumed(sum([read_units(row.size, consistent=consistent) for row in fetched], 0.0))
    consumed.add_index(source.index.name, units, is_global=source.index.definition.is_global)
    return consumed
