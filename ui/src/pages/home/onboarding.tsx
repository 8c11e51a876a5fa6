// SPDX-License-Identifier: Apache-2.0
// From nothing stored to the first span: where to send, what to set, and a light that turns green by itself.

import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { announce } from '../../a11y/live.ts';
import type { Status } from '../../api/types.ts';
import { Icon } from '../../app/icons.tsx';
import { CopyButton } from '../../app/ui.tsx';
import { plural } from '../../engine/units.ts';

function addressOf(status: Status, name: string): string | undefined {
  return status.listeners.find((listener) => listener.name === name)?.address;
}

// An address that listens everywhere is reached by the name this page was opened with.
function reachable(address: string): string {
  return address.replace(/^(0\.0\.0\.0|\[::\]|\*)(?=:)/, location.hostname);
}

function Snippet({ title, text }: { title: string; text: string }) {
  return (
    <div className="snippet">
      <div className="snippet-head">
        <span>{title}</span>
        <CopyButton text={text} label={`Copy: ${title}`} />
      </div>
      <pre tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </div>
  );
}

const LISTENERS: Record<string, string> = {
  otlp_grpc: 'OTLP over gRPC', otlp_http: 'OTLP over HTTP', zipkin: 'Zipkin', jaeger_grpc: 'Jaeger gRPC', jaeger_http: 'Jaeger Thrift over HTTP',
  jaeger_udp_compact: 'Jaeger agent, compact', jaeger_udp_binary: 'Jaeger agent, binary', datadog: 'Datadog trace agent', honeycomb: 'Honeycomb',
};

export function Onboarding({ status }: { status: Status }) {
  const [tab, setTab] = useState<'http' | 'grpc'>('http');
  const hasSpans = status.spans > 0;
  useEffect(() => {
    if (hasSpans) announce('The first span has arrived');
  }, [hasSpans]);
  const http = addressOf(status, 'otlp_http');
  const grpc = addressOf(status, 'otlp_grpc');
  const isHttp = tab === 'http' ? http !== undefined : grpc === undefined;
  const endpoint = `http://${reachable((isHttp ? http : grpc) ?? '127.0.0.1:4318')}`;
  const variables = ['OTEL_SERVICE_NAME=my-service', 'OTEL_TRACES_EXPORTER=otlp', `OTEL_EXPORTER_OTLP_PROTOCOL=${isHttp ? 'http/protobuf' : 'grpc'}`, `OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}`];
  const collector = ['exporters:', isHttp ? '  otlphttp/waybill:' : '  otlp/waybill:', `    endpoint: ${isHttp ? endpoint : endpoint.replace('http://', '')}`, '    tls: { insecure: true }', 'service:', '  pipelines:', '    traces:', `      exporters: [${isHttp ? 'otlphttp' : 'otlp'}/waybill]`];
  return (
    <section className="onboarding" aria-labelledby="onboarding-title">
      <div className={`waiting ${hasSpans ? 'is-green' : ''}`} data-testid="waiting">
        <span className="waiting-light" aria-hidden="true">
          {hasSpans ? <Icon name="check" /> : null}
        </span>
        <div>
          <h1 id="onboarding-title">{hasSpans ? 'The first span has arrived' : 'Waiting for the first span'}</h1>
          <p>{hasSpans ? `${plural(status.spans, 'span', 'spans')} in ${plural(status.traces, 'trace', 'traces')} so far.` : 'Nothing is stored yet. Point a service here; this page notices by itself.'}</p>
        </div>
        {hasSpans && (
          <Link to="/explore" className="button button-primary">
            See the traces
          </Link>
        )}
      </div>
      {!hasSpans && (
        <div className="onboarding-grid">
          <div>
            <h2>1. Where to send</h2>
            <ul className="endpoints">
              {status.listeners
                .filter((listener) => listener.name !== 'web')
                .map((listener) => (
                  <li key={listener.name + listener.address}>
                    <span>{LISTENERS[listener.name] ?? listener.name.replaceAll('_', ' ')}</span>
                    <code>{reachable(listener.address)}</code>
                    <CopyButton text={reachable(listener.address)} label={`Copy the address of ${LISTENERS[listener.name] ?? listener.name}`} />
                  </li>
                ))}
            </ul>
          </div>
          <div>
            <h2>2. Tell your service</h2>
            <p className="caption">Every OpenTelemetry SDK reads these environment variables.</p>
            {http !== undefined && grpc !== undefined && (
              <div className="segmented" role="group" aria-label="Protocol">
                <button type="button" aria-pressed={tab === 'http'} onClick={() => setTab('http')}>
                  HTTP
                </button>
                <button type="button" aria-pressed={tab === 'grpc'} onClick={() => setTab('grpc')}>
                  gRPC
                </button>
              </div>
            )}
            <Snippet title="Shell" text={variables.map((line) => `export ${line}`).join('\n')} />
            <Snippet title="Compose, Kubernetes env, .env" text={variables.join('\n')} />
            <Snippet title="OpenTelemetry Collector" text={collector.join('\n')} />
          </div>
        </div>
      )}
    </section>
  );
}
