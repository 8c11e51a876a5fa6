// SPDX-License-Identifier: Apache-2.0
// Small repeating patterns, so that nothing is told by colour alone.

export class Patterns {
  private readonly kept = new Map<string, CanvasPattern | string>();

  constructor(private readonly context: CanvasRenderingContext2D) {}

  // Diagonal lines: what was not received.
  hatch(colour: string): CanvasPattern | string {
    return this.make(`hatch ${colour}`, 6, (c) => {
      c.strokeStyle = colour;
      c.lineWidth = 1;
      c.beginPath();
      c.moveTo(-1, 7);
      c.lineTo(7, -1);
      c.moveTo(-1, 1);
      c.lineTo(1, -1);
      c.moveTo(5, 7);
      c.lineTo(7, 5);
      c.stroke();
    }, colour);
  }

  // Dots on a ground: a gap, time that nobody accounts for.
  dots(colour: string, ground: string): CanvasPattern | string {
    return this.make(`dots ${colour} ${ground}`, 4, (c) => {
      c.fillStyle = ground;
      c.fillRect(0, 0, 4, 4);
      c.fillStyle = colour;
      c.fillRect(0, 0, 2, 2);
      c.fillRect(2, 2, 2, 2);
    }, colour);
  }

  // Thin upright lines: the second round of the twelve hues.
  stripe(ground: string): CanvasPattern | string {
    return this.make(`stripe ${ground}`, 7, (c) => {
      c.globalAlpha = 0.4;
      c.fillStyle = ground;
      c.fillRect(0, 0, 1.5, 7);
    }, 'transparent');
  }

  private make(key: string, size: number, paint: (c: CanvasRenderingContext2D) => void, plain: string): CanvasPattern | string {
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const tile = document.createElement('canvas');
    tile.width = size;
    tile.height = size;
    const c = tile.getContext('2d');
    let pattern: CanvasPattern | string = plain;
    if (c !== null) {
      paint(c);
      pattern = this.context.createPattern(tile, 'repeat') ?? plain;
    }
    this.kept.set(key, pattern);
    return pattern;
  }
}
