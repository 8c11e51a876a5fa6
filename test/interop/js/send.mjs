// SPDX-License-Identifier: Apache-2.0
// Sends one trace that has everything, with the unmodified OpenTelemetry SDK, and prints as JSON what it sent:
//
//   node send.mjs grpc|http/protobuf|http/json none|gzip HOST:PORT
//
// The shape of the output is described in ../README.md.

import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, createTraceState, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from "@opentelemetry/semantic-conventions";

const [protocol, compression, address] = process.argv.slice(2);
const SCHEMA_URL = "https://opentelemetry.io/schemas/1.30.0";
const KINDS = ["internal", "server", "client", "producer", "consumer"];
const STATUSES = ["unset", "ok", "error"];

function makeExporter() {
  switch (protocol) {
    case "grpc":
      return new GrpcExporter({ url: `http://${address}`, compression });
    case "http/protobuf":
      return new ProtobufExporter({ url: `http://${address}/v1/traces`, compression });
    case "http/json":
      return new JsonExporter({ url: `http://${address}/v1/traces`, compression });
    default:
      throw new Error(`no such protocol: ${protocol}`);
  }
}

// Keeps the spans, to send them as one request and to print them.
class Keeper {
  spans = [];
  export(spans, done) {
    this.spans.push(...spans);
    done({ code: 0 });
  }
  async shutdown() {}
}

const keeper = new Keeper();
const provider = new BasicTracerProvider({
  resource: defaultResource().merge(
    resourceFromAttributes(
      {
        [ATTR_SERVICE_NAME]: `interop-js-${protocol}-${compression}`,
        [ATTR_SERVICE_VERSION]: "1.2.3-β",
        "host.cpus": 2,
        "process.command_args": ["node", "--enable", ""],
      },
      { schemaUrl: SCHEMA_URL },
    ),
  ),
  spanLimits: {
    attributeCountLimit: 24,
    eventCountLimit: 3,
    linkCountLimit: 3,
    attributePerEventCountLimit: 4,
    attributePerLinkCountLimit: 2,
  },
  spanProcessors: [new SimpleSpanProcessor(keeper)],
});
const tracer = provider.getTracer("waybill.interop", "0.1.0", { schemaUrl: SCHEMA_URL });
const bareTracer = provider.getTracer("bare");

const startSeconds = Math.floor(Date.now() / 1000) - 2;
const at = nanos => [startSeconds + Math.floor(nanos / 1e9), nanos % 1e9];

const root = tracer.startSpan(
  "root 根 🚀 \"quoted\" \\ \u0001 <b>",
  {
    kind: SpanKind.INTERNAL,
    startTime: at(123_456_789),
    attributes: {
      text: "GET /cart",
      "text.unicode": "žluťoučký 🐎 \u2028 line\nbreak \u0000 nul",
      "text.empty": "",
      "text.long": "x".repeat(5000),
      yes: true,
      no: false,
      "int.zero": 0,
      "int.negative": -42,
      "int.safe": Number.MAX_SAFE_INTEGER,
      "int.safe.negative": Number.MIN_SAFE_INTEGER,
      double: 0.1,
      "double.small": 5e-324,
      "double.negative": -2.5e-7,
      "array.text": ["a", "", "ř"],
      "array.int": [1, 0, -1],
      "array.double": [0.5, -0.25],
      "array.bool": [true, false],
      "array.empty": [],
      "array.hole": ["a", null, "b"],
    },
  },
  ROOT_CONTEXT,
);
const call = tracer.startSpan("call", { kind: SpanKind.CLIENT, startTime: at(123_456_790) }, trace.setSpan(ROOT_CONTEXT, root));
call.setStatus({ code: SpanStatusCode.OK });

// As another process would go on from the headers.
const remote = trace.setSpanContext(ROOT_CONTEXT, {
  ...call.spanContext(),
  isRemote: true,
  traceState: createTraceState("waybill=t61rcWkgMzE,tenant@vendor=a:b/c"),
});
const serve = tracer.startSpan("GET /cart/{id}", { kind: SpanKind.SERVER, startTime: at(200_000_001) }, remote);
const inServe = trace.setSpan(ROOT_CONTEXT, serve);
const publish = tracer.startSpan("publish", { kind: SpanKind.PRODUCER, startTime: at(210_000_000) }, inServe);
publish.end(at(211_000_001));
const consume = tracer.startSpan(
  "process",
  {
    kind: SpanKind.CONSUMER,
    startTime: at(220_000_000),
    links: [
      { context: publish.spanContext(), attributes: { reason: "batch", weight: 0.5 } },
      {
        context: {
          traceId: "0af7651916cd43dd8448eb211c80319c",
          spanId: "b7ad6b7169203331",
          traceFlags: TraceFlags.NONE,
          isRemote: true,
          traceState: createTraceState("other=1"),
        },
      },
    ],
  },
  inServe,
);
consume.end(at(220_000_000));

const fails = bareTracer.startSpan("fails", { startTime: at(230_000_000) }, inServe);
const error = new TypeError("nothing here: \"é\"");
error.stack = "TypeError: nothing here\n    at serve (app.js:1:2)";
fails.recordException(error, at(230_500_999));
fails.addEvent("retry", { attempt: 2, "delay.s": 0.25, final: false, hosts: ["a", "b"] }, at(230_600_000));
fails.addEvent("", {}, at(230_700_000));
fails.setStatus({ code: SpanStatusCode.ERROR, message: "boom ☠" });
fails.end(at(240_000_000));

const many = bareTracer.startSpan("over the limits", { startTime: at(241_000_000) }, inServe);
for (let i = 0; i < 30; i++) many.setAttribute(`k${i}`, i);
for (let i = 0; i < 5; i++) many.addEvent(`e${i}`, { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }, at(241_000_000 + i));
for (let i = 0; i < 7; i++) many.addLink({ context: root.spanContext(), attributes: { a: i, b: 2, c: 3 } });
many.end(at(242_000_000));

serve.end(at(300_000_000));
call.end(at(400_000_000));
root.end(at(1_123_456_788));

await provider.forceFlush();
const exporter = makeExporter();
const outcome = await new Promise(done => exporter.export(keeper.spans, done));
await exporter.shutdown();
if (outcome.code !== 0) {
  console.error(`the export failed: ${outcome.error}`);
  process.exit(1);
}

function value(of) {
  if (typeof of === "string") return { type: "string", value: of };
  if (typeof of === "boolean") return { type: "bool", value: of };
  if (typeof of === "number") return Number.isInteger(of) ? { type: "int", value: String(of) } : { type: "double", value: of };
  if (Array.isArray(of)) return { type: "array", value: of.map(value) };
  return { type: "empty", value: null };
}
const attributes = of => Object.entries(of ?? {}).map(([key, one]) => ({ key, ...value(one) }));
const nanos = ([seconds, rest]) => String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));
const remoteFlags = isRemote => 0x100 | (isRemote ? 0x200 : 0);

console.log(
  JSON.stringify({
    sdk: "js",
    spans: keeper.spans.map(span => ({
      traceId: span.spanContext().traceId,
      spanId: span.spanContext().spanId,
      parentSpanId: span.parentSpanContext?.spanId ?? "",
      traceState: span.spanContext().traceState?.serialize() ?? "",
      flags: span.spanContext().traceFlags | remoteFlags(span.parentSpanContext?.isRemote),
      name: span.name,
      kind: KINDS[span.kind],
      startUnixNano: nanos(span.startTime),
      endUnixNano: nanos(span.endTime),
      status: { code: STATUSES[span.status.code], message: span.status.message ?? "" },
      attributes: attributes(span.attributes),
      droppedAttributesCount: span.droppedAttributesCount,
      events: span.events.map(event => ({
        name: event.name,
        timeUnixNano: nanos(event.time),
        attributes: attributes(event.attributes),
        droppedAttributesCount: event.droppedAttributesCount ?? 0,
      })),
      droppedEventsCount: span.droppedEventsCount,
      links: span.links.map(link => ({
        traceId: link.context.traceId,
        spanId: link.context.spanId,
        traceState: link.context.traceState?.serialize() ?? "",
        flags: link.context.traceFlags | remoteFlags(link.context.isRemote),
        attributes: attributes(link.attributes),
        droppedAttributesCount: link.droppedAttributesCount ?? 0,
      })),
      droppedLinksCount: span.droppedLinksCount,
      scope: {
        name: span.instrumentationScope.name,
        version: span.instrumentationScope.version ?? "",
        attributes: [],
        schemaUrl: span.instrumentationScope.schemaUrl ?? "",
      },
      resource: { attributes: attributes(span.resource.attributes), schemaUrl: span.resource.schemaUrl ?? "" },
    })),
  }),
);
