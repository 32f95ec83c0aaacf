"""`subscribe`: the channel that the connection wants from now on, if it may read it."""

from dex.ws.channels import Channel, parse_channel
from dex.ws.connections_table import Subscribed, open_table
from dex.ws.lambda_events import LambdaContext, ProxyResponse, WebSocketEvent, json_object
from dex.ws.replies import BAD_CHANNEL, BAD_JSON, CHANNEL_FORBIDDEN, NOT_CONNECTED, Refusal, refuse

_REFUSALS = {
    Subscribed.STORED: None,
    Subscribed.FORBIDDEN: CHANNEL_FORBIDDEN,
    Subscribed.ABSENT: NOT_CONNECTED,
}


def handler(event: WebSocketEvent, context: LambdaContext) -> ProxyResponse:
    """Stores the channel on the connection's row, or posts an error message and changes nothing.

    200 either way: on a message route the status says nothing to the client (R-18).
    """
    channel = requested_channel(event.get("body", ""))
    if isinstance(channel, Channel):
        refusal = _REFUSALS[open_table().subscribe(event["requestContext"]["connectionId"], channel)]
    else:
        refusal = channel
    if refusal is not None:
        refuse(event["requestContext"], refusal)
    return {"statusCode": 200}


def requested_channel(body: str) -> Channel | Refusal:
    """The channel that a message asks for. Lenient route selection can bring a body that is no JSON (R-9)."""
    message = json_object(body)
    if message is None:
        return BAD_JSON
    return parse_channel(message.get("channel")) or BAD_CHANNEL
