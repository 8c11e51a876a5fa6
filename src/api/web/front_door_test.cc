// SPDX-License-Identifier: Apache-2.0
#include "api/web/front_door.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include "net/http.h"

namespace waybill::api::web {
namespace {

class Inner final : public net::HttpHandler {
 public:
  void handle(net::Request request, net::Responder responder) override {
    ++count;
    net::Response response;
    response.body = request.path;
    std::move(responder).send(std::move(response));
  }
  int count = 0;
};

class FrontDoorTest : public testing::Test {
 protected:
  net::Response ask(std::vector<net::Header> headers) {
    net::Request request;
    request.method = "GET";
    request.path = "/x";
    request.headers = std::move(headers);
    std::optional<net::Response> answer;
    door_.handle(std::move(request),
                 net::Responder([&](net::Response response) { answer = std::move(response); }));
    return answer.value_or(net::Response());
  }

  static std::string header(const net::Response& response, std::string_view name) {
    for (const net::Header& candidate : response.headers) {
      if (candidate.name == name) {
        return candidate.value;
      }
    }
    return {};
  }

  Inner inner_;
  FrontDoor door_{
      {.hosts = {"Traces.Example.com", "fd00::1"}, .hosts_setting = "web.hosts"}, inner_, 1};
};

TEST_F(FrontDoorTest, RefusesForeignHosts) {
  for (const char* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:16686",
                           "127.0.0.2", "[::1", "[::2]:80", "example.com", "xlocalhost", ":80"}) {
    const net::Response response = ask({{"host", host}});
    EXPECT_EQ(response.status, 421) << host;
    EXPECT_NE(response.body.find("web.hosts"), std::string::npos);
    EXPECT_NE(header(response, "x-request-id"), "");
  }
  EXPECT_EQ(inner_.count, 0);
}

TEST_F(FrontDoorTest, LetsItsOwnNamesThrough) {
  for (const char* host : {"localhost", "LocalHost:16686", "127.0.0.1:80", "[::1]", "[::1]:16686",
                           "traces.example.com:443", "[fd00::1]:80", ""}) {
    EXPECT_EQ(ask({{"host", host}}).status, 200) << host;
  }
  EXPECT_EQ(ask({{":authority", "evil.example"}}).status, 421);
}

TEST_F(FrontDoorTest, LetsEveryNameThroughWhenToldSo) {
  FrontDoor open({.hosts = {"*"}}, inner_, 1);
  net::Request request;
  request.headers = {{"host", "any.example"}};
  int status = 0;
  open.handle(std::move(request),
              net::Responder([&](const net::Response& response) { status = response.status; }));
  EXPECT_EQ(status, 200);
}

TEST_F(FrontDoorTest, SetsSecurityHeadersOnEverything) {
  for (const char* host : {"localhost", "evil.example"}) {
    const net::Response response = ask({{"host", host}});
    EXPECT_TRUE(header(response, "content-security-policy").starts_with("default-src 'none'; "));
    EXPECT_EQ(header(response, "x-content-type-options"), "nosniff");
    EXPECT_EQ(header(response, "referrer-policy"), "no-referrer");
    EXPECT_EQ(header(response, "cross-origin-opener-policy"), "same-origin");
    EXPECT_NE(header(response, "permissions-policy"), "");
  }
}

TEST_F(FrontDoorTest, GivesEachRequestAnIdOrKeepsAPlainOne) {
  const std::string first = header(ask({}), "x-request-id");
  EXPECT_EQ(first.size(), 32U);
  EXPECT_NE(first, header(ask({}), "x-request-id"));
  EXPECT_EQ(header(ask({{"x-request-id", "a-B_1.2"}}), "x-request-id"), "a-B_1.2");
  const std::string longest(128, 'x');
  EXPECT_EQ(header(ask({{"x-request-id", longest}}), "x-request-id"), longest);
  for (const std::string& bad : {longest + "x", std::string("a b"), std::string("a\r\nb: c")}) {
    EXPECT_EQ(header(ask({{"x-request-id", bad}}), "x-request-id").size(), 32U);
  }
}

}  // namespace
}  // namespace waybill::api::web
