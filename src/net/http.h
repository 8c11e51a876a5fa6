// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace waybill::net {

// Names are lower case.
struct Header {
  std::string name;
  std::string value;
};

enum class HttpVersion : std::uint8_t { Http1, Http2 };

// One HTTP request, whole, over either version of the protocol. Owns its bytes.
struct Request {
  HttpVersion version = HttpVersion::Http1;
  std::string method;  // as sent: "GET"
  std::string path;    // percent-encoded as sent, without the query: "/api/traces/1f"
  std::string query;   // after '?', as sent; empty where there is none
  std::vector<Header> headers;
  std::string body;
  // Where a gRPC body arrives over HTTP/2, its first five bytes (flag and length of the message)
  // are put here and not into `body`, which then is the message and can be moved on as it is.
  std::string grpc_prefix;
  std::string peer;  // "127.0.0.1:51234"
  // Stopped when the client goes away before it is answered.
  std::stop_token cancelled;

  // Value of the first header of that (lower-case) name; empty where there is none.
  std::string_view header(std::string_view name) const;
};

// The body is either owned text or a view of something that lives as long as the program (embedded
// files).
struct Response {
  int status = 200;
  std::vector<Header> headers;  // content-length and date are added when it is sent
  std::string body;
  std::string_view static_body;  // sent in place of `body` where it is not empty
  std::vector<Header> trailers;  // HTTP/2 only
};

// The one chance to answer a request. Move-only; may be called from any thread, once; never blocks.
// If it is destroyed unused, the client gets a 500. Answering a client that has gone is harmless.
class Responder final {
 public:
  // What carries the answer to the connection. Called at most once.
  using Send = std::function<void(Response)>;

  explicit Responder(Send send) : send_(std::move(send)) {}
  Responder(Responder&& other) noexcept : send_(std::exchange(other.send_, nullptr)) {}
  Responder& operator=(Responder&& other) noexcept;
  ~Responder();

  void send(Response response) &&;

 private:
  Send send_;
};

// Answers requests. Called from the server's threads, several at once; must not block: work that
// takes longer than about a millisecond moves the responder to another thread.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual void handle(Request request, Responder responder) = 0;
};

// The status's reason phrase, such as "Not Found".
std::string_view reason_phrase(int status);

}  // namespace waybill::net
