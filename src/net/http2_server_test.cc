// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "net/grpc.h"
#include "net/http.h"
#include "net/http_server.h"
#include "net/testing/http2_client.h"
#include "net/testing/raw_client.h"
#include "net/testing/server_fixture.h"

namespace waybill::net {
namespace {

using std::chrono::seconds;
using testing::FakeHandler;
using testing::Http2Answer;
using testing::Http2Client;
using testing::ServerFixture;

constexpr std::string_view kPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const std::vector<Header> kGrpc = {{"content-type", "application/grpc"}, {"te", "trailers"}};

double refused(const ServerFixture& fixture, std::string_view reason) {
  return fixture.metric("waybill_http_refused_total", "reason=\"" + std::string(reason) + "\"");
}

std::string frame(std::size_t length, int type, int flags, std::uint32_t stream_id,
                  std::string_view payload) {
  std::string bytes;
  for (int shift = 16; shift >= 0; shift -= 8) {
    bytes += static_cast<char>((length >> shift) & 0xFF);
  }
  bytes += static_cast<char>(type);
  bytes += static_cast<char>(flags);
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>((stream_id >> shift) & 0xFF);
  }
  return bytes + std::string(payload);
}

TEST(Http2Server, AnswersOnTheSamePortAsHttp1) {
  ServerFixture fixture;
  Http2Client client(fixture.port());
  const Http2Answer& answer = client.wait(client.request("POST", "/p?q", {}, "hello"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "POST /p?q:5");
  EXPECT_EQ(answer.header("content-length"), "11");
  EXPECT_EQ(answer.header("date"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(fixture.metric("waybill_http_requests_total", "version=\"2\""), 1);
}

TEST(Http2Server, SniffsAPrefaceThatComesByteByByte) {
  ServerFixture fixture;
  testing::RawClient client(fixture.port());
  std::string bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  bytes += frame(0, 4, 0, 0, "");
  bytes += frame(8, 6, 0, 0, "12345678");
  for (const char c : bytes) {
    client.send({&c, 1});
  }
  std::string all;
  while (all.find("12345678") == std::string::npos) {
    const std::string part = client.read_some();
    ASSERT_FALSE(part.empty());
    all += part;
  }
}

TEST(Http2Server, HandsOverTheWholeRequest) {
  ServerFixture fixture;
  fixture.handler.hold();
  Http2Client client(fixture.port());
  client.request("POST", "/p?q", {{"x", "1"}, {"host", "other"}}, "abc");
  const FakeHandler::Asked asked = fixture.handler.take();
  EXPECT_EQ(asked.request.version, HttpVersion::Http2);
  EXPECT_EQ(asked.request.method, "POST");
  EXPECT_EQ(asked.request.path, "/p");
  EXPECT_EQ(asked.request.query, "q");
  EXPECT_EQ(asked.request.header("host"), "localhost");
  EXPECT_EQ(asked.request.header("x"), "1");
  EXPECT_EQ(asked.request.body, "abc");
}

TEST(Http2Server, SendsNoBodyToHead) {
  ServerFixture fixture;
  Http2Client client(fixture.port());
  const Http2Answer& answer = client.wait(client.request("HEAD", "/p"));
  EXPECT_EQ(answer.header("content-length"), "10");
  EXPECT_EQ(answer.body, "");
}

TEST(Http2Server, AnswersStreamsInAnyOrder) {
  ServerFixture fixture;
  fixture.handler.hold();
  Http2Client client(fixture.port());
  const auto first = client.request("GET", "/1");
  const auto second = client.request("GET", "/2");
  FakeHandler::Asked one = fixture.handler.take();
  FakeHandler::Asked two = fixture.handler.take();
  std::move(two.responder).send({});
  EXPECT_EQ(client.wait(second).status, 200);
  std::move(one.responder).send({});
  EXPECT_EQ(client.wait(first).status, 200);
}

TEST(Http2Server, AnswersHundredsFromOtherThreadsAtOnce) {
  ServerFixture fixture({.stream_count_max = 500});
  fixture.handler.hold();
  Http2Client client(fixture.port());
  EXPECT_TRUE((client.ping(), client.wait_pings(1)));  // the settings have come
  std::vector<std::int32_t> ids;
  std::vector<Responder> responders;
  for (int i = 0; i < 400; ++i) {
    ids.push_back(client.call(kPath, "m"));
  }
  for (int i = 0; i < 400; ++i) {
    responders.push_back(fixture.handler.take().responder);
  }
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&responders, t] {
      for (std::size_t i = t; i < responders.size(); i += 4) {
        std::move(responders[i]).send(grpc_answer("ok"));
      }
    });
  }
  for (const std::int32_t id : ids) {
    EXPECT_EQ(client.wait(id).header("grpc-status"), "0");
  }
}

TEST(Http2Server, SendsALargeAnswerThroughTheClientsWindow) {
  static const std::string kBody(3 << 20, 'b');
  ServerFixture fixture;
  fixture.handler.hold();
  Http2Client client(fixture.port());
  const auto id = client.request("GET", "/");
  Response response;
  response.static_body = kBody;
  std::move(fixture.handler.take().responder).send(std::move(response));
  EXPECT_EQ(client.wait(id).body, kBody);
}

TEST(Http2Server, TakesALargeBody) {
  ServerFixture fixture;
  Http2Client client(fixture.port());
  const Http2Answer& answer =
      client.wait(client.request("POST", "/", {}, std::string(20 << 20, 'b')));
  EXPECT_EQ(answer.body, "POST /?:20971520");
}

TEST(Http2Server, EndsACallWithTrailers) {
  ServerFixture fixture;
  Http2Client client(fixture.port());
  const Http2Answer& answer = client.wait(client.call(kPath, "hello"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-type"), "application/grpc");
  EXPECT_EQ(answer.body, std::string("\0\0\0\0\5hello", 10));
  ASSERT_EQ(answer.trailers.size(), 1u);
  EXPECT_EQ(answer.trailers[0].name, "grpc-status");
  EXPECT_EQ(answer.trailers[0].value, "0");
}

TEST(Http2Server, EndsAFailedCallWithTrailersOnly) {
  ServerFixture fixture;
  Http2Client client(fixture.port());
  const Http2Answer& answer = client.wait(client.request("POST", kPath, kGrpc, "abc"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("grpc-status"), "13");
  EXPECT_TRUE(answer.trailers.empty());
  EXPECT_EQ(answer.body, "");
}

TEST(Http2Server, SetsTheGrpcPrefixApartWhereverTheFramesCut) {
  ServerFixture fixture;
  fixture.handler.hold();
  Http2Client client(fixture.port());
  const auto id = client.request("POST", kPath, kGrpc, {}, Http2Client::End::No);
  const auto stream = static_cast<std::uint32_t>(id);
  const std::string body("\0\0\0\0\4abcd", 9);
  for (std::size_t i = 0; i < body.size(); ++i) {
    client.send_raw(frame(1, 0, i + 1 == body.size() ? 1 : 0, stream, body.substr(i, 1)));
  }
  FakeHandler::Asked asked = fixture.handler.take();
  EXPECT_EQ(asked.request.grpc_prefix, body.substr(0, 5));
  EXPECT_EQ(asked.request.body, "abcd");
  const auto message = take_unary_message(asked.request);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->bytes, "abcd");
}

TEST(Http2Server, RefusesALengthTooLargeWith413) {
  ServerFixture fixture({.body_bytes_max = 10});
  Http2Client client(fixture.port());
  EXPECT_EQ(client.wait(client.request("POST", "/", {{"content-length", "10"}}, "0123456789")).body,
            "POST /?:10");
  const auto id = client.request("POST", "/", {{"content-length", "11"}}, {}, Http2Client::End::No);
  const Http2Answer& answer = client.wait(id);
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.error_code, static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
}

TEST(Http2Server, RefusesABodyThatGrowsTooLargeWith413) {
  ServerFixture fixture({.body_bytes_max = 10});
  Http2Client client(fixture.port());
  EXPECT_EQ(client.wait(client.request("POST", "/", {}, "0123456789")).status, 200);
  EXPECT_EQ(client.wait(client.request("POST", "/", {}, "0123456789x")).status, 413);
  EXPECT_EQ(refused(fixture, "body_bytes"), 1);
}

TEST(Http2Server, RefusesACallTooLargeWithResourceExhausted) {
  ServerFixture fixture({.body_bytes_max = 10});
  Http2Client client(fixture.port());
  EXPECT_EQ(client.wait(client.call(kPath, "12345")).header("grpc-status"), "0");
  const Http2Answer& larger = client.wait(client.call(kPath, "123456"));
  EXPECT_EQ(larger.status, 200);
  EXPECT_EQ(larger.header("grpc-status"), "8");
  // The prefix alone is enough to refuse it.
  const auto id =
      client.request("POST", kPath, kGrpc, std::string("\0\x7f\0\0\0", 5), Http2Client::End::No);
  EXPECT_EQ(client.wait(id).header("grpc-status"), "8");
  EXPECT_EQ(refused(fixture, "body_bytes"), 2);
}

TEST(Http2Server, RefusesBodiesPastTheBytesInFlight) {
  ServerFixture fixture({.inflight_bytes_max = 10});
  fixture.handler.hold();
  Http2Client client(fixture.port());
  const auto first = client.call(kPath, "0123456789");
  FakeHandler::Asked asked = fixture.handler.take();
  EXPECT_EQ(client.wait(client.call(kPath, "1")).header("grpc-status"), "14");
  const Http2Answer& http = client.wait(client.request("POST", "/", {}, "123456"));
  EXPECT_EQ(http.status, 503);
  EXPECT_EQ(http.header("retry-after"), "1");
  EXPECT_EQ(refused(fixture, "inflight_bytes"), 2);
  std::move(asked.responder).send(grpc_answer(""));
  EXPECT_EQ(client.wait(first).header("grpc-status"), "0");
  client.call(kPath, "0123456789");
  fixture.handler.take();
}

TEST(Http2Server, RefusesHeadersPastTheLimitsWith431) {
  ServerFixture fixture({.header_bytes_max = 1000, .header_count_max = 6});
  Http2Client client(fixture.port());
  // Four pseudo-headers come before these.
  EXPECT_EQ(client.wait(client.request("GET", "/", {{"a", "1"}, {"b", "2"}})).status, 200);
  EXPECT_EQ(client.wait(client.request("GET", "/", {{"a", "1"}, {"b", "2"}, {"c", "3"}})).status,
            431);
  EXPECT_EQ(client.wait(client.request("GET", "/", {{"a", std::string(1000, 'v')}})).status, 431);
  EXPECT_EQ(refused(fixture, "header_count"), 1);
  EXPECT_EQ(refused(fixture, "header_bytes"), 1);
}

TEST(Http2Server, EndsTheConnectionOverAHeaderListFarPastTheLimit) {
  ServerFixture fixture({.header_bytes_max = 1000});
  Http2Client client(fixture.port());
  client.request("GET", "/", {{"a", std::string(5000, 'v')}});
  EXPECT_EQ(client.wait_goaway(), static_cast<std::uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
}

TEST(Http2Server, RefusesATargetTooLongWith414) {
  ServerFixture fixture({.target_bytes_max = 5});
  Http2Client client(fixture.port());
  EXPECT_EQ(client.wait(client.request("GET", "/2345")).status, 200);
  EXPECT_EQ(client.wait(client.request("GET", "/23456")).status, 414);
}

TEST(Http2Server, CancelsARequestThatIsReset) {
  ServerFixture fixture;
  fixture.handler.hold();
  Http2Client client(fixture.port());
  const auto id = client.request("GET", "/");
  FakeHandler::Asked asked = fixture.handler.take();
  client.reset(id);
  client.ping();
  EXPECT_TRUE(client.wait_pings(1));
  EXPECT_TRUE(asked.request.cancelled.stop_requested());
  std::move(asked.responder).send({});
  client.ping();
  EXPECT_TRUE(client.wait_pings(2));
}

TEST(Http2Server, CancelsTheRequestsOfAClientThatHasGone) {
  ServerFixture fixture;
  fixture.handler.hold();
  Http2Client client(fixture.port());
  client.request("GET", "/");
  FakeHandler::Asked asked = fixture.handler.take();
  client.abort();
  EXPECT_TRUE(fixture.wait_for_metric("waybill_http_connections", "", 0));
  EXPECT_TRUE(asked.request.cancelled.stop_requested());
  std::move(asked.responder).send({});
}

TEST(Http2Server, ToleratesResetsUpToTheLimit) {
  ServerFixture fixture({.flood_frame_count_max = 50});
  Http2Client client(fixture.port());
  fixture.handler.hold();
  // The client's own settings are the first frame that is counted.
  for (int i = 0; i < 49; ++i) {
    client.reset(client.request("GET", "/"));
  }
  client.ping();  // one too many
  EXPECT_EQ(client.wait_goaway(), static_cast<std::uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
  EXPECT_EQ(fixture.handler.handled_count(), 49);
  EXPECT_EQ(refused(fixture, "flood"), 1);
}

TEST(Http2Server, EndsTheConnectionOverAFloodOfResets) {
  ServerFixture fixture({.flood_frame_count_max = 50});
  Http2Client client(fixture.port());
  fixture.handler.hold();
  for (int i = 0; i < 50; ++i) {
    client.reset(client.request("GET", "/"));
  }
  EXPECT_EQ(client.wait_goaway(), static_cast<std::uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
}

TEST(Http2Server, EndsTheConnectionOverAFloodOfPings) {
  ServerFixture fixture({.flood_frame_count_max = 50});
  Http2Client client(fixture.port());
  for (int i = 0; i < 49; ++i) {
    client.ping();
  }
  EXPECT_TRUE(client.wait_pings(49));
  client.ping();
  EXPECT_EQ(client.wait_goaway(), static_cast<std::uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
}

TEST(Http2Server, LetsFramesPassAgainLater) {
  ServerFixture fixture({.flood_frame_count_max = 50, .flood_frames_per_second = 10});
  Http2Client client(fixture.port());
  for (int i = 0; i < 49; ++i) {
    client.ping();
  }
  EXPECT_TRUE(client.wait_pings(49));
  fixture.clock.advance(seconds(1));
  // Ten are allowed now; the loop has seen the clock once a request is dated by it.
  while (client.wait(client.request("GET", "/")).header("date") !=
         "Sun, 06 Nov 1994 08:49:38 GMT") {
  }
  for (int i = 0; i < 10; ++i) {
    client.ping();
  }
  EXPECT_TRUE(client.wait_pings(59));
  client.ping();
  EXPECT_EQ(client.wait_goaway(), static_cast<std::uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
}

TEST(Http2Server, EndsTheConnectionOverAFloodOfEmptyData) {
  ServerFixture fixture({.flood_frame_count_max = 50});
  Http2Client client(fixture.port());
  const auto id = client.request("POST", "/", {}, {}, Http2Client::End::No);
  for (int i = 0; i < 50; ++i) {
    client.send_raw(frame(0, 0, 0, static_cast<std::uint32_t>(id), ""));
  }
  EXPECT_EQ(client.wait_goaway(), static_cast<std::uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
}

TEST(Http2Server, EndsTheConnectionOverAFloodOfContinuations) {
  ServerFixture fixture;
  Http2Client client(fixture.port());
  client.send_raw(frame(1, 1, 0, 1, "\x82"));
  for (int i = 0; i < 100; ++i) {
    client.send_raw(frame(5, 9, 0, 1, std::string_view("\0\1a\1b", 5)));
  }
  EXPECT_EQ(client.wait_goaway(), static_cast<std::uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
  EXPECT_EQ(refused(fixture, "flood"), 1);
}

TEST(Http2Server, TakesNoMoreStreamsThanItHasAllowed) {
  ServerFixture fixture({.stream_count_max = 2});
  fixture.handler.hold();
  Http2Client client(fixture.port());
  EXPECT_TRUE((client.ping(), client.wait_pings(1)));
  client.request("GET", "/1");
  client.request("GET", "/2");
  const FakeHandler::Asked first = fixture.handler.take();
  const FakeHandler::Asked second = fixture.handler.take();
  // nghttp2's client would hold the third one back, so that it is sent by hand: GET / on stream 5.
  client.send_raw(frame(3, 1, 5, 5, "\x82\x86\x84"));
  EXPECT_EQ(client.wait_goaway(), static_cast<std::uint32_t>(NGHTTP2_PROTOCOL_ERROR));
  EXPECT_EQ(fixture.handler.handled_count(), 2);
}

TEST(Http2Server, GivesUpSlowBodies) {
  ServerFixture fixture({.header_timeout = seconds(10), .body_bytes_per_second_min = 100});
  Http2Client client(fixture.port());
  const auto id = client.request("POST", kPath, kGrpc, "x", Http2Client::End::No);
  client.ping();
  EXPECT_TRUE(client.wait_pings(1));
  fixture.clock.advance(seconds(11));
  EXPECT_EQ(client.wait(id).header("grpc-status"), "4");
  EXPECT_EQ(refused(fixture, "slow_body"), 1);
}

TEST(Http2Server, GivesUpAHeaderBlockThatDoesNotEnd) {
  ServerFixture fixture({.header_timeout = seconds(10)});
  Http2Client client(fixture.port());
  client.send_raw(frame(1, 1, 0, 1, "\x82"));
  const testing::ClockMover mover(fixture.clock);
  client.read_to_end();
  EXPECT_EQ(client.goaway_count(), 1);
}

TEST(Http2Server, GoesOnAfterAHeaderBlockThatBreaksTheRules) {
  ServerFixture fixture({.header_timeout = seconds(10), .idle_timeout = seconds(1000)});
  Http2Client client(fixture.port());
  const auto id = client.request("GET", "/", {{"connection", "close"}});
  EXPECT_EQ(client.wait(id).error_code, static_cast<std::uint32_t>(NGHTTP2_PROTOCOL_ERROR));
  fixture.clock.advance(seconds(20));
  // Once an answer carries the new date the loop has looked for timeouts.
  std::string date;
  while (date != "Sun, 06 Nov 1994 08:49:57 GMT") {
    const Http2Answer& answer = client.wait(client.request("GET", "/"));
    ASSERT_EQ(answer.status, 200);
    date = answer.header("date");
  }
  EXPECT_EQ(client.wait(client.request("GET", "/")).status, 200);
}

TEST(Http2Server, LimitsTrailersAsHeadersAndDropsThem) {
  ServerFixture fixture({.header_count_max = 6});
  fixture.handler.hold();
  Http2Client client(fixture.port());
  const auto trailers = [&](std::int32_t id, std::string_view fields) {
    client.send_raw(frame(fields.size(), 1, 5, static_cast<std::uint32_t>(id), fields));
  };
  // Literal headers without indexing: a: 1, then b: 2, then c: 3.
  const std::string two("\0\1a\0011\0\1b\0012", 10);
  const std::string three = two + std::string("\0\1c\0013", 5);
  const auto first = client.request("POST", "/", {}, {}, Http2Client::End::No);
  trailers(first, two);
  FakeHandler::Asked asked = fixture.handler.take();
  EXPECT_EQ(asked.request.header("a"), "");
  const auto second = client.request("POST", "/", {}, {}, Http2Client::End::No);
  trailers(second, three);
  EXPECT_EQ(client.wait_end(second).status, 431);
}

TEST(Http2Server, GivesUpAnAnswerWhoseWindowStaysShut) {
  ServerFixture fixture({.idle_timeout = seconds(100)});
  fixture.handler.hold();
  Http2Client client(fixture.port(), 0);
  const auto id = client.request("GET", "/");
  Response response;
  response.body = "kept from us";
  std::move(fixture.handler.take().responder).send(std::move(response));
  const testing::ClockMover mover(fixture.clock);
  const Http2Answer& answer = client.wait(id);
  EXPECT_EQ(answer.error_code, static_cast<std::uint32_t>(NGHTTP2_CANCEL));
  EXPECT_EQ(answer.body, "");
}

TEST(Http2Server, ClosesIdleConnections) {
  ServerFixture fixture({.idle_timeout = seconds(100)});
  Http2Client client(fixture.port());
  EXPECT_EQ(client.wait(client.request("GET", "/")).status, 200);
  fixture.clock.advance(seconds(100));
  EXPECT_EQ(client.wait_goaway(), static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
  client.read_to_end();
}

TEST(Http2Server, DrainTellsTheClientTwiceAndAnswersWhatIsInProgress) {
  ServerFixture fixture;
  fixture.handler.hold();
  Http2Client client(fixture.port());
  const auto id = client.call(kPath, "m");
  FakeHandler::Asked asked = fixture.handler.take();
  std::jthread drainer([&] { fixture.server->drain(testing::kPatience); });
  EXPECT_EQ(client.wait_goaway(), static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
  EXPECT_EQ(client.goaway_last_stream(), 0x7fffffff);
  EXPECT_EQ(client.wait_goaway(), static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
  EXPECT_EQ(client.goaway_last_stream(), id);
  std::move(asked.responder).send(grpc_answer("late"));
  EXPECT_EQ(client.wait(id).header("grpc-status"), "0");
  client.read_to_end();
  drainer.join();
  EXPECT_EQ(fixture.metric("waybill_http_connections", ""), 0);
}

TEST(Http2Server, AnswersAfterTheServerHasGoneAreHarmless) {
  ServerFixture fixture;
  fixture.handler.hold();
  Http2Client client(fixture.port());
  client.call(kPath, "m");
  FakeHandler::Asked asked = fixture.handler.take();
  fixture.server.reset();
  fixture.threads.reset();
  EXPECT_TRUE(asked.request.cancelled.stop_requested());
  std::move(asked.responder).send(grpc_answer(""));
}

TEST(Http2Server, RefusesWhatOnlyBeginsLikeAPreface) {
  ServerFixture fixture;
  testing::RawClient client(fixture.port());
  client.send("PRI /nonsense HTTP/1.1\r\nHost: x\r\n\r\n");
  client.read_to_end();
  EXPECT_TRUE(client.is_ended());
  EXPECT_EQ(refused(fixture, "malformed"), 1);
}

}  // namespace
}  // namespace waybill::net
