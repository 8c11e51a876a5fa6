// SPDX-License-Identifier: Apache-2.0
#include "api/web/site.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include "api/embedded_file.h"
#include "net/http.h"

namespace waybill::api::web {
namespace {

constexpr std::array<EmbeddedFile, 3> kFiles = {{
    {"/assets/main-1a2b.js", "let a = 1;", "packed", "\"js\""},
    {"/favicon.svg", "<svg/>", "", "\"svg\""},
    {"/index.html", "<html>", "", "\"index\""},
}};

net::Response get(const Site& site, std::string_view path, std::vector<net::Header> headers = {}) {
  net::Request request;
  request.method = "GET";
  request.path = path;
  request.headers = std::move(headers);
  return site.serve(request);
}

std::string header(const net::Response& response, std::string_view name) {
  for (const net::Header& candidate : response.headers) {
    if (candidate.name == name) {
      return candidate.value;
    }
  }
  return {};
}

class SiteTest : public testing::Test {
 protected:
  Site site_{kFiles};
};

TEST_F(SiteTest, RefusesPathsThatProbe) {
  for (const char* path :
       {"/..", "/a/../b", "/%2e%2e/x", "/a%00b", "/a%5Cb", "/%zz", "/a/%2e%2e"}) {
    EXPECT_EQ(get(site_, path).status, 400) << path;
  }
}

TEST_F(SiteTest, AnswersMissingAssetsWith404) {
  const net::Response response = get(site_, "/assets/old-9f9f.js");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(header(response, "cache-control"), "");
}

TEST_F(SiteTest, AnswersEveryOtherPathWithTheIndex) {
  for (const char* path : {"/", "/search", "/trace/1f", "/index.html", "/..."}) {
    const net::Response response = get(site_, path);
    EXPECT_EQ(response.static_body, "<html>") << path;
    EXPECT_EQ(header(response, "content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(header(response, "cache-control"), "no-cache");
  }
}

TEST_F(SiteTest, KeepsAssetsForAYear) {
  const net::Response response = get(site_, "/assets/main-1a2b.js");
  EXPECT_EQ(response.static_body, "let a = 1;");
  EXPECT_EQ(header(response, "cache-control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(header(response, "content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(header(response, "content-encoding"), "");
  EXPECT_EQ(header(response, "vary"), "accept-encoding");
}

TEST_F(SiteTest, SendsGzipToThoseWhoTakeIt) {
  const net::Response packed =
      get(site_, "/assets/main-1a2b.js", {{"accept-encoding", "gzip, br"}});
  EXPECT_EQ(packed.static_body, "packed");
  EXPECT_EQ(header(packed, "content-encoding"), "gzip");
  EXPECT_EQ(get(site_, "/", {{"accept-encoding", "gzip"}}).static_body, "<html>");
}

TEST_F(SiteTest, AnswersAKnownEtagWith304) {
  const net::Response response = get(site_, "/", {{"if-none-match", "\"index\""}});
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(response.static_body, "");
  EXPECT_EQ(get(site_, "/", {{"if-none-match", "\"other\""}}).status, 200);
}

TEST_F(SiteTest, TakesOnlyGetAndHead) {
  net::Request request;
  request.method = "POST";
  request.path = "/";
  EXPECT_EQ(site_.serve(request).status, 405);
}

TEST(Site, SaysThatABuildHasNoUi) {
  const Site site({});
  const net::Response response = get(site, "/search");
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.static_body.find("no web UI"), std::string_view::npos);
  EXPECT_EQ(response.static_body.find("<style"), std::string_view::npos) << "the policy forbids it";
}

}  // namespace
}  // namespace waybill::api::web
