// SPDX-License-Identifier: Apache-2.0
// The address contract: what each page keeps in its query string. Unknown parameters are told, malformed ones dropped;
// neither ever blanks a page.

export type Params = Record<string, string>;

export interface ExploreSearch {
  q?: string;
  from?: string;
  to?: string;
  tz?: string;
}

export interface TraceSearch {
  span?: string;
  view?: 'waterfall' | 'table';
  z?: string;
  find?: string;
  fold?: string;
  crit?: '1';
  back?: string;
  from?: string;
  tz?: string;
}

const TIME = /^(now(-\d{1,6}[smhdw])?|\d{1,20}|\d{4}-\d\d-\d\d[T0-9:.+\-Zz ]*)$/;
const Q_MAX = 8000;

function take(params: Params, key: string, accept: (value: string) => boolean): string | undefined {
  const value = params[key];
  return typeof value === 'string' && value !== '' && accept(value) ? value : undefined;
}

function compact<T extends object>(value: T): T {
  for (const key of Object.keys(value) as (keyof T)[]) if (value[key] === undefined) delete value[key];
  return value;
}

const isTime = (value: string) => TIME.test(value);
const isZoneText = (value: string) => /^[A-Za-z][A-Za-z0-9_+\-/]{0,50}$/.test(value);

export function readExplore(params: Params): ExploreSearch {
  return compact({
    q: take(params, 'q', (value) => value.length <= Q_MAX),
    from: take(params, 'from', isTime),
    to: take(params, 'to', isTime),
    tz: take(params, 'tz', isZoneText),
  });
}

export function readTrace(params: Params): TraceSearch {
  return compact({
    span: take(params, 'span', (value) => /^[0-9a-fA-F]{16}$/.test(value))?.toLowerCase(),
    view: take(params, 'view', (value) => value === 'waterfall' || value === 'table') as TraceSearch['view'],
    z: take(params, 'z', (value) => /^\d+(\.\d+)?-\d+(\.\d+)?$/.test(value)),
    find: take(params, 'find', (value) => value.length <= Q_MAX),
    fold: take(params, 'fold', (value) => /^[a-z0-9.+\- ]{1,1500}$/.test(value)),
    crit: take(params, 'crit', (value) => value === '1') as '1' | undefined,
    back: take(params, 'back', (value) => value.length <= Q_MAX),
    from: take(params, 'from', isTime),
    tz: take(params, 'tz', isZoneText),
  });
}

// What the address has that the page does not understand or know.
export function ignoredParams(given: object, understood: object): string[] {
  return Object.keys(given).filter((key) => !(key in understood));
}

export function parseParams(text: string): Params {
  const params: Params = {};
  for (const [key, value] of new URLSearchParams(text)) params[key] ??= value;
  return params;
}

export function printParams(params: object): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) if (typeof value === 'string' && value !== '') search.set(key, value);
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

// Ids in 1 to 32 hexadecimal digits, any case, are the 32-digit lower-case form; anything else is null.
export function normalTraceId(text: string): string | null {
  const id = text.trim().toLowerCase();
  return /^[0-9a-f]{1,32}$/.test(id) && !/^0+$/.test(id) ? id.padStart(32, '0') : null;
}

export type Detected =
  | { kind: 'trace'; traceId: string; spanId?: string; why: string }
  | { kind: 'query'; q: string; why: string }
  | { kind: 'words'; text: string; why: string };

// What a pasted text is: a trace id, a traceparent, a line that holds either, a query, or words.
export function detect(text: string): Detected | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (trimmed.startsWith('{') && !/^\{\s*"/.test(trimmed)) return { kind: 'query', q: trimmed, why: 'TraceQL span filter' };
  const parent = /\b[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}\b/i.exec(trimmed);
  if (parent !== null) {
    const traceId = normalTraceId(parent[1]);
    if (traceId !== null) return { kind: 'trace', traceId, spanId: parent[2].toLowerCase(), why: parent[0].length === trimmed.length ? 'traceparent' : 'traceparent inside the text' };
  }
  if (/^[0-9a-f]{16}$|^[0-9a-f]{32}$/i.test(trimmed)) {
    const traceId = normalTraceId(trimmed);
    if (traceId !== null) return { kind: 'trace', traceId, why: 'trace id' };
  }
  const inside = /(?:trace[_.-]?id["']?\s*[=:]\s*["']?)([0-9a-f]{16,32})\b/i.exec(trimmed) ?? /\b([0-9a-f]{32})\b/i.exec(trimmed);
  if (inside !== null) {
    const traceId = normalTraceId(inside[1]);
    if (traceId !== null) return { kind: 'trace', traceId, why: 'trace id inside the text' };
  }
  return { kind: 'words', text: trimmed, why: 'words' };
}
