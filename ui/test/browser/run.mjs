// SPDX-License-Identifier: Apache-2.0
// Browser tests against `waybill serve` (WAYBILL_BIN, or build/dev/waybill), which serves the UI that it was built with.
//
//   node test/browser/run.mjs [part of a name [rounds]]

import { runAll } from './harness.mjs';
import './home.test.mjs';
import './explore.test.mjs';
import './trace.test.mjs';
import './shell.test.mjs';
import './access.test.mjs';
import './speed.test.mjs';

process.exit((await runAll(process.argv[2], Number(process.argv[3] ?? 1))) ? 0 : 1);
