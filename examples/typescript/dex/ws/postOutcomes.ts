// Outcomes of posts: what the answer to one means, and when it is worth another try. Pure.

import type { Answer } from './httpResponse';

/** `failed`: the message was not taken; `transient` when the same post may succeed a little later. */
export type Outcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly reason: string; readonly transient: boolean };

/** The last outcome of each connection. */
export type PostReport = ReadonlyMap<string, Outcome>;

export const OUT_OF_TIME: Outcome = { kind: 'failed', reason: 'out of time', transient: true };

const DELIVERED: Outcome = { kind: 'delivered' };
const GONE: Outcome = { kind: 'gone' };

/** What an answer means; 429 and 5xx are transient, any other refusal is for good. */
export function outcomeOf({ status, errorType, body }: Answer): Outcome {
  if (status >= 200 && status < 300) return DELIVERED;
  if (status === 410) return GONE;
  const reason = [String(status), errorType, body.slice(0, 200)].filter(Boolean).join(' ');
  return { kind: 'failed', reason, transient: status === 429 || status >= 500 };
}

/** What it means that there was no answer. */
export function outcomeOfError(error: Error): Outcome {
  return { kind: 'failed', reason: `${error.name}: ${error.message}`, transient: true };
}

/** Whether another try may help. */
export function isTransient(outcome: Outcome): boolean {
  return outcome.kind === 'failed' && outcome.transient;
}

/** The ids of the connections that do not exist (any more). */
export function goneOf(report: PostReport): string[] {
  return [...report].filter(([, { kind }]) => kind === 'gone').map(([id]) => id);
}

/** One line per reason, with the connections it struck: a thousand of them must not be a thousand lines. */
export function failuresOf(report: PostReport): string[] {
  const struck = new Map<string, string[]>();
  for (const [id, outcome] of report) {
    if (outcome.kind === 'failed') struck.set(outcome.reason, [...(struck.get(outcome.reason) ?? []), id]);
  }
  return [...struck].map(([reason, ids]) => {
    const more = ids.length > 5 ? ` and ${ids.length - 5} more` : '';
    return `${reason} (${ids.slice(0, 5).join(', ')}${more})`;
  });
}

/** How often a post is tried. */
export const ATTEMPTS = 5;

const [FIRST_DELAY, LONGEST_DELAY] = [50, 1_000];

/** Milliseconds before the `retry`-th retry, the first being 1; `chance` in [0, 1) spreads the upper half. */
export function retryDelay(retry: number, chance: number): number {
  return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (retry - 1)) * (0.5 + chance / 2);
}
