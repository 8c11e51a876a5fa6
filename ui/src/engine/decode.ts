// SPDX-License-Identifier: Apache-2.0
// Reads the binary trace view (docs/formats/trace-view.md).
//
//   0        4        8                     8+n
//   +--------+--------+---------------------+-----------------
//   | "WBT1" | n: u32 | header: n bytes JSON| sections, by 8
//   +--------+--------+---------------------+-----------------
//
// Every offset and every index is checked here, once: what decodeTrace returns can be drawn without further checks.

export const MISSING_PARENT = -2;
export const NO_PARENT = -1;
export const MARK_DUPLICATE = 1;
export const MARK_CYCLE = 2;
export const STATUS_ERROR = 2;
export const KIND_NAMES = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
export const STATUS_NAMES = ['unset', 'ok', 'error'] as const;

// The columns of one trace. Times are microseconds after the epoch; rows are sorted by start, then span id.
export interface TraceColumns {
  traceId: string;
  spanCount: number;
  epochUnixNano: string;
  durationMicros: number;
  strings: string[];
  serviceNames: string[];
  start: Float64Array;
  duration: Float64Array;
  parent: Int32Array;
  name: Uint32Array;
  service: Uint32Array;
  kind: Uint8Array;
  status: Uint8Array;
  marks: Uint8Array;
  events: Uint16Array;
  links: Uint16Array;
  eventRow: Uint32Array;
  eventTime: Float64Array;
  spanId: Uint8Array;
  missingParent: Uint8Array;
}

export class TraceFormatError extends Error {
  override name = 'TraceFormatError';
}

interface Section {
  name: string;
  type: string;
  offset: number;
  count: number;
}

interface Header {
  version: number;
  traceId: string;
  spanCount: number;
  epochUnixNano: string;
  durationNano: string;
  strings: string[];
  services: number[];
  sections: Section[];
}

const ARRAYS = { f64: Float64Array, i32: Int32Array, u32: Uint32Array, u16: Uint16Array, u8: Uint8Array } as const;
type ArrayType = keyof typeof ARRAYS;

function fail(message: string): never {
  throw new TraceFormatError(`trace view: ${message}`);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function readHeader(buffer: ArrayBuffer): { header: Header; base: number } {
  if (buffer.byteLength < 8) fail('shorter than its preamble');
  const view = new DataView(buffer);
  if (view.getUint32(0, false) !== 0x57425431) fail('magic is not WBT1');
  const size = view.getUint32(4, true);
  const base = 8 + size;
  if (base > buffer.byteLength) fail('header is truncated');
  if (base % 8 !== 0) fail('header is not padded to 8');
  let header: Header;
  try {
    header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, size))) as Header;
  } catch {
    return fail('header is not JSON');
  }
  if (typeof header !== 'object' || header === null) fail('header is not an object');
  if (header.version !== 1) fail(`version ${String(header.version)} is not known`);
  if (!isCount(header.spanCount)) fail('spanCount is not a count');
  if (!Array.isArray(header.strings) || !Array.isArray(header.services) || !Array.isArray(header.sections)) {
    fail('header lacks strings, services or sections');
  }
  if (!/^\d{1,20}$/.test(String(header.epochUnixNano))) fail('epochUnixNano is not a number');
  return { header, base };
}

function checkBelow(column: Uint32Array, limit: number, what: string): void {
  for (let row = 0; row < column.length; row++) {
    if (column[row] >= limit) fail(`${what} of row ${row} is out of range`);
  }
}

export function decodeTrace(buffer: ArrayBuffer): TraceColumns {
  const { header, base } = readHeader(buffer);
  const spans = header.spanCount;
  const sections = new Map<string, Section>();
  for (const section of header.sections) sections.set(section.name, section);

  function column<T extends ArrayType>(name: string, type: T, count: number | null): InstanceType<(typeof ARRAYS)[T]> {
    const section = sections.get(name) ?? fail(`section ${name} is missing`);
    if (section.type !== type) fail(`section ${name} is ${section.type}, not ${type}`);
    if (!isCount(section.offset) || !isCount(section.count)) fail(`section ${name} has a bad place`);
    if (count !== null && section.count !== count) fail(`section ${name} has ${section.count} values, not ${count}`);
    const bytes = ARRAYS[type].BYTES_PER_ELEMENT;
    const at = base + section.offset;
    if (section.offset % 8 !== 0 || at + section.count * bytes > buffer.byteLength) fail(`section ${name} is out of bounds`);
    return new ARRAYS[type](buffer, at, section.count) as InstanceType<(typeof ARRAYS)[T]>;
  }

  const strings = header.strings.map(String);
  const serviceNames = header.services.map((index) => strings[index] ?? fail('service without a string'));
  const columns: TraceColumns = {
    traceId: String(header.traceId),
    spanCount: spans,
    epochUnixNano: String(header.epochUnixNano),
    durationMicros: Number(header.durationNano) / 1000,
    strings,
    serviceNames,
    start: column('start', 'f64', spans),
    duration: column('duration', 'f64', spans),
    parent: column('parent', 'i32', spans),
    name: column('name', 'u32', spans),
    service: column('service', 'u32', spans),
    kind: column('kind', 'u8', spans),
    status: column('status', 'u8', spans),
    marks: column('marks', 'u8', spans),
    events: column('events', 'u16', spans),
    links: column('links', 'u16', spans),
    eventRow: column('event_row', 'u32', null),
    eventTime: column('event_time', 'f64', null),
    spanId: column('span_id', 'u8', spans * 8),
    missingParent: column('missing_parent', 'u8', spans * 8),
  };
  if (columns.eventRow.length !== columns.eventTime.length) fail('event sections differ in length');
  checkBelow(columns.name, strings.length, 'name');
  checkBelow(columns.service, serviceNames.length, 'service');
  checkBelow(columns.eventRow, spans, 'event');
  for (let row = 0; row < spans; row++) {
    const parent = columns.parent[row];
    if (parent < MISSING_PARENT || parent >= spans) fail(`parent of row ${row} is out of range`);
    if (!Number.isFinite(columns.start[row]) || !Number.isFinite(columns.duration[row])) fail(`time of row ${row} is not finite`);
  }
  return columns;
}

export function hexId(bytes: Uint8Array, row: number): string {
  let text = '';
  for (let i = row * 8; i < row * 8 + 8; i++) text += bytes[i].toString(16).padStart(2, '0');
  return text;
}

// The row with the given span id, or -1. Linear: a million rows take a few milliseconds.
export function findSpanId(columns: TraceColumns, id: string): number {
  if (!/^[0-9a-f]{16}$/.test(id)) return -1;
  const wanted = new Uint8Array(8);
  for (let i = 0; i < 8; i++) wanted[i] = parseInt(id.slice(i * 2, i * 2 + 2), 16);
  const ids = columns.spanId;
  next: for (let row = 0; row < columns.spanCount; row++) {
    for (let i = 0; i < 8; i++) if (ids[row * 8 + i] !== wanted[i]) continue next;
    return row;
  }
  return -1;
}
