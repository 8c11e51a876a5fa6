// SPDX-License-Identifier: Apache-2.0
#include "net/client/grpc_client.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/time.h"
#include "net/client/grpc_reply.h"
#include "net/grpc.h"
#include "net/http.h"
#include "net/http_server.h"
#include "net/io_threads.h"

namespace waybill::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

// A clock that stands still until it is moved. One thread moves it, others read.
class StandingClock final : public Clock {
 public:
  UnixNanos now() const override { return 1'700'000'000'000'000'000; }
  std::chrono::nanoseconds steady() const override {
    const MutexLock lock(mutex_);
    return steady_;
  }
  void advance(std::chrono::nanoseconds by) {
    const MutexLock lock(mutex_);
    steady_ += by;
  }

 private:
  mutable Mutex mutex_;
  std::chrono::nanoseconds steady_ GUARDED_BY(mutex_){1'000'000'000};
};

// A handler made of a function, and a server around it.
class ToyServer final : public HttpHandler {
 public:
  using Handle = std::function<void(Request, Responder)>;

  ToyServer(const Clock& clock, Handle handle) : handle_(std::move(handle)), threads_(clock) {
    auto opened = HttpServer::open({}, threads_, *this, metrics_);
    EXPECT_TRUE(opened.has_value());
    server_ = std::move(opened).value();
  }

  void handle(Request request, Responder responder) override {
    handle_(std::move(request), std::move(responder));
  }
  GrpcClientOptions options() const {
    GrpcClientOptions made;
    made.port = server_->port();
    return made;
  }

 private:
  Handle handle_;
  MetricRegistry metrics_;
  IoThreads threads_;
  std::unique_ptr<HttpServer> server_;
};

void echo(Request request, Responder responder) {
  const auto message = take_unary_message(request);
  std::move(responder).send(message ? grpc_answer(message->bytes) : grpc_error(message.error()));
}

GrpcCall call_with(std::string message) {
  GrpcCall call;
  call.path = "/toy.Toy/Echo";
  call.message = std::move(message);
  return call;
}

TEST(GrpcClient, GetsTheMessageBack) {
  const StandingClock clock;
  const ToyServer server(clock, echo);
  GrpcClient client(server.options(), clock);
  const GrpcReply reply = client.call(call_with("hello"));
  EXPECT_EQ(reply.code, 0) << reply.error_message;
  EXPECT_EQ(reply.message, "hello");
  EXPECT_EQ(client.call(call_with("")).message, "");
}

TEST(GrpcClient, SendsMessagesThatPassAllWindows) {
  const StandingClock clock;
  const ToyServer server(clock, [](Request request, Responder responder) {
    const auto message = take_unary_message(request);
    std::move(responder).send(grpc_answer(std::to_string(message->bytes.size())));
  });
  GrpcClient client(server.options(), clock);
  EXPECT_EQ(client.call(call_with(std::string(5 << 20, 'x'))).message, std::to_string(5 << 20));
}

TEST(GrpcClient, KeepsManyCallsInFlightAndRefusesOneMore) {
  const StandingClock clock;
  Mutex mutex;
  std::vector<std::pair<Request, Responder>> held;
  const ToyServer server(clock, [&](Request request, Responder responder) {
    const MutexLock lock(mutex);
    held.emplace_back(std::move(request), std::move(responder));
    if (held.size() == 50) {
      for (auto& [one, answer] : held) {
        echo(std::move(one), std::move(answer));
      }
      held.clear();
    }
  });
  GrpcClientOptions options = server.options();
  options.in_flight_max = 50;
  GrpcClient client(options, clock);
  std::vector<std::string> answers(50);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    ASSERT_TRUE(client.start(call_with(std::to_string(i)),
                             [&answers, i](GrpcReply reply) { answers[i] = reply.message; }));
  }
  const auto refused = client.start(call_with("x"), [](const GrpcReply&) { FAIL(); });
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::ResourceExhausted);
  while (client.in_flight() != 0) {
    client.run(milliseconds(1000));
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i], std::to_string(i));
  }
}

TEST(GrpcClient, SendsPathEncodingDeadlineAndMetadata) {
  const StandingClock clock;
  std::vector<std::string> seen;
  const ToyServer server(clock, [&](Request request, Responder responder) {
    seen = {request.path, std::string(request.header("grpc-encoding")),
            std::string(request.header("grpc-timeout")), std::string(request.header("x-tenant")),
            std::string(request.header("content-type"))};
    echo(std::move(request), std::move(responder));
  });
  GrpcClientOptions options = server.options();
  options.call_timeout = milliseconds(1234);
  GrpcClient client(options, clock);
  GrpcCall call = call_with("squeezed");
  call.encoding = "gzip";
  call.headers = {{"x-tenant", "blue"}};
  EXPECT_EQ(client.call(std::move(call)).code, 0);
  EXPECT_EQ(seen, (std::vector<std::string>{"/toy.Toy/Echo", "gzip", "1234m", "blue",
                                            "application/grpc+proto"}));
}

TEST(GrpcClient, TellsErrorsWithMessageAndDelay) {
  const StandingClock clock;
  // Status { code = 14, message = "full", details = [Any { RetryInfo { 1.5 s } }] }
  const std::string retry_info("\x0a\x08\x08\x01\x10\x80\xca\xb5\xee\x01", 10);
  const std::string type = "type.googleapis.com/google.rpc.RetryInfo";
  const std::string any = "\x0a" + std::string(1, static_cast<char>(type.size())) + type + "\x12" +
                          std::string(1, static_cast<char>(retry_info.size())) + retry_info;
  const std::string status = std::string("\x08\x0e\x12\x04", 4) + "full" + "\x1a" +
                             std::string(1, static_cast<char>(any.size())) + any;
  const ToyServer server(clock, [&](const Request& /*request*/, Responder responder) {
    std::move(responder).send(grpc_error(unavailable("full: 100% of 5 µs"), {status}));
  });
  GrpcClient client(server.options(), clock);
  const GrpcReply reply = client.call(call_with("x"));
  EXPECT_EQ(reply.code, static_cast<int>(ErrorCode::Unavailable));
  EXPECT_EQ(reply.error_message, "full: 100% of 5 µs");
  ASSERT_TRUE(reply.retry_after.has_value());
  EXPECT_EQ(reply.retry_after->count(), 1500);
}

TEST(GrpcClient, MapsPlainHttpAnswers) {
  const StandingClock clock;
  const ToyServer server(clock, [](const Request& /*request*/, Responder responder) {
    Response response;
    response.status = 404;
    std::move(responder).send(std::move(response));
  });
  GrpcClient client(server.options(), clock);
  EXPECT_EQ(client.call(call_with("x")).code, static_cast<int>(ErrorCode::Unimplemented));
}

TEST(GrpcClient, GivesUpACallWhoseDeadlinePassed) {
  StandingClock clock;
  Mutex mutex;
  std::vector<Responder> held;
  const ToyServer server(clock, [&](const Request& /*request*/, Responder responder) {
    clock.advance(milliseconds(10'001));
    const MutexLock lock(mutex);
    held.push_back(std::move(responder));
  });
  GrpcClient client(server.options(), clock);
  GrpcReply reply;
  ASSERT_TRUE(client.start(call_with("x"), [&](GrpcReply ended) { reply = std::move(ended); }));
  while (client.in_flight() != 0) {
    client.run(milliseconds(1));
  }
  EXPECT_EQ(reply.code, static_cast<int>(ErrorCode::DeadlineExceeded));
  // Answering what has been given up is harmless, and the client goes on.
  const MutexLock lock(mutex);
  held.clear();
}

TEST(GrpcClient, RefusesAResponseOneByteOverTheLimit) {
  const StandingClock clock;
  const ToyServer server(clock, echo);
  GrpcClientOptions options = server.options();
  options.response_bytes_max = 100;
  GrpcClient client(options, clock);
  EXPECT_EQ(client.call(call_with(std::string(100, 'x'))).code, 0);
  EXPECT_EQ(client.call(call_with(std::string(101, 'x'))).code,
            static_cast<int>(ErrorCode::ResourceExhausted));
  EXPECT_EQ(client.call(call_with("after")).message, "after");
}

TEST(GrpcClient, SaysUnavailableWhereNobodyListens) {
  const StandingClock clock;
  GrpcClientOptions options;
  {
    asio::io_context context;
    const tcp::acceptor gone(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    options.port = gone.local_endpoint().port();
  }
  GrpcClient client(options, clock);
  EXPECT_EQ(client.call(call_with("x")).code, static_cast<int>(ErrorCode::Unavailable));
}

TEST(GrpcClient, ConnectsAgainAfterTheServerWentAway) {
  const StandingClock clock;
  asio::io_context context;
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  GrpcClientOptions options;
  options.port = acceptor.local_endpoint().port();
  // Two connections, closed as soon as the client has said something.
  std::thread server([&] {
    for (int i = 0; i < 2; ++i) {
      tcp::socket socket(context);
      acceptor.accept(socket);
      std::array<char, 24> preface{};
      boost::system::error_code ignored;
      asio::read(socket, asio::buffer(preface), ignored);
    }
  });
  GrpcClient client(options, clock);
  EXPECT_EQ(client.call(call_with("x")).code, static_cast<int>(ErrorCode::Unavailable));
  EXPECT_EQ(client.call(call_with("x")).code, static_cast<int>(ErrorCode::Unavailable));
  server.join();
}

TEST(GrpcClient, SaysUnavailableWhenTheAnswerIsNoHttp2) {
  const StandingClock clock;
  asio::io_context context;
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  GrpcClientOptions options;
  options.port = acceptor.local_endpoint().port();
  std::thread server([&] {
    tcp::socket socket(context);
    acceptor.accept(socket);
    boost::system::error_code ignored;
    asio::write(socket, asio::buffer(std::string_view("HTTP/1.1 400 Bad Request\r\n\r\n")),
                ignored);
    std::string rest;
    asio::read(socket, asio::dynamic_buffer(rest), ignored);
  });
  {
    GrpcClient client(options, clock);
    EXPECT_EQ(client.call(call_with("x")).code, static_cast<int>(ErrorCode::Unavailable));
  }
  server.join();
}

TEST(GrpcClient, EndsCallsInFlightAsCancelledWhenDestroyed) {
  const StandingClock clock;
  const ToyServer server(clock, echo);
  GrpcReply reply;
  {
    GrpcClient client(server.options(), clock);
    ASSERT_TRUE(client.start(call_with("x"), [&](GrpcReply ended) { reply = std::move(ended); }));
  }
  EXPECT_EQ(reply.code, static_cast<int>(ErrorCode::Cancelled));
}

TEST(GrpcReplyReader, RefusesMalformedMessages) {
  for (const std::string_view data :
       {std::string_view("", 0), std::string_view("\0\0\0\0", 4),
        std::string_view("\0\0\0\0\2x", 6), std::string_view("\0\0\0\0\1xy", 7),
        std::string_view("\1\0\0\0\1x", 6)}) {
    GrpcReplyReader reader(100);
    reader.take_header(":status", "200");
    reader.take_header("grpc-status", "0");
    ASSERT_TRUE(reader.take_data(data));
    EXPECT_EQ(std::move(reader).finish(0).code, static_cast<int>(ErrorCode::Internal));
  }
}

TEST(GrpcReplyReader, TakesAnUnknownStatusForUnknown) {
  GrpcReplyReader reader(100);
  reader.take_header("grpc-status", "17");
  EXPECT_EQ(std::move(reader).finish(0).code, static_cast<int>(ErrorCode::Unknown));
}

TEST(GrpcReplyReader, MapsErrorsOfTheStream) {
  EXPECT_EQ(GrpcReplyReader(1).finish(7).code, static_cast<int>(ErrorCode::Unavailable));
  EXPECT_EQ(GrpcReplyReader(1).finish(8).code, static_cast<int>(ErrorCode::Cancelled));
  EXPECT_EQ(GrpcReplyReader(1).finish(11).code, static_cast<int>(ErrorCode::ResourceExhausted));
  EXPECT_EQ(GrpcReplyReader(1).finish(2).code, static_cast<int>(ErrorCode::Internal));
}

TEST(ParseRetryDelay, RefusesWhatIsMalformed) {
  EXPECT_FALSE(parse_retry_delay(""));
  EXPECT_FALSE(parse_retry_delay("\x1a\x7f"));
  EXPECT_FALSE(parse_retry_delay("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"));
}

}  // namespace
}  // namespace waybill::net
