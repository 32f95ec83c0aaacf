// `$default`: no route matched the message; the client is told so.

import { jsonObject, type ProxyResponse, type WebSocketEvent } from './lambdaEvents';
import { refuse } from './replies';

/** Posts one error message: the message is no JSON object, or its action is not known. */
export async function handler(event: WebSocketEvent): Promise<ProxyResponse> {
  const message = jsonObject(event.body ?? '');
  await refuse(event.requestContext, message === undefined ? 'BAD_JSON' : 'UNKNOWN_ACTION');
  return { statusCode: 200 };
}
