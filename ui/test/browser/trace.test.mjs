// SPDX-License-Identifier: Apache-2.0
import { assert, drawn, eventually, pause, rowsOf, scene, test, waitForRows } from './harness.mjs';

const LINE = (count) => new RegExp(`of ${count.toLocaleString('en')}$`);

test('Trace: search, open, read a span', async (s) => {
  const slow = s.trace('slow-bank');
  const page = await s.open(`/explore?q=${encodeURIComponent('{ resource.service.name = "payment" && duration > 1s }')}`);
  await page.locator(`[data-trace="${slow.traceId}"]`).click();
  await waitForRows(page, 10);
  await page.getByRole('heading', { level: 1 }).getByText('POST /checkout').waitFor();
  assert.match(await page.getByTestId('find-count').innerText(), /\d of \d+$/);
  const row = rowsOf(page).filter({ hasText: 'payment POST /authorize' }).first();
  await row.click();
  const panel = page.getByRole('complementary', { name: 'Span details' });
  await panel.getByText('http.response.status_code').waitFor();
  await panel.getByText('deadline exceeded').first().waitFor();
  await panel.getByRole('tab', { name: /Events/ }).click();
  await panel.getByText('bank-api did not answer in time').waitFor();
  await panel.getByRole('tab', { name: 'Resource' }).click();
  await panel.getByText('payment-1').waitFor();
  await panel.getByRole('tab', { name: 'JSON' }).click();
  assert.match(await panel.locator('pre').innerText(), /"spanId"/);
});

test('Trace: the slowest span is reached in few steps', async (s) => {
  const slow = s.trace('slow-bank');
  const page = await s.open(`/t/${slow.traceId}?view=table`);
  const first = page.locator('.table-view tbody tr').first();
  await first.waitFor();
  assert.match(await first.innerText(), /bank-api|payment/);
});

test('Trace: "filter by this" goes to Explore', async (s) => {
  const slow = s.trace('slow-bank');
  const page = await s.open(`/t/${slow.traceId}?span=${slow.truth.slowest}`);
  await page.getByRole('link', { name: 'Find traces with this server.address' }).click();
  await page.waitForURL((url) => url.searchParams.get('q') === '{ span.server.address = "bank-api" }');
  await page.locator('.result').first().waitFor();
});

test('Trace: leaving right after a change is not undone by the address', async (s) => {
  const slow = s.trace('slow-bank');
  const page = await s.open(`/t/${slow.traceId}`);
  await page.route('**/assets/explore-page*.js', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 600));
    await route.continue();
  });
  await waitForRows(page, 10);
  await page.evaluate(() => {
    document.querySelector('.waterfall').waterfall.selectRow(2);
    document.querySelector('.rail a[href="/explore"]').click();
  });
  await page.locator('.result').first().waitFor();
  await pause(page, 400);
  assert.match(page.url(), /explore$/);
});

test('Trace: keyboard only, from the search box to an attribute', async (s) => {
  const page = await s.open('/');
  await page.getByRole('row').nth(1).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('checkout');
  await page.getByRole('option', { name: /checkout/ }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.result').first().waitFor();
  await page.keyboard.press('j');
  await page.locator('.result:focus').waitFor();
  await page.keyboard.press('Enter');
  await waitForRows(page, 5);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('k');
  await page.keyboard.press('j');
  const active = (name, wanted) => eventually(async () => assert.equal(await page.evaluate((key) => document.activeElement.getAttribute(key), name), wanted));
  await active('aria-rowindex', '3');
  await page.keyboard.press('ArrowLeft');
  await active('aria-rowindex', '2');
  await page.keyboard.press('ArrowLeft');
  await active('aria-expanded', 'false');
  await page.keyboard.press('ArrowRight');
  await active('aria-expanded', 'true');
  await page.keyboard.press('Enter');
  await page.getByRole('complementary').getByText('rpc.system').waitFor();
  const before = await scene(page, 'scene.t1 - scene.t0');
  await page.keyboard.press('w');
  await eventually(async () => assert.ok((await scene(page, 'scene.t1 - scene.t0')) < before, 'w zooms in'));
  await page.keyboard.press('0');
  await eventually(async () => assert.equal(await scene(page, 'waterfall.isWhole()'), true));
  await page.keyboard.press('End');
  await active('aria-rowindex', String(await scene(page, 'scene.rows.count')));
});

test('Trace: the address reproduces the picture', async (s) => {
  const slow = s.trace('slow-bank');
  const page = await s.open(`/t/${slow.traceId}`);
  await waitForRows(page, 10);
  await rowsOf(page).filter({ hasText: 'cart GetCart' }).first().click();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('w');
  await page.keyboard.press('v');
  for (const key of ['span', 'z', 'fold', 'crit']) await page.waitForURL((url) => url.searchParams.has(key));
  const picture = async () => JSON.parse(await scene(page, 'JSON.stringify([scene.t0, scene.t1, scene.selected, scene.rows.count, Boolean(scene.critical)])'));
  // The zoom moves for a moment, and the address follows where it stops.
  let before = await picture();
  await eventually(async () => {
    const last = before;
    before = await picture();
    const [from, to] = new URL(page.url()).searchParams.get('z').split('-').map(Number);
    assert.deepEqual(before, last);
    assert.ok(Math.abs(from - before[0]) < 0.02 && Math.abs(to - before[1]) < 0.02, `the address says ${from} to ${to}, the picture ${before}`);
  });
  const address = new URL(page.url());
  await page.reload();
  await waitForRows(page, 5);
  await eventually(async () => {
    const after = await picture();
    // The address carries hundredths of a microsecond, so the last digit may be rounded.
    for (const edge of [0, 1]) assert.ok(Math.abs(after[edge] - before[edge]) < 0.02, `${after[edge]} is not ${before[edge]}`);
    assert.deepEqual(after.slice(2), before.slice(2));
  });
  const again = await s.open(address.pathname + address.search);
  await waitForRows(again, 5);
  assert.equal(again.url().split('?')[0].endsWith(slow.traceId), true);
});

test('Trace: malformed addresses never blank the page', async (s) => {
  const slow = s.trace('slow-bank');
  const page = await s.open(`/t/${slow.traceId}?span=zzz&z=9-&fold=%3Cb%3E&view=graph&tz=Mars&unknown=1`);
  await waitForRows(page, 10);
  await page.getByText('passed over: span, z, fold, view, unknown').waitFor();
  const other = await s.open('/t/not-a-trace-id');
  await other.getByText('This is not a trace id').waitFor();
});

test('Trace: short ids, upper case and the addresses of others', async (s) => {
  const page = await s.open('/trace/BAD');
  await waitForRows(page, 3);
  assert.match(page.url(), /\/t\/0{29}bad/);
  const zipkin = await s.open(`/zipkin/traces/${s.trace('slow-bank').traceId}`);
  await waitForRows(zipkin, 3);
});

test('Trace: an unknown trace says what may be', async (s) => {
  const page = await s.open('/t/123456789', { allow: /404/ });
  await page.getByText('This trace is not known').waitFor();
  await page.getByRole('button', { name: 'Look again' }).waitFor();
});

test('Trace: words and TraceQL find spans, next and previous in order', async (s) => {
  const slow = s.trace('slow-bank');
  const page = await s.open(`/t/${slow.traceId}`);
  await waitForRows(page, 10);
  const input = page.getByRole('textbox', { name: /Search in this trace/ });
  await input.fill('authorize');
  await page.getByTestId('find-count').getByText(LINE(slow.spans.length)).waitFor();
  const wanted = slow.spans.filter((span) => /authorize/i.test(span.name)).length;
  await page.getByTestId('find-count').getByText(`${wanted} of`).waitFor();
  const order = [];
  await input.press('Enter');
  for (let i = 0; i < wanted; i++) {
    order.push(await scene(page, 'scene.activeRow'));
    await input.press('Enter');
    await drawn(page);
  }
  assert.deepEqual(order, [...order].sort((a, b) => a - b));
  await input.fill('{ span.http.response.status_code = 504 }');
  await page.getByTestId('find-count').getByText('2 of').waitFor();
  await input.fill('there is no such word');
  await page.getByTestId('find-count').getByText('0 of').waitFor();
  // Only the server knows the messages.
  await input.fill('deadline exceeded');
  await page.getByTestId('find-count').getByText('2 of').waitFor();
  await input.fill('{ status = }');
  await page.locator('.find-count .field-error').waitFor();
  await input.press('Escape');
  assert.equal(await scene(page, 'scene.matched'), null);
});

test('Trace: parents that were not received are shown as such', async (s) => {
  const lost = s.trace('dropped-baton');
  const page = await s.open(`/t/${lost.traceId}`);
  await page.getByText('incomplete: 1 parent not received').waitFor();
  await rowsOf(page).filter({ hasText: 'parent not received' }).first().waitFor();
  assert.equal(await rowsOf(page).filter({ hasText: 'parent not received' }).count(), lost.truth.missing.length);
  await rowsOf(page).filter({ hasText: 'parent not received' }).click();
  await page.getByRole('complementary').getByText(lost.truth.missing[0]).waitFor();
});

test('Trace: equal siblings fold with their cost, errors never', async (s) => {
  const many = s.trace('n-plus-one');
  const page = await s.open(`/t/${many.traceId}`);
  const row = rowsOf(page).filter({ hasText: /24 times, total/ });
  await row.waitFor();
  const before = await scene(page, 'scene.rows.count');
  const rows = (check) => eventually(async () => assert.ok(check(await scene(page, 'scene.rows.count')), String(await scene(page, 'scene.rows.count'))));
  await row.dblclick({ position: { x: 100, y: 10 } });
  await rows((count) => count === before + 24);
  await page.keyboard.press('[');
  await rows((count) => count < before);
  await page.keyboard.press(']');
  await rows((count) => count === before);
  const siblings = await s.open(`/t/${s.store.special.siblings.traceId}`);
  await rowsOf(siblings).filter({ hasText: /error/ }).waitFor();
  assert.equal(await scene(siblings, 'scene.rows.count'), 4);
});

test('Trace: hostile text stays text', async (s) => {
  const page = await s.open(`/t/${s.store.special.hostile.traceId}`);
  await waitForRows(page, 5);
  await rowsOf(page).first().click();
  const panel = page.getByRole('complementary');
  await panel.getByText('safe.link').waitFor();
  assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
  assert.equal(await page.locator('img').count(), 0);
  assert.deepEqual(await panel.locator('a[target=_blank]').evaluateAll((links) => links.map((link) => link.href)), ['https://example.org/a?b=c']);
  await page.getByRole('button', { name: 'Table' }).click();
  await page.locator('.table-view tbody tr').first().waitFor();
  const list = await s.open(`/explore?q=${encodeURIComponent('{ resource.service.name = "rtl" }')}`);
  await list.locator('.result').waitFor();
  assert.equal(await list.evaluate(() => globalThis.hacked), undefined);
});

for (const name of ['cycle', 'deep', 'negative', 'missingRoot', 'twoRoots', 'duplicate', 'longAndShort', 'single', 'wide']) {
  test(`Trace: ${name} is drawn and read`, async (s) => {
    const trace = s.store.special[name];
    const page = await s.open(`/t/${trace.traceId}?crit=1`);
    await waitForRows(page);
    assert.equal(await scene(page, 'scene.columns.spanCount'), trace.spans.length);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    await drawn(page);
    await page.keyboard.press('Enter');
    await page.getByRole('complementary').getByRole('tab', { name: /Attributes/ }).waitFor();
  });
}

test('Trace: canvas and treegrid agree', async (s) => {
  for (const path of [`/t/${s.store.special.big100000.traceId}`, `/t/${s.trace('slow-bank').traceId}`]) {
    const page = await s.open(path, { allow: /getImageData/ });
    await waitForRows(page, 10);
    for (const share of [0, 0.37, 0.92]) {
      await scene(page, `waterfall.scrollTo(scene.rows.count * scene.rowHeight * ${share})`);
      const disagreements = () => page.evaluate(() => {
        const host = document.querySelector('.waterfall');
        const { scene: g } = host.waterfall;
        const canvas = host.querySelector('canvas');
        const context = canvas.getContext('2d');
        const ratio = canvas.width / g.width;
        const found = [];
        const pinned = host.waterfall.stickyCount();
        for (const row of document.querySelectorAll('.wf-mirror-row')) {
          const box = row.getBoundingClientRect();
          const top = box.top - host.getBoundingClientRect().top;
          const y = top + box.height / 2;
          if (y < g.rulerHeight + pinned * g.rowHeight || y > g.height - 2) continue;
          const index = Number(row.getAttribute('aria-rowindex')) - 1;
          if (host.waterfall.hit(20, y).row !== index) found.push(`row ${index} is hit elsewhere`);
          const node = g.rows.node[index];
          if (node >= g.columns.spanCount || g.rows.group[index] >= 0) continue;
          const service = g.columns.serviceNames[g.columns.service[node]];
          if (!row.textContent.startsWith(service)) found.push(`row ${index} tells another service`);
          const level = Number(row.getAttribute('aria-level')) - 1;
          const indent = 8 + Math.min(level * 14, g.nameWidth * 0.4) + 18;
          if (level * 14 > g.nameWidth * 0.4) continue;
          const [r, green, b] = context.getImageData(Math.round((indent + 1) * ratio), Math.round(y * ratio), 1, 1).data;
          const hex = `#${[r, green, b].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
          const wanted = g.columns.service[node] >= 0 ? host.waterfall.scene.paints[g.columns.service[node]].solid : '';
          if (hex !== wanted) found.push(`row ${index}: chip is ${hex}, not ${wanted}`);
        }
        return found;
      });
      await eventually(async () => assert.deepEqual(await disagreements(), [], `${path} at ${share}`));
    }
  }
});

test('Trace: drag on the ruler zooms, double click shows everything', async (s) => {
  const page = await s.open(`/t/${s.trace('slow-bank').traceId}`);
  await waitForRows(page, 10);
  const box = await page.getByTestId('waterfall').boundingBox();
  const [left, width] = await scene(page, '[scene.nameWidth + 10, scene.width - scene.nameWidth - 24]');
  await page.mouse.move(box.x + left + width * 0.25, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + left + width * 0.5, box.y + 10, { steps: 4 });
  await page.mouse.up();
  const [from, to] = await scene(page, '[scene.t0 / scene.columns.durationMicros, scene.t1 / scene.columns.durationMicros]');
  assert.ok(Math.abs(from - 0.25) < 0.01 && Math.abs(to - 0.5) < 0.01, `${from} to ${to}`);
  await page.mouse.dblclick(box.x + left + width * 0.5, box.y + 10);
  assert.equal(await scene(page, 'waterfall.isWhole()'), true);
  await page.mouse.move(box.x + left + 50, box.y + 200);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -300);
  await page.keyboard.up('Control');
  assert.equal(await scene(page, 'waterfall.isWhole()'), false);
});
