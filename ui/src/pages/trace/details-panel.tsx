// SPDX-License-Identifier: Apache-2.0
// The chosen span, always beside the waterfall. What the columns know is shown at once; attributes follow.

import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api } from '../../api/client.ts';
import type { SpanDetail } from '../../api/types.ts';
import { Icon } from '../../app/icons.tsx';
import { settings } from '../../app/settings.ts';
import { CopyButton, Delayed, ErrorNote, IconButton, ServiceChip } from '../../app/ui.tsx';
import { hexId, KIND_NAMES, STATUS_ERROR, STATUS_NAMES } from '../../engine/decode.ts';
import { printable } from '../../engine/text.ts';
import { classesOf } from '../../engine/tree.ts';
import { exactDuration, formatCount, formatDuration } from '../../engine/units.ts';
import { AttributeList, AttributeSearch } from './attributes.tsx';
import { EventList, LinkList } from './events-links.tsx';
import { Legend } from './legend.tsx';
import type { LoadedTrace } from './use-trace.ts';

interface Props {
  traceId: string;
  trace: LoadedTrace;
  node: number;
  group: number;
  onGo: (node: number) => void;
  onClose: () => void;
  onResize: (width: number) => void;
}

type Tab = 'attributes' | 'events' | 'links' | 'resource' | 'raw';

function TimeClassBar({ trace, node }: { trace: LoadedTrace; node: number }) {
  const whole = Math.max(0, trace.columns.duration[node]);
  if (whole === 0) return null;
  const classes = classesOf(trace.columns, trace.tree, node);
  const parts = [
    ['self', 'own work', classes.self],
    ['wait', 'waiting for children', classes.childWait],
    ['gap', 'gap', classes.gap],
  ] as const;
  return (
    <div className="class-bar">
      <div className="class-bar-track" aria-hidden="true">
        {parts.map(([key, , micros]) => micros > 0 && <span key={key} className={`class-${key}`} style={{ width: `${(100 * micros) / whole}%` }} />)}
      </div>
      <ul>
        {parts.map(
          ([key, name, micros]) =>
            micros > 0 && (
              <li key={key} title={key === 'gap' ? 'Long time without a child: computing, or work that is not instrumented' : undefined}>
                <span className={`class-key class-${key}`} aria-hidden="true" />
                {name} {formatDuration(micros)} <span className="soft">{Math.round((100 * micros) / whole)} %</span>
              </li>
            ),
        )}
      </ul>
    </div>
  );
}

function Facts({ trace, node, onGo }: { trace: LoadedTrace; node: number; onGo: (node: number) => void }) {
  const { columns, tree } = trace;
  const parent = tree.parent[node];
  const children = tree.childOffset[node + 1] - tree.childOffset[node];
  const status = STATUS_NAMES[columns.status[node]] ?? 'other';
  const id = hexId(columns.spanId, node);
  return (
    <dl className="facts">
      <div>
        <dt>Duration</dt>
        <dd title={exactDuration(columns.duration[node])}>
          {formatDuration(columns.duration[node])}
          {columns.durationMicros > 0 && <span className="soft"> {((100 * Math.max(0, columns.duration[node])) / columns.durationMicros).toFixed(1)} % of trace</span>}
        </dd>
      </div>
      <div>
        <dt>Starts</dt>
        <dd title={exactDuration(columns.start[node])}>{formatDuration(columns.start[node])} after the trace</dd>
      </div>
      <div>
        <dt>Kind</dt>
        <dd>{KIND_NAMES[columns.kind[node]] ?? 'other'}</dd>
      </div>
      <div>
        <dt>Status</dt>
        <dd>{status === 'error' ? <span className="badge badge-error">error</span> : status}</dd>
      </div>
      <div>
        <dt>Span id</dt>
        <dd className="fact-id">
          <code>{id}</code>
          <CopyButton text={id} label="Copy the span id" />
        </dd>
      </div>
      <div>
        <dt>Parent</dt>
        <dd>
          {parent < 0 ? (
            'none'
          ) : parent >= columns.spanCount ? (
            <span title={hexId(columns.missingParent, node)}>not received</span>
          ) : (
            <button type="button" className="text-button" onClick={() => onGo(parent)}>
              {printable(columns.strings[columns.name[parent]]).slice(0, 60) || '(no name)'}
            </button>
          )}
        </dd>
      </div>
      <div>
        <dt>Children</dt>
        <dd>{formatCount(children)}</dd>
      </div>
    </dl>
  );
}

function RawJson({ detail }: { detail: SpanDetail }) {
  const text = JSON.stringify(detail, null, 2);
  return (
    <div className="raw">
      <CopyButton text={text} label="Copy the JSON" />
      <pre tabIndex={0} aria-label="Raw JSON">
        {text}
      </pre>
    </div>
  );
}

function Tabs({ detail, trace, node, tab, onTab }: { detail: SpanDetail | undefined; trace: LoadedTrace; node: number; tab: Tab; onTab: (tab: Tab) => void }) {
  const tabs: [Tab, string, number | null][] = [
    ['attributes', 'Attributes', detail?.attributes.length ?? null],
    ['events', 'Events', trace.columns.events[node]],
    ['links', 'Links', trace.columns.links[node]],
    ['resource', 'Resource', null],
    ['raw', 'JSON', null],
  ];
  return (
    <div
      className="tabs"
      role="tablist"
      aria-label="Parts of the span"
      onKeyDown={(event) => {
        const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
        if (by === 0) return;
        event.preventDefault();
        const next = tabs[(tabs.findIndex(([key]) => key === tab) + by + tabs.length) % tabs.length][0];
        onTab(next);
        document.getElementById(`tab-${next}`)?.focus();
      }}
    >
      {tabs.map(([key, name, count]) => (
        <button key={key} id={`tab-${key}`} type="button" role="tab" aria-selected={tab === key} aria-controls="tab-panel" tabIndex={tab === key ? 0 : -1} onClick={() => onTab(key)}>
          {name}
          {count !== null && count > 0 && <span className="tab-count">{formatCount(count)}</span>}
        </button>
      ))}
    </div>
  );
}

function TabPanel({ tab, detail, search, onSearch }: { tab: Tab; detail: SpanDetail; search: string; onSearch: (text: string) => void }) {
  if (tab === 'raw') return <RawJson detail={detail} />;
  if (tab === 'events') return <EventList detail={detail} />;
  if (tab === 'links') return <LinkList detail={detail} />;
  if (tab === 'resource') {
    return (
      <>
        <AttributeList scope="resource" attributes={detail.resource.attributes} search="" none="The resource has no attributes." />
        <h3 className="panel-heading">Scope</h3>
        <p className="scope-name">
          {detail.scope.name === '' ? 'unnamed' : detail.scope.name} <span className="soft">{detail.scope.version}</span>
        </p>
        {detail.scope.attributes.length > 0 && <AttributeList scope="instrumentation" attributes={detail.scope.attributes} search="" none="" />}
      </>
    );
  }
  return (
    <>
      {detail.attributes.length > 6 && <AttributeSearch text={search} onText={onSearch} />}
      <AttributeList scope="span" attributes={detail.attributes} search={search} none="The span has no attributes." dropped={detail.droppedAttributesCount} />
    </>
  );
}

function SpanPanel({ traceId, trace, node, onGo }: Props) {
  const { columns } = trace;
  const [tab, setTab] = useState<Tab>('attributes');
  const [search, setSearch] = useState('');
  const query = useQuery({ queryKey: ['span', traceId, node], queryFn: async ({ signal }) => (await api.spans(traceId, [node], signal))[0], staleTime: Infinity });
  const detail = query.data;
  const message = detail?.status.message ?? '';
  return (
    <>
      <div className="span-head">
        <ServiceChip name={columns.serviceNames[columns.service[node]]} isError={columns.status[node] === STATUS_ERROR} />
        <h2 title={columns.strings[columns.name[node]].slice(0, 2000)}>{printable(columns.strings[columns.name[node]]) || '(no name)'}</h2>
        {message !== '' && (
          <p className="status-message">
            <Icon name="warn" size={14} /> {message.slice(0, 2000)}
          </p>
        )}
      </div>
      <TimeClassBar trace={trace} node={node} />
      <Facts trace={trace} node={node} onGo={onGo} />
      <Tabs detail={detail} trace={trace} node={node} tab={tab} onTab={setTab} />
      <div className="tab-panel" id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
        {query.isError && <ErrorNote error={query.error} what="The details could not be read" onRetry={() => void query.refetch()} />}
        {detail === undefined && !query.isError && (
          <Delayed millis={80}>
            <div className="skeleton-list" aria-label="Loading">
              <div className="skeleton" />
              <div className="skeleton" />
              <div className="skeleton" />
            </div>
          </Delayed>
        )}
        {detail !== undefined && <TabPanel tab={tab} detail={detail} search={search} onSearch={setSearch} />}
      </div>
    </>
  );
}

function GroupPanel({ trace, group }: { trace: LoadedTrace; group: number }) {
  const { columns, tree } = trace;
  const { groups } = tree;
  const head = tree.childList[groups.first[group]];
  const count = groups.last[group] - groups.first[group];
  return (
    <div className="span-head">
      <ServiceChip name={columns.serviceNames[columns.service[head]]} />
      <h2>
        {printable(columns.strings[columns.name[head]])} <span className="soft">×{formatCount(count)}</span>
      </h2>
      <p className="soft">Equal siblings in a row, none with an error. Press Enter or click the arrow to see each.</p>
      <dl className="facts">
        <div>
          <dt>Total</dt>
          <dd>{formatDuration(groups.total[group])}</dd>
        </div>
        <div>
          <dt>Longest</dt>
          <dd>{formatDuration(groups.max[group])}</dd>
        </div>
        <div>
          <dt>Mean</dt>
          <dd>{formatDuration(groups.total[group] / count)}</dd>
        </div>
        <div>
          <dt>At once</dt>
          <dd>at most {formatCount(groups.parallel[group])}</dd>
        </div>
      </dl>
    </div>
  );
}

export function DetailsPanel(props: Props) {
  const { trace, node, group, onClose, onResize } = props;
  const panel = useRef<HTMLElement>(null);
  const handle = useRef<HTMLDivElement>(null);
  const isSpan = node >= 0 && node < trace.columns.spanCount;
  useEffect(() => {
    if (panel.current !== null) panel.current.style.setProperty('--panel-width', `${settings().panelWidth}px`);
  }, []);
  const resize = (width: number) => {
    const size = Math.round(Math.max(260, Math.min(width, window.innerWidth * 0.6)));
    panel.current?.style.setProperty('--panel-width', `${size}px`);
    onResize(size);
  };
  return (
    <aside className="details" ref={panel} aria-label="Span details">
      <div
        ref={handle}
        className="details-handle"
        role="separator"
        aria-orientation="vertical"
        aria-label="Width of the details"
        aria-valuenow={settings().panelWidth}
        aria-valuemin={260}
        aria-valuemax={1200}
        tabIndex={0}
        onKeyDown={(event) => {
          if (event.key === 'ArrowLeft') resize(settings().panelWidth + 24);
          else if (event.key === 'ArrowRight') resize(settings().panelWidth - 24);
        }}
        onPointerDown={(event) => handle.current?.setPointerCapture(event.pointerId)}
        onPointerMove={(event) => {
          if (event.buttons === 1 && panel.current !== null) resize(panel.current.getBoundingClientRect().right - event.clientX);
        }}
      />
      <div className="details-body">
        <div className="details-close">
          <IconButton icon="close" label="Close the details" keys="i" onClick={onClose} />
        </div>
        {isSpan ? (
          <SpanPanel key={node} {...props} />
        ) : group >= 0 ? (
          <GroupPanel trace={trace} group={group} />
        ) : node >= trace.columns.spanCount ? (
          <div className="span-head">
            <h2>Parent not received</h2>
            <p className="soft">
              Spans name the parent <code>{hexId(trace.columns.missingParent, trace.tree.ghostRow[node - trace.columns.spanCount])}</code>, which is not here: it is still on its way, was dropped, or was never sent. Its times are not known; the hatched bar spans its children.
            </p>
          </div>
        ) : (
          <Legend />
        )}
      </div>
    </aside>
  );
}
