// SPDX-License-Identifier: Apache-2.0
// Draws a scene on a 2D canvas: only the rows in view, one pass, no state kept but the text cache and patterns.

import { MARK_CYCLE, STATUS_ERROR } from './decode.ts';
import { drawNameCell } from './draw-names.ts';
import {
  barOfRow, barOfTimes, firstRow, lastRow, rowTop, stickyRows, timelineLeft, timelineWidth, xOfTime, type Bar,
} from './geometry.ts';
import { durationLabels } from './labels.ts';
import { Patterns } from './patterns.ts';
import type { Scene } from './scene.ts';
import { TextFitter } from './text.ts';
import { gapThreshold } from './tree.ts';
import { formatDuration, tickStep } from './units.ts';

export const BAR_HEIGHT = 12;

export class Painter {
  readonly fitter = new TextFitter();
  private readonly patterns: Patterns;

  constructor(private readonly context: CanvasRenderingContext2D) {
    this.patterns = new Patterns(context);
  }

  draw(scene: Scene): void {
    const c = this.context;
    c.fillStyle = scene.theme.ground;
    c.fillRect(0, 0, scene.width, scene.height);
    c.textBaseline = 'middle';
    c.direction = 'ltr';
    const ticks = this.ticks(scene);
    this.drawGrid(scene, ticks);
    c.save();
    c.beginPath();
    c.rect(0, scene.rulerHeight, scene.width, scene.height - scene.rulerHeight);
    c.clip();
    const end = lastRow(scene);
    if (scene.rows.count > 0) for (let row = firstRow(scene); row < end; row++) this.drawRow(scene, row, rowTop(scene, row), false);
    this.drawSticky(scene);
    c.restore();
    this.drawRuler(scene, ticks);
    this.drawOverlays(scene);
  }

  private ticks(scene: Scene): number[] {
    const step = tickStep(scene.t1 - scene.t0, timelineWidth(scene) / 110);
    const ticks: number[] = [];
    for (let i = Math.ceil(scene.t0 / step - 1e-9); i * step <= scene.t1 * (1 + 1e-12) && ticks.length < 40; i++) ticks.push(i * step);
    return ticks;
  }

  private drawGrid(scene: Scene, ticks: number[]): void {
    const c = this.context;
    c.fillStyle = scene.theme.lineFaint;
    for (const tick of ticks) c.fillRect(Math.round(xOfTime(scene, tick)), scene.rulerHeight, 1, scene.height);
  }

  private drawRow(scene: Scene, row: number, top: number, sticky: boolean): void {
    const c = this.context;
    const { theme, rowHeight } = scene;
    const node = scene.rows.node[row];
    const isSelected = scene.selected === node && scene.rows.group[row] < 0;
    if (sticky) {
      c.fillStyle = theme.raised;
      c.fillRect(0, top, scene.width, rowHeight);
    }
    if (isSelected || scene.hoverRow === row) {
      c.fillStyle = isSelected ? theme.accentSoft : theme.hover;
      c.fillRect(0, top, scene.width, rowHeight);
    }
    if (isSelected) {
      c.fillStyle = theme.accent;
      c.fillRect(0, top, 3, rowHeight);
    }
    const faint = this.isFaint(scene, row);
    c.globalAlpha = faint ? 0.38 : 1;
    drawNameCell(c, this.fitter, scene, row, top);
    c.globalAlpha = faint ? 0.3 : 1;
    this.drawTimeline(scene, row, node, top);
    c.globalAlpha = 1;
    if (scene.currentMatch >= 0 && scene.currentMatch === node && scene.rows.group[row] < 0) {
      c.fillStyle = theme.accent;
      c.fillRect(scene.nameWidth - 3, top + 3, 3, rowHeight - 6);
    }
    if (scene.hasFocus && scene.activeRow === row) {
      c.strokeStyle = theme.accent;
      c.lineWidth = 2;
      c.strokeRect(1, top + 1, scene.width - 2, rowHeight - 2);
    }
  }

  private isFaint(scene: Scene, row: number): boolean {
    if (scene.matched === null) return false;
    const group = scene.rows.group[row];
    const { tree } = scene;
    if (group >= 0) {
      const last = Math.min(tree.groups.last[group], tree.groups.first[group] + 2000);
      for (let i = tree.groups.first[group]; i < last; i++) if (scene.matched[tree.childList[i]]) return false;
      return true;
    }
    const node = scene.rows.node[row];
    return node >= scene.columns.spanCount || scene.matched[node] === 0;
  }

  private drawTimeline(scene: Scene, row: number, node: number, top: number): void {
    const bar = barOfRow(scene, row);
    if (bar === null) {
      this.drawOutside(scene, row, top);
      return;
    }
    const c = this.context;
    c.save();
    c.beginPath();
    c.rect(timelineLeft(scene) - 3, top, timelineWidth(scene) + 8, scene.rowHeight);
    c.clip();
    const y = top + Math.round((scene.rowHeight - BAR_HEIGHT) / 2);
    if (node >= scene.columns.spanCount) this.drawGhost(scene, bar, y);
    else if (scene.rows.group[row] >= 0) this.drawRun(scene, scene.rows.group[row], bar, y);
    else this.drawSpan(scene, node, bar, y);
    c.restore();
    this.drawDuration(scene, row, node, bar, top);
  }

  // A small arrow where the bar is to be found.
  private drawOutside(scene: Scene, row: number, top: number): void {
    const c = this.context;
    const start = scene.columns.start[scene.rows.node[row]] ?? scene.t0;
    const middle = top + scene.rowHeight / 2;
    const left = start < scene.t0;
    const x = left ? timelineLeft(scene) : timelineLeft(scene) + timelineWidth(scene);
    const way = left ? 1 : -1;
    c.fillStyle = scene.theme.inkFaint;
    c.beginPath();
    c.moveTo(x, middle);
    c.lineTo(x + way * 6, middle - 4);
    c.lineTo(x + way * 6, middle + 4);
    c.fill();
  }

  private drawGhost(scene: Scene, bar: Bar, y: number): void {
    const c = this.context;
    c.fillStyle = this.patterns.hatch(scene.theme.inkFaint);
    c.fillRect(bar.x, y, bar.width, BAR_HEIGHT);
    c.strokeStyle = scene.theme.inkFaint;
    c.lineWidth = 1;
    c.setLineDash([3, 3]);
    c.strokeRect(bar.x + 0.5, y + 0.5, Math.max(1, bar.width - 1), BAR_HEIGHT - 1);
    c.setLineDash([]);
  }

  // Every member of a folded run in one strip; members that share a pixel are drawn once.
  private drawRun(scene: Scene, group: number, extent: Bar, y: number): void {
    const c = this.context;
    const { columns, tree } = scene;
    const paint = scene.paints[columns.service[tree.childList[tree.groups.first[group]]]];
    let drawnTo = -Infinity;
    c.fillStyle = paint.wait;
    c.fillRect(extent.x, y + BAR_HEIGHT / 2 - 1, extent.width, 2);
    c.fillStyle = paint.solid;
    for (let i = tree.groups.first[group]; i < tree.groups.last[group]; i++) {
      const member = tree.childList[i];
      const bar = barOfTimes(scene, columns.start[member], columns.start[member] + Math.max(0, columns.duration[member]));
      if (bar === null || bar.x + bar.width <= drawnTo) continue;
      const x = Math.max(bar.x, drawnTo);
      const width = Math.max(1, bar.x + bar.width - x - (bar.width > 3 ? 1 : 0));
      c.fillRect(x, y + 2, width, BAR_HEIGHT - 4);
      drawnTo = bar.x + bar.width;
    }
  }

  private drawSpan(scene: Scene, node: number, bar: Bar, y: number): void {
    const c = this.context;
    const { columns, tree } = scene;
    const paint = scene.paints[columns.service[node]];
    const isError = columns.status[node] === STATUS_ERROR;
    c.save();
    c.beginPath();
    c.roundRect(bar.x, y, bar.width, BAR_HEIGHT, Math.min(3, bar.width / 2));
    c.clip();
    if (tree.coverOffset[node] === tree.coverOffset[node + 1]) {
      c.fillStyle = paint.solid;
      c.fillRect(bar.x, y, bar.width, BAR_HEIGHT);
    } else {
      c.fillStyle = paint.wait;
      c.fillRect(bar.x, y, bar.width, BAR_HEIGHT);
      this.drawOwnTime(scene, node, bar, y, paint.solid);
    }
    if (paint.striped && bar.width > 4) {
      c.fillStyle = this.patterns.stripe(scene.theme.ground);
      c.fillRect(bar.x, y, bar.width, BAR_HEIGHT);
    }
    c.restore();
    if (isError) {
      c.strokeStyle = scene.theme.error;
      c.lineWidth = 2;
      c.beginPath();
      c.roundRect(bar.x, y - 1, Math.max(2, bar.width), BAR_HEIGHT + 2, 3);
      c.stroke();
    }
    if (columns.marks[node] & MARK_CYCLE) {
      c.fillStyle = this.patterns.hatch(scene.theme.error);
      c.fillRect(bar.x, y + BAR_HEIGHT - 3, bar.width, 3);
    }
    this.drawEvents(scene, node, y);
    this.drawCritical(scene, node, y);
  }

  // What the children do not cover: solid where short, dotted where it is a gap.
  private drawOwnTime(scene: Scene, node: number, bar: Bar, y: number, solid: string): void {
    const c = this.context;
    const { columns, tree } = scene;
    const limit = gapThreshold(columns);
    const end = columns.start[node] + columns.duration[node];
    const last = tree.coverOffset[node + 1];
    const dots = this.patterns.dots(solid, scene.theme.ground);
    const paintOwn = (from: number, to: number) => {
      const x0 = Math.max(bar.x, xOfTime(scene, from));
      const x1 = Math.min(bar.x + bar.width, xOfTime(scene, to));
      if (x1 - x0 < 0.3) return;
      c.fillStyle = to - from > limit ? dots : solid;
      c.fillRect(x0, y, x1 - x0, BAR_HEIGHT);
    };
    let i = firstCoverAfter(tree.coverEnd, tree.coverOffset[node], last, scene.t0);
    let cursor = i === tree.coverOffset[node] ? columns.start[node] : tree.coverEnd[i - 1];
    const pixel = (scene.t1 - scene.t0) / timelineWidth(scene);
    while (i < last && cursor <= scene.t1) {
      paintOwn(cursor, tree.coverStart[i]);
      cursor = tree.coverEnd[i];
      i++;
      // Skip what lies within the same pixel, by bisection: a row may have 100,000 children.
      if (i < last && tree.coverStart[i] - cursor < pixel / 4) {
        const jump = firstCoverAfter(tree.coverEnd, i, last, cursor + pixel / 4);
        if (jump > i) {
          cursor = tree.coverEnd[jump - 1];
          i = jump;
        }
      }
    }
    paintOwn(cursor, end);
  }

  private drawEvents(scene: Scene, node: number, y: number): void {
    const { columns } = scene;
    if (columns.events[node] === 0) return;
    const c = this.context;
    c.fillStyle = scene.theme.ink;
    let lastX = -Infinity;
    for (let i = firstEvent(columns.eventRow, node); i < columns.eventRow.length && columns.eventRow[i] === node; i++) {
      const x = Math.round(xOfTime(scene, columns.eventTime[i]));
      if (x <= lastX + 1) continue;
      lastX = x;
      c.beginPath();
      c.moveTo(x - 3, y - 4);
      c.lineTo(x + 3, y - 4);
      c.lineTo(x, y + 1);
      c.fill();
      c.fillRect(x - 0.5, y, 1, BAR_HEIGHT);
    }
  }

  private drawCritical(scene: Scene, node: number, y: number): void {
    const segments = scene.critical?.byNode.get(node);
    if (segments === undefined || scene.critical === null) return;
    const c = this.context;
    const { path } = scene.critical;
    c.fillStyle = scene.theme.ink;
    for (const i of segments) {
      const x0 = xOfTime(scene, path.start[i]);
      const width = Math.max(1, xOfTime(scene, path.end[i]) - x0);
      c.fillRect(x0, y + BAR_HEIGHT + 1, width, 2);
      if (path.verdict === 'ambiguous') c.fillRect(x0, y + BAR_HEIGHT + 4, width, 1);
    }
  }

  private drawDuration(scene: Scene, row: number, node: number, bar: Bar, top: number): void {
    const c = this.context;
    const { theme } = scene;
    c.font = `11px ${theme.fontUi}`;
    const left = timelineLeft(scene);
    const right = left + timelineWidth(scene);
    const labels = durationLabels(scene, row, node).map((text) => this.fitter.fit(c, 'duration', text, 400));
    // The longest label that has room behind the bar, or before it.
    let label = labels[labels.length - 1];
    let x = -1;
    for (const fitted of labels) {
      const behind = bar.x + bar.width + 7;
      const before = bar.x - fitted.width - 7;
      if (behind + fitted.width <= right) x = behind;
      else if (before >= left) x = before;
      if (x < 0) continue;
      label = fitted;
      break;
    }
    if (x < 0) {
      // No room on either side: inside the bar, on a small ground of its own. The bar is seen around it, so that it is not
      // taken for one that ends before it.
      x = Math.max(left, Math.min(bar.x + bar.width, right) - label.width - 14);
      c.fillStyle = theme.ground;
      c.beginPath();
      c.roundRect(x - 4, Math.round(top + (scene.rowHeight - BAR_HEIGHT) / 2) + 1, label.width + 8, BAR_HEIGHT - 2, 2);
      c.fill();
    }
    c.fillStyle = theme.inkSoft;
    c.textAlign = 'left';
    c.fillText(label.text, x, top + scene.rowHeight / 2 + 0.5);
  }

  private drawSticky(scene: Scene): void {
    const c = this.context;
    const rows = stickyRows(scene);
    rows.forEach((row, slot) => this.drawRow(scene, row, scene.rulerHeight + slot * scene.rowHeight, true));
    if (rows.length === 0) return;
    c.fillStyle = scene.theme.line;
    c.fillRect(0, scene.rulerHeight + rows.length * scene.rowHeight, scene.width, 1);
  }

  private drawRuler(scene: Scene, ticks: number[]): void {
    const c = this.context;
    const { theme } = scene;
    c.fillStyle = theme.raised;
    c.fillRect(0, 0, scene.width, scene.rulerHeight);
    c.fillStyle = theme.line;
    c.fillRect(0, scene.rulerHeight - 1, scene.width, 1);
    c.fillRect(Math.round(scene.nameWidth), 0, 1, scene.height);
    c.font = `11px ${theme.fontUi}`;
    c.textAlign = 'left';
    const right = timelineLeft(scene) + timelineWidth(scene);
    for (const tick of ticks) {
      const x = Math.round(xOfTime(scene, tick));
      c.fillStyle = theme.line;
      c.fillRect(x, scene.rulerHeight - 7, 1, 6);
      const label = formatDuration(tick);
      const width = this.fitter.fit(c, 'duration', label, 400).width;
      if (x + 4 + width > right + 12) continue;
      c.fillStyle = theme.inkSoft;
      c.fillText(label, x + 4, scene.rulerHeight / 2);
    }
    c.fillStyle = theme.inkSoft;
    c.fillText('Service and operation', 12, scene.rulerHeight / 2);
  }

  private drawOverlays(scene: Scene): void {
    const c = this.context;
    const { theme } = scene;
    const area = scene.brush ?? scene.measure;
    if (area !== null) {
      const x0 = xOfTime(scene, Math.min(area.from, area.to));
      const x1 = xOfTime(scene, Math.max(area.from, area.to));
      c.globalAlpha = 0.14;
      c.fillStyle = theme.accent;
      c.fillRect(x0, 0, x1 - x0, scene.height);
      c.globalAlpha = 1;
      c.fillStyle = theme.accent;
      c.fillRect(x0, 0, 1, scene.height);
      c.fillRect(x1, 0, 1, scene.height);
      this.drawTag(scene, formatDuration(Math.abs(area.to - area.from)), (x0 + x1) / 2, scene.rulerHeight + 14);
    } else if (scene.cursorX >= timelineLeft(scene)) {
      c.fillStyle = theme.inkFaint;
      c.fillRect(Math.round(scene.cursorX), scene.rulerHeight, 1, scene.height);
      const time = scene.t0 + ((scene.cursorX - timelineLeft(scene)) / timelineWidth(scene)) * (scene.t1 - scene.t0);
      this.drawTag(scene, formatDuration(time), scene.cursorX, scene.rulerHeight / 2);
    }
  }

  private drawTag(scene: Scene, text: string, x: number, y: number): void {
    const c = this.context;
    c.font = `11px ${scene.theme.fontUi}`;
    const width = this.fitter.fit(c, 'duration', text, 400).width;
    const left = Math.min(Math.max(x - width / 2, timelineLeft(scene)), scene.width - width - 8);
    c.fillStyle = scene.theme.ink;
    c.beginPath();
    c.roundRect(left - 6, y - 9, width + 12, 18, 4);
    c.fill();
    c.fillStyle = scene.theme.ground;
    c.textAlign = 'left';
    c.fillText(text, left, y + 0.5);
  }
}

function firstCoverAfter(ends: Float64Array, from: number, to: number, time: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstEvent(rows: Uint32Array, node: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle] < node) low = middle + 1;
    else high = middle;
  }
  return low;
}
