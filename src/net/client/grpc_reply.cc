// SPDX-License-Identifier: Apache-2.0
#include "net/client/grpc_reply.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "net/client/grpc_client.h"
#include "net/router.h"

namespace waybill::net {
namespace {

constexpr std::size_t kPrefixBytes = 5;
constexpr std::uint64_t kRetryAfterSecondsMax = 3600;
constexpr int kGrpcStatusMax = 16;

// Reads the fields of a protobuf message that matter here: varints and byte strings. One thread at
// a time; borrows the bytes; after the first malformed byte next() is false.
class FieldCursor final {
 public:
  explicit FieldCursor(std::string_view bytes) : rest_(bytes) {}

  // Moves to the next field; false at the end or where the bytes are malformed.
  bool next() {
    if (rest_.empty()) {
      return false;
    }
    const auto tag = varint();
    if (!tag) {
      return false;
    }
    field_ = static_cast<std::uint32_t>(*tag >> 3);
    bytes_ = {};
    number_ = 0;
    switch (*tag & 7) {
      case 0: {
        const auto number = varint();
        number_ = number.value_or(0);
        return number.has_value();
      }
      case 1:
        return skip(8);
      case 2: {
        const auto size = varint();
        return size && skip(*size);
      }
      case 5:
        return skip(4);
      default:
        return false;
    }
  }
  std::uint32_t field() const { return field_; }
  std::uint64_t number() const { return number_; }
  std::string_view bytes() const { return bytes_; }

 private:
  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    return std::nullopt;
  }
  bool skip(std::uint64_t size) {
    if (size > rest_.size()) {
      return false;
    }
    bytes_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  std::string_view rest_;
  std::uint32_t field_ = 0;
  std::uint64_t number_ = 0;
  std::string_view bytes_;
};

// google.rpc.RetryInfo { Duration retry_delay = 1 }, Duration { int64 seconds = 1; int32 nanos = 2
// }.
std::optional<std::chrono::milliseconds> parse_retry_info(std::string_view retry_info) {
  FieldCursor info(retry_info);
  while (info.next()) {
    if (info.field() != 1) {
      continue;
    }
    std::uint64_t seconds = 0;
    std::uint64_t nanos = 0;
    FieldCursor duration(info.bytes());
    while (duration.next()) {
      (duration.field() == 1 ? seconds : nanos) = duration.number();
    }
    // Negative numbers are huge here, and mean no delay as well.
    if (seconds > UINT64_MAX / 2 || nanos >= 1'000'000'000) {
      return std::nullopt;
    }
    const std::uint64_t bounded = std::min(seconds, kRetryAfterSecondsMax);
    return std::chrono::milliseconds(bounded * 1000 + (nanos + 999'999) / 1'000'000);
  }
  return std::nullopt;
}

// https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
ErrorCode code_of_http_status(int status) {
  switch (status) {
    case 400:
      return ErrorCode::Internal;
    case 401:
      return ErrorCode::Unauthenticated;
    case 403:
      return ErrorCode::PermissionDenied;
    case 404:
      return ErrorCode::Unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return ErrorCode::Unavailable;
    default:
      return ErrorCode::Unknown;
  }
}

// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors
ErrorCode code_of_http2_error(std::uint32_t error) {
  switch (error) {
    case 0x7:  // REFUSED_STREAM
      return ErrorCode::Unavailable;
    case 0x8:  // CANCEL
      return ErrorCode::Cancelled;
    case 0xb:  // ENHANCE_YOUR_CALM
      return ErrorCode::ResourceExhausted;
    case 0xc:  // INADEQUATE_SECURITY
      return ErrorCode::PermissionDenied;
    default:
      return ErrorCode::Internal;
  }
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_retry_delay(std::string_view status_proto) {
  constexpr std::string_view kRetryInfo = "google.rpc.RetryInfo";
  FieldCursor status(status_proto);
  while (status.next()) {
    if (status.field() != 3) {
      continue;
    }
    std::string_view type;
    std::string_view value;
    FieldCursor detail(status.bytes());
    while (detail.next()) {
      if (detail.field() == 1) {
        type = detail.bytes();
      } else if (detail.field() == 2) {
        value = detail.bytes();
      }
    }
    if (type.ends_with(kRetryInfo)) {
      return parse_retry_info(value);
    }
  }
  return std::nullopt;
}

GrpcReply failed_reply(ErrorCode code, std::string message) {
  GrpcReply reply;
  reply.code = static_cast<int>(code);
  reply.error_message = std::move(message);
  return reply;
}

void GrpcReplyReader::take_header(std::string_view name, std::string_view value) {
  if (name == ":status") {
    http_status_ = static_cast<int>(std::min<std::uint64_t>(parse_uint64(value).value_or(0), 999));
  } else if (name == "grpc-status") {
    const auto status = parse_uint64(value);
    grpc_status_ = status && *status <= kGrpcStatusMax ? static_cast<int>(*status)
                                                       : static_cast<int>(ErrorCode::Unknown);
  } else if (name == "grpc-message") {
    grpc_message_ = percent_decode(value).value_or(std::string(value));
  } else if (name == "grpc-status-details-bin") {
    details_ = value;
  }
}

bool GrpcReplyReader::take_data(std::string_view bytes) {
  if (data_.size() + bytes.size() > response_bytes_max_ + kPrefixBytes) {
    too_large_ = true;
    return false;
  }
  data_ += bytes;
  return true;
}

GrpcReply GrpcReplyReader::finish(std::uint32_t http2_error) && {
  if (too_large_) {
    return failed_reply(ErrorCode::ResourceExhausted,
                        fmt::format("response passes {} bytes", response_bytes_max_));
  }
  if (grpc_status_ == 0) {
    return take_message();
  }
  if (grpc_status_ > 0) {
    GrpcReply reply = failed_reply(static_cast<ErrorCode>(grpc_status_), std::move(grpc_message_));
    if (const auto status = parse_base64(details_)) {
      reply.retry_after = parse_retry_delay(*status);
    }
    return reply;
  }
  if (http_status_ != 0 && http_status_ != 200) {
    return failed_reply(code_of_http_status(http_status_),
                        fmt::format("http status {} in place of a grpc answer", http_status_));
  }
  return failed_reply(
      code_of_http2_error(http2_error),
      fmt::format("stream ended without grpc-status, http/2 error {}", http2_error));
}

// The length-prefixed message: a byte of flags, four of length (big endian), the message.
GrpcReply GrpcReplyReader::take_message() {
  if (data_.size() < kPrefixBytes) {
    return failed_reply(ErrorCode::Internal, "success without a message");
  }
  if (data_[0] != 0) {
    return failed_reply(ErrorCode::Internal, "response is compressed, which was not offered");
  }
  std::size_t size = 0;
  for (std::size_t i = 1; i < kPrefixBytes; ++i) {
    size = (size << 8) | static_cast<unsigned char>(data_[i]);
  }
  if (size != data_.size() - kPrefixBytes) {
    return failed_reply(ErrorCode::Internal, "response has a wrong length");
  }
  GrpcReply reply;
  reply.message = data_.substr(kPrefixBytes);
  return reply;
}

}  // namespace waybill::net
