"""Rooms behind a queue: SNS fills it with the bare messages, fan_out reads batches and scans the table."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

import boto3

Event = Mapping[str, Any]

EXPIRY, LIFETIME = "expireAt", 24 * 3600

table: Any = boto3.resource("dynamodb").Table(os.environ["TABLE"])
api: Any = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["API"])


def remember(connection: str, room: str) -> None:
    table.update_item(
        Key={"connectionId": connection},
        UpdateExpression=f"SET rooms = :rooms, {EXPIRY} = :at",
        ExpressionAttributeValues={":rooms": {room}, ":at": int(time.time()) + LIFETIME},
    )


def forget(connection: str) -> None:
    table.delete_item(Key={"connectionId": connection})


def rows() -> Iterator[Mapping[str, Any]]:
    page = table.scan()
    yield from page["Items"]
    while "LastEvaluatedKey" in page:
        page = table.scan(ExclusiveStartKey=page["LastEvaluatedKey"])
        yield from page["Items"]


def receivers(room: str) -> list[str]:
    return [row["connectionId"] for row in rows() if room in row["rooms"]]


def payload(text: str) -> str:
    return text


def send(connection: str, text: str) -> None:
    api.post_to_connection(ConnectionId=connection, Data=text.encode())


def deliver(connection: str, text: str) -> None:
    try:
        send(connection, text)
    except api.exceptions.GoneException:
        forget(connection)


def broadcast(text: str) -> None:
    message = payload(text)
    for connection in receivers(json.loads(text)["room"]):
        deliver(connection, message)


def connect(event: Event, context: object) -> object:
    remember(event["requestContext"]["connectionId"], event["queryStringParameters"]["room"])
    return {"statusCode": 200}


def subscribe(event: Event, context: object) -> object:
    remember(event["requestContext"]["connectionId"], json.loads(event["body"])["channel"])
    return {"statusCode": 200}


def disconnect(event: Event, context: object) -> object:
    forget(event["requestContext"]["connectionId"])
    return {"statusCode": 200}


def fan_out(event: Event, context: object) -> object:
    for record in event["Records"]:
        broadcast(record["body"])
    return None
