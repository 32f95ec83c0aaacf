"""A backend whose fan-out hears of an event by a detour, and whose pushes say nothing of it but the room."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import boto3

Event = Mapping[str, Any]

rooms = boto3.resource("dynamodb").Table(os.environ["ROOMS"])
said = boto3.resource("dynamodb").Table(os.environ["SAID"])
api = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["API"])


def connect(event: Event, context: object) -> dict[str, int]:
    room = event["queryStringParameters"]["room"]
    rooms.put_item(Item={"id": event["requestContext"]["connectionId"], "room": room})
    return {"statusCode": 200}


def disconnect(event: Event, context: object) -> dict[str, int]:
    rooms.delete_item(Key={"id": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}


def bridge(event: Event, context: object) -> None:
    """Hands the room on, by the way that it is named for."""
    for record in event["Records"]:
        room = json.loads(record["Sns"]["Message"])["room"]
        match room:
            case "bus":
                entry = {"Source": "bridges", "DetailType": "said", "Detail": json.dumps({"room": room})}
                boto3.client("events").put_events(Entries=[entry])
            case "queue":
                boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=room)
            case "stream":
                said.put_item(Item={"id": record["Sns"]["MessageId"], "room": room})
            case "direct":
                payload = json.dumps({"room": room}).encode()
                boto3.client("lambda").invoke(FunctionName=os.environ["FAN_OUT"], Payload=payload)


def fan_out(event: Event, context: object) -> None:
    """Says in the room that something was said, and with LEAKS in the garden too."""
    for room in _rooms_of(event):
        heard = {room, "garden"} if os.environ["LEAKS"] == "yes" else {room}
        for row in rooms.scan()["Items"]:
            if row["room"] in heard:
                api.post_to_connection(ConnectionId=str(row["id"]), Data=b'{"said":true}')


def _rooms_of(event: Event) -> Iterator[str]:
    if "detail" in event:
        yield event["detail"]["room"]
    elif "Records" not in event:
        yield event["room"]
    for record in event.get("Records", ()):
        if record["eventSource"] == "aws:sqs":
            yield record["body"]
        elif record["eventName"] == "INSERT":
            yield record["dynamodb"]["NewImage"]["room"]["S"]
