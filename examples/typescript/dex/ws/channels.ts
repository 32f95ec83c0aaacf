// Channels: which there are, whose they are, and which of them a matcher event goes to.
//
// Pure. A channel is `market.<symbol>`, `trader.<uuid>` or `admin.<symbol>`; names are compared exactly, so
// `trader.A...` and `trader.a...` are two channels.

import type { JsonObject } from './lambdaEvents';

/** Who a channel is for; the first part of its name. */
export type Audience = 'market' | 'trader' | 'admin';

export interface Channel {
  readonly audience: Audience;
  readonly subject: string;
}

/** Events of one trader's own affairs: private, whatever market they name. */
const TRADER_TYPES: ReadonlySet<unknown> = new Set([
  'orderUpdate',
  'positionUpdate',
  'balanceUpdate',
  'liquidationAlert',
  'pnlUpdate',
]);

/** What the exchange announces about a market: PAUSED, DELISTED. */
const ADMIN_TYPES: ReadonlySet<unknown> = new Set(['marketState']);

const SYMBOL = /^[A-Z0-9-]{1,32}$/;
const TRADER_ID = /^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/;

/** Whether the text can name a market, such as `BTC-PERP`. */
export function isSymbol(text: string): boolean {
  return SYMBOL.test(text);
}

/** Whether the text can name a trader: a UUID with its hyphens. */
export function isTraderId(text: string): boolean {
  return TRADER_ID.test(text);
}

/** The channel of that name; undefined when nothing is named so. */
export function parseChannel(name: unknown): Channel | undefined {
  if (typeof name !== 'string') return undefined;
  const dot = name.indexOf('.');
  const [audience, subject] = [name.slice(0, dot), name.slice(dot + 1)];
  switch (audience) {
    case 'trader':
      return isTraderId(subject) ? { audience, subject } : undefined;
    case 'market':
    case 'admin':
      return isSymbol(subject) ? { audience, subject } : undefined;
    default:
      return undefined;
  }
}

export function channelName({ audience, subject }: Channel): string {
  return `${audience}.${subject}`;
}

/** The only trader who may read the channel; undefined when everybody may. */
export function traderOf({ audience, subject }: Channel): string | undefined {
  return audience === 'trader' ? subject : undefined;
}

/**
 * The name of the channel that an event goes to; undefined when it does not say which trader or market.
 *
 * The type decides, never the fields: a trader's event without `traderId` goes nowhere, and not to the market that
 * it names.
 */
export function channelOf(matcherEvent: JsonObject): string | undefined {
  const audience = audienceOf(matcherEvent['type']);
  const subject = matcherEvent[audience === 'trader' ? 'traderId' : 'market'];
  return typeof subject === 'string' && subject !== '' ? channelName({ audience, subject }) : undefined;
}

function audienceOf(eventType: unknown): Audience {
  if (TRADER_TYPES.has(eventType)) return 'trader';
  return ADMIN_TYPES.has(eventType) ? 'admin' : 'market';
}
