"""Handlers that are wrong in what they answer, where they post and what they leave behind."""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import boto3
from botocore.exceptions import ClientError

from dex.ws import connect as real_connect
from dex.ws import environment
from dex.ws.lambda_events import LambdaContext, WebSocketEvent

Event = Mapping[str, Any]


def answers_nothing(event: WebSocketEvent, context: LambdaContext) -> None:
    """Forgets to return."""
    real_connect.handler(event, context)


def takes_itself_for_failed(event: WebSocketEvent, context: LambdaContext) -> dict[str, int]:
    """Says 500, for whoever looks."""
    return {"statusCode": 500}


def posts_to_nowhere(event: Event, context: LambdaContext) -> None:
    """Makes the endpoint of a variable that nobody has set."""
    host = environment.management_endpoint().split("/")[2]
    stage = os.environ.get("STAGE_THAT_NOBODY_SET")
    api = boto3.client("apigatewaymanagementapi", endpoint_url=f"http://{host}/{stage}")
    for connection in ("L0SM9cOFvHcCIhw=", "L0SM9cOFvHcCIhx="):
        with suppress(ClientError):
            api.post_to_connection(ConnectionId=connection, Data=b"{}")


def leaves_the_row(event: WebSocketEvent, context: LambdaContext) -> dict[str, int]:
    """$disconnect that tidies nothing up."""
    return {"statusCode": 200}


def _connects(event: WebSocketEvent, context: LambdaContext, change: str, value: int) -> Mapping[str, object]:
    """The real thing, and a change of the row's expiry."""
    answer = real_connect.handler(event, context)
    boto3.client("dynamodb").update_item(
        TableName=environment.table_name(),
        Key={"pk": {"S": f"WS#{event['requestContext']['connectionId']}"}, "sk": {"S": "META"}},
        UpdateExpression=change,
        ExpressionAttributeValues={":time": {"N": str(value)}},
    )
    return answer


def expires_by_another_name(event: WebSocketEvent, context: LambdaContext) -> Mapping[str, object]:
    """The table's TTL is `expireAt`."""
    return _connects(event, context, "SET expiresAt = :time REMOVE expireAt", int(time.time()) + 86_400)


def expires_in_milliseconds(event: WebSocketEvent, context: LambdaContext) -> Mapping[str, object]:
    """As JavaScript counts time."""
    return _connects(event, context, "SET expireAt = :time", (int(time.time()) + 86_400) * 1000)


def expires_in_an_hour(event: WebSocketEvent, context: LambdaContext) -> Mapping[str, object]:
    """Sooner than anybody thought."""
    return _connects(event, context, "SET expireAt = :time", int(time.time()) + 3600)
