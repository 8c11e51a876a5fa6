// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "model/span_batch.h"
#include "wire/decode_limits.h"

// OTLP trace data (https://github.com/open-telemetry/opentelemetry-proto, trace/v1): the bytes of
// ExportTraceServiceRequest, which are also those of TracesData. Pure functions; any thread.
namespace waybill::wire::otlp {

struct Decoded {
  model::SpanBatch batch;
  DecodeCounts counts;
};

// Spans with invalid ids are left out and counted, the others kept. A malformed message is
// InvalidArgument as a whole; one that needs more memory than the limits allow is
// ResourceExhausted. The batch keeps `body` alive and points into it. Fields that are not known, or
// have another wire type, are passed over. Messages that come in several pieces are merged; text is
// not required to be UTF-8. Requires: body is not null.
Result<Decoded> decode_protobuf(std::shared_ptr<const std::string> body,
                                const DecodeLimits& limits = {});

// OTLP/JSON: ids in hex, 64-bit integers as strings or numbers, enums as numbers (names are
// understood too), lowerCamelCase keys (snake_case is understood too), unknown keys passed over,
// null as absent, of repeated keys the last. A byte order mark is passed over; no bytes at all are
// a request without spans. A malformed document is InvalidArgument; lone surrogates become U+FFFD.
// A field of a wrong type makes the request InvalidArgument too and the message names span and
// field; ids that are no hex or of a wrong length refuse that span. The batch does not keep `body`.
// Requires: body is not null.
Result<Decoded> decode_json(std::shared_ptr<const std::string> body,
                            const DecodeLimits& limits = {});

// Appends TracesData with the spans in the given order; neighbours with the same scope or resource
// share their message.
void encode_protobuf(std::span<const model::Span* const> spans, std::string& out);
// The same as OTLP/JSON, one line. Invalid UTF-8 becomes U+FFFD.
void encode_json(std::span<const model::Span* const> spans, std::string& out);

// ExportTraceServiceResponse: empty where nothing was refused and there is no message.
std::string encode_response_protobuf(std::uint64_t rejected_spans, std::string_view message);
std::string encode_response_json(std::uint64_t rejected_spans, std::string_view message);
// google.rpc.Status, with a RetryInfo detail where `retry_after_millis` is not zero.
std::string encode_status_protobuf(const Error& error, std::uint64_t retry_after_millis);
std::string encode_status_json(const Error& error, std::uint64_t retry_after_millis);

}  // namespace waybill::wire::otlp
