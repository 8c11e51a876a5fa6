// SPDX-License-Identifier: Apache-2.0
// Chips and text are two views of one query. The text is the truth: chips are read from it, and writing a chip writes
// text. What chips cannot show becomes one advanced chip that holds the text unchanged.

import { QueryError } from './lexer.ts';
import { conjunction, parseQuery } from './parse.ts';

export interface Chip {
  field: string;
  operator: string;
  value: string; // as written in the query, quotes included
}

export type BuilderView =
  | { kind: 'chips'; chips: Chip[] }
  | { kind: 'advanced'; text: string }
  | { kind: 'broken'; text: string; message: string; position: number };

export function readQuery(text: string): BuilderView {
  if (text.trim() === '') return { kind: 'chips', chips: [] };
  try {
    const conditions = conjunction(parseQuery(text));
    if (conditions === null) return { kind: 'advanced', text };
    return { kind: 'chips', chips: conditions.map(({ field, operator, value }) => ({ field, operator, value })) };
  } catch (error) {
    if (error instanceof QueryError) return { kind: 'broken', text, message: error.message, position: error.position };
    throw error;
  }
}

export function printChip(chip: Chip): string {
  return chip.operator === '' ? chip.field : `${chip.field} ${chip.operator} ${chip.value}`;
}

export function printQuery(chips: readonly Chip[]): string {
  return chips.length === 0 ? '{}' : `{ ${chips.map(printChip).join(' && ')} }`;
}

// Adds a condition to a query whatever its form: nothing that was written is lost.
export function addCondition(text: string, chip: Chip): string {
  const view = readQuery(text);
  if (view.kind === 'chips') {
    const rest = view.chips.filter((other) => !(chip.operator === '=' && other.operator === '=' && other.field === chip.field));
    return printQuery([...rest, chip]);
  }
  if (view.kind === 'advanced') {
    const inner = view.text.trim().slice(1, -1).trim();
    return `{ (${inner}) && ${printChip(chip)} }`;
  }
  return printQuery([chip]);
}

export function quote(text: string): string {
  return `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')}"`;
}

export function unquote(value: string): string {
  if (value.startsWith('`')) return value.slice(1, -1);
  if (!value.startsWith('"')) return value;
  const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t' };
  return value.slice(1, -1).replace(/\\(.)/g, (_, sign: string) => escapes[sign] ?? sign);
}

// `span` and `http.route` give span.http.route; keys with other signs are quoted.
export function attributeField(scope: 'span' | 'resource' | 'event' | 'link' | 'instrumentation', key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_.\-/]*$/.test(key) ? `${scope}.${key}` : `${scope}.${quote(key)}`;
}

// The literal for an attribute as the API gives it, or null where a filter cannot name it.
export function literalOf(type: string, value: unknown): string | null {
  if (type === 'string') return quote(String(value));
  if (type === 'int' || type === 'bool') return String(value);
  if (type === 'double' && typeof value === 'number') return String(value);
  return null;
}

export function serviceQuery(service: string, more: Chip[] = []): string {
  return printQuery([{ field: 'resource.service.name', operator: '=', value: quote(service) }, ...more]);
}

const NAMES: Record<string, string> = { 'resource.service.name': 'service', name: 'operation' };

export function fieldLabel(field: string): string {
  return NAMES[field] ?? field;
}
