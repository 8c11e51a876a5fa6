// SPDX-License-Identifier: Apache-2.0
#include "api/answer.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "net/http.h"

namespace waybill::api {
namespace {

// Takes the text up to the separator, trimmed, off the front.
std::string_view take_item(std::string_view& list, char separator) {
  const std::size_t end = list.find(separator);
  const std::string_view item = trim(list.substr(0, end));
  list = end == std::string_view::npos ? std::string_view{} : list.substr(end + 1);
  return item;
}

// "q=0", "q=0.0" and the like.
bool is_refused(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = take_item(parameters, ';');
    if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
      return parse_double(parameter.substr(2)).value_or(1.0) <= 0;
    }
  }
  return false;
}

}  // namespace

net::Response json_answer(int status, std::string json) {
  net::Response response;
  response.status = status;
  response.headers = {{"content-type", "application/json; charset=utf-8"}};
  response.body = std::move(json);
  return response;
}

net::Response text_answer(int status, std::string text) {
  net::Response response;
  response.status = status;
  response.headers = {{"content-type", "text/plain; charset=utf-8"}};
  response.body = std::move(text);
  return response;
}

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
    case ErrorCode::OutOfRange:
    case ErrorCode::FailedPrecondition:
      return 400;
    case ErrorCode::Unauthenticated:
      return 401;
    case ErrorCode::PermissionDenied:
      return 403;
    case ErrorCode::NotFound:
      return 404;
    case ErrorCode::ResourceExhausted:
      return 413;
    case ErrorCode::Cancelled:
      return 499;
    case ErrorCode::Unimplemented:
      return 501;
    case ErrorCode::Unavailable:
      return 503;
    case ErrorCode::DeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

std::string make_etag(std::uint64_t fingerprint, std::string_view form) {
  std::string tag = "\"";
  append_hex(tag, fingerprint, 16);
  tag += '-';
  tag += form;
  tag += '"';
  return tag;
}

bool names_etag(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    std::string_view item = take_item(if_none_match, ',');
    if (item == "*") {
      return true;
    }
    if (item.starts_with("W/")) {
      item.remove_prefix(2);
    }
    if (item == etag) {
      return true;
    }
  }
  return false;
}

net::Response not_modified(std::string_view etag) {
  net::Response response;
  response.status = 304;
  response.headers = {{"etag", std::string(etag)}};
  return response;
}

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<bool> any;
  while (!accept_encoding.empty()) {
    std::string_view item = take_item(accept_encoding, ',');
    const std::string_view name = take_item(item, ';');
    if (equals_ignoring_case(name, "gzip") || equals_ignoring_case(name, "x-gzip")) {
      return !is_refused(item);
    }
    if (name == "*") {
      any = !is_refused(item);
    }
  }
  return any.value_or(false);
}

}  // namespace waybill::api
