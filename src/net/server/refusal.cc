// SPDX-License-Identifier: Apache-2.0
#include "net/server/refusal.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

#include "base/error.h"
#include "net/grpc.h"
#include "net/http.h"

namespace waybill::net {
namespace {

// In the order of the enumerators.
constexpr std::array<RefusalInfo, kRefusalCount> kInfos = {{
    {"body_bytes", 413, ErrorCode::ResourceExhausted, "request body is larger than allowed"},
    {"header_bytes", 431, ErrorCode::ResourceExhausted, "request headers are larger than allowed"},
    {"header_count", 431, ErrorCode::ResourceExhausted, "request has more headers than allowed"},
    {"target_bytes", 414, ErrorCode::InvalidArgument, "request target is longer than allowed"},
    {"connections", 503, ErrorCode::Unavailable, "too many connections, try again later"},
    {"inflight_bytes", 503, ErrorCode::Unavailable, "too much in progress, try again later"},
    {"slow_header", 408, ErrorCode::DeadlineExceeded, "request headers arrived too slowly"},
    {"slow_body", 408, ErrorCode::DeadlineExceeded, "request body arrived too slowly"},
    {"malformed", 400, ErrorCode::InvalidArgument, "malformed request"},
    {"expectation", 417, ErrorCode::InvalidArgument, "expectation can not be met"},
    {"flood", 503, ErrorCode::ResourceExhausted, "too many frames that ask for nothing"},
}};

}  // namespace

const RefusalInfo& refusal_info(Refusal refusal) {
  return kInfos[static_cast<std::size_t>(refusal)];
}

Response make_refusal(Refusal refusal, AnswerStyle style, std::chrono::seconds retry_after) {
  const RefusalInfo& info = refusal_info(refusal);
  if (style == AnswerStyle::Grpc) {
    return grpc_error({info.code, std::string(info.message)});
  }
  Response response;
  response.status = info.status;
  response.headers.push_back({"content-type", "text/plain; charset=utf-8"});
  if (info.status == 503) {
    response.headers.push_back({"retry-after", std::to_string(retry_after.count())});
  }
  response.body = std::string(info.message) + "\n";
  return response;
}

}  // namespace waybill::net
