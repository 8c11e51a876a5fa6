// SPDX-License-Identifier: Apache-2.0
// One trace: header, minimap, waterfall or table, and the details of the chosen span always beside it.

import { getRouteApi, Link } from '@tanstack/react-router';
import { normalTraceId, parseParams, readExplore } from '../../app/address.ts';
import { Icon } from '../../app/icons.tsx';
import { Delayed, Empty, ErrorNote } from '../../app/ui.tsx';
import { ApiError } from '../../api/client.ts';
import { formatCount } from '../../engine/units.ts';
import { TraceView } from './trace-view.tsx';
import { useTrace } from './use-trace.ts';

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

export function TracePage() {
  const { traceId: raw } = route.useParams();
  const search = route.useSearch();
  const traceId = normalTraceId(raw);
  const state = useTrace(traceId ?? raw);
  if (traceId === null) {
    return (
      <Empty title="This is not a trace id">
        <p>A trace id has 1 to 32 hexadecimal digits. The address has “{raw.slice(0, 80)}”.</p>
        <BackLink back={search.back} />
      </Empty>
    );
  }
  if (state.kind === 'loading') return <Loading bytes={state.bytes} />;
  if (state.kind === 'failed') {
    if (state.status === 404) {
      return (
        <Empty title="This trace is not known">
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
  return <TraceView key={traceId} traceId={traceId} trace={state.trace} />;
}
