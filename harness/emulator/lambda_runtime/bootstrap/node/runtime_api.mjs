// How does the process talk to Lambda? Over the Runtime API, on connections that are kept (L-40 to L-42).

import { errorPayload } from './errors.mjs';
import { exchange } from './runtime_connection.mjs';

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
