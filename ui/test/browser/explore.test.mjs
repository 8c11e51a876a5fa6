// SPDX-License-Identifier: Apache-2.0
import { runnerImport } from 'vite';
import { makeRandom } from '../traces/generator.mjs';
import { assert, drawn, eventually, pause, test, waitForRows } from './harness.mjs';

const q = (text) => `/explore?q=${encodeURIComponent(text)}`;
const results = (page) => page.locator('.result');
const headCount = async (page) => Number((await page.locator('[data-testid=result-head] strong').innerText()).replaceAll(',', ''));

test('Explore: newest first, one row for each trace, paged to the end', async (s) => {
  const page = await s.open('/explore');
  await results(page).first().waitFor();
  const scroller = page.locator('.results');
  for (let i = 0; i < 12; i++) {
    const more = page.getByRole('button', { name: 'Load more' });
    await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    const before = await headCount(page);
    if ((await more.count()) === 0) break;
    await more.click();
    await eventually(async () => assert.ok((await headCount(page)) > before, 'a further page'));
  }
  await page.getByText(/That is all/).waitFor();
  const seen = new Set();
  const order = [];
  await scroller.evaluate((element) => element.scrollTo(0, 0));
  for (let i = 0; i < 200; i++) {
    for (const id of await results(page).evaluateAll((list) => list.map((element) => element.dataset.trace))) {
      if (seen.has(id)) continue;
      seen.add(id);
      order.push(id);
    }
    const atEnd = await scroller.evaluate((element) => {
      const before = element.scrollTop;
      element.scrollBy(0, element.clientHeight / 2);
      return element.scrollTop === before;
    });
    await drawn(page);
    if (atEnd) break;
  }
  assert.equal(seen.size, await headCount(page));
  for (const trace of s.store.traces) assert.ok(seen.has(trace.traceId), `trace ${trace.traceId} is in the list`);
});

test('Explore: chips and text are one query', async (s) => {
  const page = await s.open('/explore');
  await page.getByRole('button', { name: 'Add a condition' }).click();
  await page.getByRole('textbox', { name: 'Value' }).or(page.getByRole('combobox', { name: 'Value' })).fill('payment');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /Remove the condition service = payment/ }).waitFor();
  await page.getByRole('button', { name: 'Add a condition' }).click();
  await page.getByRole('button', { name: 'Duration' }).click();
  await page.getByLabel('Value').fill('1s');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const text = '{ resource.service.name = "payment" && duration > 1s }';
  await page.waitForURL((url) => url.searchParams.get('q') === text);
  await page.getByRole('button', { name: 'TraceQL' }).click();
  const area = page.getByRole('textbox', { name: 'TraceQL span filter' });
  assert.equal(await area.inputValue(), text);
  const advanced = '{ (name = "Charge" || name = "Quote") && duration > 1ms }';
  await area.fill(advanced);
  await page.getByRole('button', { name: 'Builder' }).click();
  assert.equal(await page.locator('.chip-advanced .chip-value').innerText(), advanced);
  await page.getByRole('button', { name: 'TraceQL' }).click();
  assert.equal(await area.inputValue(), advanced);
  await page.keyboard.press('Control+Enter');
  await page.waitForURL((url) => url.searchParams.get('q') === advanced);
  await area.press('Enter');
  await results(page).first().waitFor();
});

test('Explore: a fault in the query is shown at its character', async (s) => {
  const page = await s.open(q('{ status = eror }'), { allow: /400/ });
  await page.locator('.query-fault').waitFor();
  assert.match(await page.locator('.query-fault').innerText(), /eror/);
  assert.equal(await page.locator('.query-fault mark').innerText(), 'e');
  const area = page.getByRole('textbox', { name: 'TraceQL span filter' });
  assert.equal(await area.getAttribute('aria-invalid'), 'true');
  await area.fill('{ status = error }');
  await area.press('Enter');
  await results(page).first().waitFor();
  assert.equal(await page.locator('.query-fault').count(), 0);
});

test('Explore: what the builder writes, the server takes', async (s) => {
  const { module: builder } = await runnerImport(new URL('../../src/query/builder.ts', import.meta.url).pathname);
  const random = makeRandom(5);
  const any = (list) => list[Math.floor(random() * list.length)];
  const keys = ['http.route', 'a b', 'quo"te', 'back\\slash', 'ключ', '{brace}', 'a.b.c', '0', 'name', "it's", '&&'];
  const texts = ['payment', '', 'quo"te', 'back\\slash', 'line\nbreak', '\u{1f4a3}', '{ x = 1 }', '`'];
  const conditions = () => [
    { field: builder.attributeField(any(['span', 'resource', 'event', 'link', 'instrumentation']), any(keys)), operator: any(['=', '!=']), value: builder.quote(any(texts)) },
    { field: any(['name', 'resource.service.name', '.http.route']), operator: any(['=', '!=', '=~', '!~']), value: builder.quote(any(['payment', 'a.*b', ''])) },
    { field: 'duration', operator: any(['=', '!=', '>', '>=', '<', '<=']), value: any(['1.5s', '250ms', '10ns', '3us', '2m', '1h']) },
    { field: 'status', operator: any(['=', '!=']), value: any(['error', 'ok', 'unset']) },
    { field: 'kind', operator: any(['=', '!=']), value: any(['server', 'client', 'internal', 'producer', 'consumer']) },
    { field: 'span.count', operator: any(['=', '>', '<=']), value: any(['0', '-2.5', '17']) },
  ];
  for (let i = 0; i < 60; i++) {
    const chips = conditions().filter(() => random() < 0.5);
    const text = builder.printQuery(chips);
    const answer = await fetch(`${s.base}/api/w1/search?limit=1&q=${encodeURIComponent(text)}`);
    assert.equal(answer.status, 200, `${text}: ${await answer.text()}`);
  }
});

test('Explore: two kinds of nothing', async (s) => {
  const none = await s.open(q('{ name = "no such" && status = error }'));
  await none.getByText('No trace matches').waitFor();
  await none.getByRole('button', { name: /Without operation = no such/ }).click();
  await results(none).first().waitFor();
  const outside = await s.open('/explore?from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z');
  await outside.getByText('Nothing in this time range').waitFor();
  await outside.getByRole('button', { name: 'Search everything stored' }).click();
  await results(outside).first().waitFor();
});

test('Explore: where nothing is stored, the list fills by itself', { server: 'own' }, async (s) => {
  const page = await s.open('/explore');
  await page.getByText('Nothing is stored yet').waitFor();
  await s.server.send([s.store.special.single]);
  await results(page).first().waitFor();
});

// The server's own answer, as it is when the time of the query ran out half way.
async function cutShort(page, pages) {
  await page.route('**/api/w1/search?*', async (route) => {
    if (pages-- <= 0) return route.continue();
    const response = await route.fetch({ url: route.request().url().replace(/limit=\d+/, 'limit=7') });
    await route.fulfill({ response, json: { ...(await response.json()), complete: false } });
  });
}

test('Explore: a partial answer says so and goes on', async (s) => {
  const page = await s.open(null);
  await cutShort(page, 1);
  await s.visit(page, '/explore');
  await page.getByText('Not everything was searched').waitFor();
  assert.equal(await headCount(page), 7);
  await page.getByRole('button', { name: 'Search on' }).click();
  await eventually(async () => assert.equal(await headCount(page), 57));
  assert.equal(await page.getByText('Not everything was searched').count(), 0);
});

test('Explore: an error says what failed and can be tried again', { alone: true }, async (s) => {
  const page = await s.open(null, { allow: /503/ });
  const search = '**/api/w1/search?*';
  await page.route(search, (route) => route.fulfill({ status: 503, headers: { 'x-request-id': 'r-17' }, json: { error: { code: 'unavailable', message: 'the store is reopening' } } }));
  await s.visit(page, '/explore');
  await page.getByText('the store is reopening').waitFor();
  await page.getByText('request r-17, status 503').waitFor();
  await page.getByRole('button', { name: 'Copy diagnostics' }).click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /"requestId": "r-17"/);
  await page.unroute(search);
  await page.getByRole('button', { name: 'Try again' }).click();
  await results(page).first().waitFor();
});

test('Explore: a late answer to an older query is never shown', async (s) => {
  const page = await s.open(null);
  let held = null;
  let letGo = null;
  const isHeld = new Promise((resolve) => (held = resolve));
  const goes = new Promise((resolve) => (letGo = resolve));
  await page.route('**/api/w1/search?*gateway*', async (route) => {
    held();
    await goes;
    await route.continue().catch(() => undefined);
  });
  await s.visit(page, q('{ resource.service.name = "gateway" }'));
  await isHeld;
  await page.getByRole('button', { name: 'TraceQL' }).click();
  const area = page.getByRole('textbox', { name: 'TraceQL span filter' });
  await area.fill('{ resource.service.name = "clock" }');
  await area.press('Enter');
  await results(page).first().waitFor();
  letGo();
  await pause(page, 300);
  assert.equal(await headCount(page), 1);
  assert.match(await results(page).first().innerText(), /clock/);
});

test('Explore: Back finds the list where it was left', async (s) => {
  const page = await s.open('/explore');
  await results(page).first().waitFor();
  await page.locator('.results').evaluate((element) => element.scrollTo(0, 900));
  await drawn(page);
  const id = await results(page).evaluateAll((list) => {
    const box = document.querySelector('.results').getBoundingClientRect();
    return list.find((element) => element.getBoundingClientRect().top > box.top + 20).dataset.trace;
  });
  await page.locator(`[data-trace="${id}"]`).click();
  await page.waitForURL(new RegExp(id));
  await waitForRows(page);
  await page.goBack();
  await results(page).first().waitFor();
  await eventually(async () => assert.equal(await page.locator('.results').evaluate((element) => element.scrollTop), 900));
});

test('Explore: the time range is in the address', async (s) => {
  const page = await s.open('/explore');
  await page.getByRole('button', { name: /Time range/ }).click();
  await page.getByRole('button', { name: 'Last 7 days' }).click();
  await page.waitForURL((url) => url.searchParams.get('from') === 'now-7d');
  await page.getByRole('button', { name: /Time range: Last 7 days/ }).waitFor();
  await page.goBack();
  await page.getByRole('button', { name: /Time range: Everything stored/ }).waitFor();
});
