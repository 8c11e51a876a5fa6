// SPDX-License-Identifier: Apache-2.0
// Icons, drawn for this UI on a 16 by 16 grid with 1.5 px lines.

const PATHS = {
  home: 'M2.5 7.2 8 2.6l5.5 4.6v6.2h-3.7V9.6H6.2v3.8H2.5z',
  explore: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.4 10.4l3.4 3.4',
  trace: 'M2.5 3.8h8M5 8h6.5M8 12.2h5.5',
  settings: 'M2.5 4.5h6M12 4.5h1.5M10.2 2.7v3.6M2.5 11.5h1.6M7.4 11.5h6.1M5.8 9.7v3.6',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1',
  moon: 'M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z',
  help: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM6.2 6.2c.2-2.3 3.7-2.2 3.6.1 0 1.4-1.8 1.5-1.8 2.8M8 11.3v.2',
  close: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.5 5.5h7.7v7.7H5.5zM10.5 5.5V2.8H2.8v7.7h2.7',
  check: 'M3 8.4l3.3 3.3L13 4.8',
  down: 'M4 6l4 4 4-4',
  up: 'M4 10l4-4 4 4',
  right: 'M6 4l4 4-4 4',
  left: 'M10 4l-4 4 4 4',
  plus: 'M8 3v10M3 8h10',
  clock: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 4.5V8l2.4 1.6',
  warn: 'M8 2.2l6.2 11H1.8zM8 6.4v3.2M8 11.4v.2',
  link: 'M6.8 9.2a2.6 2.6 0 0 0 3.9.2l2-2a2.6 2.6 0 0 0-3.7-3.7l-1 1M9.2 6.8a2.6 2.6 0 0 0-3.9-.2l-2 2A2.6 2.6 0 0 0 7 12.3l1-1',
  filter: 'M2.2 3.2h11.6L9.4 8.6v4.2l-2.8-1.4V8.6z',
  globe: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM1.8 8h12.4M8 1.8c3.4 3.6 3.4 8.8 0 12.4M8 1.8c-3.4 3.6-3.4 8.8 0 12.4',
  path: 'M2.5 12.5h3v-5h5v-4h3',
  play: 'M4.5 2.8v10.4L13 8z',
  fold: 'M3 8h10M8 1.8v3.4M6 3.4l2 2 2-2M8 14.2v-3.4M6 12.6l2-2 2 2',
  unfold: 'M3 8h10M8 5.6V2M6 3.8l2-2 2 2M8 10.4V14M6 12.2l2 2 2-2',
  fit: 'M2.5 3v10M13.5 3v10M4.8 8h6.4M6.6 6.2 4.8 8l1.8 1.8M9.4 6.2 11.2 8 9.4 9.8',
  panel: 'M2.2 3h11.6v10H2.2zM9.8 3v10',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Mark() {
  return (
    <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" className="mark-ground" />
      <g className="mark-bars">
        <rect x="6" y="8" width="20" height="4" rx="2" />
        <rect x="9" y="14" width="12" height="4" rx="2" opacity=".85" />
        <rect x="15" y="20" width="9" height="4" rx="2" opacity=".7" />
      </g>
    </svg>
  );
}
