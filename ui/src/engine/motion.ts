// SPDX-License-Identifier: Apache-2.0
// Held keys move the view smoothly; a short press moves it one step. Without motion where the system asks for none.

import type { Waterfall } from './waterfall.ts';

export type Motion = 'in' | 'out' | 'left' | 'right';

const STEP_MILLIS = 110;
const ZOOM_PER_SECOND = 6; // e-foldings of zoom, divided by two
const PAN_PER_SECOND = 1.6; // widths of the window

export class HeldMotion {
  private readonly held = new Map<Motion, number>(); // until when it moves at least
  private readonly released = new Set<Motion>();
  private frame = 0;
  private last = 0;

  constructor(private readonly waterfall: Waterfall, private readonly isStill: boolean) {}

  press(motion: Motion): void {
    if (this.isStill) {
      this.move(motion, STEP_MILLIS / 1000);
      return;
    }
    this.released.delete(motion);
    if (this.held.has(motion)) return;
    const now = performance.now();
    this.held.set(motion, now + STEP_MILLIS);
    if (this.frame === 0) {
      this.last = now;
      this.frame = requestAnimationFrame(this.step);
    }
  }

  release(motion: Motion): void {
    this.released.add(motion);
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.held.clear();
  }

  private readonly step = (now: number): void => {
    const seconds = Math.min(0.05, Math.max(0, now - this.last) / 1000);
    this.last = now;
    for (const [motion, until] of this.held) {
      this.move(motion, seconds);
      if (this.released.has(motion) && now >= until) this.held.delete(motion);
    }
    this.frame = this.held.size > 0 ? requestAnimationFrame(this.step) : 0;
  };

  private move(motion: Motion, seconds: number): void {
    const { scene } = this.waterfall;
    if (motion === 'left' || motion === 'right') {
      this.waterfall.pan((motion === 'left' ? -1 : 1) * PAN_PER_SECOND * seconds);
      return;
    }
    const about = scene.cursorX >= 0 && scene.cursorX > scene.nameWidth ? scene.t0 + ((scene.cursorX - scene.nameWidth) / (scene.width - scene.nameWidth)) * (scene.t1 - scene.t0) : (scene.t0 + scene.t1) / 2;
    this.waterfall.zoom(Math.exp((motion === 'in' ? -1 : 1) * (ZOOM_PER_SECOND / 2) * seconds), about);
  }
}
