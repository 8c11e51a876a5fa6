// SPDX-License-Identifier: Apache-2.0
#include "net/grpc.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "net/http.h"

namespace waybill::net {
namespace {

constexpr std::string_view kContentType = "application/grpc";

// Space to tilde but for the percent sign, as the protocol has it.
void append_percent_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') {
      out += c;
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0xF];
  }
}

std::string base64_without_padding(std::string_view bytes) {
  std::string out;
  append_base64(out, as_bytes(bytes));
  while (out.ends_with('=')) {
    out.pop_back();
  }
  return out;
}

}  // namespace

std::size_t grpc_length(std::string_view prefix) {
  const auto byte = [&](std::size_t i) {
    return std::size_t{static_cast<std::uint8_t>(prefix[i])};
  };
  return (byte(1) << 24) | (byte(2) << 16) | (byte(3) << 8) | byte(4);
}

bool is_grpc(const Request& request) {
  const std::string_view type = request.header("content-type");
  if (!type.starts_with(kContentType)) {
    return false;
  }
  const std::string_view rest = type.substr(kContentType.size());
  return rest.empty() || rest.front() == '+' || rest.front() == ';' || rest.front() == ' ';
}

Result<GrpcMessage> take_unary_message(Request& request) {
  std::string prefix_bytes = std::exchange(request.grpc_prefix, {});
  std::string bytes = std::exchange(request.body, {});
  if (prefix_bytes.empty()) {
    prefix_bytes = bytes.substr(0, kGrpcPrefixBytes);
    bytes.erase(0, kGrpcPrefixBytes);
  }
  if (prefix_bytes.size() < kGrpcPrefixBytes) {
    return internal_error("grpc call: no whole message");
  }
  const char flag = prefix_bytes.front();
  if (flag != 0 && flag != 1) {
    return internal_error("grpc message: flag is neither 0 nor 1");
  }
  const std::size_t length = grpc_length(prefix_bytes);
  if (bytes.size() < length) {
    return internal_error("grpc message: shorter than its prefix says");
  }
  if (bytes.size() >= length + kGrpcPrefixBytes) {
    return Error{ErrorCode::Unimplemented, "grpc call: more than one message"};
  }
  if (bytes.size() > length) {
    return internal_error("grpc call: bytes after the message");
  }
  GrpcMessage message{.bytes = std::move(bytes)};
  if (flag == 1) {
    message.encoding = request.header("grpc-encoding");
    if (message.encoding.empty() || message.encoding == "identity") {
      return internal_error("grpc message: compressed, without a grpc-encoding");
    }
  }
  return message;
}

std::optional<std::chrono::nanoseconds> grpc_timeout(const Request& request) {
  constexpr std::size_t kDigitsMax = 8;
  const std::string_view text = request.header("grpc-timeout");
  if (text.size() < 2 || text.size() > kDigitsMax + 1) {
    return std::nullopt;
  }
  const std::optional<std::uint64_t> parsed = parse_uint64(text.substr(0, text.size() - 1));
  if (!parsed.has_value()) {
    return std::nullopt;
  }
  // Eight digits of hours are within 64 bits of nanoseconds only after this cut, at about a year.
  const auto value = static_cast<std::int64_t>(*parsed);
  constexpr std::int64_t kHoursMax = 10'000;
  switch (text.back()) {
    case 'H':
      return std::chrono::hours(std::min(value, kHoursMax));
    case 'M':
      return std::chrono::minutes(value);
    case 'S':
      return std::chrono::seconds(value);
    case 'm':
      return std::chrono::milliseconds(value);
    case 'u':
      return std::chrono::microseconds(value);
    case 'n':
      return std::chrono::nanoseconds(value);
    default:
      return std::nullopt;
  }
}

Response grpc_answer(std::string_view message_bytes) {
  Response response;
  response.headers.push_back({"content-type", std::string(kContentType)});
  response.body.reserve(kGrpcPrefixBytes + message_bytes.size());
  response.body += '\0';
  for (int shift = 24; shift >= 0; shift -= 8) {
    response.body += static_cast<char>((message_bytes.size() >> shift) & 0xFF);
  }
  response.body += message_bytes;
  response.trailers.push_back({"grpc-status", "0"});
  return response;
}

Response grpc_error(const Error& error, const GrpcErrorDetails& details) {
  Response response;
  response.headers.push_back({"content-type", std::string(kContentType)});
  response.headers.push_back({"grpc-status", std::to_string(static_cast<int>(error.code))});
  if (!error.message.empty()) {
    std::string message;
    append_percent_encoded(message, utf8_prefix(error.message, kGrpcMessageBytesMax));
    response.headers.push_back({"grpc-message", std::move(message)});
  }
  if (!details.status_proto.empty()) {
    response.headers.push_back(
        {"grpc-status-details-bin", base64_without_padding(details.status_proto)});
  }
  return response;
}

}  // namespace waybill::net
