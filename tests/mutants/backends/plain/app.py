"""Rooms: SNS hands an event to fan_out, which looks its room up in an index and posts the text as it came."""

import json
import os
import time
from collections.abc import Mapping
from typing import Any

import boto3
from boto3.dynamodb.conditions import Key

Event = Mapping[str, Any]

EXPIRY, LIFETIME = "expireAt", 24 * 3600

table: Any = boto3.resource("dynamodb").Table(os.environ["TABLE"])
api: Any = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["API"])


def remember(connection: str, room: str) -> None:
    table.put_item(Item={"id": connection, "room": room, EXPIRY: int(time.time()) + LIFETIME})


def forget(connection: str) -> None:
    table.delete_item(Key={"id": connection})


def receivers(room: str) -> list[str]:
    found: list[str] = []
    asked: dict[str, Any] = {"IndexName": "ByRoom", "KeyConditionExpression": Key("room").eq(room)}
    while True:
        page = table.query(**asked)
        found += [row["id"] for row in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return found
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


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
        broadcast(record["Sns"]["Message"])
    return None
