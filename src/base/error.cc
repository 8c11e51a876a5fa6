// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <fmt/format.h>
#include <string_view>
#include <utility>

namespace waybill {

std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::Cancelled:
      return "cancelled";
    case ErrorCode::Unknown:
      return "unknown";
    case ErrorCode::InvalidArgument:
      return "invalid_argument";
    case ErrorCode::DeadlineExceeded:
      return "deadline_exceeded";
    case ErrorCode::NotFound:
      return "not_found";
    case ErrorCode::AlreadyExists:
      return "already_exists";
    case ErrorCode::PermissionDenied:
      return "permission_denied";
    case ErrorCode::ResourceExhausted:
      return "resource_exhausted";
    case ErrorCode::FailedPrecondition:
      return "failed_precondition";
    case ErrorCode::Aborted:
      return "aborted";
    case ErrorCode::OutOfRange:
      return "out_of_range";
    case ErrorCode::Unimplemented:
      return "unimplemented";
    case ErrorCode::Internal:
      return "internal";
    case ErrorCode::Unavailable:
      return "unavailable";
    case ErrorCode::DataLoss:
      return "data_loss";
    case ErrorCode::Unauthenticated:
      return "unauthenticated";
  }
  return "unknown";
}

Error Error::within(std::string_view context) && {
  message = fmt::format("{}: {}", context, message);
  return std::move(*this);
}

Error invalid_argument(std::string message) {
  return {ErrorCode::InvalidArgument, std::move(message)};
}
Error not_found(std::string message) { return {ErrorCode::NotFound, std::move(message)}; }
Error resource_exhausted(std::string message) {
  return {ErrorCode::ResourceExhausted, std::move(message)};
}
Error unavailable(std::string message) { return {ErrorCode::Unavailable, std::move(message)}; }
Error data_loss(std::string message) { return {ErrorCode::DataLoss, std::move(message)}; }
Error internal_error(std::string message) { return {ErrorCode::Internal, std::move(message)}; }

}  // namespace waybill
