// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/client/http_client.h"
#include "wire/json/json_value.h"

namespace waybill::cmd {

// Percent-encodes a query value or a path segment.
std::string url_encode(std::string_view text);

// Asks a running server's own API. One thread at a time.
class ApiClient final {
 public:
  // InvalidArgument for an address that is no http URL.
  static Result<ApiClient> make(std::string_view server);

  // The body of a successful answer. Errors carry the server's own message; Unavailable says how to
  // start a server.
  Result<std::string> get(const std::string& target);
  // The byte of the query at which the server saw the fault, where the last answer named one.
  std::optional<std::size_t> fault_position() const { return fault_position_; }

 private:
  ApiClient(std::string server, net::HttpClientOptions options)
      : server_(std::move(server)), client_(std::move(options)) {}

  std::string server_;
  net::HttpClient client_;
  std::optional<std::size_t> fault_position_;
};

}  // namespace waybill::cmd
