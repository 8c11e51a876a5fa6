// SPDX-License-Identifier: Apache-2.0
// Sends values that a program can come by, though none means to send them, each as a trace of its own:
//
//   node odd_values.mjs grpc|http/protobuf|http/json HOST:PORT
//
// Prints as JSON, by name, the trace id and the error of the export, or "".

import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";

const VALUES = {
  nan: NaN,
  infinity: -Infinity,
  "half a character": "x\ud83d",
  // The limit below cuts it within the last character.
  "cut text": "0123456789012345678🚀",
  "whole beyond 64 bits": 1e21,
  "two to the 63": 2 ** 63,
};

const [protocol, address] = process.argv.slice(2);
const url = `http://${address}${protocol === "grpc" ? "" : "/v1/traces"}`;
const Exporter = { grpc: GrpcExporter, "http/protobuf": ProtobufExporter, "http/json": JsonExporter }[protocol];
const exporter = new Exporter({ url });
const outcomes = {};
for (const [name, value] of Object.entries(VALUES)) {
  const spans = [];
  const keeper = {
    export(some, done) {
      spans.push(...some);
      done({ code: 0 });
    },
    async shutdown() {},
  };
  const provider = new BasicTracerProvider({
    spanLimits: { attributeValueLengthLimit: 20 },
    spanProcessors: [new SimpleSpanProcessor(keeper)],
  });
  provider.getTracer("odd").startSpan("odd", { attributes: { key: value } }).end();
  await provider.forceFlush();
  const outcome = await new Promise(done => exporter.export(spans, done));
  outcomes[name] = { traceId: spans[0].spanContext().traceId, error: String(outcome.error ?? "") };
}
await exporter.shutdown();
console.log(JSON.stringify(outcomes));
