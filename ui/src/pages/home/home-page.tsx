// SPDX-License-Identifier: Apache-2.0
// Which services send spans, and how many of them failed. With nothing stored: how to send the first span.

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import type { Service } from '../../api/types.ts';
import { useStatus } from '../../app/status-line.tsx';
import { Delayed, ErrorNote, ServiceChip, useTitle } from '../../app/ui.tsx';
import { formatCount, plural } from '../../engine/units.ts';
import { serviceQuery } from '../../query/builder.ts';
import { Onboarding } from './onboarding.tsx';

type Column = 'name' | 'spanCount' | 'errorCount' | 'share';

const COMPARE: Record<Column, (a: Service, b: Service) => number> = {
  name: (a, b) => a.name.localeCompare(b.name),
  spanCount: (a, b) => b.spanCount - a.spanCount,
  errorCount: (a, b) => b.errorCount - a.errorCount,
  share: (a, b) => b.errorCount / b.spanCount - a.errorCount / a.spanCount,
};

function Heading({ column, sort, onSort, isNumber, children }: { column: Column; sort: Column; onSort: (column: Column) => void; isNumber?: boolean; children: string }) {
  return (
    <th scope="col" className={isNumber ? 'number' : undefined} aria-sort={sort === column ? (column === 'name' ? 'ascending' : 'descending') : undefined}>
      <button type="button" className="sort" onClick={() => onSort(column)}>
        {children}
        <span aria-hidden="true" className="sort-mark">
          {sort === column ? (column === 'name' ? '↑' : '↓') : ''}
        </span>
      </button>
    </th>
  );
}

// Some is never shown as none.
function formatShare(share: number): string {
  return share < 0.0005 ? '< 0.1 %' : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function ServiceRow({ service, most }: { service: Service; most: number }) {
  const share = service.spanCount === 0 ? 0 : service.errorCount / service.spanCount;
  return (
    <tr>
      <th scope="row">
        <Link to="/explore" search={{ q: serviceQuery(service.name) }}>
          <ServiceChip name={service.name} />
        </Link>
      </th>
      <td className="number">{formatCount(service.spanCount)}</td>
      <td className="volume" aria-hidden="true">
        <span className="volume-track">
          <span className="volume-bar" style={{ width: `${(100 * service.spanCount) / most}%` }} />
          <span className="volume-bar volume-errors" style={{ width: `${(100 * service.errorCount) / most}%` }} />
        </span>
      </td>
      <td className="number">
        {service.errorCount === 0 ? (
          <span className="zero">0</span>
        ) : (
          <Link className="error-count" to="/explore" search={{ q: serviceQuery(service.name, [{ field: 'status', operator: '=', value: 'error' }]) }} aria-label={`${plural(service.errorCount, 'failed span', 'failed spans')} of ${service.name}`}>
            {formatCount(service.errorCount)}
          </Link>
        )}
      </td>
      <td className="number">{service.errorCount === 0 ? <span className="zero">0 %</span> : formatShare(share)}</td>
    </tr>
  );
}

export function HomePage() {
  useTitle('Services');
  const status = useStatus();
  const isEmpty = status.data?.spans === 0;
  const services = useQuery({ queryKey: ['services'], queryFn: ({ signal }) => api.services(signal), enabled: status.data !== undefined && !isEmpty, refetchInterval: 10_000 });
  const [sort, setSort] = useState<Column>('spanCount');
  const [filter, setFilter] = useState('');
  const [wasEmpty, setWasEmpty] = useState(false);
  if (isEmpty && !wasEmpty) setWasEmpty(true);

  const wanted = filter.trim().toLowerCase();
  const list = (services.data ?? []).filter((service) => service.name.toLowerCase().includes(wanted)).sort((a, b) => COMPARE[sort](a, b) || a.name.localeCompare(b.name));
  const most = Math.max(1, ...list.map((service) => service.spanCount));

  return (
    <div className="page-body">
      {(isEmpty || wasEmpty) && status.data !== undefined && <Onboarding status={status.data} />}
      {!isEmpty && (
        <>
          <div className="page-head">
            <h1>Services</h1>
            {status.data !== undefined && (
              <p className="page-sub">
                {plural(status.data.services, 'service', 'services')}, {plural(status.data.spans, 'span', 'spans')}, everything stored
              </p>
            )}
            <label className="inline-filter">
              <span className="sr-only">Filter services</span>
              <input type="search" placeholder="Filter services" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
            </label>
          </div>
          {services.isError && <ErrorNote error={services.error} what="The services could not be read" onRetry={() => void services.refetch()} />}
          {services.data === undefined && !services.isError && (
            <Delayed>
              <div className="skeleton-list" aria-label="Loading">
                {Array.from({ length: 8 }, (_, i) => (
                  <div key={i} className="skeleton" />
                ))}
              </div>
            </Delayed>
          )}
          {services.data !== undefined && (
            <div className="card table-card">
              <table className="services">
                <thead>
                  <tr>
                    <Heading column="name" sort={sort} onSort={setSort}>
                      Service
                    </Heading>
                    <Heading column="spanCount" sort={sort} onSort={setSort} isNumber>
                      Spans
                    </Heading>
                    <td className="volume" />
                    <Heading column="errorCount" sort={sort} onSort={setSort} isNumber>
                      Errors
                    </Heading>
                    <Heading column="share" sort={sort} onSort={setSort} isNumber>
                      Error share
                    </Heading>
                  </tr>
                </thead>
                <tbody>
                  {list.map((service) => (
                    <ServiceRow key={service.name} service={service} most={most} />
                  ))}
                </tbody>
              </table>
              {list.length === 0 && <p className="table-none">No service is named like “{filter}”.</p>}
            </div>
          )}
        </>
      )}
    </div>
  );
}
