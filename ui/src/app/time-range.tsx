// SPDX-License-Identifier: Apache-2.0
// The range of time of a search: presets, or two points in the chosen zone.

import { useState } from 'react';
import { Icon } from './icons.tsx';
import { useSettings } from './settings.ts';
import { formatDay, formatClock, resolveTime, zoneLabel } from './time.ts';
import { Popover } from './ui.tsx';

const PRESETS: readonly [string, string | undefined][] = [
  ['Everything stored', undefined],
  ['Last 15 minutes', 'now-15m'],
  ['Last hour', 'now-1h'],
  ['Last 6 hours', 'now-6h'],
  ['Last 24 hours', 'now-24h'],
  ['Last 7 days', 'now-7d'],
];

export interface Range {
  from?: string;
  to?: string;
}

function pointLabel(text: string | undefined, zone: string, open: string): string {
  if (text === undefined) return open;
  if (text.startsWith('now')) return text;
  const nano = resolveTime(text, Date.now());
  return nano === null ? text : `${formatDay(nano, zone)} ${formatClock(nano, zone)}`;
}

export function rangeLabel(range: Range, zone: string): string {
  const preset = PRESETS.find(([, from]) => from === range.from && range.to === undefined);
  if (preset !== undefined) return preset[0];
  return `${pointLabel(range.from, zone, 'the beginning')} – ${pointLabel(range.to, zone, 'now')} ${zoneLabel(zone)}`;
}

// A local date and time as a field gives it, read in UTC or in the browser's zone.
function fieldToAddress(text: string, isUtc: boolean): string | undefined {
  if (text === '') return undefined;
  const parsed = Date.parse(isUtc ? `${text}Z` : text);
  return Number.isNaN(parsed) ? undefined : new Date(parsed).toISOString();
}

export function TimeRange({ range, onChange }: { range: Range; onChange: (range: Range) => void }) {
  const { zone } = useSettings();
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const isUtc = zone !== 'browser';
  return (
    <Popover
      label={`Time range: ${rangeLabel(range, zone)}`}
      align="end"
      button={
        <>
          <Icon name="clock" />
          <span className="button-text">{rangeLabel(range, zone)}</span>
          <Icon name="down" size={12} />
        </>
      }
    >
      {(close) => (
        <div className="time-range">
          <ul className="menu">
            {PRESETS.map(([name, preset]) => (
              <li key={name}>
                <button
                  type="button"
                  className="menu-item"
                  aria-current={range.from === preset && range.to === undefined ? 'true' : undefined}
                  onClick={() => {
                    onChange({ from: preset });
                    close();
                  }}
                >
                  {name}
                </button>
              </li>
            ))}
          </ul>
          <form
            className="time-range-exact"
            onSubmit={(event) => {
              event.preventDefault();
              onChange({ from: fieldToAddress(from, isUtc), to: fieldToAddress(to, isUtc) });
              close();
            }}
          >
            <p className="caption">Exact times in {isUtc ? 'UTC' : zoneLabel('browser')}</p>
            <label>
              From
              <input type="datetime-local" step="1" value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
            </label>
            <label>
              To
              <input type="datetime-local" step="1" value={to} onInput={(event) => setTo(event.currentTarget.value)} />
            </label>
            <button type="submit" className="button button-primary">
              Apply
            </button>
          </form>
        </div>
      )}
    </Popover>
  );
}
