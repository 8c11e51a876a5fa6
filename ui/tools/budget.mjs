// SPDX-License-Identifier: Apache-2.0
// Holds the built files against their size budgets (docs/design/web-ui.md), in KB of gzip.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const dist = join(fileURLToPath(new URL('..', import.meta.url)), process.argv[2] ?? 'dist');
if (!existsSync(join(dist, 'index.html'))) {
  console.log(`budget: ${dist} is not built; run npm run build first`);
  process.exit(1);
}
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const assets = readdirSync(join(dist, 'assets')).map((name) => ({ name, text: readFileSync(join(dist, 'assets', name)) }));
const size = (list) => list.reduce((sum, { text }) => sum + gzipSync(text, { level: 9 }).length, 0) / 1000;
const starting = (prefix) => assets.filter(({ name }) => name.startsWith(prefix) && name.endsWith('.js'));

// A page's chunk and every chunk it pulls in that the shell does not have yet.
function pageChunks(prefix) {
  const found = new Map();
  const visit = (asset) => {
    if (found.has(asset.name) || html.includes(asset.name)) return;
    found.set(asset.name, asset);
    const text = asset.text.toString();
    for (const other of assets) if (other.name.endsWith('.js') && !/worker/.test(other.name) && text.includes(`./${other.name}`) && new RegExp(`from\\s*["'\`]\\./${other.name.replaceAll('.', '\\.')}`).test(text)) visit(other);
  };
  starting(prefix).forEach(visit);
  return [...found.values()];
}

const rows = [
  ['shell, initial JavaScript', size(assets.filter(({ name }) => name.endsWith('.js') && html.includes(name))), 180],
  ['+ Explore', size(pageChunks('explore-page')), 60],
  ['+ Trace, with its worker', size([...pageChunks('trace-page'), ...starting('trace.worker')]), 60],
  ['+ Settings', size(pageChunks('settings-page')), 25],
  ['CSS', size(assets.filter(({ name }) => name.endsWith('.css'))), 20],
  ['everything', size(assets) + gzipSync(html).length / 1000, 700],
];
let over = 0;
for (const [what, kilobytes, budget] of rows) {
  if (kilobytes > budget || kilobytes === 0) over++;
  console.log(`${what.padEnd(28)} ${kilobytes.toFixed(1).padStart(7)} KB gzip of ${budget}${kilobytes > budget ? '  OVER' : kilobytes === 0 ? '  MISSING' : ''}`);
}
console.log(over === 0 ? 'budget: kept' : `budget: ${over} over`);
process.exitCode = over === 0 ? 0 : 1;
