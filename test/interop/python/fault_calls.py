# SPDX-License-Identifier: Apache-2.0
"""Makes wrong calls with the real gRPC client and prints how each ended, as JSON:

    fault_calls.py faults|full HOST:PORT

`faults` makes calls that are wrong in some way. `full` sends spans until the server has no more room.
"""

import json
import sys

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
CALL_SECONDS_MAX = 20
FULL_CALLS_MAX = 200


def request(value="", number=1):
    message = ExportTraceServiceRequest()
    span = message.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id = number.to_bytes(16, "big")
    span.span_id = number.to_bytes(8, "big")
    span.name = "fault"
    span.start_time_unix_nano = 1_700_000_000_000_000_000
    span.end_time_unix_nano = 1_700_000_000_000_000_001
    attribute = span.attributes.add(key="filler")
    attribute.value.string_value = value
    return message.SerializeToString()


def call(channel, body, method=EXPORT, metadata=(), compression=None, timeout=CALL_SECONDS_MAX):
    """How a call with these bytes ends."""
    to = channel.unary_unary(method, request_serializer=None, response_deserializer=ExportTraceServiceResponse.FromString)
    try:
        answer = to(body, timeout=timeout, metadata=metadata, compression=compression)
        return {"code": "OK", "rejected": answer.partial_success.rejected_spans,
                "message": answer.partial_success.error_message}
    except grpc.RpcError as error:
        outcome = {"code": error.code().name, "message": error.details(), "retrySeconds": None}
        status = rpc_status.from_call(error)
        if status is not None:
            outcome["statusCode"] = status.code
            for detail in status.details:
                retry = error_details_pb2.RetryInfo()
                if detail.Unpack(retry):
                    outcome["retrySeconds"] = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
        return outcome


def faults(channel, address):
    yield "good", call(channel, request())
    yield "empty", call(channel, b"")
    yield "unknown method", call(channel, request(), EXPORT.replace("Export", "Import"))
    yield "unknown service", call(channel, request(), "/opentelemetry.proto.collector.nothing.v1.Nothing/Export")
    yield "garbage", call(channel, b"\xff\xff\xff\xffthis is no message")
    yield "cut", call(channel, request("x" * 1000)[:-10])
    yield "too large", call(channel, request("x" * 2_000_000))
    yield "too large when inflated", call(channel, request("x" * 2_000_000), compression=grpc.Compression.Gzip)
    yield "deflate", call(channel, request("x" * 1000), compression=grpc.Compression.Deflate)
    yield "gzip", call(channel, request("x" * 1000), compression=grpc.Compression.Gzip)
    wrong = ExportTraceServiceRequest.FromString(request())
    wrong.resource_spans[0].scope_spans[0].spans[0].trace_id = bytes(16)
    yield "zero trace id", call(channel, wrong.SerializeToString())
    yield "good after all", call(channel, request(number=2))
    with grpc.insecure_channel(address) as another:
        yield "good on another connection", call(another, request(number=3))


def full(channel, _address):
    for number in range(1, FULL_CALLS_MAX):
        outcome = call(channel, request("x" * 500_000, number))
        if outcome["code"] != "OK":
            yield "full", outcome | {"accepted": number - 1}
            return
    yield "full", {"code": "OK", "accepted": FULL_CALLS_MAX}


def main(what, address):
    with grpc.insecure_channel(address) as channel:
        print(json.dumps(dict({"faults": faults, "full": full}[what](channel, address))))


if __name__ == "__main__":
    main(*sys.argv[1:])
