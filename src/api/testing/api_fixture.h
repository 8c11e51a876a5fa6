// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/web_handler.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "net/http.h"
#include "query/finder.h"
#include "query/query_pool.h"
#include "storage/testing/batch_builder.h"
#include "storage/testing/plain_list.h"
#include "wire/json/json_value.h"

namespace waybill::api {

// A clock that is moved by hand.
class HeldClock final : public Clock {
 public:
  UnixNanos now() const override { return wall; }
  std::chrono::nanoseconds steady() const override { return std::chrono::nanoseconds(0); }

  UnixNanos wall = 1'700'000'000'000'000'000U;
};

// The whole web listener without sockets, over a plain list of spans.
class ApiFixture : public testing::Test {
 protected:
  ApiFixture() { make_handler({}); }

  // Starts anew with other options; what is stored stays.
  void make_handler(WebHandlerOptions options, query::QueryPoolOptions pool = {.thread_count = 1});
  void append(storage::BatchBuilder& batch) { list_.append(batch.take()); }

  // Sends a request and waits for its answer. The target may have a query.
  net::Response ask(std::string_view method, std::string_view target,
                    std::vector<net::Header> headers = {}, std::string body = {});
  net::Response get(std::string_view target, std::vector<net::Header> headers = {}) {
    return ask("GET", target, std::move(headers));
  }
  // The answer's body as JSON; fails the test where the status is another or it is none.
  wire::JsonValue json(std::string_view target, int status = 200);
  static wire::JsonValue parse(const net::Response& response);
  static std::string header(const net::Response& response, std::string_view name);
  static std::string body(const net::Response& response);

  HeldClock clock_;
  MetricRegistry metrics_;
  storage::PlainList list_{clock_};
  query::Finder finder_{list_, clock_};
  ServerStatus status_;
  std::unique_ptr<query::QueryPool> pool_;
  std::unique_ptr<WebHandler> handler_;
};

}  // namespace waybill::api
