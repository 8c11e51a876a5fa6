// SPDX-License-Identifier: Apache-2.0
// Which rows are on the table: the tree in preorder with folds applied.
//
// A row is a node, or the heading of a run of equal siblings. Folding is a function of FoldState alone, so folding and
// unfolding the same thing gives back the same rows.

import type { TraceTree } from './tree.ts';

export interface FoldState {
  // 'open': nodes in `flipped` are closed. 'closed': nodes in `flipped` are open.
  base: 'open' | 'closed';
  flipped: ReadonlySet<number>; // nodes
  siblings: boolean; // whether runs of equal siblings fold by themselves
  openGroups: ReadonlySet<number>; // first nodes of runs that were opened
}

export const OPEN_FOLDS: FoldState = { base: 'open', flipped: new Set(), siblings: true, openGroups: new Set() };

export interface Rows {
  count: number;
  node: Int32Array; // the node, or the first node of a run
  group: Int32Array; // the run that this row is the heading of, or -1
  depth: Int32Array;
}

export function isClosed(folds: FoldState, node: number): boolean {
  return (folds.base === 'closed') !== folds.flipped.has(node);
}

export function hasChildren(tree: TraceTree, node: number): boolean {
  return tree.childOffset[node + 1] > tree.childOffset[node];
}

// `held` says which runs may not fold, because one of their spans was found by the search.
export function buildRows(tree: TraceTree, folds: FoldState, held: ((group: number) => boolean) | null): Rows {
  const capacity = tree.nodeCount + tree.groups.count;
  const node = new Int32Array(capacity);
  const group = new Int32Array(capacity);
  const depth = new Int32Array(capacity);
  let count = 0;
  // Open runs around the current node: each adds one step of depth until its end.
  const runEnds: number[] = [];
  let at = 0;
  while (at < tree.nodeCount) {
    const current = tree.order[at];
    while (runEnds.length > 0 && runEnds[runEnds.length - 1] <= at) runEnds.pop();
    const run = folds.siblings ? runHeadedBy(tree, current) : -1;
    if (run >= 0 && !(held !== null && held(run))) {
      node[count] = current;
      group[count] = run;
      depth[count++] = tree.depth[current] + runEnds.length;
      const lastNode = tree.childList[tree.groups.last[run] - 1];
      if (!folds.openGroups.has(current)) {
        at = tree.subtreeEnd[lastNode];
        continue;
      }
      runEnds.push(tree.subtreeEnd[lastNode]);
    }
    node[count] = current;
    group[count] = -1;
    depth[count++] = tree.depth[current] + runEnds.length;
    at = hasChildren(tree, current) && isClosed(folds, current) ? tree.subtreeEnd[current] : at + 1;
  }
  return { count, node: node.subarray(0, count), group: group.subarray(0, count), depth: depth.subarray(0, count) };
}

// The row that shows `node` itself or, where it is folded away, the closest row that contains it. -1: none.
export function rowOfNode(tree: TraceTree, rows: Rows, node: number): number {
  const wanted = tree.position[node];
  let low = 0;
  let high = rows.count - 1;
  let best = -1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (tree.position[rows.node[middle]] <= wanted) {
      best = middle;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return best;
}

export function toggleNode(folds: FoldState, node: number): FoldState {
  const flipped = new Set(folds.flipped);
  if (!flipped.delete(node)) flipped.add(node);
  return { ...folds, flipped };
}

export function toggleGroup(folds: FoldState, first: number): FoldState {
  const openGroups = new Set(folds.openGroups);
  if (!openGroups.delete(first)) openGroups.add(first);
  return { ...folds, openGroups };
}

// Opens whatever hides `node`.
export function reveal(tree: TraceTree, folds: FoldState, node: number): FoldState {
  const flipped = new Set(folds.flipped);
  const openGroups = new Set(folds.openGroups);
  let changed = false;
  for (let at = node; at >= 0; at = tree.parent[at]) {
    if (at !== node && isClosed({ ...folds, flipped }, at)) {
      if (!flipped.delete(at)) flipped.add(at);
      changed = true;
    }
    const first = runAround(tree, at);
    if (folds.siblings && first >= 0 && !openGroups.has(first)) {
      openGroups.add(first);
      changed = true;
    }
  }
  return changed ? { ...folds, flipped, openGroups } : folds;
}

// The first node of the run of siblings that `node` belongs to, or -1.
export function runAround(tree: TraceTree, node: number): number {
  const run = tree.groups.of[node];
  return run < 0 ? -1 : tree.childList[tree.groups.first[run]];
}

function runHeadedBy(tree: TraceTree, node: number): number {
  return runAround(tree, node) === node ? tree.groups.of[node] : -1;
}
