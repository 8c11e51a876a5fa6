// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include "api/testing/api_fixture.h"

namespace waybill::api {
namespace {

class WebHandlerTest : public ApiFixture {};

TEST_F(WebHandlerTest, AnswersNoPageForPathsOfAnApi) {
  for (const char* path : {"/api", "/api/", "/api/nothing", "/api/w2/status"}) {
    EXPECT_EQ(get(path).status, 404) << path;
    EXPECT_EQ(header(get(path), "content-type").find("html"), std::string::npos);
  }
  EXPECT_EQ(header(get("/apis"), "content-type"), "text/html; charset=utf-8");
}

TEST_F(WebHandlerTest, GuardsEveryPathAgainstForeignHosts) {
  for (const char* path : {"/", "/api/w1/status", "/healthz", "/metrics"}) {
    EXPECT_EQ(get(path, {{"host", "evil.example"}}).status, 421) << path;
    const net::Response response = get(path, {{"host", "localhost:16686"}});
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_NE(header(response, "content-security-policy"), "");
    EXPECT_NE(header(response, "x-request-id"), "");
  }
}

TEST_F(WebHandlerTest, PrintsItsMetrics) {
  EXPECT_EQ(header(get("/metrics"), "content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(get("/metrics").body.find("waybill_query_seconds"), std::string::npos);
}

}  // namespace
}  // namespace waybill::api
