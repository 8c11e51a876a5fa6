// SPDX-License-Identifier: Apache-2.0
// The tree of a trace: nodes, children, order, depth, time classes and foldable runs of siblings.
//
// A node is a row of the columns or, from spanCount on, a ghost: a parent that is named but was not received. Every
// node is visited once whatever the links say: a cycle that the server did not mark is cut at its first row.

import { MISSING_PARENT, STATUS_ERROR, type TraceColumns } from './decode.ts';

export const FOLD_MIN = 5;

export interface TraceTree {
  nodeCount: number;
  ghostCount: number;
  // Ghost g is node spanCount + g; ghostRow is a row that names it, ghostStart and ghostEnd the extent of its children.
  ghostRow: Int32Array;
  ghostStart: Float64Array;
  ghostEnd: Float64Array;
  parent: Int32Array; // by node; -1: root
  childOffset: Int32Array; // by node, nodeCount + 2; children of node i at [i], roots at [nodeCount]
  childList: Int32Array;
  order: Int32Array; // preorder position -> node
  position: Int32Array; // node -> preorder position
  subtreeEnd: Int32Array; // node -> preorder position after its subtree
  depth: Int32Array;
  subtreeErrors: Uint8Array; // 1 where the node or a descendant has error status
  // Union of the children's intervals clipped to the span, merged: covers of node i at [coverOffset[i], coverOffset[i+1]).
  coverOffset: Int32Array;
  coverStart: Float64Array;
  coverEnd: Float64Array;
  childWait: Float64Array;
  groups: FoldGroups;
}

// Runs of at least FOLD_MIN consecutive siblings of the same service and name without an error below them. A run is the
// half-open range [first, last) of childList.
export interface FoldGroups {
  count: number;
  first: Int32Array;
  last: Int32Array;
  end: Float64Array; // latest end of a member, microseconds
  total: Float64Array; // sum of durations, microseconds
  max: Float64Array;
  parallel: Int32Array; // how many ran at once, at most
  of: Int32Array; // node -> run that it is in, or -1
}

export function nodeStart(columns: TraceColumns, tree: TraceTree, node: number): number {
  return node < columns.spanCount ? columns.start[node] : tree.ghostStart[node - columns.spanCount];
}

export function nodeDuration(columns: TraceColumns, tree: TraceTree, node: number): number {
  if (node < columns.spanCount) return columns.duration[node];
  return tree.ghostEnd[node - columns.spanCount] - tree.ghostStart[node - columns.spanCount];
}

function makeGhosts(columns: TraceColumns): { ghostOf: Map<string, number>; rows: number[]; start: number[]; end: number[] } {
  const ghostOf = new Map<string, number>();
  const rows: number[] = [];
  const start: number[] = [];
  const end: number[] = [];
  for (let row = 0; row < columns.spanCount; row++) {
    if (columns.parent[row] !== MISSING_PARENT) continue;
    const key = missingKey(columns, row);
    let ghost = ghostOf.get(key);
    if (ghost === undefined) {
      ghost = rows.length;
      ghostOf.set(key, ghost);
      rows.push(row);
      start.push(columns.start[row]);
      end.push(columns.start[row]);
    }
    end[ghost] = Math.max(end[ghost], columns.start[row] + Math.max(0, columns.duration[row]));
  }
  return { ghostOf, rows, start, end };
}

function missingKey(columns: TraceColumns, row: number): string {
  return String.fromCharCode(...columns.missingParent.subarray(row * 8, row * 8 + 8));
}

interface Shape {
  parent: Int32Array;
  childOffset: Int32Array;
  childList: Int32Array;
}

// Children in start order, by counting: rows come sorted by start, and ghosts are merged among the roots.
function linkChildren(columns: TraceColumns, parent: Int32Array, ghostStart: Float64Array): Shape {
  const nodes = parent.length;
  const spans = columns.spanCount;
  const childOffset = new Int32Array(nodes + 2);
  for (let node = 0; node < nodes; node++) childOffset[(parent[node] < 0 ? nodes : parent[node]) + 1]++;
  for (let node = 0; node <= nodes; node++) childOffset[node + 1] += childOffset[node];
  const childList = new Int32Array(nodes);
  const fill = childOffset.slice(0, nodes + 1);
  for (let node = 0; node < nodes; node++) {
    const slot = parent[node] < 0 ? nodes : parent[node];
    childList[fill[slot]++] = node;
  }
  if (nodes > spans) {
    const startOf = (node: number) => (node < spans ? columns.start[node] : ghostStart[node - spans]);
    childList.subarray(childOffset[nodes], childOffset[nodes + 1]).sort((a, b) => startOf(a) - startOf(b) || a - b);
  }
  return { parent, childOffset, childList };
}

function cutCycles(parent: Int32Array): void {
  const state = new Uint8Array(parent.length); // 0 new, 1 on the current chain, 2 reaches a root
  for (let first = 0; first < parent.length; first++) {
    let node = first;
    while (node >= 0 && state[node] === 0) {
      state[node] = 1;
      node = parent[node];
    }
    const closesCycle = node >= 0 && state[node] === 1;
    const cut = node;
    node = first;
    while (node >= 0 && state[node] === 1) {
      state[node] = 2;
      node = parent[node];
    }
    if (closesCycle) parent[cut] = -1;
  }
}

function measureCover(columns: TraceColumns, shape: Shape): Pick<TraceTree, 'coverOffset' | 'coverStart' | 'coverEnd' | 'childWait'> {
  const spans = columns.spanCount;
  const { childOffset, childList } = shape;
  const coverOffset = new Int32Array(spans + 1);
  const coverStart = new Float64Array(spans);
  const coverEnd = new Float64Array(spans);
  const childWait = new Float64Array(spans);
  let used = 0;
  for (let node = 0; node < spans; node++) {
    coverOffset[node] = used;
    const from = columns.start[node];
    const to = from + columns.duration[node];
    let open = false;
    for (let i = childOffset[node]; i < childOffset[node + 1]; i++) {
      const child = childList[i];
      const start = Math.max(columns.start[child], from);
      const end = Math.min(columns.start[child] + columns.duration[child], to);
      if (!(end > start)) continue;
      if (open && start <= coverEnd[used - 1]) {
        if (end > coverEnd[used - 1]) coverEnd[used - 1] = end;
      } else {
        coverStart[used] = start;
        coverEnd[used++] = end;
        open = true;
      }
    }
    let wait = 0;
    for (let i = coverOffset[node]; i < used; i++) wait += coverEnd[i] - coverStart[i];
    childWait[node] = wait;
  }
  coverOffset[spans] = used;
  return { coverOffset, coverStart: coverStart.slice(0, used), coverEnd: coverEnd.slice(0, used), childWait };
}

function findGroups(columns: TraceColumns, shape: Shape, subtreeErrors: Uint8Array): FoldGroups {
  const spans = columns.spanCount;
  const { childOffset, childList } = shape;
  const nodes = shape.parent.length;
  const first: number[] = [];
  const last: number[] = [];
  const runEnd: number[] = [];
  const total: number[] = [];
  const max: number[] = [];
  const parallel: number[] = [];
  const of = new Int32Array(nodes).fill(-1);
  const foldable = (node: number) => node < spans && subtreeErrors[node] === 0;
  for (let parent = 0; parent <= nodes; parent++) {
    const end = childOffset[parent + 1];
    let i = childOffset[parent];
    while (i + FOLD_MIN <= end) {
      const head = childList[i];
      let j = i + 1;
      if (foldable(head)) {
        while (j < end && foldable(childList[j]) && columns.name[childList[j]] === columns.name[head] && columns.service[childList[j]] === columns.service[head]) j++;
      }
      if (j - i >= FOLD_MIN) {
        for (let member = i; member < j; member++) of[childList[member]] = first.length;
        first.push(i);
        last.push(j);
        const cost = measureRun(columns, childList, i, j);
        runEnd.push(cost.end);
        total.push(cost.total);
        max.push(cost.max);
        parallel.push(cost.parallel);
      }
      i = j;
    }
  }
  return {
    count: first.length,
    first: Int32Array.from(first),
    last: Int32Array.from(last),
    end: Float64Array.from(runEnd),
    total: Float64Array.from(total),
    max: Float64Array.from(max),
    parallel: Int32Array.from(parallel),
    of,
  };
}

function measureRun(columns: TraceColumns, list: Int32Array, from: number, to: number) {
  let total = 0;
  let max = 0;
  const ends = new Float64Array(to - from);
  for (let i = from; i < to; i++) {
    const duration = Math.max(0, columns.duration[list[i]]);
    total += duration;
    max = Math.max(max, duration);
    ends[i - from] = columns.start[list[i]] + duration;
  }
  ends.sort();
  let parallel = 0;
  let ended = 0;
  for (let i = from; i < to; i++) {
    while (ended < ends.length && ends[ended] <= columns.start[list[i]]) ended++;
    parallel = Math.max(parallel, i - from + 1 - ended);
  }
  return { end: ends[ends.length - 1], total, max, parallel: Math.max(1, parallel) };
}

export function buildTree(columns: TraceColumns): TraceTree {
  const spans = columns.spanCount;
  const ghosts = makeGhosts(columns);
  const ghostCount = ghosts.rows.length;
  const nodes = spans + ghostCount;
  const ghostStart = Float64Array.from(ghosts.start);
  const parent = new Int32Array(nodes).fill(-1);
  for (let row = 0; row < spans; row++) {
    const named = columns.parent[row];
    parent[row] = named === MISSING_PARENT ? spans + (ghosts.ghostOf.get(missingKey(columns, row)) ?? 0) : named;
  }
  cutCycles(parent);
  const shape = linkChildren(columns, parent, ghostStart);
  const walk = walkTree(shape, nodes);
  const subtreeErrors = new Uint8Array(nodes);
  for (let at = nodes - 1; at >= 0; at--) {
    const node = walk.order[at];
    if (node < spans && columns.status[node] === STATUS_ERROR) subtreeErrors[node] = 1;
    if (subtreeErrors[node] && parent[node] >= 0) subtreeErrors[parent[node]] = 1;
  }
  return {
    nodeCount: nodes,
    ghostCount,
    ghostRow: Int32Array.from(ghosts.rows),
    ghostStart,
    ghostEnd: Float64Array.from(ghosts.end),
    ...shape,
    ...walk,
    subtreeErrors,
    ...measureCover(columns, shape),
    groups: findGroups(columns, shape, subtreeErrors),
  };
}

function walkTree(shape: Shape, nodes: number): Pick<TraceTree, 'order' | 'position' | 'subtreeEnd' | 'depth'> {
  const { parent, childOffset, childList } = shape;
  const order = new Int32Array(nodes);
  const position = new Int32Array(nodes);
  const subtreeEnd = new Int32Array(nodes);
  const depth = new Int32Array(nodes);
  const next = childOffset.slice(0, nodes + 1);
  let at = 0;
  let node = nodes; // the virtual root
  while (true) {
    if (next[node] < childOffset[node + 1]) {
      const child = childList[next[node]++];
      order[at] = child;
      position[child] = at++;
      depth[child] = node === nodes ? 0 : depth[node] + 1;
      node = child;
    } else {
      if (node === nodes) break;
      subtreeEnd[node] = at;
      node = parent[node] < 0 ? nodes : parent[node];
    }
  }
  return { order, position, subtreeEnd, depth };
}

// How a span's own duration is spent, in microseconds. The three always sum to max(0, duration).
export interface TimeClasses {
  childWait: number;
  self: number;
  gap: number;
}

export function gapThreshold(columns: TraceColumns): number {
  return Math.max(1000, columns.durationMicros / 100);
}

// A gap is time without a child that is too long to be called own work with confidence: CPU or missing instrumentation.
export function classesOf(columns: TraceColumns, tree: TraceTree, node: number): TimeClasses {
  if (node >= columns.spanCount) return { childWait: 0, self: 0, gap: 0 };
  const whole = Math.max(0, columns.duration[node]);
  const childWait = Math.min(whole, tree.childWait[node]);
  if (tree.coverOffset[node] === tree.coverOffset[node + 1]) return { childWait: 0, self: whole, gap: 0 };
  const limit = gapThreshold(columns);
  let gap = 0;
  let cursor = columns.start[node];
  for (let i = tree.coverOffset[node]; i < tree.coverOffset[node + 1]; i++) {
    if (tree.coverStart[i] - cursor > limit) gap += tree.coverStart[i] - cursor;
    cursor = tree.coverEnd[i];
  }
  const tail = columns.start[node] + whole - cursor;
  if (tail > limit) gap += tail;
  gap = Math.min(gap, whole - childWait);
  return { childWait, self: whole - childWait - gap, gap };
}

// Every array of the tree, for transfer from the worker without a copy.
export function treeBuffers(tree: TraceTree): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  for (const value of [...Object.values(tree), ...Object.values(tree.groups)] as unknown[]) {
    if (ArrayBuffer.isView(value)) buffers.push(value.buffer as ArrayBuffer);
  }
  return buffers;
}
