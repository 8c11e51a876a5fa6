// SPDX-License-Identifier: Apache-2.0
#include "net/client/http_client.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include "base/error.h"

namespace waybill::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

// Answers each request, read up to its blank line, with the next of the given texts. An empty text
// closes the connection without an answer; the next one then goes to a new connection.
class ScriptedServer final {
 public:
  explicit ScriptedServer(std::vector<std::string> answers)
      : acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        answers_(std::move(answers)),
        thread_([this] { serve(); }) {}
  ~ScriptedServer() { thread_.join(); }

  HttpClientOptions options() const {
    HttpClientOptions made;
    made.port = acceptor_.local_endpoint().port();
    made.connect_timeout = milliseconds(5000);
    return made;
  }
  // Requires: the server has given all its answers and the client is gone.
  const std::vector<std::string>& heads() const { return heads_; }

 private:
  void serve() {
    std::size_t next = 0;
    while (next < answers_.size()) {
      tcp::socket socket(context_);
      acceptor_.accept(socket);
      std::string input;
      while (next < answers_.size()) {
        boost::system::error_code error;
        const std::size_t size =
            asio::read_until(socket, asio::dynamic_buffer(input), "\r\n\r\n", error);
        if (error) {
          break;
        }
        heads_.push_back(input.substr(0, size));
        input.erase(0, size);
        const std::string& answer = answers_[next];
        ++next;
        if (answer.empty()) {
          break;
        }
        asio::write(socket, asio::buffer(answer), error);
        if (answer.find("Connection: close") != std::string::npos) {
          break;
        }
      }
      if (next == answers_.size() && !answers_.back().empty()) {
        // Held open until the client has gone, so that a client that waits for more does wait.
        boost::system::error_code error;
        std::string rest;
        asio::read(socket, asio::dynamic_buffer(rest), error);
      }
    }
  }

  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::vector<std::string> answers_;
  std::vector<std::string> heads_;
  std::thread thread_;
};

std::string answer_with(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

TEST(HttpClient, AsksTwiceOverOneConnection) {
  ScriptedServer server({answer_with("one"), answer_with("two")});
  HttpClient client(server.options());
  const auto first = client.send({});
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(first->body, "one");
  EXPECT_EQ(first->header("content-type"), "text/plain");
  EXPECT_EQ(first->header("server"), "");
  EXPECT_EQ(client.send({})->body, "two");
}

TEST(HttpClient, WritesMethodTargetHeadersAndLength) {
  std::vector<std::string> heads;
  {
    ScriptedServer server({answer_with("")});
    {
      HttpClient client(server.options());
      ClientRequest request;
      request.method = "POST";
      request.target = "/v1/traces?x=1";
      request.headers = {{"content-type", "application/json"}};
      request.body = "{}";
      ASSERT_TRUE(client.send(request).has_value());
    }
    heads = server.heads();
  }
  ASSERT_EQ(heads.size(), 1U);
  EXPECT_EQ(heads[0].substr(0, heads[0].find('\r')), "POST /v1/traces?x=1 HTTP/1.1");
  EXPECT_NE(heads[0].find("\r\ncontent-type: application/json\r\n"), std::string::npos);
  EXPECT_NE(heads[0].find("\r\nContent-Length: 2\r\n"), std::string::npos);
  EXPECT_NE(heads[0].find("\r\nHost: 127.0.0.1:"), std::string::npos);
}

TEST(HttpClient, ReadsChunkedBodies) {
  ScriptedServer server(
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
       "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"});
  HttpClient client(server.options());
  EXPECT_EQ(client.send({})->body, "abcde");
}

TEST(HttpClient, ReadsNoBodyAfterHead) {
  ScriptedServer server({"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"});
  HttpClient client(server.options());
  ClientRequest request;
  request.method = "HEAD";
  const auto answer = client.send(request);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->body, "");
}

TEST(HttpClient, ConnectsAgainAfterAnAnswerThatClosesTheConnection) {
  ScriptedServer server(
      {"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", answer_with("back")});
  HttpClient client(server.options());
  EXPECT_EQ(client.send({})->status, 503);
  EXPECT_EQ(client.send({})->body, "back");
}

TEST(HttpClient, SendsOnceMoreOnAConnectionThatTheServerHadClosed) {
  ScriptedServer server({answer_with("one"), "", answer_with("two")});
  HttpClient client(server.options());
  EXPECT_EQ(client.send({})->body, "one");
  EXPECT_EQ(client.send({})->body, "two");
}

TEST(HttpClient, DoesNotSendTwiceWhatFailedOnANewConnection) {
  ScriptedServer server({""});
  HttpClient client(server.options());
  const auto answer = client.send({});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
}

TEST(HttpClient, FailsWhereNobodyListens) {
  HttpClientOptions options;
  {
    asio::io_context context;
    tcp::acceptor gone(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    options.port = gone.local_endpoint().port();
  }
  HttpClient client(options);
  const auto answer = client.send({});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
}

TEST(HttpClient, GivesUpAnAnswerThatDoesNotCome) {
  ScriptedServer server({"HTTP/1.1 200 OK\r\n"});
  HttpClientOptions options = server.options();
  options.request_timeout = milliseconds(20);
  HttpClient client(options);
  const auto answer = client.send({});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::DeadlineExceeded);
}

TEST(HttpClient, RefusesABodyOneByteOverTheLimit) {
  ScriptedServer server({answer_with("12345"), answer_with("123456")});
  HttpClientOptions options = server.options();
  options.response_bytes_max = 5;
  HttpClient client(options);
  EXPECT_EQ(client.send({})->body, "12345");
  const auto answer = client.send({});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::ResourceExhausted);
}

TEST(HttpClient, RefusesHeadersOverTheLimit) {
  ScriptedServer server(
      {"HTTP/1.1 200 OK\r\nX: " + std::string(300, 'x') + "\r\nContent-Length: 0\r\n\r\n"});
  HttpClientOptions options = server.options();
  options.header_bytes_max = 200;
  HttpClient client(options);
  const auto answer = client.send({});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::ResourceExhausted);
}

TEST(HttpClient, SaysInternalWhenTheAnswerIsNoHttp) {
  ScriptedServer server({"SSH-2.0-OpenSSH_9.2\r\n\r\n"});
  HttpClient client(server.options());
  const auto answer = client.send({});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::Internal);
}

TEST(HttpClient, RefusesRequestsThatWouldForgeHeaders) {
  HttpClient client(HttpClientOptions{});
  ClientRequest request;
  request.headers = {{"x-tenant", "a\r\nx-admin: yes"}};
  EXPECT_EQ(client.send(request).error().code, ErrorCode::InvalidArgument);
  request = {};
  request.headers = {{"bad name", "a"}};
  EXPECT_EQ(client.send(request).error().code, ErrorCode::InvalidArgument);
  request = {};
  request.target = "/a b";
  EXPECT_EQ(client.send(request).error().code, ErrorCode::InvalidArgument);
  request.target = "http://other/";
  EXPECT_EQ(client.send(request).error().code, ErrorCode::InvalidArgument);
  request = {};
  request.method = "GET /";
  EXPECT_EQ(client.send(request).error().code, ErrorCode::InvalidArgument);
}

TEST(ParseHttpUrl, ReadsHostPortAndTarget) {
  const auto url = parse_http_url("http://[::1]:16686/api/w1/search?q=%7B%7D#top");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 16686);
  EXPECT_EQ(url->target, "/api/w1/search?q=%7B%7D");
  const auto bare = parse_http_url("HTTP://example.com");
  ASSERT_TRUE(bare.has_value());
  EXPECT_EQ(bare->host, "example.com");
  EXPECT_EQ(bare->port, 80);
  EXPECT_EQ(bare->target, "/");
  EXPECT_EQ(parse_http_url("http://a?x")->target, "/?x");
}

TEST(ParseHttpUrl, RefusesWhatItCanNotReach) {
  for (const char* url :
       {"", "https://a/", "a:80", "http://", "http:///x", "http://a:0/", "http://a:65536/",
        "http://a:x/", "http://a:/", "http://user@a/", "http://[::1/", "http://[::1]80/"}) {
    EXPECT_FALSE(parse_http_url(url).has_value()) << url;
  }
}

}  // namespace
}  // namespace waybill::net
