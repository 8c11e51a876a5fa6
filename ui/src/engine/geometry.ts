// SPDX-License-Identifier: Apache-2.0
// Where things are. Drawing and hit testing both ask here, so that what is seen is what is hit.

import { nodeDuration, nodeStart, type TraceTree } from './tree.ts';
import type { TraceColumns } from './decode.ts';
import type { Rows } from './rows.ts';

export const STICKY_MAX = 4;
export const INDENT = 14;
export const CHEVRON = 18;
export const BAR_MIN = 2;
// Browsers limit the height of an element; beyond this the scroll offset is mapped.
export const SCROLL_HEIGHT_MAX = 15_000_000;

export interface Geometry {
  columns: TraceColumns;
  tree: TraceTree;
  rows: Rows;
  width: number;
  height: number;
  rulerHeight: number;
  rowHeight: number;
  nameWidth: number;
  scrollY: number; // pixels of content above the first drawn line
  t0: number; // the window of time, microseconds
  t1: number;
}

export type Hit =
  | { kind: 'none' }
  | { kind: 'ruler'; time: number }
  | { kind: 'chevron' | 'name' | 'bar' | 'timeline'; row: number; time: number };

const PAD_RIGHT = 14;

export function timelineLeft(g: Geometry): number {
  return g.nameWidth + 10;
}

export function timelineWidth(g: Geometry): number {
  return Math.max(20, g.width - timelineLeft(g) - PAD_RIGHT);
}

export function xOfTime(g: Geometry, time: number): number {
  return timelineLeft(g) + ((time - g.t0) / (g.t1 - g.t0)) * timelineWidth(g);
}

export function timeOfX(g: Geometry, x: number): number {
  return g.t0 + ((x - timelineLeft(g)) / timelineWidth(g)) * (g.t1 - g.t0);
}

export function contentHeight(g: Geometry): number {
  return g.rows.count * g.rowHeight;
}

export function bodyHeight(g: Geometry): number {
  return Math.max(0, g.height - g.rulerHeight);
}

// The height to give to the scrolled element, and the way from its offset to content pixels and back.
export function spacerHeight(g: Geometry): number {
  return Math.min(SCROLL_HEIGHT_MAX, contentHeight(g) + g.rowHeight * 2);
}

export function contentOfScroll(g: Geometry, scrollTop: number): number {
  const content = contentHeight(g) + g.rowHeight * 2;
  const spacer = spacerHeight(g);
  if (content <= SCROLL_HEIGHT_MAX) return scrollTop;
  return (scrollTop * (content - bodyHeight(g))) / Math.max(1, spacer - bodyHeight(g));
}

export function scrollOfContent(g: Geometry, contentY: number): number {
  const content = contentHeight(g) + g.rowHeight * 2;
  const spacer = spacerHeight(g);
  if (content <= SCROLL_HEIGHT_MAX) return contentY;
  return (contentY * Math.max(1, spacer - bodyHeight(g))) / (content - bodyHeight(g));
}

export function firstRow(g: Geometry): number {
  return Math.min(Math.max(0, g.rows.count - 1), Math.max(0, Math.floor(g.scrollY / g.rowHeight)));
}

export function lastRow(g: Geometry): number {
  return Math.min(g.rows.count, Math.ceil((g.scrollY + bodyHeight(g)) / g.rowHeight));
}

export function rowTop(g: Geometry, row: number): number {
  return g.rulerHeight + row * g.rowHeight - g.scrollY;
}

// Rows of the ancestors of a row, outermost first. A row's ancestor is the closest row above it with less depth.
export function ancestorRows(g: Geometry, row: number): number[] {
  const { depth, node, group } = g.rows;
  const found: number[] = [];
  let level = depth[row];
  let at = row;
  while (level > 0) {
    const parent = g.tree.parent[node[at]];
    // The heading of an open run sits between a node and its parent: look back for it among the near rows.
    let next = -1;
    const floor = parent >= 0 ? g.tree.position[parent] : -1;
    if (group[at] < 0 || depth[at] > 0) next = searchAbove(g, at, level, floor);
    if (next < 0) break;
    found.push(next);
    level = depth[next];
    at = next;
  }
  return found.reverse();
}

function searchAbove(g: Geometry, row: number, level: number, floor: number): number {
  const { depth, node } = g.rows;
  // Near rows first: most ancestors are close.
  for (let i = row - 1; i >= 0 && i > row - 64; i--) if (depth[i] < level) return i;
  // Far: by binary search for the row of the parent's place in preorder.
  let low = 0;
  let high = row;
  let best = -1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (g.tree.position[node[middle]] <= floor) {
      best = middle;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return best;
}

// Ancestors that stay pinned at the top while their rows are scrolled away.
export function stickyRows(g: Geometry): number[] {
  if (g.scrollY <= 0 || g.rows.count === 0) return [];
  const first = firstRow(g);
  let pinned: number[] = [];
  for (let count = 0; count < STICKY_MAX; count++) {
    const row = Math.min(g.rows.count - 1, first + count);
    const above = ancestorRows(g, row).filter((ancestor) => rowTop(g, ancestor) < g.rulerHeight + count * g.rowHeight);
    if (above.length <= count) break;
    pinned = above.slice(-(count + 1));
  }
  return pinned;
}

export function rowAtY(g: Geometry, y: number): number {
  if (y < g.rulerHeight || y >= g.height) return -1;
  const sticky = stickyRows(g);
  const slot = Math.floor((y - g.rulerHeight) / g.rowHeight);
  if (slot < sticky.length) return sticky[slot];
  const row = Math.floor((y - g.rulerHeight + g.scrollY) / g.rowHeight);
  return row >= 0 && row < g.rows.count ? row : -1;
}

export interface Bar {
  x: number;
  width: number;
  start: number;
  end: number;
}

// The time extent of a row: a node's own, or that of all members of a folded run.
export function rowExtent(g: Geometry, row: number): [number, number] {
  const group = g.rows.group[row];
  const { columns, tree } = g;
  if (group >= 0) {
    return [nodeStart(columns, tree, tree.childList[tree.groups.first[group]]), tree.groups.end[group]];
  }
  const node = g.rows.node[row];
  const start = nodeStart(columns, tree, node);
  return [start, start + Math.max(0, nodeDuration(columns, tree, node))];
}

// The bar of a row clipped to the timeline, or null where it lies outside. Never thinner than BAR_MIN.
export function barOfRow(g: Geometry, row: number): Bar | null {
  const [start, end] = rowExtent(g, row);
  return barOfTimes(g, start, end);
}

export function barOfTimes(g: Geometry, start: number, end: number): Bar | null {
  const left = timelineLeft(g);
  const right = left + timelineWidth(g);
  const from = xOfTime(g, start);
  const to = Math.max(xOfTime(g, end), from + BAR_MIN);
  if (to < left || from > right + BAR_MIN) return null;
  const x = Math.max(left, from);
  return { x, width: Math.max(BAR_MIN, Math.min(to, right + BAR_MIN) - x), start, end };
}

export function indentOf(g: Geometry, depth: number): number {
  return 8 + Math.min(depth * INDENT, g.nameWidth * 0.4);
}

export function isIndentCut(g: Geometry, depth: number): boolean {
  return depth * INDENT > g.nameWidth * 0.4;
}

export function hitTest(g: Geometry, x: number, y: number): Hit {
  if (x < 0 || y < 0 || x >= g.width || y >= g.height) return { kind: 'none' };
  const time = timeOfX(g, x);
  if (y < g.rulerHeight) return x >= timelineLeft(g) ? { kind: 'ruler', time } : { kind: 'none' };
  const row = rowAtY(g, y);
  if (row < 0) return { kind: 'none' };
  if (x < g.nameWidth) {
    const indent = indentOf(g, g.rows.depth[row]);
    const foldable = g.rows.group[row] >= 0 || g.tree.childOffset[g.rows.node[row] + 1] > g.tree.childOffset[g.rows.node[row]];
    return { kind: foldable && x >= indent - 4 && x < indent + CHEVRON ? 'chevron' : 'name', row, time };
  }
  const bar = barOfRow(g, row);
  return { kind: bar !== null && x >= bar.x - 2 && x <= bar.x + bar.width + 2 ? 'bar' : 'timeline', row, time };
}
