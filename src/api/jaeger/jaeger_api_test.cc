// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include <string>

#include "api/testing/api_fixture.h"
#include "base/time.h"
#include "model/span.h"
#include "model/value.h"
#include "net/http.h"
#include "storage/testing/batch_builder.h"
#include "wire/json/json_value.h"

namespace waybill::api::jaeger {
namespace {

using model::Value;
using wire::JsonValue;

class JaegerApiTest : public ApiFixture {
 protected:
  JaegerApiTest() {
    const UnixNanos now = clock_.wall;
    storage::BatchBuilder batch;
    batch.service("web").span(1, 1, 0, "GET /", now - 5'000'000, now - 1'000'000);
    batch.kind(model::SpanKind::Server);
    batch.service("team/cart").span(1, 2, 1, "get", now - 4'000'000, now - 2'000'000);
    batch.kind(model::SpanKind::Server).error().attribute("n", Value::of_int(7));
    batch.span(1, 3, 2, "get", now - 4'000'000, now - 3'000'000).kind(model::SpanKind::Client);
    batch.service("web").span(2, 1, 0, "GET /old", 1000, 2000);
    append(batch);
  }

  std::string fault(const net::Response& response) {
    return std::string(parse(response)["errors"].items()[0]["msg"].text().value_or("?"));
  }
};

TEST_F(JaegerApiTest, RefusesInJaegersShape) {
  const net::Response response = get("/api/traces");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body, R"({"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,)"
                           R"("msg":"parameter 'service' is required"}]})");
  EXPECT_EQ(get("/api/operations").status, 400);
  EXPECT_EQ(get("/api/nothing").status, 404);
  EXPECT_EQ(fault(get("/api/nothing")), "no such path");
  EXPECT_EQ(ask("DELETE", "/api/traces").status, 405);
}

TEST_F(JaegerApiTest, RefusesBadIdsAndTimes) {
  for (const char* path :
       {"/api/traces/xyz", "/api/traces/111111111111111111111111111111111", "/api/traces/a%2Fb",
        "/api/traces/..", "/api/traces/%00", "/api/traces/%zz", "/api/traces/1?start=x",
        "/api/traces/1?end=-5", "/api/traces/1?raw=maybe", "/api/traces?traceID=xyz",
        "/api/dependencies?endTs=x", "/api/dependencies?lookback=-1", "/api/traces?service=%FF",
        "/api/traces?service=%00"}) {
    EXPECT_EQ(get(path).status, 400) << path;
  }
}

TEST_F(JaegerApiTest, SaysThatATraceIsNotKnown) {
  EXPECT_EQ(get("/api/traces/77").status, 404);
  EXPECT_EQ(fault(get("/api/traces/77")), "trace not found");
}

TEST_F(JaegerApiTest, SaysWhatItDoesNotHave) {
  for (const char* path : {"/api/metrics/latencies?service=a&quantile=0.95",
                           "/api/metrics/calls?service=a", "/api/metrics/errors?service=a"}) {
    EXPECT_EQ(get(path).status, 501) << path;
    EXPECT_EQ(fault(get(path)), "metrics querying is currently disabled");
  }
  EXPECT_EQ(get("/api/metrics/other").status, 404);
  EXPECT_EQ(ask("POST", "/api/archive/1").status, 501);
  EXPECT_EQ(ask("POST", "/api/archive/xyz").status, 400);
}

TEST_F(JaegerApiTest, ListsServicesAndOperations) {
  EXPECT_EQ(get("/api/services").body,
            R"({"data":["team/cart","web"],"total":2,"limit":0,"offset":0,"errors":null})");
  EXPECT_EQ(get("/api/services/team%2Fcart/operations").body,
            R"({"data":["get"],"total":1,"limit":0,"offset":0,"errors":null})");
  EXPECT_EQ(get("/api/operations?service=team%2Fcart").body,
            R"({"data":[{"name":"get","spanKind":"server"},{"name":"get","spanKind":"client"}],)"
            R"("total":2,"limit":0,"offset":0,"errors":null})");
  EXPECT_EQ(json("/api/operations?service=team%2Fcart&spanKind=client")["total"].integer(), 1);
}

TEST_F(JaegerApiTest, SearchesTheLastTwoDaysByDefault) {
  EXPECT_EQ(json("/api/traces?service=web")["data"].items().size(), 1U);
  EXPECT_EQ(json("/api/traces?service=web&start=0")["data"].items().size(), 2U);
  EXPECT_EQ(json("/api/traces?service=web&start=0&limit=1")["data"].items().size(), 1U);
  EXPECT_TRUE(json("/api/traces?service=nobody")["data"].is_array());
}

TEST_F(JaegerApiTest, WantsOneSpanToSatisfyEverything) {
  const auto count = [&](const std::string& query) {
    return json("/api/traces?service=team%2Fcart&" + query)["data"].items().size();
  };
  EXPECT_EQ(count("tag=n:7"), 1U);
  EXPECT_EQ(count("tags=%7B%22n%22%3A%227%22%2C%22error%22%3A%22true%22%7D"), 1U);
  EXPECT_EQ(count("tag=error:true&operation=get"), 1U);
  EXPECT_EQ(count("tag=n:8"), 0U);
  EXPECT_EQ(count("tag=n:7&tag=span.kind:client"), 0U) << "two spans, one of each";
  EXPECT_EQ(count("minDuration=2ms"), 1U);
  EXPECT_EQ(count("minDuration=2001us"), 0U);
  EXPECT_EQ(count("maxDuration=1ms"), 1U);
  EXPECT_EQ(count("maxDuration=999us"), 0U);
}

TEST_F(JaegerApiTest, FetchesTracesByIdAndNamesThoseMissing) {
  const JsonValue answer = json("/api/traces?traceID=2&traceID=77&traceID=1");
  ASSERT_EQ(answer["data"].items().size(), 2U);
  EXPECT_EQ(answer["data"].items()[0]["traceID"].text(), "0000000000000002");
  ASSERT_EQ(answer["errors"].items().size(), 1U);
  EXPECT_EQ(answer["errors"].items()[0]["traceID"].text(), "0000000000000077");
}

TEST_F(JaegerApiTest, GivesATraceByHexAndBase64) {
  for (const char* id : {"1", "0000000000000001", "00000000000000000000000000000001",
                         "AAAAAAAAAAAAAAAAAAAAAQ==", "AAAAAAAAAAAAAAAAAAAAAQ"}) {
    const JsonValue answer = json("/api/traces/" + std::string(id));
    EXPECT_EQ(answer["data"].items()[0]["spans"].items().size(), 3U) << id;
  }
  EXPECT_NE(get("/api/traces/1?prettyPrint=true").body.find("\n    \"data\": ["),
            std::string::npos);
}

TEST_F(JaegerApiTest, CountsCallsBetweenServices) {
  EXPECT_EQ(get("/api/dependencies").body,
            R"({"data":[{"parent":"web","child":"team/cart","callCount":1}],"total":0,"limit":0,)"
            R"("offset":0,"errors":null})");
  EXPECT_TRUE(json("/api/dependencies?service=other")["data"].items().empty());
  EXPECT_TRUE(json("/api/dependencies?endTs=1000&lookback=5")["data"].items().empty());
  EXPECT_EQ(
      get("/api/v3/dependencies?startTime=2023-11-14T00:00:00Z&end_time=2023-11-15T00:00:00Z").body,
      R"({"dependencies":[{"parent":"web","child":"team/cart","callCount":"1"}]})");
}

TEST_F(JaegerApiTest, RefusesATransformOfWhatIsNoOtlp) {
  EXPECT_EQ(ask("POST", "/api/transform", {}, "{").status, 400);
  EXPECT_EQ(ask("POST", "/api/transform", {}, "").status, 400);
  EXPECT_EQ(ask("POST", "/api/transform", {}, "{}").body,
            R"({"data":[],"total":0,"limit":0,"offset":0,"errors":null})");
}

TEST_F(JaegerApiTest, AnswersBusyInJaegersShapes) {
  make_handler({}, {.thread_count = 0, .queue_count_max = 0});
  EXPECT_EQ(parse(get("/api/services"))["errors"].items()[0]["code"].integer(), 503);
  EXPECT_EQ(parse(get("/api/v3/services"))["error"]["httpCode"].integer(), 503);
}

constexpr const char* kRange =
    "query.startTimeMin=2023-11-14T00:00:00Z&query.startTimeMax=2023-11-15T00:00:00Z";

TEST_F(JaegerApiTest, RefusesInTheShapeOfV3) {
  EXPECT_EQ(get("/api/v3/traces").body,
            R"({"error":{"httpCode":400,"message":"query.startTimeMin and query.startTimeMax are )"
            R"(required"}})");
  EXPECT_EQ(json("/api/v3/nothing", 404)["error"]["httpCode"].integer(), 404);
  EXPECT_EQ(json("/api/v3/traces/xyz", 400)["error"]["message"].text(),
            "malformed parameter trace_id: a trace id has 1 to 32 hex digits, not 'xyz'");
  EXPECT_EQ(get("/api/v3/traces/1?startTime=x").status, 400);
  EXPECT_EQ(get("/api/v3/traces/1?raw_traces=maybe").status, 400);
  EXPECT_EQ(get("/api/v3/dependencies").status, 400);
  EXPECT_EQ(get("/api/v3/dependencies?startTime=2023-11-15T00:00:00Z&endTime=2023-11-14T00:00:00Z")
                .status,
            400);
  EXPECT_EQ(get("/api/v3/traces/77").body,
            R"({"error":{"httpCode":404,"message":"No traces found"}})");
  EXPECT_EQ(get("/api/v3/traces?query.serviceName=nobody&" + std::string(kRange)).status, 404);
}

TEST_F(JaegerApiTest, AnswersV3) {
  EXPECT_EQ(get("/api/v3/services").body, R"({"services":["team/cart","web"]})");
  EXPECT_EQ(get("/api/v3/operations?service=web").body,
            R"({"operations":[{"name":"GET /","spanKind":"server"},)"
            R"({"name":"GET /old","spanKind":"internal"}]})");
  EXPECT_EQ(
      json("/api/v3/operations?service=team%2Fcart&span_kind=client")["operations"].items().size(),
      1U);
  EXPECT_TRUE(get("/api/v3/traces/1").body.starts_with(R"({"result":{"resourceSpans":[)"));
  EXPECT_TRUE(get("/api/v3/traces?" + std::string(kRange))
                  .body.starts_with(R"({"result":{"resourceSpans":[)"));
  EXPECT_EQ(
      get("/api/v3/trace-summaries?query.serviceName=web&" + std::string(kRange)).body,
      R"({"summaries":[{"traceId":"00000000000000000000000000000001","rootServiceName":"web",)"
      R"("rootOperationName":"GET /","minStartTimeUnixNano":"1699999999995000000",)"
      R"("maxEndTimeUnixNano":"1699999999999000000","spanCount":3,"errorSpanCount":1,)"
      R"("orphanSpanCount":0,"services":[{"name":"web","spanCount":1,"errorSpanCount":0},)"
      R"({"name":"team/cart","spanCount":2,"errorSpanCount":1}]}]})");
  EXPECT_EQ(get("/api/v3/trace-summaries?query.serviceName=nobody&" + std::string(kRange)).body,
            R"({"summaries":[]})");
}

}  // namespace
}  // namespace waybill::api::jaeger
