// SPDX-License-Identifier: Apache-2.0
// What the mouse, pen and fingers do on the waterfall. Everything goes by position, so it does not matter which element
// lies on top.

import { timelineLeft, timeOfX } from './geometry.ts';
import type { Waterfall } from './waterfall.ts';

const DRAG_MIN = 4;

export interface PointerHooks {
  onPick(row: number): void; // a row was clicked
  onZoomed(): void;
}

export function attachPointer(host: HTMLElement, waterfall: Waterfall, hooks: PointerHooks): () => void {
  let drag: { kind: 'brush' | 'measure' | 'column' | 'none'; x: number; y: number; from: number; moved: boolean } | null = null;

  const place = (event: MouseEvent) => {
    const box = host.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const isOnEdge = (x: number) => Math.abs(x - waterfall.scene.nameWidth) <= 4;

  const handleDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const { x, y } = place(event);
    if (x >= waterfall.scene.width) return; // the scroll bar
    const from = timeOfX(waterfall.scene, x);
    const isTimeline = x >= timelineLeft(waterfall.scene);
    const kind = isOnEdge(x) ? 'column' : isTimeline && event.shiftKey ? 'measure' : isTimeline && y < waterfall.scene.rulerHeight ? 'brush' : 'none';
    drag = { kind, x, y, from, moved: false };
    waterfall.setArea('measure', null);
    if (kind === 'none') return;
    event.preventDefault();
    host.setPointerCapture(event.pointerId);
  };

  const handleMove = (event: PointerEvent) => {
    const { x, y } = place(event);
    if (drag === null) {
      waterfall.setPointer(waterfall.hit(x, y), x);
      host.style.cursor = isOnEdge(x) ? 'col-resize' : y < waterfall.scene.rulerHeight && x > waterfall.scene.nameWidth ? 'crosshair' : '';
      return;
    }
    if (Math.abs(x - drag.x) + Math.abs(y - drag.y) >= DRAG_MIN) drag.moved = true;
    if (!drag.moved) return;
    if (drag.kind === 'column') waterfall.setNameWidth(x);
    else if (drag.kind !== 'none') waterfall.setArea(drag.kind, { from: drag.from, to: timeOfX(waterfall.scene, x) });
  };

  const handleUp = (event: PointerEvent) => {
    const done = drag;
    drag = null;
    if (done === null) return;
    const { x, y } = place(event);
    if (done.kind === 'brush') {
      waterfall.setArea('brush', null);
      const to = timeOfX(waterfall.scene, x);
      if (done.moved) {
        waterfall.setWindow(Math.min(done.from, to), Math.max(done.from, to));
        hooks.onZoomed();
      }
      return;
    }
    if (done.kind !== 'none' || done.moved) return;
    const hit = waterfall.hit(x, y);
    if (!('row' in hit)) return;
    if (hit.kind === 'chevron') {
      waterfall.activate(hit.row);
      waterfall.toggleRow(hit.row);
    } else {
      hooks.onPick(hit.row);
    }
  };

  const handleDouble = (event: MouseEvent) => {
    const { x, y } = place(event);
    if (isOnEdge(x)) {
      waterfall.setNameWidth(420);
      return;
    }
    if (y < waterfall.scene.rulerHeight) {
      waterfall.setWindow(...waterfall.extent());
      return;
    }
    const hit = waterfall.hit(x, y);
    if (hit.kind === 'bar') waterfall.zoomToRow(hit.row);
    else if (hit.kind === 'name') waterfall.toggleRow(hit.row);
  };

  const handleWheel = (event: WheelEvent) => {
    const { x } = place(event);
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      waterfall.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 240))), timeOfX(waterfall.scene, Math.max(x, timelineLeft(waterfall.scene))));
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
      event.preventDefault();
      waterfall.panPixels(event.deltaX === 0 ? event.deltaY : event.deltaX);
    }
  };

  const handleLeave = () => waterfall.setPointer({ kind: 'none' }, -1);
  const handleCancel = () => {
    drag = null;
    waterfall.setArea('brush', null);
  };

  host.addEventListener('pointerdown', handleDown);
  host.addEventListener('pointermove', handleMove);
  host.addEventListener('pointerup', handleUp);
  host.addEventListener('pointercancel', handleCancel);
  host.addEventListener('pointerleave', handleLeave);
  host.addEventListener('dblclick', handleDouble);
  host.addEventListener('wheel', handleWheel, { passive: false });
  return () => {
    host.removeEventListener('pointerdown', handleDown);
    host.removeEventListener('pointermove', handleMove);
    host.removeEventListener('pointerup', handleUp);
    host.removeEventListener('pointercancel', handleCancel);
    host.removeEventListener('pointerleave', handleLeave);
    host.removeEventListener('dblclick', handleDouble);
    host.removeEventListener('wheel', handleWheel);
  };
}
