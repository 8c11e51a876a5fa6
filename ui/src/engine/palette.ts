// SPDX-License-Identifier: Apache-2.0
// Colours of services: twelve hues, then the same twelve with stripes. A service's colour depends on its name alone, so
// that it is the same in every trace, page and session. test/unit/palette.test.ts holds each hue against both grounds.

export interface ServiceColour {
  hue: number; // index into SERVICE_HUES
  striped: boolean;
}

export interface Hue {
  light: string; // on the light ground
  dark: string; // on the dark ground
}

export const SERVICE_HUES: readonly Hue[] = [
  { light: '#3f6fd8', dark: '#6c97f5' },
  { light: '#c2410c', dark: '#f08a4b' },
  { light: '#0f8577', dark: '#3fbfae' },
  { light: '#a43bb4', dark: '#d583e2' },
  { light: '#8a6d00', dark: '#d3b13a' },
  { light: '#be2d63', dark: '#f0789f' },
  { light: '#2f8132', dark: '#74c26c' },
  { light: '#5b4bc4', dark: '#9d8ff2' },
  { light: '#0b7ea4', dark: '#4fb9e0' },
  { light: '#8d5524', dark: '#cf9a68' },
  { light: '#5d7a1e', dark: '#a6c455' },
  { light: '#64748b', dark: '#9aa8bc' },
];

export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  return hash >>> 0;
}

export function serviceColour(name: string): ServiceColour {
  const slot = hashName(name) % (SERVICE_HUES.length * 2);
  return { hue: slot % SERVICE_HUES.length, striped: slot >= SERVICE_HUES.length };
}

export function serviceCss(name: string, theme: 'light' | 'dark'): string {
  return SERVICE_HUES[serviceColour(name).hue][theme];
}

// Red, green and blue of #rgb, #rrggbb or rgb(r, g, b); tools that shorten style sheets change between these.
export function channels(colour: string): [number, number, number] {
  const text = colour.trim();
  const numbers = /^rgba?\(\s*([\d.]+)[ ,]+([\d.]+)[ ,]+([\d.]+)/.exec(text);
  if (numbers !== null) return [Number(numbers[1]), Number(numbers[2]), Number(numbers[3])];
  const digits = text.length === 4 ? [...text.slice(1)].map((digit) => digit + digit).join('') : text.slice(1);
  return [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16) || 0) as [number, number, number];
}

// Mixes two #rrggbb colours; share 0 gives the first.
export function mix(first: string, second: string, share: number): string {
  const a = channels(first);
  const b = channels(second);
  return '#' + a.map((value, i) => Math.round(value + (b[i] - value) * share).toString(16).padStart(2, '0')).join('');
}

export function luminance(hex: string): number {
  const [r, g, b] = channels(hex).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(first: string, second: string): number {
  const a = luminance(first);
  const b = luminance(second);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
