// SPDX-License-Identifier: Apache-2.0
// Spans that a search in the trace found, in the order of the tree.

import { findSpanId, hexId, type TraceColumns } from './decode.ts';
import type { TraceTree } from './tree.ts';

export interface Matches {
  count: number;
  marked: Uint8Array; // by span row
  ordered: Int32Array; // rows in tree order
}

export function makeMatches(columns: TraceColumns, tree: TraceTree, rows: Iterable<number>): Matches {
  const marked = new Uint8Array(columns.spanCount);
  let count = 0;
  for (const row of rows) {
    if (row < 0 || row >= columns.spanCount || marked[row]) continue;
    marked[row] = 1;
    count++;
  }
  const ordered = new Int32Array(count);
  let used = 0;
  if (count > 0) {
    for (let at = 0; at < tree.nodeCount; at++) {
      const node = tree.order[at];
      if (node < columns.spanCount && marked[node]) ordered[used++] = node;
    }
  }
  return { count, marked, ordered };
}

// Plain words against names and services, in the browser: strings are looked at once each, then rows by number.
export function findWords(columns: TraceColumns, text: string): number[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [];
  const rows: number[] = [];
  const byId = /^[0-9a-f]{16}$/.test(wanted) ? findSpanId(columns, wanted) : -1;
  if (byId >= 0) rows.push(byId);
  const names = columns.strings.map((value) => value.toLowerCase().includes(wanted));
  const services = columns.serviceNames.map((value) => value.toLowerCase().includes(wanted));
  for (let row = 0; row < columns.spanCount; row++) {
    if (names[columns.name[row]] || services[columns.service[row]]) rows.push(row);
  }
  return rows;
}

// The runs of siblings that may not fold because a found span is in or below them.
export function heldRuns(columns: TraceColumns, tree: TraceTree, matches: Matches): Set<number> {
  const held = new Set<number>();
  if (matches.count === 0 || matches.count === columns.spanCount) return held;
  const seen = new Uint8Array(tree.nodeCount);
  for (const row of matches.ordered) {
    for (let node = row; node >= 0 && !seen[node]; node = tree.parent[node]) {
      seen[node] = 1;
      if (tree.groups.of[node] >= 0) held.add(tree.groups.of[node]);
    }
  }
  return held;
}

export function spanIdOf(columns: TraceColumns, node: number): string {
  return node < columns.spanCount ? hexId(columns.spanId, node) : '';
}
