// How do the lines of a function look in its log? As Lambda's text format has them, on standard output:
// time, request id, level and message, with tabs between.

import { format } from 'node:util';

import { formatted } from './errors.mjs';

const LEVELS = { log: 'INFO', debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR', trace: 'TRACE', fatal: 'FATAL' };

let requestId;
const write = process.stdout.write.bind(process.stdout);

/** Names the invocation whose lines follow. */
export function logFor(id) {
  requestId = id;
}

/** Sends what `console` is told to the log. */
export function redirectConsole() {
  for (const [name, level] of Object.entries(LEVELS)) {
    console[name] = (...parts) => writeLine(level, format(...parts));
  }
}

/** Logs an error that nobody caught, as the runtime does: a title, then the error as JSON. */
export function logError(title, error) {
  writeLine('ERROR', `${title} \t${formatted(error)}`);
}

// A message of several lines is one log event; carriage returns keep it together.
function writeLine(level, message) {
  const line = [new Date().toISOString(), requestId, level, message].map(String).join('\t');
  write(`${line.replaceAll('\n', '\r')}\n`);
}
