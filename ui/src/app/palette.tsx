// SPDX-License-Identifier: Apache-2.0
// Every action by name.

import { useId, useState } from 'react';
import { shownKey, useAllActions, type Action } from '../a11y/shortcuts.ts';
import { Dialog, Keys } from './ui.tsx';

// Letters in order, the closer together the better; -1 where they do not occur.
export function fuzzyScore(wanted: string, text: string): number {
  const needle = wanted.toLowerCase().replace(/\s+/g, '');
  const hay = text.toLowerCase();
  let at = 0;
  let gaps = 0;
  for (const sign of needle) {
    const found = hay.indexOf(sign, at);
    if (found < 0) return -1;
    gaps += found - at;
    at = found + 1;
  }
  return 1000 - gaps;
}

export function CommandPalette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const id = useId();
  const all = useAllActions().filter((action) => !action.isLocal && action.id !== 'palette');
  const found = all
    .map((action) => ({ action, score: fuzzyScore(text, `${action.label} ${action.group}`) }))
    .filter(({ score }) => score >= 0)
    .sort((a, b) => (text === '' ? 0 : b.score - a.score))
    .map(({ action }) => action);
  const current = Math.min(active, found.length - 1);
  const run = (action: Action | undefined) => {
    if (action === undefined) return;
    onClose();
    // After the dialog has gone, so that focus set by the action stays.
    setTimeout(() => action.run(), 0);
  };
  return (
    <Dialog label="Command palette" className="palette" onClose={onClose}>
      <input
        type="text"
        role="combobox"
        aria-label="Command"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={found.length > 0 ? `${id}-${current}` : undefined}
        placeholder="What to do?"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            const next = Math.max(0, Math.min(found.length - 1, current + (event.key === 'ArrowDown' ? 1 : -1)));
            setActive(next);
            document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: 'nearest' });
          } else if (event.key === 'Enter') {
            event.preventDefault();
            run(found[current]);
          }
        }}
      />
      <ul role="listbox" id={id} aria-label="Commands" tabIndex={-1}>
        {found.map((action, index) => (
          <li key={action.id} id={`${id}-${index}`} role="option" aria-selected={index === current} onClick={() => run(action)} onPointerMove={() => setActive(index)}>
            <span>{action.label}</span>
            <span className="palette-group">{action.group}</span>
            {action.keys.length > 0 && <Keys keys={shownKey(action.keys[0])} />}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="palette-none">No such command</p>}
    </Dialog>
  );
}
