// SPDX-License-Identifier: Apache-2.0
// The loaded trace: keeps the waterfall and the address in step, and lays out the parts around it.

import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useActions } from '../../a11y/shortcuts.ts';
import { printParams, type TraceSearch } from '../../app/address.ts';
import { changeSettings, settings } from '../../app/settings.ts';
import { zoneName } from '../../app/time.ts';
import { copyText } from '../../app/ui.tsx';
import { parseFolds, parseZoom, printFolds, printZoom } from '../../engine/address.ts';
import { findSpanId, hexId } from '../../engine/decode.ts';
import type { FoldState } from '../../engine/rows.ts';
import type { Waterfall } from '../../engine/waterfall.ts';
import { DetailsPanel } from './details-panel.tsx';
import { FindBar, useFind } from './find-bar.tsx';
import { Minimap, type WindowListener } from './minimap.tsx';
import { TableView } from './table-view.tsx';
import { TraceHeader } from './trace-header.tsx';
import type { LoadedTrace } from './use-trace.ts';
import { WaterfallTools } from './waterfall-tools.tsx';
import { WaterfallView } from './waterfall-view.tsx';

const route = getRouteApi('/t/$traceId');
const ADDRESS_DELAY = 250;

export function TraceView({ traceId, trace, search }: { traceId: string; trace: LoadedTrace; search: TraceSearch }) {
  const { columns } = trace;
  const navigate = route.useNavigate();
  const [waterfall, setWaterfall] = useState<Waterfall | null>(null);
  const [selected, setSelected] = useState(() => (search.span === undefined ? -1 : findSpanId(columns, search.span)));
  const [activeRow, setActiveRow] = useState(0);
  // The minimap alone follows the window, so that zooming does not render the page.
  const [windowListeners] = useState(() => new Set<WindowListener>());
  const [isPanelOpen, setPanelOpen] = useState(() => window.innerWidth > 900);
  const view = search.view ?? 'waterfall';
  const path = useRef(location.pathname);
  const written = useRef<TraceSearch>(search);
  const pending = useRef<{ change: Partial<TraceSearch>; timer: number }>({ change: {}, timer: 0 });

  // Everything that changes the picture goes into the address, a moment later, in place.
  const remember = useCallback(
    (change: Partial<TraceSearch>) => {
      pending.current.change = { ...pending.current.change, ...change };
      clearTimeout(pending.current.timer);
      pending.current.timer = window.setTimeout(() => {
        // Someone is already on the way to another page, which is still loading: do not call them back.
        if (location.pathname !== path.current) return;
        written.current = { ...written.current, ...pending.current.change };
        pending.current.change = {};
        void navigate({ search: written.current, replace: true, resetScroll: false });
      }, ADDRESS_DELAY);
    },
    [navigate],
  );
  useEffect(() => () => clearTimeout(pending.current.timer), []);

  const find = useFind(traceId, trace, search.find ?? '');
  const handlers = useMemo(
    () => ({
      onSelect: (node: number) => {
        setSelected(node);
        remember({ span: node >= 0 && node < columns.spanCount ? hexId(columns.spanId, node) : undefined });
      },
      onWindow: (t0: number, t1: number) => {
        for (const listener of windowListeners) listener(t0, t1);
        const isWhole = t0 <= 0 && t1 >= columns.durationMicros;
        remember({ z: isWhole ? undefined : printZoom(t0, t1) });
      },
      onFolds: (folds: FoldState) => remember({ fold: printFolds(columns, folds) ?? undefined }),
      onActive: setActiveRow,
    }),
    [columns, remember, windowListeners],
  );

  // The address was changed from outside (Back, Forward, an edited address): the picture follows it.
  useEffect(() => {
    if (waterfall === null) return;
    const isOurs = (['span', 'z', 'fold'] as const).every((key) => search[key] === written.current[key]);
    if (isOurs) return;
    written.current = search;
    applyAddress(waterfall, search);
  }, [waterfall, search]);

  const handleReady = useCallback(
    (ready: Waterfall | null) => {
      setWaterfall(ready);
      if (ready !== null) applyAddress(ready, written.current);
    },
    [],
  );

  useEffect(() => waterfall?.setMatches(find.matches, find.dim), [waterfall, find.matches, find.dim]);
  useEffect(() => {
    if (waterfall === null) return;
    waterfall.setCurrentMatch(find.current);
    if (find.current >= 0) waterfall.setSelected(find.current);
  }, [waterfall, find.current]);

  const isCritical = search.crit === '1';
  const toggleCritical = () => void navigate({ search: (previous) => keep({ ...previous, crit: previous.crit === '1' ? undefined : '1' }), replace: true });
  const keep = (next: TraceSearch) => {
    written.current = { ...next, ...pending.current.change };
    return written.current;
  };
  const setView = (next: 'waterfall' | 'table') => void navigate({ search: (previous) => keep({ ...previous, view: next === 'waterfall' ? undefined : next }) });
  const copyLink = () => {
    const { back: _, ...shared } = { ...written.current, ...pending.current.change };
    void copyText(`${location.origin}/t/${traceId}${printParams({ ...shared, tz: zoneName(settings().zone) })}`);
  };
  useActions([
    { id: 'trace-copy', label: 'Copy a link to this view', group: 'Trace', keys: ['y'], run: copyLink },
    { id: 'trace-critical', label: 'Show or hide the critical path', group: 'Trace', keys: ['v'], run: toggleCritical },
    { id: 'trace-waterfall', label: 'Waterfall', group: 'Trace', keys: ['1'], run: () => setView('waterfall') },
    { id: 'trace-table', label: 'Table', group: 'Trace', keys: ['2'], run: () => setView('table') },
    { id: 'trace-panel', label: 'Show or hide the details', group: 'Trace', keys: ['i'], run: () => setPanelOpen(!isPanelOpen) },
  ]);
  const setFind = (text: string) => {
    find.setText(text);
    remember({ find: text === '' ? undefined : text });
  };

  return (
    <>
      <TraceHeader trace={trace} traceId={traceId} back={search.back} onCopyLink={copyLink} onGo={(node) => waterfall?.reveal(node)} />
      <Minimap trace={trace} windowListeners={windowListeners} waterfall={waterfall} isEnabled={view === 'waterfall'} />
      <div className="trace-tools">
        <div className="segmented" role="group" aria-label="View">
          <button type="button" aria-pressed={view === 'waterfall'} onClick={() => setView('waterfall')}>
            Waterfall
          </button>
          <button type="button" aria-pressed={view === 'table'} onClick={() => setView('table')}>
            Table
          </button>
        </div>
        <FindBar find={find} onText={setFind} spanCount={columns.spanCount} />
        <WaterfallTools waterfall={view === 'waterfall' ? waterfall : null} isCritical={isCritical} onCritical={toggleCritical} verdict={trace.critical.verdict} reason={trace.critical.reason} isPanelOpen={isPanelOpen} onPanel={() => setPanelOpen(!isPanelOpen)} />
      </div>
      <div className="trace-main">
        {view === 'waterfall' ? (
          <WaterfallView trace={trace} isCritical={isCritical} handlers={handlers} find={find} onReady={handleReady} onPick={() => setPanelOpen(true)} />
        ) : (
          <TableView
            trace={trace}
            onShow={(text) => {
              setFind(text);
              setView('waterfall');
            }}
          />
        )}
        {isPanelOpen && (
          <DetailsPanel
            traceId={traceId}
            trace={trace}
            node={selected}
            group={selected < 0 && waterfall !== null && view === 'waterfall' ? (waterfall.scene.rows.group[activeRow] ?? -1) : -1}
            onGo={(node) => {
              waterfall?.reveal(node);
              waterfall?.setSelected(node);
            }}
            onClose={() => setPanelOpen(false)}
            onResize={(panelWidth) => changeSettings({ panelWidth })}
          />
        )}
      </div>
    </>
  );

  function applyAddress(target: Waterfall, address: TraceSearch): void {
    if (address.fold !== undefined) target.setFolds(parseFolds(columns, address.fold));
    const zoom = address.z === undefined ? null : parseZoom(address.z);
    target.setWindow(...(zoom ?? target.extent()));
    const row = address.span === undefined ? -1 : findSpanId(columns, address.span);
    if (row >= 0) {
      target.reveal(row);
      target.centre(target.rowOf(row));
    }
    target.setSelected(row);
  }
}
