// How does the process talk to Lambda? Over the Runtime API, on connections that are kept (L-40 to L-42).

import http from 'node:http';

import { errorPayload } from './errors.mjs';

const { request } = http; // code under test may replace it
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true });

/** Waits for the next invocation: `{id, deadline, functionArn, ..., payload}`; `deadline` in ms since the epoch. */
export async function nextInvocation() {
  const { headers, body } = await exchange('GET', '/invocation/next');
  return {
    id: headers['lambda-runtime-aws-request-id'],
    deadline: Number(headers['lambda-runtime-deadline-ms']),
    functionArn: headers['lambda-runtime-invoked-function-arn'],
    traceId: headers['lambda-runtime-trace-id'],
    clientContext: headers['lambda-runtime-client-context'],
    identity: headers['lambda-runtime-cognito-identity'],
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    payload: body,
  };
}

export async function postResponse(id, json) {
  await exchange('POST', `/invocation/${id}/response`, json);
}

export async function postInvocationError(id, error) {
  await postError(`/invocation/${id}/error`, error);
}

export async function postInitError(error) {
  await postError('/init/error', error);
}

async function postError(path, error) {
  const payload = errorPayload(error);
  // The header is for the service only; what HTTP forbids in one must not hide the error itself.
  const type = payload.errorType.replace(/[^\x20-\x7e]/g, '?');
  await exchange('POST', path, JSON.stringify(payload), { 'Lambda-Runtime-Function-Error-Type': type });
}

function exchange(method, path, json, fields = {}) {
  const body = json === undefined ? undefined : Buffer.from(json);
  const headers = body === undefined ? {} : { ...fields, 'Content-Type': 'application/json', 'Content-Length': body.length };
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, agent, method, headers, path: `/2018-06-01/runtime${path}` }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => resolve({ headers: answer.headers, body: Buffer.concat(chunks).toString() }));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
