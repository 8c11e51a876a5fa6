// SPDX-License-Identifier: Apache-2.0
// Traces as rows: only those in view are in the document, however many there are.

import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { useActions } from '../../a11y/shortcuts.ts';
import type { TraceSummary } from '../../api/types.ts';
import { useSettings } from '../../app/settings.ts';
import { describeTime, formatClock, formatDay, millisOf, zoneLabel } from '../../app/time.ts';
import { ErrorMark, ServiceChip } from '../../app/ui.tsx';
import { printable } from '../../engine/text.ts';
import { exactDuration, formatCount, formatDuration, plural } from '../../engine/units.ts';
import { Strip } from './strip.tsx';
import type { SearchResult } from './use-search.ts';

const CHIPS_SHOWN = 5;
// Where each search was scrolled to, so that Back finds it there.
const offsets = new Map<string, number>();

function ResultRow({ trace, q, back, longest }: { trace: TraceSummary; q: string; back: string; longest: number }) {
  const { zone } = useSettings();
  const micros = Number(trace.durationNano) / 1000;
  const find = q.trim() === '' || q.trim() === '{}' ? undefined : q;
  const { services } = trace;
  // In the order of the trace, but those with errors are among the shown.
  const shown = [...services.filter((service) => service.errorCount > 0), ...services.filter((service) => service.errorCount === 0)].slice(0, CHIPS_SHOWN);
  return (
    <Link className="result" to="/t/$traceId" params={{ traceId: trace.traceId }} search={{ find, back: back === '' ? '?' : back }} preload={false} data-trace={trace.traceId}>
      <span className="result-main">
        <span className="result-title">
          <span className="result-service">{printable(trace.rootService) || '(no service)'}</span>
          <span className="result-operation">{printable(trace.rootOperation) || '(no name)'}</span>
          {trace.errorCount > 0 && (
            <span className="fact-error narrow-only">
              <ErrorMark label={plural(trace.errorCount, 'error', 'errors')} /> {formatCount(trace.errorCount)}
            </span>
          )}
          {trace.rootMissing && <span className="badge badge-warn">root missing</span>}
        </span>
        <span className="result-services">
          <span className="result-chips">
            {shown.map((service) => (
              <ServiceChip key={service.name} name={service.name} count={service.spanCount} isError={service.errorCount > 0} />
            ))}
          </span>
          {services.length > CHIPS_SHOWN && <span className="more">+{services.length - CHIPS_SHOWN}</span>}
        </span>
      </span>
      <Strip trace={trace} share={longest > 0 ? micros / longest : 1} />
      <span className="result-duration" title={exactDuration(micros)}>
        {formatDuration(micros)}
      </span>
      <span className="result-facts">
        <span>{plural(trace.spanCount, 'span', 'spans')}</span>
        <span className="result-flags">
          {trace.errorCount > 0 && (
            <span className="fact-error">
              <ErrorMark label={plural(trace.errorCount, 'error', 'errors')} /> {formatCount(trace.errorCount)}
            </span>
          )}
          {trace.orphanCount > 0 && (
            <span className="badge badge-warn" title="Spans whose parent was not received">
              incomplete −{formatCount(trace.orphanCount)}
            </span>
          )}
          {find !== undefined && <span className="fact-matched">{formatCount(trace.matchedCount)} matched</span>}
        </span>
      </span>
      <span className="result-time" title={describeTime(trace.startUnixNano, zone)}>
        <span>{formatClock(trace.startUnixNano, zone)}</span>
        <span className="result-day">
          {formatDay(trace.startUnixNano, zone)} <span className="zone">{zoneLabel(zone, millisOf(trace.startUnixNano))}</span>
        </span>
      </span>
    </Link>
  );
}

export function ResultList({ result, q, back }: { result: SearchResult; q: string; back: string }) {
  const { traces, hasMore } = result;
  const { density } = useSettings();
  const scroller = useRef<HTMLDivElement>(null);
  const rowHeight = density === 'compact' ? 56 : 68;
  const list = useVirtualizer({
    count: traces.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    initialOffset: offsets.get(back) ?? 0,
  });
  useEffect(() => list.measure(), [rowHeight]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    element.scrollTop = offsets.get(back) ?? 0;
    const remember = () => offsets.set(back, element.scrollTop);
    element.addEventListener('scroll', remember, { passive: true });
    return () => element.removeEventListener('scroll', remember);
  }, [back]);

  const step = (by: number) => {
    const current = document.activeElement?.closest('[data-index]');
    const from = current instanceof HTMLElement ? Number(current.dataset.index) : by > 0 ? -1 : 0;
    const index = Math.max(0, Math.min(traces.length - 1, from + by));
    list.scrollToIndex(index, { align: 'auto' });
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"] a`)?.focus());
  };
  useActions([
    { id: 'result-next', label: 'Next result', group: 'Explore', keys: ['j'], run: () => step(1) },
    { id: 'result-previous', label: 'Previous result', group: 'Explore', keys: ['k'], run: () => step(-1) },
  ]);
  const longest = Math.max(...traces.map((trace) => Number(trace.durationNano) / 1000));

  return (
    <div className="card results" ref={scroller} tabIndex={-1}>
      <ul className="results-inner" style={{ height: `${list.getTotalSize()}px` }} aria-label="Traces">
        {list.getVirtualItems().map((item) => (
          <li key={traces[item.index].traceId} data-index={item.index} aria-setsize={traces.length} aria-posinset={item.index + 1} className="result-item" style={{ height: `${item.size}px`, transform: `translateY(${item.start}px)` }}>
            <ResultRow trace={traces[item.index]} q={q} back={back} longest={longest} />
          </li>
        ))}
      </ul>
      <div className="results-end">
        {result.moreFailed && <span className="field-error">The next page could not be read.</span>}
        {hasMore ? (
          <button type="button" className="button" onClick={result.loadMore} disabled={result.isLoadingMore}>
            {result.isLoadingMore ? 'Loading' : 'Load more'}
          </button>
        ) : (
          <span className="caption">That is all: {plural(traces.length, 'trace', 'traces')}.</span>
        )}
      </div>
    </div>
  );
}
