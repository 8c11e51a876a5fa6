// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/json/json_writer.h"
#include "wire/otlp/otlp.h"
#include "wire/protobuf/proto_writer.h"

namespace waybill::wire::otlp {
namespace {

constexpr std::string_view kRetryInfoType = "type.googleapis.com/google.rpc.RetryInfo";
constexpr std::uint64_t kMillisPerSecond = 1000;
constexpr std::uint64_t kNanosPerMilli = 1'000'000;

}  // namespace

std::string encode_response_protobuf(std::uint64_t rejected_spans, std::string_view message) {
  std::string out;
  if (rejected_spans == 0 && message.empty()) {
    return out;
  }
  ProtoWriter proto(out);
  const auto partial_success = proto.begin(1);
  if (rejected_spans != 0) {
    proto.varint(1, rejected_spans);
  }
  if (!message.empty()) {
    proto.text(2, message);
  }
  proto.end(partial_success);
  return out;
}

std::string encode_response_json(std::uint64_t rejected_spans, std::string_view message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  if (rejected_spans != 0 || !message.empty()) {
    json.key("partialSuccess").begin_object();
    if (rejected_spans != 0) {
      json.key("rejectedSpans").quoted(rejected_spans);
    }
    if (!message.empty()) {
      json.field("errorMessage", message);
    }
    json.end_object();
  }
  json.end_object();
  return out;
}

std::string encode_status_protobuf(const Error& error, std::uint64_t retry_after_millis) {
  std::string out;
  ProtoWriter proto(out);
  proto.varint(1, static_cast<std::uint64_t>(error.code));
  proto.text(2, error.message);
  if (retry_after_millis != 0) {
    const auto any = proto.begin(3);
    proto.text(1, kRetryInfoType);
    const auto retry_info = proto.begin(2);
    const auto duration = proto.begin(1);
    if (const std::uint64_t seconds = retry_after_millis / kMillisPerSecond; seconds != 0) {
      proto.varint(1, seconds);
    }
    if (const std::uint64_t millis = retry_after_millis % kMillisPerSecond; millis != 0) {
      proto.varint(2, millis * kNanosPerMilli);
    }
    proto.end(duration);
    proto.end(retry_info);
    proto.end(any);
  }
  return out;
}

std::string encode_status_json(const Error& error, std::uint64_t retry_after_millis) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("code", static_cast<int>(error.code));
  json.field("message", std::string_view(error.message));
  if (retry_after_millis != 0) {
    json.key("details").begin_array().begin_object();
    json.field("@type", kRetryInfoType);
    const std::string delay = fmt::format("{}.{:03}s", retry_after_millis / kMillisPerSecond,
                                          retry_after_millis % kMillisPerSecond);
    json.field("retryDelay", std::string_view(delay));
    json.end_object().end_array();
  }
  json.end_object();
  return out;
}

}  // namespace waybill::wire::otlp
