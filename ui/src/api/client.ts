// SPDX-License-Identifier: Apache-2.0
// Calls of the own HTTP API. Each takes the signal that cancels it and fails with ApiError only.

import type { Operation, SearchPage, Service, SpanDetail, Status } from './types.ts';

export class ApiError extends Error {
  override name = 'ApiError';
  constructor(
    message: string,
    readonly status: number, // 0: the server did not answer
    readonly code: string,
    readonly position: number | null, // bytes into `q`
    readonly requestId: string,
    readonly path: string,
  ) {
    super(message);
  }

  get isOffline(): boolean {
    return this.status === 0;
  }
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { signal, headers: { accept: 'application/json' } });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('the server does not answer', 0, 'unavailable', null, '', path);
  }
  const requestId = response.headers.get('x-request-id') ?? '';
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new ApiError(response.ok ? 'the answer is not JSON' : text.slice(0, 200) || response.statusText, response.status || 500, 'unknown', null, requestId, path);
  }
  if (!response.ok) {
    const error = (body as { error?: { code?: string; message?: string; position?: number } }).error ?? {};
    throw new ApiError(error.message ?? response.statusText, response.status, error.code ?? 'unknown', error.position ?? null, requestId, path);
  }
  return body as T;
}

function query(parameters: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) if (value !== undefined && value !== '') search.set(key, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

export const api = {
  status: (signal?: AbortSignal) => get<Status>('/api/w1/status', signal),
  services: async (signal?: AbortSignal) => (await get<{ services: Service[] }>('/api/w1/services', signal)).services,
  operations: async (service: string, signal?: AbortSignal) =>
    (await get<{ operations: Operation[] }>(`/api/w1/services/${encodeURIComponent(service)}/operations`, signal)).operations,
  search: (parameters: { q?: string; from?: string; to?: string; limit?: number; cursor?: string }, signal?: AbortSignal) =>
    get<SearchPage>(`/api/w1/search${query(parameters)}`, signal),
  spans: async (traceId: string, rows: number[], signal?: AbortSignal) =>
    (await get<{ spans: SpanDetail[] }>(`/api/w1/traces/${traceId}/spans?rows=${rows.join(',')}`, signal)).spans,
  find: (traceId: string, q: string, signal?: AbortSignal) =>
    get<{ rows: number[]; count: number }>(`/api/w1/traces/${traceId}/find${query({ q })}`, signal),
  traceUrl: (traceId: string) => `/api/w1/traces/${traceId}?format=bin`,
  otlpUrl: (traceId: string) => `/api/w1/traces/${traceId}?format=otlp`,
};
