// SPDX-License-Identifier: Apache-2.0
// Uses a built Jaeger UI, unmodified, as a person would, on top of Waybill. For each check one line of JSON is printed:
// {"check": "...", "error": "..." or null}.
//
//   node drive.mjs FOLDER_OF_THE_BUILT_UI [FOLDER_FOR_PICTURES]

import assert from 'node:assert/strict';
import { startFront } from '../../../ui/test/browser/front.mjs';
import { launch } from '../../../ui/test/browser/launch.mjs';
import { stopAll, Waybill } from '../../../ui/test/browser/server.mjs';
import { makeStore } from '../../../ui/test/traces/generator.mjs';

// Locators are of version 2.20.
const [build, pictures] = process.argv.slice(2);
const store = makeStore({ seed: 3, traceCount: 20, newestMillis: Date.now() - 5000 });
const traceOf = (fault) => store.shop.find((trace) => trace.truth.fault === fault);
const declined = traceOf('declined');
const slow = traceOf('slow-bank');

const server = await Waybill.start();
const stored = [...store.shop, store.special.missingRoot];
await server.send(stored);
// Jaeger's own server writes into the page what it can do; Waybill can search without a service.
const front = await startFront(server, build, (html) => {
  const marker = 'const JAEGER_BACKEND_CAPABILITIES = DEFAULT_BACKEND_CAPABILITIES;';
  assert.ok(html.includes(marker), 'the page of the Jaeger UI has no place for capabilities');
  return html.replace(marker, 'const JAEGER_BACKEND_CAPABILITIES = { searchWithoutServiceName: true };');
});
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
page.setDefaultTimeout(20_000);
let problems = [];
page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
page.on('response', (response) => {
  if (response.status() >= 400 && response.url().includes('/api/')) problems.push(`${response.status()} ${response.url()}`);
});

const rows = page.locator('tr[data-row-key]');
const bars = page.locator('.span-row');
const show = (what) => page.getByText(what).first().waitFor();

async function search(parameters) {
  await page.goto(`${front.url}/search?${new URLSearchParams({ limit: '50', lookback: '1h', ...parameters })}`);
}

async function found(parameters, wanted) {
  await search(parameters);
  await show(wanted.length === 1 ? '1 trace' : `${wanted.length} traces`);
  assert.deepEqual((await rows.evaluateAll((list) => list.map((row) => row.dataset.rowKey))).sort(), wanted.map((trace) => trace.traceId).sort());
}

async function openTrace(trace) {
  await page.goto(`${front.url}/trace/${trace.traceId}`);
  await bars.first().waitFor();
}

async function choose(index, word, wanted) {
  await page.locator('.ant-select').nth(index).click();
  await page.keyboard.type(word);
  await page.locator('.ant-select-item-option').filter({ hasText: wanted }).first().click();
}

// Its graphs miss a method where npm chose the packages; they are drawn all the same.
function withoutInterrupt() {
  problems = problems.filter((line) => !line.includes('interrupt is not a function'));
}

const services = (trace) => new Set(trace.spans.map((span) => span.service));
const failed = store.shop.filter((trace) => trace.spans.some((span) => span.status === 'error'));

const checks = {
  'services and span names are listed': async () => {
    await page.goto(`${front.url}/search`);
    await show(`(${new Set(stored.flatMap((trace) => [...services(trace)])).size})`);
    await choose(0, 'payment', /^payment$/);
    await show('(2)');
    await choose(1, 'Charge', /^Charge$/);
    await page.getByRole('button', { name: 'Find Traces' }).click();
    await show(`${store.shop.length} traces`);
  },
  'a search lists traces with their services, spans, errors and durations': async () => {
    await found({ service: 'checkout' }, store.shop);
    const text = await page.locator(`tr[data-row-key="${declined.traceId}"]`).innerText();
    assert.match(text, /gateway: POST \/checkout/);
    const errors = declined.spans.filter((span) => span.status === 'error').length;
    assert.match(text, new RegExp(`\\b${declined.spans.length}\\s+${errors}\\s+1\\d\\d(\\.\\d+)?ms`));
  },
  'all services at once': () => found({ service: '__all_services__' }, stored),
  'a search by attributes': () => found({ service: 'payment', tags: JSON.stringify({ 'http.response.status_code': '504' }) }, store.shop.filter((trace) => trace.truth.fault === 'slow-bank')),
  'a search for errors': () => found({ service: 'payment', tags: JSON.stringify({ error: 'true' }) }, failed),
  'a search by duration': () => found({ service: 'gateway', minDuration: '1s' }, store.shop.filter((trace) => trace.truth.fault === 'slow-bank')),
  'a search by span name': () => found({ service: 'payment', operation: 'Charge', maxDuration: '900ms' }, store.shop.filter((trace) => trace.truth.fault !== 'slow-bank')),
  'a search without a hit': async () => {
    await search({ service: 'payment', minDuration: '1h' });
    await show(/No trace results/);
  },
  'a trace opens from the list as a timeline': async () => {
    await found({ service: 'checkout' }, store.shop);
    await page.locator(`tr[data-row-key="${slow.traceId}"] a`).first().click();
    await bars.first().waitFor();
    assert.equal(await bars.count(), slow.spans.length);
    await page.locator('.TracePageHeader').getByText('POST /checkout').waitFor();
    assert.match(await page.locator('.TracePageHeader').innerText(), new RegExp(`Services\\s*${services(slow).size}Depth\\s*5Total Spans\\s*${slow.spans.length}\\b`));
  },
  'a span shows its attributes, its resource and that it has an event': async () => {
    await openTrace(slow);
    await bars.filter({ hasText: 'POST /authorize' }).first().locator('.span-view').click();
    await show('http.response.status_code');
    await show('payment-1');
    // The list itself stays closed: this UI keeps the state of it in two stores and switches both, so that it is as before.
    await page.locator('.AccordionEvents--header').getByText('Events (1)').waitFor();
  },
  'an error is marked where it happened': async () => {
    await openTrace(declined);
    const marked = declined.spans.filter((span) => span.status === 'error').length;
    assert.equal(await page.locator('.SpanBarRow--errorIcon:not(.SpanBarRow--errorIcon--hollow)').count(), marked);
  },
  'a trace by its id': async () => {
    await page.goto(`${front.url}/search`);
    await page.getByPlaceholder(/Lookup by Trace ID/).fill(declined.traceId);
    await page.keyboard.press('Enter');
    await bars.first().waitFor();
    assert.match(page.url(), new RegExp(declined.traceId));
  },
  'a word is found in a trace': async () => {
    await openTrace(slow);
    await page.locator('.TracePageSearchBar input').first().fill('authorize');
    await page.waitForFunction((count) => document.querySelectorAll('.span-row.is-matching-filter').length >= count, slow.spans.filter((span) => /authorize/i.test(span.name)).length);
  },
  'a trace without its root is shown as incomplete': async () => {
    await openTrace(store.special.missingRoot);
    assert.equal(await bars.count(), 3);
    await show('Incomplete');
  },
  'an id that nothing is known of is told': async () => {
    await page.goto(`${front.url}/trace/0123456789abcdef0123456789abcdef`);
    await show(/not found/i);
    problems = problems.filter((line) => !line.startsWith('404 '));
  },
  'two traces are compared': async () => {
    await page.goto(`${front.url}/trace/${slow.traceId}...${declined.traceId}`);
    await page.locator('.TraceDiffGraph--graphWrapper, .TraceDiff--graphWrapper').first().waitFor();
    await show('Authorize');
    withoutInterrupt();
  },
  'a graph of the services': async () => {
    await page.goto(`${front.url}/dependencies`);
    await show('bank-api');
    withoutInterrupt();
  },
};

for (const [check, run] of Object.entries(checks)) {
  problems = [];
  let error = null;
  try {
    await run();
    assert.deepEqual(problems, []);
  } catch (fault) {
    error = String(fault.stack ?? fault).slice(0, 2000);
  }
  if (pictures !== undefined) await page.screenshot({ path: `${pictures}/jaeger-${check.replaceAll(' ', '-')}.png` });
  console.log(JSON.stringify({ check, error }));
}
front.close();
await browser.close();
await stopAll(false);
