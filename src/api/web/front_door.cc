// SPDX-License-Identifier: Apache-2.0
#include "api/web/front_door.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/answer.h"
#include "base/mutex.h"
#include "base/text.h"
#include "net/http.h"

namespace waybill::api::web {
namespace {

using HeaderText = std::pair<std::string_view, std::string_view>;

constexpr std::array<HeaderText, 6> kSecurityHeaders = {{
    {"content-security-policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "
     "'self'; font-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
     "form-action 'self'"},
    {"x-content-type-options", "nosniff"},
    {"referrer-policy", "no-referrer"},
    {"cross-origin-opener-policy", "same-origin"},
    {"cross-origin-resource-policy", "same-origin"},
    {"permissions-policy",
     "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()"},
}};

constexpr std::array<std::string_view, 3> kLoopbackNames = {"localhost", "127.0.0.1", "[::1]"};

constexpr std::size_t kRequestIdBytesMax = 128;

bool is_plain(std::string_view id) {
  return !id.empty() && id.size() <= kRequestIdBytesMax &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

// Sets the headers that every answer has on its way out.
net::Responder with_headers(net::Responder responder, std::string request_id) {
  auto shared = std::make_shared<net::Responder>(std::move(responder));
  return net::Responder([shared, id = std::move(request_id)](net::Response response) {
    for (const auto& [name, value] : kSecurityHeaders) {
      response.headers.push_back({std::string(name), std::string(value)});
    }
    response.headers.push_back({"x-request-id", id});
    std::move(*shared).send(std::move(response));
  });
}

// HTTP/2 sends the name as a pseudo header, which servers may hand on as it is.
std::string_view asked_host(const net::Request& request) {
  const std::string_view host = request.header("host");
  return host.empty() ? request.header(":authority") : host;
}

}  // namespace

std::string host_name(std::string_view host) {
  const std::size_t bracket = host.find(']');
  const std::size_t colon =
      host.find(':', host.starts_with('[') && bracket != std::string_view::npos ? bracket : 0);
  return to_lower(host.substr(0, colon));
}

FrontDoor::FrontDoor(FrontDoorOptions options, net::HttpHandler& inner, std::uint64_t seed)
    : options_(std::move(options)), inner_(inner), random_(seed) {}

// A browser always sends a host, so a request without one is from another kind of client.
bool FrontDoor::is_allowed_host(std::string_view host) const {
  if (host.empty()) {
    return true;
  }
  const std::string name = host_name(host);
  if (std::find(kLoopbackNames.begin(), kLoopbackNames.end(), name) != kLoopbackNames.end()) {
    return true;
  }
  return std::any_of(options_.hosts.begin(), options_.hosts.end(), [&](const std::string& allowed) {
    return allowed == "*" || equals_ignoring_case(allowed, name) ||
           equals_ignoring_case("[" + allowed + "]", name);
  });
}

std::string FrontDoor::request_id(const net::Request& request) {
  const std::string_view given = request.header("x-request-id");
  if (is_plain(given)) {
    return std::string(given);
  }
  std::string id;
  const MutexLock lock(mutex_);
  append_hex(id, random_.next(), 16);
  append_hex(id, random_.next(), 16);
  return id;
}

void FrontDoor::handle(net::Request request, net::Responder responder) {
  responder = with_headers(std::move(responder), request_id(request));
  const std::string_view host = asked_host(request);
  if (!is_allowed_host(host)) {
    std::string text = "this server does not answer for the host '";
    append_valid_utf8(text, utf8_prefix(host, 255));
    text += "'; to let it, add the name to " + options_.hosts_setting + "\n";
    return std::move(responder).send(text_answer(421, std::move(text)));
  }
  inner_.handle(std::move(request), std::move(responder));
}

}  // namespace waybill::api::web
