// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/http.h"

// Pieces of HTTP answers that every API needs. Pure functions; any thread.
namespace waybill::api {

net::Response json_answer(int status, std::string json);
net::Response text_answer(int status, std::string text);

// The status that an error has in every API: 400 for what the client can mend, 404, 413 for an
// answer that would be too large, 499 for a client that went away, 501, 503, 504, else 500.
int http_status(ErrorCode code);

// A strong entity tag for one form ("bin", "otlp") of what has that fingerprint.
std::string make_etag(std::uint64_t fingerprint, std::string_view form);
// True where an If-None-Match value names the tag, weakly compared (RFC 9110, section 13.1.2).
bool names_etag(std::string_view if_none_match, std::string_view etag);
net::Response not_modified(std::string_view etag);

// True where an Accept-Encoding value lets gzip through: named, or `*`, without q=0.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace waybill::api
