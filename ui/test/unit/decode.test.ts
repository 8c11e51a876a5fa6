// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeTrace, findSpanId, hexId, MARK_CYCLE, MARK_DUPLICATE, TraceFormatError } from '../../src/engine/decode.ts';
import { encode, load, store } from './fixtures.ts';

describe('decodeTrace', () => {
  test.each(Object.keys(store.special))('reads the pathological trace %s', (name) => {
    const trace = store.special[name];
    const { columns, tree } = load(trace);
    expect(columns.spanCount).toBe(trace.spans.length);
    expect(tree.order.length).toBe(tree.nodeCount);
    expect(new Set(tree.order).size).toBe(tree.nodeCount);
  });

  test('keeps names, services and ids as sent', () => {
    const trace = store.special.hostile;
    const { columns } = load(trace);
    const sent = trace.spans.map((span) => `${span.service}|${span.name}|${span.spanId}`).sort();
    const read = Array.from({ length: columns.spanCount }, (_, row) => `${columns.serviceNames[columns.service[row]]}|${columns.strings[columns.name[row]]}|${hexId(columns.spanId, row)}`).sort();
    expect(read).toEqual(sent);
  });

  test('is exact to the nanosecond within a ten-day trace', () => {
    const { columns } = load(store.special.longAndShort);
    expect(Math.round(columns.start[1] * 1000)).toBe(432_000_000_000_001);
    expect(Math.round(columns.duration[1] * 1000)).toBe(1);
  });

  test('keeps marks of cycles and repeated ids', () => {
    expect([...load(store.special.cycle).columns.marks].filter((mark) => mark & MARK_CYCLE).length).toBeGreaterThan(0);
    expect([...load(store.special.duplicate).columns.marks].filter((mark) => mark & MARK_DUPLICATE).length).toBe(2);
  });

  test('finds a span by its id', () => {
    const { columns } = load(store.shop[0]);
    for (let row = 0; row < columns.spanCount; row++) expect(findSpanId(columns, hexId(columns.spanId, row))).toBe(row);
    expect(findSpanId(columns, 'ffffffffffffffff')).toBe(-1);
    expect(findSpanId(columns, 'not an id')).toBe(-1);
  });

  test('refuses a view that is cut anywhere', () => {
    const bytes = encode(store.shop[0]);
    for (let size = 0; size < bytes.byteLength; size += 37) expect(() => decodeTrace(bytes.slice(0, size))).toThrow(TraceFormatError);
  });

  test('never fails otherwise than by TraceFormatError, whatever byte is changed', () => {
    const bytes = encode(store.shop[1]);
    fc.assert(
      fc.property(fc.nat(bytes.byteLength - 1), fc.nat(255), (at, value) => {
        const changed = bytes.slice(0);
        new Uint8Array(changed)[at] = value;
        try {
          decodeTrace(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(TraceFormatError);
        }
      }),
      { numRuns: 400 },
    );
  });
});
