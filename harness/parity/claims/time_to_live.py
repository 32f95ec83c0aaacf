"""Claims about a table's time to live: what it is set to, and what it does not do (section 4, TTL)."""

import time
from typing import Any

from harness.parity.claim import Area
from harness.parity.claims.tables import EXPIRES, INDEX, Table, error_of, table
from harness.parity.doors import Doors

TIME_TO_LIVE = Area("TTL attribute")
_claim = TIME_TO_LIVE.claim


def _expiring_table(doors: Doors) -> Table:
    made = table(doors)

    def enable() -> object:
        specification = {"Enabled": True, "AttributeName": EXPIRES}
        made.dynamodb.update_time_to_live(TableName=made.name, TimeToLiveSpecification=specification)
        return made

    doors.once("time to live", enable)
    return made


@_claim(
    "the attribute that says when rows expire is one attribute of the table",
    *("D-40", "D-46"),
    aws={"TimeToLiveStatus": "on", "AttributeName": EXPIRES},
)
def _described(doors: Doors) -> object:
    made = _expiring_table(doors)
    described = made.dynamodb.describe_time_to_live(TableName=made.name)["TimeToLiveDescription"]
    status = described.get("TimeToLiveStatus")
    return described | {"TimeToLiveStatus": "on" if status in ("ENABLING", "ENABLED") else status}


@_claim(
    "a row that has expired is there until it is deleted: read, queried, scanned",
    *("D-42", "D-43"),
    aws={"get": True, "query": True, "scan": True},
)
def _still_there(doors: Doors) -> object:
    made, channel = _expiring_table(doors), doors.name("channel")
    key = made.put(channel={"S": channel}, **{EXPIRES: {"N": str(int(time.time()) - 1)}})
    row = made.dynamodb.get_item(TableName=made.name, Key={"pk": {"S": key}, "sk": {"S": "META"}})
    scanned = made.dynamodb.get_paginator("scan").paginate(TableName=made.name, ConsistentRead=True)
    return {
        "get": "Item" in row,
        "query": made.found(channel) == [key],
        "scan": key in {item["pk"]["S"] for page in scanned for item in page["Items"]},
    }


@_claim("a row that has expired can be rescued by an update", "D-43", aws={"expires": "4102444800"})
def _rescued(doors: Doors) -> object:
    made = _expiring_table(doors)
    key = made.put(**{EXPIRES: {"N": str(int(time.time()) - 1)}})
    answer: Any = made.dynamodb.update_item(
        TableName=made.name,
        Key={"pk": {"S": key}, "sk": {"S": "META"}},
        UpdateExpression="SET #e = :e",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeNames={"#e": EXPIRES},
        ExpressionAttributeValues={":e": {"N": "4102444800"}},
        ReturnValues="UPDATED_NEW",
    )
    return {"expires": answer["Attributes"][EXPIRES]["N"]}


@_claim("an expiry that is no number is taken without an error", "D-40", aws="no error")
def _text(doors: Doors) -> object:
    made = _expiring_table(doors)
    return error_of(lambda: made.put(**{EXPIRES: {"S": "tomorrow"}}))


@_claim("expired rows can be left out by a filter, which counts them as scanned", "D-43", "D-4", aws=[1, 2])
def _filtered(doors: Doors) -> object:
    made, channel, now = _expiring_table(doors), doors.name("channel"), int(time.time())
    for expires in (now - 1, now + 3600):
        made.put(channel={"S": channel}, **{EXPIRES: {"N": str(expires)}})
    made.found(channel)
    answer = made.dynamodb.query(
        TableName=made.name,
        IndexName=INDEX,
        KeyConditionExpression="channel = :c",
        FilterExpression="#e > :now",
        ExpressionAttributeNames={"#e": EXPIRES},
        ExpressionAttributeValues={":c": {"S": channel}, ":now": {"N": str(now)}},
    )
    return [answer["Count"], answer["ScannedCount"]]
