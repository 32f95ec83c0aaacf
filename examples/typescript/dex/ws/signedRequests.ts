// Signed requests to `@connections`, as bytes.
//
// Pure: the time is passed in. Written out by hand for speed, since the SDK spends up to a millisecond on each while
// V8 is still warming up; everything that the requests for many connections share is computed once.

import { createHash, createHmac } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** What requests have in common that differ in the connection only. */
export interface Shared {
  readonly method: 'GET' | 'POST';
  readonly endpoint: URL;
  readonly region: string;
  readonly credentials: Credentials;
  readonly data: Buffer;
  readonly at: Date;
  /** Sent along, unsigned, as the SDK does from within Lambda. */
  readonly traceId?: string | undefined;
}

/**
 * Makes the whole request, signed with Signature Version 4 for `execute-api`, for one connection after the other.
 *
 * A request is a string of bytes, one character each (latin1), which Node writes without copying it once more.
 */
export function requestsOf(shared: Shared): (connectionId: string) => string {
  const { method, endpoint, region, credentials, data, at, traceId } = shared;
  const date = at.toISOString().replace(/[:-]|\.\d{3}/g, '');
  const scope = `${date.slice(0, 8)}/${region}/execute-api/aws4_request`;
  const signed = signedFields(endpoint, date, credentials);
  const names = signed.map(([name]) => name).join(';');
  const rest = `\n\n${signed.map(([name, value]) => `${name}:${value}\n`).join('')}\n${names}\n${sha256(data)}`;
  const body = data.toString('latin1');
  const key = signingKey(credentials.secretAccessKey, scope);
  const folder = `${endpoint.pathname.replace(/\/$/, '')}/@connections/`;
  const canonicalFolder = folder.split('/').map(encodeURIComponent).join('/');
  const fields = [
    ...signed,
    ...(traceId === undefined ? [] : [['x-amzn-trace-id', traceId] as const]),
    ['content-length', String(data.length)] as const,
  ];
  const common =
    fields.map(([name, value]) => `${name}: ${value}\r\n`).join('') +
    `authorization: AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=`;
  return (connectionId) => {
    const encoded = encodeURIComponent(connectionId);
    // Encoded already, so that only the percent signs are left to encode once more.
    const canonical = `${method}\n${canonicalFolder}${encoded.replaceAll('%', '%25')}${rest}`;
    const toSign = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`;
    const signature = createHmac('sha256', key).update(toSign).digest('hex');
    return `${method} ${folder}${encoded} HTTP/1.1\r\n${common}${signature}\r\n\r\n${body}`;
  };
}

function signedFields(endpoint: URL, date: string, { sessionToken }: Credentials): (readonly [string, string])[] {
  const fields = [['host', endpoint.host] as const, ['x-amz-date', date] as const];
  return sessionToken ? [...fields, ['x-amz-security-token', sessionToken]] : fields;
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function signingKey(secretAccessKey: string, scope: string): Buffer {
  const start = Buffer.from(`AWS4${secretAccessKey}`);
  return scope.split('/').reduce((key, part) => createHmac('sha256', key).update(part).digest(), start);
}
