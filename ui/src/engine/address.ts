// SPDX-License-Identifier: Apache-2.0
// The view of a trace in the address: zoom and folds as short text, and back. Malformed text is null, never an error.

import { hexId, findSpanId, type TraceColumns } from './decode.ts';
import { OPEN_FOLDS, type FoldState } from './rows.ts';

const FOLD_IDS_MAX = 60;

export function printZoom(t0: number, t1: number): string {
  const short = (value: number) => String(Math.round(value * 1000) / 1000);
  return `${short(t0)}-${short(t1)}`;
}

export function parseZoom(text: string): [number, number] | null {
  const found = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text);
  if (found === null) return null;
  const t0 = Number(found[1]);
  const t1 = Number(found[2]);
  return t1 > t0 ? [t0, t1] : null;
}

// "all" where everything is folded but for the exceptions, "flat" where runs do not fold; "-id" a flipped node,
// "+id" an opened run. Null where the state is the default; undefined where it is too long for an address.
export function printFolds(columns: TraceColumns, folds: FoldState): string | null | undefined {
  const parts: string[] = [];
  if (folds.base === 'closed') parts.push('all');
  if (!folds.siblings) parts.push('flat');
  if (folds.flipped.size + folds.openGroups.size > FOLD_IDS_MAX) return undefined;
  for (const node of folds.flipped) if (node < columns.spanCount) parts.push(`-${hexId(columns.spanId, node)}`);
  for (const node of folds.openGroups) if (node < columns.spanCount) parts.push(`+${hexId(columns.spanId, node)}`);
  return parts.length === 0 ? null : parts.join('.');
}

export function parseFolds(columns: TraceColumns, text: string): FoldState {
  let folds: FoldState = OPEN_FOLDS;
  const flipped = new Set<number>();
  const openGroups = new Set<number>();
  for (const part of text.split('.').slice(0, FOLD_IDS_MAX + 2)) {
    if (part === 'all') folds = { ...folds, base: 'closed' };
    else if (part === 'flat') folds = { ...folds, siblings: false };
    else {
      const row = findSpanId(columns, part.slice(1));
      if (row < 0) continue;
      if (part[0] === '-') flipped.add(row);
      else if (part[0] === '+' || part[0] === ' ') openGroups.add(row);
    }
  }
  return { ...folds, flipped, openGroups };
}
