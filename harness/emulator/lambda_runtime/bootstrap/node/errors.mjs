// What does the caller see of an error: its type, its message, its trace (L-22, L-65)?

import { types } from 'node:util';

class RuntimeError extends Error {
  get name() {
    return `Runtime.${this.constructor.name}`;
  }
}

export class ImportModuleError extends RuntimeError {}
export class HandlerNotFound extends RuntimeError {}
export class MalformedHandlerName extends RuntimeError {}

export class UserCodeSyntaxError extends RuntimeError {
  constructor(reason) {
    super(reason);
    // Only the stack of the SyntaxError begins with its file and line; for an ES module Node keeps these to itself.
    if (reason instanceof SyntaxError) this.stack = `${this.name}: ${reason}\n${reason.stack}`;
  }
}

export class UnhandledPromiseRejection extends RuntimeError {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

export class NodeJsExit extends RuntimeError {
  constructor() {
    super(
      'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a ' +
        'Promise that was never settled. For more information, see ' +
        'https://nodejs.org/docs/latest/api/process.html#process_exit_codes',
    );
  }
}

/** The error payload; anything may be thrown, so a value that is no error is shown by its type. */
export function errorPayload(error) {
  try {
    if (isError(error)) {
      return { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split('\n') };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    // Reading the thrown value threw, by a getter or a proxy: nothing of it can be told.
    const message = 'callback called with Error argument, but there was a problem while retrieving one or more of';
    return { errorType: 'handled', errorMessage: `${message} its message, name, and stack` };
  }
}

/** The error as JSON for the log, with all that it carries. */
export function formatted(error) {
  try {
    return JSON.stringify(error, (_, value) => (value instanceof Error ? withProperties(value) : value)) ?? String(error);
  } catch {
    return JSON.stringify(errorPayload(error)); // a cycle, or a getter that throws
  }
}

function isError(value) {
  const texts = [value?.name, value?.message, value?.stack];
  return types.isNativeError(value) || texts.every((text) => typeof text === 'string' && text !== '');
}

function withProperties(error) {
  const { name, message, code, stack } = error;
  return { errorType: name, errorMessage: message, code, ...error, stack: String(stack).split('\n') };
}
