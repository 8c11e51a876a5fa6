// SPDX-License-Identifier: Apache-2.0
// A small test runner around a browser: every page is watched for console errors, uncaught errors, requests to other
// origins and violations of the content security policy, and a test fails on any of them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { makeStore, toOtlp } from '../mock/generator.mjs';
import { startMock } from '../mock/server.mjs';
import { launch } from './launch.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tests = [];

// `needs: 'mock'` marks what only the mock can be made to do: faults, an empty store.
export function test(name, options, run) {
  tests.push(typeof options === 'function' ? { name, run: options } : { name, ...options, run });
}

const SEED = { seed: 11, traceCount: 120, bigSpans: [100_000] };

async function loadRealServer(base) {
  const store = makeStore({ ...SEED, newestMillis: Date.now() - 5000 });
  const status = await (await fetch(`${base}/api/w1/status`)).json();
  const address = process.env.WAYBILL_UI_OTLP_URL ?? `http://${status.listeners.find((listener) => listener.name === 'otlp_http').address}`;
  for (const trace of store.traces) {
    for (const request of parts(toOtlp(trace))) {
      const answer = await fetch(`${address}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) });
      assert.ok(answer.ok, `the server took no spans: ${answer.status} ${await answer.text()}`);
    }
  }
  const wanted = store.traces.length;
  for (let i = 0; i < 100; i++) {
    const { traces } = await (await fetch(`${base}/api/w1/status`)).json();
    if (traces >= wanted) return store;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the server does not show the traces that it took');
}

// A large export in requests of at most 5,000 spans.
function parts({ resourceSpans }) {
  return resourceSpans.flatMap(({ resource, scopeSpans: [{ scope, spans }] }) => {
    const list = [];
    for (let at = 0; at < spans.length; at += 5000) list.push({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.slice(at, at + 5000) }] }] });
    return list;
  });
}

class Session {
  constructor(browser, base, mock, store) {
    Object.assign(this, { browser, base, mock, store, pages: [], figures: [] });
  }

  // `allow`: console errors that the test provokes, such as a failed request.
  async open(path, { theme = 'light', width = 1440, height = 900, allow = null, settings = null } = {}) {
    const context = await this.browser.newContext({ viewport: { width, height }, colorScheme: theme, bypassCSP: false, permissions: ['clipboard-read', 'clipboard-write'], timezoneId: 'Europe/Berlin', locale: 'en-GB' });
    const page = await context.newPage();
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
    if (settings !== null) await context.addInitScript((value) => localStorage.setItem('waybill.settings', value), JSON.stringify(settings));
    this.pages.push({ context, problems });
    page.setDefaultTimeout(8000);
    if (path !== null) {
      await page.goto(this.base + path);
      await page.locator('.status-line').waitFor();
    }
    return page;
  }

  async finish() {
    const pages = this.pages.splice(0);
    for (const { context } of pages) await context.close();
    for (const { problems } of pages) assert.deepEqual(problems, []);
  }

  async dropPages() {
    for (const { context } of this.pages.splice(0)) await context.close().catch(() => undefined);
  }

  figure(name, value) {
    this.figures.push([name, value]);
  }

  trace(fault) {
    return this.store.shop.find((trace) => trace.truth.fault === fault);
  }
}

// axe runs outside the page's own scripts: it is put in by the debugger, which the policy does not govern.
export async function axe(page, what) {
  await page.evaluate(axeSource);
  const result = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
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

export async function settle(page, millis = 350) {
  await page.waitForTimeout(millis);
}

export { assert };

export async function runAll(filter) {
  const base = process.env.WAYBILL_UI_BASE_URL?.replace(/\/$/, '');
  const distFolder = process.env.WAYBILL_UI_DIST;
  const mock = base === undefined ? await startMock({ ...SEED, ...(distFolder === undefined ? {} : { dist: fileURLToPath(new URL(`../../${distFolder}/`, import.meta.url)) }) }) : null;
  const store = mock === null ? await loadRealServer(base) : mock.store;
  const browser = await launch();
  const session = new Session(browser, base ?? mock.url, mock, store);
  let passed = 0;
  let failed = 0;
  let left = 0;
  for (const { name, needs, run } of tests) {
    if (filter !== undefined && !name.includes(filter)) continue;
    if (needs === 'mock' && mock === null) {
      left++;
      continue;
    }
    // A machine that is busy with other work can be too slow for one try; what fails twice is broken. A second try is named.
    for (let attempt = 1; attempt <= 2; attempt++) {
      const begin = performance.now();
      try {
        await run(session);
        await session.finish();
        passed++;
        console.log(`${attempt === 1 ? 'ok     ' : 'FLAKY  '} ${name} (${Math.round(performance.now() - begin)} ms)`);
        break;
      } catch (error) {
        console.log(`${attempt === 1 ? 'AGAIN  ' : 'FAILED '} ${name}\n${String(error.stack ?? error).split('\n').slice(0, 14).join('\n')}`);
        if (attempt === 2) failed++;
        await session.dropPages();
      } finally {
        if (mock !== null) for (const key of Object.keys(mock.faults)) delete mock.faults[key];
      }
    }
  }
  await browser.close();
  await mock?.close();
  for (const [name, value] of session.figures) console.log(`${name.padEnd(44)} ${value}`);
  if (left > 0) console.log(`${left} tests need the mock server and were not run against ${base}`);
  if (passed === 0) failed = Math.max(1, failed);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0;
}
