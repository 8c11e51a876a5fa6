// SPDX-License-Identifier: Apache-2.0
// A trace in one line: 64 parts of its time, each in the colour of the service that worked deepest; errors above.

import { useEffect, useRef } from 'react';
import type { TraceSummary } from '../../api/types.ts';
import { resolvedTheme, useSettings } from '../../app/settings.ts';
import { serviceCss } from '../../engine/palette.ts';

const HEIGHT = 22;

// The strip shows the shape of one trace; the thin line below it compares its duration with the longest in the list.
export function Strip({ trace, share }: { trace: TraceSummary; share: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useSettings();
  const theme = resolvedTheme();
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (element === null || context === null || context === undefined) return;
    const style = getComputedStyle(document.documentElement);
    const draw = () => {
      const width = element.clientWidth;
      const ratio = Math.min(2, devicePixelRatio || 1);
      element.width = Math.round(width * ratio);
      element.height = HEIGHT * ratio;
      context.scale(ratio, ratio);
      context.fillStyle = style.getPropertyValue('--line-faint');
      context.fillRect(0, HEIGHT - 2, width, 2);
      context.fillStyle = style.getPropertyValue('--ink-faint');
      context.fillRect(0, HEIGHT - 2, Math.max(2, width * Math.min(1, share)), 2);
      const part = width / trace.strip.length;
      trace.strip.forEach(([service, isError], index) => {
        const x = Math.floor(index * part);
        const size = Math.max(1, Math.ceil((index + 1) * part) - x);
        if (service >= 0) {
          context.fillStyle = serviceCss(trace.services[service]?.name ?? '', theme);
          context.fillRect(x, 5, size, 11);
        } else {
          context.fillStyle = style.getPropertyValue('--line');
          context.fillRect(x, 10, size, 1);
        }
        if (isError) {
          context.fillStyle = style.getPropertyValue('--error');
          context.fillRect(x, 0, size, 3);
        }
      });
    };
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    return () => observer.disconnect();
  }, [trace, share, theme]);
  return <canvas ref={canvas} className="strip" aria-hidden="true" />;
}
