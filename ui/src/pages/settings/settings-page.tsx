// SPDX-License-Identifier: Apache-2.0
// Personal settings, kept in this browser only.

import { useId, type ReactNode } from 'react';
import { changeSettings, useSettings, type Settings } from '../../app/settings.ts';
import { ZoneField } from '../../app/zone-choice.tsx';
import { useStatus } from '../../app/status-line.tsx';
import { Time, useTitle } from '../../app/ui.tsx';
import { nanoOfMillis } from '../../app/time.ts';

function Row({ title, help, children }: { title: string; help?: string; children: ReactNode }) {
  return (
    <div className="setting">
      <div>
        <h2>{title}</h2>
        {help !== undefined && <p>{help}</p>}
      </div>
      <div>{children}</div>
    </div>
  );
}

function Choice<K extends 'theme' | 'contrast' | 'density'>({ name, label, choices }: { name: K; label: string; choices: readonly (readonly [Settings[K], string])[] }) {
  const current = useSettings()[name];
  return (
    <div className="segmented" role="group" aria-label={label}>
      {choices.map(([value, text]) => (
        <button key={String(value)} type="button" aria-pressed={current === value} onClick={() => changeSettings({ [name]: value } as Partial<Settings>)}>
          {text}
        </button>
      ))}
    </div>
  );
}

export function SettingsPage() {
  useTitle('Settings');
  const { singleKeys } = useSettings();
  const status = useStatus();
  const id = useId();
  return (
    <div className="page-body page-narrow">
      <div className="page-head">
        <h1>Settings</h1>
        <p className="page-sub">Kept in this browser.</p>
      </div>
      <div className="card settings">
        <Row title="Theme">
          <Choice name="theme" label="Theme" choices={[['auto', 'As the system'], ['light', 'Light'], ['dark', 'Dark']]} />
        </Row>
        <Row title="Contrast" help="Stronger lines and text.">
          <Choice name="contrast" label="Contrast" choices={[['auto', 'As the system'], ['more', 'More']]} />
        </Row>
        <Row title="Density" help="Height of rows in lists and in the waterfall.">
          <Choice name="density" label="Density" choices={[['compact', 'Compact'], ['comfortable', 'Comfortable']]} />
        </Row>
        <Row title="Time zone" help="Used for every time on every page.">
          <ZoneField />
          {status.data !== undefined && (
            <p className="caption">
              Now: <Time nano={nanoOfMillis(Date.parse(status.data.now))} />
            </p>
          )}
        </Row>
        <Row title="Single-key shortcuts" help="Such as / for search and j, k, w, a, s, d in a trace. Ctrl+K and the arrow keys always work.">
          <label className="check" htmlFor={id}>
            <input id={id} type="checkbox" checked={singleKeys} onChange={(event) => changeSettings({ singleKeys: event.currentTarget.checked })} />
            Use single-key shortcuts
          </label>
        </Row>
      </div>
    </div>
  );
}
