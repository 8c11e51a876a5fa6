// SPDX-License-Identifier: Apache-2.0
// Checks that no compiler makes: who may import whom, no markup from strings, file sizes, no addresses of others.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const AIM = 400;
const HARD = 800;
const root = fileURLToPath(new URL('..', import.meta.url));

function filesUnder(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}

// Pure checks of one file, so that the lint can be tested itself.
export function checkFile(path, text) {
  const problems = [];
  const say = (problem) => problems.push(`${path}: ${problem}`);
  const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((found) => found[1]);
  const isProduct = path.startsWith('src/');
  if (/^src\/(engine|query|workers)\//.test(path)) {
    for (const name of imports) {
      if (!name.startsWith('.')) say(`imports ${name}; engine, query and workers use no packages`);
      else if (/\.\.\/(app|pages|a11y|api)\//.test(name)) say(`imports ${name}; engine, query and workers do not know the view`);
    }
  }
  if (/^src\/a11y\/treegrid/.test(path) && imports.some((name) => name === 'react')) say('the mirror follows the canvas without a view library');
  if (isProduct && /\.(ts|tsx)$/.test(path)) {
    if (/innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write/.test(text)) say('makes markup from strings');
    if (/\beval\(|new Function\(/.test(text)) say('evaluates text');
    if (/setAttribute\(\s*'style'/.test(text)) say('sets a style attribute, which the content security policy forbids');
    if (/console\.(log|debug)/.test(text)) say('writes to the console');
  }
  if (isProduct && /https?:\/\/(?!www\.w3\.org)[a-z]/i.test(text.replace(/\/\/ .*$/gm, ''))) say('names another origin');
  if (/\.(ts|tsx|mjs|css)$/.test(path) && !/SPDX-License-Identifier: Apache-2\.0/.test(text.slice(0, 200))) say('has no SPDX line');
  const lines = text.split('\n').length;
  const hard = path.endsWith('.css') ? HARD * 1.5 : HARD;
  if (lines > hard) say(`has ${lines} lines, more than ${hard}`);
  return { problems, isLong: lines > AIM && !path.endsWith('.css'), lines };
}

function checkLockfile() {
  const text = readFileSync(join(root, 'package-lock.json'), 'utf8');
  return /"resolved"/.test(text) ? ['package-lock.json: names where packages were fetched from'] : [];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const paths = ['src', 'test', 'tools'].flatMap((folder) => filesUnder(join(root, folder)));
  const problems = checkLockfile();
  for (const path of [...paths, resolve(root, 'vite.config.ts')]) {
    const name = relative(root, path).split('\\').join('/');
    const result = checkFile(name, readFileSync(path, 'utf8'));
    problems.push(...result.problems);
    if (result.isLong) console.log(`${name}: ${result.lines} lines, aim for ${AIM}`);
  }
  for (const problem of problems) console.log(problem);
  console.log(`lint: ${paths.length + 1} files, ${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
