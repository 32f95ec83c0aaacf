// Order in which many connections are tried, and tried again, with a few requests in flight.

import { setTimeout as sleep } from 'node:timers/promises';

import { ATTEMPTS, isTransient, OUT_OF_TIME, type Outcome, type PostReport, retryDelay } from './postOutcomes';

/** One message's way to its connections: `attempt` is one request, `inFlight` bounds how many there are at once. */
export class Round {
  private readonly outcomes = new Map<string, Outcome>();
  private readonly waiting: { id: string; retry: number }[] = [];
  private readonly retries: Promise<void>[] = [];
  private readonly timeIsUp = new AbortController();
  private workers = 0;

  constructor(
    connectionIds: Iterable<string>,
    private readonly attempt: (id: string) => Promise<Outcome>,
    private readonly inFlight: number,
  ) {
    for (const id of new Set(connectionIds)) {
      this.outcomes.set(id, OUT_OF_TIME);
      this.waiting.push({ id, retry: 0 });
    }
  }

  /** The last outcome of each connection, when every one has ended; out of time after `within` milliseconds. */
  async report(within: number, giveUp: () => void): Promise<PostReport> {
    const timer = setTimeout(() => {
      this.timeIsUp.abort();
      giveUp();
    }, within);
    await Promise.all(Array.from({ length: Math.min(this.inFlight, this.outcomes.size) }, () => this.workOff()));
    for (let retry = this.retries.pop(); retry !== undefined; retry = this.retries.pop()) await retry;
    clearTimeout(timer);
    return this.outcomes;
  }

  /** Takes one waiting connection after the other; where all are busy, one of them takes what is waiting. */
  private async workOff(): Promise<void> {
    if (this.workers === this.inFlight) return;
    this.workers += 1;
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      if (this.timeIsUp.signal.aborted) break;
      const { id, retry } = next;
      const outcome = await this.attempt(id);
      if (this.timeIsUp.signal.aborted && isTransient(outcome)) break; // what was known before is why it failed
      this.outcomes.set(id, outcome);
      // One that must wait for its retry holds up no other.
      if (isTransient(outcome) && retry + 1 < ATTEMPTS) this.retries.push(this.tryAgain(id, retry + 1));
    }
    this.workers -= 1;
  }

  private async tryAgain(id: string, retry: number): Promise<void> {
    const over = { signal: this.timeIsUp.signal };
    const isTime = await sleep(retryDelay(retry, Math.random()), true, over).catch(() => false); // aborted, at worst
    if (!isTime) return;
    this.waiting.push({ id, retry });
    await this.workOff();
  }
}
