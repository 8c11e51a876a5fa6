// SPDX-License-Identifier: Apache-2.0
// The critical path: which span the end of the root waited for, at every instant of the root.
//
// Walk back from the end of the root: the child that finished last (at or before the cursor) is what the parent waited
// for; what lies between is the parent's own. Segments partition the root's duration exactly. Where two children that
// ran side by side end at the same instant either could be the cause, and the result says `ambiguous`.

import type { TraceColumns } from './decode.ts';
import type { TraceTree } from './tree.ts';

export interface CriticalPath {
  verdict: 'exact' | 'ambiguous' | 'failed';
  reason: string;
  root: number;
  // Segments in time order.
  node: Int32Array;
  start: Float64Array;
  end: Float64Array;
}

const NONE = { node: new Int32Array(0), start: new Float64Array(0), end: new Float64Array(0) };

function failed(root: number, reason: string): CriticalPath {
  return { verdict: 'failed', reason, root, ...NONE };
}

// The root that the path is computed for: the longest span without a received parent.
export function mainRoot(columns: TraceColumns, tree: TraceTree): number {
  let best = -1;
  for (let row = 0; row < columns.spanCount; row++) {
    const parent = tree.parent[row];
    if (parent >= 0 && parent < columns.spanCount) continue;
    if (best < 0 || (columns.parent[row] === -1 && columns.parent[best] !== -1)) best = row;
    else if ((columns.parent[row] === -1) === (columns.parent[best] === -1) && columns.duration[row] > columns.duration[best]) best = row;
  }
  return best;
}

interface Frame {
  node: number;
  from: number; // the part of the span that is explained is [from, cursor]
  cursor: number;
  children: number[]; // by end, last first
  next: number;
}

export function criticalPath(columns: TraceColumns, tree: TraceTree): CriticalPath {
  const root = mainRoot(columns, tree);
  if (root < 0) return failed(root, 'no root span was received');
  if (!(columns.duration[root] > 0)) return failed(root, 'the root span has no duration');
  const endOf = (row: number) => columns.start[row] + columns.duration[row];
  const nodes: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  let ambiguous = '';

  const enter = (node: number, from: number, cursor: number): Frame => {
    const list = tree.childList.subarray(tree.childOffset[node], tree.childOffset[node + 1]);
    const children = Array.from(list).filter((child) => columns.duration[child] > 0 && endOf(child) > from && columns.start[child] < cursor);
    children.sort((a, b) => endOf(b) - endOf(a) || columns.start[a] - columns.start[b]);
    return { node, from, cursor, children, next: 0 };
  };
  const emit = (node: number, start: number, end: number) => {
    if (end <= start) return;
    nodes.push(node);
    starts.push(start);
    ends.push(end);
  };

  const stack = [enter(root, columns.start[root], endOf(root))];
  while (stack.length > 0) {
    const frame = stack[stack.length - 1];
    while (frame.next < frame.children.length && endOf(frame.children[frame.next]) > frame.cursor) frame.next++;
    const child = frame.children[frame.next];
    if (child === undefined || endOf(child) <= frame.from) {
      emit(frame.node, frame.from, frame.cursor);
      stack.pop();
      continue;
    }
    const rival = frame.children[frame.next + 1];
    if (rival !== undefined && endOf(rival) === endOf(child) && columns.start[rival] < endOf(child)) {
      ambiguous ||= `${columns.strings[columns.name[child]]} and ${columns.strings[columns.name[rival]]} end at the same instant`;
    }
    frame.next++;
    const end = endOf(child);
    const start = Math.max(columns.start[child], frame.from);
    emit(frame.node, end, frame.cursor);
    frame.cursor = start;
    stack.push(enter(child, start, end));
  }
  nodes.reverse();
  starts.reverse();
  ends.reverse();
  return {
    verdict: ambiguous ? 'ambiguous' : 'exact',
    reason: ambiguous,
    root,
    node: Int32Array.from(nodes),
    start: Float64Array.from(starts),
    end: Float64Array.from(ends),
  };
}
