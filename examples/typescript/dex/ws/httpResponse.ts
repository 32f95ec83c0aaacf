// HTTP/1.1 response, parsed from the bytes that have arrived so far. Pure.

/** An answer. `errorType` is the name in `x-amzn-ErrorType`, or ''; `keepAlive` says whether to go on. */
export interface Answer {
  readonly status: number;
  readonly errorType: string;
  readonly body: string;
  readonly keepAlive: boolean;
}

const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})[ \r]/;
const CONTENT_LENGTH = /\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n/i;
const CLOSE = /\r\nconnection:[^\r]*\bclose\b/i;
const ERROR_TYPE = /\r\nx-amzn-errortype:[ \t]*([^:\r]*)/i;
const LONGEST_HEAD = 64 * 1024;

/**
 * The answer that the bytes hold, one character each (latin1); undefined while some are missing.
 *
 * Throws for what is no HTTP/1.1 response. A body without Content-Length is not read: its answer ends the connection.
 */
export function parseAnswer(received: string): Answer | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0 && received.length <= LONGEST_HEAD) return undefined;
  if (end < 0) throw new Error("the answer's header fields do not end");
  const [, minor, status] = STATUS_LINE.exec(received) ?? [];
  if (status === undefined) throw new Error(`not an HTTP/1.1 response: ${JSON.stringify(received.slice(0, 40))}`);
  const head = received.slice(0, end + 2);
  const length = CONTENT_LENGTH.exec(head)?.[1];
  const body = received.slice(end + 4, end + 4 + Number(length ?? 0));
  if (body.length < Number(length ?? 0)) return undefined;
  return {
    status: Number(status),
    errorType: status === '200' ? '' : (ERROR_TYPE.exec(head)?.[1]?.trim() ?? ''),
    body: Buffer.from(body, 'latin1').toString(),
    keepAlive: minor === '1' && !CLOSE.test(head) && (length !== undefined || status === '204'),
  };
}
