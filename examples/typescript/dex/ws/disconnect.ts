// `$disconnect`: the socket is closed, for whatever cause; its row goes.

import { deleteConnection } from './connectionsTable';
import type { ProxyResponse, WebSocketEvent } from './lambdaEvents';

/** Deletes the row. AWS may never call it; then the fan-out finds the row by its 410. */
export async function handler(event: WebSocketEvent): Promise<ProxyResponse> {
  await deleteConnection(event.requestContext.connectionId);
  return { statusCode: 200 };
}
