// SPDX-License-Identifier: Apache-2.0
#include "net/router.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "net/http.h"

namespace waybill::net {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

// Segments behind the first slash; none where the path does not begin with one.
std::vector<std::string_view> path_segments(std::string_view path) {
  if (!path.starts_with('/')) {
    return {};
  }
  return split(path.substr(1), '/');
}

// Why a decoded value may not be handed to a route; empty where it may.
std::string_view fault_of_value(const std::optional<std::string>& value, bool any_text) {
  if (!value) {
    return "malformed percent escape in the path";
  }
  if (value->find('\0') != std::string::npos) {
    return "NUL in the path";
  }
  if (any_text) {
    return {};
  }
  if (value->find('/') != std::string::npos) {
    return "encoded slash in the path";
  }
  if (*value == "." || *value == "..") {
    return "dot segment in the path";
  }
  return {};
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    const std::string_view digits = text.substr(at + 1, 2);
    const std::optional<std::uint64_t> byte = digits.size() == 2 ? parse_hex(digits) : std::nullopt;
    if (!byte) {
      return std::nullopt;
    }
    out += static_cast<char>(*byte);
    at += 2;
  }
  return out;
}

QueryParams::QueryParams(std::string_view query) {
  if (query.empty()) {
    return;
  }
  while (true) {
    const std::size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    if (!part.empty()) {
      if (entries_.size() == kCountMax) {
        fault_ = "more than 1000 parameters";
        return;
      }
      const std::size_t equals = part.find('=');
      const std::string_view value =
          equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
      entries_.emplace_back(decode(part.substr(0, equals)), decode(value));
    }
    if (end == std::string_view::npos) {
      return;
    }
    query.remove_prefix(end + 1);
  }
}

std::string QueryParams::decode(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  std::optional<std::string> decoded = percent_decode(spaced);
  if (!decoded) {
    fault_ = "malformed percent escape in the query string";
    return spaced;
  }
  return *std::move(decoded);
}

std::optional<std::string_view> QueryParams::get(std::string_view name) const {
  for (const auto& [key, value] : entries_) {
    if (key == name) {
      return value;
    }
  }
  return std::nullopt;
}

std::vector<std::string_view> QueryParams::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : entries_) {
    if (key == name) {
      values.emplace_back(value);
    }
  }
  return values;
}

void Router::add(std::string_view method, std::string_view pattern, Route route) {
  CHECK(pattern.starts_with('/'));
  Entry entry;
  entry.method = method;
  entry.route = std::move(route);
  for (const std::string_view segment : path_segments(pattern)) {
    const bool is_variable = segment.starts_with('{') && segment.ends_with('}');
    const Segment kind = !is_variable                ? Segment::Literal
                         : segment.starts_with("{*") ? Segment::AnyText
                                                     : Segment::Variable;
    entry.pattern.segments.emplace_back(kind, segment);
  }
  entries_.push_back(std::move(entry));
}

void Router::set_fallback(Fallback fallback) { fallback_ = std::move(fallback); }

void Router::set_refusal(Refusal refusal) { refusal_ = std::move(refusal); }

bool Router::fits(const Pattern& pattern, const Segments& path) {
  return std::equal(pattern.segments.begin(), pattern.segments.end(), path.begin(), path.end(),
                    [](const auto& wanted, const std::optional<std::string>& given) {
                      if (wanted.first == Segment::Literal) {
                        return given == wanted.second;
                      }
                      return !given || !given->empty();
                    });
}

// Requires: both fit the same path, so they have the same number of segments.
bool Router::is_closer(const Pattern& left, const Pattern& right) {
  for (std::size_t i = 0; i < left.segments.size(); ++i) {
    const bool left_literal = left.segments[i].first == Segment::Literal;
    const bool right_literal = right.segments[i].first == Segment::Literal;
    if (left_literal != right_literal) {
      return left_literal;
    }
  }
  return false;
}

const Router::Entry* Router::find(std::string_view method, const Segments& path) const {
  const Entry* best = nullptr;
  for (const Entry& entry : entries_) {
    if (!fits(entry.pattern, path)) {
      continue;
    }
    if (best == nullptr || is_closer(entry.pattern, best->pattern) ||
        (!is_closer(best->pattern, entry.pattern) && best->method != method)) {
      best = &entry;
    }
  }
  return best;
}

std::string Router::allowed_methods(const Segments& path) const {
  std::vector<std::string_view> methods;
  for (const Entry& entry : entries_) {
    if (fits(entry.pattern, path)) {
      methods.push_back(entry.method);
    }
  }
  if (std::find(methods.begin(), methods.end(), "GET") != methods.end()) {
    methods.push_back("HEAD");
  }
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  std::string text;
  for (const std::string_view method : methods) {
    text += text.empty() ? "" : ", ";
    text += method;
  }
  return text;
}

Response Router::refuse(const Request& request, int status, std::string_view message) const {
  if (refusal_) {
    return refusal_(request, status, message);
  }
  Response response;
  response.status = status;
  response.headers = {{"content-type", "text/plain; charset=utf-8"}};
  response.body = std::string(message) + "\n";
  return response;
}

void Router::handle(Request request, Responder responder) {
  if (request.method == "HEAD") {
    request.method = "GET";
  }
  Segments path;
  for (const std::string_view segment : path_segments(request.path)) {
    path.push_back(percent_decode(segment));
  }
  const Entry* entry = find(request.method, path);
  if (entry == nullptr) {
    if (fallback_) {
      return fallback_(std::move(request), std::move(responder));
    }
    return std::move(responder).send(refuse(request, 404, "no such path"));
  }
  if (entry->method != request.method) {
    Response response = refuse(request, 405, "this path does not take that method");
    response.headers.push_back({"allow", allowed_methods(path)});
    return std::move(responder).send(std::move(response));
  }
  PathValues values;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Segment kind = entry->pattern.segments[i].first;
    if (kind == Segment::Literal) {
      continue;
    }
    const std::string_view fault = fault_of_value(path[i], kind == Segment::AnyText);
    if (!fault.empty()) {
      return std::move(responder).send(refuse(request, 400, fault));
    }
    values.push_back(*std::move(path[i]));
  }
  entry->route(std::move(request), std::move(values), std::move(responder));
}

}  // namespace waybill::net
