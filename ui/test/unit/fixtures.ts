// SPDX-License-Identifier: Apache-2.0
// Traces for the tests: seeded ones, and small ones written by hand.

import fc from 'fast-check';
// @ts-expect-error the generator is plain JavaScript
import * as generator from '../traces/generator.mjs';
// @ts-expect-error the encoder is plain JavaScript
import * as view from '../traces/view.mjs';
import { decodeTrace, type TraceColumns } from '../../src/engine/decode.ts';
import type { Geometry } from '../../src/engine/geometry.ts';
import { buildRows, OPEN_FOLDS } from '../../src/engine/rows.ts';
import { buildTree, type TraceTree } from '../../src/engine/tree.ts';

// More runs of each property than usual, to hunt: WAYBILL_UI_RUNS=5000 npm run test:unit
if (process.env.WAYBILL_UI_RUNS !== undefined) fc.configureGlobal({ numRuns: Number(process.env.WAYBILL_UI_RUNS) });

export interface MadeSpan {
  spanId: string;
  parentSpanId: string;
  service: string;
  name: string;
  start: number;
  duration: number;
  status: string;
}

export interface MadeTrace {
  traceId: string;
  baseNano: bigint;
  spans: MadeSpan[];
  truth: Record<string, unknown>;
}

export function encode(trace: MadeTrace): ArrayBuffer {
  const bytes = view.encodeView(trace) as Uint8Array;
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

export function load(trace: MadeTrace): { columns: TraceColumns; tree: TraceTree } {
  const columns = decodeTrace(encode(trace));
  return { columns, tree: buildTree(columns) };
}

export const store = generator.makeStore({ seed: 7, traceCount: 20, bigSpans: [20_000] }) as { traces: MadeTrace[]; special: Record<string, MadeTrace>; shop: MadeTrace[] };

// A trace from rows of [name, parent's index or -1, or -2 for a missing parent, start, duration] in microseconds.
export function handmade(rows: [string, number, number, number][], more: Partial<MadeSpan>[] = []): MadeTrace {
  const id = (index: number) => (index + 1).toString(16).padStart(16, '0');
  return {
    traceId: 'ab'.repeat(16),
    baseNano: 1_700_000_000_000_000_000n,
    truth: {},
    spans: rows.map(([name, parent, start, duration], index) => ({
      spanId: id(index), parentSpanId: parent === -1 ? '' : parent === -2 ? 'ffffffffffffffff' : id(parent), service: 's', name, kind: 'internal',
      start: start * 1000, duration: duration * 1000, status: 'unset', message: '', attributes: [], events: [], links: [], traceState: '', flags: 0, ...more[index],
    })),
  };
}

export function geometryOf(columns: TraceColumns, tree: TraceTree, change: Partial<Geometry> = {}): Geometry {
  return { columns, tree, rows: buildRows(tree, OPEN_FOLDS, null), width: 1000, height: 600, rulerHeight: 28, rowHeight: 24, nameWidth: 360, scrollY: 0, t0: 0, t1: Math.max(1, columns.durationMicros), ...change };
}
