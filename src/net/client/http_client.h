// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace waybill::net {

// "http://host:port/path"; the port is 80 where it is not given, the path "/" where it is not.
struct HttpUrl {
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port = 80;
  std::string target;  // path and query, beginning with '/'
};
// Error: InvalidArgument for another scheme, user information, no host or a bad port.
Result<HttpUrl> parse_http_url(std::string_view url);

struct HttpClientOptions {
  std::string host = "127.0.0.1";  // name or address
  std::uint16_t port = 80;
  std::chrono::milliseconds connect_timeout{5'000};
  // From the first byte sent to the last byte received.
  std::chrono::milliseconds request_timeout{30'000};
  std::size_t response_bytes_max = std::size_t{256} << 20;
  std::size_t header_bytes_max = std::size_t{64} << 10;
};

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";     // path and query, percent-encoded
  std::vector<Header> headers;  // host, content-length and user-agent are added
  std::string body;
};

struct ClientResponse {
  int status = 0;
  std::vector<Header> headers;  // names in lower case
  std::string body;

  // Value of the first header of that (lower-case) name; empty where there is none.
  std::string_view header(std::string_view name) const;
};

// A blocking HTTP/1.1 client of one server, over one connection that it keeps open.
//
// Connects when first used, and again after a failure. A request on a connection that the server
// had closed meanwhile, before any byte of an answer, is sent once more on a new one. Follows no
// redirects, decompresses nothing. One thread at a time.
class HttpClient final {
 public:
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  // Any status is an answer, not an error. Errors: Unavailable (no connection, or it broke),
  // DeadlineExceeded, ResourceExhausted (answer past a limit), InvalidArgument (a request that is
  // no HTTP), Internal (an answer that is none).
  Result<ClientResponse> send(const ClientRequest& request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace waybill::net
