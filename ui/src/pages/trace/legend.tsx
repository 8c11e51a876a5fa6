// SPDX-License-Identifier: Apache-2.0
// What the marks of the waterfall mean, and the keys that move through it. Stands where no span is chosen yet.

import { Keys } from '../../app/ui.tsx';

const MARKS: readonly [string, string, string][] = [
  ['legend-self', 'Own work', 'no child is running'],
  ['legend-wait', 'Waiting for children', 'at least one child is running'],
  ['legend-gap', 'Gap', 'long time without a child: computing, or not instrumented'],
  ['legend-ghost', 'Not received', 'a parent that spans name but that is not here'],
  ['legend-error', 'Error', 'the span’s status is error'],
  ['legend-event', 'Event', 'a point in time inside the span'],
  ['legend-critical', 'Critical path', 'what the end of the trace waited for'],
];
const KEYS: readonly [string, string][] = [
  ['↑ ↓', 'move'],
  ['← →', 'fold, unfold'],
  ['Enter', 'read the span'],
  ['w a s d', 'zoom and pan'],
  ['f', 'centre, twice to fit'],
  ['n', 'next match'],
  ['!', 'next error'],
  ['?', 'all keys'],
];

export function Legend() {
  return (
    <div className="legend">
      <h2>Reading the waterfall</h2>
      <p className="soft">Choose a span to see what it carries.</p>
      <dl className="legend-marks">
        {MARKS.map(([mark, name, text]) => (
          <div key={mark}>
            <dt>
              <span className={`legend-mark ${mark}`} aria-hidden="true" />
              {name}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <dl className="legend-keys">
        {KEYS.map(([keys, text]) => (
          <div key={keys}>
            <dt>
              <Keys keys={keys} />
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
