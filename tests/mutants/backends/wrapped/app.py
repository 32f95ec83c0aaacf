"""Rooms in one table of many kinds of rows: SNS hands an event over, and clients get it inside an envelope."""

import json
import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3

Event = Mapping[str, Any]

TABLE = os.environ["TABLE"]
EXPIRY, LIFETIME = "expireAt", 24 * 3600

dynamodb: Any = boto3.client("dynamodb")
api: Any = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["API"])
pool = ThreadPoolExecutor(max_workers=4)


def remember(connection: str, room: str) -> None:
    forget(connection)
    expires = {"N": str(int(time.time()) + LIFETIME)}
    item = {"pk": {"S": f"WS#{connection}"}, "sk": {"S": f"ROOM#{room}"}, EXPIRY: expires}
    dynamodb.put_item(TableName=TABLE, Item=item)


def forget(connection: str) -> None:
    for key in keys_of(connection):
        dynamodb.delete_item(TableName=TABLE, Key=key)


def keys_of(connection: str) -> list[dict[str, Any]]:
    rows = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :room)",
        ExpressionAttributeValues={":pk": {"S": f"WS#{connection}"}, ":room": {"S": "ROOM#"}},
    )
    return [{"pk": row["pk"], "sk": row["sk"]} for row in rows["Items"]]


def receivers(room: str) -> list[str]:
    pages = dynamodb.get_paginator("query").paginate(
        TableName=TABLE,
        IndexName="ByRoom",
        KeyConditionExpression="sk = :room",
        ExpressionAttributeValues={":room": {"S": f"ROOM#{room}"}},
    )
    return [row["pk"]["S"].removeprefix("WS#") for page in pages for row in page["Items"]]


def payload(text: str) -> str:
    return json.dumps({"type": "update", "detail": json.loads(text)})


def send(connection: str, text: str) -> None:
    api.post_to_connection(ConnectionId=connection, Data=text.encode())


def deliver(connection: str, text: str) -> None:
    try:
        send(connection, text)
    except api.exceptions.GoneException:
        forget(connection)


def broadcast(text: str) -> None:
    message = payload(text)
    waiting = [
        pool.submit(deliver, connection, message) for connection in receivers(json.loads(text)["room"])
    ]
    for one in waiting:
        one.result()


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
