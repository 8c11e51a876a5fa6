// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace waybill {

// Why something failed. Numbers and meanings are gRPC's
// (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).
enum class ErrorCode : std::uint8_t {
  Cancelled = 1,
  Unknown = 2,
  InvalidArgument = 3,
  DeadlineExceeded = 4,
  NotFound = 5,
  AlreadyExists = 6,
  PermissionDenied = 7,
  ResourceExhausted = 8,
  FailedPrecondition = 9,
  Aborted = 10,
  OutOfRange = 11,
  Unimplemented = 12,
  Internal = 13,
  Unavailable = 14,
  DataLoss = 15,
  Unauthenticated = 16,
};

// The lower-case name with underscores, such as "invalid_argument".
std::string_view error_code_name(ErrorCode code);

// A failure as a value. The message is lower case, has no full stop and says what and where:
// "block 12: column duration: checksum mismatch".
struct Error {
  ErrorCode code = ErrorCode::Unknown;
  std::string message;

  // The same error seen from one floor up: "context: message".
  Error within(std::string_view context) &&;

  friend bool operator==(const Error&, const Error&) = default;
};

Error invalid_argument(std::string message);
Error not_found(std::string message);
Error resource_exhausted(std::string message);
Error unavailable(std::string message);
Error data_loss(std::string message);
Error internal_error(std::string message);

}  // namespace waybill
