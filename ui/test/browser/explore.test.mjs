// SPDX-License-Identifier: Apache-2.0
import { assert, settle, test, waitForRows } from './harness.mjs';

const q = (text) => `/explore?q=${encodeURIComponent(text)}`;
const results = (page) => page.locator('.result');
const headCount = async (page) => Number((await page.locator('[data-testid=result-head] strong').innerText()).replaceAll(',', ''));

test('Home: counts lead to the list behind them', async (s) => {
  const page = await s.open('/');
  await page.getByRole('row', { name: /payment/ }).getByRole('link', { name: 'payment', exact: true }).click();
  await page.waitForURL(/explore/);
  assert.equal(new URL(page.url()).searchParams.get('q'), '{ resource.service.name = "payment" }');
  await results(page).first().waitFor();
  assert.match(await results(page).first().innerText(), /matched/);
});

test('Home: the error count opens the failed spans', async (s) => {
  const page = await s.open('/');
  await page.getByRole('link', { name: /failed spans? of bank-api/ }).click();
  await results(page).first().waitFor();
  assert.equal(new URL(page.url()).searchParams.get('q'), '{ resource.service.name = "bank-api" && status = error }');
});

test('Home: waiting for the first span turns green by itself', { needs: 'mock' }, async (s) => {
  s.mock.faults.empty = true;
  const page = await s.open('/');
  await page.getByText('Waiting for the first span').waitFor();
  await page.getByText('127.0.0.1:4318').first().waitFor();
  assert.match(await page.locator('pre').first().innerText(), /OTEL_EXPORTER_OTLP_ENDPOINT=http:\/\/127\.0\.0\.1:4318/);
  await page.getByRole('button', { name: 'gRPC', exact: true }).click();
  assert.match(await page.locator('pre').first().innerText(), /4317/);
  await page.getByRole('button', { name: 'Copy: Shell' }).click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^export OTEL_SERVICE_NAME/);
  s.mock.faults.empty = false;
  await page.getByText('The first span has arrived').first().waitFor({ timeout: 2500 });
});

test('Explore: newest first, one row for each trace, paged to the end', async (s) => {
  const page = await s.open('/explore');
  await results(page).first().waitFor();
  const scroller = page.locator('.results');
  for (let i = 0; i < 12; i++) {
    const more = page.getByRole('button', { name: 'Load more' });
    await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    if ((await more.count()) === 0) break;
    await more.click();
    await settle(page, 250);
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
    await settle(page, 20);
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

test('Explore: three kinds of nothing', { needs: 'mock' }, async (s) => {
  const none = await s.open(q('{ name = "no such" && status = error }'));
  await none.getByText('No trace matches').waitFor();
  await none.getByRole('button', { name: /Without operation = no such/ }).click();
  await results(none).first().waitFor();
  const outside = await s.open('/explore?from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z');
  await outside.getByText('Nothing in this time range').waitFor();
  await outside.getByRole('button', { name: 'Search everything stored' }).click();
  await results(outside).first().waitFor();
  s.mock.faults.empty = true;
  const empty = await s.open('/explore');
  await empty.getByText('Nothing is stored yet').waitFor();
});

test('Explore: a partial answer says so and goes on', { needs: 'mock' }, async (s) => {
  s.mock.faults.partial = true;
  const page = await s.open('/explore');
  await page.getByText('Not everything was searched').waitFor();
  const before = await headCount(page);
  s.mock.faults.partial = false;
  await page.getByRole('button', { name: 'Search on' }).click();
  await page.waitForFunction((count) => Number(document.querySelector('[data-testid=result-head] strong').textContent) > count, before);
  assert.equal(await page.getByText('Not everything was searched').count(), 0);
});

test('Explore: an error says what failed and can be tried again', { needs: 'mock' }, async (s) => {
  s.mock.faults.search = { status: 503, code: 'unavailable', message: 'the store is reopening' };
  const page = await s.open('/explore', { allow: /503/ });
  await page.getByText('the store is reopening').waitFor();
  await page.getByText(/request mock-\d+, status 503/).waitFor();
  await page.getByRole('button', { name: 'Copy diagnostics' }).click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /"requestId": "mock-/);
  delete s.mock.faults.search;
  await page.getByRole('button', { name: 'Try again' }).click();
  await results(page).first().waitFor();
});

test('Explore: a late answer to an older query is never shown', { needs: 'mock' }, async (s) => {
  const page = await s.open(null);
  await page.route('**/api/w1/search?*gateway*', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 900));
    await route.continue().catch(() => undefined);
  });
  await page.goto(s.base + q('{ resource.service.name = "gateway" }'));
  await settle(page, 150);
  await page.getByRole('button', { name: 'TraceQL' }).click();
  const area = page.getByRole('textbox', { name: 'TraceQL span filter' });
  await area.fill('{ resource.service.name = "clock" }');
  await area.press('Enter');
  await results(page).first().waitFor();
  await settle(page, 1200);
  assert.equal(await headCount(page), 1);
  assert.match(await results(page).first().innerText(), /clock/);
});

test('Explore: Back finds the list where it was left', async (s) => {
  const page = await s.open('/explore');
  await results(page).first().waitFor();
  await page.locator('.results').evaluate((element) => element.scrollTo(0, 900));
  await settle(page, 200);
  const id = await results(page).evaluateAll((list) => {
    const box = document.querySelector('.results').getBoundingClientRect();
    return list.find((element) => element.getBoundingClientRect().top > box.top + 20).dataset.trace;
  });
  await page.locator(`[data-trace="${id}"]`).click();
  await page.waitForURL(new RegExp(id));
  await waitForRows(page);
  await page.goBack();
  await results(page).first().waitFor();
  await settle(page, 200);
  assert.equal(await page.locator('.results').evaluate((element) => element.scrollTop), 900);
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
