// Connections table: what it holds, and how it is read and changed.
//
// One row per connection: `pk = WS#<connectionId>`, `sk = META`, `connectedAt` (milliseconds), `expireAt` (epoch
// seconds, the table's TTL attribute), and, only where known, `traderId` and `channel`. The index by channel is sparse:
// a row without `channel` is not in it, and an attribute is left out rather than written as null.

import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  paginateQuery,
  paginateScan,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { Resource } from 'sst';

import { type Channel, channelName, traderOf } from './channels';
import { connectionLookup, indexName } from './environment';

/** Seconds until a row expires that nobody deleted; a connection itself ends after two hours at most. */
export const LIFETIME = 24 * 3600;

const PREFIX = 'WS#';

/** A row. `connectedAt` is in milliseconds, `expireAt` in seconds, both since the epoch. */
export interface Connection {
  readonly connectionId: string;
  readonly connectedAt: number;
  readonly expireAt: number;
  readonly traderId?: string | undefined;
  readonly channel?: Channel | undefined;
}

/** What came of storing a channel; `forbidden`: the connection is not bound to the channel's trader. */
export type Subscribed = 'stored' | 'forbidden' | 'absent';

// Built while the environment starts, which has a burst of CPU, and not while the first client waits for its answer.
const client = new DynamoDBClient({
  maxAttempts: 5,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000 },
});
const table = { TableName: Resource.Connections.name };

/** Writes a new connection's row. */
export async function putConnection(connection: Connection): Promise<void> {
  await client.send(new PutItemCommand({ ...table, Item: itemOf(connection) }));
}

/**
 * Stores the channel on the row in one conditional write, so that a check cannot be outrun.
 *
 * A row that is gone stays gone: UpdateItem alone would create one.
 */
export async function storeChannel(connectionId: string, channel: Channel): Promise<Subscribed> {
  const trader = traderOf(channel);
  try {
    await client.send(
      new UpdateItemCommand({
        ...table,
        Key: keyOf(connectionId),
        UpdateExpression: 'SET #channel = :channel',
        ConditionExpression: 'attribute_exists(pk)' + (trader === undefined ? '' : ' AND traderId = :trader'),
        ExpressionAttributeNames: { '#channel': 'channel' },
        ExpressionAttributeValues: {
          ':channel': { S: channelName(channel) },
          ...(trader === undefined ? {} : { ':trader': { S: trader } }),
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return error.Item === undefined ? 'absent' : 'forbidden'; // the row comes with the refusal, if there is one
  }
  return 'stored';
}

/**
 * Deletes the row, and says whether it is gone; one that was gone before is as good.
 *
 * With `connectedBefore` (milliseconds) a row that is not that old stays.
 */
export async function deleteConnection(connectionId: string, connectedBefore?: number): Promise<boolean> {
  const condition =
    connectedBefore === undefined
      ? {}
      : {
          ConditionExpression: 'attribute_not_exists(connectedAt) OR connectedAt < :before',
          ExpressionAttributeValues: { ':before': { N: String(connectedBefore) } },
        };
  try {
    await client.send(new DeleteItemCommand({ ...table, Key: keyOf(connectionId), ...condition }));
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
  return true;
}

/** The ids of all connections whose row names the channel, in no particular order. */
export async function subscribersOf(channel: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { Items } of pagesOf(channel)) {
    for (const { pk } of Items ?? []) {
      if (pk?.S !== undefined) found.push(pk.S.slice(PREFIX.length));
    }
  }
  return found;
}

// The SDK's paginators read on after a page that is empty and still not the last.
function pagesOf(channel: string) {
  const reading = {
    ...table,
    ProjectionExpression: 'pk',
    ExpressionAttributeNames: { '#channel': 'channel' },
    ExpressionAttributeValues: { ':channel': { S: channel } },
  };
  const condition = '#channel = :channel';
  switch (connectionLookup()) {
    case 'query':
      return paginateQuery({ client }, { ...reading, IndexName: indexName(), KeyConditionExpression: condition });
    case 'scan':
      return paginateScan({ client }, { ...reading, FilterExpression: condition });
  }
}

function keyOf(connectionId: string): Record<string, AttributeValue> {
  return { pk: { S: PREFIX + connectionId }, sk: { S: 'META' } };
}

function itemOf({ connectionId, connectedAt, expireAt, traderId, channel }: Connection): Record<string, AttributeValue> {
  return {
    ...keyOf(connectionId),
    connectedAt: { N: String(connectedAt) },
    expireAt: { N: String(expireAt) },
    ...(traderId === undefined ? {} : { traderId: { S: traderId } }),
    ...(channel === undefined ? {} : { channel: { S: channelName(channel) } }),
  };
}
