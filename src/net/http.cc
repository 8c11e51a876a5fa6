// SPDX-License-Identifier: Apache-2.0
#include "net/http.h"

namespace waybill::net {

std::string_view Request::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (header.name == name) {
      return header.value;
    }
  }
  return {};
}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    const Responder answers_what_it_held(std::exchange(send_, std::exchange(other.send_, nullptr)));
  }
  return *this;
}

Responder::~Responder() {
  if (send_) {
    Response response;
    response.status = 500;
    std::move(*this).send(std::move(response));
  }
}

void Responder::send(Response response) && {
  if (Send send = std::exchange(send_, nullptr)) {
    send(std::move(response));
  }
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "";
  }
}

}  // namespace waybill::net
