// SPDX-License-Identifier: Apache-2.0
// A stored trace as rows, as the binary view, as a summary and as span details.

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUS = ['unset', 'ok', 'error'];

// Rows in the contract's order, with parents as row numbers and cycles cut.
export function layOut(trace) {
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

export function summarise(trace, matchedRows) {
  const { spans, parent, begin, duration, epoch } = layOut(trace);
  let root = parent.indexOf(-1);
  const rootMissing = root < 0;
  if (rootMissing) root = parent.indexOf(-2);
  const services = new Map();
  for (const span of spans) {
    const entry = services.get(span.service) ?? { name: span.service, spanCount: 0, errorCount: 0 };
    entry.spanCount++;
    if (span.status === 'error') entry.errorCount++;
    services.set(span.service, entry);
  }
  const names = [...services.keys()];
  const time = (span) => String(trace.baseNano + BigInt(span.start));
  return {
    traceId: trace.traceId, rootService: spans[root].service, rootOperation: spans[root].name, rootMissing,
    startUnixNano: String(epoch), durationNano: String(duration), spanCount: spans.length,
    errorCount: spans.filter((span) => span.status === 'error').length, orphanCount: parent.filter((value) => value === -2).length,
    services: [...services.values()], matchedCount: matchedRows.length,
    matched: matchedRows.slice(0, 3).map((row) => ({ spanId: spans[row].spanId, service: spans[row].service, name: spans[row].name, startUnixNano: time(spans[row]), durationNano: String(spans[row].duration) })),
    strip: (trace.strip ??= makeStrip(trace, names, begin, duration)),
  };
}

function makeStrip(trace, names, begin, duration) {
  const { spans, parent } = layOut(trace);
  const depth = new Int32Array(spans.length);
  const depthOf = (row) => {
    let steps = 0;
    for (let at = parent[row]; at >= 0 && steps < 6000; at = parent[at]) steps++;
    return steps;
  };
  const isBig = spans.length > 20_000;
  if (!isBig) spans.forEach((_, row) => (depth[row] = depthOf(row)));
  const width = Math.max(1, duration / 64);
  const cells = Array.from({ length: 64 }, () => ({ depth: -1, time: 0, service: -1, error: 0 }));
  spans.forEach((span, row) => {
    const from = span.start - begin;
    const to = from + Math.max(0, span.duration);
    for (let i = Math.floor(from / width); i < 64 && i * width <= to; i++) {
      if (i < 0) continue;
      const overlap = Math.min(to, (i + 1) * width) - Math.max(from, i * width);
      const cell = cells[i];
      if (depth[row] > cell.depth || (depth[row] === cell.depth && overlap > cell.time)) Object.assign(cell, { depth: depth[row], time: overlap, service: names.indexOf(span.service) });
      if (span.status === 'error') cell.error = 1;
    }
  });
  return cells.map((cell) => [cell.service, cell.error]);
}

export function detail(trace, row) {
  const { spans } = layOut(trace);
  const span = spans[row];
  const time = (offset) => String(trace.baseNano + BigInt(Math.round(offset)));
  return {
    row, spanId: span.spanId, parentSpanId: span.parentSpanId, name: span.name, kind: span.kind, startUnixNano: time(span.start), durationNano: String(span.duration),
    status: { code: span.status, message: span.message }, traceState: span.traceState, flags: span.flags, service: span.service,
    attributes: span.attributes, droppedAttributesCount: 0,
    events: span.events.map((event) => ({ name: event.name, timeUnixNano: time(event.time), attributes: event.attributes, droppedAttributesCount: 0 })), droppedEventsCount: 0,
    links: span.links, droppedLinksCount: 0,
    scope: { name: 'shop', version: '1.0.0', attributes: [], schemaUrl: '' },
    resource: { attributes: resourceOf(span), schemaUrl: '' },
  };
}

export function resourceOf(span) {
  return [{ key: 'service.name', type: 'string', value: span.service }, { key: 'host.name', type: 'string', value: `${span.service || 'none'}-1` }];
}
