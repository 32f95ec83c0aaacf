"""Answers' further members: consumed capacity and item collections, where a request asks for them."""

from collections.abc import Mapping
from typing import Any

from harness.emulator.dynamodb.attribute_values import Item
from harness.emulator.dynamodb.capacity import Consumed, described
from harness.emulator.dynamodb.table import Table


def with_capacity(
    answer: dict[str, Any], body: Mapping[str, Any], table: str, consumed: Consumed
) -> dict[str, Any]:
    """The answer, with ConsumedCapacity if ReturnConsumedCapacity asks for it (D-6)."""
    wanted = body.get("ReturnConsumedCapacity") or "NONE"
    if wanted != "NONE":
        answer["ConsumedCapacity"] = described(consumed, table, wanted)
    return answer


def with_capacities(
    answer: dict[str, Any],
    body: Mapping[str, Any],
    consumed: Mapping[str, Consumed],
    *,
    kind: str | None = None,
) -> dict[str, Any]:
    """The same for operations on several tables; `kind` as transactions tell it."""
    wanted = body.get("ReturnConsumedCapacity") or "NONE"
    if wanted != "NONE":
        answer["ConsumedCapacity"] = [
            described(one, table, wanted, kind=kind) for table, one in consumed.items()
        ]
    return answer


def item_collection(table: Table, item: Item) -> dict[str, Any] | None:
    """ItemCollectionMetrics of the item's collection; None for a table without local indexes, which has none.

    Collections here are far from 10 GB: the estimate is always the lowest that AWS gives.
    """
    if all(index.definition.is_global for index in table.indexes.values()):
        return None
    name = table.schema.hash.name
    return {"ItemCollectionKey": {name: item[name]}, "SizeEstimateRangeGB": [0.0, 1.0]}


def with_item_collection(
    answer: dict[str, Any], body: Mapping[str, Any], table: Table, item: Item
) -> dict[str, Any]:
    """The answer, with ItemCollectionMetrics if ReturnItemCollectionMetrics asks for it."""
    if body.get("ReturnItemCollectionMetrics") == "SIZE":
        metrics = item_collection(table, item)
        if metrics is not None:
            answer["ItemCollectionMetrics"] = metrics
    return answer
