// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "net/http.h"

namespace waybill::net {

// gRPC over HTTP/2 for unary calls, as
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md describes it, on raw messages.

// One message as it came: still compressed where `encoding` says so.
struct GrpcMessage {
  std::string bytes;
  std::string encoding = "identity";  // of `bytes`: identity, gzip, zstd ...
};

// True for content-type application/grpc, alone or with a "+proto" and parameters.
bool is_grpc(const Request& request);

// Takes the single message out of a unary call's body. Errors: Internal for malformed framing or a
// compressed flag without an encoding, Unimplemented for more than one message.
Result<GrpcMessage> take_unary_message(Request& request);

// What a failed call answers beside its code and message.
struct GrpcErrorDetails {
  // Bytes of google.rpc.Status for the trailer grpc-status-details-bin; empty: no trailer.
  std::string status_proto;
};

// Ends a call with a message, uncompressed.
Response grpc_answer(std::string_view message_bytes);
// Ends a call with an error, as a trailers-only response. The message is percent-encoded as the
// protocol asks.
Response grpc_error(const Error& error, const GrpcErrorDetails& details = {});

}  // namespace waybill::net
