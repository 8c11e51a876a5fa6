// SPDX-License-Identifier: Apache-2.0
// Traces from a seed, with the truth about them. Times are nanoseconds after the trace's own base.

export function makeRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const MS = 1_000_000;
const hex = (random, digits) => {
  let text = '';
  while (text.length < digits) text += Math.floor(random() * 16).toString(16);
  return /^0+$/.test(text) ? text.slice(1) + '1' : text;
};
const attribute = (key, value) => {
  if (typeof value === 'boolean') return { key, type: 'bool', value };
  if (typeof value === 'number') return Number.isInteger(value) ? { key, type: 'int', value: String(value) } : { key, type: 'double', value };
  return { key, type: 'string', value };
};
const attributes = (object) => Object.entries(object).map(([key, value]) => attribute(key, value));

class TraceBuilder {
  constructor(random, traceId, baseNano) {
    this.random = random;
    this.trace = { traceId, baseNano, spans: [], truth: {} };
  }

  add(parent, service, name, kind, start, duration, more = {}) {
    const span = {
      spanId: more.spanId ?? hex(this.random, 16),
      parentSpanId: parent === null ? '' : (parent.spanId ?? parent),
      service, name, kind,
      start: Math.round(start), duration: Math.round(duration),
      status: more.status ?? 'unset', message: more.message ?? '',
      attributes: attributes(more.attributes ?? {}),
      events: more.events ?? [], links: more.links ?? [],
      traceState: '', flags: 257,
    };
    this.trace.spans.push(span);
    return span;
  }
}

// One request to the shop. `fault`: '', 'slow-bank', 'declined', 'n-plus-one', 'dropped-baton'.
export function shopTrace(random, traceId, baseNano, fault) {
  const b = new TraceBuilder(random, traceId, baseNano);
  const wait = (low, high) => (low + random() * (high - low)) * MS;
  const http = (method, route, status) => ({ 'http.request.method': method, 'http.route': route, 'http.response.status_code': status, 'url.path': route, 'user_agent.original': 'shop-web/3.2' });
  const bank = fault === 'slow-bank' ? wait(1400, 2300) : wait(18, 40);
  const lines = fault === 'n-plus-one' ? 24 : 2 + Math.floor(random() * 3);
  let at = wait(1, 3);
  const root = b.add(null, 'gateway', 'POST /checkout', 'server', 0, 0, { attributes: { ...http('POST', '/checkout', fault === 'declined' ? 502 : 200), 'enduser.id': `u-${Math.floor(random() * 500)}` } });
  const auth = wait(4, 9);
  const verify = b.add(root, 'gateway', 'auth.Verify', 'client', at, auth, { attributes: { 'rpc.system': 'grpc', 'rpc.service': 'auth', 'rpc.method': 'Verify' } });
  b.add(verify, 'auth', 'auth.Verify', 'server', at + wait(0.3, 0.8), auth * 0.7, { attributes: { 'rpc.system': 'grpc', 'session.cached': random() < 0.5 } });
  at += auth + wait(0.2, 1);
  const checkoutStart = at;
  const checkout = b.add(root, 'checkout', 'PlaceOrder', 'server', at, 0, { attributes: { 'rpc.system': 'grpc', 'order.lines': lines, 'service.version': '2.4.1' } });
  at += wait(0.5, 1.5);
  const cart = b.add(checkout, 'cart', 'GetCart', 'server', at, 0, { attributes: { 'cart.size': lines, 'db.system': 'redis' } });
  let inner = at + wait(0.2, 0.6);
  for (let line = 0; line < lines; line++) {
    const took = wait(0.6, 1.8);
    b.add(cart, 'cart-redis', 'HGET', 'client', inner, took, { attributes: { 'db.system': 'redis', 'db.operation.name': 'HGET', 'db.query.text': `HGET cart:${line} sku` } });
    inner += took + wait(0.05, 0.2);
  }
  cart.duration = Math.round(inner - at + wait(0.1, 0.3));
  at = inner + wait(0.5, 1);
  const price = wait(8, 20);
  b.add(checkout, 'pricing', 'Quote', 'server', at, price, { attributes: { 'pricing.rule': 'autumn-10', 'pricing.discount': 0.1 }, events: [{ name: 'rule.applied', time: at + price / 2, attributes: attributes({ rule: 'autumn-10' }) }] });
  const stock = wait(6, 24);
  const inventory = b.add(checkout, 'inventory', 'Reserve', 'server', at + MS, stock, { attributes: { 'warehouse': random() < 0.5 ? 'north' : 'south' } });
  b.add(inventory, 'inventory-db', 'UPDATE stock', 'client', at + 2 * MS, stock * 0.6, { attributes: { 'db.system': 'postgresql', 'db.operation.name': 'UPDATE', 'db.namespace': 'stock', 'db.query.text': 'UPDATE stock SET reserved = reserved + $1 WHERE sku = $2' } });
  at += Math.max(price, stock) + wait(1, 2);
  const payment = b.add(checkout, 'payment', 'Charge', 'server', at, 0, { attributes: { 'payment.amount': 129.9, 'payment.currency': 'EUR' } });
  const attempts = fault === 'slow-bank' ? 3 : 1;
  let pay = at + wait(0.5, 1);
  let slowest = null;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const isLost = fault === 'slow-bank' && attempt < attempts;
    const call = b.add(payment, 'payment', 'POST /authorize', 'client', pay, bank, {
      status: isLost || fault === 'declined' ? 'error' : 'ok',
      message: isLost ? 'deadline exceeded' : fault === 'declined' ? 'card declined' : '',
      attributes: { ...http('POST', '/authorize', isLost ? 504 : fault === 'declined' ? 402 : 200), 'server.address': 'bank-api', 'http.request.resend_count': attempt - 1 },
      events: isLost ? [{ name: 'exception', time: pay + bank, attributes: attributes({ 'exception.type': 'TimeoutError', 'exception.message': 'bank-api did not answer in time' }) }] : [],
    });
    if (slowest === null || call.duration > slowest.duration) slowest = call;
    if (fault !== 'dropped-baton') b.add(call, 'bank-api', 'Authorize', 'server', pay + 2 * MS, bank * 0.9, { status: fault === 'declined' ? 'error' : 'unset', message: fault === 'declined' ? 'insufficient funds' : '', attributes: { 'bank.region': 'eu-1', 'service.version': '2.4.1' } });
    pay += bank + (isLost ? 200 * MS : 0);
  }
  payment.duration = Math.round(pay - at + wait(0.3, 0.8));
  if (fault === 'declined') Object.assign(payment, { status: 'error', message: 'payment failed' });
  at = pay + wait(1, 2);
  if (fault === 'dropped-baton') {
    const lost = hex(random, 16);
    b.add(lost, 'bank-api', 'Authorize', 'server', payment.start + 3 * MS, bank * 0.8, { attributes: { 'bank.region': 'eu-1' } });
    b.add(lost, 'bank-api', 'audit.Write', 'producer', payment.start + 5 * MS, bank * 0.2);
    b.trace.truth.missing = [lost];
  }
  const publish = b.add(checkout, 'checkout', 'orders publish', 'producer', at, wait(1, 2), { attributes: { 'messaging.system': 'kafka', 'messaging.destination.name': 'orders' } });
  at += wait(2, 3);
  checkout.duration = Math.round(at - checkoutStart);
  root.duration = Math.round(at + wait(1, 2));
  const queue = wait(5, 30);
  const worker = b.add(publish, 'mail-worker', 'orders process', 'consumer', at + queue, wait(20, 60), { attributes: { 'messaging.system': 'kafka', 'messaging.destination.name': 'orders' }, links: [{ traceId, spanId: publish.spanId, traceState: '', flags: 1, attributes: attributes({ 'link.reason': 'message' }), droppedAttributesCount: 0 }] });
  b.add(worker, 'mail-worker', 'smtp.Send', 'client', worker.start + 2 * MS, worker.duration * 0.8);
  if (fault === 'declined') Object.assign(root, { status: 'error', message: 'payment failed' });
  b.trace.truth.slowest = slowest.spanId;
  b.trace.truth.fault = fault;
  return b.trace;
}

// A trace of `count` spans over 14 services, about nine levels deep.
export function bigTrace(random, traceId, baseNano, count) {
  const b = new TraceBuilder(random, traceId, baseNano);
  const names = ['GET /items', 'SELECT items', 'Render', 'cache.Get', 'auth.Check', 'POST /rank', 'decode', 'encode', 'HGET', 'publish'];
  const root = b.add(null, 'svc-00', 'GET /report', 'server', 0, count * 20_000);
  const open = [{ span: root, depth: 0 }];
  for (let i = 1; i < count; i++) {
    const parent = open[Math.floor(random() * random() * open.length)];
    const start = parent.span.start + parent.span.duration * random() * 0.9;
    const room = parent.span.start + parent.span.duration - start;
    const more = { status: random() < 0.004 ? 'error' : 'unset' };
    if (i % 25 === 0) more.events = [{ name: 'tick', time: start, attributes: [] }];
    if (i === Math.floor(count / 2)) more.attributes = { 'needle': 'found-me' };
    const span = b.add(parent.span, `svc-${String(i % 14).padStart(2, '0')}`, names[Math.floor(random() * names.length)], i % 2 ? 'client' : 'server', start, room * (0.05 + random() * 0.6), more);
    if (parent.depth < 8) open.push({ span, depth: parent.depth + 1 });
  }
  return b.trace;
}

export function pathologicalTraces(random, baseOf) {
  const make = (name, id, build) => {
    const b = new TraceBuilder(random, id.padStart(32, '0'), baseOf());
    build(b);
    return [name, b.trace];
  };
  return Object.fromEntries([
    make('cycle', 'c1c1e', (b) => {
      b.add(null, 'loop', 'root', 'server', 0, 50 * MS);
      b.add('00000000000000b2', 'loop', 'first', 'internal', 5 * MS, 10 * MS, { spanId: '00000000000000b1' });
      b.add('00000000000000b1', 'loop', 'second', 'internal', 6 * MS, 8 * MS, { spanId: '00000000000000b2' });
      b.add('00000000000000b3', 'loop', 'own parent', 'internal', 20 * MS, 8 * MS, { spanId: '00000000000000b3' });
    }),
    make('deep', 'deeb', (b) => {
      let parent = null;
      for (let i = 0; i < 5000; i++) parent = b.add(parent, `deep-${i % 7}`, `level ${i}`, 'internal', i * 1000, 12 * MS - i * 2000);
    }),
    make('siblings', '51b5', (b) => {
      const root = b.add(null, 'fan', 'fan out', 'server', 0, 400 * MS);
      for (let i = 0; i < 3000; i++) b.add(root, 'leaf', 'call', 'client', i * 0.1 * MS, 2 * MS, { status: i === 1500 ? 'error' : 'unset' });
    }),
    make('negative', 'ae6a', (b) => {
      const root = b.add(null, 'clock', 'root', 'server', 0, 20 * MS);
      b.add(root, 'clock', 'backwards', 'internal', 5 * MS, -3 * MS);
      b.add(root, 'clock', 'nothing', 'internal', 6 * MS, 0);
      b.add(root, 'clock', 'late child', 'internal', 15 * MS, 30 * MS);
    }),
    make('missingRoot', 'a0f00f', (b) => {
      b.add('00000000000000aa', 'orphan', 'left', 'server', 0, 5 * MS);
      b.add('00000000000000aa', 'orphan', 'right', 'server', 6 * MS, 5 * MS);
      b.add('00000000000000bb', 'orphan', 'other', 'server', 8 * MS, 9 * MS, { status: 'error', message: 'lost' });
    }),
    make('twoRoots', '2007', (b) => {
      b.add(null, 'one', 'first root', 'server', 0, 5 * MS);
      b.add(null, 'two', 'second root', 'server', 2 * MS, 9 * MS);
    }),
    make('hostile', 'bad', (b) => {
      const script = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
      const root = b.add(null, script, script, 'server', 0, 10 * MS, { attributes: { [script]: script, 'url.full': 'javascript:window.hacked=1', 'safe.link': 'https://example.org/a?b=c', 'long.value': 'v'.repeat(20_000) }, status: 'error', message: script, events: [{ name: script, time: MS, attributes: attributes({ [script]: script }) }] });
      b.add(root, 'rtl', '\u05e9\u05dc\u05d5\u05dd \u202e reversed \u0645\u0631\u062d\u0628\u0627', 'server', MS, 5 * MS);
      b.add(root, 'long', 'n'.repeat(10_000), 'server', 2 * MS, 5 * MS);
      b.add(root, 'control', 'line\nbreak\u0000nul\ttab', 'server', 3 * MS, 4 * MS);
      b.add(root, '', '', 'server', 4 * MS, 4 * MS);
      b.add(root, 'emoji', '\u{1f4a3}'.repeat(40), 'server', 5 * MS, 4 * MS);
    }),
    make('duplicate', 'd0b1e', (b) => {
      const root = b.add(null, 'zip', 'root', 'client', 0, 10 * MS, { spanId: '00000000000000d1' });
      b.add(null, 'zap', 'root', 'server', MS, 8 * MS, { spanId: '00000000000000d1' });
      b.add(root, 'zap', 'inner', 'internal', 2 * MS, 3 * MS);
    }),
    make('longAndShort', '10a6', (b) => {
      const root = b.add(null, 'batch', 'ten days', 'server', 0, 864_000_000_000_000);
      b.add(root, 'batch', 'one nanosecond', 'internal', 432_000_000_000_001, 1);
    }),
    make('single', '51a61e', (b) => b.add(null, 'solo', 'only', 'server', 0, 0)),
    make('wide', '31de', (b) => {
      const more = {};
      for (let i = 0; i < 300; i++) more[`app.group${i % 10}.key${i}`] = `value ${i}`;
      b.add(null, 'wide', 'many attributes', 'server', 0, 4 * MS, { attributes: { ...more, 'big.int': 9007199254740993 } });
    }),
  ]);
}

export function makeStore({ seed = 1, traceCount = 60, newestMillis = Date.UTC(2026, 10, 21, 12, 0, 0), bigSpans = [] } = {}) {
  const random = makeRandom(seed);
  let millis = newestMillis;
  const baseOf = () => {
    millis -= Math.round(2000 + random() * 9000);
    return BigInt(millis) * 1_000_000n + BigInt(Math.floor(random() * 1e6));
  };
  const faults = ['', '', '', 'slow-bank', '', 'declined', '', 'n-plus-one', '', 'dropped-baton'];
  const traces = [];
  for (let i = 0; i < traceCount; i++) traces.push(shopTrace(random, hex(random, 32), baseOf(), faults[i % faults.length]));
  const special = pathologicalTraces(random, baseOf);
  for (const count of bigSpans) special[`big${count}`] = bigTrace(makeRandom(seed + count), `b16${count}`.padStart(32, '0'), baseOf(), count);
  return { traces: [...traces, ...Object.values(special)], special, shop: traces };
}

// The same trace as an OTLP/JSON export request, to load a real server.
export function toOtlp(trace) {
  const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
  const value = (a) => ({ key: a.key, value: { [{ string: 'stringValue', int: 'intValue', double: 'doubleValue', bool: 'boolValue' }[a.type]]: a.value } });
  const byService = new Map();
  for (const span of trace.spans) {
    if (!byService.has(span.service)) byService.set(span.service, []);
    const at = (offset) => String(trace.baseNano + BigInt(Math.round(offset)));
    byService.get(span.service).push({
      traceId: trace.traceId, spanId: span.spanId, parentSpanId: span.parentSpanId, name: span.name, kind: KINDS.indexOf(span.kind), flags: span.flags,
      startTimeUnixNano: at(span.start), endTimeUnixNano: at(span.start + span.duration),
      attributes: span.attributes.map(value),
      events: span.events.map((event) => ({ name: event.name, timeUnixNano: at(event.time), attributes: event.attributes.map(value) })),
      links: span.links.map((link) => ({ traceId: link.traceId, spanId: link.spanId, flags: link.flags, attributes: link.attributes.map(value) })),
      status: { code: { unset: 0, ok: 1, error: 2 }[span.status], message: span.message },
    });
  }
  return {
    resourceSpans: [...byService].map(([service, spans]) => ({
      resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }, { key: 'host.name', value: { stringValue: `${service || 'none'}-1` } }] },
      scopeSpans: [{ scope: { name: 'shop', version: '1.0.0' }, spans }],
    })),
  };
}
