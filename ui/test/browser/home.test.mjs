// SPDX-License-Identifier: Apache-2.0
import { assert, test } from './harness.mjs';

const results = (page) => page.locator('.result');

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

test('Home: waiting for the first span turns green by itself', { server: 'own', alone: true }, async (s) => {
  const page = await s.open('/');
  await page.getByText('Waiting for the first span').waitFor();
  await page.getByText(s.server.address('otlp_http')).first().waitFor();
  const shell = page.locator('pre').first();
  assert.ok((await shell.innerText()).includes(`OTEL_EXPORTER_OTLP_ENDPOINT=http://${s.server.address('otlp_http')}`));
  await page.getByRole('button', { name: 'gRPC', exact: true }).click();
  assert.ok((await shell.innerText()).includes(`OTEL_EXPORTER_OTLP_ENDPOINT=http://${s.server.address('otlp_grpc')}`));
  await page.getByRole('button', { name: 'Copy: Shell' }).click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^export OTEL_SERVICE_NAME/);
  await s.server.send([s.store.special.single]);
  await page.getByText('The first span has arrived').first().waitFor({ timeout: 2500 });
  await page.getByRole('link', { name: 'See the traces' }).click();
  await results(page).first().waitFor();
});
