"""Recording function behind every claim: it sends what it was invoked with to a queue, then does as it is told.

Deployed as it is, so it imports nothing of ours. A client tells it in the query of its handshake (`tell`) or in a
field of its message (`tell`), as JSON: `{"return": <response>}`, `{"raise": <message>}`, and `{"post": true}` to post
to the connection itself first. It always posts on a disconnect, which nobody can tell it anything with.
"""

import json
import os
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_QUICK = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 1})
_sqs = boto3.client("sqs", config=_QUICK)
_management = boto3.client(
    "apigatewaymanagementapi", endpoint_url=os.environ["MANAGEMENT_ENDPOINT"], config=_QUICK
)


def handler(event: dict[str, Any], context: object) -> object:
    """Reports `{"event": ..., "post": how the post to its own connection ended, or null}`."""
    told = _told(event)
    asked = event.get("requestContext", {})
    posts = told.get("post") or asked.get("eventType") == "DISCONNECT"
    report = {"event": event, "post": _post(asked.get("connectionId", "")) if posts else None}
    _sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps(report))
    if "raise" in told:
        raise RuntimeError(told["raise"])
    return told.get("return", {"statusCode": 200})


def _told(event: dict[str, Any]) -> dict[str, Any]:
    text = (event.get("queryStringParameters") or {}).get("tell")
    if text is None:
        text = event.get("body") or "{}"
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    told = told.get("tell", told) if isinstance(told, dict) else {}
    return told if isinstance(told, dict) else {}


def _post(connection_id: str) -> object:
    try:
        answer = _management.post_to_connection(ConnectionId=connection_id, Data=b"from the function")
    except ClientError as error:
        metadata: Any = error.response["ResponseMetadata"]
        return {"status": metadata["HTTPStatusCode"], "code": error.response["Error"]["Code"]}
    except BotoCoreError as error:
        return {"status": None, "code": str(error)}
    return {"status": answer["ResponseMetadata"]["HTTPStatusCode"], "code": None}
