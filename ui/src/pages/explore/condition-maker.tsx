// SPDX-License-Identifier: Apache-2.0
// Makes one condition: service, operation, duration, status, attribute, or free text.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import { Icon } from '../../app/icons.tsx';
import { Popover } from '../../app/ui.tsx';
import { addCondition, attributeField, quote, readQuery, unquote, type Chip } from '../../query/builder.ts';

type Kind = 'service' | 'operation' | 'duration' | 'status' | 'attribute' | 'free';

const KINDS: readonly [Kind, string][] = [
  ['service', 'Service'],
  ['operation', 'Operation'],
  ['duration', 'Duration'],
  ['status', 'Status'],
  ['attribute', 'Attribute'],
  ['free', 'Any condition'],
];
const OPERATORS: Record<Kind, string[]> = {
  service: ['=', '!=', '=~'], operation: ['=', '!=', '=~', '!~'], duration: ['>', '>=', '<', '<='], status: ['=', '!='],
  attribute: ['=', '!=', '>', '>=', '<', '<=', '=~', '!~'], free: [],
};
const DURATION = /^\d+(\.\d+)?(ns|us|µs|ms|s|m|h)$/;
const SCOPES = ['span', 'resource', 'event', 'any'] as const;

// Numbers, durations and booleans stay bare unless they were put in quotes; other text is quoted.
function literal(text: string): string {
  if (/^-?\d+(\.\d+)?$/.test(text) || text === 'true' || text === 'false' || DURATION.test(text)) return text;
  return /^".*"$/s.test(text) ? text : quote(text);
}

interface Draft {
  kind: Kind;
  operator: string;
  value: string;
  key: string;
  scope: (typeof SCOPES)[number];
}

function chipOf(draft: Draft): Chip | string {
  const value = draft.value.trim();
  if (draft.kind === 'free') {
    const view = readQuery(value.startsWith('{') ? value : `{ ${value} }`);
    if (view.kind === 'chips' && view.chips.length === 1) return view.chips[0];
    return view.kind === 'broken' ? view.message : 'one condition, please; several go in the text view';
  }
  if (value === '') return 'a value is needed';
  if (draft.kind === 'service') return { field: 'resource.service.name', operator: draft.operator, value: quote(value) };
  if (draft.kind === 'operation') return { field: 'name', operator: draft.operator, value: quote(value) };
  if (draft.kind === 'status') return { field: 'status', operator: draft.operator, value };
  if (draft.kind === 'duration') return DURATION.test(value) ? { field: 'duration', operator: draft.operator, value } : 'a duration such as 250ms or 1.5s';
  if (draft.key.trim() === '') return 'a key is needed';
  const key = draft.key.trim();
  const field = draft.scope === 'any' ? attributeField('span', key).slice(4) : attributeField(draft.scope, key);
  return { field, operator: draft.operator, value: draft.operator.endsWith('~') ? quote(value) : literal(value) };
}

function Maker({ chips, onDone }: { chips: Chip[]; onDone: (chip: Chip) => void }) {
  const [draft, setDraft] = useState<Draft>({ kind: 'service', operator: '=', value: '', key: '', scope: 'span' });
  const [problem, setProblem] = useState('');
  const services = useQuery({ queryKey: ['services'], queryFn: ({ signal }) => api.services(signal) });
  const serviceChip = chips.find((chip) => chip.field === 'resource.service.name' && chip.operator === '=');
  const service = serviceChip === undefined ? undefined : unquote(serviceChip.value);
  const operations = useQuery({ queryKey: ['operations', service], queryFn: ({ signal }) => api.operations(service ?? '', signal), enabled: service !== undefined && draft.kind === 'operation' });
  const change = (part: Partial<Draft>) => {
    setDraft({ ...draft, ...part });
    setProblem('');
  };
  const submit = () => {
    const chip = chipOf(draft);
    if (typeof chip === 'string') setProblem(chip);
    else onDone(chip);
  };
  const suggestions = draft.kind === 'service' ? (services.data ?? []).map(({ name }) => name) : draft.kind === 'operation' ? [...new Set((operations.data ?? []).map(({ name }) => name))] : [];
  const placeholder = { service: 'checkout', operation: 'POST /checkout', duration: '500ms', status: '', attribute: 'value', free: 'span.http.response.status_code >= 500' }[draft.kind];
  return (
    <div
      className="condition-maker"
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || (event.target instanceof HTMLElement && event.target.tagName === 'BUTTON')) return;
        event.preventDefault();
        submit();
      }}
    >
      <div className="segmented segmented-wrap" role="group" aria-label="Kind of condition">
        {KINDS.map(([kind, name]) => (
          <button key={kind} type="button" aria-pressed={draft.kind === kind} onClick={() => change({ kind, operator: OPERATORS[kind][0] ?? '', value: kind === 'status' ? 'error' : '' })}>
            {name}
          </button>
        ))}
      </div>
      <div className="condition-fields">
        {draft.kind === 'attribute' && (
          <>
            <select aria-label="Scope" value={draft.scope} onChange={(event) => change({ scope: event.currentTarget.value as Draft['scope'] })}>
              {SCOPES.map((scope) => (
                <option key={scope} value={scope}>
                  {scope}
                </option>
              ))}
            </select>
            <input type="text" aria-label="Key" placeholder="http.route" spellCheck={false} autoComplete="off" value={draft.key} onInput={(event) => change({ key: event.currentTarget.value })} />
          </>
        )}
        {OPERATORS[draft.kind].length > 0 && (
          <select aria-label="Operator" value={draft.operator} onChange={(event) => change({ operator: event.currentTarget.value })}>
            {OPERATORS[draft.kind].map((operator) => (
              <option key={operator} value={operator}>
                {operator}
              </option>
            ))}
          </select>
        )}
        {draft.kind === 'status' ? (
          <select aria-label="Value" value={draft.value} onChange={(event) => change({ value: event.currentTarget.value })}>
            <option value="error">error</option>
            <option value="ok">ok</option>
            <option value="unset">unset</option>
          </select>
        ) : (
          <input type="text" aria-label="Value" list="condition-values" placeholder={placeholder} spellCheck={false} autoComplete="off" value={draft.value} onInput={(event) => change({ value: event.currentTarget.value })} />
        )}
        <datalist id="condition-values">
          {suggestions.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <button type="button" className="button button-primary" onClick={submit}>
          Add
        </button>
      </div>
      {problem !== '' && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
      {draft.kind === 'operation' && service === undefined && <p className="caption">Add a service first to have its operations suggested.</p>}
    </div>
  );
}

export function ConditionMaker({ text, chips, onAdd }: { text: string; chips: Chip[]; onAdd: (text: string) => void }) {
  return (
    <Popover
      label="Add a condition"
      className="button button-dashed"
      button={
        <>
          <Icon name="plus" size={12} />
          Condition
        </>
      }
    >
      {(close) => (
        <Maker
          chips={chips}
          onDone={(chip) => {
            close();
            onAdd(addCondition(text, chip));
          }}
        />
      )}
    </Popover>
  );
}
