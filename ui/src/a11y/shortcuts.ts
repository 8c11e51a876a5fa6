// SPDX-License-Identifier: Apache-2.0
// One registry of actions: the keyboard, the palette and the help all read it. The latest registration wins a key.

import { useEffect, useRef, useSyncExternalStore } from 'react';
import { settings } from '../app/settings.ts';

export interface Action {
  id: string;
  label: string;
  group: string;
  keys: string[]; // "Ctrl+K", "/", "Shift+N", "ArrowDown"
  run: (event?: KeyboardEvent) => void;
  // Only told in the help: the keys are handled where the focus is.
  isLocal?: boolean;
}

let actions: Action[] = [];
const listeners = new Set<() => void>();

function publish(next: Action[]): void {
  actions = next;
  for (const listener of listeners) listener();
}

export function useActions(list: Action[]): void {
  // The newest closures are used without registering again on every render.
  const latest = useRef(list);
  latest.current = list;
  const shape = list.map((action) => `${action.id}:${action.keys.join(' ')}:${action.label}`).join('|');
  useEffect(() => {
    const mine = latest.current.map((action, index): Action => ({ ...action, run: (event) => latest.current[index]?.run(event) }));
    publish([...actions, ...mine]);
    return () => publish(actions.filter((action) => !mine.includes(action)));
  }, [shape]);
}

export function useAllActions(): Action[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => actions,
  );
}

export function keyOf(event: KeyboardEvent): string {
  const mods = (event.ctrlKey || event.metaKey ? 'Ctrl+' : '') + (event.altKey ? 'Alt+' : '');
  const isLetter = /^[a-z]$/i.test(event.key);
  const isNamed = event.key.length > 1;
  if (isLetter) return mods + (event.shiftKey ? 'Shift+' : '') + (mods !== '' || event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase());
  return mods + (event.shiftKey && isNamed ? 'Shift+' : '') + event.key;
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  const key = keyOf(event);
  const isSingle = !key.includes('Ctrl+') && !key.includes('Alt+');
  if (isSingle && (isTyping(event.target) || !settings().singleKeys)) return;
  if (document.querySelector('dialog[open]') !== null && key !== 'Ctrl+K') return;
  for (let i = actions.length - 1; i >= 0; i--) {
    const action = actions[i];
    if (action.isLocal || !action.keys.includes(key)) continue;
    event.preventDefault();
    action.run(event);
    return;
  }
}

export function listenForKeys(): void {
  document.addEventListener('keydown', handleKey);
}

const SHOWN: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', Escape: 'Esc', 'Ctrl+K': 'Ctrl K', 'Ctrl+Enter': 'Ctrl Enter' };

export function shownKey(key: string): string {
  return SHOWN[key] ?? key.replaceAll('+', ' ').trim();
}
