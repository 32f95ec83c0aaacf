// Events that API Gateway and SNS hand to a handler, beyond what the types of the community say.

import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2 } from 'aws-lambda';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A route's event. The query is there on `$connect` only, the authorizer's values where the route has one. */
export type WebSocketEvent = Omit<APIGatewayProxyWebsocketEventV2, 'requestContext'> & {
  queryStringParameters?: Readonly<Record<string, string>> | null;
  requestContext: APIGatewayProxyWebsocketEventV2['requestContext'] & { authorizer?: JsonObject | null };
};

/** On a message route the status says nothing to the client; on `$connect` it decides. */
export type ProxyResponse = APIGatewayProxyResultV2;

/** The JSON object in the text; undefined when it holds anything else, or nests too deeply to be read. */
export function jsonObject(text: string): JsonObject | undefined {
  const value = parsed(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}
