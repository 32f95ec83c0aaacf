// `subscribe`: the channel that the connection wants from now on, if it may read it.

import { parseChannel } from './channels';
import { storeChannel, type Subscribed } from './connectionsTable';
import { jsonObject, type ProxyResponse, type WebSocketEvent } from './lambdaEvents';
import { refuse, type RefusalCode } from './replies';

const REFUSALS: Readonly<Record<Subscribed, RefusalCode | undefined>> = {
  stored: undefined,
  forbidden: 'CHANNEL_FORBIDDEN',
  absent: 'NOT_CONNECTED',
};

/** Stores the channel on the connection's row, or posts an error message and changes nothing. */
export async function handler(event: WebSocketEvent): Promise<ProxyResponse> {
  const refusal = await refusalOf(event);
  if (refusal !== undefined) await refuse(event.requestContext, refusal);
  return { statusCode: 200 };
}

/** Why the message is refused; undefined once its channel is stored. The body may be no JSON: routing is lenient. */
async function refusalOf(event: WebSocketEvent): Promise<RefusalCode | undefined> {
  const message = jsonObject(event.body ?? '');
  if (message === undefined) return 'BAD_JSON';
  const channel = parseChannel(message['channel']);
  if (channel === undefined) return 'BAD_CHANNEL';
  return REFUSALS[await storeChannel(event.requestContext.connectionId, channel)];
}
