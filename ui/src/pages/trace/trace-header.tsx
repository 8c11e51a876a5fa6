// SPDX-License-Identifier: Apache-2.0
import { useMemo } from 'react';
import { Icon } from '../../app/icons.tsx';
import { CopyButton, ServiceChip, Time } from '../../app/ui.tsx';
import { MARK_CYCLE, MARK_DUPLICATE, MISSING_PARENT, STATUS_ERROR } from '../../engine/decode.ts';
import { printable } from '../../engine/text.ts';
import { exactDuration, formatDuration, plural } from '../../engine/units.ts';
import { BackLink } from './trace-page.tsx';
import type { LoadedTrace } from './use-trace.ts';

function countFacts({ columns, tree }: LoadedTrace) {
  let errors = 0;
  let orphans = 0;
  let cycles = 0;
  let duplicates = 0;
  let roots = 0;
  let depth = 0;
  const perService = new Uint32Array(columns.serviceNames.length);
  const failed = new Uint8Array(columns.serviceNames.length);
  for (let row = 0; row < columns.spanCount; row++) {
    perService[columns.service[row]]++;
    if (columns.status[row] === STATUS_ERROR) {
      errors++;
      failed[columns.service[row]] = 1;
    }
    if (columns.parent[row] === MISSING_PARENT) orphans++;
    if (columns.parent[row] === -1 && !(columns.marks[row] & MARK_CYCLE)) roots++;
    if (columns.marks[row] & MARK_CYCLE) cycles++;
    if (columns.marks[row] & MARK_DUPLICATE) duplicates++;
    if (tree.depth[row] > depth) depth = tree.depth[row];
  }
  const services = columns.serviceNames.map((name, i) => ({ name, count: perService[i], failed: failed[i] === 1 })).sort((a, b) => b.count - a.count);
  return { errors, orphans, cycles, duplicates, roots, depth: depth + 1, services };
}

const SERVICES_SHOWN = 8;

export function TraceHeader({ trace, traceId, back, onCopyLink, onGo }: { trace: LoadedTrace; traceId: string; back: string | undefined; onCopyLink: () => void; onGo: (node: number) => void }) {
  const { columns, tree } = trace;
  const facts = useMemo(() => countFacts(trace), [trace]);
  const { root } = trace.critical;
  const warnings: [string, string][] = [];
  if (tree.ghostCount > 0) warnings.push([`incomplete: ${plural(tree.ghostCount, 'parent', 'parents')} not received`, `${plural(facts.orphans, 'span names', 'spans name')} a parent that is not here: still on its way, dropped, or never sent`]);
  if (facts.roots === 0) warnings.push(['no root', 'Every span names a parent']);
  if (facts.roots > 1) warnings.push([plural(facts.roots, 'root', 'roots'), 'More than one span names no parent']);
  if (facts.cycles > 0) warnings.push([plural(facts.cycles, 'parent cycle', 'parent cycles'), 'A parent link that closes a cycle is not followed']);
  if (facts.duplicates > 0) warnings.push([plural(facts.duplicates, 'repeated span id', 'repeated span ids'), 'Other spans have the same id']);
  return (
    <header className="trace-header">
      <div className="trace-title">
        <BackLink back={back} />
        <h1 title={root < 0 ? '' : columns.strings[columns.name[root]].slice(0, 1000)}>
          {root < 0 ? (
            'Empty trace'
          ) : (
            <>
              <span className="trace-service">{printable(columns.serviceNames[columns.service[root]]) || '(no service)'}</span> {printable(columns.strings[columns.name[root]]) || '(no name)'}
            </>
          )}
        </h1>
        <span className="trace-duration" title={exactDuration(columns.durationMicros)}>
          {formatDuration(columns.durationMicros)}
        </span>
        <div className="trace-title-end">
          <button type="button" className="button button-small" onClick={onCopyLink} title="Copy a link to this view (y)">
            <Icon name="link" size={14} />
            Copy link
          </button>
        </div>
      </div>
      <div className="trace-facts">
        <Time nano={columns.epochUnixNano} />
        <span>{plural(columns.spanCount, 'span', 'spans')}</span>
        <span>{plural(columns.serviceNames.length, 'service', 'services')}</span>
        <span>{plural(facts.depth, 'level', 'levels')}</span>
        {facts.errors > 0 && (
          <button type="button" className="badge badge-error" title="Go to the first error (!)" onClick={() => onGo(firstError(trace))}>
            {plural(facts.errors, 'error', 'errors')}
          </button>
        )}
        {warnings.map(([text, why]) => (
          <span key={text} className="badge badge-warn" title={why}>
            {text}
          </span>
        ))}
        <span className="trace-id">
          <code>{traceId}</code>
          <CopyButton text={traceId} label="Copy the trace id" />
        </span>
        <span className="trace-services">
          {facts.services.slice(0, SERVICES_SHOWN).map((service) => (
            <ServiceChip key={service.name} name={service.name} count={service.count} isError={service.failed} />
          ))}
          {facts.services.length > SERVICES_SHOWN && <span className="more">+{facts.services.length - SERVICES_SHOWN}</span>}
        </span>
      </div>
    </header>
  );
}

export function firstError({ columns, tree }: LoadedTrace): number {
  for (let at = 0; at < tree.nodeCount; at++) {
    const node = tree.order[at];
    if (node < columns.spanCount && columns.status[node] === STATUS_ERROR) return node;
  }
  return -1;
}
