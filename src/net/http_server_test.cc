// SPDX-License-Identifier: Apache-2.0
#include "net/http_server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/http.h"
#include "net/testing/raw_client.h"
#include "net/testing/server_fixture.h"

namespace waybill::net {
namespace {

using std::chrono::seconds;
using testing::FakeHandler;
using testing::RawClient;
using testing::ServerFixture;

constexpr std::string_view kDate = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

std::string answer_of(std::string_view body, std::string_view extra = {}) {
  return "HTTP/1.1 200 OK\r\n" + std::string(kDate) +
         "content-length: " + std::to_string(body.size()) + "\r\n" + std::string(extra) + "\r\n" +
         std::string(body);
}

// Sends the bytes and returns the first line of what comes back; the connection has to end in
// order.
std::string status_line_of(ServerFixture& fixture, std::string_view bytes) {
  RawClient client(fixture.port());
  client.send(bytes);
  const std::string all = client.read_to_end();
  EXPECT_TRUE(client.is_ended());
  EXPECT_NE(all.find("connection: close\r\n"), std::string::npos);
  return all.substr(0, all.find('\r'));
}

double refused(const ServerFixture& fixture, std::string_view reason) {
  return fixture.metric("waybill_http_refused_total", "reason=\"" + std::string(reason) + "\"");
}

TEST(HttpServer, SaysWhichPortIsTaken) {
  ServerFixture fixture;
  HttpServerOptions options;
  options.name = "second";
  options.port = fixture.port();
  const auto opened = HttpServer::open(options, *fixture.threads, fixture.handler, fixture.metrics);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::Unavailable);
  EXPECT_NE(opened.error().message.find("listener second"), std::string::npos);
  EXPECT_NE(opened.error().message.find(std::to_string(fixture.port())), std::string::npos);
}

TEST(HttpServer, RefusesToListenOnAName) {
  ServerFixture fixture;
  HttpServerOptions options;
  options.host = "example.test";
  const auto opened = HttpServer::open(options, *fixture.threads, fixture.handler, fixture.metrics);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::InvalidArgument);
}

TEST(HttpServer, AnswersByteForByte) {
  ServerFixture fixture;
  RawClient client(fixture.port());
  client.send("GET /a%20b?x=1 HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_EQ(client.read_response(), answer_of("GET /a%20b?x=1:0"));
}

TEST(HttpServer, HandsOverTheWholeRequest) {
  ServerFixture fixture;
  fixture.handler.hold();
  RawClient client(fixture.port());
  client.send(
      "POST http://h/p?q HTTP/1.1\r\nHoSt: x\r\nX-Two:  b \r\nContent-Length: 3\r\n\r\nabc");
  const FakeHandler::Asked asked = fixture.handler.take();
  EXPECT_EQ(asked.request.method, "POST");
  EXPECT_EQ(asked.request.path, "/p");
  EXPECT_EQ(asked.request.query, "q");
  EXPECT_EQ(asked.request.body, "abc");
  EXPECT_EQ(asked.request.header("host"), "x");
  EXPECT_EQ(asked.request.header("x-two"), "b");
  EXPECT_TRUE(asked.request.peer.starts_with("127.0.0.1:"));
  EXPECT_EQ(asked.request.version, HttpVersion::Http1);
  EXPECT_FALSE(asked.request.cancelled.stop_requested());
}

TEST(HttpServer, TakesARequestByteByByte) {
  ServerFixture fixture;
  RawClient client(fixture.port());
  for (const char c :
       std::string_view("POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "3;x=y\r\nabc\r\n02\r\nde\r\n0\r\nT: v\r\n\r\n")) {
    client.send({&c, 1});
  }
  EXPECT_EQ(client.read_response(), answer_of("POST /p?:5"));
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  ServerFixture fixture;
  RawClient client(fixture.port());
  std::string requests;
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
    expected += answer_of("GET /" + std::to_string(i) + "?:0");
  }
  std::jthread sender([&] { client.send(requests); });
  EXPECT_EQ(client.read_exactly(expected.size()), expected);
}

TEST(HttpServer, KeepsPipelinedRequestsBackUntilTheLastIsAnswered) {
  ServerFixture fixture;
  fixture.handler.hold();
  RawClient client(fixture.port());
  client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  FakeHandler::Asked first = fixture.handler.take();
  EXPECT_EQ(fixture.handler.handled_count(), 1);
  std::move(first.responder).send({});
  FakeHandler::Asked second = fixture.handler.take();
  EXPECT_EQ(second.request.path, "/2");
  std::move(second.responder).send({});
  EXPECT_EQ(client.read_response(), answer_of(""));
  EXPECT_EQ(client.read_response(), answer_of(""));
}

TEST(HttpServer, SendsTheLengthButNotTheBodyToHead) {
  ServerFixture fixture;
  RawClient client(fixture.port());
  client.send("HEAD /p HTTP/1.1\r\nHost: x\r\n\r\nGET /q HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string head =
      "HTTP/1.1 200 OK\r\n" + std::string(kDate) + "content-length: 10\r\n\r\n";
  EXPECT_EQ(client.read_exactly(head.size()), head);
  EXPECT_EQ(client.read_response(), answer_of("GET /q?:0"));
}

TEST(HttpServer, TellsTheClientToContinue) {
  ServerFixture fixture;
  RawClient client(fixture.port());
  client.send("POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read_exactly(25), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ab");
  EXPECT_EQ(client.read_response(), answer_of("POST /p?:2"));
}

TEST(HttpServer, DoesNotTellTheClientToContinueWithABodyThatIsTooLarge) {
  ServerFixture fixture({.body_bytes_max = 1});
  EXPECT_EQ(status_line_of(
                fixture,
                "POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
            "HTTP/1.1 413 Content Too Large");
}

TEST(HttpServer, ClosesWhereTheClientAsksForIt) {
  ServerFixture fixture;
  RawClient client(fixture.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_to_end(), answer_of("GET /?:0", "connection: close\r\n"));
}

TEST(HttpServer, ClosesAfterHttp10UnlessAskedToKeepAlive) {
  ServerFixture fixture;
  RawClient client(fixture.port());
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.read_response(), answer_of("GET /?:0", "connection: keep-alive\r\n"));
  client.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.read_to_end(), answer_of("GET /?:0", "connection: close\r\n"));
}

TEST(HttpServer, AnswersAClientThatHasClosedItsHalf) {
  ServerFixture fixture;
  fixture.handler.hold();
  RawClient client(fixture.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  FakeHandler::Asked asked = fixture.handler.take();
  client.shutdown_send();
  while (!asked.request.cancelled.stop_requested()) {
    std::this_thread::yield();
  }
  std::move(asked.responder).send({});
  EXPECT_EQ(client.read_to_end(), answer_of(""));
}

TEST(HttpServer, CancelsTheRequestOfAClientThatHasGone) {
  ServerFixture fixture;
  fixture.handler.hold();
  RawClient client(fixture.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  FakeHandler::Asked asked = fixture.handler.take();
  client.reset();
  EXPECT_TRUE(fixture.wait_for_metric("waybill_http_connections", "", 0));
  EXPECT_TRUE(asked.request.cancelled.stop_requested());
  std::move(asked.responder).send({});
}

TEST(HttpServer, Answers500WhereTheHandlerForgetsToAnswer) {
  ServerFixture fixture;
  fixture.handler.hold();
  RawClient client(fixture.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  {
    const FakeHandler::Asked forgotten = fixture.handler.take();
  }
  EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 500 "));
}

TEST(HttpServer, LeavesOutHeadersThatWouldBreakTheFraming) {
  ServerFixture fixture;
  fixture.handler.hold();
  RawClient client(fixture.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  Response response;
  response.headers = {{"a", "1\r\nb: 2"}, {"content-length", "99"}, {"c", "3"}};
  std::move(fixture.handler.take().responder).send(std::move(response));
  EXPECT_EQ(client.read_response(), answer_of("", "c: 3\r\n"));
}

TEST(HttpServer, SendsLargeAndStaticBodiesWhole) {
  static const std::string kBody(3 << 20, 's');
  ServerFixture fixture;
  fixture.handler.hold();
  RawClient client(fixture.port());
  client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  Response owned;
  owned.body = kBody;
  std::move(fixture.handler.take().responder).send(std::move(owned));
  EXPECT_EQ(client.read_response(), answer_of(kBody));
  Response borrowed;
  borrowed.static_body = kBody;
  std::move(fixture.handler.take().responder).send(std::move(borrowed));
  EXPECT_EQ(client.read_response(), answer_of(kBody));
}

TEST(HttpServer, RefusesWhateverMakesTheBodysEndAmbiguous) {
  ServerFixture fixture;
  const std::vector<std::string> headers = {
      "Content-Length: 3\r\nTransfer-Encoding: chunked",
      "Transfer-Encoding: chunked\r\nContent-Length: 3",
      "Content-Length: 3\r\nContent-Length: 4",
      "Content-Length: -1",
      "Content-Length: 3x",
      "Content-Length: 99999999999999999999999",
      "Transfer-Encoding: gzip",
      "Transfer-Encoding: gzip, chunked",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
      "Transfer-Encoding : chunked",
      "no colon",
  };
  for (const std::string& header : headers) {
    EXPECT_EQ(status_line_of(fixture, "POST / HTTP/1.1\r\nHost: x\r\n" + header + "\r\n\r\nabc"),
              "HTTP/1.1 400 Bad Request")
        << header;
  }
  EXPECT_EQ(
      status_line_of(fixture, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(refused(fixture, "malformed"), static_cast<double>(headers.size() + 1));
  EXPECT_EQ(fixture.handler.handled_count(), 0);
}

TEST(HttpServer, RefusesARequestThatDoesNotNameItsHostExactlyOnce) {
  ServerFixture fixture;
  for (const std::string_view bytes :
       {"GET / HTTP/1.1\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nhost: b\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"}) {
    EXPECT_EQ(status_line_of(fixture, bytes), "HTTP/1.1 400 Bad Request") << bytes;
  }
  EXPECT_EQ(refused(fixture, "malformed"), 5);
  EXPECT_EQ(fixture.handler.handled_count(), 0);
}

TEST(HttpServer, TakesAnEmptyHostAndNoneInHttp10) {
  ServerFixture fixture;
  RawClient client(fixture.port());
  client.send("GET /1 HTTP/1.1\r\nHost:\r\n\r\n");
  EXPECT_EQ(client.read_response(), answer_of("GET /1?:0"));
  client.send("GET /2 HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.read_to_end(), answer_of("GET /2?:0", "connection: close\r\n"));
}

TEST(HttpServer, RefusesMalformedRequests) {
  ServerFixture fixture;
  for (const std::string_view bytes :
       {"\x16\x03\x01\x02\x01junk junk\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/3.0\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"}) {
    EXPECT_EQ(status_line_of(fixture, bytes), "HTTP/1.1 400 Bad Request") << bytes;
  }
}

TEST(HttpServer, RefusesAnExpectationItDoesNotKnow) {
  ServerFixture fixture;
  EXPECT_EQ(status_line_of(fixture, "GET / HTTP/1.1\r\nHost: x\r\nExpect: magic\r\n\r\n"),
            "HTTP/1.1 417 Expectation Failed");
}

TEST(HttpServer, AnswersLengthTooLargeWith413) {
  ServerFixture fixture({.body_bytes_max = 10});
  RawClient client(fixture.port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789");
  EXPECT_EQ(client.read_response(), answer_of("POST /?:10"));
  EXPECT_EQ(status_line_of(fixture,
                           "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n0123456789x"),
            "HTTP/1.1 413 Content Too Large");
  EXPECT_EQ(refused(fixture, "body_bytes"), 1);
}

TEST(HttpServer, AnswersChunksTooLargeWith413) {
  ServerFixture fixture({.body_bytes_max = 10});
  const std::string head =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n";
  RawClient client(fixture.port());
  client.send(head + "5\r\n56789\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_response(), answer_of("POST /?:10"));
  EXPECT_EQ(status_line_of(fixture, head + "6\r\n56789x\r\n0\r\n\r\n"),
            "HTTP/1.1 413 Content Too Large");
}

TEST(HttpServer, LetsAClientThatSendsItsWholeBodySeeTheRefusal) {
  ServerFixture fixture({.body_bytes_max = 10});
  const std::string body(8 << 20, 'x');
  EXPECT_EQ(status_line_of(fixture, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                                        std::to_string(body.size()) + "\r\n\r\n" + body),
            "HTTP/1.1 413 Content Too Large");
}

TEST(HttpServer, AnswersHeadersTooLargeWith431) {
  // "a" and its value, and 32 beside; as many for "host" and its value.
  ServerFixture fixture({.header_bytes_max = 137});
  const auto request = [](int value_bytes) {
    return "GET / HTTP/1.1\r\nHost: x\r\na:" +
           std::string(static_cast<std::size_t>(value_bytes), 'v') + "\r\n\r\n";
  };
  RawClient client(fixture.port());
  client.send(request(67));
  EXPECT_EQ(client.read_response(), answer_of("GET /?:0"));
  EXPECT_EQ(status_line_of(fixture, request(68)), "HTTP/1.1 431 Request Header Fields Too Large");
  EXPECT_EQ(refused(fixture, "header_bytes"), 1);
}

TEST(HttpServer, GivesUpAHeaderThatNeverEnds) {
  ServerFixture fixture({.header_bytes_max = 100, .target_bytes_max = 20});
  EXPECT_EQ(status_line_of(fixture, "GET / HTTP/1.1\r\nHost: x\r\na: " + std::string(1000, 'v')),
            "HTTP/1.1 431 Request Header Fields Too Large");
}

TEST(HttpServer, AnswersTooManyHeadersWith431) {
  ServerFixture fixture({.header_count_max = 4});
  RawClient client(fixture.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n");
  EXPECT_EQ(client.read_response(), answer_of("GET /?:0"));
  EXPECT_EQ(
      status_line_of(fixture, "GET / HTTP/1.1\r\nHost: x\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\n\r\n"),
      "HTTP/1.1 431 Request Header Fields Too Large");
}

TEST(HttpServer, AnswersATargetTooLongWith414) {
  ServerFixture fixture({.header_bytes_max = 100, .target_bytes_max = 20});
  RawClient client(fixture.port());
  client.send("GET /234567890123456789? HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read_response(), answer_of("GET /234567890123456789?:0"));
  EXPECT_EQ(status_line_of(fixture, "GET /2345678901234567890? HTTP/1.1\r\nHost: x\r\n\r\n"),
            "HTTP/1.1 414 URI Too Long");
  EXPECT_EQ(status_line_of(fixture, "GET /" + std::string(1000, 'p')), "HTTP/1.1 414 URI Too Long");
  EXPECT_EQ(refused(fixture, "target_bytes"), 2);
}

TEST(HttpServer, RefusesBodiesPastTheBytesInFlightWith503) {
  ServerFixture fixture({.inflight_bytes_max = 10});
  fixture.handler.hold();
  RawClient first(fixture.port());
  first.send("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n123456");
  FakeHandler::Asked asked = fixture.handler.take();

  RawClient second(fixture.port());
  second.send("POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345");
  const std::string refusal = second.read_to_end();
  EXPECT_TRUE(refusal.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_NE(refusal.find("retry-after: 1\r\n"), std::string::npos);
  EXPECT_EQ(refused(fixture, "inflight_bytes"), 1);

  RawClient third(fixture.port());
  third.send("POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n1234");
  EXPECT_EQ(fixture.handler.take().request.path, "/3");

  // Answering makes room again.
  std::move(asked.responder).send({});
  EXPECT_EQ(first.read_response(), answer_of(""));
  first.send("POST /4 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1234567890");
  EXPECT_EQ(fixture.handler.take().request.path, "/4");
}

TEST(HttpServer, RefusesConnectionsPastTheLimitWith503) {
  ServerFixture fixture({.connection_count_max = 2});
  RawClient first(fixture.port());
  RawClient second(fixture.port());
  EXPECT_TRUE(fixture.wait_for_metric("waybill_http_connections", "", 2));
  RawClient third(fixture.port());
  EXPECT_TRUE(third.read_to_end().starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_EQ(refused(fixture, "connections"), 1);
  second.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(second.read_response(), answer_of("GET /?:0"));
}

TEST(HttpServer, GivesUpSlowHeadersWith408) {
  ServerFixture fixture({.header_timeout = seconds(10)});
  RawClient client(fixture.port());
  // The second request's header has begun by the time the first is answered.
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT");
  EXPECT_EQ(client.read_response(), answer_of("GET /?:0"));
  fixture.clock.advance(seconds(10));
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_EQ(refused(fixture, "slow_header"), 1);
}

TEST(HttpServer, GivesUpSlowBodiesWith408) {
  ServerFixture fixture({.header_timeout = seconds(10), .body_bytes_per_second_min = 100});
  RawClient client(fixture.port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n");
  EXPECT_EQ(client.read_exactly(25), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send(std::string(50, 'x'));
  fixture.clock.advance(seconds(11));
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_EQ(refused(fixture, "slow_body"), 1);
}

TEST(HttpServer, ClosesIdleConnections) {
  ServerFixture fixture({.idle_timeout = seconds(100)});
  RawClient silent(fixture.port());
  RawClient idle(fixture.port());
  idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(idle.read_response(), answer_of("GET /?:0"));
  const testing::ClockMover mover(fixture.clock);
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_TRUE(idle.is_ended() && silent.is_ended());
}

TEST(HttpServer, GivesUpAClientThatDoesNotReadItsAnswer) {
  static const std::string kBody(64 << 20, 's');
  ServerFixture fixture;
  fixture.handler.hold();
  RawClient client(fixture.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  Response response;
  response.static_body = kBody;
  std::move(fixture.handler.take().responder).send(std::move(response));
  const testing::ClockMover mover(fixture.clock);
  EXPECT_TRUE(fixture.wait_for_metric("waybill_http_connections", "", 0));
  EXPECT_LT(client.read_to_end().size(), kBody.size());
}

TEST(HttpServer, WaitsForTheHandlerHoweverLongItTakes) {
  ServerFixture fixture({}, 1);
  fixture.handler.hold();
  RawClient client(fixture.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  FakeHandler::Asked asked = fixture.handler.take();
  {
    // Another connection, which does time out, shows that its loop has looked; there is but one.
    RawClient witness(fixture.port());
    const testing::ClockMover mover(fixture.clock);
    EXPECT_EQ(witness.read_to_end(), "");
  }
  std::move(asked.responder).send({});
  EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST(HttpServer, DrainSendsTheAnswersInProgressAndThenCloses) {
  ServerFixture fixture;
  fixture.handler.hold();
  RawClient busy(fixture.port());
  RawClient idle(fixture.port());
  busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  FakeHandler::Asked asked = fixture.handler.take();
  EXPECT_TRUE(fixture.wait_for_metric("waybill_http_connections", "", 2));
  std::jthread drainer([&] { fixture.server->drain(testing::kPatience); });
  EXPECT_EQ(idle.read_to_end(), "");
  std::move(asked.responder).send({});
  EXPECT_EQ(busy.read_to_end(), answer_of("", "connection: close\r\n"));
  drainer.join();
  EXPECT_EQ(fixture.metric("waybill_http_connections", ""), 0);
}

TEST(HttpServer, DrainClosesEverythingWhenItsPatienceEnds) {
  ServerFixture fixture;
  fixture.handler.hold();
  RawClient client(fixture.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  FakeHandler::Asked asked = fixture.handler.take();
  fixture.server->drain(std::chrono::milliseconds(1));
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(asked.request.cancelled.stop_requested());
  // Answered after the server has gone, which must be harmless.
  fixture.server.reset();
  fixture.threads.reset();
  std::move(asked.responder).send({});
}

TEST(HttpServer, CountsRequestsByVersion) {
  ServerFixture fixture;
  RawClient client(fixture.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  client.read_response();
  EXPECT_EQ(fixture.metric("waybill_http_requests_total", "version=\"1.1\""), 1);
  EXPECT_EQ(fixture.metric("waybill_http_requests_total", "version=\"2\""), 0);
}

// Takes away the room for new file descriptors while it lives.
class NoDescriptors final {
 public:
  NoDescriptors() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const int lowest_free = ::dup(0);
    ::close(lowest_free);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(lowest_free);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoDescriptors() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST(HttpServer, ServesOnWithoutFileDescriptorsAndAcceptsOnceThereAreSome) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "UndefinedBehaviorSanitizer looks at types through a pipe, for which no file "
                  "descriptors are left here";
#endif
  ServerFixture fixture;
  RawClient before(fixture.port());
  RawClient during;
  EXPECT_TRUE(fixture.wait_for_metric("waybill_http_connections", "", 1));
  {
    const NoDescriptors none;
    during.connect(fixture.port());
    during.send("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    before.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(before.read_response(), answer_of("GET /1?:0"));
    EXPECT_EQ(fixture.metric("waybill_http_connections", ""), 1);
  }
  EXPECT_EQ(during.read_response(), answer_of("GET /2?:0"));
}

}  // namespace
}  // namespace waybill::net
