"""A backend whose fan-out takes its time, or leaves a process behind that posts on by itself."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import boto3

Event = Mapping[str, Any]

POSTS_ON = """
import os, sys, time
import boto3
api = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["API"])
time.sleep(float(sys.argv[3]))
for _ in range(1_000):
    api.post_to_connection(ConnectionId=sys.argv[1], Data=sys.argv[2])
    time.sleep(0.05)
"""

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
api = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["API"])


def connect(event: Event, context: object) -> dict[str, int]:
    room = event["queryStringParameters"]["room"]
    table.put_item(Item={"id": event["requestContext"]["connectionId"], "room": room})
    return {"statusCode": 200}


def disconnect(event: Event, context: object) -> dict[str, int]:
    table.delete_item(Key={"id": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}


def fan_out(event: Event, context: object) -> None:
    for record in event["Records"]:
        text = record["Sns"]["Message"]
        for row in table.scan()["Items"]:
            if row["room"] == json.loads(text)["room"]:
                api.post_to_connection(ConnectionId=str(row["id"]), Data=text)


def slow(event: Event, context: object) -> None:
    """Three events a second, on an environment that is alone."""
    time.sleep(0.3)
    fan_out(event, context)


def posts_on(event: Event, context: object) -> None:
    """Leaves a process in a session of its own, which posts after `DELAY` seconds, and again and again."""
    fan_out(event, context)
    for row in table.scan()["Items"]:
        words = (str(row["id"]), event["Records"][0]["Sns"]["Message"], os.environ["DELAY"])
        subprocess.Popen([sys.executable, "-c", POSTS_ON, *words], start_new_session=True)
