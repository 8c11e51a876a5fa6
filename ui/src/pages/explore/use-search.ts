// SPDX-License-Identifier: Apache-2.0
// One search: its pages, and what is to be said about them.

import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api } from '../../api/client.ts';
import type { SearchPage, TraceSummary } from '../../api/types.ts';
import type { ExploreSearch } from '../../app/address.ts';
import { resolveTime } from '../../app/time.ts';

const PAGE = 50;

export interface SearchResult {
  traces: TraceSummary[];
  error: unknown;
  isRunning: boolean; // the first page is under way
  isDone: boolean;
  isLoadingMore: boolean;
  moreFailed: boolean;
  hasMore: boolean;
  isPartial: boolean; // the last page ended early
  spansInspected: number;
  elapsedMicros: number;
  loadMore: () => void;
  again: () => void;
}

// `now` means the same instant on every page of one run.
const resolvedRanges = new Map<string, { from?: string; to?: string }>();

function rangeOf(key: string, search: ExploreSearch): { from?: string; to?: string } {
  let range = resolvedRanges.get(key);
  if (range === undefined) {
    const now = Date.now();
    const point = (text: string | undefined) => (text === undefined ? undefined : (resolveTime(text, now) ?? undefined));
    range = { from: point(search.from), to: point(search.to) };
    resolvedRanges.set(key, range);
  }
  return range;
}

export function useSearch(search: ExploreSearch): SearchResult {
  const client = useQueryClient();
  const q = search.q ?? '';
  const queryKey = ['search', q, search.from ?? '', search.to ?? ''];
  const rangeKey = queryKey.join('\u0000');
  const query = useInfiniteQuery({
    queryKey,
    initialPageParam: '',
    // Reading the signal makes a newer run cancel this one.
    queryFn: ({ pageParam, signal }): Promise<SearchPage> => api.search({ q, ...rangeOf(rangeKey, search), limit: PAGE, cursor: pageParam }, signal),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    staleTime: Infinity,
  });
  const pages = query.data?.pages;
  const traces = useMemo(() => {
    const seen = new Set<string>();
    const list: TraceSummary[] = [];
    for (const page of pages ?? []) {
      for (const trace of page.traces) {
        if (seen.has(trace.traceId)) continue;
        seen.add(trace.traceId);
        list.push(trace);
      }
    }
    return list;
  }, [pages]);
  const last = pages?.[pages.length - 1];
  return {
    traces,
    error: query.data === undefined ? query.error : null,
    isRunning: query.isPending && query.fetchStatus !== 'idle',
    isDone: query.data !== undefined && !query.isFetching,
    isLoadingMore: query.isFetchingNextPage,
    moreFailed: query.isFetchNextPageError,
    hasMore: query.hasNextPage,
    isPartial: last !== undefined && !last.complete,
    spansInspected: (pages ?? []).reduce((sum, page) => sum + page.stats.spansInspected, 0),
    elapsedMicros: (pages ?? []).reduce((sum, page) => sum + page.stats.elapsedMicros, 0),
    loadMore: () => {
      if (query.hasNextPage && !query.isFetching) void query.fetchNextPage();
    },
    again: () => {
      resolvedRanges.delete(rangeKey);
      void client.resetQueries({ queryKey });
    },
  };
}
