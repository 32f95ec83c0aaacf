"""Rooms: fan-outs that are right, as applications build them, and others that are wrong in what they post, or when.

Which of them serves an event is its room's name.
"""

import json
import os
import threading
from collections.abc import Mapping
from typing import Any

import boto3

Event = Mapping[str, Any]

dynamodb: Any = boto3.client("dynamodb")
api: Any = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["API"])
waiting: list[tuple[str, str]] = []


def connect(event: Event, context: object) -> object:
    item = {"id": event["requestContext"]["connectionId"], "room": event["queryStringParameters"]["room"]}
    dynamodb.put_item(
        TableName=os.environ["TABLE"], Item={name: {"S": value} for name, value in item.items()}
    )
    return {"statusCode": 200}


def disconnect(event: Event, context: object) -> object:
    dynamodb.delete_item(
        TableName=os.environ["TABLE"], Key={"id": {"S": event["requestContext"]["connectionId"]}}
    )
    return {"statusCode": 200}


def members(room: str) -> list[str]:
    rows = dynamodb.scan(TableName=os.environ["TABLE"])["Items"]
    return [row["id"]["S"] for row in rows if row["room"]["S"] == room]


def post(connection: str, text: str) -> None:
    api.post_to_connection(ConnectionId=connection, Data=text.encode())


def fan_out(event: Event, context: object) -> None:
    served_by = globals()[room_of(text_of(event))]
    if served_by is not drops:
        served_by(event, context)


def post_to(room: str, text: str) -> None:
    for connection in members(room):
        post(connection, text)


def text_of(event: Event) -> str:
    text: str = event["Records"][0]["Sns"]["Message"]
    return text


def room_of(text: str) -> str:
    room: str = json.loads(text)["room"]
    return room


# --- right --------------------------------------------------------------------------------------------------


def wraps_the_records(event: Event, context: object) -> None:
    """Whatever SNS gave."""
    post_to(room_of(text_of(event)), json.dumps(event["Records"]))


def wraps_in_detail(event: Event, context: object) -> None:
    """An envelope of its own, and a reordered event in it."""
    said = dict(sorted(json.loads(text_of(event)).items()))
    post_to(room_of(text_of(event)), json.dumps({"detail": said}))


# --- wrong --------------------------------------------------------------------------------------------------


def _leaking(event: Event, text: str) -> None:
    post_to(room_of(text_of(event)), text_of(event))
    post_to("garden", text)


def leaks_without_the_id(event: Event, context: object) -> None:
    said = json.loads(text_of(event))
    del said["eventId"]
    _leaking(event, json.dumps(said))


def leaks_a_batch(event: Event, context: object) -> None:
    _leaking(event, json.dumps({"batch": [json.loads(text_of(event))]}))


def leaks_in_its_own_words(event: Event, context: object) -> None:
    _leaking(event, json.dumps({"tick": json.loads(text_of(event))["price"]}))


def doubles_a_member(event: Event, context: object) -> None:
    text = text_of(event)
    post_to(room_of(text), text.replace('"price":', '"price":666,"price":'))


def drops(event: Event, context: object) -> None:
    """Of a queue with raw delivery: what it was handed is in its log, and nowhere else."""
    print([record["body"] for record in event["Records"] if room_of(record["body"]) == "drops"])


def posts_later(event: Event, context: object) -> None:
    """Returns before its posts are made: the next invocation finds them waiting."""
    text = text_of(event)
    due, waiting[:] = waiting[:], [(connection, text) for connection in members(room_of(text))]
    threads = [threading.Thread(target=post, args=one) for one in due]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
