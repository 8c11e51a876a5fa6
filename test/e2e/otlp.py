# SPDX-License-Identifier: Apache-2.0
"""Small builders of OTLP requests, as JSON and as protobuf bytes, right ones and wrong ones."""

import json
import struct

from http_json import call

BEGIN = 1_700_000_000_000_000_000
PATH = "/v1/traces"


def attribute(key, value):
    """A KeyValue; the value is a str, bool, int, float or a ready AnyValue."""
    if isinstance(value, bool):
        value = {"boolValue": value}
    elif isinstance(value, int):
        value = {"intValue": str(value)}
    elif isinstance(value, float):
        value = {"doubleValue": value}
    elif isinstance(value, str):
        value = {"stringValue": value}
    return {"key": key, "value": value}


def span(trace, number, parent=None, begin=BEGIN, duration=1_000_000, **fields):
    """A span; `trace`, `number` and `parent` are integers that make the ids."""
    made = {"traceId": f"{trace:032x}", "spanId": f"{number:016x}", "name": "op", "kind": 2,
            "startTimeUnixNano": str(begin), "endTimeUnixNano": str(begin + duration)}
    if parent is not None:
        made["parentSpanId"] = f"{parent:016x}"
    return made | fields


def request(spans, service="e2e"):
    resource = {"attributes": [attribute("service.name", service)]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "e2e"}, "spans": spans}]}]}


def post(server, body, headers=None, kind="application/json"):
    """Sends a body, which is JSON where it is no bytes, and gives the answer whatever it is."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return call(server.otlp, PATH, "POST", body, {"content-type": kind} | (headers or {}))


def post_protobuf(server, body, headers=None):
    return post(server, body, headers, "application/x-protobuf")


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, value):
    """A length-delimited field from bytes or str, or a varint field from an int."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def fixed64(number, value):
    return varint(number << 3 | 1) + struct.pack("<Q", value)


def pb_attribute(key, value):
    """A KeyValue with a text as value."""
    return field(1, key) + field(2, field(1, value))


def pb_span(trace_id, span_id, begin=BEGIN, end=BEGIN + 1_000_000, parent=b"", name="op", more=b""):
    """A Span; ids are bytes of any length, `more` is appended as it is."""
    made = field(1, trace_id) + field(2, span_id)
    if parent:
        made += field(4, parent)
    return made + field(5, name) + field(6, 2) + fixed64(7, begin) + fixed64(8, end) + more


def pb_request(spans, service="e2e"):
    resource = field(1, pb_attribute("service.name", service))
    scope = field(1, field(1, "e2e")) + b"".join(field(2, one) for one in spans)
    return field(1, field(1, resource) + field(2, scope))


def pb_fields(data):
    """The fields of a message, as (number, value) pairs; a fault in the encoding is a ValueError."""
    found, at = [], 0

    def read_varint():
        nonlocal at
        number = shift = 0
        while True:
            if at >= len(data):
                raise ValueError("cut short")
            byte = data[at]
            at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    while at < len(data):
        tag = read_varint()
        if tag & 7 == 0:
            found.append((tag >> 3, read_varint()))
        elif tag & 7 in (1, 2, 5):
            size = {1: 8, 5: 4}.get(tag & 7, -1)
            size = read_varint() if size < 0 else size
            if at + size > len(data):
                raise ValueError("cut short")
            found.append((tag >> 3, data[at:at + size]))
            at += size
        else:
            raise ValueError("no such wire type")
    return found


def refused_spans(answer):
    """How many spans a JSON answer says were refused."""
    return int(answer.json().get("partialSuccess", {}).get("rejectedSpans", 0))
