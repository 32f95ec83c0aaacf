"""Rows of a run among those of others."""

from collections.abc import Collection, Iterator
from math import inf
from typing import Any, cast

import pytest

from harness.errors import UsageError
from harness.outside.run_rows import RowKey, RunRows
from harness.stack.model import Stack

STACK = Stack.model_validate(
    {
        "name": "chat",
        "tables": {"rooms": {"name": "Rooms", "hash_key": "pk", "range_key": "sk"}},
        "topics": {"messages": {"name": "Messages"}},
        "functions": {"connect": {"handler": "app.connect"}},
        "api": {"name": "chat", "routes": {"$connect": "connect"}},
        "connections": {"table": "rooms", "connection_id": {"attribute": "pk", "prefix": "WS#"}},
    }
)


class SharedTable:
    """A table in which others write too; takes Scan and DeleteItem, and nothing else."""

    def __init__(self, *connections: str) -> None:
        self.connections = set(connections)
        self.scanned: list[dict[str, object]] = []

    def get_paginator(self, operation: str) -> "SharedTable":
        assert operation == "scan"
        return self

    def paginate(self, **asked: object) -> Iterator[dict[str, Any]]:
        self.scanned.append(asked)
        for one in sorted(self.connections):
            items = [{"pk": {"S": f"WS#{one}"}, "sk": {"S": "META"}}]
            yield {"Items": items, "ConsumedCapacity": {"CapacityUnits": 1.0}}

    def delete_item(self, *, TableName: str, Key: RowKey) -> None:  # noqa: N803 - AWS's names
        assert (TableName, Key["sk"]) == ("prod-rooms", {"S": "META"})
        self.connections.remove(Key["pk"]["S"].removeprefix("WS#"))


class Allowed:
    """Notes what was allowed to be deleted."""

    def __init__(self) -> None:
        self.keys: list[RowKey] = []

    def __call__(self, keys: Collection[RowKey]) -> None:
        self.keys += keys


def rows_of(table: SharedTable, allow: Allowed | None, *, read_units: float = inf) -> RunRows:
    return RunRows(cast(Any, table), "prod-rooms", stack=STACK, allow=allow, read_units=read_units)


def test_who_was_there_before_is_not_of_the_run() -> None:
    table = SharedTable("old", "older")
    rows = rows_of(table, None)

    rows.begin()
    table.connections |= {"mine", "mine-too"}

    assert rows.connections() == ("mine", "mine-too")


def test_only_keys_are_read() -> None:
    table = SharedTable()
    rows_of(table, None).begin()
    assert table.scanned == [
        {
            "TableName": "prod-rooms",
            "ConsistentRead": True,
            "ProjectionExpression": "#0, #1",
            "ExpressionAttributeNames": {"#0": "pk", "#1": "sk"},
            "ReturnConsumedCapacity": "TOTAL",
        }
    ]


def test_what_others_had_and_what_comes_later_stays() -> None:
    table, allowed = SharedTable("old"), Allowed()
    rows = rows_of(table, allowed)
    rows.begin()
    table.connections |= {"mine", "mine-too"}
    rows.connections()
    table.connections |= {"later"}
    table.connections -= {"mine-too"}

    assert rows.clear(opened=2) == 1

    assert table.connections == {"old", "later"}
    assert allowed.keys == [{"pk": {"S": "WS#mine"}, "sk": {"S": "META"}}]


@pytest.mark.parametrize(
    ("allow", "opened"),
    [
        pytest.param(None, 2, id="it is not allowed"),
        pytest.param(Allowed(), 1, id="more rows came than connections were opened"),
    ],
)
def test_nothing_is_deleted_when(allow: Allowed | None, opened: int) -> None:
    table = SharedTable("old")
    rows = rows_of(table, allow)
    rows.begin()
    table.connections |= {"mine", "whose"}
    rows.connections()

    assert rows.clear(opened=opened) == 0
    assert table.connections == {"old", "mine", "whose"}


def test_a_scenario_that_was_cut_short_deletes_nothing_of_the_one_before() -> None:
    table = SharedTable()
    rows = rows_of(table, Allowed())
    rows.begin()
    table.connections |= {"mine"}
    rows.connections()
    rows.begin()

    assert rows.clear(opened=1) == 0
    assert table.connections == {"mine"}


def test_reading_ends_when_it_has_cost_what_it_may() -> None:
    rows = rows_of(SharedTable("one", "two"), None, read_units=3)

    rows.begin()

    with pytest.raises(
        UsageError, match=r"^reading the rows of prod-rooms again and again costs more than --max-cost"
    ):
        rows.connections()


def test_strangers_that_stay_are_no_sign_of_life() -> None:
    table = SharedTable("old")
    rows = rows_of(table, None)
    rows.begin()
    still = rows.fingerprint()
    table.connections -= {"old"}
    assert rows.fingerprint() == still
    table.connections |= {"mine"}
    assert rows.fingerprint() != still
