// SPDX-License-Identifier: Apache-2.0
// Takes pictures of every page for people to look at, with the traffic of `waybill generate` and the tests' odd traces:
//
//   node test/browser/look.mjs OUT_FOLDER [pattern of names]

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makeStore } from '../traces/generator.mjs';
import { startFront } from './front.mjs';
import { launch } from './launch.mjs';
import { PROGRAM, stopAll, Waybill } from './server.mjs';

const SIZES = [[1440, 900], [390, 844]];
const [folder = '/tmp/waybill-look', filter = ''] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

const store = makeStore({ traceCount: 40, bigSpans: [100_000], newestMillis: Date.now() - 60_000 });
const full = await Waybill.start();
await full.send(store.traces);
execFileSync(PROGRAM, ['generate', '--endpoint', `http://${full.address('otlp_grpc')}`, '--spans', '4000'], { stdio: 'ignore' });
const shop = await Waybill.start();
execFileSync(PROGRAM, ['generate', '--endpoint', `http://${shop.address('otlp_grpc')}`, '--spans', '2000', '--errors', '0.2'], { stdio: 'ignore' });
const empty = await Waybill.start();
const fronts = { full: await startFront(full, dist), shop: await startFront(shop, dist), empty: await startFront(empty, dist) };
const { traces } = await (await fetch(`${shop.web}/api/w1/search?limit=1&q=${encodeURIComponent('{ status = error }')}`)).json();

const browser = await launch();
const of = (fault) => store.shop.find((trace) => trace.truth.fault === fault);
const q = (text) => `/explore?q=${encodeURIComponent(text)}`;
const pages = {
  home: ['shop', '/'], 'home-many': ['full', '/'], empty: ['empty', '/'], 'empty-explore': ['empty', '/explore'],
  explore: ['shop', '/explore'], 'explore-many': ['full', '/explore'],
  'explore-query': ['full', q('{ resource.service.name = "payment" && duration > 1s }')],
  'explore-fault': ['full', q('{ status = eror }')], 'explore-none': ['full', q('{ name = "nope" && status = error }')],
  trace: ['full', `/t/${of('slow-bank').traceId}?span=${of('slow-bank').truth.slowest}&crit=1`],
  'trace-shop': ['shop', `/t/${traces[0]?.traceId}`], 'trace-lost': ['full', `/t/${of('dropped-baton').traceId}`],
  'trace-find': ['full', `/t/${of('n-plus-one').traceId}?find=${encodeURIComponent('{ resource.service.name = "payment" }')}`],
  'trace-table': ['full', `/t/${of('slow-bank').traceId}?view=table`], 'trace-100k': ['full', `/t/${store.special.big100000.traceId}`],
  'trace-deep': ['full', `/t/${store.special.deep.traceId}`], 'trace-hostile': ['full', `/t/${store.special.hostile.traceId}`],
  'trace-unknown': ['full', '/t/123456789'], settings: ['full', '/settings'], unknown: ['full', '/no/such'],
};
for (const theme of ['light', 'dark']) {
  for (const [width, height] of SIZES) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
    for (const [name, [server, path]] of Object.entries(pages)) {
      const id = `${name}-${theme}-${width}`;
      if (!new RegExp(filter).test(id)) continue;
      const page = await context.newPage();
      page.on('pageerror', (error) => console.log(id, error.stack));
      await page.goto(fronts[server].url + path);
      await page.locator('.status-line').waitFor();
      await page.waitForTimeout(name.includes('100k') ? 4000 : 1200);
      await page.screenshot({ path: `${folder}/${id}.png` });
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
for (const front of Object.values(fronts)) front.close();
await stopAll(false);
