// SPDX-License-Identifier: Apache-2.0
// Shapes of the own HTTP API (docs/design/own-api.md). Nanoseconds are decimal strings.

export interface Status {
  version: string;
  startedAt: string;
  now: string;
  ready: boolean;
  spans: number;
  traces: number;
  services: number;
  headBytes: number;
  headBytesMax: number;
  logBytes: number;
  oldestUnixNano?: string;
  newestUnixNano?: string;
  listeners: { name: string; address: string }[];
}

export interface Service {
  name: string;
  spanCount: number;
  errorCount: number;
}

export interface Operation {
  name: string;
  kind: string;
  spanCount: number;
  errorCount: number;
}

export interface TraceSummary {
  traceId: string;
  rootService: string;
  rootOperation: string;
  rootMissing?: boolean;
  startUnixNano: string;
  durationNano: string;
  spanCount: number;
  errorCount: number;
  orphanCount: number;
  services: Service[];
  matchedCount: number;
  matched: { spanId: string; service: string; name: string; startUnixNano: string; durationNano: string }[];
  strip: [number, number][];
}

export interface SearchPage {
  traces: TraceSummary[];
  nextCursor: string | null;
  complete: boolean;
  stats: { tracesInspected: number; spansInspected: number; elapsedMicros: number };
}

export interface Attribute {
  key: string;
  type: 'string' | 'int' | 'double' | 'bool' | 'bytes' | 'array' | 'kvlist' | 'empty';
  value: unknown;
}

export interface SpanEvent {
  name: string;
  timeUnixNano: string;
  attributes: Attribute[];
  droppedAttributesCount: number;
}

export interface SpanLink {
  traceId: string;
  spanId: string;
  traceState: string;
  flags: number;
  attributes: Attribute[];
  droppedAttributesCount: number;
}

export interface SpanDetail {
  row: number;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: string;
  startUnixNano: string;
  durationNano: string;
  status: { code: string; message: string };
  traceState: string;
  flags: number;
  service: string;
  attributes: Attribute[];
  droppedAttributesCount: number;
  events: SpanEvent[];
  droppedEventsCount: number;
  links: SpanLink[];
  droppedLinksCount: number;
  scope: { name: string; version: string; attributes: Attribute[]; schemaUrl: string };
  resource: { attributes: Attribute[]; schemaUrl: string };
}
