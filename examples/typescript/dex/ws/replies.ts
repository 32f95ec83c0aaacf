// Replies to clients whose messages are refused.

import type { WebSocketEvent } from './lambdaEvents';
import { managementApi } from './managementApi';
import { failuresOf } from './postOutcomes';

/** By a code that is stable, for programs: a message for people. */
const MESSAGES = {
  BAD_JSON: 'A message must be a JSON object.',
  BAD_CHANNEL: 'A channel is market.<symbol>, trader.<uuid> or admin.<symbol>.',
  CHANNEL_FORBIDDEN: 'This connection may not read that channel.',
  NOT_CONNECTED: 'This connection is no longer registered; connect again.',
  UNKNOWN_ACTION: 'The action is unknown; send {"action":"subscribe","channel":...}.',
} as const;

export type RefusalCode = keyof typeof MESSAGES;

type Caller = Pick<WebSocketEvent['requestContext'], 'connectionId' | 'requestId'>;

const WITHIN = 5_000;

/** Posts the error message to the caller; a caller who has left meanwhile is not told. */
export async function refuse({ connectionId, requestId }: Caller, code: RefusalCode): Promise<void> {
  const text = JSON.stringify({ type: 'error', code, message: MESSAGES[code], requestId });
  const report = await managementApi.post([connectionId], Buffer.from(text), WITHIN);
  for (const line of failuresOf(report)) console.error(`${connectionId} was not told ${code}: ${line}`);
}
