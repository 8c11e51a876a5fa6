// SPDX-License-Identifier: Apache-2.0
import { assert, axe, drawn, pause, rowsOf, scene, settled, test, waitForRows } from './harness.mjs';

for (const theme of ['light', 'dark']) {
  test(`Access: no violations on any page, ${theme}`, async (s) => {
    const slow = s.trace('slow-bank');
    const page = await s.open('/', { theme });
    for (const [path, ready] of [
      ['/', '.services tbody tr'],
      ['/explore', '.result'],
      [`/explore?q=${encodeURIComponent('{ name = "none" && status = error }')}`, '.empty'],
      ['/settings', '.settings'],
      [`/t/${slow.traceId}`, '.legend'],
      [`/t/${slow.traceId}?span=${slow.truth.slowest}&crit=1`, '.attribute'],
      [`/t/${slow.traceId}?view=table`, '.table-view tbody tr'],
      [`/t/${s.store.special.hostile.traceId}`, '.wf-mirror-row'],
      ['/no/such', '.empty'],
    ]) {
      await s.visit(page, path);
      await page.locator(ready).first().waitFor();
      await settled(page);
      await axe(page, `${path} ${theme}`);
    }
  });

  test(`Access: no violations in dialogs, popovers and faults, ${theme}`, async (s) => {
    const page = await s.open(`/explore?q=${encodeURIComponent('{ status = eror }')}`, { theme, allow: /400/ });
    await page.locator('.query-fault').waitFor();
    await axe(page, 'query fault');
    await page.getByRole('button', { name: /Time range/ }).click();
    await axe(page, 'time range');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /Time zone/ }).click();
    await axe(page, 'time zone');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await axe(page, 'palette');
    await page.keyboard.press('Escape');
    const form = await s.open('/explore', { theme });
    await form.locator('.result').first().waitFor();
    await form.getByRole('button', { name: 'Add a condition' }).click();
    await form.getByRole('button', { name: 'Attribute' }).click();
    await axe(form, 'condition');
    await form.keyboard.press('Escape');
    await form.locator('.result').first().focus();
    await form.keyboard.press('?');
    await form.getByRole('dialog', { name: 'Keyboard help' }).waitFor();
    await axe(form, 'help');
  });

  test(`Access: no violations while nothing is stored or the server is away, ${theme}`, { server: 'own' }, async (s) => {
    const page = await s.open('/', { theme, allow: /ERR_|Failed to load/ });
    await page.getByText('Waiting for the first span').waitFor();
    await axe(page, 'onboarding');
    await s.server.stop();
    await page.locator('.status-away').waitFor();
    await axe(page, 'away');
  });
}

test('Access: the treegrid tells what the picture shows', async (s) => {
  const slow = s.trace('slow-bank');
  const page = await s.open(`/t/${slow.traceId}?crit=1`);
  await waitForRows(page, 10);
  const grid = page.getByRole('treegrid', { name: 'Spans' });
  const count = Number(await grid.getAttribute('aria-rowcount'));
  assert.equal(count, slow.spans.length);
  const text = await rowsOf(page).filter({ hasText: 'payment POST /authorize' }).first().textContent();
  assert.match(text, /^payment POST \/authorize.*seconds, \d+ percent of trace, on critical path, error, level 4, row \d+ of \d+$/);
  assert.equal(await page.locator('.wf-mirror-row[tabindex="0"]').count(), 1);
  assert.ok((await rowsOf(page).count()) <= 61);
  assert.equal(await page.locator('.waterfall > canvas').getAttribute('aria-hidden'), 'true');
});

test('Access: results of a search are announced', async (s) => {
  const page = await s.open('/explore');
  await page.locator('.result').first().waitFor();
  await page.waitForFunction(() => /traces found/.test(document.querySelector('.sr-only[role=status]')?.textContent ?? ''));
});

test('Access: targets are at least 24 pixels high', async (s) => {
  const slow = s.trace('slow-bank');
  const page = await s.open('/');
  for (const [path, ready] of [['/', '.services tbody tr'], ['/explore', '.result'], ['/settings', '.settings'], [`/t/${slow.traceId}?span=${slow.truth.slowest}`, '.attribute']]) {
    await s.visit(page, path);
    await page.locator(ready).first().waitFor();
    await settled(page);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll('button, a, input, select, [role=tab]')]
        .filter((element) => element.checkVisibility() && !element.closest('p, dd .fact, .skip') && !element.classList.contains('skip') && !element.classList.contains('text-button'))
        .map((element) => [element, element.getBoundingClientRect()])
        .filter(([element, box]) => box.height > 0 && box.height < 24 && !(element instanceof HTMLInputElement && element.type === 'checkbox'))
        .map(([element, box]) => `${element.className} ${element.textContent.slice(0, 20)} ${box.height}`),
    );
    assert.deepEqual(small, [], path);
  }
});

test('Access: reduced motion is obeyed', async (s) => {
  const page = await s.open(null);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto(`${s.base}/t/${s.trace('slow-bank').traceId}`);
  await waitForRows(page, 5);
  const span = () => scene(page, 'scene.t1 - scene.t0');
  const before = await span();
  await page.keyboard.press('w');
  await drawn(page);
  const after = await span();
  assert.ok(after < before, 'one step at once');
  await pause(page, 150);
  assert.equal(await span(), after);
});
