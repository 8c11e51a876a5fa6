// SPDX-License-Identifier: Apache-2.0
// A trace in the binary view, made without the program, so that decoder and encoder are not of one mind.

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUS = ['unset', 'ok', 'error'];

// Rows in the contract's order, with parents as row numbers and cycles cut.
function layOut(trace) {
  if (trace.laidOut) return trace.laidOut;
  const spans = [...trace.spans].sort((a, b) => a.start - b.start || (a.spanId < b.spanId ? -1 : a.spanId > b.spanId ? 1 : 0));
  const first = new Map();
  spans.forEach((span, row) => first.has(span.spanId) || first.set(span.spanId, row));
  const count = new Map();
  for (const span of spans) count.set(span.spanId, (count.get(span.spanId) ?? 0) + 1);
  const parent = new Int32Array(spans.length);
  const marks = new Uint8Array(spans.length);
  spans.forEach((span, row) => {
    parent[row] = span.parentSpanId === '' ? -1 : (first.get(span.parentSpanId) ?? -2);
    if (count.get(span.spanId) > 1) marks[row] |= 1;
  });
  const state = new Uint8Array(spans.length);
  for (let row = 0; row < spans.length; row++) {
    const chain = [];
    let at = row;
    while (at >= 0 && state[at] === 0) {
      state[at] = 1;
      chain.push(at);
      at = parent[at];
    }
    if (at >= 0 && state[at] === 1) {
      parent[at] = -1;
      marks[at] |= 2;
    }
    for (const node of chain) state[node] = 2;
  }
  const begin = spans[0].start;
  let end = begin;
  for (const span of spans) end = Math.max(end, span.start, span.start + span.duration);
  trace.laidOut = { spans, parent, marks, begin, duration: end - begin, epoch: trace.baseNano + BigInt(begin) };
  return trace.laidOut;
}

function idBytes(target, row, id) {
  for (let i = 0; i < 8; i++) target[row * 8 + i] = parseInt(id.slice(i * 2, i * 2 + 2), 16);
}

export function encodeView(trace) {
  const { spans, parent, marks, begin, duration, epoch } = layOut(trace);
  const n = spans.length;
  const strings = [];
  const known = new Map();
  const stringOf = (text) => {
    if (!known.has(text)) known.set(text, strings.push(text) - 1);
    return known.get(text);
  };
  const services = [];
  const serviceOf = new Map();
  const c = {
    start: new Float64Array(n), duration: new Float64Array(n), parent, name: new Uint32Array(n), service: new Uint32Array(n),
    kind: new Uint8Array(n), status: new Uint8Array(n), marks, events: new Uint16Array(n), links: new Uint16Array(n),
    event_row: [], event_time: [], span_id: new Uint8Array(8 * n), missing_parent: new Uint8Array(8 * n),
  };
  spans.forEach((span, row) => {
    c.start[row] = (span.start - begin) / 1000;
    c.duration[row] = span.duration / 1000;
    c.name[row] = stringOf(span.name);
    if (!serviceOf.has(span.service)) serviceOf.set(span.service, services.push(stringOf(span.service)) - 1);
    c.service[row] = serviceOf.get(span.service);
    c.kind[row] = KINDS.indexOf(span.kind);
    c.status[row] = STATUS.indexOf(span.status);
    c.events[row] = Math.min(65535, span.events.length);
    c.links[row] = Math.min(65535, span.links.length);
    for (const event of span.events) {
      if (c.event_row.length >= 100_000) break;
      c.event_row.push(row);
      c.event_time.push((event.time - begin) / 1000);
    }
    idBytes(c.span_id, row, span.spanId);
    if (parent[row] === -2) idBytes(c.missing_parent, row, span.parentSpanId);
  });
  c.event_row = Uint32Array.from(c.event_row);
  c.event_time = Float64Array.from(c.event_time);
  const types = new Map([[Float64Array, 'f64'], [Int32Array, 'i32'], [Uint32Array, 'u32'], [Uint16Array, 'u16'], [Uint8Array, 'u8']]);
  const sections = [];
  let offset = 0;
  for (const [name, array] of Object.entries(c)) {
    sections.push({ name, type: types.get(array.constructor), offset, count: array.length });
    offset = Math.ceil((offset + array.byteLength) / 8) * 8;
  }
  let header = Buffer.from(JSON.stringify({ version: 1, traceId: trace.traceId, spanCount: n, epochUnixNano: String(epoch), durationNano: String(duration), strings, services, sections }));
  header = Buffer.concat([header, Buffer.alloc((8 - (header.length % 8)) % 8, ' ')]);
  const out = Buffer.alloc(8 + header.length + offset);
  out.write('WBT1', 0, 'latin1');
  out.writeUInt32LE(header.length, 4);
  header.copy(out, 8);
  Object.values(c).forEach((array, i) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).copy(out, 8 + header.length + sections[i].offset));
  return out;
}
