// SPDX-License-Identifier: Apache-2.0
#include "api/testing/api_fixture.h"

#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include "api/web_handler.h"
#include "net/http.h"
#include "query/query_pool.h"
#include "wire/json/json_value.h"

namespace waybill::api {

void ApiFixture::make_handler(WebHandlerOptions options, query::QueryPoolOptions pool) {
  handler_.reset();
  pool_ = std::make_unique<query::QueryPool>(pool, clock_, metrics_);
  handler_ = std::make_unique<WebHandler>(std::move(options), finder_, *pool_, metrics_,
                                          [this] { return status_; });
}

net::Response ApiFixture::ask(std::string_view method, std::string_view target,
                              std::vector<net::Header> headers, std::string body) {
  net::Request request;
  request.method = method;
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  request.query = mark == std::string_view::npos ? "" : target.substr(mark + 1);
  request.headers = std::move(headers);
  request.body = std::move(body);
  std::promise<net::Response> answer;
  handler_->handle(std::move(request), net::Responder([&answer](net::Response response) {
                     answer.set_value(std::move(response));
                   }));
  return answer.get_future().get();
}

wire::JsonValue ApiFixture::parse(const net::Response& response) {
  auto value = wire::JsonValue::parse(body(response));
  EXPECT_TRUE(value.has_value()) << body(response);
  return value ? std::move(value).value() : wire::JsonValue();
}

wire::JsonValue ApiFixture::json(std::string_view target, int status) {
  const net::Response response = get(target);
  EXPECT_EQ(response.status, status) << target << ": " << response.body;
  return parse(response);
}

std::string ApiFixture::header(const net::Response& response, std::string_view name) {
  for (const net::Header& candidate : response.headers) {
    if (candidate.name == name) {
      return candidate.value;
    }
  }
  return {};
}

std::string ApiFixture::body(const net::Response& response) {
  return response.static_body.empty() ? response.body : std::string(response.static_body);
}

}  // namespace waybill::api
