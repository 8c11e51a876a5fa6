// SPDX-License-Identifier: Apache-2.0
// Puts the engine's waterfall on the page: canvas, scrolled element, mirror, keyboard.

import { useEffect, useRef } from 'react';
import { isTyping, useActions } from '../../a11y/shortcuts.ts';
import { TreegridMirror } from '../../a11y/treegrid.ts';
import { changeSettings, resolvedTheme, settings, useSettings } from '../../app/settings.ts';
import { STATUS_ERROR } from '../../engine/decode.ts';
import { HeldMotion, type Motion } from '../../engine/motion.ts';
import { attachPointer } from '../../engine/pointer.ts';
import { OPEN_FOLDS, type FoldState } from '../../engine/rows.ts';
import { indexCritical, type ThemeColours } from '../../engine/scene.ts';
import { Waterfall } from '../../engine/waterfall.ts';
import type { Find } from './find-bar.tsx';
import type { LoadedTrace } from './use-trace.ts';

const MOTIONS: Record<string, Motion> = { w: 'in', s: 'out', a: 'left', d: 'right' };

export interface WaterfallHandlers {
  onSelect(node: number): void;
  onWindow(t0: number, t1: number): void;
  onFolds(folds: FoldState): void;
  onActive(row: number): void;
}

function readTheme(): ThemeColours {
  const style = getComputedStyle(document.documentElement);
  const get = (name: string) => style.getPropertyValue(name).trim();
  return {
    scheme: resolvedTheme(), ground: get('--ground'), raised: get('--raised'), ink: get('--ink'), inkSoft: get('--ink-soft'), inkFaint: get('--ink-faint'),
    line: get('--line'), lineFaint: get('--line-faint'), accent: get('--accent'), accentSoft: get('--accent-soft'), hover: get('--hover'), error: get('--error'), fontUi: get('--font-ui'),
  };
}

function rowHeightOf(density: string): number {
  return density === 'compact' ? 24 : 30;
}

interface Props {
  trace: LoadedTrace;
  isCritical: boolean;
  handlers: WaterfallHandlers;
  find: Find;
  onReady: (waterfall: Waterfall | null) => void;
  onPick: () => void;
}

export function WaterfallView({ trace, isCritical, handlers, find, onReady, onPick }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const engine = useRef<{ waterfall: Waterfall; mirror: TreegridMirror; motion: HeldMotion } | null>(null);
  const pick = useRef(onPick);
  pick.current = onPick;
  const current = useSettings();

  useEffect(() => {
    if (host.current === null || canvas.current === null || scroller.current === null || grid.current === null) return;
    const mirror = new TreegridMirror(grid.current);
    const waterfall = new Waterfall(canvas.current, scroller.current, trace, readTheme(), rowHeightOf(settings().density), Math.min(settings().nameWidth, host.current.clientWidth * 0.45), {
      ...handlers,
      onDraw: (scene) => mirror.follow(scene),
      onNameWidth: (nameWidth) => changeSettings({ nameWidth }),
    });
    const motion = new HeldMotion(waterfall, matchMedia('(prefers-reduced-motion: reduce)').matches);
    engine.current = { waterfall, mirror, motion };
    const detach = attachPointer(host.current, waterfall, {
      onPick: (row) => {
        waterfall.selectRow(row);
        mirror.focusActive(waterfall.scene);
        pick.current();
      },
      onZoomed: () => undefined,
    });
    const handleKeyUp = (event: KeyboardEvent) => {
      const direction = MOTIONS[event.key.toLowerCase()];
      if (direction !== undefined) motion.release(direction);
    };
    // A key that is let go of in another window is never told of.
    const handleBlur = () => motion.stop();
    document.addEventListener('keyup', handleKeyUp);
    window.addEventListener('blur', handleBlur);
    // For measuring from outside; nothing in the UI reads it.
    (host.current as HTMLElement & { waterfall?: Waterfall }).waterfall = waterfall;
    onReady(waterfall);
    return () => {
      onReady(null);
      document.removeEventListener('keyup', handleKeyUp);
      window.removeEventListener('blur', handleBlur);
      detach();
      motion.stop();
      mirror.destroy();
      waterfall.destroy();
      engine.current = null;
    };
  }, [trace, handlers, onReady]);

  useEffect(() => engine.current?.waterfall.setTheme(readTheme()), [current.theme, current.contrast]);
  useEffect(() => engine.current?.waterfall.setRowHeight(rowHeightOf(current.density)), [current.density]);
  useEffect(() => engine.current?.waterfall.setCritical(isCritical ? indexCritical(trace.critical) : null), [isCritical, trace]);

  const move = (row: number) => {
    const parts = engine.current;
    if (parts === null || row < 0) return;
    parts.waterfall.activate(row);
    parts.mirror.focusActive(parts.waterfall.scene);
  };
  const active = () => engine.current?.waterfall.scene.activeRow ?? 0;
  const withWaterfall = (use: (waterfall: Waterfall) => void) => () => {
    if (engine.current !== null) use(engine.current.waterfall);
  };
  const press = (motion: Motion) => () => engine.current?.motion.press(motion);
  // A jump ends what the last press still moves, which would otherwise carry the view away from where it went.
  const jump = (use: (waterfall: Waterfall) => void) =>
    withWaterfall((waterfall) => {
      engine.current?.motion.stop();
      use(waterfall);
    });
  const showWhole = (waterfall: Waterfall) => waterfall.setWindow(...waterfall.extent());
  const stepError = (by: 1 | -1) =>
    withWaterfall((waterfall) => {
      const { columns, tree } = trace;
      const { rows } = waterfall.scene;
      const from = rows.count > 0 ? tree.position[rows.node[active()]] : 0;
      for (let i = 1; i <= tree.nodeCount; i++) {
        const node = tree.order[(from + by * i + tree.nodeCount * 2) % tree.nodeCount];
        if (node >= columns.spanCount || columns.status[node] !== STATUS_ERROR) continue;
        waterfall.reveal(node);
        waterfall.setSelected(node);
        return;
      }
    });
  const stepCritical = withWaterfall((waterfall) => {
    const { path } = indexCritical(trace.critical);
    if (path.node.length === 0) return;
    const node = waterfall.scene.rows.node[active()];
    const at = path.node.lastIndexOf(node);
    const next = path.node[(at + 1) % path.node.length];
    waterfall.reveal(next);
    waterfall.setSelected(next);
  });
  const lastFit = useRef(0);

  // What the arrow keys do in the treegrid. True where the key was used.
  const handleGridKey = (key: string, isShift: boolean): boolean => {
    const waterfall = engine.current?.waterfall;
    if (waterfall === undefined) return false;
    const row = active();
    const { rows } = waterfall.scene;
    const page = Math.max(1, Math.floor(waterfall.scene.height / waterfall.scene.rowHeight) - 3);
    switch (key) {
      case 'ArrowDown': move(row + 1); return true;
      case 'ArrowUp': move(row - 1); return true;
      case 'PageDown': move(row + page); return true;
      case 'PageUp': move(Math.max(0, row - page)); return true;
      case 'Home': move(0); return true;
      case 'End': move(rows.count - 1); return true;
      case 'ArrowRight':
        if (waterfall.isRowExpandable(row) && waterfall.isRowClosed(row)) waterfall.toggleRow(row);
        else if (waterfall.isRowExpandable(row)) move(row + 1);
        return true;
      case 'ArrowLeft':
        if (waterfall.isRowExpandable(row) && !waterfall.isRowClosed(row)) waterfall.toggleRow(row);
        else move(waterfall.parentRow(row));
        return true;
      case 'Enter':
      case ' ':
        if (isShift) return false;
        if (rows.group[row] >= 0) waterfall.toggleRow(row);
        else {
          waterfall.selectRow(row);
          pick.current();
        }
        return true;
      default:
        return false;
    }
  };

  // Arrow keys also work when nothing has the focus.
  useEffect(() => {
    const handle = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      const isFree = event.target === document.body || event.target === host.current || (event.target instanceof HTMLElement && event.target.id === 'page');
      if (!isFree || !event.key.startsWith('Arrow')) return;
      if (handleGridKey(event.key, event.shiftKey)) event.preventDefault();
    };
    document.addEventListener('keydown', handle);
    return () => document.removeEventListener('keydown', handle);
  });

  useActions([
    { id: 'row-down', label: 'Next row', group: 'Waterfall', keys: ['j', 'ArrowDown'], run: () => move(active() + 1) },
    { id: 'row-up', label: 'Previous row', group: 'Waterfall', keys: ['k', 'ArrowUp'], run: () => move(active() - 1) },
    { id: 'row-select', label: 'Show the details of the row', group: 'Waterfall', keys: ['Enter'], isLocal: true, run: () => undefined },
    { id: 'row-unfold', label: 'Unfold, or go inside', group: 'Waterfall', keys: ['ArrowRight'], isLocal: true, run: () => undefined },
    { id: 'row-fold', label: 'Fold, or go to the parent', group: 'Waterfall', keys: ['ArrowLeft'], isLocal: true, run: () => undefined },
    { id: 'row-parent', label: 'Parent', group: 'Waterfall', keys: ['p'], run: withWaterfall((waterfall) => move(waterfall.parentRow(active()))) },
    { id: 'row-sibling', label: 'Next sibling', group: 'Waterfall', keys: ['.'], run: withWaterfall((waterfall) => move(waterfall.siblingRow(active(), 1))) },
    { id: 'row-sibling-back', label: 'Previous sibling', group: 'Waterfall', keys: [','], run: withWaterfall((waterfall) => move(waterfall.siblingRow(active(), -1))) },
    { id: 'error-next', label: 'Next error', group: 'Waterfall', keys: ['!', 'e'], run: stepError(1) },
    { id: 'error-previous', label: 'Previous error', group: 'Waterfall', keys: ['Shift+E'], run: stepError(-1) },
    { id: 'critical-next', label: 'Next part of the critical path', group: 'Waterfall', keys: ['g'], run: stepCritical },
    { id: 'zoom-in', label: 'Zoom in (hold)', group: 'Waterfall', keys: ['w'], run: press('in') },
    { id: 'zoom-out', label: 'Zoom out (hold)', group: 'Waterfall', keys: ['s'], run: press('out') },
    { id: 'pan-left', label: 'Earlier (hold)', group: 'Waterfall', keys: ['a'], run: press('left') },
    { id: 'pan-right', label: 'Later (hold)', group: 'Waterfall', keys: ['d'], run: press('right') },
    {
      id: 'fit', label: 'Centre the row; twice: fit it', group: 'Waterfall', keys: ['f'],
      run: jump((waterfall) => {
        const now = performance.now();
        if (now - lastFit.current < 600) waterfall.zoomToRow(active());
        else waterfall.centre(active());
        lastFit.current = now;
      }),
    },
    { id: 'whole', label: 'Whole trace', group: 'Waterfall', keys: ['0'], run: jump(showWhole) },
    { id: 'fold-all', label: 'Fold all', group: 'Waterfall', keys: ['['], run: withWaterfall((waterfall) => waterfall.setFolds({ ...OPEN_FOLDS, base: 'closed', flipped: new Set(trace.tree.childList.subarray(trace.tree.childOffset[trace.tree.nodeCount], trace.tree.childOffset[trace.tree.nodeCount + 1]).subarray(0, 50)) })) },
    { id: 'unfold-all', label: 'Unfold all', group: 'Waterfall', keys: [']'], run: withWaterfall((waterfall) => waterfall.setFolds(OPEN_FOLDS)) },
    { id: 'fold-siblings', label: 'Fold equal siblings, or not', group: 'Waterfall', keys: ['z'], run: withWaterfall((waterfall) => waterfall.setFolds({ ...waterfall.folds, siblings: !waterfall.folds.siblings })) },
    {
      id: 'back-out', label: 'Back out one step', group: 'Waterfall', keys: ['Escape'],
      run: jump((waterfall) => {
        if (waterfall.scene.measure !== null) waterfall.setArea('measure', null);
        else if (find.text !== '' && find.index >= 0) find.setText('');
        else if (!waterfall.isWhole()) showWhole(waterfall);
        else waterfall.setSelected(-1);
      }),
    },
  ]);

  return (
    <div className="waterfall" ref={host} data-testid="waterfall">
      <canvas ref={canvas} aria-hidden="true" />
      <div className="wf-scroller" ref={scroller} tabIndex={-1}>
        <div className="wf-sticky">
          <div
            ref={grid}
            className="wf-mirror"
            aria-label="Spans"
            onFocus={() => engine.current?.waterfall.setFocus(true)}
            onBlur={() => engine.current?.waterfall.setFocus(false)}
            onKeyDown={(event) => {
              if (event.ctrlKey || event.metaKey || event.altKey) return;
              if (handleGridKey(event.key, event.shiftKey)) {
                event.preventDefault();
                event.stopPropagation();
              }
            }}
          />
        </div>
      </div>
    </div>
  );
}
