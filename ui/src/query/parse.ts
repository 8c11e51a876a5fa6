// SPDX-License-Identifier: Apache-2.0
// The tree of a span filter. The server has the last word; this reader serves chips, hints and early errors.

import { lexQuery, QueryError, type Token } from './lexer.ts';

export interface Condition {
  kind: 'condition';
  field: string;
  operator: string; // empty: the field stands alone, as in { span.cached }
  value: string; // as written
  start: number;
  end: number;
}

export type Filter = Condition | { kind: 'and' | 'or'; left: Filter; right: Filter } | { kind: 'not'; inner: Filter } | { kind: 'all' };

const DEPTH_MAX = 60;

class Parser {
  private at = 0;

  constructor(private readonly tokens: Token[], private readonly length: number) {}

  parse(): Filter {
    this.take('braceOpen', "a span filter begins with '{'");
    if (this.peek()?.kind === 'braceClose') {
      this.at++;
      this.end();
      return { kind: 'all' };
    }
    const filter = this.parseOr(0);
    this.take('braceClose', "expected '&&', '||' or '}'");
    this.end();
    return filter;
  }

  private peek(): Token | undefined {
    return this.tokens[this.at];
  }

  private place(): number {
    return this.peek()?.start ?? this.length;
  }

  private take(kind: Token['kind'], message: string): Token {
    const token = this.peek();
    if (token?.kind !== kind) throw new QueryError(message, this.place());
    this.at++;
    return token;
  }

  private end(): void {
    if (this.peek() !== undefined) throw new QueryError('nothing is expected after the filter', this.place());
  }

  private parseOr(depth: number): Filter {
    if (depth > DEPTH_MAX) throw new QueryError('nested too deeply', this.place());
    let left = this.parseAnd(depth);
    while (this.peek()?.kind === 'or') {
      this.at++;
      left = { kind: 'or', left, right: this.parseAnd(depth) };
    }
    return left;
  }

  private parseAnd(depth: number): Filter {
    let left = this.parseUnary(depth);
    while (this.peek()?.kind === 'and') {
      this.at++;
      left = { kind: 'and', left, right: this.parseUnary(depth) };
    }
    return left;
  }

  private parseUnary(depth: number): Filter {
    if (depth > DEPTH_MAX) throw new QueryError('nested too deeply', this.place());
    const token = this.peek();
    if (token?.kind === 'not') {
      this.at++;
      return { kind: 'not', inner: this.parseUnary(depth + 1) };
    }
    if (token?.kind === 'open') {
      this.at++;
      const inner = this.parseOr(depth + 1);
      this.take('close', "expected ')'");
      return inner;
    }
    return this.parseCondition();
  }

  private parseCondition(): Condition {
    const field = this.peek();
    if (field === undefined || (field.kind !== 'field' && field.kind !== 'word')) {
      throw new QueryError('expected a field such as name, duration or span.http.route', this.place());
    }
    this.at++;
    if (this.peek()?.kind !== 'operator') {
      return { kind: 'condition', field: field.text, operator: '', value: '', start: field.start, end: field.end };
    }
    const operator = this.tokens[this.at++];
    const value = this.peek();
    if (value === undefined || !['string', 'number', 'word', 'field'].includes(value.kind)) {
      throw new QueryError('expected a value', this.place());
    }
    this.at++;
    return { kind: 'condition', field: field.text, operator: operator.text, value: value.text, start: field.start, end: value.end };
  }
}

export function parseQuery(text: string): Filter {
  return new Parser(lexQuery(text), text.length).parse();
}

// The conditions of a plain conjunction in order, or null where the filter is more than that.
export function conjunction(filter: Filter): Condition[] | null {
  switch (filter.kind) {
    case 'all':
      return [];
    case 'condition':
      return [filter];
    case 'and': {
      const left = conjunction(filter.left);
      const right = conjunction(filter.right);
      return left === null || right === null ? null : [...left, ...right];
    }
    default:
      return null;
  }
}

// A place given in bytes of UTF-8, as the server counts, in UTF-16 units, as text fields count.
export function indexOfByte(text: string, byte: number): number {
  let bytes = 0;
  let index = 0;
  for (const sign of text) {
    if (bytes >= byte) break;
    const code = sign.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    index += sign.length;
  }
  return index;
}
