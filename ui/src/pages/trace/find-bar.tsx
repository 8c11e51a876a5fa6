// SPDX-License-Identifier: Apache-2.0
// Search in the trace. Words are looked for in names and services here at once; attributes and TraceQL by the server.

import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { announce } from '../../a11y/live.ts';
import { useActions } from '../../a11y/shortcuts.ts';
import { api, ApiError } from '../../api/client.ts';
import { Icon } from '../../app/icons.tsx';
import { IconButton } from '../../app/ui.tsx';
import { findWords, makeMatches, type Matches } from '../../engine/matches.ts';
import { formatCount } from '../../engine/units.ts';
import { readQuery } from '../../query/builder.ts';
import type { LoadedTrace } from './use-trace.ts';

const SERVER_DELAY = 250;

export interface Find {
  text: string;
  setText: (text: string) => void;
  matches: Matches | null;
  dim: boolean;
  setDim: (dim: boolean) => void;
  current: number; // node, or -1
  index: number;
  step: (by: number) => void;
  isAsking: boolean;
  problem: string;
}

export function useFind(traceId: string, trace: LoadedTrace, address: string): Find {
  const { columns, tree } = trace;
  const [text, setText] = useState(address);
  const [asked, setAsked] = useState(address);
  const [index, setIndex] = useState(-1);
  const [dim, setDim] = useState(true);
  const [seen, setSeen] = useState(address);
  if (seen !== address) {
    setSeen(address);
    if (address !== text) {
      setText(address);
      setAsked(address);
      setIndex(-1);
    }
  }
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), SERVER_DELAY);
    return () => clearTimeout(timer);
  }, [text]);

  const isQuery = text.trimStart().startsWith('{');
  const view = isQuery ? readQuery(text) : null;
  const isBroken = view !== null && view.kind === 'broken';
  const server = useQuery({
    queryKey: ['find', traceId, asked],
    queryFn: ({ signal }) => api.find(traceId, asked.trim(), signal),
    enabled: asked.trim() !== '' && asked === text && !isBroken,
    staleTime: Infinity,
  });
  const rows = asked === text ? server.data?.rows : undefined;
  const matches = useMemo(() => {
    if (text.trim() === '') return null;
    const local = isQuery ? [] : findWords(columns, text);
    if (isQuery && rows === undefined) return null;
    return makeMatches(columns, tree, rows === undefined ? local : [...local, ...rows]);
  }, [columns, tree, text, isQuery, rows]);

  useEffect(() => {
    if (matches !== null) announce(`${formatCount(matches.count)} of ${formatCount(columns.spanCount)} spans found`);
  }, [matches, columns]);

  const shown = matches !== null && index < matches.count ? index : -1;
  return {
    text,
    setText: (next) => {
      setText(next);
      setIndex(-1);
    },
    matches,
    dim,
    setDim,
    current: matches !== null && shown >= 0 ? matches.ordered[shown] : -1,
    index: shown,
    step: (by) => {
      if (matches === null || matches.count === 0) return;
      setIndex(shown < 0 ? (by > 0 ? 0 : matches.count - 1) : (shown + by + matches.count) % matches.count);
    },
    isAsking: server.isFetching || (text !== asked && text !== ''),
    problem: isBroken && view.kind === 'broken' ? view.message : server.error instanceof ApiError && asked === text ? server.error.message : '',
  };
}

export function FindBar({ find, onText, spanCount }: { find: Find; onText: (text: string) => void; spanCount: number }) {
  const input = useRef<HTMLInputElement>(null);
  useActions([
    { id: 'find-focus', label: 'Search in this trace', group: 'Trace', keys: ['Ctrl+F'], run: () => input.current?.select() },
    { id: 'find-next', label: 'Next match', group: 'Trace', keys: ['n'], run: () => find.step(1) },
    { id: 'find-previous', label: 'Previous match', group: 'Trace', keys: ['Shift+N'], run: () => find.step(-1) },
    { id: 'find-dim', label: 'Dim what does not match, or not', group: 'Trace', keys: ['h'], run: () => find.setDim(!find.dim) },
  ]);
  const count = find.matches?.count ?? 0;
  return (
    <div className="find-bar" role="search" aria-label="In this trace">
      <Icon name="filter" size={14} />
      <input
        ref={input}
        type="text"
        aria-label="Search in this trace: words, or a TraceQL span filter"
        aria-invalid={find.problem !== ''}
        placeholder="Find in trace: words or { TraceQL }"
        spellCheck={false}
        autoComplete="off"
        value={find.text}
        onInput={(event) => onText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            event.preventDefault();
            find.step(event.shiftKey ? -1 : 1);
          } else if (event.key === 'Escape') {
            event.preventDefault();
            if (find.text === '') input.current?.blur();
            else onText('');
          }
        }}
      />
      <span className="find-count" data-testid="find-count">
        {find.problem !== '' ? (
          <span className="field-error">{find.problem}</span>
        ) : find.matches === null ? (
          find.isAsking ? 'searching' : ''
        ) : (
          `${find.index >= 0 ? `${formatCount(find.index + 1)} / ` : ''}${formatCount(count)} of ${formatCount(spanCount)}`
        )}
      </span>
      <IconButton icon="up" label="Previous match" keys="Shift N" onClick={() => find.step(-1)} disabled={count === 0} />
      <IconButton icon="down" label="Next match" keys="n" onClick={() => find.step(1)} disabled={count === 0} />
    </div>
  );
}
