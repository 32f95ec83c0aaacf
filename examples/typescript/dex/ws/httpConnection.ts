// HTTP/1.1 connection, kept alive, that carries one request after another.

import net from 'node:net';
import tls from 'node:tls';

import { type Answer, parseAnswer } from './httpResponse';

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** The peer closed the connection, or was not there, before it answered. */
export class ClosedByPeer extends Error {
  override readonly name = 'ClosedByPeer';
}

/** A connection that waits for each answer before its next request. */
export class HttpConnection {
  /** When it was last used, in milliseconds of `performance.now()`. */
  lastUsed = 0;

  private readonly socket: net.Socket;
  private waiting: Waiting | undefined;
  private received = '';

  /** Connects at once; a first request may be sent before it is connected. */
  constructor({ protocol, hostname, port }: URL) {
    const host = hostname.replace(/^\[|\]$/g, ''); // Node wants an IPv6 address bare
    this.socket =
      protocol === 'https:'
        ? tls.connect({ host, port: Number(port || 443), ...(net.isIP(host) ? {} : { servername: host }) })
        : net.connect({ host, port: Number(port || 80) });
    this.socket.setNoDelay(true);
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text: string) => this.read(text));
    this.socket.on('error', (error) => this.fail(new ClosedByPeer(error.message)));
    this.socket.on('close', () => this.fail(new ClosedByPeer('the connection ended before the answer')));
  }

  /** False once either side has closed it, as far as is known: a peer's close may be on its way. */
  get isOpen(): boolean {
    return this.socket.writable && this.socket.readable;
  }

  /**
   * The answer to a request; rejects when the peer closes before it, or after `timeOut` milliseconds.
   *
   * A connection whose answer did not come is closed, since a late one would be taken for the next.
   */
  exchange(request: string, timeOut: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.abort(`no answer within ${timeOut / 1000} s`), timeOut);
      const ended = (): void => {
        clearTimeout(timer);
        this.waiting = undefined;
        this.lastUsed = performance.now();
      };
      this.waiting = {
        resolve: (answer) => (ended(), resolve(answer)),
        reject: (error) => (ended(), reject(error)),
      };
      this.received = '';
      this.socket.write(request, 'latin1');
    });
  }

  /** Closes the connection at once; who waits for an answer is told why. */
  abort(why: string): void {
    this.fail(new Error(why));
    this.socket.destroy();
  }

  private read(text: string): void {
    if (this.waiting === undefined) {
      this.socket.destroy(); // nobody asked, so nobody could tell whose answer it is
      return;
    }
    this.received += text;
    try {
      const answer = parseAnswer(this.received);
      if (answer === undefined) return;
      if (!answer.keepAlive) this.socket.destroy();
      this.waiting.resolve(answer);
    } catch (error) {
      this.abort(String(error));
    }
  }

  private fail(error: Error): void {
    this.waiting?.reject(error);
  }
}
