// SPDX-License-Identifier: Apache-2.0
// A stand-in for the server: the HTTP contract of docs/design/own-api.md over a seeded store, with faults on demand,
// and the built UI with the headers of the real server. Node's standard library only.
//
//   node test/mock/server.mjs [--port 16686] [--traces 60] [--big 100000,1000000] [--empty]

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeStore, toOtlp } from './generator.mjs';
import { parse, QueryFault } from './query.mjs';
import { detail, encodeView, layOut, summarise } from './view.mjs';

export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.json': 'application/json' };

class Fault extends Error {
  constructor(status, code, message, position) {
    super(message);
    Object.assign(this, { status, code, position });
  }
}

// `faults` may be changed at any time: {search: {status, code, message}} answers with an error, {partial: true} ends
// pages early, {delayMillis: 500} waits, {empty: true} hides the store.
export async function startMock({ port = 0, dist = fileURLToPath(new URL('../../dist/', import.meta.url)), ...storeOptions } = {}) {
  const store = makeStore(storeOptions);
  store.traces.sort((a, b) => (layOut(b).epoch < layOut(a).epoch ? -1 : 1));
  const byId = new Map(store.traces.map((trace) => [trace.traceId, trace]));
  const faults = {};
  const startedAt = new Date().toISOString();
  let requests = 0;
  const log = [];

  const visible = () => (faults.empty ? [] : store.traces);

  function status() {
    const traces = visible();
    const services = new Set(traces.flatMap((trace) => trace.spans.map((span) => span.service)));
    const answer = {
      version: '0.1.0-mock', startedAt, now: new Date().toISOString(), ready: true,
      spans: traces.reduce((sum, trace) => sum + trace.spans.length, 0), traces: traces.length, services: services.size,
      headBytes: 4_194_304, headBytesMax: 1_073_741_824, logBytes: 1_048_576,
      listeners: [{ name: 'otlp_grpc', address: '127.0.0.1:4317' }, { name: 'otlp_http', address: '127.0.0.1:4318' }, { name: 'web', address: `127.0.0.1:${server.address().port}` }],
    };
    if (traces.length > 0) {
      answer.oldestUnixNano = String(layOut(traces[traces.length - 1]).epoch);
      answer.newestUnixNano = String(layOut(traces[0]).epoch + BigInt(layOut(traces[0]).duration));
    }
    return answer;
  }

  function countBy(spans, keyOf, make) {
    const found = new Map();
    for (const span of spans) {
      const key = keyOf(span);
      const entry = found.get(key) ?? { ...make(span), spanCount: 0, errorCount: 0 };
      entry.spanCount++;
      if (span.status === 'error') entry.errorCount++;
      found.set(key, entry);
    }
    return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  }

  const filterOf = (q) => {
    if (q === null || q === '') return () => true;
    try {
      return parse(q);
    } catch (error) {
      if (error instanceof QueryFault) throw new Fault(400, 'invalid_argument', error.message, error.position);
      throw error;
    }
  };

  const timeOf = (text, name) => {
    if (text === null) return null;
    if (/^\d+$/.test(text)) return BigInt(text);
    if (Number.isNaN(Date.parse(text))) throw new Fault(400, 'invalid_argument', `${name} is not a time`);
    return BigInt(Date.parse(text)) * 1_000_000n;
  };

  function search(url) {
    const filter = filterOf(url.searchParams.get('q'));
    const limit = Number(url.searchParams.get('limit') ?? 20);
    if (!Number.isInteger(limit) || limit < 1 || limit > 1000) throw new Fault(400, 'invalid_argument', 'limit is not in 1 to 1000');
    const from = timeOf(url.searchParams.get('from'), 'from');
    const to = timeOf(url.searchParams.get('to'), 'to');
    const cursor = url.searchParams.get('cursor');
    let at = cursor === null ? 0 : Number(Buffer.from(cursor, 'base64url').toString());
    if (!Number.isInteger(at)) throw new Fault(400, 'invalid_argument', 'cursor is not one of ours');
    const found = [];
    let inspected = 0;
    const all = visible();
    const wanted = faults.partial ? Math.max(1, Math.floor(limit / 3)) : limit;
    for (; at < all.length && found.length < wanted; at++) {
      const { spans, epoch, duration } = layOut(all[at]);
      if (from !== null && epoch + BigInt(duration) < from) continue;
      if (to !== null && epoch >= to) continue;
      inspected += spans.length;
      const rows = [];
      spans.forEach((span, row) => filter(span) && rows.push(row));
      if (rows.length > 0) found.push(summarise(all[at], rows));
    }
    const more = at < all.length;
    return {
      traces: found, nextCursor: more ? Buffer.from(String(at)).toString('base64url') : null, complete: !(faults.partial && more),
      stats: { tracesInspected: all.length, spansInspected: inspected, elapsedMicros: 900 },
    };
  }

  function traceOf(text) {
    if (!/^[0-9a-f]{1,32}$/i.test(text)) throw new Fault(400, 'invalid_argument', 'the trace id is not 1 to 32 hexadecimal digits');
    const trace = faults.empty ? undefined : byId.get(text.toLowerCase().padStart(32, '0'));
    if (trace === undefined) throw new Fault(404, 'not_found', `trace ${text} is not known`);
    return trace;
  }

  function answer(request, url) {
    const path = url.pathname.split('/').map(decodeURIComponent);
    const part = path[3];
    if (part === 'status') return status();
    if (part === 'services' && path.length === 4) return { services: countBy(visible().flatMap((trace) => trace.spans), (span) => span.service, (span) => ({ name: span.service })) };
    if (part === 'services' && path[5] === 'operations') return { operations: countBy(visible().flatMap((trace) => trace.spans).filter((span) => span.service === path[4]), (span) => `${span.name}\u0000${span.kind}`, (span) => ({ name: span.name, kind: span.kind })) };
    if (part === 'search') return search(url);
    if (part === 'traces' && path.length === 5) {
      const trace = traceOf(path[4]);
      const isBinary = url.searchParams.get('format') === 'bin' || (request.headers.accept ?? '').includes('vnd.waybill.trace.v1+bin');
      return isBinary ? (trace.binary ??= encodeView(trace)) : toOtlp(trace);
    }
    if (part === 'traces' && path[5] === 'spans') {
      const trace = traceOf(path[4]);
      const { spans } = layOut(trace);
      const rows = (url.searchParams.get('rows') ?? '').split(',').filter(Boolean).map(Number);
      if (rows.length > 500 || rows.some((row) => !(row >= 0 && row < spans.length))) throw new Fault(400, 'invalid_argument', 'rows are out of range');
      return { spans: rows.map((row) => detail(trace, row)) };
    }
    if (part === 'traces' && path[5] === 'find') {
      const trace = traceOf(path[4]);
      const q = url.searchParams.get('q') ?? '';
      const words = q.toLowerCase();
      const filter = q.trimStart().startsWith('{') ? filterOf(q) : (span) => spanText(span).includes(words);
      const rows = [];
      layOut(trace).spans.forEach((span, row) => filter(span) && rows.push(row));
      return { rows, count: rows.length };
    }
    throw new Fault(404, 'not_found', 'no such path');
  }

  function spanText(span) {
    return (span.text ??= [span.name, span.service, span.message, ...span.attributes.flatMap((a) => [a.key, String(a.value)]), ...span.events.map((e) => e.name)].join('\u0000').toLowerCase());
  }

  async function serveFile(path, response) {
    const wanted = normalize(path).replace(/^([/\\.])+/, '');
    const isAsset = extname(wanted) !== '';
    const file = join(dist, isAsset ? wanted : 'index.html');
    try {
      const body = await readFile(file);
      response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
      response.setHeader('cache-control', wanted.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
      response.end(body);
    } catch {
      response.statusCode = 404;
      response.end('not found');
    }
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    response.setHeader('content-security-policy', CSP);
    response.setHeader('x-content-type-options', 'nosniff');
    if (!url.pathname.startsWith('/api/')) return serveFile(url.pathname, response);
    response.setHeader('x-request-id', `mock-${++requests}`);
    log.push(request.url);
    try {
      const kind = url.pathname.split('/')[3];
      if (faults.delayMillis) await new Promise((resolve) => setTimeout(resolve, faults.delayMillis));
      const fault = faults[kind];
      if (typeof fault === 'object') throw new Fault(fault.status, fault.code, fault.message);
      const body = answer(request, url);
      response.setHeader('cache-control', 'no-store');
      response.setHeader('content-type', Buffer.isBuffer(body) ? 'application/vnd.waybill.trace.v1+bin' : 'application/json');
      const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      response.setHeader('content-length', bytes.length);
      response.end(bytes);
    } catch (error) {
      if (!(error instanceof Fault)) console.error(error);
      const fault = error instanceof Fault ? error : new Fault(500, 'internal', 'the mock failed');
      response.statusCode = fault.status;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ error: { code: fault.code, message: fault.message, ...(fault.position === undefined ? {} : { position: fault.position }) } }));
    }
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`, store, faults, log,
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (name, otherwise) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? otherwise : process.argv[at + 1];
  };
  const mock = await startMock({ port: Number(option('port', 0)), traceCount: Number(option('traces', 60)), bigSpans: option('big', '').split(',').filter(Boolean).map(Number), newestMillis: Date.now() });
  if (process.argv.includes('--empty')) mock.faults.empty = true;
  console.log(mock.url);
  for (const [name, trace] of Object.entries(mock.store.special)) console.log(`${name}: ${mock.url}/t/${trace.traceId}`);
}
