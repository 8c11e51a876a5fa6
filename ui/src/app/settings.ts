// SPDX-License-Identifier: Apache-2.0
// Personal settings, kept in the browser. A store outside the view, so that the engine's theme can follow it too.

import { useSyncExternalStore } from 'react';
import { isZone, type Zone } from './time.ts';

export interface Settings {
  theme: 'auto' | 'light' | 'dark';
  contrast: 'auto' | 'more';
  zone: Zone;
  density: 'compact' | 'comfortable';
  singleKeys: boolean;
  railOpen: boolean;
  nameWidth: number;
  panelWidth: number;
}

const KEY = 'waybill.settings';
const DEFAULTS: Settings = { theme: 'auto', contrast: 'auto', zone: 'browser', density: 'compact', singleKeys: true, railOpen: true, nameWidth: 420, panelWidth: Math.round(Math.min(400, Math.max(280, (globalThis.innerWidth || 1440) * 0.27))) };

function oneOf<T>(value: unknown, choices: readonly T[], otherwise: T): T {
  return choices.includes(value as T) ? (value as T) : otherwise;
}

export function readSettings(text: string | null): Settings {
  let raw: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text ?? '{}');
    if (typeof parsed === 'object' && parsed !== null) raw = parsed as Record<string, unknown>;
  } catch {
    // Unreadable settings are the defaults.
  }
  const size = (value: unknown, otherwise: number) => (typeof value === 'number' && value >= 120 && value <= 1600 ? value : otherwise);
  return {
    theme: oneOf(raw.theme, ['auto', 'light', 'dark'] as const, DEFAULTS.theme),
    contrast: oneOf(raw.contrast, ['auto', 'more'] as const, DEFAULTS.contrast),
    zone: typeof raw.zone === 'string' && isZone(raw.zone) ? raw.zone : DEFAULTS.zone,
    density: oneOf(raw.density, ['compact', 'comfortable'] as const, DEFAULTS.density),
    singleKeys: typeof raw.singleKeys === 'boolean' ? raw.singleKeys : DEFAULTS.singleKeys,
    railOpen: typeof raw.railOpen === 'boolean' ? raw.railOpen : DEFAULTS.railOpen,
    nameWidth: size(raw.nameWidth, DEFAULTS.nameWidth),
    panelWidth: size(raw.panelWidth, DEFAULTS.panelWidth),
  };
}

function storage(): Storage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

let current = readSettings(storage()?.getItem(KEY) ?? null);
const listeners = new Set<() => void>();

export function settings(): Settings {
  return current;
}

// 'visit' holds until the page is left; 'stored' is kept.
export function changeSettings(change: Partial<Settings>, scope: 'stored' | 'visit' = 'stored'): void {
  current = { ...current, ...change };
  if (scope === 'stored') storage()?.setItem(KEY, JSON.stringify(current));
  for (const listener of listeners) listener();
}

export function watchSettings(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useSettings(): Settings {
  return useSyncExternalStore(watchSettings, settings);
}

const prefersDark = globalThis.matchMedia?.('(prefers-color-scheme: dark)');

export function resolvedTheme(): 'light' | 'dark' {
  if (current.theme !== 'auto') return current.theme;
  return prefersDark?.matches ? 'dark' : 'light';
}

// Keeps the document's attributes in step with the settings and the system.
export function followTheme(): void {
  const apply = () => {
    document.documentElement.dataset.theme = resolvedTheme();
    document.documentElement.dataset.density = current.density;
    if (current.contrast === 'more') document.documentElement.dataset.contrast = 'more';
    else delete document.documentElement.dataset.contrast;
  };
  apply();
  listeners.add(apply);
  prefersDark?.addEventListener('change', () => {
    for (const listener of listeners) listener();
  });
}
