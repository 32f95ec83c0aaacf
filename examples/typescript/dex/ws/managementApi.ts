// API Gateway Management API: one message to many connections, fast.
//
// Over a few keep-alive connections, one request in flight on each. They are kept between invocations; since Lambda
// freezes the process in between, a kept connection can be dead without our knowing, so a request that finds it so is
// sent again at once on a fresh one.

import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Resource } from 'sst';

import { postConnections, region, traceId } from './environment';
import { ClosedByPeer, HttpConnection } from './httpConnection';
import type { Answer } from './httpResponse';
import { type Outcome, outcomeOf, outcomeOfError, type PostReport } from './postOutcomes';
import { Round } from './round';
import { requestsOf, type Shared } from './signedRequests';

/** Bytes; a longer message is refused with 413. */
export const LONGEST_MESSAGE = 128 * 1024;

/** Milliseconds for which AWS takes a signature. */
const VALID_FOR = 300_000;

/** Milliseconds for one attempt. */
const ONE_ATTEMPT = 3_000;

/** Milliseconds for which an unused connection is trusted; a load balancer on the way may drop it without a word. */
const KEPT_FOR = 30_000;

/** One endpoint's `@connections`; the endpoint ends in the stage, `connections` bounds the requests in flight. */
export class ManagementApi {
  private readonly endpoint: URL;
  private readonly credentials = defaultProvider();
  private readonly busy = new Set<HttpConnection>();
  private unused: HttpConnection[] = [];

  constructor(
    endpoint: string,
    private readonly region: string,
    private readonly connections: number,
  ) {
    this.endpoint = new URL(endpoint);
  }

  /**
   * Posts the message to each connection, in no particular order; resolves when every post has ended.
   *
   * Never rejects for a connection: 429, 5xx and broken connections are tried again, and what is still not delivered
   * after the last attempt, or after `within` milliseconds, is in the report.
   */
  post(connectionIds: Iterable<string>, data: Buffer, within: number): Promise<PostReport> {
    return this.requestAll('POST', connectionIds, data, within);
  }

  /** Whether each of the connections exists, by GetConnection; one of which nothing is learned is not gone. */
  look(connectionIds: Iterable<string>, within: number): Promise<PostReport> {
    return this.requestAll('GET', connectionIds, Buffer.alloc(0), within);
  }

  private async requestAll(
    method: Shared['method'],
    connectionIds: Iterable<string>,
    data: Buffer,
    within: number,
  ): Promise<PostReport> {
    const { endpoint, region } = this;
    const credentials = await this.credentials();
    const requestTo = requestsOf({ method, endpoint, region, credentials, data, at: new Date(), traceId: traceId() });
    const round = new Round(connectionIds, (id) => this.outcome(requestTo(id)), this.connections);
    return round.report(Math.min(within, VALID_FOR), () => {
      for (const connection of this.busy) connection.abort('out of time');
    });
  }

  private async outcome(request: string): Promise<Outcome> {
    try {
      return outcomeOf((await this.sendOnKeptConnection(request)) ?? (await this.sendOnNewOne(request)));
    } catch (error) {
      if (error instanceof Error) return outcomeOfError(error);
      throw error;
    }
  }

  /** The answer; undefined when no connection is kept that still works. */
  private async sendOnKeptConnection(request: string): Promise<Answer | undefined> {
    const tooOld = performance.now() - KEPT_FOR;
    for (let connection = this.unused.pop(); connection !== undefined; connection = this.unused.pop()) {
      if (!connection.isOpen || connection.lastUsed < tooOld) {
        connection.abort('too old');
        continue;
      }
      try {
        return await this.send(connection, request);
      } catch (error) {
        if (!(error instanceof ClosedByPeer)) throw error;
      }
    }
    return undefined;
  }

  private sendOnNewOne(request: string): Promise<Answer> {
    return this.send(new HttpConnection(this.endpoint), request);
  }

  private async send(connection: HttpConnection, request: string): Promise<Answer> {
    this.busy.add(connection);
    try {
      return await connection.exchange(request, ONE_ATTEMPT);
    } finally {
      this.busy.delete(connection);
      if (connection.isOpen) this.unused.push(connection);
    }
  }
}

/** The API that is linked to this function; its connections are kept for the life of the process. */
export const managementApi = new ManagementApi(Resource.WebSocket.managementEndpoint, region(), postConnections());
