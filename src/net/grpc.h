// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "net/http.h"

namespace waybill::net {

// gRPC over HTTP/2 for unary calls, as
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md describes it, on raw messages.

// Before each message: one byte that tells whether it is compressed, four of length, big endian.
inline constexpr std::size_t kGrpcPrefixBytes = 5;

// The message's length that the prefix tells. Requires: kGrpcPrefixBytes bytes.
std::size_t grpc_length(std::string_view prefix);

// One message as it came: still compressed where `encoding` says so.
struct GrpcMessage {
  std::string bytes;
  std::string encoding = "identity";  // of `bytes`: identity, gzip, zstd ...
};

// True for content-type application/grpc, alone or with a "+proto" and parameters.
bool is_grpc(const Request& request);

// Takes the single message out of a unary call's body, without copying it where the transport has
// set the prefix apart. Errors: Internal for malformed framing or a compressed flag without an
// encoding, Unimplemented for more than one message.
Result<GrpcMessage> take_unary_message(Request& request);

// The deadline that the client gives the call (grpc-timeout), from now; no value where there is
// none or it is malformed.
std::optional<std::chrono::nanoseconds> grpc_timeout(const Request& request);

// What a failed call answers beside its code and message.
struct GrpcErrorDetails {
  // Bytes of google.rpc.Status for the trailer grpc-status-details-bin; empty: no trailer.
  std::string status_proto;
};

// Ends a call with a message, uncompressed.
Response grpc_answer(std::string_view message_bytes);
// Ends a call with an error, as a trailers-only response. The message is percent-encoded as the
// protocol asks, and cut at kGrpcMessageBytesMax: clients take few kilobytes of trailers.
inline constexpr std::size_t kGrpcMessageBytesMax = 2048;
Response grpc_error(const Error& error, const GrpcErrorDetails& details = {});

}  // namespace waybill::net
