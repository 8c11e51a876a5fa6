// SPDX-License-Identifier: Apache-2.0
// What a picture of the waterfall is made from. Plain data: the same scene draws the same picture.

import type { CriticalPath } from './critical.ts';
import type { Geometry } from './geometry.ts';
import { mix, serviceColour, SERVICE_HUES } from './palette.ts';

export interface ThemeColours {
  scheme: 'light' | 'dark';
  ground: string;
  raised: string;
  ink: string;
  inkSoft: string;
  inkFaint: string;
  line: string;
  lineFaint: string;
  accent: string;
  accentSoft: string;
  hover: string;
  error: string;
  fontUi: string;
}

export interface ServicePaint {
  solid: string;
  wait: string;
  striped: boolean;
}

// One critical path, indexed by node for the drawing of single rows.
export interface CriticalIndex {
  path: CriticalPath;
  byNode: Map<number, number[]>; // node -> segments, in time order
}

export interface Scene extends Geometry {
  theme: ThemeColours;
  paints: ServicePaint[]; // by service number
  activeRow: number; // the row with the keyboard, or -1
  hasFocus: boolean;
  hoverRow: number;
  selected: number; // node, or -1
  matched: Uint8Array | null; // by span row; others are drawn faint
  currentMatch: number; // node, or -1
  critical: CriticalIndex | null;
  cursorX: number; // pointer on the timeline, or -1
  measure: { from: number; to: number } | null; // Shift+drag
  brush: { from: number; to: number } | null; // drag on the ruler
}

export function indexCritical(path: CriticalPath): CriticalIndex {
  const byNode = new Map<number, number[]>();
  for (let i = 0; i < path.node.length; i++) {
    const list = byNode.get(path.node[i]);
    if (list === undefined) byNode.set(path.node[i], [i]);
    else list.push(i);
  }
  return { path, byNode };
}

export function makePaints(serviceNames: string[], theme: ThemeColours): ServicePaint[] {
  return serviceNames.map((name) => {
    const { hue, striped } = serviceColour(name);
    const solid = SERVICE_HUES[hue][theme.scheme];
    return { solid, wait: mix(solid, theme.ground, theme.scheme === 'dark' ? 0.66 : 0.68), striped };
  });
}
