// SPDX-License-Identifier: Apache-2.0
// What is to be said about a search beside its rows: waiting, nothing found and why, errors, pages that ended early.

import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { ApiError } from '../../api/client.ts';
import type { ExploreSearch } from '../../app/address.ts';
import { Icon } from '../../app/icons.tsx';
import { useStatus } from '../../app/status-line.tsx';
import type { Range } from '../../app/time-range.tsx';
import { Delayed, Empty, ErrorNote } from '../../app/ui.tsx';
import { formatCount, formatDuration, plural } from '../../engine/units.ts';
import { fieldLabel, printQuery, readQuery, unquote } from '../../query/builder.ts';
import type { SearchResult } from './use-search.ts';

function NothingFound({ search, onRun, onRange, onArrived }: { search: ExploreSearch; onRun: (q: string) => void; onRange: (range: Range) => void; onArrived: () => void }) {
  const status = useStatus();
  const stored = status.data?.spans;
  const wasEmpty = useRef(false);
  useEffect(() => {
    if (stored !== undefined && stored > 0 && wasEmpty.current) onArrived();
    wasEmpty.current = stored === 0;
  }, [stored, onArrived]);
  const view = readQuery(search.q ?? '');
  const chips = view.kind === 'chips' ? view.chips : [];
  if (stored === 0) {
    return (
      <Empty title="Nothing is stored yet">
        <p>
          No span has arrived. <Link to="/">See where to send them</Link>; this list fills when they do.
        </p>
      </Empty>
    );
  }
  const hasRange = search.from !== undefined || search.to !== undefined;
  if (hasRange && chips.length === 0 && view.kind === 'chips') {
    return (
      <Empty title="Nothing in this time range">
        <p>{status.data === undefined ? '' : `${plural(status.data.traces, 'trace is', 'traces are')} stored outside it.`}</p>
        <button type="button" className="button button-primary" onClick={() => onRange({ from: undefined, to: undefined })}>
          Search everything stored
        </button>
      </Empty>
    );
  }
  return (
    <Empty title="No trace matches">
      <p>{status.data === undefined ? '' : `${plural(status.data.traces, 'trace is', 'traces are')} stored; none has a span that satisfies the query${hasRange ? ' in this time range' : ''}.`}</p>
      <ul className="looser">
        {hasRange && (
          <li>
            <button type="button" className="button" onClick={() => onRange({ from: undefined, to: undefined })}>
              Without the time range
            </button>
          </li>
        )}
        {chips.map((chip, index) => (
          <li key={index}>
            <button type="button" className="button" onClick={() => onRun(chips.length === 1 ? '' : printQuery(chips.filter((_, other) => other !== index)))}>
              Without <code>{`${fieldLabel(chip.field)} ${chip.operator} ${unquote(chip.value)}`}</code>
            </button>
          </li>
        ))}
      </ul>
    </Empty>
  );
}

export function Outcome({ result, search, draft, onRun, onRange }: { result: SearchResult; search: ExploreSearch; draft: string; onRun: (q: string) => void; onRange: (range: Range) => void }) {
  const { error } = result;
  if (result.isRunning) {
    return (
      <Delayed>
        <div className="skeleton-list" role="status" aria-label="Searching">
          {Array.from({ length: 12 }, (_, i) => (
            <div key={i} className="skeleton skeleton-result" />
          ))}
        </div>
      </Delayed>
    );
  }
  // A fault inside the query is shown at its character, in the form.
  if (error instanceof ApiError && error.position !== null && draft === (search.q ?? '')) return null;
  if (error !== null) return <ErrorNote error={error} what="The search failed" onRetry={result.again} />;
  if (result.traces.length === 0 && result.isDone && !result.isPartial) return <NothingFound search={search} onRun={onRun} onRange={onRange} onArrived={result.again} />;
  return (
    <>
      {result.isPartial && (
        <div className="note note-warn" role="status">
          <Icon name="warn" />
          <div className="note-text">
            <strong>Not everything was searched.</strong>
            <p>The time limit of the query ended this page early. What is listed is right; older traces may be missing.</p>
          </div>
          <div className="note-actions">
            <button type="button" className="button" onClick={result.loadMore}>
              Search on
            </button>
          </div>
        </div>
      )}
      <div className="result-head" data-testid="result-head">
        <span>
          <strong>{formatCount(result.traces.length)}</strong> {result.traces.length === 1 ? 'trace' : 'traces'}
          {result.hasMore ? ' so far, newest first' : ', newest first'}
        </span>
        <span className="result-cost">
          {plural(result.spansInspected, 'span', 'spans')} looked at in {formatDuration(result.elapsedMicros)}
        </span>
      </div>
    </>
  );
}
