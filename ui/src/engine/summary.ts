// SPDX-License-Identifier: Apache-2.0
// A trace by service and operation: how often, how long, how much of it own time.

import { STATUS_ERROR, type TraceColumns } from './decode.ts';
import { classesOf, type TraceTree } from './tree.ts';

export interface OperationSummary {
  service: string;
  operation: string;
  count: number;
  total: number; // microseconds, sum of durations
  self: number; // own work and gaps: all but waiting for children
  max: number;
  errors: number;
}

export function summariseOperations(columns: TraceColumns, tree: TraceTree): OperationSummary[] {
  const found = new Map<number, OperationSummary>();
  const services = columns.serviceNames.length;
  for (let row = 0; row < columns.spanCount; row++) {
    const key = columns.name[row] * services + columns.service[row];
    let entry = found.get(key);
    if (entry === undefined) {
      entry = { service: columns.serviceNames[columns.service[row]], operation: columns.strings[columns.name[row]], count: 0, total: 0, self: 0, max: 0, errors: 0 };
      found.set(key, entry);
    }
    const duration = Math.max(0, columns.duration[row]);
    const classes = classesOf(columns, tree, row);
    entry.count++;
    entry.total += duration;
    entry.self += classes.self + classes.gap;
    entry.max = Math.max(entry.max, duration);
    if (columns.status[row] === STATUS_ERROR) entry.errors++;
  }
  return [...found.values()];
}
