// SPDX-License-Identifier: Apache-2.0
// Fetches a trace view, decodes it and lays it out, away from the main thread. One worker serves one trace.

import { criticalPath, type CriticalPath } from '../engine/critical.ts';
import { decodeTrace, type TraceColumns } from '../engine/decode.ts';
import { makeMinimap, type MinimapGrid } from '../engine/minimap.ts';
import { buildTree, treeBuffers, type TraceTree } from '../engine/tree.ts';

export interface TraceRequest {
  url: string;
}

export interface LoadTimes {
  fetch: number;
  layout: number;
}

export type TraceAnswer =
  | { kind: 'progress'; bytes: number; total: number }
  | { kind: 'trace'; columns: TraceColumns; tree: TraceTree; critical: CriticalPath; minimap: MinimapGrid; times: LoadTimes }
  | { kind: 'failed'; status: number; message: string; requestId: string };

const scope = self as unknown as {
  postMessage(message: TraceAnswer, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<TraceRequest>) => void) | null;
};

scope.onmessage = (event) => {
  load(event.data.url).catch((error: unknown) => {
    scope.postMessage({ kind: 'failed', status: 0, message: error instanceof Error ? error.message : String(error), requestId: '' });
  });
};

async function load(url: string): Promise<void> {
  const begin = performance.now();
  const response = await fetch(url, { headers: { accept: 'application/vnd.waybill.trace.v1+bin' } });
  const requestId = response.headers.get('x-request-id') ?? '';
  if (!response.ok) {
    const text = await response.text();
    let message = text.slice(0, 300);
    try {
      message = String((JSON.parse(text) as { error: { message: string } }).error.message);
    } catch {
      // Not our JSON: the text itself is the best there is.
    }
    scope.postMessage({ kind: 'failed', status: response.status, message, requestId });
    return;
  }
  const buffer = await read(response);
  const fetched = performance.now();
  const columns = decodeTrace(buffer);
  const tree = buildTree(columns);
  const critical = criticalPath(columns, tree);
  const minimap = makeMinimap(columns, tree);
  const times = { fetch: fetched - begin, layout: performance.now() - fetched };
  const transfer: Transferable[] = [buffer, ...treeBuffers(tree), minimap.cells.buffer as ArrayBuffer, critical.node.buffer as ArrayBuffer];
  scope.postMessage({ kind: 'trace', columns, tree, critical, minimap, times }, [...new Set(transfer)]);
}

async function read(response: Response): Promise<ArrayBuffer> {
  const total = Number(response.headers.get('content-length') ?? 0);
  if (response.body === null || total < 4_000_000) return response.arrayBuffer();
  const reader = response.body.getReader();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  while (true) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    bytes += value.length;
    scope.postMessage({ kind: 'progress', bytes, total });
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole.buffer;
}
