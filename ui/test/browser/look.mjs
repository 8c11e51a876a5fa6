// SPDX-License-Identifier: Apache-2.0
// Takes pictures of every page for people to look at: node test/browser/look.mjs OUT_FOLDER [filter]
import { mkdirSync } from 'node:fs';
import { startMock } from '../mock/server.mjs';
import { launch } from './launch.mjs';

const [folder = '/tmp/waybill-look', filter = ''] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const mock = await startMock({ bigSpans: [100_000], newestMillis: Date.now() });
const browser = await launch();
const slow = mock.store.shop.find((trace) => trace.truth.fault === 'slow-bank');
const lost = mock.store.shop.find((trace) => trace.truth.fault === 'dropped-baton');
const nplus = mock.store.shop.find((trace) => trace.truth.fault === 'n-plus-one');
const pages = {
  home: '/', explore: '/explore', 'explore-query': `/explore?q=${encodeURIComponent('{ resource.service.name = "payment" && duration > 1s }')}`,
  'explore-fault': `/explore?q=${encodeURIComponent('{ status = eror }')}`, 'explore-none': `/explore?q=${encodeURIComponent('{ name = "nope" }')}`,
  trace: `/t/${slow.traceId}?span=${slow.truth.slowest}&crit=1`, 'trace-lost': `/t/${lost.traceId}`, 'trace-find': `/t/${nplus.traceId}?find=${encodeURIComponent('{ resource.service.name = "payment" }')}`, 'trace-nplus': `/t/${nplus.traceId}`,
  'trace-table': `/t/${slow.traceId}?view=table`, 'trace-100k': `/t/${mock.store.special.big100000.traceId}`, 'trace-deep': `/t/${mock.store.special.deep.traceId}`, 'trace-hostile': `/t/${mock.store.special.hostile.traceId}`, settings: '/settings', empty: '/',
};
for (const theme of ['light', 'dark']) {
  for (const [width, height] of [[1440, 900], [1024, 768], [375, 740]]) {
    for (const [name, path] of Object.entries(pages)) {
      const id = `${name}-${theme}-${width}`;
      if (filter !== '' && !new RegExp(filter).test(id)) continue;
      mock.faults.empty = name === 'empty';
      const page = await browser.newPage({ viewport: { width, height }, colorScheme: theme });
      page.on('console', (message) => ['error', 'warning'].includes(message.type()) && console.log(id, message.text()));
      page.on('pageerror', (error) => console.log(id, error.stack));
      await page.goto(mock.url + path);
      await page.waitForTimeout(name.includes('100k') ? 1500 : 700);
      await page.screenshot({ path: `${folder}/${id}.png` });
      await page.close();
    }
  }
}
await browser.close();
await mock.close();
