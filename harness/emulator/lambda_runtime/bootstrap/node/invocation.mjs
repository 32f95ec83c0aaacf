// What comes of one invocation: `{json}` when the handler returned, `{error}` when it failed?
//
// A handler may return a promise, call back, or use `succeed`, `fail` and `done` of its context; the first word
// counts (L-6).

import { logFor } from './console.mjs';
import { NodeJsExit } from './errors.mjs';

const AsyncFunction = (async () => {}).constructor;

let whenEmpty = () => {};

/** To be called whenever the event loop has run dry. */
export function whenNothingIsLeft() {
  const act = whenEmpty;
  whenEmpty = () => {};
  act();
}

/** Runs the handler; settles as soon as its outcome may be sent. */
export function outcomeOf(handler, invocation) {
  logFor(invocation.id);
  process.env._X_AMZN_TRACE_ID = invocation.traceId;
  return new Promise((resolve) => {
    const words = wordsOf(handler, resolve);
    try {
      const result = handler(JSON.parse(invocation.payload), contextOf(invocation, words), words.callback);
      if (typeof result?.then === 'function') result.then(words.succeed, words.fail);
    } catch (error) {
      words.callback(error);
    }
  });
}

// What the handler may say, and what it says by saying nothing until the event loop is empty.
function wordsOf(handler, resolve) {
  const flags = { waits: true };
  const end = (outcome) => {
    whenEmpty = () => {};
    resolve(outcome);
  };
  // An immediate keeps the process alive until what waits for the outcome has seen it.
  const endWhenEmpty = (outcome) => {
    whenEmpty = () => setImmediate(end, outcome);
  };
  const done = (error, result) => end(outcomeFrom(error, result));
  endWhenEmpty(handler instanceof AsyncFunction ? { error: new NodeJsExit() } : { json: 'null' });
  const say = once();
  return {
    flags,
    callback: say((error, result) => {
      const outcome = outcomeFrom(error, result);
      if (flags.waits && 'json' in outcome) endWhenEmpty(outcome);
      else end(outcome);
    }),
    succeed: say((result) => done(null, result)),
    fail: say((error) => done(error ?? 'handled')),
    done: say(done),
  };
}

// Wraps functions so that only the first call to any of them counts.
function once() {
  let called = false;
  return (act) => (...args) => {
    if (called) return;
    called = true;
    act(...args);
  };
}

function outcomeFrom(error, result) {
  if (error !== null && error !== undefined) return { error };
  try {
    return { json: JSON.stringify(result) ?? 'null' };
  } catch {
    // A cycle, a BigInt, a toJSON that throws: Lambda tells no more than this.
    return { error: new Error('Unable to stringify response body') };
  }
}

function contextOf(invocation, { flags, succeed, fail, done }) {
  return {
    get callbackWaitsForEmptyEventLoop() {
      return flags.waits;
    },
    set callbackWaitsForEmptyEventLoop(waits) {
      flags.waits = waits;
    },
    succeed,
    fail,
    done,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed(invocation.clientContext),
    identity: parsed(invocation.identity),
    invokedFunctionArn: invocation.functionArn,
    awsRequestId: invocation.id,
    tenantId: invocation.tenantId,
    getRemainingTimeInMillis: () => invocation.deadline - Date.now(),
  };
}

function parsed(header) {
  return header === undefined ? undefined : JSON.parse(header);
}
