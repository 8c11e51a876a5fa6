// SPDX-License-Identifier: Apache-2.0
// Puts a built UI in front of a running program that was built with another one: files come from the folder, and every
// other request goes through to the program. Our own UI gets the headers that the program sends for its page; `change` is
// for a foreign one, whose page its own server would fill in.

import { readFile } from 'node:fs/promises';
import { createServer, request as send } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.ico': 'image/x-icon', '.woff2': 'font/woff2', '.wasm': 'application/wasm' };
const KEPT = ['content-security-policy', 'x-content-type-options', 'referrer-policy', 'cross-origin-opener-policy', 'cross-origin-resource-policy'];

export async function startFront(server, dist, change = null) {
  const page = await fetch(`${server.web}/`);
  const headers = Object.fromEntries(KEPT.filter((name) => change === null && page.headers.has(name)).map((name) => [name, page.headers.get(name)]));

  async function sendFile(path, response) {
    const wanted = normalize(path).replace(/^([/\\.])+/, '');
    const file = extname(wanted) in TYPES ? wanted : 'index.html';
    const body = await readFile(join(dist, file)).catch(() => null);
    if (body === null) response.writeHead(404).end();
    else response.writeHead(200, { ...headers, 'content-type': TYPES[extname(file)], 'cache-control': file.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache' }).end(file === 'index.html' && change !== null ? change(String(body)) : body);
  }

  function pass(request, response) {
    const onward = send(server.web + request.url, { method: request.method, headers: { ...request.headers, host: new URL(server.web).host } }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.once('error', () => response.destroy());
    request.pipe(onward);
  }

  const front = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://front');
    if (/^\/(api|healthz|readyz|metrics)\b/.test(pathname)) pass(request, response);
    else void sendFile(pathname, response);
  });
  await new Promise((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${front.address().port}`,
    close: () => {
      front.close();
      front.closeAllConnections();
    },
  };
}
