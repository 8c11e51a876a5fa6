// SPDX-License-Identifier: Apache-2.0
// The query as chips and as text, side by side in one form.

import { useEffect, useRef, useState } from 'react';
import { ApiError } from '../../api/client.ts';
import { Icon } from '../../app/icons.tsx';
import { fieldLabel, printQuery, readQuery, unquote, type Chip } from '../../query/builder.ts';
import { indexOfByte } from '../../query/parse.ts';
import { ConditionMaker } from './condition-maker.tsx';

interface Fault {
  message: string;
  index: number;
}

// Where the query is wrong: from the server for what ran, from here for what is being written.
function faultOf(draft: string, ranText: string, error: unknown): Fault | null {
  if (draft === ranText && error instanceof ApiError && error.position !== null) {
    return { message: error.message, index: indexOfByte(draft, error.position) };
  }
  return null;
}

function ChipView({ chip, onRemove }: { chip: Chip; onRemove: () => void }) {
  const value = unquote(chip.value);
  return (
    <li className="chip">
      <span className="chip-field">{fieldLabel(chip.field)}</span>
      {chip.operator !== '' && <span className="chip-operator">{chip.operator}</span>}
      <span className="chip-value" title={value}>
        {value}
      </span>
      <button type="button" className="chip-remove" aria-label={`Remove the condition ${fieldLabel(chip.field)} ${chip.operator} ${value}`} onClick={onRemove}>
        <Icon name="close" size={12} />
      </button>
    </li>
  );
}

function FaultView({ text, fault }: { text: string; fault: Fault }) {
  return (
    <div className="query-fault" role="alert" id="query-fault">
      <p>
        {fault.message} <span className="note-small">at character {fault.index + 1}</span>
      </p>
      <pre aria-hidden="true">
        {text.slice(0, fault.index)}
        <mark>{text.slice(fault.index, fault.index + 1) || ' '}</mark>
        {text.slice(fault.index + 1)}
      </pre>
    </div>
  );
}

export function QueryForm({ draft, ranText, running, error, onDraft, onRun }: { draft: string; ranText: string; running: boolean; error: unknown; onDraft: (text: string) => void; onRun: (text: string) => void }) {
  const view = readQuery(draft);
  const [mode, setMode] = useState<'builder' | 'text'>(view.kind === 'broken' ? 'text' : 'builder');
  const area = useRef<HTMLTextAreaElement>(null);
  const fault = faultOf(draft, ranText, error);
  useEffect(() => {
    if (fault === null) return;
    setMode('text');
    area.current?.setSelectionRange(fault.index, fault.index + 1);
  }, [fault?.index, fault?.message]);
  const chips = view.kind === 'chips' ? view.chips : [];

  return (
    <form
      className="card query-form"
      role="search"
      aria-label="Traces"
      onSubmit={(event) => {
        event.preventDefault();
        onRun(draft);
      }}
    >
      <div className="query-row">
        {mode === 'builder' ? (
          <ul className="chips" aria-label="Conditions">
            {chips.map((chip, index) => (
              <ChipView key={`${index} ${chip.field}`} chip={chip} onRemove={() => onRun(chips.length === 1 ? '' : printQuery(chips.filter((_, other) => other !== index)))} />
            ))}
            {view.kind !== 'chips' && (
              <li className="chip chip-advanced">
                <span className="chip-field">{view.kind === 'advanced' ? 'advanced' : 'unfinished'}</span>
                <span className="chip-value" title={view.text}>
                  {view.text}
                </span>
                <button type="button" className="chip-remove" aria-label="Edit as text" onClick={() => setMode('text')}>
                  <Icon name="right" size={12} />
                </button>
              </li>
            )}
            {view.kind === 'chips' && chips.length === 0 && <li className="chips-none">All traces</li>}
            {view.kind !== 'broken' && (
              <li>
                <ConditionMaker text={draft} chips={chips} onAdd={onRun} />
              </li>
            )}
          </ul>
        ) : (
          <textarea
            ref={area}
            className="query-text"
            aria-label="TraceQL span filter"
            aria-invalid={fault !== null}
            aria-describedby={fault !== null ? 'query-fault' : undefined}
            rows={Math.min(6, draft.split('\n').length)}
            spellCheck={false}
            placeholder={'{ resource.service.name = "checkout" && duration > 500ms }'}
            value={draft}
            onInput={(event) => onDraft(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || event.shiftKey) return;
              event.preventDefault();
              onRun(draft);
            }}
          />
        )}
        <div className="query-tools">
          <div className="segmented" role="group" aria-label="View of the query">
            <button type="button" aria-pressed={mode === 'builder'} onClick={() => setMode('builder')}>
              Builder
            </button>
            <button type="button" aria-pressed={mode === 'text'} onClick={() => setMode('text')}>
              TraceQL
            </button>
          </div>
          <button type="submit" className="button button-primary" title="Run (Ctrl+Enter)">
            <Icon name="play" size={12} />
            {running ? 'Running' : 'Run'}
          </button>
        </div>
      </div>
      {mode === 'builder' && draft.trim() !== '' && <code className="query-echo">{draft}</code>}
      {fault !== null && <FaultView text={draft} fault={fault} />}
      {mode === 'text' && fault === null && view.kind === 'broken' && draft !== ranText && <p className="query-hint">{view.message}</p>}
    </form>
  );
}
