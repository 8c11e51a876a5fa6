// SPDX-License-Identifier: Apache-2.0
// Words of a TraceQL span filter, with their places in the text.

export type TokenKind = 'field' | 'operator' | 'string' | 'number' | 'word' | 'and' | 'or' | 'not' | 'open' | 'close' | 'braceOpen' | 'braceClose';

export interface Token {
  kind: TokenKind;
  text: string;
  start: number;
  end: number;
}

export class QueryError extends Error {
  override name = 'QueryError';
  constructor(message: string, readonly position: number) {
    super(message);
  }
}

const OPERATORS = ['!=', '=~', '!~', '>=', '<=', '=', '>', '<'];
const SCOPED = /(?:(?:span|resource|event|link|instrumentation|parent)\.|\.)(?:"(?:[^"\\]|\\.)*"|[^\s{}()=!<>~&|"',:`]+(?:\.?"(?:[^"\\]|\\.)*")?)+/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:(?:ns|us|µs|ms|s|m|h)(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))*)?/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*(?::[A-Za-z_]+)?/y;
const STRING = /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y;

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

export function lexQuery(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const push = (kind: TokenKind, size: number) => {
    tokens.push({ kind, text: text.slice(at, at + size), start: at, end: at + size });
    at += size;
  };
  while (at < text.length) {
    const sign = text[at];
    if (/\s/.test(sign)) {
      at++;
      continue;
    }
    const operator = OPERATORS.find((candidate) => text.startsWith(candidate, at));
    const scoped = match(SCOPED, text, at);
    if (scoped !== null) push('field', scoped.length);
    else if (text.startsWith('&&', at)) push('and', 2);
    else if (text.startsWith('||', at)) push('or', 2);
    else if (operator !== undefined) push('operator', operator.length);
    else if (sign === '!') push('not', 1);
    else if (sign === '(') push('open', 1);
    else if (sign === ')') push('close', 1);
    else if (sign === '{') push('braceOpen', 1);
    else if (sign === '}') push('braceClose', 1);
    else if (sign === '"' || sign === '`') {
      const value = match(STRING, text, at);
      if (value === null) throw new QueryError('this string has no end', at);
      push('string', value.length);
    } else {
      const number = match(NUMBER, text, at);
      const word = number === null ? match(WORD, text, at) : null;
      if (number !== null) push('number', number.length);
      else if (word !== null) push('word', word.length);
      else throw new QueryError(`'${sign}' is not expected here`, at);
    }
  }
  return tokens;
}
