// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detect, normalTraceId, parseParams, printParams, readExplore, readTrace } from '../../src/app/address.ts';
import { readSettings } from '../../src/app/settings.ts';
import { formatTime, isZone, resolveTime, zoneLabel } from '../../src/app/time.ts';
import { parseFolds, parseZoom, printFolds, printZoom } from '../../src/engine/address.ts';
import { OPEN_FOLDS } from '../../src/engine/rows.ts';
import { load, store } from './fixtures.ts';

const hex = (digits: number) => fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits }).map((list) => list.join(''));
const time = fc.oneof(fc.constantFrom('now', 'now-15m', 'now-7d', '2026-11-21T12:00:00.000Z'), fc.nat().map(String));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

describe('the address', () => {
  test('of Explore survives being written and read', () => {
    fc.assert(
      fc.property(fc.record({ q: maybe(fc.string({ minLength: 1 })), from: maybe(time), to: maybe(time), tz: maybe(fc.constantFrom('UTC', 'Europe/Berlin')) }), (search) => {
        const clean = JSON.parse(JSON.stringify(search)) as object;
        expect(readExplore(parseParams(printParams(search)))).toEqual(clean);
      }),
    );
  });

  test('of a trace survives being written and read', () => {
    fc.assert(
      fc.property(
        fc.record({ span: maybe(hex(16)), view: maybe(fc.constantFrom('waterfall', 'table')), z: maybe(fc.tuple(fc.nat(1e6), fc.integer({ min: 1, max: 1e6 })).map(([from, more]) => printZoom(from, from + more))), find: maybe(fc.string({ minLength: 1 })), crit: maybe(fc.constant('1')), back: maybe(fc.string({ minLength: 1 })) }),
        (search) => {
          expect(readTrace(parseParams(printParams(search)))).toEqual(JSON.parse(JSON.stringify(search)));
        },
      ),
    );
  });

  test('malformed parameters are dropped, never thrown', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('span', 'view', 'z', 'find', 'fold', 'crit', 'q', 'from', 'to', 'tz', 'other'), fc.string()), (params) => {
        readTrace(params);
        readExplore(params);
      }),
    );
    expect(readTrace({ span: 'xyz', z: '9-', view: 'graph', crit: 'yes', fold: '<script>' })).toEqual({});
    expect(readExplore({ from: 'yesterday', tz: '../etc' })).toEqual({});
  });

  test('keeps folds and zoom', () => {
    const { columns, tree } = load(store.special.siblings);
    const folds = { base: 'closed' as const, flipped: new Set([0]), siblings: true, openGroups: new Set([tree.childList[tree.groups.first[0]]]) };
    const text = printFolds(columns, folds);
    expect(parseFolds(columns, parseParams(printParams({ fold: text ?? '' })).fold)).toEqual(folds);
    expect(printFolds(columns, OPEN_FOLDS)).toBeNull();
    expect(printFolds(columns, { ...OPEN_FOLDS, flipped: new Set(Array.from({ length: 100 }, (_, i) => i)) })).toBeUndefined();
    expect(parseZoom(printZoom(12.5, 99))).toEqual([12.5, 99]);
    expect(parseZoom('99-12')).toBeNull();
  });

  test('trace ids take every usual form', () => {
    expect(normalTraceId('ABC')).toBe('0'.repeat(29) + 'abc');
    expect(normalTraceId('0'.repeat(32))).toBeNull();
    expect(normalTraceId('xyz')).toBeNull();
    expect(normalTraceId('a'.repeat(33))).toBeNull();
  });

  test.each([
    ['4bf92f3577b34da6a3ce929d0e0e4736', { kind: 'trace', traceId: '4bf92f3577b34da6a3ce929d0e0e4736' }],
    ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', { kind: 'trace', spanId: '00f067aa0ba902b7' }],
    ['level=error trace_id=4bf92f3577b34da6a3ce929d0e0e4736 msg="x"', { kind: 'trace' }],
    ['{"traceId": "4bf92f3577b34da6a3ce929d0e0e4736"}', { kind: 'trace' }],
    ['{ status = error }', { kind: 'query', q: '{ status = error }' }],
    ['checkout', { kind: 'words', text: 'checkout' }],
  ])('%s is recognised', (text, expected) => {
    expect(detect(text)).toMatchObject(expected);
  });
});

describe('time', () => {
  test('points in time', () => {
    expect(resolveTime('now-1h', 3_600_000)).toBe('0');
    expect(resolveTime('1700000000000', 0)).toBe('1700000000000000000');
    expect(resolveTime('1700000000000000001', 0)).toBe('1700000000000000001');
    expect(resolveTime('2026-11-21T12:00:00Z', 0)).toBe('1795262400000000000');
    expect(resolveTime('soon', 0)).toBeNull();
  });

  test('is told in the chosen zone, with its name', () => {
    const nano = '1782043200000000000'; // 21 June 2026, 12:00 UTC
    expect(formatTime(nano, 'UTC')).toBe('21 Jun 2026, 12:00:00.000');
    expect(formatTime(nano, 'Europe/Berlin')).toBe('21 Jun 2026, 14:00:00.000');
    expect(zoneLabel('Europe/Berlin', 1782043200000)).toBe('UTC+2');
    expect(zoneLabel('UTC')).toBe('UTC');
    expect(isZone('Mars/Olympus')).toBe(false);
  });

  test('settings of any shape are read', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => { expect(['auto', 'light', 'dark']).toContain(readSettings(text).theme); }));
    expect(readSettings('{"theme":"dark","zone":"Mars/Olympus","nameWidth":-5}')).toMatchObject({ theme: 'dark', zone: 'browser', nameWidth: 420 });
  });
});
