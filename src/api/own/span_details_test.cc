// SPDX-License-Identifier: Apache-2.0
#include "api/own/span_details.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "api/testing/api_fixture.h"
#include "model/span.h"
#include "model/value.h"
#include "storage/testing/batch_builder.h"

namespace waybill::api::own {
namespace {

using model::Value;

class SpanDetailsTest : public ApiFixture {
 protected:
  // A span with something in every field, and one with nothing.
  SpanDetailsTest() {
    const std::vector<Value> array = {Value::of_int(1), Value::of_string("two")};
    const std::vector<model::Attribute> list = {{"inner", Value::of_bool(false)}};
    storage::BatchBuilder batch;
    batch.service("cart", {{"host", Value::of_string("h1")}});
    batch.scope("lib", "1.2", {{"s", Value()}}).span(1, 0xA, 0xB, "GET", 10, 5);
    batch.kind(model::SpanKind::Server).error("boom");
    batch.attribute("string", Value::of_string("a\xFF"));
    batch.attribute("int", Value::of_int(INT64_MIN)).attribute("double", Value::of_double(NAN));
    batch.attribute("bool", Value::of_bool(true)).attribute("bytes", Value::of_bytes("\1\2"));
    batch.attribute("array", Value::of_array(array)).attribute("list", Value::of_kvlist(list));
    batch.attribute("int", Value::of_int(2));
    batch.event(7, "exception", {{"e", Value::of_int(1)}}).link(5, 6);
    batch.last().flags = 257;
    batch.service("").span(1, 0xC, 0, "", 20, 20);
    append(batch);
  }
};

TEST_F(SpanDetailsTest, RefusesBadListsOfRowsAndIds) {
  const std::string path = "/api/w1/traces/1/spans";
  for (const char* query :
       {"", "?rows=", "?rows=x", "?rows=-1", "?rows=2", "?rows=0,", "?rows=0,,1", "?rows=1.5",
        "?rows=4294967296", "?ids=", "?ids=xyz", "?ids=00000000000000001", "?rows=0&ids=a"}) {
    EXPECT_EQ(get(path + query).status, 400) << query;
  }
  EXPECT_EQ(get(path + "?ids=a,77").status, 404);
}

TEST_F(SpanDetailsTest, TakesFiveHundredRowsAndNotOneMore) {
  std::string rows = "0";
  for (std::size_t i = 1; i < kDetailCountMax; ++i) {
    rows += ",1";
  }
  EXPECT_EQ(json("/api/w1/traces/1/spans?rows=" + rows)["spans"].items().size(), 500U);
  EXPECT_EQ(get("/api/w1/traces/1/spans?rows=" + rows + ",1").status, 400);
}

TEST_F(SpanDetailsTest, PrintsEveryField) {
  EXPECT_EQ(
      get("/api/w1/traces/1/spans?rows=0").body,
      R"({"spans":[{"row":0,"spanId":"000000000000000a","parentSpanId":"000000000000000b",)"
      R"("name":"GET","kind":"server","startUnixNano":"10","durationNano":"-5",)"
      R"("status":{"code":"error","message":"boom"},"traceState":"","flags":257,"service":"cart",)"
      R"("attributes":[{"key":"string","type":"string","value":"a)"
      "\xEF\xBF\xBD"
      R"("},{"key":"int","type":"int","value":"-9223372036854775808"},)"
      R"({"key":"double","type":"double","value":"NaN"},{"key":"bool","type":"bool","value":true},)"
      R"({"key":"bytes","type":"bytes","value":"AQI="},{"key":"array","type":"array","value":)"
      R"([{"type":"int","value":"1"},{"type":"string","value":"two"}]},)"
      R"({"key":"list","type":"kvlist","value":[{"key":"inner","type":"bool","value":false}]},)"
      R"({"key":"int","type":"int","value":"2"}],"droppedAttributesCount":0,)"
      R"("events":[{"name":"exception","timeUnixNano":"7",)"
      R"("attributes":[{"key":"e","type":"int","value":"1"}],"droppedAttributesCount":0}],)"
      R"("droppedEventsCount":0,"links":[{"traceId":"00000000000000000000000000000005",)"
      R"("spanId":"0000000000000006","traceState":"","flags":0,"attributes":[],)"
      R"("droppedAttributesCount":0}],"droppedLinksCount":0,"scope":{"name":"lib","version":"1.2",)"
      R"("attributes":[{"key":"s","type":"empty","value":null}],"schemaUrl":""},)"
      R"("resource":{"attributes":[{"key":"service.name","type":"string","value":"cart"},)"
      R"({"key":"host","type":"string","value":"h1"}],"schemaUrl":""}}]})");
}

TEST_F(SpanDetailsTest, GivesSpansInTheOrderAskedFor) {
  const auto by_row = json("/api/w1/traces/1/spans?rows=1,0");
  EXPECT_EQ(by_row["spans"].items()[0]["row"].integer(), 1);
  EXPECT_EQ(by_row["spans"].items()[0]["parentSpanId"].text(), "");
  EXPECT_EQ(by_row["spans"].items()[0]["service"].text(), "unknown_service");
  const auto by_id = json("/api/w1/traces/1/spans?ids=C,000000000000000a");
  EXPECT_EQ(by_id["spans"].items()[0]["row"].integer(), 1);
  EXPECT_EQ(by_id["spans"].items()[1]["row"].integer(), 0);
}

TEST_F(SpanDetailsTest, GivesEverySpanThatHasAnId) {
  storage::BatchBuilder again;
  again.service("cart").span(1, 0xA, 0, "again", 30, 40);
  append(again);
  EXPECT_EQ(json("/api/w1/traces/1/spans?ids=a")["spans"].items().size(), 2U);
}

}  // namespace
}  // namespace waybill::api::own
