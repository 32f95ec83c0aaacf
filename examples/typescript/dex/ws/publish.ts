// Publishes one matcher event, as a matcher does: to try the fan-out by hand (`aws lambda invoke`).

import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { Resource } from 'sst';

import type { JsonObject } from './lambdaEvents';

const client = new SNSClient();

/** The message's id. */
export async function handler(matcherEvent: JsonObject): Promise<{ messageId: string | undefined }> {
  const { MessageId } = await client.send(
    new PublishCommand({ TopicArn: Resource.MarketUpdates.arn, Message: JSON.stringify(matcherEvent) }),
  );
  return { messageId: MessageId };
}
