// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace waybill::net {

// A decoded query string. Later values of one name follow earlier ones.
class QueryParams final {
 public:
  // Decodes percent escapes and '+'. At most 1,000 parameters; the rest are left out.
  explicit QueryParams(std::string_view query);

  // First value of that name; no value where it is not given.
  std::optional<std::string_view> get(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& entries() const { return entries_; }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

// Percent-decodes a path segment once; no value where an escape is malformed.
std::optional<std::string> percent_decode(std::string_view text);

// What the router found in the path: decoded values of its {variables}, in order.
using PathValues = std::vector<std::string>;

// Sends requests to the route that was registered for their method and path.
//
// Patterns are literal segments and {variables} (one segment each, decoded; an encoded slash, "..",
// NUL or a malformed escape in it gives 400). A path with another method gives 405 with Allow; HEAD
// is answered by GET without the body; no route gives 404, unless a fallback is set. Register
// first, then share: handling is const. Any thread.
class Router final : public HttpHandler {
 public:
  using Route = std::function<void(Request, PathValues, Responder)>;
  using Fallback = std::function<void(Request, Responder)>;

  void add(std::string_view method, std::string_view pattern, Route route);
  void set_fallback(Fallback fallback);

  void handle(Request request, Responder responder) override;

 private:
  struct Entry {
    std::string method;
    std::vector<std::string> segments;
    Route route;
  };

  std::vector<Entry> entries_;
  Fallback fallback_;
};

}  // namespace waybill::net
