// SPDX-License-Identifier: Apache-2.0
// Runs the unit tests once and ends with one plain line.

import { fileURLToPath } from 'node:url';
import { startVitest } from 'vitest/node';

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = await startVitest('test', process.argv.slice(2), { root, run: true, watch: false, include: ['test/unit/**/*.test.ts'], environment: 'node', testTimeout: 60_000, pool: 'threads', maxWorkers: 2, reporters: ['default'] });
const modules = vitest.state.getTestModules();
let passed = 0;
let failed = 0;
for (const module of modules) {
  // A file that does not load is a failure, though it has no tests.
  if (module.errors().length > 0) failed++;
  for (const test of module.children.allTests()) {
    if (test.result().state === 'passed') passed++;
    else failed++;
  }
}
await vitest.close();
if (passed === 0) failed = Math.max(1, failed);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
