"""A small application, as its files: rooms, and messages that reach the clients in a room."""

from pathlib import Path

APP = """
import json, os
import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def connect(event, context):
    room = event["queryStringParameters"]["room"]
    table.put_item(Item={"id": event["requestContext"]["connectionId"], "channel": room})
    return {"statusCode": 200}


def disconnect(event, context):
    table.delete_item(Key={"id": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}


def fan_out(event, context):
    api = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["API"])
    for record in event["Records"]:
        text = record["Sns"]["Message"]
        for row in table.scan()["Items"]:
            if row["channel"] == json.loads(text)["room"]:
                api.post_to_connection(ConnectionId=row["id"], Data=text)
"""

STACK = """
name: chat
tables:
  rooms: {name: Rooms, hash_key: id}
topics:
  messages: {name: Messages}
functions:
  connect: {handler: app.connect, environment: &environment {TABLE: "${tables.rooms.name}"}}
  disconnect: {handler: app.disconnect, environment: *environment}
  fan_out:
    handler: app.fan_out
    subscribed_to: [messages]
    environment: {TABLE: "${tables.rooms.name}", API: "${api.management_endpoint}"}
api:
  name: chat
  routes: {$connect: connect, $disconnect: disconnect}
connections: {table: rooms, connection_id: {attribute: id}}
feed:
  channels: [{channel: "{room}"}]
  connect_channels: {room: "{room}"}
"""

SCENARIO = """
scenario: A message reaches its room, and no other
clients:
  kitchen: {count: 2, query: {room: kitchen}}
  garden: {query: {room: garden}}
timeline:
  - at: 0s
    publish: {room: kitchen, text: dinner is ready}
"""

LAGGING = """
scenario: A late index is no excuse
dynamodb: {index_lag: 50ms}
clients:
  kitchen: {query: {room: kitchen}}
timeline:
  - at: 0s
    publish: {room: kitchen, text: dinner is ready}
"""

LONG = """
scenario: Dinner is called for a long time
clients:
  kitchen: {query: {room: kitchen}}
timeline:
  - at: 0s
    every: 200ms
    for: 60s
    publish: {room: kitchen, text: "dinner is ready, call {n}"}
"""


def a_project(folder: Path, **scenarios: str) -> Path:
    """The folder, with the application in it and these scenarios by name."""
    (folder / "app.py").write_text(APP)
    (folder / "stack.yaml").write_text(STACK)
    (folder / "scenarios").mkdir(exist_ok=True)
    for name, text in (scenarios or {"rooms": SCENARIO}).items():
        (folder / "scenarios" / f"{name}.yaml").write_text(text)
    return folder
