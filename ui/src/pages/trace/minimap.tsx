// SPDX-License-Identifier: Apache-2.0
// The whole trace small: drag to zoom, drag the window to pan. The keyboard's way is w, a, s, d.

import { useEffect, useRef, useState } from 'react';
import { resolvedTheme, useSettings } from '../../app/settings.ts';
import { paintMinimap } from '../../engine/minimap.ts';
import { serviceCss } from '../../engine/palette.ts';
import { formatDuration } from '../../engine/units.ts';
import type { Waterfall } from '../../engine/waterfall.ts';
import type { LoadedTrace } from './use-trace.ts';

export type WindowListener = (t0: number, t1: number) => void;

export function Minimap({ trace, windowListeners, waterfall, isEnabled }: { trace: LoadedTrace; windowListeners: Set<WindowListener>; waterfall: Waterfall | null; isEnabled: boolean }) {
  const [shown, setShown] = useState<[number, number]>([0, Math.max(1, trace.columns.durationMicros)]);
  const canvas = useRef<HTMLCanvasElement>(null);
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const follow: WindowListener = (t0, t1) => setShown([t0, t1]);
    windowListeners.add(follow);
    return () => {
      windowListeners.delete(follow);
    };
  }, [windowListeners]);
  useSettings();
  const theme = resolvedTheme();
  const { columns, minimap } = trace;
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (element === null || context === null || context === undefined) return;
    element.width = minimap.columns;
    element.height = minimap.lines;
    const ground = getComputedStyle(document.documentElement).getPropertyValue('--ground').trim();
    paintMinimap(context, minimap, columns.serviceNames.map((name) => serviceCss(name, theme)), ground);
  }, [minimap, columns, theme]);

  useEffect(() => {
    const element = host.current;
    if (element === null || waterfall === null || !isEnabled) return;
    let drag: { mode: 'zoom' | 'pan'; from: number; t0: number; t1: number; moved: boolean; x: number } | null = null;
    const timeOf = (event: PointerEvent) => {
      const box = element.getBoundingClientRect();
      return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * columns.durationMicros;
    };
    const handleDown = (event: PointerEvent) => {
      if (event.button !== 0) return;
      const from = timeOf(event);
      const { t0, t1 } = waterfall.scene;
      const isInside = !waterfall.isWhole() && from >= t0 && from <= t1;
      drag = { mode: isInside ? 'pan' : 'zoom', from, t0, t1, moved: false, x: event.clientX };
      element.setPointerCapture(event.pointerId);
    };
    const handleMove = (event: PointerEvent) => {
      if (drag === null) return;
      if (Math.abs(event.clientX - drag.x) > 3) drag.moved = true;
      if (!drag.moved) return;
      const to = timeOf(event);
      if (drag.mode === 'pan') waterfall.setWindow(drag.t0 + to - drag.from, drag.t1 + to - drag.from);
      else waterfall.setArea('brush', { from: drag.from, to });
    };
    const handleUp = (event: PointerEvent) => {
      const done = drag;
      drag = null;
      waterfall.setArea('brush', null);
      if (done === null) return;
      const to = timeOf(event);
      if (!done.moved) {
        const half = (done.t1 - done.t0) / 2;
        waterfall.setWindow(to - half, to + half);
      } else if (done.mode === 'zoom') waterfall.setWindow(Math.min(done.from, to), Math.max(done.from, to));
    };
    element.addEventListener('pointerdown', handleDown);
    element.addEventListener('pointermove', handleMove);
    element.addEventListener('pointerup', handleUp);
    return () => {
      element.removeEventListener('pointerdown', handleDown);
      element.removeEventListener('pointermove', handleMove);
      element.removeEventListener('pointerup', handleUp);
    };
  }, [waterfall, columns, isEnabled]);

  const whole = Math.max(1, columns.durationMicros);
  const left = (100 * shown[0]) / whole;
  const right = 100 - (100 * shown[1]) / whole;
  const isWhole = left <= 0 && right <= 0;
  const errors = [...minimap.errors.keys()].filter((index) => minimap.errors[index]);
  return (
    <div className={`minimap${isEnabled ? '' : ' is-off'}`} ref={host} aria-hidden="true">
      <canvas ref={canvas} />
      {errors.map((index) => (
        <span key={index} className="minimap-error" style={{ left: `${(100 * index) / minimap.columns}%` }} />
      ))}
      {!isWhole && (
        <>
          <span className="minimap-shade" style={{ left: '0', width: `${left}%` }} />
          <span className="minimap-shade" style={{ right: '0', width: `${right}%` }} />
          <span className="minimap-window" style={{ left: `${left}%`, right: `${right}%` }}>
            <span className="minimap-label">{formatDuration(shown[1] - shown[0])}</span>
          </span>
        </>
      )}
    </div>
  );
}
