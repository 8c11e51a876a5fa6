// SPDX-License-Identifier: Apache-2.0
#include "net/client/http_client.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "net/http.h"

namespace waybill::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::string_view kScheme = "http://";

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// A line feed in a header would let data write headers of its own.
bool is_clean(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<void> check_request(const ClientRequest& request) {
  if (!is_token(request.method)) {
    return invalid_argument("http method is no token");
  }
  if (request.target.empty() || request.target.front() != '/' || !is_clean(request.target) ||
      request.target.find(' ') != std::string::npos) {
    return invalid_argument("http target does not begin with '/' or holds a blank");
  }
  for (const Header& header : request.headers) {
    if (!is_token(header.name) || !is_clean(header.value)) {
      return invalid_argument(fmt::format("http header '{}' is malformed", header.name));
    }
  }
  return {};
}

// Whether the peer may simply have closed an idle connection.
bool is_closed(const error_code& error) {
  return error == http::error::end_of_stream || error == asio::error::eof ||
         error == asio::error::connection_reset || error == asio::error::broken_pipe ||
         error == asio::error::connection_aborted;
}

}  // namespace

Result<HttpUrl> parse_http_url(std::string_view url) {
  if (!equals_ignoring_case(url.substr(0, kScheme.size()), kScheme)) {
    return invalid_argument(fmt::format("url '{}' does not begin with http://", url));
  }
  std::string_view rest = url.substr(kScheme.size());
  const std::size_t slash = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, slash);
  HttpUrl made;
  made.target = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
  if (made.target.front() != '/') {
    made.target.insert(0, "/");
  }
  made.target = made.target.substr(0, made.target.find('#'));
  if (authority.find('@') != std::string_view::npos) {
    return invalid_argument("url holds a user name; give credentials as a header");
  }
  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) {
      return invalid_argument(fmt::format("url '{}': bracket without its end", url));
    }
    made.host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
  } else {
    const std::size_t colon = authority.find(':');
    made.host = authority.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
  }
  if (made.host.empty()) {
    return invalid_argument(fmt::format("url '{}' names no host", url));
  }
  if (!port.empty()) {
    const auto number = port.front() == ':' ? parse_uint64(port.substr(1)) : std::nullopt;
    if (!number || *number == 0 || *number > UINT16_MAX) {
      return invalid_argument(fmt::format("url '{}': bad port", url));
    }
    made.port = static_cast<std::uint16_t>(*number);
  }
  return made;
}

std::string_view ClientResponse::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const Header& header) { return header.name == name; });
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

// Beast keeps time only for asynchronous calls, so each step is started and the loop run until it
// has ended.
class HttpClient::Impl final {
 public:
  explicit Impl(HttpClientOptions options) : options_(std::move(options)) {}

  Result<ClientResponse> send(const ClientRequest& request) {
    TRY(check_request(request));
    const bool was_open = stream_.has_value();
    Attempt attempt = try_once(request);
    if (attempt.may_retry && was_open) {
      attempt = try_once(request);
    }
    return std::move(attempt.result);
  }

 private:
  using Parser = http::response_parser<http::string_body>;

  struct Attempt {
    Result<ClientResponse> result;
    bool may_retry = false;  // closed before any byte of an answer
  };

  Attempt try_once(const ClientRequest& request) {
    if (!stream_) {
      auto connected = connect();
      if (!connected) {
        return {std::move(connected).error()};
      }
    }
    Attempt attempt = exchange(request);
    if (!attempt.result || !keep_alive_) {
      stream_.reset();
      buffer_.clear();
    }
    return attempt;
  }

  Result<void> connect() {
    asio::ip::tcp::resolver resolver(context_);
    error_code error;
    const auto addresses = resolver.resolve(options_.host, std::to_string(options_.port), error);
    if (error) {
      return failure("resolving", error);
    }
    stream_.emplace(context_);
    buffer_.clear();
    stream_->expires_after(options_.connect_timeout);
    stream_->async_connect(addresses, [&](const error_code& ended, const auto&) { error = ended; });
    run();
    if (error) {
      stream_.reset();
      return failure("connecting", error);
    }
    error_code ignored;  // without it answers only come later
    stream_->socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    return {};
  }

  Attempt exchange(const ClientRequest& request) {
    http::request<http::string_body> message;
    message.version(11);
    message.method_string(request.method);
    message.target(request.target);
    message.set(http::field::host, fmt::format("{}:{}", options_.host, options_.port));
    message.set(http::field::user_agent, "waybill/" WAYBILL_VERSION);
    for (const Header& header : request.headers) {
      message.set(header.name, header.value);
    }
    message.body() = request.body;
    message.prepare_payload();

    Parser parser;
    parser.body_limit(options_.response_bytes_max);
    parser.header_limit(static_cast<std::uint32_t>(options_.header_bytes_max));
    parser.skip(request.method == "HEAD");
    error_code write_error;
    error_code error;
    stream_->expires_after(options_.request_timeout);
    http::async_write(*stream_, message,
                      [&](const error_code& ended, std::size_t) { write_error = ended; });
    run();
    // A server that refuses a body answers before it has read it all, so the answer is read also
    // when writing failed.
    if (!write_error || is_closed(write_error)) {
      http::async_read(*stream_, buffer_, parser,
                       [&](const error_code& ended, std::size_t) { error = ended; });
      run();
    } else {
      error = write_error;
    }
    if (error) {
      const bool nothing_came = !parser.got_some() && is_closed(error);
      return {failure("asking", error), nothing_came};
    }
    keep_alive_ = parser.keep_alive() && !write_error;
    return {to_response(parser)};
  }

  static ClientResponse to_response(Parser& parser) {
    ClientResponse response;
    response.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get()) {
      response.headers.push_back(
          {to_lower({field.name_string().data(), field.name_string().size()}),
           std::string(field.value())});
    }
    response.body = std::move(parser.get().body());
    return response;
  }

  Error failure(std::string_view what, const error_code& error) const {
    Error made;
    made.message = fmt::format("{} {}:{}: {}", what, options_.host, options_.port, error.message());
    made.code = ErrorCode::Unavailable;
    if (error == beast::error::timeout) {
      made.code = ErrorCode::DeadlineExceeded;
    } else if (error == http::error::body_limit || error == http::error::header_limit ||
               error == http::error::buffer_overflow) {
      made.code = ErrorCode::ResourceExhausted;
    } else if (error.category() == http::make_error_code(http::error::bad_version).category() &&
               !is_closed(error) && error != http::error::partial_message) {
      made.code = ErrorCode::Internal;
    }
    return made;
  }

  void run() {
    context_.restart();
    context_.run();
  }

  HttpClientOptions options_;
  asio::io_context context_;
  std::optional<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
  bool keep_alive_ = false;
};

HttpClient::HttpClient(HttpClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<ClientResponse> HttpClient::send(const ClientRequest& request) {
  return impl_->send(request);
}

}  // namespace waybill::net
