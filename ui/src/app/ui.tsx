// SPDX-License-Identifier: Apache-2.0
// Small parts that every page uses.

import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { announce } from '../a11y/live.ts';
import { ApiError } from '../api/client.ts';
import { serviceColour } from '../engine/palette.ts';
import { printable } from '../engine/text.ts';
import { Icon, type IconName } from './icons.tsx';
import { useSettings } from './settings.ts';
import { describeTime, formatTime, millisOf, zoneLabel } from './time.ts';

export function IconButton({ icon, label, onClick, pressed, keys, disabled }: { icon: IconName; label: string; onClick: () => void; pressed?: boolean; keys?: string; disabled?: boolean }) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={keys === undefined ? label : `${label} (${keys})`} aria-pressed={pressed} disabled={disabled} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

export function ServiceChip({ name, count, isError }: { name: string; count?: number; isError?: boolean }) {
  const { hue, striped } = serviceColour(name);
  return (
    <span className="service-chip">
      <span className={`swatch hue-${hue}${striped ? ' striped' : ''}`} aria-hidden="true" />
      <span className="service-chip-name">{printable(name) || '(no service)'}</span>
      {count !== undefined && count > 1 && <span className="service-chip-count">{count}</span>}
      {isError && <ErrorMark />}
    </span>
  );
}

export function ErrorMark({ label = 'has errors' }: { label?: string }) {
  return (
    <span className="error-mark" role="img" aria-label={label} title={label}>
      !
    </span>
  );
}

export function CopyButton({ text, label }: { text: string | (() => string); label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      onClick={async () => {
        if (await copyText(typeof text === 'string' ? text : text())) setCopied(true);
      }}
    >
      <Icon name={copied ? 'check' : 'copy'} />
    </button>
  );
}

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    announce('Copied');
    return true;
  } catch {
    announce('The browser did not allow copying');
    return false;
  }
}

// A point in time in the chosen zone; every other way to say it on hovering.
export function Time({ nano, withZone = true }: { nano: string; withZone?: boolean }) {
  const { zone } = useSettings();
  return (
    <time dateTime={new Date(millisOf(nano)).toISOString()} title={describeTime(nano, zone)}>
      {formatTime(nano, zone)}
      {withZone && <span className="zone"> {zoneLabel(zone, millisOf(nano))}</span>}
    </time>
  );
}

// Shows its children only when waiting takes long enough to be seen.
export function Delayed({ children, millis = 150 }: { children: ReactNode; millis?: number }) {
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), millis);
    return () => clearTimeout(timer);
  }, [millis]);
  return isShown ? <>{children}</> : null;
}

export function ErrorNote({ error, what, onRetry }: { error: unknown; what: string; onRetry?: () => void }) {
  const known = error instanceof ApiError ? error : null;
  const diagnostics = () =>
    JSON.stringify({ what, message: error instanceof Error ? error.message : String(error), status: known?.status, code: known?.code, requestId: known?.requestId, path: known?.path, page: location.href, at: new Date().toISOString() }, null, 2);
  return (
    <div className="note note-error" role="alert">
      <Icon name="warn" />
      <div className="note-text">
        <strong>{what}</strong>
        <p>{known?.isOffline ? 'The server does not answer. It may be restarting; this page tries again by itself.' : error instanceof Error ? error.message : String(error)}</p>
        {known !== null && known.requestId !== '' && (
          <p className="note-small">
            request {known.requestId}, status {known.status}
          </p>
        )}
      </div>
      <div className="note-actions">
        {onRetry !== undefined && (
          <button type="button" className="button" onClick={onRetry}>
            Try again
          </button>
        )}
        <CopyButton text={diagnostics} label="Copy diagnostics" />
      </div>
    </div>
  );
}

// `isPage`: there is nothing else on the page, so the title is its heading.
export function Empty({ title, isPage = false, children }: { title: string; isPage?: boolean; children?: ReactNode }) {
  return (
    <div className="empty">
      {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children}
    </div>
  );
}

// A button with a panel below it. Escape and a click elsewhere close it; the focus goes back to the button.
export function Popover({ label, button, className, align = 'start', children }: { label: string; button: ReactNode; className?: string; align?: 'start' | 'end'; children: (close: () => void) => ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    trigger.current?.focus();
  };
  useEffect(() => {
    if (!isOpen) return;
    const handlePointer = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener('pointerdown', handlePointer);
    root.current?.querySelector<HTMLElement>('.popover button, .popover input, .popover select')?.focus();
    return () => document.removeEventListener('pointerdown', handlePointer);
  }, [isOpen]);
  return (
    <div
      className="popover-root"
      ref={root}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isOpen) return;
        event.preventDefault();
        event.stopPropagation();
        close();
      }}
    >
      <button type="button" ref={trigger} className={className ?? 'button'} aria-haspopup="dialog" aria-expanded={isOpen} aria-controls={isOpen ? id : undefined} aria-label={label} onClick={() => setOpen(!isOpen)}>
        {button}
      </button>
      {isOpen && (
        <div className={`popover popover-${align}`} role="dialog" aria-label={label} id={id}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

// The browser's own modal dialog: it traps the focus, closes on Escape and makes the rest inert.
export function Dialog({ label, className, onClose, children }: { label: string; className?: string; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={`dialog ${className ?? ''}`}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      {children}
    </dialog>
  );
}

export function Keys({ keys }: { keys: string }) {
  return (
    <span className="keys">
      {keys.split(' ').map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}

// Says which parts of an address were passed over; a page is never blank because of them.
export function AddressNotice({ ignored }: { ignored: string[] }) {
  const [closed, setClosed] = useState('');
  const names = ignored.map((name) => name.slice(0, 30)).join(', ');
  if (names === '' || names === closed) return null;
  return (
    <div className="note note-warn note-slim" role="status">
      <Icon name="warn" />
      <p className="note-text">Not understood in the address, and passed over: {names}</p>
      <IconButton icon="close" label="Close this notice" onClick={() => setClosed(names)} />
    </div>
  );
}

// Names the page in the window's title, and to a screen reader when the page changes.
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? 'Waybill' : `${title} · Waybill`;
    if (title !== '') announce(title);
  }, [title]);
}
