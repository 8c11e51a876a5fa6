// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/client/grpc_client.h"

namespace waybill::net {

// The answer to one call, as it comes in. A value; no input or output.
class GrpcReplyReader final {
 public:
  explicit GrpcReplyReader(std::size_t response_bytes_max)
      : response_bytes_max_(response_bytes_max) {}

  // A response header or trailer; the name in lower case.
  void take_header(std::string_view name, std::string_view value);
  // False once the response passes its limit; the call is then to be given up.
  bool take_data(std::string_view bytes);

  // What it all means, once the stream has ended with that HTTP/2 error code.
  GrpcReply finish(std::uint32_t http2_error) &&;

 private:
  GrpcReply take_message();

  const std::size_t response_bytes_max_;
  int http_status_ = 0;
  int grpc_status_ = -1;
  std::string grpc_message_;
  std::string details_;  // base64
  std::string data_;
  bool too_large_ = false;
};

// A failed call.
GrpcReply failed_reply(ErrorCode code, std::string message);

}  // namespace waybill::net
