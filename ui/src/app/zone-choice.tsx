// SPDX-License-Identifier: Apache-2.0
// One time zone for every time on every page.

import { useState } from 'react';
import { Icon } from './icons.tsx';
import { changeSettings, useSettings } from './settings.ts';
import { isZone, zoneLabel, zoneName } from './time.ts';
import { Popover } from './ui.tsx';

export function ZoneField() {
  const { zone } = useSettings();
  const [text, setText] = useState(zone === 'browser' || zone === 'UTC' ? '' : zone);
  const isWrong = text !== '' && !isZone(text);
  return (
    <div className="zone-field">
      <div className="segmented" role="group" aria-label="Time zone">
        <button type="button" aria-pressed={zone === 'browser'} onClick={() => changeSettings({ zone: 'browser' })}>
          Browser ({zoneName('browser')})
        </button>
        <button type="button" aria-pressed={zone === 'UTC'} onClick={() => changeSettings({ zone: 'UTC' })}>
          UTC
        </button>
      </div>
      <label className="zone-other">
        Other zone
        <input
          type="text"
          list="zones"
          placeholder="Europe/Berlin"
          spellCheck={false}
          autoComplete="off"
          value={text}
          aria-invalid={isWrong}
          onInput={(event) => {
            const value = event.currentTarget.value;
            setText(value);
            if (value !== '' && value !== 'browser' && isZone(value)) changeSettings({ zone: value });
          }}
        />
      </label>
      <datalist id="zones">
        {Intl.supportedValuesOf('timeZone').map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {isWrong && <p className="field-error">Not a time zone name</p>}
    </div>
  );
}

export function ZoneChoice() {
  const { zone } = useSettings();
  return (
    <Popover
      label={`Time zone: ${zoneName(zone)}, ${zoneLabel(zone)}`}
      align="end"
      className="button button-quiet"
      button={
        <>
          <Icon name="globe" />
          <span>{zoneLabel(zone)}</span>
        </>
      }
    >
      {() => (
        <div className="zone-choice">
          <p className="caption">All times are shown in {zoneName(zone)}.</p>
          <ZoneField />
        </div>
      )}
    </Popover>
  );
}
