// `$connect`: who may open a socket; the connection gets a row.

import { isSymbol, isTraderId } from './channels';
import { type Connection, LIFETIME, putConnection } from './connectionsTable';
import type { ProxyResponse, WebSocketEvent } from './lambdaEvents';

/** 200 once the row is written, 400 for a market or trader that cannot be one. */
export async function handler(event: WebSocketEvent): Promise<ProxyResponse> {
  const connection = connectionOf(event, Date.now());
  if (connection === undefined) return { statusCode: 400 };
  await putConnection(connection);
  return { statusCode: 200 };
}

/**
 * The row that the handshake asks for; undefined when its `traderId` or `market` is malformed.
 *
 * The authorizer's `traderId` wins over the query string's, which anybody can write. A blank one is none.
 */
function connectionOf(event: WebSocketEvent, now: number): Connection | undefined {
  const { connectionId, connectedAt, authorizer } = event.requestContext;
  const query = event.queryStringParameters ?? {};
  const traderId = String(authorizer?.['traderId'] || query['traderId'] || '');
  const market = query['market'] ?? '';
  if ((traderId && !isTraderId(traderId)) || (market && !isSymbol(market))) return undefined;
  return {
    connectionId,
    connectedAt,
    expireAt: Math.floor(now / 1000) + LIFETIME,
    traderId: traderId || undefined,
    channel: market ? { audience: 'market', subject: market } : undefined,
  };
}
