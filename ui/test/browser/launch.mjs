// SPDX-License-Identifier: Apache-2.0
import { chromium } from 'playwright-core';

export const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export function launch() {
  return chromium.launch({ executablePath: process.env.WAYBILL_UI_CHROMIUM ?? '/usr/bin/chromium', args: FLAGS, headless: true });
}
