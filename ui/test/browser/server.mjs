// SPDX-License-Identifier: Apache-2.0
// The program under test: `waybill serve` on free ports, with a data folder of its own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { toOtlp } from '../traces/generator.mjs';

export const PROGRAM = resolve(process.env.WAYBILL_BIN ?? fileURLToPath(new URL('../../../build/dev/waybill', import.meta.url)));
const SPANS_PER_REQUEST = 5000;
const START_MILLIS_MAX = 30_000;
const SHOWN_MILLIS_MAX = 30_000;
const PORTS = ['otlp_grpc', 'otlp_http', 'web'];

// Data and logs of all servers of this run; kept where a test fails.
export const folder = mkdtempSync(join(tmpdir(), 'waybill-ui-'));
const running = new Set();
let started = 0;

export class Waybill {
  #folder;
  #process = null;
  #ports = Object.fromEntries(PORTS.map((name) => [name, 0]));

  static async start() {
    const server = new Waybill();
    server.#folder = join(folder, String(++started));
    await server.restart();
    return server;
  }

  // Starts it again over the same data and on the ports that it had.
  async restart() {
    if (!existsSync(PROGRAM)) throw new Error(`there is no ${PROGRAM}: build it first, or name it in WAYBILL_BIN`);
    const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WAYBILL_')));
    for (const name of PORTS) environment[`WAYBILL_LISTEN_${name.toUpperCase()}`] = `127.0.0.1:${this.#ports[name]}`;
    this.#process = spawn(PROGRAM, ['serve', '--data', this.#folder], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
    running.add(this);
    this.#process.stderr.pipe(createWriteStream(`${this.#folder}.log`, { flags: 'a' }));
    await this.#listening();
  }

  async #listening() {
    const lines = createInterface({ input: this.#process.stderr });
    const missing = new Set(PORTS);
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the server does not listen; see ${this.#folder}.log`)), START_MILLIS_MAX);
      this.#process.once('error', reject);
      this.#process.once('exit', (code) => reject(new Error(`the server ended with ${code}; see ${this.#folder}.log`)));
      lines.on('line', (line) => {
        const [, name, port] = /\blistening listener=(\w+) address=127\.0\.0\.1:(\d+)/.exec(line) ?? [];
        if (name === undefined) return;
        this.#ports[name] = Number(port);
        missing.delete(name);
        if (missing.size > 0) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  get web() {
    return `http://127.0.0.1:${this.#ports.web}`;
  }

  address(name) {
    return `127.0.0.1:${this.#ports[name]}`;
  }

  async stop() {
    if (!running.delete(this)) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const [code, signal] = await exit;
    assert.equal(code ?? signal, 0, `the server did not end as it should; see ${this.#folder}.log`);
  }

  // For a run that ends early: nothing is left running.
  kill() {
    this.#process.kill('SIGKILL');
  }

  async #status() {
    return (await fetch(`${this.web}/api/w1/status`)).json();
  }

  // Sends traces over OTLP and waits until they are counted, so that every answer from then on has them.
  async send(traces) {
    const wanted = (await this.#status()).traces + traces.length;
    for (const trace of traces) {
      for (const request of parts(toOtlp(trace))) {
        const answer = await fetch(`http://${this.address('otlp_http')}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) });
        assert.ok(answer.ok, `the server took no spans: ${answer.status} ${await answer.text()}`);
      }
    }
    const end = performance.now() + SHOWN_MILLIS_MAX;
    while ((await this.#status()).traces < wanted) {
      if (performance.now() > end) throw new Error('the server does not show the traces that it took');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

// A large export in requests of at most SPANS_PER_REQUEST spans.
function parts({ resourceSpans }) {
  return resourceSpans.flatMap(({ resource, scopeSpans: [{ scope, spans }] }) => {
    const list = [];
    for (let at = 0; at < spans.length; at += SPANS_PER_REQUEST) list.push({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.slice(at, at + SPANS_PER_REQUEST) }] }] });
    return list;
  });
}

export async function stopAll(keep) {
  for (const server of [...running]) await server.stop();
  if (!keep) rmSync(folder, { recursive: true, force: true });
}

process.once('exit', () => {
  for (const server of running) server.kill();
});
