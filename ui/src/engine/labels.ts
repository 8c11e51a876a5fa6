// SPDX-License-Identifier: Apache-2.0
// What a row says in words. The same facts as in the picture, for the treegrid beside it.

import { STATUS_ERROR, type TraceColumns } from './decode.ts';
import { hasChildren, type Rows } from './rows.ts';
import type { CriticalIndex, Scene } from './scene.ts';
import { printable } from './text.ts';
import type { TraceTree } from './tree.ts';
import { formatCount, formatDuration, speakDuration } from './units.ts';

export interface RowLabel {
  name: string;
  facts: string;
}

// A row is shown closed when it heads something and the row below is not inside it.
export function isClosedRow(tree: TraceTree, rows: Rows, row: number): boolean {
  if (rows.group[row] < 0 && !hasChildren(tree, rows.node[row])) return false;
  return row + 1 >= rows.count || rows.depth[row + 1] <= rows.depth[row];
}

export function isExpandable(tree: TraceTree, rows: Rows, row: number): boolean {
  return rows.group[row] >= 0 || hasChildren(tree, rows.node[row]);
}

export function labelOfRow(columns: TraceColumns, tree: TraceTree, rows: Rows, row: number, critical: CriticalIndex | null): RowLabel {
  const node = rows.node[row];
  const place = `level ${rows.depth[row] + 1}, row ${formatCount(row + 1)} of ${formatCount(rows.count)}`;
  if (node >= columns.spanCount) return { name: 'parent not received', facts: place };
  const name = printable(`${columns.serviceNames[columns.service[node]]} ${columns.strings[columns.name[node]]}`);
  const group = rows.group[row];
  if (group >= 0) {
    const { groups } = tree;
    const count = groups.last[group] - groups.first[group];
    return {
      name,
      facts: `${formatCount(count)} times, total ${speakDuration(groups.total[group])}, max ${speakDuration(groups.max[group])}, at most ${groups.parallel[group]} at once, ${place}`,
    };
  }
  const parts = [speakDuration(columns.duration[node])];
  if (columns.durationMicros > 0) parts.push(`${Math.round((100 * Math.max(0, columns.duration[node])) / columns.durationMicros)} percent of trace`);
  if (critical?.byNode.has(node)) parts.push('on critical path');
  if (columns.status[node] === STATUS_ERROR) parts.push('error');
  parts.push(place);
  return { name, facts: parts.join(', ') };
}

// What is written at a bar, the longest first.
export function durationLabels({ columns, tree, rows }: Scene, row: number, node: number): string[] {
  if (node >= columns.spanCount) return ['not received'];
  const group = rows.group[row];
  if (group < 0) return [formatDuration(columns.duration[node])];
  const total = formatDuration(tree.groups.total[group]);
  return [`${total} total, max ${formatDuration(tree.groups.max[group])}`, total];
}
