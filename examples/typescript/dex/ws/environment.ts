// Environment of the function, as far as it is no link of SST's.
//
// Variables: `INDEX_NAME` (default ByChannel), `CONNECTION_LOOKUP` (query or scan), `POST_CONNECTIONS` (default 64),
// and those that Lambda and the AWS SDK define. One that is missing or wrong throws with what to set.

export type Lookup = 'query' | 'scan';

/** The table's index by channel. */
export function indexName(): string {
  return process.env['INDEX_NAME'] || 'ByChannel';
}

/** How subscribers are found: by a Query on the index, or by a Scan of the whole table. */
export function connectionLookup(): Lookup {
  const lookup = process.env['CONNECTION_LOOKUP'] || 'query';
  if (lookup === 'query' || lookup === 'scan') return lookup;
  throw new Error(`CONNECTION_LOOKUP is '${lookup}'; set it to query or scan`);
}

/** How many connections carry posts, and so how many posts are in flight. */
export function postConnections(): number {
  const text = process.env['POST_CONNECTIONS'] || '64';
  if (/^[0-9]+$/.test(text) && Number(text) > 0) return Number(text);
  throw new Error(`POST_CONNECTIONS is '${text}'; set it to a whole number above 0`);
}

/** The function's own region, which is the API's too. */
export function region(): string {
  const region = process.env['AWS_REGION'];
  if (region) return region;
  throw new Error('AWS_REGION is not set; set it to the region, such as us-east-1');
}

/** The trace that the current invocation belongs to; undefined outside Lambda. */
export function traceId(): string | undefined {
  return process.env['_X_AMZN_TRACE_ID'];
}
