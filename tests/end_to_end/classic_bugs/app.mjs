// A small fan-out in JavaScript as teams write it: each bug that everybody ships once, beside the handler that is right.
import { ApiGatewayManagementApi } from '@aws-sdk/client-apigatewaymanagementapi';
import aws from 'aws-sdk';

const endpoint = process.env.API;
const table = new aws.DynamoDB.DocumentClient({ params: { TableName: process.env.TABLE } });
const v2 = new aws.ApiGatewayManagementApi({ endpoint });
const v3 = new ApiGatewayManagementApi({ endpoint });

const postByV2 = (id, text) => v2.postToConnection({ ConnectionId: id, Data: text }).promise();
const postByV3 = (id, text) => v3.postToConnection({ ConnectionId: id, Data: text });
const purge = (id) => table.delete({ Key: { id } }).promise();

const subscribers = async (text) => {
  const { Items } = await table.scan().promise();
  const { channel } = JSON.parse(text);
  return Items.filter((row) => row.channel === channel).map((row) => row.id);
};

// Posts to everybody; `ifRefused` deals with who could not be reached.
const fanOut = (post, ifRefused) => async ({ Records }) => {
  for (const record of Records) {
    const text = record.Sns.Message;
    const ids = await subscribers(text);
    await Promise.all(ids.map((id) => post(id, text).catch((error) => ifRefused(error, id))));
  }
};

const ifStatusCode = (error, id) => (error.statusCode === 410 ? purge(id) : console.error(error.message));
const ifName = (error, id) => (error.name === 'GoneException' ? purge(id) : console.error(error.message));

export const statusCodeOfV2 = fanOut(postByV2, ifStatusCode);
// SDK v3 has no error.statusCode: it is error.$metadata.httpStatusCode, or error.name.
export const statusCodeOfV3 = fanOut(postByV3, ifStatusCode);
export const nameOfV3 = fanOut(postByV3, ifName);

const soon = () => new Promise((resolve) => setTimeout(resolve, 1000));
// Collects for a second, to delete in one go; nobody waits for it, and the environment is frozen before.
export const purgeNotAwaited = fanOut(postByV3, (error, id) => { soon().then(() => purge(id)); });
export const purgeAwaited = fanOut(postByV3, (error, id) => soon().then(() => purge(id)));

// One rejected post rejects them all, so that the invocation fails and nobody is purged.
export const oneRejectsAll = async ({ Records: [record] }) => {
  const text = record.Sns.Message;
  const ids = await subscribers(text);
  await Promise.all(ids.map((id) => postByV3(id, text)));
};
export const allSettled = async ({ Records: [record] }) => {
  const text = record.Sns.Message;
  const ids = await subscribers(text);
  const outcomes = await Promise.allSettled(ids.map((id) => postByV3(id, text)));
  await Promise.all(ids.filter((_, n) => outcomes[n].reason?.name === 'GoneException').map(purge));
};
