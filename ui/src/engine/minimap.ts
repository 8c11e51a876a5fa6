// SPDX-License-Identifier: Apache-2.0
// The whole trace in a small grid: per cell the service of the deepest span that covers it, and where errors are.

import { STATUS_ERROR, type TraceColumns } from './decode.ts';
import { channels } from './palette.ts';
import type { TraceTree } from './tree.ts';

export const MINIMAP_COLUMNS = 600;
export const MINIMAP_LINES = 40;

export interface MinimapGrid {
  columns: number;
  lines: number;
  cells: Uint32Array; // service number + 1, 0: nothing
  errors: Uint8Array; // by column
}

// Cells are filled once each, deepest spans first; a disjoint-set skips what is filled, so the cost is spans + cells.
export function makeMinimap(columns: TraceColumns, tree: TraceTree): MinimapGrid {
  const width = MINIMAP_COLUMNS;
  const lines = Math.max(1, Math.min(MINIMAP_LINES, tree.nodeCount));
  const cells = new Uint32Array(width * lines);
  const errors = new Uint8Array(width);
  const scale = columns.durationMicros > 0 ? width / columns.durationMicros : 0;
  const next = new Int32Array((width + 1) * lines);
  for (let line = 0; line < lines; line++) for (let x = 0; x <= width; x++) next[line * (width + 1) + x] = x;
  const find = (base: number, x: number): number => {
    let root = x;
    while (next[base + root] !== root) root = next[base + root];
    while (next[base + x] !== root) {
      const step = next[base + x];
      next[base + x] = root;
      x = step;
    }
    return root;
  };
  const clamp = (x: number) => Math.max(0, Math.min(width - 1, x));
  for (let at = tree.nodeCount - 1; at >= 0; at--) {
    const node = tree.order[at];
    if (node >= columns.spanCount) continue;
    const line = Math.floor((at * lines) / tree.nodeCount);
    const base = line * (width + 1);
    const from = clamp(Math.floor(columns.start[node] * scale));
    const to = clamp(Math.floor((columns.start[node] + Math.max(0, columns.duration[node])) * scale));
    for (let x = find(base, from); x <= to; x = find(base, x)) {
      cells[line * width + x] = columns.service[node] + 1;
      next[base + x] = x + 1;
    }
    if (columns.status[node] === STATUS_ERROR) errors[from] = 1;
  }
  return { columns: width, lines, cells, errors };
}

// Draws the grid over the whole of a canvas that is `grid.columns` by `grid.lines` pixels large.
export function paintMinimap(context: CanvasRenderingContext2D, grid: MinimapGrid, colours: string[], ground: string): void {
  const image = context.createImageData(grid.columns, grid.lines);
  const bytes = [ground, ...colours].map(channels);
  for (let i = 0; i < grid.cells.length; i++) {
    const colour = bytes[grid.cells[i]] ?? bytes[0];
    image.data[i * 4] = colour[0];
    image.data[i * 4 + 1] = colour[1];
    image.data[i * 4 + 2] = colour[2];
    image.data[i * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
