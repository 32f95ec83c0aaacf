"""Events of the exchange's functions, as API Gateway and SNS write them."""

import json
from collections.abc import Mapping

from dex.ws.lambda_events import RequestContext, SnsEvent, WebSocketEvent

ONE = "PJqB0fHsqRcCHlw="
CONNECTED_AT = 1_701_245_041_796


def a_request_context() -> RequestContext:
    return {
        "connectionId": ONE,
        "requestId": "PJqCFEqHqRcFd0w=",
        "connectedAt": CONNECTED_AT,
        "domainName": "abc.execute-api.us-east-1.amazonaws.com",
        "stage": "prod",
    }


def a_connect(
    query: Mapping[str, str] | None = None, authorizer: Mapping[str, object] | None = None
) -> WebSocketEvent:
    request_context = a_request_context()
    if authorizer is not None:
        request_context["authorizer"] = authorizer
    event: WebSocketEvent = {"requestContext": request_context}
    if query is not None:
        event["queryStringParameters"] = query
    return event


def a_message(body: object) -> WebSocketEvent:
    text = body if isinstance(body, str) else json.dumps(body)
    return {"requestContext": a_request_context(), "body": text}


def a_delivery(*messages: object) -> SnsEvent:
    texts = [message if isinstance(message, str) else json.dumps(message) for message in messages]
    return {"Records": [{"Sns": {"MessageId": f"m{n}", "Message": text}} for n, text in enumerate(texts)]}
