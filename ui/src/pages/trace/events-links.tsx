// SPDX-License-Identifier: Apache-2.0
import { Link } from '@tanstack/react-router';
import type { SpanDetail } from '../../api/types.ts';
import { Time } from '../../app/ui.tsx';
import { normalTraceId } from '../../app/address.ts';
import { printable } from '../../engine/text.ts';
import { formatDuration } from '../../engine/units.ts';
import { AttributeList } from './attributes.tsx';

export function EventList({ detail }: { detail: SpanDetail }) {
  if (detail.events.length === 0) return <p className="soft">The span has no events.</p>;
  return (
    <ol className="events">
      {detail.events.map((event, index) => (
        <li key={index}>
          <h3>
            <bdi>{printable(event.name) || '(no name)'}</bdi>
          </h3>
          <p className="soft">
            {formatDuration(Number(BigInt(event.timeUnixNano) - BigInt(detail.startUnixNano)) / 1000)} after the start, <Time nano={event.timeUnixNano} />
          </p>
          {event.attributes.length > 0 && <AttributeList scope="event" attributes={event.attributes} search="" none="" dropped={event.droppedAttributesCount} />}
        </li>
      ))}
      {detail.droppedEventsCount > 0 && <li className="soft">{detail.droppedEventsCount} more were dropped by the sender.</li>}
    </ol>
  );
}

export function LinkList({ detail }: { detail: SpanDetail }) {
  if (detail.links.length === 0) return <p className="soft">The span has no links.</p>;
  return (
    <ol className="events">
      {detail.links.map((link, index) => (
        <li key={index}>
          <h3>
            <Link to="/t/$traceId" params={{ traceId: normalTraceId(link.traceId) ?? link.traceId }} search={{ span: link.spanId }} preload={false}>
              Trace {link.traceId.slice(0, 16)}…
            </Link>
          </h3>
          <p className="soft">
            span <code>{link.spanId}</code>
          </p>
          {link.attributes.length > 0 && <AttributeList scope="link" attributes={link.attributes} search="" none="" dropped={link.droppedAttributesCount} />}
        </li>
      ))}
      {detail.droppedLinksCount > 0 && <li className="soft">{detail.droppedLinksCount} more were dropped by the sender.</li>}
    </ol>
  );
}
