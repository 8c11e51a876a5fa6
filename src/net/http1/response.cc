// SPDX-License-Identifier: Apache-2.0
#include "net/http1/response.h"

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include "net/http.h"
#include "net/server/output_queue.h"

namespace waybill::net {
namespace {

bool has_breaking_byte(std::string_view text) {
  constexpr std::string_view kBreaking("\r\n\0", 3);
  return text.find_first_of(kBreaking) != std::string_view::npos;
}

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

bool is_unsendable(const Header& header) {
  return header.name.empty() || header.name == "content-length" ||
         header.name == "transfer-encoding" || header.name == "connection" ||
         header.name == "date" || has_breaking_byte(header.name) || has_breaking_byte(header.value);
}

void write_http1_response(Response response, const Http1Framing& framing, OutputQueue& out) {
  const std::string_view body =
      response.static_body.empty() ? std::string_view(response.body) : response.static_body;
  std::string head;
  head.reserve(256);
  fmt::format_to(std::back_inserter(head), "HTTP/1.1 {} {}\r\ndate: {}\r\n", response.status,
                 reason_phrase(response.status), framing.date);
  if (may_have_body(response.status)) {
    fmt::format_to(std::back_inserter(head), "content-length: {}\r\n", body.size());
  }
  for (const Header& header : response.headers) {
    if (!is_unsendable(header)) {
      head.append(header.name).append(": ").append(header.value).append("\r\n");
    }
  }
  if (!framing.is_keep_alive) {
    head += "connection: close\r\n";
  } else if (framing.is_version_1_0) {
    head += "connection: keep-alive\r\n";
  }
  head += "\r\n";
  out.append(std::move(head));
  if (framing.is_head || !may_have_body(response.status)) {
    return;
  }
  if (!response.static_body.empty()) {
    out.append_static(response.static_body);
  } else {
    out.append(std::move(response.body));
  }
}

}  // namespace waybill::net
