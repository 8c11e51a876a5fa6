// SPDX-License-Identifier: Apache-2.0
// A small test runner around a browser and the program itself. Every page is watched for console errors, uncaught errors,
// requests to other origins and violations of the content security policy, and a test fails on any of them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { makeStore } from '../traces/generator.mjs';
import { startFront } from './front.mjs';
import { launch } from './launch.mjs';
import { folder, stopAll, Waybill } from './server.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tests = [];

// Tests read the shop's server, which holds seeded traces and is never changed. What a test may ask for:
//   server: 'own'  an empty server for itself, which it may fill, stop and start (`s.server`);
//   alone: true    nothing else runs beside it, because it measures time or reads the clipboard, which all pages share.
export function test(name, options, run) {
  tests.push(typeof options === 'function' ? { name, run: options } : { name, ...options, run });
}

const SEED = { seed: 11, traceCount: 120, bigSpans: [100_000] };
const LANES = 2;
// Far beyond what a machine takes that is busy with other work; only a failure waits that long.
const EVENTUALLY_MILLIS_MAX = 20_000;

// Pages of one lane share a context for each theme, and with it the cache of files: that halves the cost of a page.
class Contexts {
  #byTheme = new Map();

  constructor(browser) {
    this.browser = browser;
  }

  async newPage(theme) {
    if (!this.#byTheme.has(theme)) this.#byTheme.set(theme, await this.browser.newContext({ colorScheme: theme, permissions: ['clipboard-read', 'clipboard-write'], timezoneId: 'Europe/Berlin', locale: 'en-GB' }));
    return this.#byTheme.get(theme).newPage();
  }
}

class Session {
  constructor(contexts, server, base, store) {
    Object.assign(this, { contexts, server, base, store, pages: [], figures: [] });
  }

  // `allow`: console errors that the test provokes, such as a failed request.
  async open(path, { theme = 'light', width = 1440, height = 900, allow = null, settings = null } = {}) {
    const page = await this.contexts.newPage(theme);
    await page.setViewportSize({ width, height });
    const problems = [];
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      if (allow !== null && allow.test(message.text())) return;
      problems.push(`console: ${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (error) => problems.push(`uncaught: ${error.stack}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(`${this.base}/`)) problems.push(`foreign request: ${request.url()}`);
    });
    if (settings !== null) await page.addInitScript((value) => localStorage.setItem('waybill.settings', value), JSON.stringify(settings));
    this.pages.push({ page, problems });
    page.setDefaultTimeout(EVENTUALLY_MILLIS_MAX);
    if (path !== null) await this.visit(page, path);
    return page;
  }

  // Brings the page to the front: the browser draws hidden ones once a second at most.
  async visit(page, path) {
    await page.bringToFront();
    await page.goto(this.base + path);
    await page.locator('.status-line').waitFor();
  }

  async close() {
    const pages = this.pages.splice(0);
    for (const { page } of pages) {
      // Settings are for the test that made them.
      await page.evaluate(() => localStorage.clear()).catch(() => undefined);
      await page.close().catch(() => undefined);
    }
    return pages.flatMap(({ problems }) => problems);
  }

  figure(name, value) {
    this.figures.push([name, value]);
  }

  trace(fault) {
    return this.store.shop.find((trace) => trace.truth.fault === fault);
  }
}

// axe runs outside the page's own scripts: it is put in by the debugger, which the policy does not govern.
// In the dark theme only the rules about colour are run: the document is the same in both, and the light one is held to all.
export async function axe(page, what) {
  await page.evaluate(axeSource);
  const result = await page.evaluate(async () => {
    const runOnly = matchMedia('(prefers-color-scheme: dark)').matches ? { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } : ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await globalThis.axe.run(document, { runOnly, resultTypes: ['violations'] });
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.failureSummary?.split('\n')[1] ?? ''}`).join(' | ')}`);
  });
  assert.deepEqual(result, [], what);
}

export const rowsOf = (page) => page.locator('.wf-mirror-row');

export async function waitForRows(page, count = 1) {
  await page.waitForFunction((least) => document.querySelectorAll('.wf-mirror-row').length >= least, count);
}

export function scene(page, expression) {
  return page.evaluate(`(() => { const waterfall = document.querySelector('.waterfall').waterfall; const scene = waterfall.scene; return ${expression}; })()`);
}

// Waits a fixed time: only for showing that nothing happens.
export async function pause(page, millis) {
  await page.waitForTimeout(millis);
}

// Waits until two more frames are drawn: an effect of the last input that needs no answer is then on the screen.
export function drawn(page) {
  return page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)))));
}

// Waits until nothing moves, such as a panel that slides in.
export async function settled(page) {
  await drawn(page);
  await page.evaluate(() => Promise.all(document.getAnimations().filter((animation) => animation.effect?.getComputedTiming().iterations !== Infinity).map((animation) => animation.finished.catch(() => undefined))));
}

// Asks again until the check holds; fails with the check's own words.
export async function eventually(check) {
  const end = performance.now() + EVENTUALLY_MILLIS_MAX;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export { assert };

// What the pages are fetched from: the program, or the files of WAYBILL_UI_DIST (such as dist-react) in front of it.
async function openFront(server) {
  const dist = process.env.WAYBILL_UI_DIST;
  if (dist !== undefined) return startFront(server, fileURLToPath(new URL(`../../${dist}/`, import.meta.url)));
  const built = readFileSync(new URL('../../dist/index.html', import.meta.url), 'utf8');
  const served = await (await fetch(`${server.web}/`)).text();
  if (served !== built) throw new Error('the program was built with another UI than ui/dist: build it again, or set WAYBILL_UI_DIST=dist');
  return { url: server.web, close: () => undefined };
}

class Run {
  passed = 0;
  failed = 0;
  figures = [];

  async start() {
    this.browser = await launch();
    this.shop = await Waybill.start();
    this.store = makeStore({ ...SEED, newestMillis: Date.now() - 5000 });
    this.front = await openFront(this.shop);
    await this.shop.send(this.store.traces);
  }

  async one(contexts, { name, server, run }) {
    const begin = performance.now();
    const own = server === 'own' ? await Waybill.start() : null;
    const front = own === null ? this.front : await openFront(own);
    const session = new Session(contexts, own ?? this.shop, front.url, this.store);
    let fault = null;
    try {
      await run(session);
    } catch (error) {
      fault = String(error.stack ?? error).split('\n').slice(0, 14).join('\n');
    }
    const problems = await session.close();
    if (problems.length > 0) fault = [fault, ...problems].filter(Boolean).join('\n');
    if (own !== null) {
      front.close();
      await own.stop().catch((error) => (fault ??= String(error)));
    }
    this.figures.push(...session.figures);
    this[fault === null ? 'passed' : 'failed']++;
    console.log(`${fault === null ? 'ok     ' : 'FAILED '} ${name} (${Math.round(performance.now() - begin)} ms)${fault === null ? '' : `\n${fault}`}`);
  }

  async lane(queue) {
    const contexts = new Contexts(this.browser);
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await this.one(contexts, next);
  }

  async end() {
    this.front?.close();
    await this.browser?.close();
    await stopAll(this.failed > 0);
    if (this.failed > 0) console.log(`data and logs of the servers are in ${folder}`);
    for (const [name, value] of this.figures) console.log(`${name.padEnd(44)} ${value}`);
  }
}

export async function runAll(filter, rounds) {
  const chosen = tests.filter(({ name }) => filter === undefined || name.includes(filter));
  const run = new Run();
  try {
    await run.start();
    for (let round = 0; round < rounds; round++) {
      const queue = chosen.filter(({ alone }) => !alone);
      await Promise.all(Array.from({ length: LANES }, () => run.lane(queue)));
      await run.lane(chosen.filter(({ alone }) => alone));
    }
  } catch (error) {
    run.failed++;
    console.log(String(error.stack ?? error));
  }
  await run.end();
  if (run.passed === 0) run.failed = Math.max(1, run.failed);
  console.log(`${run.passed} passed, ${run.failed} failed`);
  return run.failed === 0;
}
