// SPDX-License-Identifier: Apache-2.0
// Attributes by namespace, with copy and "filter by this". Text is only ever set as text; only http and https are links.

import { Link } from '@tanstack/react-router';
import { Fragment, useState } from 'react';
import type { Attribute } from '../../api/types.ts';
import { Icon } from '../../app/icons.tsx';
import { CopyButton } from '../../app/ui.tsx';
import { attributeField, literalOf, printQuery } from '../../query/builder.ts';

const VALUE_SHOWN = 600;

export function valueText(attribute: Attribute): string {
  const { type, value } = attribute;
  if (type === 'empty') return '(empty)';
  if (type === 'array' || type === 'kvlist') return JSON.stringify(plainOf(attribute), null, 1);
  return String(value);
}

function plainOf(attribute: { type: string; value: unknown }): unknown {
  if (attribute.type === 'array' && Array.isArray(attribute.value)) return attribute.value.map((item) => plainOf(item as Attribute));
  if (attribute.type === 'kvlist' && Array.isArray(attribute.value)) return Object.fromEntries((attribute.value as Attribute[]).map((item) => [item.key, plainOf(item)]));
  return attribute.value;
}

// The address of a link, or null for anything that is not plainly http or https.
export function safeLink(text: string): string | null {
  if (!/^https?:\/\/[^\s]+$/i.test(text) || text.length > 4000) return null;
  try {
    const url = new URL(text);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
  } catch {
    return null;
  }
}

function namespaceOf(key: string): string {
  const dot = key.indexOf('.');
  return dot > 0 && dot < 40 ? key.slice(0, dot) : '';
}

export function groupByNamespace(attributes: Attribute[]): [string, Attribute[]][] {
  const groups = new Map<string, Attribute[]>();
  for (const attribute of attributes) {
    const name = namespaceOf(attribute.key);
    const list = groups.get(name);
    if (list === undefined) groups.set(name, [attribute]);
    else list.push(attribute);
  }
  return [...groups].sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a.localeCompare(b)));
}

function Value({ attribute }: { attribute: Attribute }) {
  const [isWhole, setWhole] = useState(false);
  const text = valueText(attribute);
  const link = attribute.type === 'string' ? safeLink(text) : null;
  const shown = isWhole ? text : text.slice(0, VALUE_SHOWN);
  return (
    <>
      <bdi className={`value value-${attribute.type}`}>
        {link === null ? (
          shown
        ) : (
          <a href={link} target="_blank" rel="noopener noreferrer">
            {shown}
          </a>
        )}
      </bdi>
      {text.length > VALUE_SHOWN && (
        <button type="button" className="text-button" onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'less' : `all ${text.length.toLocaleString('en')} characters`}
        </button>
      )}
    </>
  );
}

// A name that breaks behind its dots and underscores before it breaks inside a word.
function Breakable({ text }: { text: string }) {
  return text.split(/(?<=[._/:-])/).map((part, index) => (
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

type Scope = 'span' | 'resource' | 'event' | 'link' | 'instrumentation';

function AttributeRow({ attribute, scope }: { attribute: Attribute; scope: Scope }) {
  const literal = literalOf(attribute.type, attribute.value);
  return (
    <div className="attribute">
      <dt>
        <bdi>
          <Breakable text={attribute.key.slice(0, 300)} />
        </bdi>
      </dt>
      <dd>
        <div className="attribute-value">
          <Value attribute={attribute} />
        </div>
        <div className="attribute-tools">
          {literal !== null && literal.length < 1000 && (
            <Link className="icon-button" to="/explore" search={{ q: printQuery([{ field: attributeField(scope, attribute.key), operator: '=', value: literal }]) }} aria-label={`Find traces with this ${attribute.key.slice(0, 80)}`} title="Filter by this" preload={false}>
              <Icon name="filter" size={14} />
            </Link>
          )}
          <CopyButton text={() => valueText(attribute)} label={`Copy the value of ${attribute.key.slice(0, 80)}`} />
        </div>
      </dd>
    </div>
  );
}

export function AttributeSearch({ text, onText }: { text: string; onText: (text: string) => void }) {
  return <input className="attribute-search" type="search" aria-label="Search attributes" placeholder="Search attributes" value={text} onInput={(event) => onText(event.currentTarget.value)} />;
}

export function AttributeList({ scope, attributes, search, none, dropped = 0 }: { scope: Scope; attributes: Attribute[]; search: string; none: string; dropped?: number }) {
  const wanted = search.trim().toLowerCase();
  const found = wanted === '' ? attributes : attributes.filter((attribute) => attribute.key.toLowerCase().includes(wanted) || valueText(attribute).toLowerCase().includes(wanted));
  if (attributes.length === 0) return <p className="soft">{none}</p>;
  return (
    <>
      {found.length === 0 && <p className="soft">No attribute matches “{search}”.</p>}
      {groupByNamespace(found).map(([name, list]) => (
        <section key={name} className="namespace">
          <h3>{name === '' ? 'other' : <bdi>{name.slice(0, 60)}</bdi>}</h3>
          <dl>
            {list.map((attribute, index) => (
              <AttributeRow key={`${index} ${attribute.key}`} attribute={attribute} scope={scope} />
            ))}
          </dl>
        </section>
      ))}
      {dropped > 0 && <p className="soft">{dropped} more were dropped by the sender.</p>}
    </>
  );
}
