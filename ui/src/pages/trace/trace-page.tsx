// SPDX-License-Identifier: Apache-2.0
// One trace: header, minimap, waterfall or table, and the details of the chosen span always beside it.

import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useActions } from '../../a11y/shortcuts.ts';
import { ignoredParams, normalTraceId, parseParams, readExplore, readTrace, type Params } from '../../app/address.ts';
import { Icon } from '../../app/icons.tsx';
import { AddressNotice, Delayed, Empty, ErrorNote, useTitle } from '../../app/ui.tsx';
import { ApiError } from '../../api/client.ts';
import { printable } from '../../engine/text.ts';
import { formatCount, formatDuration } from '../../engine/units.ts';
import { TraceView } from './trace-view.tsx';
import { useTrace, type TraceState } from './use-trace.ts';

const route = getRouteApi('/t/$traceId');

export function BackLink({ back }: { back: string | undefined }) {
  if (back === undefined) return null;
  return (
    <Link to="/explore" search={readExplore(parseParams(back.replace(/^\?/, '')))} className="back-link">
      <Icon name="left" size={14} />
      Results
    </Link>
  );
}

function Loading({ bytes }: { bytes: number }) {
  return (
    <Delayed>
      <div className="trace-loading" role="status" aria-label="Loading the trace">
        <div className="skeleton skeleton-title" />
        <div className="skeleton skeleton-map" />
        {bytes > 0 && <p className="caption">{formatCount(Math.round(bytes / 1e5) / 10)} MB received</p>}
        {Array.from({ length: 14 }, (_, i) => (
          <div key={i} className={`skeleton skeleton-row step-${i % 5}`} />
        ))}
      </div>
    </Delayed>
  );
}

function titleOf(state: TraceState): string {
  if (state.kind !== 'ready') return 'Trace';
  const { columns, critical } = state.trace;
  const { root } = critical;
  if (root < 0) return 'Trace';
  return `${printable(columns.serviceNames[columns.service[root]])} ${printable(columns.strings[columns.name[root]])}, ${formatDuration(columns.durationMicros)}`;
}

export function TracePage() {
  const { traceId: raw } = route.useParams();
  const given = route.useSearch();
  const search = useMemo(() => readTrace(given as Params), [given]);
  const traceId = normalTraceId(raw);
  const state = useTrace(traceId ?? raw);
  useTitle(titleOf(state));
  useActions([{ id: 'trace-again', label: 'Load the trace again', group: 'Trace', keys: ['r'], run: state.again }]);
  if (traceId === null) {
    return (
      <Empty title="This is not a trace id" isPage>
        <p>A trace id has 1 to 32 hexadecimal digits. The address has “{raw.slice(0, 80)}”.</p>
        <BackLink back={search.back} />
      </Empty>
    );
  }
  if (state.kind === 'loading') return <Loading bytes={state.bytes} />;
  if (state.kind === 'failed') {
    if (state.status === 404) {
      return (
        <Empty title="This trace is not known" isPage>
          <p>
            <code>{traceId}</code>
          </p>
          <p>It may still be on its way, may have expired, may have been dropped before it got here, or belongs to another server.</p>
          <p>
            <button type="button" className="button" onClick={state.again}>
              Look again
            </button>{' '}
            <BackLink back={search.back} />
          </p>
        </Empty>
      );
    }
    const error = new ApiError(state.message, state.status, 'unknown', null, state.requestId, `/api/w1/traces/${traceId}`);
    return <ErrorNote error={error} what="The trace could not be loaded" onRetry={state.again} />;
  }
  return (
    <div className="trace-page">
      <AddressNotice ignored={ignoredParams(given, search)} />
      <TraceView key={traceId} traceId={traceId} trace={state.trace} search={search} />
    </div>
  );
}
