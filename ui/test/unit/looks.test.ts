// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
// @ts-expect-error the lint is plain JavaScript
import { checkFile } from '../../tools/lint.mjs';
import { safeLink } from '../../src/pages/trace/attributes.tsx';
import { contrast, mix, serviceColour, SERVICE_HUES } from '../../src/engine/palette.ts';
import { printable } from '../../src/engine/text.ts';
import { durationLabels } from '../../src/engine/labels.ts';
import { buildRows, OPEN_FOLDS } from '../../src/engine/rows.ts';
import type { Scene } from '../../src/engine/scene.ts';
import { load, store } from './fixtures.ts';
import { formatCount, formatDuration, speakDuration, tickStep } from '../../src/engine/units.ts';

const tokens = readFileSync(new URL('../../src/style/tokens.css', import.meta.url), 'utf8');
const GROUNDS = { light: '#ffffff', dark: '#14161b' } as const;

describe('colours', () => {
  test.each(SERVICE_HUES.map((hue, index) => [index, hue] as const))('hue %i stands out from both grounds', (_, hue) => {
    expect(contrast(hue.light, GROUNDS.light)).toBeGreaterThanOrEqual(3);
    expect(contrast(hue.dark, GROUNDS.dark)).toBeGreaterThanOrEqual(3);
  });

  test('the style sheet has the same hues and grounds', () => {
    SERVICE_HUES.forEach((hue, index) => {
      expect(tokens).toContain(`--hue-${index}: ${hue.light};`);
      expect(tokens).toContain(`--hue-${index}: ${hue.dark};`);
    });
    expect(tokens).toContain(`--ground: ${GROUNDS.light};`);
    expect(tokens).toContain(`--ground: ${GROUNDS.dark};`);
  });

  test('a service keeps its colour', () => {
    expect(serviceColour('checkout')).toEqual(serviceColour('checkout'));
    const slots = new Set(Array.from({ length: 500 }, (_, i) => JSON.stringify(serviceColour(`service-${i}`))));
    expect(slots.size).toBe(24);
  });

  test('short colours, as tools write them, are understood', () => {
    expect(mix('#fff', '#000000', 0.5)).toBe('#808080');
    expect(contrast('#000', 'rgb(255, 255, 255)')).toBeCloseTo(21, 5);
  });
});

describe('words and numbers', () => {
  test.each([
    [0, '0 s'], [0.001, '1 ns'], [1.5, '1.5 µs'], [999.6, '1 ms'], [1000, '1 ms'], [8_020_000, '8.02 s'], [59_990_000, '1 min'], [90_000_000, '1.5 min'], [864_000_000_000, '10 d'], [-3000, '−3 ms'],
  ])('%d microseconds are %s', (micros, text) => {
    expect(formatDuration(micros).replace('\u202f', ' ')).toBe(text);
  });

  test('durations can be spoken', () => {
    expect(speakDuration(8_020_000)).toBe('8.02 seconds');
    expect(speakDuration(1000)).toBe('1 millisecond');
    expect(speakDuration(-2000)).toBe('minus 2 milliseconds');
  });

  test('axis steps are round', () => {
    expect(tickStep(8_020_000, 5)).toBe(2_000_000);
    expect(tickStep(3_600_000_000, 5)).toBe(900_000_000);
  });

  test('control signs cannot reorder or break a row', () => {
    expect(printable('a\u202eb\nc\u0000')).toBe('a·b·c·');
    expect(printable('n'.repeat(10_000))).toHaveLength(300);
  });
});

describe('safety', () => {
  test.each(['javascript:alert(1)', 'data:text/html,x', ' http://a', 'HTTP', 'ftp://a.b', 'http://', 'https://a b'])('%s is no link', (text) => expect(safeLink(text)).toBeNull());
  test('http and https are links', () => {
    expect(safeLink('https://example.org/a?b=c')).toBe('https://example.org/a?b=c');
    expect(safeLink('HTTP://Example.org')).toBe('http://example.org/');
  });

  test('the lint finds what it is for', () => {
    const spdx = '// SPDX-License-Identifier: Apache-2.0\n';
    expect(checkFile('src/engine/x.ts', `${spdx}import { useState } from 'react';`).problems).toHaveLength(1);
    expect(checkFile('src/engine/x.ts', `${spdx}import { api } from '../api/client.ts';`).problems).toHaveLength(1);
    expect(checkFile('src/pages/x.tsx', `${spdx}element.innerHTML = text;`).problems).toHaveLength(1);
    expect(checkFile('src/pages/x.tsx', `${spdx}${'\n'.repeat(900)}`).problems).toHaveLength(1);
    expect(checkFile('src/pages/x.tsx', 'const a = 1;').problems).toHaveLength(1);
    expect(checkFile('src/engine/x.ts', `${spdx}import { decodeTrace } from './decode.ts';`).problems).toHaveLength(0);
  });

  test('a bar says its duration, a run its total in two lengths, a parent that is missing that it is', () => {
    const { columns, tree } = load(store.shop.find((trace) => trace.truth.fault === 'n-plus-one')!);
    const rows = buildRows(tree, OPEN_FOLDS, null);
    const scene = { columns, tree, rows } as unknown as Scene;
    const run = rows.group.findIndex((group, row) => row < rows.count && group >= 0);
    const [long, short] = durationLabels(scene, run, rows.node[run]);
    expect(long.startsWith(`${short} total, max `)).toBe(true);
    expect(durationLabels(scene, 0, rows.node[0])).toEqual([formatDuration(columns.duration[rows.node[0]])]);
    expect(durationLabels(scene, 0, columns.spanCount)).toEqual(['not received']);
  });

  test.each([[0, '0'], [7, '7'], [999, '999'], [1000, '1,000'], [-1234, '-1,234'], [1234567, '1,234,567'], [51.25, '51.25'], [1234.5678, '1,234.568'], [9007199254740991, '9,007,199,254,740,991']])('%d is written as %s', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });
});
