// SPDX-License-Identifier: Apache-2.0
// Search traces: one query, shown as chips or as text; results newest first, as many as there are.

import { getRouteApi } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { announce } from '../../a11y/live.ts';
import { useActions } from '../../a11y/shortcuts.ts';
import { ignoredParams, printParams, readExplore, type Params } from '../../app/address.ts';
import { AddressNotice, useTitle } from '../../app/ui.tsx';
import { formatCount } from '../../engine/units.ts';
import { QueryForm } from './query-form.tsx';
import { ResultList } from './result-list.tsx';
import { Outcome } from './outcome.tsx';
import { useSearch } from './use-search.ts';

const route = getRouteApi('/explore');

export function ExplorePage() {
  const given = route.useSearch();
  const search = useMemo(() => readExplore(given as Params), [given]);
  const navigate = route.useNavigate();
  useTitle('Explore');
  const text = search.q ?? '';
  const [draft, setDraft] = useState(text);
  // The address is the truth: Back, Forward and links replace what was being written.
  const [seen, setSeen] = useState(text);
  if (seen !== text) {
    setSeen(text);
    setDraft(text);
  }
  const result = useSearch(search);
  const run = (q: string) => {
    setDraft(q);
    if (q === text) result.again();
    else void navigate({ search: (previous) => ({ ...previous, q: q.trim() === '' ? undefined : q }) });
  };
  useActions([
    { id: 'explore-run', label: 'Run the query', group: 'Explore', keys: ['Ctrl+Enter'], run: () => run(draft) },
    { id: 'explore-again', label: 'Run again', group: 'Explore', keys: ['r'], run: () => result.again() },
  ]);
  const { traces, isDone } = result;
  useEffect(() => {
    if (isDone) announce(`${formatCount(traces.length)} traces found${result.hasMore ? ', more can be loaded' : ''}`);
  }, [isDone, traces.length, result.hasMore]);

  return (
    <div className="page-body explore">
      <h1 className="sr-only">Explore traces</h1>
      <AddressNotice ignored={ignoredParams(given, search)} />
      <QueryForm draft={draft} running={result.isRunning} error={result.error} ranText={text} onDraft={setDraft} onRun={run} />
      <Outcome result={result} search={search} draft={draft} onRun={run} onRange={(range) => void navigate({ search: (previous) => ({ ...previous, ...range }) })} />
      {traces.length > 0 && <ResultList result={result} q={text} back={printParams(search)} />}
    </div>
  );
}
