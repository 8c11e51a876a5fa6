// SPDX-License-Identifier: Apache-2.0
// The waterfall: owns a canvas and a scrolled element, holds the view, draws when something changed.
//
// It knows nothing of the page around it: what happens is told through WaterfallEvents, what is wanted comes in as
// method calls. One animation frame draws at most once. The main thread only draws; trees come from the worker.

import type { TraceColumns } from './decode.ts';
import { Painter } from './draw.ts';
import {
  ancestorRows, bodyHeight, contentHeight, contentOfScroll, hitTest, rowExtent, scrollOfContent, spacerHeight, stickyRows,
  STICKY_MAX, timelineWidth, type Hit,
} from './geometry.ts';
import { isClosedRow, isExpandable } from './labels.ts';
import { heldRuns, type Matches } from './matches.ts';
import { buildRows, OPEN_FOLDS, reveal, rowOfNode, toggleGroup, toggleNode, type FoldState } from './rows.ts';
import { makePaints, type CriticalIndex, type Scene, type ThemeColours } from './scene.ts';
import type { TraceTree } from './tree.ts';

const RULER_HEIGHT = 28;
const ZOOM_MIN_MICROS = 0.05;

export interface WaterfallEvents {
  onSelect(node: number): void;
  onWindow(t0: number, t1: number): void;
  onFolds(folds: FoldState): void;
  onActive(row: number): void;
  onDraw(scene: Scene): void; // after each picture; the mirror follows it
  onNameWidth(width: number): void;
}

export interface TraceModel {
  columns: TraceColumns;
  tree: TraceTree;
}

export class Waterfall {
  readonly scene: Scene;
  folds: FoldState = OPEN_FOLDS;
  drawMillis = 0;
  private readonly painter: Painter;
  private readonly spacer: HTMLElement;
  private matches: Matches | null = null;
  private dim = true;
  private frame = 0;
  private readonly observer: ResizeObserver;
  private isDestroyed = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    readonly scroller: HTMLElement,
    model: TraceModel,
    theme: ThemeColours,
    rowHeight: number,
    nameWidth: number,
    private readonly events: WaterfallEvents,
  ) {
    const context = canvas.getContext('2d', { alpha: false });
    if (context === null) throw new Error('this browser gives no 2D canvas');
    this.painter = new Painter(context);
    this.spacer = document.createElement('div');
    this.spacer.setAttribute('aria-hidden', 'true');
    this.spacer.className = 'wf-spacer';
    scroller.append(this.spacer);
    const { columns, tree } = model;
    this.scene = {
      columns, tree, rows: buildRows(tree, this.folds, null), width: 0, height: 0, rulerHeight: RULER_HEIGHT, rowHeight, nameWidth,
      scrollY: 0, t0: 0, t1: Math.max(1, columns.durationMicros), theme, paints: makePaints(columns.serviceNames, theme),
      activeRow: 0, hasFocus: false, hoverRow: -1, selected: -1, matched: null, currentMatch: -1, critical: null,
      cursorX: -1, measure: null, brush: null,
    };
    scroller.addEventListener('scroll', this.handleScroll, { passive: true });
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(scroller);
    this.resize();
  }

  destroy(): void {
    this.isDestroyed = true;
    this.observer.disconnect();
    this.scroller.removeEventListener('scroll', this.handleScroll);
    cancelAnimationFrame(this.frame);
    this.spacer.remove();
  }

  // ---- what is drawn

  setTheme(theme: ThemeColours): void {
    this.scene.theme = theme;
    this.scene.paints = makePaints(this.scene.columns.serviceNames, theme);
    this.painter.fitter.clear();
    this.invalidate();
  }

  setRowHeight(rowHeight: number): void {
    const top = this.scene.scrollY / this.scene.rowHeight;
    this.scene.rowHeight = rowHeight;
    this.resizeSpacer();
    this.scrollTo(top * rowHeight);
  }

  setNameWidth(width: number): void {
    this.scene.nameWidth = Math.round(Math.max(80, Math.min(width, this.scene.width - 120)));
    this.events.onNameWidth(this.scene.nameWidth);
    this.invalidate();
  }

  setCritical(critical: CriticalIndex | null): void {
    this.scene.critical = critical;
    this.invalidate();
  }

  setMatches(matches: Matches | null, dim: boolean): void {
    this.matches = matches;
    this.dim = dim;
    this.scene.matched = matches !== null && dim ? matches.marked : null;
    this.rebuild();
  }

  setCurrentMatch(node: number): void {
    this.scene.currentMatch = node;
    if (node >= 0) this.reveal(node);
    this.invalidate();
  }

  setFocus(hasFocus: boolean): void {
    this.scene.hasFocus = hasFocus;
    this.invalidate();
  }

  setFolds(folds: FoldState): void {
    if (folds === this.folds) return;
    this.folds = folds;
    this.rebuild();
    this.events.onFolds(folds);
  }

  setSelected(node: number): void {
    if (this.scene.selected === node) return;
    this.scene.selected = node;
    this.invalidate();
    this.events.onSelect(node);
  }

  setWindow(t0: number, t1: number): void {
    const whole = this.extent();
    const span = Math.min(Math.max(t1 - t0, ZOOM_MIN_MICROS), whole[1] - whole[0]);
    let from = t0;
    if (from < whole[0]) from = whole[0];
    if (from + span > whole[1]) from = whole[1] - span;
    if (from === this.scene.t0 && from + span === this.scene.t1) return;
    this.scene.t0 = from;
    this.scene.t1 = from + span;
    this.invalidate();
    this.events.onWindow(this.scene.t0, this.scene.t1);
  }

  extent(): [number, number] {
    return [0, Math.max(1, this.scene.columns.durationMicros)];
  }

  isWhole(): boolean {
    const [from, to] = this.extent();
    return this.scene.t0 <= from && this.scene.t1 >= to;
  }

  // Factor below 1 zooms in, about the given time.
  zoom(factor: number, about: number): void {
    const { t0, t1 } = this.scene;
    this.setWindow(about - (about - t0) * factor, about + (t1 - about) * factor);
  }

  pan(share: number): void {
    const span = this.scene.t1 - this.scene.t0;
    this.setWindow(this.scene.t0 + span * share, this.scene.t1 + span * share);
  }

  panPixels(pixels: number): void {
    this.pan(pixels / timelineWidth(this.scene));
  }

  zoomToRow(row: number): void {
    const [start, end] = rowExtent(this.scene, row);
    const pad = Math.max((end - start) * 0.08, 0.5);
    this.setWindow(start - pad, end + pad);
  }

  setPointer(hit: Hit, x: number): void {
    const hover = 'row' in hit ? hit.row : -1;
    const cursor = hit.kind === 'none' ? -1 : x;
    if (hover === this.scene.hoverRow && cursor === this.scene.cursorX) return;
    this.scene.hoverRow = hover;
    this.scene.cursorX = cursor;
    this.invalidate();
  }

  setArea(kind: 'brush' | 'measure', area: { from: number; to: number } | null): void {
    this.scene[kind] = area;
    this.invalidate();
  }

  hit(x: number, y: number): Hit {
    return hitTest(this.scene, x, y);
  }

  // ---- rows

  activate(row: number): void {
    const count = this.scene.rows.count;
    if (count === 0) return;
    this.scene.activeRow = Math.max(0, Math.min(count - 1, row));
    this.ensureVisible(this.scene.activeRow);
    this.invalidate();
    this.events.onActive(this.scene.activeRow);
  }

  selectRow(row: number): void {
    this.activate(row);
    if (this.scene.rows.group[row] < 0) this.setSelected(this.scene.rows.node[row]);
    else this.setSelected(-1);
  }

  toggleRow(row: number): void {
    const { rows, tree } = this.scene;
    if (!isExpandable(tree, rows, row)) return;
    this.setFolds(rows.group[row] >= 0 ? toggleGroup(this.folds, rows.node[row]) : toggleNode(this.folds, rows.node[row]));
  }

  isRowClosed(row: number): boolean {
    return isClosedRow(this.scene.tree, this.scene.rows, row);
  }

  isRowExpandable(row: number): boolean {
    return isExpandable(this.scene.tree, this.scene.rows, row);
  }

  parentRow(row: number): number {
    const above = ancestorRows(this.scene, row);
    return above.length > 0 ? above[above.length - 1] : -1;
  }

  // The next (step 1) or previous (-1) row of the same depth under the same parent, or -1.
  siblingRow(row: number, step: 1 | -1): number {
    const { depth, count } = this.scene.rows;
    for (let at = row + step; at >= 0 && at < count && depth[at] >= depth[row]; at += step) if (depth[at] === depth[row]) return at;
    return -1;
  }

  // Opens what hides a node, scrolls to it and makes it active.
  reveal(node: number): void {
    this.setFolds(reveal(this.scene.tree, this.folds, node));
    const row = this.rowOf(node);
    if (row >= 0) this.activate(row);
  }

  rowOf(node: number): number {
    const { tree, rows } = this.scene;
    const row = rowOfNode(tree, rows, node);
    // A heading stands before its first member and has the same node.
    return row >= 0 && rows.node[row] === node && rows.group[row] >= 0 && rows.node[row + 1] === node ? row + 1 : row;
  }

  ensureVisible(row: number): void {
    const { rowHeight, scrollY } = this.scene;
    const top = row * rowHeight;
    const pinned = Math.min(STICKY_MAX, this.scene.rows.depth[row]) * rowHeight;
    const body = bodyHeight(this.scene);
    if (top - pinned < scrollY) this.scrollTo(Math.max(0, top - pinned));
    else if (top + rowHeight > scrollY + body) this.scrollTo(top + rowHeight - body + rowHeight * 2);
  }

  centre(row: number): void {
    this.scrollTo(row * this.scene.rowHeight - bodyHeight(this.scene) / 2);
  }

  scrollTo(contentY: number): void {
    const limit = Math.max(0, contentHeight(this.scene) + this.scene.rowHeight * 2 - bodyHeight(this.scene));
    this.scene.scrollY = Math.max(0, Math.min(limit, contentY));
    this.scroller.scrollTop = scrollOfContent(this.scene, this.scene.scrollY);
    this.invalidate();
  }

  stickyCount(): number {
    return stickyRows(this.scene).length;
  }

  // ---- frames

  invalidate(): void {
    if (this.frame !== 0 || this.isDestroyed) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      const before = performance.now();
      this.painter.draw(this.scene);
      this.drawMillis = performance.now() - before;
      this.events.onDraw(this.scene);
    });
  }

  private rebuild(): void {
    const { scene } = this;
    const activeNode = scene.rows.count > 0 ? scene.rows.node[scene.activeRow] : -1;
    const activeGroup = scene.rows.count > 0 ? scene.rows.group[scene.activeRow] : -1;
    const offset = scene.activeRow * scene.rowHeight - scene.scrollY;
    const held = this.matches !== null && this.dim ? heldRuns(scene.columns, scene.tree, this.matches) : null;
    scene.rows = buildRows(scene.tree, this.folds, held === null || held.size === 0 ? null : (group) => held.has(group));
    this.resizeSpacer();
    if (activeNode >= 0) {
      const row = rowOfNode(scene.tree, scene.rows, activeNode);
      const shift = activeGroup < 0 && scene.rows.group[row] >= 0 && scene.rows.node[row + 1] === activeNode ? 1 : 0;
      const back = activeGroup >= 0 && row > 0 && scene.rows.group[row - 1] === activeGroup ? -1 : 0;
      scene.activeRow = Math.max(0, row + shift + back);
      // The active row keeps its place on the screen.
      if (offset >= 0 && offset < bodyHeight(scene)) this.scrollTo(scene.activeRow * scene.rowHeight - offset);
      this.events.onActive(scene.activeRow);
    }
    this.invalidate();
  }

  private resizeSpacer(): void {
    this.spacer.style.height = `${spacerHeight(this.scene)}px`;
  }

  private resize(): void {
    const box = this.canvas.parentElement?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return;
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    const width = Math.floor(this.scroller.clientWidth);
    this.scene.width = width;
    this.scene.height = Math.floor(box.height);
    this.scene.nameWidth = Math.max(80, Math.min(this.scene.nameWidth, width - 120));
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(this.scene.height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${this.scene.height}px`;
    this.canvas.getContext('2d')?.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.resizeSpacer();
    this.scene.scrollY = contentOfScroll(this.scene, this.scroller.scrollTop);
    this.invalidate();
  }

  private readonly handleScroll = (): void => {
    // Offsets that were set from here come back as events: keep the exact value where they agree.
    if (Math.abs(scrollOfContent(this.scene, this.scene.scrollY) - this.scroller.scrollTop) < 1) return;
    this.scene.scrollY = contentOfScroll(this.scene, this.scroller.scrollTop);
    this.invalidate();
  };
}
