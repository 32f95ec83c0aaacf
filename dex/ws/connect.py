"""`$connect`: who may open a socket; the connection gets a row."""

import time

from dex.ws.channels import Audience, Channel, is_symbol, is_trader_id
from dex.ws.connections_table import LIFETIME, Connection, open_table
from dex.ws.lambda_events import LambdaContext, ProxyResponse, WebSocketEvent


def handler(event: WebSocketEvent, context: LambdaContext) -> ProxyResponse:
    """200 once the row is written, 400 for a market or trader that cannot be one (C-2, C-3)."""
    connection = connection_of(event, now=time.time())
    if connection is None:
        return {"statusCode": 400}
    open_table().put(connection)
    return {"statusCode": 200}


def connection_of(event: WebSocketEvent, *, now: float) -> Connection | None:
    """The row that the handshake asks for; None when its `traderId` or `market` is malformed.

    The authorizer's `traderId` wins over the query string's, which anybody can write. A blank one is none.
    """
    request_context = event["requestContext"]
    query = event.get("queryStringParameters") or {}
    authorizer = request_context.get("authorizer") or {}
    trader_id = str(authorizer.get("traderId") or query.get("traderId") or "")
    market = query.get("market") or ""
    if (trader_id and not is_trader_id(trader_id)) or (market and not is_symbol(market)):
        return None
    return Connection(
        connection_id=request_context["connectionId"],
        connected_at=request_context["connectedAt"],
        expire_at=int(now) + LIFETIME,
        trader_id=trader_id or None,
        channel=Channel(Audience.MARKET, market) if market else None,
    )
