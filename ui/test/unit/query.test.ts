// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addCondition, attributeField, printQuery, quote, readQuery, unquote, type Chip } from '../../src/query/builder.ts';
import { lexQuery, QueryError } from '../../src/query/lexer.ts';
import { indexOfByte, parseQuery } from '../../src/query/parse.ts';

const anyField = fc.oneof(
  fc.constantFrom('name', 'status', 'duration', 'kind', 'resource.service.name', '.http.route', 'event.exception.type'),
  fc.tuple(fc.constantFrom('span', 'resource', 'event', 'link', 'instrumentation') as fc.Arbitrary<'span'>, fc.string({ minLength: 1 }).filter((key) => !/[\n\r\u0000-\u001f]/.test(key))).map(([scope, key]) => attributeField(scope, key)),
);
const anyValue = fc.oneof(fc.string().map(quote), fc.integer().map(String), fc.constantFrom('1.5s', '250ms', '10ns', 'error', 'true', '-2.5'));
const anyChip: fc.Arbitrary<Chip> = fc.record({ field: anyField, operator: fc.constantFrom('=', '!=', '>', '>=', '<', '<=', '=~', '!~'), value: anyValue });

describe('chips and text', () => {
  test('chips survive being written and read', () => {
    fc.assert(fc.property(fc.array(anyChip, { maxLength: 6 }), (chips) => { expect(readQuery(printQuery(chips))).toEqual({ kind: 'chips', chips }); }), { numRuns: 500 });
  });

  test('quoting survives', () => {
    fc.assert(fc.property(fc.string(), (text) => { expect(unquote(quote(text))).toBe(text); }));
  });

  test('reading never fails, and never loses text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.array(fc.constantFrom('{', '}', '(', ')', '&&', '||', '!', '=', 'name', '"x"', '5ms', 'span.a', ' ')).map((parts) => parts.join(''))), (text) => {
        const view = readQuery(text);
        if (view.kind !== 'chips') expect(view.text).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['{ a || b }', '{ (name = "x") || status = error }', '{ !(duration > 5s) }', '{ name = "a" && (status = ok || status = error) }'])('%s is one advanced chip', (text) => {
    expect(readQuery(text)).toEqual({ kind: 'advanced', text });
  });

  test.each([
    ['{ name = }', 9],
    ['{ status = "open }', 11],
    ['name = "x"', 0],
    ['{ name = "x" } more', 15],
    ['{ && }', 2],
  ])('%s is wrong at %i', (text, position) => {
    expect(readQuery(text)).toMatchObject({ kind: 'broken', position });
  });

  test('a condition is added to any query without losing what is there', () => {
    const chip: Chip = { field: 'status', operator: '=', value: 'error' };
    expect(addCondition('', chip)).toBe('{ status = error }');
    expect(addCondition('{ name = "x" }', chip)).toBe('{ name = "x" && status = error }');
    expect(addCondition('{ status = ok && name = "x" }', chip)).toBe('{ name = "x" && status = error }');
    expect(addCondition('{ a || b }', chip)).toBe('{ (a || b) && status = error }');
  });

  test('deep nesting is refused, not followed', () => {
    expect(() => parseQuery(`{ ${'('.repeat(5000)}a${')'.repeat(5000)} }`)).toThrow(QueryError);
    expect(() => parseQuery(`{ ${'!'.repeat(5000)}a }`)).toThrow(QueryError);
  });

  test('tokens know their places', () => {
    const text = '{ span."a b" >= 1.5s }';
    for (const token of lexQuery(text)) expect(text.slice(token.start, token.end)).toBe(token.text);
  });

  test('byte positions of the server become places in the text', () => {
    expect(indexOfByte('{ name = "é" && x', 14)).toBe(13);
    expect(indexOfByte('{ "💣" x', 9)).toBe(7);
    expect(indexOfByte('abc', 99)).toBe(3);
  });
});
