// SPDX-License-Identifier: Apache-2.0
// Points in time: epoch nanoseconds as decimal strings, shown in one chosen zone that is always named.

export type Zone = string; // 'browser', 'UTC' or an IANA name

export function zoneName(zone: Zone): string {
  return zone === 'browser' ? Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC' : zone;
}

export function isZone(zone: string): boolean {
  if (zone === 'browser') return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let known = formats.get(key);
  if (known === undefined) {
    known = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zoneName(zone), hourCycle: 'h23' });
    formats.set(key, known);
  }
  return known;
}

// "UTC" or "UTC+2" as it is at that instant in that zone.
export function zoneLabel(zone: Zone, millis = Date.now()): string {
  const parts = format(zone, { timeZoneName: 'shortOffset' }).formatToParts(millis);
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'UTC';
  return name === 'GMT+0' ? 'UTC' : name.replace('GMT', 'UTC');
}

export function millisOf(nano: string): number {
  return Number(BigInt(nano) / 1_000_000n);
}

// "21 Nov 2026, 12:30:05.123"; the zone stands beside it.
export function formatTime(nano: string, zone: Zone): string {
  return format(zone, { day: '2-digit', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 }).format(millisOf(nano));
}

export function formatClock(nano: string, zone: Zone): string {
  return format(zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(millisOf(nano));
}

export function formatDay(nano: string, zone: Zone): string {
  return format(zone, { day: '2-digit', month: 'short' }).format(millisOf(nano));
}

// Every way to say an instant, for hovering: chosen zone, UTC, epoch.
export function describeTime(nano: string, zone: Zone): string {
  const millis = millisOf(nano);
  return `${formatTime(nano, zone)} ${zoneLabel(zone, millis)}\n${new Date(millis).toISOString()}\n${nano} ns since 1970`;
}

export function formatAge(nano: string, nowMillis: number): string {
  const seconds = Math.max(0, (nowMillis - millisOf(nano)) / 1000);
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

// A point in time as an address holds it: epoch milliseconds or nanoseconds, ISO 8601, `now` or `now-1h`. Gives epoch
// nanoseconds, or null where the text is none of these.
export function resolveTime(text: string, nowMillis: number): string | null {
  const relative = /^now(?:-(\d{1,6})([smhdw]))?$/.exec(text);
  if (relative !== null) {
    const back = relative[1] === undefined ? 0 : Number(relative[1]) * UNITS[relative[2]];
    return nanoOfMillis(nowMillis - back);
  }
  if (/^\d{1,15}$/.test(text)) return nanoOfMillis(Number(text));
  if (/^\d{16,20}$/.test(text)) return text;
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return null;
  const parsed = Date.parse(text);
  return Number.isNaN(parsed) ? null : nanoOfMillis(parsed);
}

export function nanoOfMillis(millis: number): string {
  return (BigInt(Math.round(millis)) * 1_000_000n).toString();
}
