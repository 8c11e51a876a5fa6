// SPDX-License-Identifier: Apache-2.0
// The waterfall for those who do not see the canvas: a treegrid of the rows in view, and the active row wherever it is.
//
// Rows lie exactly over their picture. Pointer events pass by position to the waterfall, so a click on a mirrored row
// and a click on the picture are one thing. One row has the tab stop.

import { bodyHeight, firstRow, lastRow, rowTop } from '../engine/geometry.ts';
import { isClosedRow, isExpandable, labelOfRow } from '../engine/labels.ts';
import type { Scene } from '../engine/scene.ts';

const ROWS_MAX = 60;

export class TreegridMirror {
  private readonly shown = new Map<number, HTMLElement>();
  private readonly pool: HTMLElement[] = [];
  private version: object | null = null;
  private timer = 0;

  constructor(readonly grid: HTMLElement) {
    grid.setAttribute('role', 'treegrid');
    grid.setAttribute('aria-colcount', '2');
  }

  destroy(): void {
    clearTimeout(this.timer);
    this.grid.replaceChildren();
  }

  // Follows a picture. Positions follow at once; rows that come and go are made when scrolling pauses, or at the
  // latest every 80 ms, so that a long scroll costs the canvas alone.
  follow(scene: Scene): void {
    if (this.timer !== 0) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      this.update(scene);
    }, this.version === scene.rows ? 80 : 0);
  }

  update(scene: Scene): void {
    const rowCount = String(scene.rows.count);
    if (this.grid.getAttribute('aria-rowcount') !== rowCount) this.grid.setAttribute('aria-rowcount', rowCount);
    if (this.version !== scene.rows) {
      this.version = scene.rows;
      for (const element of this.shown.values()) element.dataset.stale = '1';
    }
    const from = firstRow(scene);
    const to = Math.min(lastRow(scene), from + ROWS_MAX - 1);
    const wanted = new Set<number>();
    for (let row = from; row < to; row++) wanted.add(row);
    if (scene.activeRow >= 0 && scene.activeRow < scene.rows.count) wanted.add(scene.activeRow);
    for (const [row, element] of this.shown) {
      if (wanted.has(row)) continue;
      this.shown.delete(row);
      element.remove();
      this.pool.push(element);
    }
    for (const row of [...wanted].sort((a, b) => a - b)) this.place(scene, row);
  }

  focusActive(scene: Scene): void {
    this.update(scene);
    this.shown.get(scene.activeRow)?.focus({ preventScroll: true });
  }

  private place(scene: Scene, row: number): void {
    let element = this.shown.get(row);
    if (element === undefined) {
      element = this.pool.pop() ?? makeRow();
      element.dataset.stale = '1';
      this.shown.set(row, element);
      // In document order, so that reading order is row order.
      const later = [...this.shown.keys()].filter((other) => other > row);
      const before = later.length > 0 ? this.shown.get(Math.min(...later)) : undefined;
      if (before !== undefined && before.parentElement === this.grid) this.grid.insertBefore(element, before);
      else this.grid.append(element);
    }
    // The active row may be far out of view: it stays in the document, clipped away.
    const top = Math.max(-2 * scene.rowHeight, Math.min(bodyHeight(scene) + scene.rowHeight, rowTop(scene, row) - scene.rulerHeight));
    element.style.transform = `translateY(${top}px)`;
    element.style.height = `${scene.rowHeight}px`;
    const isActive = row === scene.activeRow;
    element.tabIndex = isActive ? 0 : -1;
    const isSelected = scene.rows.group[row] < 0 && scene.rows.node[row] === scene.selected;
    element.setAttribute('aria-selected', String(isSelected));
    const mark = `${row}/${scene.critical === null ? 0 : 1}/${scene.rows.count}`;
    if (element.dataset.stale === undefined && element.dataset.mark === mark) return;
    delete element.dataset.stale;
    element.dataset.mark = mark;
    this.fill(scene, row, element);
  }

  private fill(scene: Scene, row: number, element: HTMLElement): void {
    const { columns, tree, rows, critical } = scene;
    const label = labelOfRow(columns, tree, rows, row, critical);
    element.id = `wf-row-${row}`;
    element.dataset.row = String(row);
    element.setAttribute('aria-rowindex', String(row + 1));
    element.setAttribute('aria-level', String(rows.depth[row] + 1));
    if (isExpandable(tree, rows, row)) element.setAttribute('aria-expanded', String(!isClosedRow(tree, rows, row)));
    else element.removeAttribute('aria-expanded');
    const [name, facts] = element.children;
    name.textContent = label.name;
    facts.textContent = label.facts;
  }
}

function makeRow(): HTMLElement {
  const row = document.createElement('div');
  row.setAttribute('role', 'row');
  row.className = 'wf-mirror-row';
  for (const index of ['1', '2']) {
    const cell = document.createElement('div');
    cell.setAttribute('role', 'gridcell');
    cell.setAttribute('aria-colindex', index);
    row.append(cell);
  }
  return row;
}
