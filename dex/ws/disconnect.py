"""`$disconnect`: the socket is closed, for whatever cause; its row goes."""

from dex.ws.connections_table import open_table
from dex.ws.lambda_events import LambdaContext, ProxyResponse, WebSocketEvent


def handler(event: WebSocketEvent, context: LambdaContext) -> ProxyResponse:
    """Deletes the row. AWS may never call it (X-1); then the fan-out finds the row by its 410."""
    open_table().delete(event["requestContext"]["connectionId"])
    return {"statusCode": 200}
