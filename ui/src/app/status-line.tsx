// SPDX-License-Identifier: Apache-2.0
// What the server says of itself, and whether it answers at all.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { announce } from '../a11y/live.ts';
import { api } from '../api/client.ts';
import type { Status } from '../api/types.ts';
import { formatCount, plural } from '../engine/units.ts';
import { Icon } from './icons.tsx';
import { useSettings } from './settings.ts';
import { formatClock, nanoOfMillis, zoneLabel } from './time.ts';
import { Time } from './ui.tsx';

export function useStatus() {
  return useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => api.status(signal),
    retry: false,
    staleTime: 0,
    // Quick while nothing is stored (someone waits for the first span) or the server is away.
    refetchInterval: (query) => (query.state.status === 'error' ? 2000 : query.state.data?.spans === 0 ? 1000 : 5000),
  });
}

function bytes(count: number): string {
  if (count >= 1 << 30) return `${(count / (1 << 30)).toFixed(1)} GiB`;
  if (count >= 1 << 20) return `${(count / (1 << 20)).toFixed(1)} MiB`;
  return `${Math.round(count / 1024)} KiB`;
}

function Facts({ status }: { status: Status }) {
  return (
    <>
      <span>
        {plural(status.spans, 'span', 'spans')} in {plural(status.traces, 'trace', 'traces')}
      </span>
      <span className="status-wide">{plural(status.services, 'service', 'services')}</span>
      {status.newestUnixNano !== undefined && (
        <span className="status-wide">
          newest <Time nano={status.newestUnixNano} />
        </span>
      )}
      <span className="status-wide" title={`${formatCount(status.headBytes)} of ${formatCount(status.headBytesMax)} bytes in memory, ${formatCount(status.logBytes)} bytes in the log`}>
        {bytes(status.headBytes)} of {bytes(status.headBytesMax)}
      </span>
      <span className="status-end">Waybill {status.version}</span>
    </>
  );
}

export function StatusLine() {
  const { data, isError, dataUpdatedAt } = useStatus();
  const { zone } = useSettings();
  const client = useQueryClient();
  const wasAway = useRef(false);
  useEffect(() => {
    if (isError && !wasAway.current) {
      wasAway.current = true;
      announce('The server does not answer');
    } else if (!isError && data !== undefined && wasAway.current) {
      wasAway.current = false;
      announce('The server answers again');
      // What failed while it was away is asked again.
      void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'status' });
    }
  }, [isError, data, client]);
  return (
    <footer className="status-line">
      {isError ? (
        <div className="status-away" role="alert">
          <Icon name="warn" />
          <span>
            The server does not answer. Trying again.
            {dataUpdatedAt > 0 && ` What you see is from ${formatClock(nanoOfMillis(dataUpdatedAt), zone)} ${zoneLabel(zone)}.`}
          </span>
          <button type="button" className="button button-small" onClick={() => void client.invalidateQueries({ queryKey: ['status'] })}>
            Try now
          </button>
        </div>
      ) : (
        <>
          <span className={`status-dot ${data?.ready ? 'is-ready' : ''}`} aria-hidden="true" />
          <span>{data === undefined ? 'Connecting' : data.ready ? 'Ready' : 'Starting'}</span>
          {data !== undefined && <Facts status={data} />}
        </>
      )}
    </footer>
  );
}
