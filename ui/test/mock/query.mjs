// SPDX-License-Identifier: Apache-2.0
// Enough of the span filter to answer the UI: conditions, && || !, parentheses.

import { resourceOf } from './view.mjs';

export class QueryFault extends Error {
  constructor(message, position) {
    super(message);
    this.position = position;
  }
}

const TOKEN = /\s*(?:(&&|\|\||[!<>]=|=~|!~|[{}()=<>!])|("(?:[^"\\]|\\.)*"|`[^`]*`)|(-?\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h)?(?![\w.]))|((?:[A-Za-z_]|\.[A-Za-z_"])(?:"(?:[^"\\]|\\.)*"|[^\s{}()=!<>~&|"',`])*))/uy;

export function parse(text) {
  const tokens = [];
  TOKEN.lastIndex = 0;
  let at = 0;
  while (text.slice(at).trim() !== '') {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    const bytes = (index) => Buffer.byteLength(text.slice(0, index));
    if (found === null) throw new QueryFault(`'${text.slice(at).trim()[0]}' is not expected here`, bytes(at + (text.slice(at).length - text.slice(at).trimStart().length)));
    tokens.push({ sign: found[1], string: found[2], number: found[3], word: found[4], at: bytes(found.index + found[0].length - found[0].trimStart().length) });
    at = TOKEN.lastIndex;
  }
  let i = 0;
  const place = () => tokens[i]?.at ?? Buffer.byteLength(text);
  const need = (sign, message) => {
    if (tokens[i]?.sign !== sign) throw new QueryFault(message, place());
    i++;
  };
  const unary = () => {
    if (tokens[i]?.sign === '!') {
      i++;
      const inner = unary();
      return (span) => !inner(span);
    }
    if (tokens[i]?.sign === '(') {
      i++;
      const inner = or();
      need(')', "expected ')'");
      return inner;
    }
    const field = tokens[i]?.word;
    if (field === undefined) throw new QueryFault('expected a field', place());
    const fieldAt = tokens[i].at;
    i++;
    const read = reader(field, fieldAt);
    const operator = tokens[i]?.sign;
    if (!['=', '!=', '>', '<', '>=', '<=', '=~', '!~'].includes(operator)) return (span) => read(span) === true;
    i++;
    const token = tokens[i];
    if (token === undefined || token.sign !== undefined) throw new QueryFault('expected a value', place());
    i++;
    return compare(read, operator, valueOf(token, field), token.at);
  };
  const and = () => {
    let left = unary();
    while (tokens[i]?.sign === '&&') {
      i++;
      const a = left;
      const b = unary();
      left = (span) => a(span) && b(span);
    }
    return left;
  };
  function or() {
    let left = and();
    while (tokens[i]?.sign === '||') {
      i++;
      const a = left;
      const b = and();
      left = (span) => a(span) || b(span);
    }
    return left;
  }
  need('{', "expected '{'");
  if (tokens[i]?.sign === '}') {
    i++;
    return () => true;
  }
  const filter = or();
  need('}', "expected '}'");
  if (i < tokens.length) throw new QueryFault('nothing is expected after the filter', place());
  return filter;
}

const UNITS = { ns: 1, us: 1e3, 'µs': 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12 };

function valueOf(token, field) {
  if (token.string !== undefined) return token.string.startsWith('`') ? token.string.slice(1, -1) : token.string.slice(1, -1).replace(/\\(.)/g, (_, sign) => ({ n: '\n', t: '\t', r: '\r' })[sign] ?? sign);
  if (token.number !== undefined) {
    const [, digits, unit] = /^(-?[\d.]+)(.*)$/.exec(token.number);
    return unit ? Number(digits) * UNITS[unit] : Number(digits);
  }
  if (token.word === 'true' || token.word === 'false') return token.word === 'true';
  if (field === 'status' && !['ok', 'error', 'unset'].includes(token.word)) throw new QueryFault(`unknown status '${token.word}'; one of unset, ok, error`, token.at);
  return token.word;
}

function plain(attribute) {
  if (attribute === undefined) return undefined;
  return attribute.type === 'int' ? Number(attribute.value) : attribute.value;
}

function reader(field, at) {
  if (['name', 'kind', 'status', 'duration'].includes(field)) return (span) => span[field];
  if (field === 'statusMessage') return (span) => span.message;
  const found = /^(span|resource|event|link|instrumentation)?\.(.*)$/s.exec(field);
  if (found === null) throw new QueryFault(`unknown field '${field}'`, at);
  const key = found[2].startsWith('"') ? found[2].slice(1, -1).replace(/\\(.)/g, '$1') : found[2];
  const own = (span) => plain(span.attributes.find((a) => a.key === key));
  const resource = (span) => plain(resourceOf(span).find((a) => a.key === key));
  if (found[1] === 'span') return own;
  if (found[1] === 'resource') return resource;
  if (found[1] === 'event') return (span) => plain(span.events.flatMap((event) => event.attributes).find((a) => a.key === key));
  if (found[1] === 'link') return (span) => plain(span.links.flatMap((link) => link.attributes).find((a) => a.key === key));
  if (found[1] === 'instrumentation') return () => undefined;
  return (span) => own(span) ?? resource(span);
}

function compare(read, operator, value, at) {
  switch (operator) {
    case '=': return (span) => read(span) === value;
    case '!=': return (span) => read(span) !== undefined && read(span) !== value;
    case '>': return (span) => read(span) > value;
    case '<': return (span) => read(span) < value;
    case '>=': return (span) => read(span) >= value;
    case '<=': return (span) => read(span) <= value;
    default: {
      let pattern;
      try {
        pattern = new RegExp(`^(?:${value})$`, 's');
      } catch {
        throw new QueryFault('not a regular expression', at);
      }
      return (span) => read(span) !== undefined && pattern.test(String(read(span))) === (operator === '=~');
    }
  }
}
