// Fan-out: a matcher event that was published goes to everybody who is subscribed to it.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Context, SNSEvent } from 'aws-lambda';

import { channelOf } from './channels';
import { deleteConnection, subscribersOf } from './connectionsTable';
import { jsonObject } from './lambdaEvents';
import { LONGEST_MESSAGE, managementApi } from './managementApi';
import { failuresOf, goneOf } from './postOutcomes';

/** Milliseconds: `$connect` has 29 seconds at most, so an older connection is open or gone, never opening. */
const LONGEST_HANDSHAKE = 30_000;

/** Milliseconds that API Gateway is given between the end of `$connect` and the open socket. */
const OPENING_TAKES = 50;

/** How much of the remaining time posting may take; a timed-out invocation would be retried as a whole. */
const SHARE_OF_TIME = 0.8;

const DELETES_AT_ONCE = 8;

/** A message and the channel that it goes to. */
interface Push {
  readonly data: Buffer;
  readonly channel: string;
}

/**
 * Posts each record's message to all subscribers of its channel, and deletes the rows of those gone.
 *
 * Rejects only for a table that cannot be read, when nobody has got that record's message: Lambda then tries again.
 * For a connection that cannot be reached it only logs, since another attempt would send the message once more to
 * everyone else.
 */
export async function handler(event: SNSEvent, context: Context): Promise<void> {
  const timeLeft = (): number => context.getRemainingTimeInMillis();
  const unread: unknown[] = [];
  for (const { Sns } of event.Records) {
    const push = pushOf(Sns.Message);
    if (typeof push === 'string') {
      console.error(`message ${Sns.MessageId} is skipped: ${push}`);
      continue;
    }
    // All pages are read before the first post, so that a page that cannot be read leaves nobody served.
    const subscribers = await subscribersOf(push.channel).catch((error: unknown) => {
      unread.push(error);
      return [];
    });
    await send(push, subscribers, timeLeft);
  }
  if (unread.length > 0) throw unread[0];
}

/** What a published text asks to be pushed, itself unchanged; in words, why it cannot be. */
function pushOf(text: string): Push | string {
  const matcherEvent = jsonObject(text);
  if (matcherEvent === undefined) return 'it is not a JSON object';
  const channel = channelOf(matcherEvent);
  if (channel === undefined) return `its ${String(matcherEvent['type'])} names no receiver`;
  const data = Buffer.from(text);
  if (data.length > LONGEST_MESSAGE) return `its ${data.length} bytes are too many to post (413)`;
  return { data, channel };
}

async function send(push: Push, subscribers: readonly string[], timeLeft: () => number): Promise<void> {
  const report = await managementApi.post(subscribers, push.data, timeLeft() * SHARE_OF_TIME);
  for (const line of failuresOf(report)) console.error(`not delivered: ${line}`);
  const gone = goneOf(report);
  if (gone.length > 0) await purge(gone, timeLeft);
}

/**
 * Deletes the rows of connections that are gone, but not of those that are not there yet.
 *
 * `$connect` writes the row before the socket opens, and a post in between is answered 410 as well. To delete that row
 * would leave a client that is connected and never hears anything, so a young connection is looked at once more. It is
 * not posted to again: the message came before the socket opened, and would now perhaps come after a newer one.
 */
async function purge(gone: readonly string[], timeLeft: () => number): Promise<void> {
  const perhapsOpening = await deleteRows(gone, Date.now() - LONGEST_HANDSHAKE);
  if (perhapsOpening.length === 0) return;
  await sleep(OPENING_TAKES);
  const looked = await managementApi.look(perhapsOpening, timeLeft() * SHARE_OF_TIME);
  await deleteRows(goneOf(looked));
}

/** Deletes rows, several at a time, and returns the ids of those that are too young for it. */
async function deleteRows(connectionIds: readonly string[], connectedBefore?: number): Promise<string[]> {
  const tooYoung: string[] = [];
  const waiting = connectionIds.values();
  const workOff = async (): Promise<void> => {
    for (const id of waiting) {
      if (!(await deleteRow(id, connectedBefore))) tooYoung.push(id);
    }
  };
  await Promise.all(Array.from({ length: DELETES_AT_ONCE }, workOff));
  return tooYoung;
}

async function deleteRow(connectionId: string, connectedBefore: number | undefined): Promise<boolean> {
  try {
    return await deleteConnection(connectionId, connectedBefore);
  } catch (error) {
    // The row stays, and the next event's 410 finds it again.
    console.error(`row of ${connectionId} is not deleted: ${String(error)}`);
    return true;
  }
}
