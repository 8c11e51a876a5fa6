// SPDX-License-Identifier: Apache-2.0
#include "net/http.h"

#include <string_view>
#include <utility>

#include "base/check.h"

namespace waybill::net {

std::string_view Request::header(std::string_view name) const {
  for (const Header& candidate : headers) {
    if (candidate.name == name) {
      return candidate.value;
    }
  }
  return {};
}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    // The request that this one stood for must not go without its answer.
    const Responder dropped(std::exchange(send_, nullptr));
    send_ = std::exchange(other.send_, nullptr);
  }
  return *this;
}

Responder::~Responder() {
  if (send_ == nullptr) {
    return;
  }
  Response response;
  response.status = 500;
  response.headers = {{"content-type", "text/plain; charset=utf-8"}};
  response.body = "the request was dropped without an answer\n";
  std::exchange(send_, nullptr)(std::move(response));
}

void Responder::send(Response response) && {
  CHECK(send_ != nullptr);
  std::exchange(send_, nullptr)(std::move(response));
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

}  // namespace waybill::net
