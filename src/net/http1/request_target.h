// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "net/http.h"

namespace waybill::net {

// Splits a request target into path and query. Of the absolute form, "http://host/path?query",
// which every server has to understand (RFC 9112, section 3.2.2), the path is taken.
inline void set_target(Request& request, std::string_view target) {
  if (!target.starts_with('/')) {
    if (const std::size_t scheme_end = target.find("://"); scheme_end != std::string_view::npos) {
      const std::size_t path = target.find_first_of("/?", scheme_end + 3);
      target = path == std::string_view::npos ? "/" : target.substr(path);
    }
  }
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) {
    request.query = target.substr(mark + 1);
  }
  if (request.path.empty()) {
    request.path.assign(1, '/');
  }
}

}  // namespace waybill::net
