// SPDX-License-Identifier: Apache-2.0
// The trace by service and operation. A row's button lights its spans in the waterfall.

import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';
import { ErrorMark, ServiceChip } from '../../app/ui.tsx';
import { summariseOperations, type OperationSummary } from '../../engine/summary.ts';
import { printable } from '../../engine/text.ts';
import { exactDuration, formatCount, formatDuration, plural } from '../../engine/units.ts';
import { printQuery, quote } from '../../query/builder.ts';
import type { LoadedTrace } from './use-trace.ts';

type Column = 'operation' | 'count' | 'total' | 'self' | 'max' | 'errors';

const COLUMNS: readonly [Column, string][] = [
  ['operation', 'Service and operation'],
  ['count', 'Count'],
  ['total', 'Total'],
  ['self', 'Self'],
  ['max', 'Longest'],
  ['errors', 'Errors'],
];

function compare(column: Column): (a: OperationSummary, b: OperationSummary) => number {
  if (column === 'operation') return (a, b) => a.service.localeCompare(b.service) || a.operation.localeCompare(b.operation);
  return (a, b) => b[column] - a[column];
}

export function TableView({ trace, onShow }: { trace: LoadedTrace; onShow: (find: string) => void }) {
  const [sort, setSort] = useState<Column>('self');
  const list = useMemo(() => summariseOperations(trace.columns, trace.tree), [trace]);
  const sorted = useMemo(() => [...list].sort(compare(sort)), [list, sort]);
  const allSelf = useMemo(() => Math.max(1, list.reduce((sum, entry) => sum + entry.self, 0)), [list]);
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: sorted.length, getScrollElement: () => scroller.current, estimateSize: () => 32, overscan: 12 });
  const items = rows.getVirtualItems();
  const before = items.length > 0 ? items[0].start : 0;
  const after = items.length > 0 ? rows.getTotalSize() - items[items.length - 1].end : 0;
  return (
    <div className="table-view" ref={scroller} tabIndex={0} aria-label="Operations of the trace" role="region">
      <table aria-rowcount={sorted.length + 1}>
        <thead>
          <tr>
            {COLUMNS.map(([column, name]) => (
              <th key={column} scope="col" className={column === 'operation' ? undefined : 'number'} aria-sort={sort === column ? (column === 'operation' ? 'ascending' : 'descending') : undefined}>
                <button type="button" className="sort" onClick={() => setSort(column)}>
                  {name}
                  <span aria-hidden="true" className="sort-mark">
                    {sort === column ? (column === 'operation' ? '↑' : '↓') : ''}
                  </span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && (
            <tr aria-hidden="true" style={{ height: `${before}px` }}>
              <td colSpan={6} />
            </tr>
          )}
          {items.map((item) => {
            const entry = sorted[item.index];
            return (
              <tr key={item.index} aria-rowindex={item.index + 2}>
                <th scope="row">
                  <span className="operation-cell">
                    <ServiceChip name={entry.service} />
                    <button type="button" className="text-button" title="Light these spans in the waterfall" onClick={() => onShow(printQuery([{ field: 'resource.service.name', operator: '=', value: quote(entry.service) }, { field: 'name', operator: '=', value: quote(entry.operation) }]))}>
                      {printable(entry.operation) || '(no name)'}
                    </button>
                  </span>
                </th>
                <td className="number">{formatCount(entry.count)}</td>
                <td className="number" title={exactDuration(entry.total)}>
                  {formatDuration(entry.total)}
                </td>
                <td className="number" title={exactDuration(entry.self)}>
                  <span className="share-track" aria-hidden="true">
                    <span className="share-bar" style={{ width: `${(100 * entry.self) / allSelf}%` }} />
                  </span>
                  {formatDuration(entry.self)}
                </td>
                <td className="number">{formatDuration(entry.max)}</td>
                <td className="number">
                  {entry.errors > 0 ? (
                    <span className="fact-error">
                      <ErrorMark label={plural(entry.errors, 'error', 'errors')} /> {formatCount(entry.errors)}
                    </span>
                  ) : (
                    <span className="zero">0</span>
                  )}
                </td>
              </tr>
            );
          })}
          {after > 0 && (
            <tr aria-hidden="true" style={{ height: `${after}px` }}>
              <td colSpan={6} />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
