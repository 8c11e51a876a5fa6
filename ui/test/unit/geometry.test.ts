// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ancestorRows, barOfRow, contentOfScroll, hitTest, rowAtY, rowTop, SCROLL_HEIGHT_MAX, scrollOfContent, spacerHeight, stickyRows, timeOfX, xOfTime } from '../../src/engine/geometry.ts';
import { isClosedRow, labelOfRow } from '../../src/engine/labels.ts';
import { buildRows, OPEN_FOLDS } from '../../src/engine/rows.ts';
import { geometryOf, load, store } from './fixtures.ts';

const big = load(store.special.big20000);
const shop = load(store.shop[3]);

describe('geometry', () => {
  test('hitting the middle of a drawn bar gives that row', () => {
    fc.assert(
      fc.property(fc.nat(20_000 * 24), fc.nat(30), fc.double({ min: 0, max: 0.6, noNaN: true }), fc.double({ min: 0.05, max: 1, noNaN: true }), (scroll, slot, from, width) => {
        const whole = big.columns.durationMicros;
        const g = geometryOf(big.columns, big.tree, { scrollY: scroll, t0: from * whole, t1: Math.min(whole, (from + width) * whole) });
        const row = Math.min(g.rows.count - 1, Math.floor(scroll / 24) + slot);
        const y = rowTop(g, row) + 12;
        if (y >= g.height || y < g.rulerHeight + stickyRows(g).length * g.rowHeight) return;
        const bar = barOfRow(g, row);
        expect(rowAtY(g, y)).toBe(row);
        if (bar !== null) expect(hitTest(g, bar.x + bar.width / 2, y)).toMatchObject({ kind: 'bar', row });
      }),
    );
  });

  test('time to pixel and back', () => {
    const g = geometryOf(shop.columns, shop.tree, { t0: 100, t1: 5000 });
    fc.assert(fc.property(fc.double({ min: 0, max: 9000, noNaN: true }), (time) => { expect(timeOfX(g, xOfTime(g, time))).toBeCloseTo(time, 6); }));
  });

  test('a million rows fit into what a browser can scroll, both ways', () => {
    const rows = { ...buildRows(big.tree, OPEN_FOLDS, null), count: 1_000_000 };
    const g = geometryOf(big.columns, big.tree, { rows });
    expect(spacerHeight(g)).toBe(SCROLL_HEIGHT_MAX);
    fc.assert(fc.property(fc.integer({ min: 0, max: 1_000_000 * 24 - 600 }), (y) => { expect(contentOfScroll(g, scrollOfContent(g, y))).toBeCloseTo(y, 3); }));
    expect(contentOfScroll(g, SCROLL_HEIGHT_MAX - 572)).toBeCloseTo(1_000_002 * 24 - 572, 3);
  });

  test('ancestors of a row are above it, outermost first, one level apart', () => {
    const g = geometryOf(big.columns, big.tree);
    fc.assert(
      fc.property(fc.nat(g.rows.count - 1), (row) => {
        const above = ancestorRows(g, row);
        expect(above.map((ancestor) => g.rows.depth[ancestor])).toEqual(Array.from({ length: g.rows.depth[row] }, (_, i) => i));
        expect([...above].sort((a, b) => a - b)).toEqual(above);
      }),
    );
  });

  test('at most four ancestors are pinned, all scrolled away', () => {
    fc.assert(
      fc.property(fc.nat(20_000 * 24), (scrollY) => {
        const g = geometryOf(big.columns, big.tree, { scrollY });
        const pinned = stickyRows(g);
        expect(pinned.length).toBeLessThanOrEqual(4);
        pinned.forEach((row, slot) => expect(rowTop(g, row)).toBeLessThan(g.rulerHeight + (slot + 1) * g.rowHeight));
      }),
    );
  });

  test('a row says what it shows', () => {
    const rows = buildRows(shop.tree, OPEN_FOLDS, null);
    const label = labelOfRow(shop.columns, shop.tree, rows, 0, null);
    expect(label.name).toBe('gateway POST /checkout');
    expect(label.facts).toMatch(/seconds, \d+ percent of trace, level 1, row 1 of \d+$/);
    expect(isClosedRow(shop.tree, rows, 0)).toBe(false);
  });
});
