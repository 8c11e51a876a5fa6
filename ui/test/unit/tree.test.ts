// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { criticalPath } from '../../src/engine/critical.ts';
import { makeMatches, heldRuns, findWords } from '../../src/engine/matches.ts';
import { makeMinimap } from '../../src/engine/minimap.ts';
import { buildRows, OPEN_FOLDS, reveal, rowOfNode, toggleGroup, toggleNode, type FoldState } from '../../src/engine/rows.ts';
import { summariseOperations } from '../../src/engine/summary.ts';
import { buildTree, classesOf } from '../../src/engine/tree.ts';
import { handmade, load, store, type MadeTrace } from './fixtures.ts';

// Any forest: each span's parent is an earlier one, none, missing, or (a cycle) itself or a later one.
const anyTrace = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: -2, max: 40 }), fc.integer({ min: 0, max: 500 }), fc.integer({ min: -20, max: 400 }), fc.boolean()), { minLength: 1, maxLength: 40 })
  .map((rows): MadeTrace => handmade(rows.map(([name, parent, start, duration]) => [name, parent >= rows.length ? -1 : parent, start, duration]), rows.map(([, , , , failed]) => ({ status: failed ? 'error' : 'unset' }))));

const everyTrace = [...store.shop, ...Object.values(store.special)];

function rowsText(tree: ReturnType<typeof load>['tree'], folds: FoldState): string {
  const rows = buildRows(tree, folds, null);
  return [rows.node.join(), rows.group.join(), rows.depth.join()].join('|');
}

describe('the tree', () => {
  test('reaches every span once, whatever the parents are', () => {
    fc.assert(
      fc.property(anyTrace, (trace) => {
        const { tree } = load(trace);
        expect(new Set(tree.order).size).toBe(tree.nodeCount);
        for (let node = 0; node < tree.nodeCount; node++) {
          if (tree.parent[node] >= 0) {
            expect(tree.depth[node]).toBe(tree.depth[tree.parent[node]] + 1);
            expect(tree.position[node]).toBeGreaterThan(tree.position[tree.parent[node]]);
            expect(tree.subtreeEnd[node]).toBeLessThanOrEqual(tree.subtreeEnd[tree.parent[node]]);
          }
        }
      }),
    );
  });

  test('cuts a cycle that the server left in', () => {
    const { columns } = load(handmade([['a', -1, 0, 10], ['b', 0, 1, 5], ['c', 1, 2, 3]]));
    columns.parent.set([2, 0, 1]);
    const tree = buildTree(columns);
    expect([...tree.order].sort()).toEqual([0, 1, 2]);
    expect([...tree.parent].filter((parent) => parent === -1)).toHaveLength(1);
  });

  test('shows one ghost for each missing parent, over its children', () => {
    const { columns, tree } = load(store.special.missingRoot);
    expect(tree.ghostCount).toBe(2);
    expect(tree.nodeCount).toBe(columns.spanCount + 2);
    expect(tree.ghostStart[0]).toBe(0);
    expect(tree.ghostEnd[0]).toBe(11_000);
  });

  test('the time classes of every span sum to its duration', () => {
    const check = (trace: MadeTrace) => {
      const { columns, tree } = load(trace);
      for (let row = 0; row < columns.spanCount; row++) {
        const { childWait, self, gap } = classesOf(columns, tree, row);
        const whole = Math.max(0, columns.duration[row]);
        expect(Math.abs(childWait + self + gap - whole)).toBeLessThanOrEqual(1e-6 * Math.max(1, whole));
        expect(Math.min(childWait, self, gap)).toBeGreaterThanOrEqual(-1e-6 * Math.max(1, whole));
      }
    };
    fc.assert(fc.property(anyTrace, check));
    everyTrace.forEach(check);
  });

  test('child time counts overlapping children once and stops at the span', () => {
    const { columns, tree } = load(handmade([['root', -1, 0, 100], ['x', 0, 10, 30], ['y', 0, 20, 30], ['z', 0, 90, 50]]));
    expect(classesOf(columns, tree, 0)).toEqual({ childWait: 50, self: 50, gap: 0 });
  });

  test('survives 5,000 levels', () => {
    const { tree } = load(store.special.deep);
    expect(Math.max(...tree.depth)).toBe(4999);
  });

  test('the minimap shows each service that is alone somewhere', () => {
    const { columns, tree } = load(store.special.twoRoots);
    const grid = makeMinimap(columns, tree);
    expect(new Set(grid.cells)).toEqual(new Set([0, 1, 2]));
  });

  test('the table counts every span once', () => {
    for (const trace of everyTrace) {
      const { columns, tree } = load(trace);
      const list = summariseOperations(columns, tree);
      expect(list.reduce((sum, entry) => sum + entry.count, 0)).toBe(columns.spanCount);
      expect(list.reduce((sum, entry) => sum + entry.errors, 0)).toBe(trace.spans.filter((span) => span.status === 'error').length);
    }
  });
});

describe('rows and folds', () => {
  test('folding and unfolding gives the same rows', () => {
    fc.assert(
      fc.property(anyTrace, fc.array(fc.nat(60), { maxLength: 8 }), (trace, picks) => {
        const { tree } = load(trace);
        let folds = OPEN_FOLDS;
        for (const pick of picks) folds = pick % 2 ? toggleNode(folds, pick % tree.nodeCount) : toggleGroup(folds, pick % tree.nodeCount);
        const before = rowsText(tree, folds);
        for (const pick of picks) folds = pick % 2 ? toggleNode(folds, pick % tree.nodeCount) : toggleGroup(folds, pick % tree.nodeCount);
        for (const pick of picks) folds = pick % 2 ? toggleNode(folds, pick % tree.nodeCount) : toggleGroup(folds, pick % tree.nodeCount);
        expect(rowsText(tree, folds)).toBe(before);
      }),
    );
  });

  test('with every run opened each node has one row', () => {
    for (const trace of everyTrace) {
      const { tree } = load(trace);
      const rows = buildRows(tree, { ...OPEN_FOLDS, siblings: false }, null);
      expect(rows.count).toBe(tree.nodeCount);
    }
  });

  test('folds five equal siblings, not four, and says what they cost', () => {
    const make = (count: number) => load(handmade([['root', -1, 0, 100], ...Array.from({ length: count }, (_, i): [string, number, number, number] => ['leaf', 0, i * 10, 4 + i])]));
    expect(make(4).tree.groups.count).toBe(0);
    const { tree } = make(5);
    expect(tree.groups.count).toBe(1);
    expect(tree.groups.total[0]).toBe(4 + 5 + 6 + 7 + 8);
    expect(tree.groups.max[0]).toBe(8);
    expect(tree.groups.parallel[0]).toBe(1);
    expect(buildRows(tree, OPEN_FOLDS, null).count).toBe(2);
  });

  test('never folds a span with an error away', () => {
    const { columns, tree } = load(store.special.siblings);
    const rows = buildRows(tree, OPEN_FOLDS, null);
    const failed = columns.status.indexOf(2);
    const row = rowOfNode(tree, rows, failed);
    expect(rows.node[row]).toBe(failed);
    expect(rows.group[row]).toBe(-1);
    expect(rows.count).toBe(4);
  });

  test('does not fold runs that hold a found span', () => {
    const { columns, tree } = load(store.special.siblings);
    const matches = makeMatches(columns, tree, [tree.childList[tree.groups.first[0] + 2]]);
    const held = heldRuns(columns, tree, matches);
    expect([...held]).toEqual([0]);
    expect(buildRows(tree, OPEN_FOLDS, (group) => held.has(group)).count).toBe(4 - 1 + (tree.groups.last[0] - tree.groups.first[0]));
  });

  test('revealing a node gives it a row of its own', () => {
    fc.assert(
      fc.property(anyTrace, fc.nat(200), (trace, pick) => {
        const { tree } = load(trace);
        const node = pick % tree.nodeCount;
        const folds = reveal(tree, { ...OPEN_FOLDS, base: 'closed' }, node);
        const rows = buildRows(tree, folds, null);
        const shown = Array.from(rows.node).some((other, row) => other === node && rows.group[row] < 0);
        expect(shown).toBe(true);
      }),
    );
  });

  test('search finds words in names and services, in tree order', () => {
    const { columns, tree } = load(store.shop[0]);
    const matches = makeMatches(columns, tree, findWords(columns, 'AUTH'));
    expect(matches.count).toBeGreaterThan(1);
    const positions = [...matches.ordered].map((row) => tree.position[row]);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
  });
});

describe('the critical path', () => {
  test('partitions the root exactly', () => {
    const check = (trace: MadeTrace) => {
      const { columns, tree } = load(trace);
      const path = criticalPath(columns, tree);
      if (path.verdict === 'failed') return;
      let cursor = columns.start[path.root];
      for (let i = 0; i < path.node.length; i++) {
        expect(path.start[i]).toBe(cursor);
        expect(path.end[i]).toBeGreaterThan(path.start[i]);
        cursor = path.end[i];
      }
      expect(cursor).toBe(columns.start[path.root] + columns.duration[path.root]);
    };
    fc.assert(fc.property(anyTrace, check));
    everyTrace.forEach(check);
  });

  test('walks the last child to finish, and back-to-back children are both on it', () => {
    const { columns, tree } = load(handmade([['root', -1, 0, 100], ['first', 0, 10, 40], ['second', 0, 50, 40], ['short', 0, 20, 10]]));
    const path = criticalPath(columns, tree);
    expect(path.verdict).toBe('exact');
    expect([...path.node].map((row) => columns.strings[columns.name[row]])).toEqual(['root', 'first', 'second', 'root']);
  });

  test('says ambiguous where two siblings end together, failed where there is nothing to walk', () => {
    const both = load(handmade([['root', -1, 0, 100], ['left', 0, 10, 50], ['right', 0, 20, 40]]));
    expect(criticalPath(both.columns, both.tree).verdict).toBe('ambiguous');
    const none = load(store.special.single);
    expect(criticalPath(none.columns, none.tree)).toMatchObject({ verdict: 'failed', reason: 'the root span has no duration' });
  });
});
