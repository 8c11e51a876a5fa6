// SPDX-License-Identifier: Apache-2.0
// Fits text into a width, with an ellipsis. Measuring is the dearest thing on the canvas, so results are kept.

const KEPT_MAX = 8000;
// Names may be 10 KB long; no column shows more than this.
const CHARACTERS_MAX = 300;

// Control characters would break the line or reorder it; each is shown as one visible sign.
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.slice(0, CHARACTERS_MAX).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\u00b7');
}

export class TextFitter {
  private readonly kept = new Map<string, { text: string; width: number }>();

  // Requires: `context.font` is always the same for one `style`.
  fit(context: CanvasRenderingContext2D, style: string, text: string, room: number): { text: string; width: number } {
    const step = Math.floor(room / 4);
    const key = `${style}\u0000${step}\u0000${text.length > CHARACTERS_MAX ? text.slice(0, CHARACTERS_MAX) : text}`;
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    if (this.kept.size > KEPT_MAX) this.kept.clear();
    const result = this.measure(context, printable(text), text.length > CHARACTERS_MAX, step * 4);
    this.kept.set(key, result);
    return result;
  }

  clear(): void {
    this.kept.clear();
  }

  private measure(context: CanvasRenderingContext2D, text: string, cut: boolean, room: number): { text: string; width: number } {
    const whole = context.measureText(text).width;
    if (whole <= room && !cut) return { text, width: whole };
    if (room < 8) return { text: '', width: 0 };
    let low = 0;
    let high = text.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (context.measureText(text.slice(0, middle) + '…').width <= room) low = middle;
      else high = middle - 1;
    }
    const shown = text.slice(0, low).trimEnd() + '…';
    return { text: shown, width: context.measureText(shown).width };
  }
}
