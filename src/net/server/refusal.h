// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "net/http.h"

namespace waybill::net {

// Why the transport itself turns a request or a connection away.
enum class Refusal : std::uint8_t {
  BodyBytes,
  HeaderBytes,
  HeaderCount,
  TargetBytes,
  Connections,
  InflightBytes,
  SlowHeader,
  SlowBody,
  Malformed,
  Expectation,
  Flood,
};
inline constexpr int kRefusalCount = 11;

// How a refusal is named in metrics and told to clients.
struct RefusalInfo {
  std::string_view reason;  // label value: "body_bytes"
  int status;
  ErrorCode code;  // for gRPC
  std::string_view message;
};
const RefusalInfo& refusal_info(Refusal refusal);

enum class AnswerStyle : std::uint8_t { Http, Grpc };

// The answer to a refused request; one that may be tried again says when.
Response make_refusal(Refusal refusal, AnswerStyle style, std::chrono::seconds retry_after);

}  // namespace waybill::net
