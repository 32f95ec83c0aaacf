"""Claims about global secondary indexes, by which fan-out finds its receivers (section 4)."""

import time

from harness.parity.claim import Area
from harness.parity.claims.tables import INDEX, Table, error_of, table
from harness.parity.doors import WAIT, Doors

GLOBAL_INDEXES = Area("GSI")
_claim = GLOBAL_INDEXES.claim
VALIDATION = {"status": 400, "code": "ValidationException"}


def _in_the_end(made: Table, channel: str, keys: list[str]) -> list[str]:
    """What the index holds of the channel once that is `keys`, or when `WAIT` seconds have passed (D-9)."""
    deadline = time.monotonic() + WAIT
    while (found := made.found(channel)) != sorted(keys) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@_claim("an index finds the rows of one key, and no others", "D-9", aws={"here": 2, "there": 1})
def _finds(doors: Doors) -> object:
    made = table(doors)
    here, there = doors.name("channel"), doors.name("channel")
    keys = {
        channel: [made.put(channel={"S": channel}) for _ in range(n)]
        for channel, n in ((here, 2), (there, 1))
    }
    found = {channel: _in_the_end(made, channel, keys[channel]) for channel in keys}
    return {name: len(set(found[one]) & set(keys[one])) for name, one in (("here", here), ("there", there))}


@_claim(
    "a row without the index's key is not in the index",
    "D-10",
    aws={"in the table": True, "in the index": False},
)
def _sparse(doors: Doors) -> object:
    made = table(doors)
    key = made.put()
    row = made.dynamodb.get_item(TableName=made.name, Key={"pk": {"S": key}, "sk": {"S": "META"}})
    rows = made.dynamodb.get_paginator("scan").paginate(TableName=made.name, IndexName=INDEX)
    indexed = {item["pk"]["S"] for page in rows for item in page["Items"]}
    return {"in the table": "Item" in row, "in the index": key in indexed}


@_claim("a row that changes its key moves in the index", "D-9", "D-7", aws={"before": 0, "after": 1})
def _moves(doors: Doors) -> object:
    made, before, after = table(doors), doors.name("channel"), doors.name("channel")
    key = made.put(channel={"S": before})
    made.dynamodb.update_item(
        TableName=made.name,
        Key={"pk": {"S": key}, "sk": {"S": "META"}},
        UpdateExpression="SET channel = :c",
        ExpressionAttributeValues={":c": {"S": after}},
    )
    return {
        "after": len(_in_the_end(made, after, [key])),
        "before": len(_in_the_end(made, before, [])),
    }


@_claim("a row that is deleted leaves the index", "D-9", aws=0)
def _leaves(doors: Doors) -> object:
    made, channel = table(doors), doors.name("channel")
    key = made.put(channel={"S": channel})
    _in_the_end(made, channel, [key])
    made.dynamodb.delete_item(TableName=made.name, Key={"pk": {"S": key}, "sk": {"S": "META"}})
    return len(_in_the_end(made, channel, []))


@_claim(
    "a query of an index goes on by LastEvaluatedKey, which holds the keys of both",
    *("D-1", "D-2"),
    aws={"first": 2, "keys": ["channel", "pk", "sk"], "all": 3},
)
def _pages(doors: Doors) -> object:
    made, channel = table(doors), doors.name("channel")
    keys = [made.put(channel={"S": channel}) for _ in range(3)]
    _in_the_end(made, channel, keys)
    first = made.by_channel(channel, Limit=2)
    last = first.get("LastEvaluatedKey", {})
    rest = made.by_channel(channel, ExclusiveStartKey=last) if last else {"Count": 0}
    return {"first": first["Count"], "keys": sorted(last), "all": first["Count"] + rest["Count"]}


@_claim(
    "a consistent read of an index is refused",
    "D-8",
    aws=VALIDATION | {"message": "Consistent reads are not supported on global secondary indexes"},
)
def _consistent(doors: Doors) -> object:
    made = table(doors)
    return error_of(lambda: made.by_channel("c", ConsistentRead=True))


@_claim(
    "an index key of the type NULL is refused",
    "D-11",
    aws=VALIDATION
    | {
        "message": "One or more parameter values were invalid: Type mismatch for Index Key channel "
        "Expected: S Actual: NULL IndexName: ByChannel"
    },
)
def _null(doors: Doors) -> object:
    made = table(doors)
    return error_of(lambda: made.put(channel={"NULL": True}))


@_claim(
    "an index key that is empty text is refused",
    "D-13",
    aws=VALIDATION
    | {
        "message": "One or more parameter values are not valid. A value specified for a secondary index key is not "
        "supported. The AttributeValue for a key attribute cannot contain an empty string value. "
        "IndexName: ByChannel, IndexKey: channel"
    },
)
def _empty(doors: Doors) -> object:
    made = table(doors)
    return error_of(lambda: made.put(channel={"S": ""}))


@_claim(
    "an update of a row that is gone makes a partial row, unless a condition forbids it",
    *("D-21", "D-22"),
    aws={
        "guarded": VALIDATION
        | {"code": "ConditionalCheckFailedException", "message": "The conditional request failed"},
        "bare": ["channel", "pk", "sk"],
    },
)
def _ghost(doors: Doors) -> object:
    made = table(doors)
    asked = {
        "TableName": made.name,
        "Key": {"pk": {"S": doors.name("gone")}, "sk": {"S": "META"}},
        "UpdateExpression": "SET channel = :c",
        "ExpressionAttributeValues": {":c": {"S": doors.name("channel")}},
    }
    update = made.dynamodb.update_item
    guarded = error_of(lambda: update(**asked, ConditionExpression="attribute_exists(pk)"))
    return {"guarded": guarded, "bare": sorted(update(**asked, ReturnValues="ALL_NEW")["Attributes"])}
