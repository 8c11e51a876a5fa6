// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.h"

namespace waybill::net {

// A decoded query string. Later values of one name follow earlier ones.
class QueryParams final {
 public:
  static constexpr std::size_t kCountMax = 1000;

  // Decodes percent escapes and '+'. At most kCountMax parameters; the rest are left out.
  explicit QueryParams(std::string_view query);

  // First value of that name; no value where it is not given.
  std::optional<std::string_view> get(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& entries() const { return entries_; }
  // What was wrong with the text, for a 400; empty where nothing was. A malformed escape is kept as
  // it was sent.
  std::string_view fault() const { return fault_; }

 private:
  std::string decode(std::string_view text);

  std::vector<std::pair<std::string, std::string>> entries_;
  std::string_view fault_;
};

// Percent-decodes a path segment once; no value where an escape is malformed.
std::optional<std::string> percent_decode(std::string_view text);

// What the router found in the path: decoded values of its {variables}, in order.
using PathValues = std::vector<std::string>;

// Sends requests to the route that was registered for their method and path.
//
// Patterns are literal segments and {variables} (one segment each, not empty, decoded). A malformed
// escape or NUL in a variable gives 400; so does an encoded slash or a value of "." or "..", except
// in {*variables}, which take any text (a service may well be called "team/cart"). Where several
// patterns fit, the one whose literal comes first wins. A path with another method gives 405 with
// Allow; HEAD goes to GET's route, and the server leaves the body out; no route gives 404, unless a
// fallback is set. Register first, then share: handling is const. Any thread.
class Router final : public HttpHandler {
 public:
  using Route = std::function<void(Request, PathValues, Responder)>;
  using Fallback = std::function<void(Request, Responder)>;
  // Makes the answer with which the router itself refuses a request (400, 404 or 405).
  using Refusal = std::function<Response(const Request&, int status, std::string_view message)>;

  void add(std::string_view method, std::string_view pattern, Route route);
  void set_fallback(Fallback fallback);
  // Without it, refusals are plain text.
  void set_refusal(Refusal refusal);

  void handle(Request request, Responder responder) override;

 private:
  enum class Segment : std::uint8_t { Literal, Variable, AnyText };
  struct Pattern {
    std::vector<std::pair<Segment, std::string>> segments;
  };
  struct Entry {
    std::string method;
    Pattern pattern;
    Route route;
  };
  // A segment of the request's path, decoded; no value where that failed.
  using Segments = std::vector<std::optional<std::string>>;

  static bool fits(const Pattern& pattern, const Segments& path);
  static bool is_closer(const Pattern& left, const Pattern& right);
  // Null where the path fits no pattern; the entry may be for another method.
  const Entry* find(std::string_view method, const Segments& path) const;
  std::string allowed_methods(const Segments& path) const;
  Response refuse(const Request& request, int status, std::string_view message) const;

  std::vector<Entry> entries_;
  Fallback fallback_;
  Refusal refusal_;
};

}  // namespace waybill::net
