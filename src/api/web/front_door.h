// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/random.h"
#include "net/http.h"

namespace waybill::api::web {

struct FrontDoorOptions {
  // Names by which browsers may call this server beside localhost, 127.0.0.1 and [::1]: host names
  // or addresses without a port, in any case. "*" lets every name through.
  std::vector<std::string> hosts;
  // How to add one, for the message to those who are refused.
  std::string hosts_setting = "the setting 'web.hosts'";
};

// What every request to the web listener passes, and every answer on its way back.
//
// Refuses requests whose Host names another server with 421: a page from elsewhere whose name was
// made to point here (DNS rebinding) would else read traces in the user's browser. Sets the
// security headers and x-request-id (the client's, where it is 1 to 128 plain characters; else a
// new one). Borrows the handler behind it. Any thread.
class FrontDoor final : public net::HttpHandler {
 public:
  // `seed` makes request ids differ between runs; they are no secret.
  FrontDoor(FrontDoorOptions options, net::HttpHandler& inner, std::uint64_t seed);

  void handle(net::Request request, net::Responder responder) override;

 private:
  bool is_allowed_host(std::string_view host) const;
  std::string request_id(const net::Request& request);

  const FrontDoorOptions options_;
  net::HttpHandler& inner_;
  Mutex mutex_;
  Random random_ GUARDED_BY(mutex_);
};

// "Example.com:80" without its port, in lower case; brackets of IPv6 addresses stay.
std::string host_name(std::string_view host);

}  // namespace waybill::api::web
