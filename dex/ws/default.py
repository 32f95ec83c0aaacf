"""`$default`: no route matched the message; the client is told so."""

from dex.ws.lambda_events import LambdaContext, ProxyResponse, WebSocketEvent, json_object
from dex.ws.replies import BAD_JSON, UNKNOWN_ACTION, refuse


def handler(event: WebSocketEvent, context: LambdaContext) -> ProxyResponse:
    """Posts one error message: the message is no JSON object, or its action is not known (R-6)."""
    message = json_object(event.get("body", ""))
    refuse(event["requestContext"], BAD_JSON if message is None else UNKNOWN_ACTION)
    return {"statusCode": 200}
