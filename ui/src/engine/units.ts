// SPDX-License-Identifier: Apache-2.0
// Durations and counts as people read them: three significant digits, ns to d.

const STEPS: ReadonlyArray<readonly [number, string]> = [
  [86_400_000_000, 'd'],
  [3_600_000_000, 'h'],
  [60_000_000, 'min'],
  [1_000_000, 's'],
  [1_000, 'ms'],
  [1, 'µs'],
  [0.001, 'ns'],
];

const WORDS: Record<string, [string, string]> = {
  d: ['day', 'days'],
  h: ['hour', 'hours'],
  min: ['minute', 'minutes'],
  s: ['second', 'seconds'],
  ms: ['millisecond', 'milliseconds'],
  'µs': ['microsecond', 'microseconds'],
  ns: ['nanosecond', 'nanoseconds'],
};

function threeDigits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  const text = value >= 10 ? value.toFixed(1) : value.toFixed(2);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function split(micros: number): [string, string] {
  const size = Math.abs(micros);
  if (size < 0.0005) return ['0', 's'];
  const at = STEPS.findIndex(([step]) => size >= step * 0.9995);
  const [step, unit] = STEPS[at < 0 ? STEPS.length - 1 : at];
  return [(micros < 0 ? '−' : '') + threeDigits(size / step), unit];
}

// formatDuration(8_020_000) is "8.02 s".
export function formatDuration(micros: number): string {
  const [number, unit] = split(micros);
  return `${number}\u202f${unit}`;
}

// speakDuration(8_020_000) is "8.02 seconds".
export function speakDuration(micros: number): string {
  const [number, unit] = split(micros);
  const [one, many] = WORDS[unit];
  return `${number.replace('−', 'minus ')} ${number === '1' ? one : many}`;
}

// Full precision, for hovering and copying.
export function exactDuration(micros: number): string {
  return `${formatCount(Math.round(micros * 1000))} ns`;
}

// Thousands apart, and at most three decimals. Not by Intl: its first formatter takes tens of milliseconds to make, in the
// task that starts the application.
export function formatCount(count: number): string {
  const [whole, decimals] = String(Math.round(count * 1000) / 1000).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return decimals === undefined ? grouped : `${grouped}.${decimals}`;
}

export function plural(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

// Round steps for a time axis of `span` microseconds in about `ticks` parts.
export function tickStep(span: number, ticks: number): number {
  const raw = span / Math.max(1, ticks);
  if (!(raw > 0)) return 1;
  if (raw >= 60_000_000) {
    for (const minutes of [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440]) if (minutes * 60_000_000 >= raw) return minutes * 60_000_000;
    return Math.ceil(raw / 86_400_000_000) * 86_400_000_000;
  }
  const power = 10 ** Math.floor(Math.log10(raw));
  for (const factor of [1, 2, 5, 10]) if (factor * power >= raw) return factor * power;
  return 10 * power;
}
