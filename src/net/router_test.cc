// SPDX-License-Identifier: Apache-2.0
#include "net/router.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include "net/http.h"

namespace waybill::net {
namespace {

// A router whose routes answer with their name and values: "trace(1f)".
class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    add("GET", "/", "root");
    add("GET", "/api/traces/{id}", "trace");
    add("DELETE", "/api/traces/{id}", "remove");
    add("GET", "/api/traces/latest", "latest");
    add("GET", "/api/{kind}/all", "all");
    add("GET", "/api/services/{*service}/operations", "operations");
    add("POST", "/api/transform", "transform");
  }

  void add(std::string_view method, std::string_view pattern, std::string name) {
    router_.add(
        method, pattern,
        [name = std::move(name)](const Request& request, const PathValues& values, Responder out) {
          Response response;
          response.headers = {{"method", request.method}};
          response.body = name + "(";
          for (const std::string& value : values) {
            response.body += value + ";";
          }
          response.body += ")";
          std::move(out).send(std::move(response));
        });
  }

  Response ask(std::string_view method, std::string_view path) {
    Request request;
    request.method = method;
    request.path = path;
    std::optional<Response> answer;
    router_.handle(std::move(request),
                   Responder([&](Response response) { answer = std::move(response); }));
    EXPECT_TRUE(answer.has_value());
    return answer.value_or(Response());
  }

  std::string get(std::string_view path) { return ask("GET", path).body; }

  Router router_;
};

std::string header(const Response& response, std::string_view name) {
  for (const Header& header : response.headers) {
    if (header.name == name) {
      return header.value;
    }
  }
  return "none";
}

TEST_F(RouterTest, Answers404WhereNothingFits) {
  for (const char* path : {"", "*", "/api", "/api/traces", "/api/traces/", "/api/traces/1/2", "//",
                           "api/traces/1", "/API/traces/1"}) {
    EXPECT_EQ(ask("GET", path).status, 404) << path;
  }
}

TEST_F(RouterTest, Answers405WithWhatIsAllowed) {
  const Response response = ask("PUT", "/api/traces/1");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(header(response, "allow"), "DELETE, GET, HEAD");
  EXPECT_EQ(header(ask("GET", "/api/transform"), "allow"), "POST");
}

TEST_F(RouterTest, Answers400ForValuesThatCouldEscapeTheirSegment) {
  for (const char* path :
       {"/api/traces/a%2Fb", "/api/traces/a%2fb", "/api/traces/..", "/api/traces/%2e%2E",
        "/api/traces/.", "/api/traces/a%00", "/api/traces/%", "/api/traces/%4", "/api/traces/%zz",
        "/api/services/%zz/operations", "/api/services/a%00b/operations"}) {
    EXPECT_EQ(ask("GET", path).status, 400) << path;
  }
}

TEST_F(RouterTest, GivesDecodedValues) {
  EXPECT_EQ(get("/api/traces/1f"), "trace(1f;)");
  EXPECT_EQ(get("/api/traces/a%20b+c%252F"), "trace(a b+c%2F;)");
  EXPECT_EQ(get("/"), "root()");
  EXPECT_EQ(get("/%61pi/traces/1"), "trace(1;)");
}

TEST_F(RouterTest, LetsAnyTextVariablesHoldSlashes) {
  EXPECT_EQ(get("/api/services/team%2Fcart/operations"), "operations(team/cart;)");
  EXPECT_EQ(get("/api/services/%2e%2e/operations"), "operations(..;)");
}

TEST_F(RouterTest, PrefersTheEarlierLiteral) {
  EXPECT_EQ(get("/api/traces/latest"), "latest()");
  EXPECT_EQ(get("/api/traces/all"), "trace(all;)");
  EXPECT_EQ(get("/api/spans/all"), "all(spans;)");
}

TEST_F(RouterTest, ChoosesAmongEqualPatternsByMethod) {
  EXPECT_EQ(ask("DELETE", "/api/traces/1").body, "remove(1;)");
  EXPECT_EQ(ask("GET", "/api/traces/1").body, "trace(1;)");
}

TEST_F(RouterTest, GivesHeadToTheRouteOfGet) {
  const Response response = ask("HEAD", "/api/traces/1f");
  EXPECT_EQ(response.body, "trace(1f;)");
  EXPECT_EQ(header(response, "method"), "GET");
  EXPECT_EQ(ask("HEAD", "/api/transform").status, 405);
}

TEST_F(RouterTest, GivesUnknownPathsToTheFallback) {
  router_.set_fallback([](const Request& request, Responder responder) {
    Response response;
    response.body = "fallback " + request.path;
    std::move(responder).send(std::move(response));
  });
  EXPECT_EQ(get("/trace/1"), "fallback /trace/1");
  EXPECT_EQ(ask("PUT", "/api/traces/1").status, 405);
}

TEST_F(RouterTest, RefusesInTheShapeThatWasSet) {
  router_.set_refusal([](const Request&, int status, std::string_view message) {
    Response response;
    response.status = status;
    response.body = "{" + std::string(message) + "}";
    return response;
  });
  EXPECT_EQ(get("/nothing"), "{no such path}");
  EXPECT_EQ(header(ask("PUT", "/api/transform"), "allow"), "POST");
}

TEST(QueryParams, KeepsOrderAndEveryValue) {
  const QueryParams params("a=1&b=x%20y+z&a=2&c&=3&&d==");
  EXPECT_EQ(params.get("a"), "1");
  EXPECT_EQ(params.all("a"), (std::vector<std::string_view>{"1", "2"}));
  EXPECT_EQ(params.get("b"), "x y z");
  EXPECT_EQ(params.get("c"), "");
  EXPECT_EQ(params.get(""), "3");
  EXPECT_EQ(params.get("d"), "=");
  EXPECT_EQ(params.get("e"), std::nullopt);
  EXPECT_EQ(params.fault(), "");
}

TEST(QueryParams, NamesMalformedEscapes) {
  const QueryParams params("a=%zz&b=1%");
  EXPECT_EQ(params.get("a"), "%zz");
  EXPECT_EQ(params.fault(), "malformed percent escape in the query string");
}

TEST(QueryParams, TakesOneThousandAndNamesTheRest) {
  std::string query = "a=1";
  for (std::size_t i = 1; i < QueryParams::kCountMax; ++i) {
    query += "&a=1";
  }
  EXPECT_EQ(QueryParams(query).entries().size(), 1000U);
  EXPECT_EQ(QueryParams(query).fault(), "");
  query += "&a=1";
  EXPECT_EQ(QueryParams(query).entries().size(), 1000U);
  EXPECT_EQ(QueryParams(query).fault(), "more than 1000 parameters");
}

TEST(PercentDecode, DecodesOnce) {
  EXPECT_EQ(percent_decode("%25%34%31"), "%41");
  EXPECT_EQ(percent_decode(""), "");
  EXPECT_EQ(percent_decode("%"), std::nullopt);
  EXPECT_EQ(percent_decode("%+1"), std::nullopt);
}

}  // namespace
}  // namespace waybill::net
