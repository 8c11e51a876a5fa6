// SPDX-License-Identifier: Apache-2.0
// Search anything: what was typed or pasted is told below the box before anything happens.

import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useId, useRef, useState } from 'react';
import { api } from '../api/client.ts';
import { quote, serviceQuery } from '../query/builder.ts';
import { detect } from './address.ts';
import { Icon } from './icons.tsx';

interface Choice {
  key: string;
  title: string;
  why: string;
  go: () => void;
}

const SERVICES_SHOWN = 6;

function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

export function SearchBox() {
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const services = useQuery({ queryKey: ['services'], queryFn: ({ signal }) => api.services(signal), enabled: isOpen });

  const choices = choicesFor();
  const shownActive = Math.min(active, choices.length - 1);

  function explore(q: string): void {
    void navigate({ to: '/explore', search: { q } });
  }

  function choicesFor(): Choice[] {
    const found = detect(text);
    if (found === null) return [];
    if (found.kind === 'trace') {
      const { traceId, spanId } = found;
      return [{ key: traceId, title: `Open trace ${traceId}`, why: found.why, go: () => void navigate({ to: '/t/$traceId', params: { traceId }, search: spanId === undefined ? {} : { span: spanId } }) }];
    }
    if (found.kind === 'query') return [{ key: 'q', title: `Run ${found.q}`, why: found.why, go: () => explore(found.q) }];
    const wanted = found.text.toLowerCase();
    const named = (services.data ?? []).filter((service) => service.name.toLowerCase().includes(wanted)).slice(0, SERVICES_SHOWN);
    return [
      ...named.map((service): Choice => ({ key: `s ${service.name}`, title: service.name, why: 'service', go: () => explore(serviceQuery(service.name)) })),
      { key: 'name', title: `Spans named like “${found.text}”`, why: 'operation', go: () => explore(`{ name =~ ${quote(`.*${escapeRegex(found.text)}.*`)} }`) },
    ];
  }

  function choose(choice: Choice | undefined): void {
    if (choice === undefined) return;
    setOpen(false);
    setText('');
    input.current?.blur();
    choice.go();
  }

  return (
    <div className="search-box" role="search">
      <Icon name="explore" />
      <input
        ref={input}
        id="search-anything"
        type="text"
        role="combobox"
        aria-label="Search anything: trace id, traceparent, TraceQL, service"
        aria-expanded={isOpen && choices.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={isOpen && choices.length > 0 ? `${id}-${shownActive}` : undefined}
        aria-autocomplete="list"
        placeholder="Trace id, traceparent, TraceQL or service"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setActive(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            setOpen(false);
            input.current?.blur();
          } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            setActive(Math.max(0, Math.min(choices.length - 1, shownActive + (event.key === 'ArrowDown' ? 1 : -1))));
          } else if (event.key === 'Enter') choose(choices[shownActive]);
        }}
      />
      <kbd aria-hidden="true">/</kbd>
      <ul className="search-choices" role="listbox" aria-label="Suggestions" id={`${id}-list`} hidden={!isOpen || choices.length === 0}>
        {choices.map((choice, index) => (
          <li
            key={choice.key}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === shownActive}
            className="search-choice"
            onPointerDown={(event) => {
              event.preventDefault();
              choose(choice);
            }}
          >
            <span className="search-choice-title">{choice.title}</span>
            <span className="search-choice-why">{choice.why}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
