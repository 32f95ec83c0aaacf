"""A small fan-out in Python as teams write it: each bug that everybody ships once, beside the handler that is right.

One row per connection: `id`, `channel`, and what a test adds. The scan is on purpose: half of these bugs live there.
"""

import json
import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

Event = Mapping[str, Any]

table: Any = boto3.resource("dynamodb").Table(os.environ["TABLE"])
api: Any = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["API"])
PADDING = "x" * int(os.environ.get("PADDING", "0"))
LIFETIME = int(os.environ.get("LIFETIME", "86400"))


# --- $connect and $disconnect -------------------------------------------------------------------------------


def _row(event: Event) -> dict[str, Any]:
    query = event.get("queryStringParameters") or {}
    expires = int(time.time()) + LIFETIME
    row = {"id": event["requestContext"]["connectionId"], "padding": PADDING, "expireAt": expires}
    return row | ({"channel": query["channel"]} if "channel" in query else {})


def connect(event: Event, context: object) -> dict[str, int]:
    """Leaves out what is not known."""
    table.put_item(Item=_row(event))
    return {"statusCode": 200}


def connect_with_null(event: Event, context: object) -> dict[str, int]:
    """Writes null for what is not known, into the key of an index."""
    table.put_item(Item={"channel": None, **_row(event)})
    return {"statusCode": 200}


def connect_with_ttl(event: Event, context: object) -> dict[str, int]:
    """Writes the time to live under a name that the table's TTL does not know."""
    row = _row(event)
    row["ttl"] = row.pop("expireAt")
    table.put_item(Item=row)
    return {"statusCode": 200}


def disconnect(event: Event, context: object) -> dict[str, int]:
    """Deletes the row."""
    table.delete_item(Key={"id": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}


# --- fan-out ------------------------------------------------------------------------------------------------


def _rows(*, pages: int | None = None) -> Iterable[dict[str, Any]]:
    """The rows of so many pages of a Scan, of all without a number."""
    page = table.scan()
    yield from page["Items"]
    read = 1
    while "LastEvaluatedKey" in page and read != pages:
        page = table.scan(ExclusiveStartKey=page["LastEvaluatedKey"])
        yield from page["Items"]
        read += 1


def _send(text: str, row: Mapping[str, Any]) -> None:
    if row.get("channel") == json.loads(text)["channel"]:
        api.post_to_connection(ConnectionId=row["id"], Data=text)


def _purge(row: Mapping[str, Any]) -> None:
    table.delete_item(Key={"id": row["id"]})


def fan_out(event: Event, context: object) -> None:
    """Every record, every page; who is gone is purged, and hurts nobody else."""
    for record in event["Records"]:
        for row in _rows():
            try:
                _send(record["Sns"]["Message"], row)
            except api.exceptions.GoneException:
                _purge(row)


def client_error_first(event: Event, context: object) -> None:
    """`GoneException` is a `ClientError`, so its own branch is never reached."""
    for record in event["Records"]:
        for row in _rows():
            try:
                _send(record["Sns"]["Message"], row)
            except ClientError as error:
                print("not delivered:", error)
            except api.exceptions.GoneException:
                _purge(row)


def first_record_only(event: Event, context: object) -> None:
    """Takes for granted that an event has one record."""
    fan_out({"Records": event["Records"][:1]}, context)


def first_page_only(event: Event, context: object) -> None:
    """Takes one page of a Scan for the table."""
    for row in _rows(pages=1):
        _send(event["Records"][0]["Sns"]["Message"], row)


def once_per_message(event: Event, context: object) -> None:
    """Bears that SNS delivers a message twice: whoever writes the message's row first sends it."""
    for record in event["Records"]:
        try:
            table.put_item(
                Item={"id": f"sent:{record['Sns']['MessageId']}", "expireAt": int(time.time()) + 3600},
                ConditionExpression="attribute_not_exists(id)",
            )
        except table.meta.client.exceptions.ConditionalCheckFailedException:
            continue
        fan_out({"Records": [record]}, context)
