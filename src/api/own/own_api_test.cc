// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "api/testing/api_fixture.h"
#include "api/web_handler.h"
#include "model/span.h"
#include "model/value.h"
#include "storage/testing/batch_builder.h"
#include "wire/json/json_value.h"

namespace waybill::api::own {
namespace {

using model::Value;
using wire::JsonValue;

class OwnApiTest : public ApiFixture {
 protected:
  OwnApiTest() {
    storage::BatchBuilder batch;
    batch.service("web").span(1, 1, 0, "GET /", 1000, 5000).kind(model::SpanKind::Server);
    batch.service("team/cart", {{"host", Value::of_string("h1")}});
    batch.span(1, 2, 1, "get", 2000, 3000).error("Boom").attribute("k", Value::of_int(7));
    batch.span(1, 3, 99, "lost", 2500, 2600);
    batch.service("web").span(2, 1, 0, "GET /other", 9000, 9500);
    batch.span(3, 1, 0, "POST /", 9000, 9100).attribute("note", Value::of_string("Find ME"));
    append(batch);
  }

  // "code: message" of an error, or what came in its place.
  std::string error(std::string_view target, int status) {
    const JsonValue answer = json(target, status);
    return std::string(answer["error"]["code"].text().value_or("?")) + ": " +
           std::string(answer["error"]["message"].text().value_or("?"));
  }

  static std::vector<std::string> texts(const JsonValue& list, std::string_view field) {
    std::vector<std::string> out;
    for (const JsonValue& item : list.items()) {
      out.emplace_back(item[field].text().value_or("?"));
    }
    return out;
  }
};

TEST_F(OwnApiTest, RefusesBadParametersOfASearch) {
  for (const char* query :
       {"limit=0", "limit=-1", "limit=1001", "limit=1000000000", "limit=x", "from=x", "to=-1",
        "from=5&to=5", "from=6&to=5", "cursor=x", "cursor=00", "q=%FF", "q=%00", "q=%zz"}) {
    EXPECT_EQ(get("/api/w1/search?" + std::string(query)).status, 400) << query;
  }
  EXPECT_EQ(error("/api/w1/search?from=6&to=5", 400),
            "invalid_argument: parameter 'from' must lie before 'to'");
}

TEST_F(OwnApiTest, SaysWhereAQueryIsWrong) {
  const JsonValue answer = json("/api/w1/search?q=%7B%20nonsense", 400);
  EXPECT_EQ(answer["error"]["code"].text(), "invalid_argument");
  EXPECT_TRUE(answer["error"]["position"].integer().has_value());
}

TEST_F(OwnApiTest, RefusesWhatIsNoTraceId) {
  for (const std::string& id :
       {std::string("xyz"), std::string(33, '1'), std::string("1%2F2"), std::string(".."),
        std::string("1%00"), std::string("%zz"), std::string("%FF")}) {
    for (const char* rest : {"", "/spans?rows=0", "/find?q=x"}) {
      const net::Response response = get("/api/w1/traces/" + id + rest);
      EXPECT_EQ(response.status, 400) << id << rest;
      EXPECT_EQ(parse(response)["error"]["code"].text(), "invalid_argument");
    }
  }
}

TEST_F(OwnApiTest, SaysThatATraceIsNotKnown) {
  for (const char* rest : {"", "?format=bin", "/spans?rows=0", "/find?q=x"}) {
    EXPECT_EQ(error("/api/w1/traces/77" + std::string(rest), 404),
              "not_found: trace 00000000000000000000000000000077 is not known");
  }
}

TEST_F(OwnApiTest, RefusesPathsAndMethodsInItsOwnShape) {
  EXPECT_EQ(error("/api/w1/nothing", 404), "not_found: no such path");
  EXPECT_EQ(error("/api/w1", 404), "not_found: no such path");
  const net::Response response = ask("POST", "/api/w1/search");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(header(response, "allow"), "GET, HEAD");
  EXPECT_EQ(parse(response)["error"]["code"].text(), "unimplemented");
}

TEST_F(OwnApiTest, Answers413WhereAnAnswerWouldBeTooLarge) {
  const std::size_t size = get("/api/w1/services").body.size();
  WebHandlerOptions options;
  options.answer_bytes_max = size;
  make_handler(options);
  EXPECT_EQ(get("/api/w1/services").status, 200);
  options.answer_bytes_max = size - 1;
  make_handler(options);
  EXPECT_EQ(parse(get("/api/w1/services"))["error"]["code"].text(), "resource_exhausted");
  EXPECT_EQ(get("/api/w1/services").status, 413);
}

TEST_F(OwnApiTest, Answers503WhenTooManyWait) {
  make_handler({}, {.thread_count = 0, .queue_count_max = 0});
  const net::Response response = get("/api/w1/services");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(header(response, "retry-after"), "1");
  EXPECT_EQ(parse(response)["error"]["code"].text(), "unavailable");
  EXPECT_EQ(get("/healthz").status, 200) << "health needs no pool";
}

TEST_F(OwnApiTest, ListsServicesAndOperations) {
  EXPECT_EQ(get("/api/w1/services").body,
            R"({"services":[{"name":"team/cart","spanCount":2,"errorCount":1},)"
            R"({"name":"web","spanCount":3,"errorCount":0}]})");
  EXPECT_EQ(get("/api/w1/services/team%2Fcart/operations").body,
            R"({"operations":[{"name":"get","kind":"unspecified","spanCount":1,"errorCount":1},)"
            R"({"name":"lost","kind":"unspecified","spanCount":1,"errorCount":0}]})");
  EXPECT_EQ(get("/api/w1/services/nobody/operations").body, R"({"operations":[]})");
}

TEST_F(OwnApiTest, SumsATraceUp) {
  const JsonValue page = json("/api/w1/search?q=%7B%20status%20%3D%20error%20%7D");
  EXPECT_EQ(page["traces"].items().size(), 1U);
  const JsonValue& trace = page["traces"].items()[0];
  EXPECT_EQ(trace["traceId"].text(), "00000000000000000000000000000001");
  EXPECT_EQ(trace["rootService"].text(), "web");
  EXPECT_EQ(trace["rootOperation"].text(), "GET /");
  EXPECT_EQ(trace["rootMissing"].boolean(), false);
  EXPECT_EQ(trace["startUnixNano"].text(), "1000");
  EXPECT_EQ(trace["durationNano"].text(), "4000");
  EXPECT_EQ(trace["spanCount"].integer(), 3);
  EXPECT_EQ(trace["errorCount"].integer(), 1);
  EXPECT_EQ(trace["orphanCount"].integer(), 1);
  EXPECT_EQ(texts(trace["services"], "name"), (std::vector<std::string>{"web", "team/cart"}));
  EXPECT_EQ(trace["matchedCount"].integer(), 1);
  EXPECT_EQ(texts(trace["matched"], "spanId"), (std::vector<std::string>{"0000000000000002"}));
  EXPECT_EQ(trace["strip"].items().size(), 64U);
  EXPECT_TRUE(page["nextCursor"].is_null());
  EXPECT_EQ(page["complete"].boolean(), true);
  EXPECT_EQ(page["stats"]["tracesInspected"].integer(), 3);
}

TEST_F(OwnApiTest, PagesThroughASearch) {
  std::vector<std::string> seen;
  std::string cursor;
  do {
    const JsonValue page = json("/api/w1/search?limit=1&from=0&cursor=" + cursor);
    for (const std::string& id : texts(page["traces"], "traceId")) {
      seen.push_back(id.substr(31));
    }
    cursor = page["nextCursor"].text().value_or("");
  } while (!cursor.empty());
  EXPECT_EQ(seen, (std::vector<std::string>{"2", "3", "1"}));
}

TEST_F(OwnApiTest, RefusesTheCursorOfAnotherSearch) {
  const std::string cursor(json("/api/w1/search?limit=1")["nextCursor"].text().value_or("?"));
  EXPECT_EQ(get("/api/w1/search?cursor=" + cursor).status, 200);
  for (const char* change : {"&q=%7B%20status%3Derror%20%7D", "&from=1", "&to=99999"}) {
    EXPECT_EQ(get("/api/w1/search?cursor=" + cursor + change).status, 400) << change;
  }
}

TEST_F(OwnApiTest, GivesTheFormOfATraceThatIsAskedFor) {
  EXPECT_EQ(header(get("/api/w1/traces/1"), "content-type"), "application/json; charset=utf-8");
  const std::string view = "application/vnd.waybill.trace.v1+bin";
  EXPECT_EQ(header(get("/api/w1/traces/1", {{"accept", view + ", */*"}}), "content-type"), view);
  EXPECT_EQ(header(get("/api/w1/traces/1?format=bin"), "content-type"), view);
  EXPECT_EQ(header(get("/api/w1/traces/1?format=otlp", {{"accept", view}}), "content-type"),
            "application/json; charset=utf-8");
  EXPECT_EQ(get("/api/w1/traces/1?format=xml").status, 400);
  for (const char* id : {"01", "0000000000000001", "00000000000000000000000000000001"}) {
    EXPECT_EQ(get("/api/w1/traces/" + std::string(id)).status, 200) << id;
  }
}

TEST_F(OwnApiTest, AnswersAKnownEtagWith304UntilTheTraceGrows) {
  const std::string etag = header(get("/api/w1/traces/1?format=bin"), "etag");
  ASSERT_FALSE(etag.empty());
  const net::Response same = get("/api/w1/traces/1?format=bin", {{"if-none-match", etag}});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(get("/api/w1/traces/1?format=otlp", {{"if-none-match", etag}}).status, 200);
  storage::BatchBuilder late;
  late.service("web").span(1, 9, 1, "late", 4000, 4100);
  append(late);
  EXPECT_EQ(get("/api/w1/traces/1?format=bin", {{"if-none-match", etag}}).status, 200);
}

TEST_F(OwnApiTest, Answers412WhereRowsAreOfAnotherVersionOfTheTrace) {
  const std::string view = header(get("/api/w1/traces/1?format=bin"), "etag");
  const std::string otlp = header(get("/api/w1/traces/1?format=otlp"), "etag");
  const std::vector<std::string> asked = {"/spans?rows=1", "/spans?ids=2", "/find?q=boom"};
  const auto status = [&](const std::string& rest, const std::string& tags) {
    return get("/api/w1/traces/1" + rest, {{"if-match", tags}}).status;
  };
  for (const std::string& rest : asked) {
    for (const std::string& tags :
         {view, otlp, "\"other\", " + view, "W/" + view, std::string("*")}) {
      EXPECT_EQ(status(rest, tags), 200) << rest << " " << tags;
    }
    EXPECT_EQ(status(rest, "\"other\""), 412) << rest;
  }
  storage::BatchBuilder late;
  late.service("web").span(1, 9, 1, "early", 1500, 1600);
  append(late);
  for (const std::string& rest : asked) {
    EXPECT_EQ(status(rest, view), 412) << rest;
    EXPECT_EQ(get("/api/w1/traces/1" + rest).status, 200) << rest;
    const std::string now = header(get("/api/w1/traces/1?format=bin"), "etag");
    EXPECT_EQ(status(rest, now), 200) << rest;
  }
  const net::Response changed = get("/api/w1/traces/1/spans?rows=1", {{"if-match", view}});
  EXPECT_EQ(parse(changed)["error"]["code"].text(), "failed_precondition");
}

TEST_F(OwnApiTest, FindsSpansOfATrace) {
  EXPECT_EQ(get("/api/w1/traces/1/find?q=%7B%20status%20%3D%20error%20%7D").body,
            R"({"rows":[1],"count":1})");
  EXPECT_EQ(get("/api/w1/traces/1/find?q=BOOM").body, R"({"rows":[1],"count":1})");
  EXPECT_EQ(get("/api/w1/traces/3/find?q=find%20me").body, R"({"rows":[0],"count":1})");
  EXPECT_EQ(get("/api/w1/traces/1/find?q=nowhere").body, R"({"rows":[],"count":0})");
  EXPECT_EQ(get("/api/w1/traces/1/find?q=%7B%7D").body, R"({"rows":[0,1,2],"count":3})");
  EXPECT_EQ(get("/api/w1/traces/1/find").status, 400);
  EXPECT_EQ(get("/api/w1/traces/1/find?q=%7Bbad").status, 400);
}

TEST_F(OwnApiTest, AnswersHeadAsGet) {
  EXPECT_EQ(ask("HEAD", "/api/w1/services").status, 200);
  EXPECT_EQ(ask("HEAD", "/search").status, 200);
}

TEST_F(OwnApiTest, TellsItsStatus) {
  status_.started_at = 1'699'999'999'000'000'000U;
  status_.ready = true;
  status_.log_bytes = 77;
  status_.listeners = {{"web", "127.0.0.1:16686"}};
  const JsonValue status = json("/api/w1/status");
  EXPECT_EQ(status["version"].text(), WAYBILL_VERSION);
  EXPECT_EQ(status["startedAt"].text(), "2023-11-14T22:13:19Z");
  EXPECT_EQ(status["now"].text(), "2023-11-14T22:13:20Z");
  EXPECT_EQ(status["spans"].integer(), 5);
  EXPECT_EQ(status["traces"].integer(), 3);
  EXPECT_EQ(status["logBytes"].integer(), 77);
  EXPECT_EQ(status["oldestUnixNano"].text(), "1000");
  EXPECT_EQ(status["listeners"].items()[0]["name"].text(), "web");
  EXPECT_EQ(get("/readyz").status, 200);
  status_.ready = false;
  EXPECT_EQ(get("/readyz").status, 503);
}

TEST_F(OwnApiTest, DescribesItself) {
  const net::Response response = get("/api/w1/openapi.json");
  EXPECT_EQ(parse(response)["openapi"].text(), "3.1.0");
  EXPECT_EQ(get("/api/w1/openapi.json", {{"if-none-match", header(response, "etag")}}).status, 304);
}

}  // namespace
}  // namespace waybill::api::own
