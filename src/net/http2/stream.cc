// SPDX-License-Identifier: Apache-2.0
#include "net/http2/stream.h"
#include <cstdint>
#include <string_view>
#include <vector>
#include "net/http.h"

namespace waybill::net {

nghttp2_nv borrow_header(std::string_view name, std::string_view value) {
  // nghttp2 does not write to what it is told not to copy; its type predates const.
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

std::vector<nghttp2_nv> borrow_headers(const std::vector<Header>& headers) {
  std::vector<nghttp2_nv> borrowed;
  borrowed.reserve(headers.size());
  for (const Header& header : headers) {
    borrowed.push_back(borrow_header(header.name, header.value));
  }
  return borrowed;
}

}  // namespace waybill::net
