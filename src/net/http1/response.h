// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "net/http.h"
#include "net/server/output_queue.h"

namespace waybill::net {

// What the connection adds to a response.
struct Http1Framing {
  bool is_keep_alive = true;
  bool is_version_1_0 = false;
  bool is_head = false;  // the request was HEAD: the length of the body, without the body
  std::string_view date;
};

// True for names that the connection writes itself, so that a handler's own are left out, and for
// headers that would break the framing: empty names, and line ends or NUL in names or values.
bool is_unsendable(const Header& header);

// Appends the response as HTTP/1.1. Trailers are left out.
void write_http1_response(Response response, const Http1Framing& framing, OutputQueue& out);

}  // namespace waybill::net
