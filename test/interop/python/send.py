# SPDX-License-Identifier: Apache-2.0
"""Sends one trace that has everything, with the unmodified OpenTelemetry SDK, and prints as JSON what it sent:

    send.py grpc|http/protobuf none|gzip HOST:PORT

The shape of the output is described in ../README.md.
"""

import base64
import json
import logging
import math
import sys
import time

import grpc
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

SCHEMA_URL = "https://opentelemetry.io/schemas/1.30.0"
STATUSES = ["unset", "ok", "error"]

# It warns of each attribute over the limit, which is meant here.
logging.getLogger("opentelemetry.attributes").setLevel(logging.ERROR)


def make_exporter(protocol, compression, address):
    if protocol == "grpc":
        chosen = {"none": grpc.Compression.NoCompression, "gzip": grpc.Compression.Gzip}[compression]
        return GrpcExporter(endpoint=address, insecure=True, compression=chosen)
    if protocol == "http/protobuf":
        return HttpExporter(endpoint=f"http://{address}/v1/traces", compression=Compression(compression))
    raise ValueError(f"no such protocol: {protocol}")


def make_spans(service):
    keeper = InMemorySpanExporter()
    resource = Resource.create({"service.name": service, "service.version": "1.2.3-β", "host.cpus": 2,
                                "process.command_args": ["python", "--enable", ""]}, SCHEMA_URL)
    limits = SpanLimits(max_span_attributes=27, max_events=3, max_links=3, max_event_attributes=4,
                        max_link_attributes=2)
    provider = TracerProvider(resource=resource, span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(keeper))
    tracer = provider.get_tracer("waybill.interop", "0.1.0", SCHEMA_URL, {"scope.part": "főr", "scope.number": 7})
    bare_tracer = provider.get_tracer("bare")
    base = (int(time.time()) - 2) * 10**9

    attributes = {
        "text": "GET /cart",
        "text.unicode": "žluťoučký 🐎 \u2028 line\nbreak \0 nul",
        "text.empty": "",
        "text.long": "x" * 5000,
        "yes": True,
        "no": False,
        "int.zero": 0,
        "int.negative": -42,
        "int.max": 2**63 - 1,
        "int.min": -(2**63),
        "double": 0.1,
        "double.whole": 3.0,
        "double.negative_zero": -0.0,
        "double.small": 5e-324,
        "double.big": sys.float_info.max,
        "double.nan": math.nan,
        "double.infinity": -math.inf,
        "array.text": ["a", "", "ř"],
        "array.int": [1, 0, 2**63 - 1],
        "array.double": [0.5, 3.0, math.inf],
        "array.bool": [True, False],
        "array.empty": [],
        "array.mixed": [None, 1, "b", [True, b"\xff"]],
        "bytes": b"\x00\x01\xfe\xff",
        "map": {"a": "b", "inner": {"c": 0.25, "none": None}},
    }
    root = tracer.start_span("root 根 🚀 \"quoted\" \\ \x01 <b>", kind=SpanKind.INTERNAL, attributes=attributes,
                             start_time=base + 123_456_789)
    call = tracer.start_span("call", trace.set_span_in_context(root), SpanKind.CLIENT, start_time=base + 123_456_790)
    call.set_status(Status(StatusCode.OK))

    # As another process would go on from the headers.
    headers = SpanContext(call.context.trace_id, call.context.span_id, True, TraceFlags(TraceFlags.SAMPLED),
                          TraceState([("waybill", "t61rcWkgMzE"), ("tenant@vendor", "a:b/c")]))
    serve = tracer.start_span("GET /cart/{id}", trace.set_span_in_context(NonRecordingSpan(headers)), SpanKind.SERVER,
                              start_time=base + 200_000_001)
    in_serve = trace.set_span_in_context(serve)
    publish = tracer.start_span("publish", in_serve, SpanKind.PRODUCER, start_time=base + 210_000_000)
    publish.end(base + 211_000_001)
    foreign = SpanContext(0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331, True)
    consume = tracer.start_span("process", in_serve, SpanKind.CONSUMER, start_time=base + 220_000_000,
                                links=[Link(publish.context, {"reason": "batch", "weight": 0.5}), Link(foreign)])
    consume.end(base + 220_000_000)

    fails = bare_tracer.start_span("fails", in_serve, start_time=base + 230_000_000)
    fails.record_exception(TypeError("nothing here: \"é\""), timestamp=base + 230_500_999)
    fails.add_event("retry", {"attempt": 2, "delay.s": 0.25, "final": False, "hosts": ["a", "b"]}, base + 230_600_000)
    fails.add_event("", None, base + 230_700_000)
    fails.set_status(Status(StatusCode.ERROR, "boom ☠"))
    fails.end(base + 240_000_000)

    many = bare_tracer.start_span("over the limits", in_serve, start_time=base + 241_000_000)
    for i in range(30):
        many.set_attribute(f"k{i}", i)
    for i in range(5):
        many.add_event(f"e{i}", {key: i for key in "abcdef"}, base + 241_000_000 + i)
    for i in range(7):
        many.add_link(root.context, {"a": i, "b": 2, "c": 3})
    many.end(base + 242_000_000)

    serve.end(base + 300_000_000)
    call.end(base + 400_000_000)
    root.end(base + 1_123_456_788)
    return keeper.get_finished_spans()


def value_json(of):
    if of is None:
        return {"type": "empty", "value": None}
    if isinstance(of, bool):
        return {"type": "bool", "value": of}
    if isinstance(of, int):
        return {"type": "int", "value": str(of)}
    if isinstance(of, float):
        return {"type": "double", "value": repr(of)}
    if isinstance(of, str):
        return {"type": "string", "value": of}
    if isinstance(of, bytes):
        return {"type": "bytes", "value": base64.b64encode(of).decode()}
    if hasattr(of, "items"):
        return {"type": "kvlist", "value": attributes_json(of)}
    return {"type": "array", "value": [value_json(one) for one in of]}


def attributes_json(of):
    return [{"key": key, **value_json(one)} for key, one in (of or {}).items()]


def flags(other):
    """This exporter leaves out the trace flags; it only tells whether the other span is remote."""
    return 0x300 if other is not None and other.is_remote else 0x100


def span_json(span):
    return {
        "traceId": f"{span.context.trace_id:032x}",
        "spanId": f"{span.context.span_id:016x}",
        "parentSpanId": f"{span.parent.span_id:016x}" if span.parent else "",
        "traceState": span.context.trace_state.to_header(),
        "flags": flags(span.parent),
        "name": span.name,
        "kind": span.kind.name.lower(),
        "startUnixNano": str(span.start_time),
        "endUnixNano": str(span.end_time),
        "status": {"code": STATUSES[span.status.status_code.value], "message": span.status.description or ""},
        "attributes": attributes_json(span.attributes),
        "droppedAttributesCount": span.dropped_attributes,
        "events": [{"name": event.name, "timeUnixNano": str(event.timestamp),
                    "attributes": attributes_json(event.attributes),
                    "droppedAttributesCount": event.dropped_attributes} for event in span.events],
        "droppedEventsCount": span.dropped_events,
        # This exporter leaves the trace state of links out.
        "links": [{"traceId": f"{link.context.trace_id:032x}", "spanId": f"{link.context.span_id:016x}",
                   "traceState": "", "flags": flags(link.context), "attributes": attributes_json(link.attributes),
                   "droppedAttributesCount": link.dropped_attributes} for link in span.links],
        "droppedLinksCount": span.dropped_links,
        "scope": {"name": span.instrumentation_scope.name, "version": span.instrumentation_scope.version or "",
                  "attributes": attributes_json(span.instrumentation_scope.attributes),
                  "schemaUrl": span.instrumentation_scope.schema_url or ""},
        "resource": {"attributes": attributes_json(span.resource.attributes), "schemaUrl": span.resource.schema_url},
    }


def main(protocol, compression, address):
    spans = make_spans(f"interop-python-{protocol}-{compression}")
    exporter = make_exporter(protocol, compression, address)
    result = exporter.export(spans)
    exporter.shutdown()
    if result is not SpanExportResult.SUCCESS:
        sys.exit("the export failed")
    print(json.dumps({"sdk": "python", "spans": [span_json(span) for span in spans]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
