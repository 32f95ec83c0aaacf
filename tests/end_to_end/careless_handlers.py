"""Handlers that are wrong in what they answer, where they post and what they leave behind."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import boto3

from dex.ws import connect as real_connect
from dex.ws import environment
from dex.ws.lambda_events import LambdaContext

Event = Mapping[str, Any]


def answers_nothing(event: Event, context: LambdaContext) -> None:
    """Forgets to return."""
    real_connect.handler(event, context)


def takes_itself_for_failed(event: Event, context: LambdaContext) -> dict[str, int]:
    """Says 500, for whoever looks."""
    return {"statusCode": 500}


def posts_to_nowhere(event: Event, context: LambdaContext) -> None:
    """Makes the endpoint of a variable that nobody has set."""
    host = environment.management_endpoint().split("/")[2]
    stage = os.environ.get("STAGE_THAT_NOBODY_SET")
    for connection in ("L0SM9cOFvHcCIhw=", "L0SM9cOFvHcCIhx="):
        request = urllib.request.Request(f"http://{host}/{stage}/@connections/{connection}", data=b"{}")
        try:
            urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            print(json.dumps({"level": "INFO", "message": f"HTTPError {error.code}"}))


def leaves_the_row(event: Event, context: LambdaContext) -> dict[str, int]:
    """$disconnect that tidies nothing up."""
    return {"statusCode": 200}


def _writes(event: Event, **attributes: Mapping[str, str]) -> dict[str, int]:
    boto3.client("dynamodb").put_item(
        TableName=environment.table_name(),
        Item={
            "pk": {"S": f"WS#{event['requestContext']['connectionId']}"},
            "sk": {"S": "META"},
            **attributes,
        },
    )
    return {"statusCode": 200}


def expires_by_another_name(event: Event, context: LambdaContext) -> dict[str, int]:
    """The table's TTL is `expireAt`."""
    return _writes(event, expiresAt={"N": str(int(time.time()) + 86_400)})


def expires_in_milliseconds(event: Event, context: LambdaContext) -> dict[str, int]:
    """As JavaScript counts time."""
    return _writes(event, expireAt={"N": str((int(time.time()) + 86_400) * 1000)})


def expires_in_an_hour(event: Event, context: LambdaContext) -> dict[str, int]:
    """Sooner than anybody thought."""
    return _writes(event, expireAt={"N": str(int(time.time()) + 3600)})
