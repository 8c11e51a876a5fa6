// SPDX-License-Identifier: Apache-2.0
#include "net/testing/server_fixture.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/text.h"
#include "net/grpc.h"
#include "net/http.h"
#include "net/http_server.h"
#include "net/io_threads.h"

namespace waybill::net::testing {

void FakeHandler::handle(Request request, Responder responder) {
  {
    const MutexLock lock(mutex_);
    ++handled_count_;
    if (is_holding_) {
      held_.push_back({std::move(request), std::move(responder)});
      arrived_.notify_all();
      return;
    }
  }
  if (is_grpc(request)) {
    Result<GrpcMessage> message = take_unary_message(request);
    std::move(responder).send(message ? grpc_answer(message->bytes) : grpc_error(message.error()));
    return;
  }
  Response response;
  response.body = request.method + " " + request.path + "?" + request.query + ":" +
                  std::to_string(request.body.size());
  std::move(responder).send(std::move(response));
}

void FakeHandler::hold() {
  const MutexLock lock(mutex_);
  is_holding_ = true;
}

FakeHandler::Asked FakeHandler::take() {
  const MutexLock lock(mutex_);
  while (held_.empty()) {
    CHECK(arrived_.wait_for(mutex_, kPatience));
  }
  Asked asked = std::move(held_.front());
  held_.pop_front();
  return asked;
}

int FakeHandler::handled_count() const {
  const MutexLock lock(mutex_);
  return handled_count_;
}

ServerFixture::ServerFixture(HttpServerOptions options, int thread_count) {
  options.name = "test";
  threads = std::make_unique<IoThreads>(
      clock, IoThreadsOptions{thread_count, std::chrono::milliseconds(2)});
  auto opened = HttpServer::open(std::move(options), *threads, handler, metrics);
  CHECK(opened.has_value());
  server = std::move(opened).value();
}

double ServerFixture::metric(std::string_view name, std::string_view label) const {
  const std::string printed = metrics.print();
  std::string_view rest = printed;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (line.starts_with(name) && line.find(label) != std::string_view::npos) {
      return parse_double(line.substr(line.rfind(' ') + 1)).value_or(0);
    }
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return 0;
}

bool ServerFixture::wait_for_metric(std::string_view name, std::string_view label,
                                    double value) const {
  // The loops count after they have answered; there is nothing to wait on but the number itself.
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (metric(name, label) != value) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

}  // namespace waybill::net::testing
