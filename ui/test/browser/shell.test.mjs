// SPDX-License-Identifier: Apache-2.0
import { assert, eventually, pause, settled, test, waitForRows } from './harness.mjs';

test('Shell: the server sends the strict policy and hashed, immutable assets', async (s) => {
  const answer = await fetch(`${s.base}/`);
  assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'; script-src 'self'; style-src 'self'/);
  const html = await answer.text();
  assert.doesNotMatch(html, /<script(?![^>]*src=)|<style|\sstyle=|\son\w+=/);
  const asset = /\/assets\/[^"]+\.js/.exec(html)[0];
  assert.match(asset, /-[\w-]{8}\.js$/);
  assert.match((await fetch(s.base + asset)).headers.get('cache-control') ?? '', /immutable/);
  assert.equal((await fetch(`${s.base}/t/abc`)).status, 200);
});

for (const [text, address] of [
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', /\/t\/4bf92f3577b34da6a3ce929d0e0e4736\?span=00f067aa0ba902b7/],
  ['{ status = error }', /\/explore\?q=%7B\+status\+%3D\+error\+%7D/],
  ['level=warn trace_id=4bf92f3577b34da6a3ce929d0e0e4736 msg=slow', /\/t\/4bf92f3577b34da6a3ce929d0e0e4736/],
]) {
  test(`Shell: search anything takes ${text.slice(0, 24)}`, async (s) => {
    const page = await s.open('/', { allow: /404/ });
    await page.keyboard.press('/');
    await page.keyboard.insertText(text);
    await page.getByRole('option').first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(address);
  });
}

test('Shell: palette and help', async (s) => {
  const page = await s.open('/');
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Command palette' }).waitFor();
  await page.keyboard.type('settin');
  await page.keyboard.press('Enter');
  await page.waitForURL(/settings/);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard help' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: 'Keyboard help' }).waitFor({ state: 'detached' });
});

test('Shell: theme and density are kept', async (s) => {
  const page = await s.open('/settings');
  await page.getByRole('group', { name: 'Theme' }).getByRole('button', { name: 'Dark' }).click();
  await page.getByRole('button', { name: 'Comfortable' }).click();
  await page.reload();
  assert.deepEqual(await page.evaluate(() => ({ ...document.documentElement.dataset })), { theme: 'dark', density: 'comfortable' });
});

test('Shell: every time follows the zone, and names it', async (s) => {
  const page = await s.open(`/t/${s.trace('slow-bank').traceId}`);
  await waitForRows(page);
  const times = () => page.locator('time').allInnerTexts();
  const berlin = await times();
  assert.ok(berlin.length >= 1);
  for (const time of berlin) assert.match(time, /UTC\+[12]$/);
  await page.getByRole('button', { name: /Time zone/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'UTC' }).click();
  for (const time of await times()) assert.match(time, /UTC$/);
  assert.notDeepEqual(await times(), berlin);
  const shared = await s.open(`/t/${s.trace('slow-bank').traceId}?tz=Asia/Tokyo`);
  await waitForRows(shared);
  for (const time of await shared.locator('time').allInnerTexts()) assert.match(time, /UTC\+9$/);
});

test('Shell: single keys can be switched off', async (s) => {
  const page = await s.open('/settings');
  await page.getByRole('checkbox').uncheck();
  await page.locator('h1').click();
  await page.keyboard.press('?');
  await pause(page, 150);
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Command palette' }).waitFor();
});

test('Shell: a server that goes away and comes back', { server: 'own' }, async (s) => {
  await s.server.send(s.store.shop.slice(0, 5));
  const page = await s.open('/explore', { allow: /ERR_|Failed to load/ });
  await eventually(async () => assert.equal(await page.locator('.result').count(), 5));
  await s.server.stop();
  await page.getByText('The server does not answer').first().waitFor();
  assert.equal(await page.locator('.result').count(), 5, 'what was read stays');
  await s.server.restart();
  await page.locator('.status-away').waitFor({ state: 'detached' });
  await page.locator('.result').first().click();
  await waitForRows(page, 5);
});

test('Shell: Back and Forward', async (s) => {
  const page = await s.open('/');
  await page.getByRole('link', { name: 'Explore' }).click();
  await page.locator('.result').first().waitFor();
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.goBack();
  await page.locator('.result').first().waitFor();
  await page.goBack();
  await page.getByRole('heading', { name: 'Services' }).waitFor();
  await page.goForward();
  await page.locator('.result').first().waitFor();
});

test('Shell: an unknown page says so', async (s) => {
  const page = await s.open('/no/such/page');
  await page.getByText('There is no such page').waitFor();
});

test('Shell: nothing runs over the edge', async (s) => {
  const page = await s.open('/');
  for (const [path, ready] of [['/', '.services tbody tr'], ['/explore', '.result'], ['/settings', '.settings'], [`/t/${s.trace('slow-bank').traceId}`, '.wf-mirror-row']]) {
    await s.visit(page, path);
    await page.locator(ready).first().waitFor();
    for (const width of [320, 390, 1024]) {
      await page.setViewportSize({ width, height: 740 });
      await settled(page);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${path} is ${over} pixels too wide at ${width}`);
    }
  }
});
