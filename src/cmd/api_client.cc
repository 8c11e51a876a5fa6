// SPDX-License-Identifier: Apache-2.0
#include "cmd/api_client.h"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include "base/error.h"
#include "base/result.h"
#include "net/client/http_client.h"
#include "wire/json/json_value.h"

namespace waybill::cmd {

namespace {

ErrorCode code_of(int status) {
  switch (status) {
    case 400:
      return ErrorCode::InvalidArgument;
    case 404:
      return ErrorCode::NotFound;
    case 503:
      return ErrorCode::Unavailable;
    default:
      return ErrorCode::Unknown;
  }
}

}  // namespace

std::string url_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

Result<ApiClient> ApiClient::make(std::string_view server) {
  const net::HttpUrl url = TRY(net::parse_http_url(server));
  net::HttpClientOptions options;
  options.host = url.host;
  options.port = url.port;
  return ApiClient(std::string(server), std::move(options));
}

Result<std::string> ApiClient::get(const std::string& target) {
  net::ClientRequest request;
  request.target = target;
  fault_position_.reset();
  auto response = client_.send(request);
  if (!response) {
    Error error = std::move(response).error();
    if (error.code == ErrorCode::Unavailable) {
      error.message += fmt::format(
          "; no server at {}? start one with 'waybill serve', or name another with --server",
          server_);
    }
    return error;
  }
  if (response->status == 200) {
    return std::move(response->body);
  }
  const auto body = wire::JsonValue::parse(response->body);
  if (const auto position = body ? (*body)["error"]["position"].unsigned_integer() : std::nullopt) {
    fault_position_ = static_cast<std::size_t>(*position);
  }
  const auto message =
      body ? (*body)["error"]["message"].text() : std::optional<std::string_view>();
  return Error{code_of(response->status),
               message ? std::string(*message)
                       : fmt::format("the server answered with status {}", response->status)};
}

}  // namespace waybill::cmd
