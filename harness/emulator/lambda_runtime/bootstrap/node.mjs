// What a Node function's process runs: loads the handler, then takes one invocation after the other from the
// Runtime API (L-40 to L-42). It is the first code in the process but for `node_names.cjs`.

import { redirectConsole, logError } from './node/console.mjs';
import { UnhandledPromiseRejection } from './node/errors.mjs';
import { loadHandler } from './node/handler.mjs';
import { outcomeOf, whenNothingIsLeft } from './node/invocation.mjs';
import { nextInvocation, postInitError, postInvocationError, postResponse } from './node/runtime_api.mjs';

const EXIT_UNCAUGHT = 129;
const EXIT_UNHANDLED = 128;

// Who is told of an error that nothing caught: the caller of the invocation, before the first one INIT.
let reportError = postInitError;
let ending = false;

async function reportAndExit(title, error, status) {
  ending = true;
  logError(title, error);
  try {
    await reportError(error);
  } finally {
    process.exit(status);
  }
}

process.on('uncaughtException', (error) => reportAndExit('Uncaught Exception', error, EXIT_UNCAUGHT));
process.on('unhandledRejection', (reason) =>
  reportAndExit('Unhandled Promise Rejection', new UnhandledPromiseRejection(reason), EXIT_UNHANDLED),
);
process.on('beforeExit', whenNothingIsLeft);

async function serve(handler) {
  for (;;) {
    // A turn of the event loop, in which a rejection that nobody handles comes to light.
    await new Promise(setImmediate);
    if (ending) return;
    const invocation = await nextInvocation();
    const { id } = invocation;
    reportError = (error) => postInvocationError(id, error);
    const outcome = await outcomeOf(handler, invocation);
    if ('error' in outcome) {
      logError('Invoke Error', outcome.error);
      await postInvocationError(id, outcome.error);
    } else {
      await postResponse(id, outcome.json);
    }
  }
}

redirectConsole();
serve(await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER));
