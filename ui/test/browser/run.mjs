// SPDX-License-Identifier: Apache-2.0
// Browser tests: against WAYBILL_UI_BASE_URL, or against the mock server and the built files.
//
//   node test/browser/run.mjs [part of a name]

import { runAll } from './harness.mjs';
import './explore.test.mjs';
import './trace.test.mjs';
import './shell.test.mjs';
import './access.test.mjs';
import './speed.test.mjs';

process.exit((await runAll(process.argv[2])) ? 0 : 1);
