// SPDX-License-Identifier: Apache-2.0
// A trace from the worker: fetched, decoded and laid out off the main thread. The last one is kept a while
// for Back; not for long, because spans may still be arriving.

import { useEffect, useState } from 'react';
import { api } from '../../api/client.ts';
import type { CriticalPath } from '../../engine/critical.ts';
import type { TraceColumns } from '../../engine/decode.ts';
import type { MinimapGrid } from '../../engine/minimap.ts';
import type { TraceTree } from '../../engine/tree.ts';
import type { LoadTimes, TraceAnswer } from '../../workers/trace.worker.ts';

export interface LoadedTrace {
  columns: TraceColumns;
  tree: TraceTree;
  critical: CriticalPath;
  minimap: MinimapGrid;
  times: LoadTimes;
}

export type TraceState =
  | { kind: 'loading'; bytes: number }
  | { kind: 'ready'; trace: LoadedTrace }
  | { kind: 'failed'; status: number; message: string; requestId: string };

const KEPT_MILLIS = 30_000;
let kept: { traceId: string; trace: LoadedTrace; until: number } | null = null;

export function useTrace(traceId: string): TraceState & { again: () => void } {
  const [state, setState] = useState<{ traceId: string; value: TraceState }>({ traceId: '', value: { kind: 'loading', bytes: 0 } });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const set = (value: TraceState) => setState({ traceId, value });
    if (kept?.traceId === traceId && attempt === 0 && kept.until > Date.now()) {
      set({ kind: 'ready', trace: kept.trace });
      return;
    }
    set({ kind: 'loading', bytes: 0 });
    const worker = new Worker(new URL('../../workers/trace.worker.ts', import.meta.url), { type: 'module' });
    let timer = 0;
    worker.onmessage = (event: MessageEvent<TraceAnswer>) => {
      const answer = event.data;
      if (answer.kind === 'progress') {
        set({ kind: 'loading', bytes: answer.bytes });
        return;
      }
      worker.terminate();
      if (answer.kind === 'trace') {
        kept = { traceId, trace: answer, until: Date.now() + KEPT_MILLIS };
        set({ kind: 'ready', trace: answer });
        return;
      }
      set(answer);
      // A server that is away comes back: ask again by itself.
      if (answer.status === 0) timer = window.setTimeout(() => setAttempt((count) => count + 1), 3000);
    };
    worker.onerror = (event) => set({ kind: 'failed', status: 1, message: event.message || 'the worker failed', requestId: '' });
    worker.postMessage({ url: api.traceUrl(traceId) });
    return () => {
      clearTimeout(timer);
      worker.terminate();
    };
  }, [traceId, attempt]);
  const value: TraceState = state.traceId === traceId ? state.value : { kind: 'loading', bytes: 0 };
  return { ...value, again: () => setAttempt((count) => count + 1) };
}
