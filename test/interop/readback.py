# SPDX-License-Identifier: Apache-2.0
"""Puts what senders print and what each API answers into one form, so that they can be compared.

A span in that form has the fields of a sender's output (README.md), with every value as (type, value) and every list of
attributes as [(key, (type, value))] in order.
"""

import base64
import json

KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"]
STATUSES = ["unset", "ok", "error"]
SAFE_INTEGER_MAX = 2**53 - 1


def number(of):
    """NaN, infinities and the sign of zero compare as text."""
    return repr(float({"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}.get(of, of)))


# From senders and Waybill's own API: {"type": "int", "value": "7"}.
def typed_value(of):
    kind, value = of["type"], of["value"]
    if kind == "double":
        value = number(value)
    elif kind == "array":
        value = [typed_value(one) for one in value]
    elif kind == "kvlist":
        value = typed_attributes(value)
    return (kind, value)


def typed_attributes(of):
    return [(one["key"], typed_value(one)) for one in of]


def typed_span(of):
    """A span of a sender's output, or of /api/w1/traces/{id}/spans."""
    span = {name: of[name] for name in ("spanId", "parentSpanId", "traceState", "flags", "name", "kind",
                                        "startUnixNano", "droppedAttributesCount", "droppedEventsCount",
                                        "droppedLinksCount")}
    end = of.get("endUnixNano")
    span["endUnixNano"] = end if end is not None else str(int(of["startUnixNano"]) + int(of["durationNano"]))
    span["status"] = {"code": of["status"]["code"], "message": of["status"]["message"]}
    span["attributes"] = typed_attributes(of["attributes"])
    span["events"] = [dict(event, attributes=typed_attributes(event["attributes"])) for event in of["events"]]
    span["links"] = [dict(link, attributes=typed_attributes(link["attributes"])) for link in of["links"]]
    span["scope"] = dict(of["scope"], attributes=typed_attributes(of["scope"]["attributes"]))
    span["resource"] = dict(of["resource"], attributes=typed_attributes(of["resource"]["attributes"]))
    return span


# From OTLP/JSON: {"intValue": "7"}.
def otlp_value(of):
    if not of:
        return ("empty", None)
    (name, value), = of.items()
    if name == "doubleValue":
        return ("double", number(value))
    if name == "intValue":
        if not isinstance(value, str):
            raise AssertionError(f"an intValue is a decimal string, not {value!r}")
        return ("int", value)
    if name == "arrayValue":
        return ("array", [otlp_value(one) for one in value.get("values", [])])
    if name == "kvlistValue":
        return ("kvlist", otlp_attributes(value.get("values", [])))
    return ({"stringValue": "string", "boolValue": "bool", "bytesValue": "bytes"}[name], value)


def otlp_attributes(of):
    return [(one["key"], otlp_value(one.get("value", {}))) for one in of]


def otlp_spans(resource_spans):
    """All spans of OTLP/JSON by span id; also checks that an id comes once."""
    spans = {}
    for by_resource in resource_spans:
        resource = {"attributes": otlp_attributes(by_resource.get("resource", {}).get("attributes", [])),
                    "schemaUrl": by_resource.get("schemaUrl", "")}
        for by_scope in by_resource["scopeSpans"]:
            scope = by_scope.get("scope", {})
            scope = {"name": scope.get("name", ""), "version": scope.get("version", ""),
                     "attributes": otlp_attributes(scope.get("attributes", [])),
                     "schemaUrl": by_scope.get("schemaUrl", "")}
            for of in by_scope["spans"]:
                if of["spanId"] in spans:
                    raise AssertionError(f"span {of['spanId']} comes twice")
                spans[of["spanId"]] = _otlp_span(of, scope, resource)
    return spans


def _otlp_span(of, scope, resource):
    status = of.get("status", {})
    return {
        "spanId": of["spanId"],
        "parentSpanId": of.get("parentSpanId", ""),
        "traceState": of.get("traceState", ""),
        "flags": of.get("flags", 0),
        "name": of.get("name", ""),
        "kind": KINDS[of.get("kind", 0)],
        "startUnixNano": of["startTimeUnixNano"],
        "endUnixNano": of["endTimeUnixNano"],
        "status": {"code": STATUSES[status.get("code", 0)], "message": status.get("message", "")},
        "attributes": otlp_attributes(of.get("attributes", [])),
        "droppedAttributesCount": of.get("droppedAttributesCount", 0),
        "events": [{"name": event.get("name", ""), "timeUnixNano": event["timeUnixNano"],
                    "attributes": otlp_attributes(event.get("attributes", [])),
                    "droppedAttributesCount": event.get("droppedAttributesCount", 0)}
                   for event in of.get("events", [])],
        "droppedEventsCount": of.get("droppedEventsCount", 0),
        "links": [{"traceId": link["traceId"], "spanId": link["spanId"], "traceState": link.get("traceState", ""),
                   "flags": link.get("flags", 0), "attributes": otlp_attributes(link.get("attributes", [])),
                   "droppedAttributesCount": link.get("droppedAttributesCount", 0)} for link in of.get("links", [])],
        "droppedLinksCount": of.get("droppedLinksCount", 0),
        "scope": scope,
        "resource": resource,
    }


# Jaeger's form, which keeps less: a tag is (key, type, value), lists are sorted.
def jaeger_tags_of(attributes):
    return [_jaeger_tag(key, *value) for key, value in attributes]


def _jaeger_tag(key, kind, value):
    if kind == "int":
        exact = abs(int(value)) <= SAFE_INTEGER_MAX
        return (key, "int64", repr(int(value)) if exact else repr(value))
    if kind == "double":
        return (key, "float64", value)
    if kind == "bool":
        return (key, "bool", repr(value))
    if kind == "bytes":
        return (key, "binary", repr(value))
    if kind == "string":
        return (key, "string", repr(value))
    if kind == "empty":
        return (key, "string", repr(""))
    return (key, "string", "JSON " + _sorted_json(_plain(kind, value)))


def _plain(kind, value):
    """What stands inside an array or a map, as JSON (section 6 of the OTLP page): bytes as base64, empty as null."""
    if kind == "array":
        return [_plain(*one) for one in value]
    if kind == "kvlist":
        return {key: _plain(*one) for key, one in value}
    if kind == "int":
        return int(value)
    if kind == "double":
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(value, float(value))
    return value


def _same_numbers(of):
    """3 and 3.0 are the same number in JSON."""
    if isinstance(of, float) and of.is_integer():
        return int(of)
    if isinstance(of, list):
        return [_same_numbers(one) for one in of]
    if isinstance(of, dict):
        return {key: _same_numbers(one) for key, one in of.items()}
    return of


def _sorted_json(of):
    return json.dumps(_same_numbers(of), sort_keys=True)


def jaeger_tags(of, expected):
    """The tags of an answer; what is expected tells which texts are JSON, where spaces and order are free."""
    json_keys = {key for key, _, value in expected if value.startswith("JSON ")}
    tags = []
    for tag in of:
        key, kind, value = tag["key"], tag["type"], tag["value"]
        if kind == "float64":
            text = number(value)
        elif key in json_keys and kind == "string":
            text = "JSON " + _sorted_json(json.loads(value))
        else:
            text = repr(value)
        if kind == "binary":
            base64.b64decode(value, validate=True)
        tags.append((key, kind, text))
    return sorted(tags)


def jaeger_span_of(span, trace_id):
    """What Jaeger's API has to answer for a span in the common form."""
    text = [("otel.scope.name", span["scope"]["name"]), ("otel.scope.version", span["scope"]["version"]),
            ("span.kind", "" if span["kind"] == "unspecified" else span["kind"]),
            ("otel.status_code", {"unset": "", "ok": "OK", "error": "ERROR"}[span["status"]["code"]]),
            ("otel.status_description", span["status"]["message"]), ("w3c.tracestate", span["traceState"])]
    tags = jaeger_tags_of(span["attributes"]) + [(key, "string", repr(value)) for key, value in text if value]
    if span["status"]["code"] == "error":
        tags.append(("error", "bool", "True"))
    references = [("CHILD_OF", trace_id, span["parentSpanId"])] if span["parentSpanId"] else []
    references += [("FOLLOWS_FROM", link["traceId"], link["spanId"]) for link in span["links"]]
    logs = []
    for event in span["events"]:
        fields = jaeger_tags_of(event["attributes"])
        if event["name"]:
            fields.append(("event", "string", repr(event["name"])))
        logs.append((int(event["timeUnixNano"]) // 1000, sorted(fields)))
    resource = span["resource"]["attributes"]
    start, end = int(span["startUnixNano"]), int(span["endUnixNano"])
    return {
        "operationName": span["name"],
        "references": references,
        "startTime": start // 1000,
        "duration": (end - start) // 1000,
        "tags": sorted(tags),
        "logs": logs,
        "service": dict(resource)["service.name"][1],
        "processTags": sorted(jaeger_tags_of([one for one in resource if one[0] != "service.name"])),
        "warnings": None,
    }


def jaeger_span(of, processes, expected):
    process = processes[of["processID"]]
    logs = []
    for index, log in enumerate(of["logs"]):
        fields = expected["logs"][index][1] if index < len(expected["logs"]) else []
        logs.append((log["timestamp"], jaeger_tags(log["fields"], fields)))
    return {
        "operationName": of["operationName"],
        "references": [(one["refType"], one["traceID"], one["spanID"]) for one in of["references"]],
        "startTime": of["startTime"],
        "duration": of["duration"],
        "tags": jaeger_tags(of["tags"], expected["tags"]),
        "logs": logs,
        "service": process["serviceName"],
        "processTags": jaeger_tags(process["tags"], expected["processTags"]),
        "warnings": of["warnings"],
    }
