// SPDX-License-Identifier: Apache-2.0
// The name column: tree lines, fold mark, service chip, service and operation, error mark.

import { MARK_DUPLICATE, STATUS_ERROR } from './decode.ts';
import { CHEVRON, INDENT, indentOf, isIndentCut } from './geometry.ts';
import { isClosedRow } from './labels.ts';
import type { Scene } from './scene.ts';
import type { TextFitter } from './text.ts';

export function drawNameCell(c: CanvasRenderingContext2D, fitter: TextFitter, scene: Scene, row: number, top: number): void {
  const { columns, tree, rows, theme } = scene;
  const node = rows.node[row];
  const group = rows.group[row];
  const depth = rows.depth[row];
  const middle = top + scene.rowHeight / 2;
  const indent = indentOf(scene, depth);
  const edge = scene.nameWidth - 8;

  c.fillStyle = theme.line;
  const steps = Math.min(depth, Math.floor((scene.nameWidth * 0.4) / INDENT));
  for (let step = 0; step < steps; step++) c.fillRect(8 + step * INDENT + 7, top, 1, scene.rowHeight);

  const childCount = tree.childOffset[node + 1] - tree.childOffset[node];
  if (group >= 0 || childCount > 0) drawChevron(c, indent + 7, middle, isClosedRow(tree, rows, row), theme.inkSoft);
  let x = indent + CHEVRON;

  c.textAlign = 'left';
  if (isIndentCut(scene, depth)) {
    c.font = `10px ${theme.fontUi}`;
    c.fillStyle = theme.inkSoft;
    const label = fitter.fit(c, 'depth', String(depth), 40);
    c.fillText(label.text, x, middle + 0.5);
    x += label.width + 6;
  }

  if (node >= columns.spanCount) {
    c.font = `italic 12px ${theme.fontUi}`;
    c.fillStyle = theme.inkSoft;
    c.fillText(fitter.fit(c, 'ghost', 'parent not received', edge - x).text, x, middle + 0.5);
    return;
  }

  drawChip(c, scene, columns.service[node], x, middle);
  x += 15;

  let right = edge;
  if (columns.status[node] === STATUS_ERROR) {
    drawErrorMark(c, right - 7, middle, theme.error, theme.ground);
    right -= 20;
  }
  if (columns.marks[node] & MARK_DUPLICATE) {
    c.font = `600 10px ${theme.fontUi}`;
    c.fillStyle = theme.inkSoft;
    c.fillText('2×', right - 14, middle + 0.5);
    right -= 20;
  }
  if (group >= 0) {
    const label = `×${tree.groups.last[group] - tree.groups.first[group]}`;
    c.font = `600 11px ${theme.fontUi}`;
    const fitted = fitter.fit(c, 'count', label, 90);
    c.fillStyle = theme.accentSoft;
    c.beginPath();
    c.roundRect(right - fitted.width - 10, middle - 8, fitted.width + 10, 16, 8);
    c.fill();
    c.fillStyle = theme.ink;
    c.fillText(fitted.text, right - fitted.width - 5, middle + 0.5);
    right -= fitted.width + 18;
  }

  const room = right - x;
  const operation = columns.strings[columns.name[node]];
  const service = columns.serviceNames[columns.service[node]];
  c.font = `12px ${theme.fontUi}`;
  const wanted = fitter.fit(c, 'name', operation || '(no name)', Math.max(16, room));
  // The operation keeps what it needs; the service gets the rest, or goes where there is none.
  const serviceRoom = Math.min(room * 0.5, Math.max(room - wanted.width - 8, room * 0.38));
  if (room > 90) {
    c.font = `600 12px ${theme.fontUi}`;
    const fitted = fitter.fit(c, 'service', service || '(no service)', serviceRoom);
    c.fillStyle = theme.inkSoft;
    c.fillText(fitted.text, x, middle + 0.5);
    x += fitted.width + 8;
    c.font = `12px ${theme.fontUi}`;
  }
  c.fillStyle = theme.ink;
  c.fillText(fitter.fit(c, 'name', operation || '(no name)', Math.max(16, right - x)).text, x, middle + 0.5);
}

function drawChevron(c: CanvasRenderingContext2D, x: number, y: number, closed: boolean, colour: string): void {
  c.strokeStyle = colour;
  c.lineWidth = 1.5;
  c.beginPath();
  if (closed) {
    c.moveTo(x - 2, y - 4);
    c.lineTo(x + 2, y);
    c.lineTo(x - 2, y + 4);
  } else {
    c.moveTo(x - 4, y - 2);
    c.lineTo(x, y + 2);
    c.lineTo(x + 4, y - 2);
  }
  c.stroke();
}

function drawChip(c: CanvasRenderingContext2D, scene: Scene, service: number, x: number, y: number): void {
  const paint = scene.paints[service];
  c.fillStyle = paint.solid;
  c.beginPath();
  c.roundRect(x, y - 5, 9, 10, 2.5);
  c.fill();
  if (paint.striped) {
    c.fillStyle = scene.theme.ground;
    c.fillRect(x + 3, y - 5, 1, 10);
    c.fillRect(x + 6, y - 5, 1, 10);
  }
}

function drawErrorMark(c: CanvasRenderingContext2D, x: number, y: number, colour: string, ground: string): void {
  c.fillStyle = colour;
  c.beginPath();
  c.arc(x, y, 6.5, 0, Math.PI * 2);
  c.fill();
  c.fillStyle = ground;
  c.fillRect(x - 0.9, y - 3.6, 1.8, 4.4);
  c.fillRect(x - 0.9, y + 2, 1.8, 1.8);
}
