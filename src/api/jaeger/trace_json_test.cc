// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/trace_json.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "model/span.h"
#include "model/span_batch.h"
#include "model/value.h"
#include "storage/testing/batch_builder.h"
#include "wire/json/json_value.h"
#include "wire/json/json_writer.h"

namespace waybill::api::jaeger {
namespace {

using model::Value;

class TraceJsonTest : public testing::Test {
 protected:
  std::string print(Adjustment adjustment) {
    if (batch_ == nullptr) {
      batch_ = std::make_unique<model::SpanBatch>(builder_.take());
    }
    std::vector<const model::Span*> spans;
    for (const model::Span& span : batch_->spans()) {
      spans.push_back(&span);
    }
    std::string out;
    wire::JsonWriter json(out);
    write_trace(spans, adjustment, json);
    return out;
  }

  std::string first_warning(std::size_t row, Adjustment adjustment = Adjustment::Adjusted) {
    const auto trace = wire::JsonValue::parse(print(adjustment)).value();
    const wire::JsonValue& warnings = trace["spans"].items()[row]["warnings"];
    return warnings.is_null() ? "none" : std::string(*warnings.items()[0].text());
  }

  storage::BatchBuilder builder_;
  std::unique_ptr<model::SpanBatch> batch_;
};

TEST_F(TraceJsonTest, PrintsEveryField) {
  const std::vector<Value> list = {Value::of_int(1)};
  builder_.service("cart", {{"host", Value::of_string("h1")}}).scope("lib", "1.2");
  builder_.span(0x1f, 0xA, 0, "GET", 5'000'999, 8'000'000).kind(model::SpanKind::Client);
  builder_.error("boom").attribute("s", Value::of_string("<x>")).attribute("n", Value::of_int(7));
  builder_.attribute("big", Value::of_int(9'007'199'254'740'992));
  builder_.attribute("safe", Value::of_int(-9'007'199'254'740'991));
  builder_.attribute("d", Value::of_double(0.5)).attribute("b", Value::of_bool(false));
  builder_.attribute("raw", Value::of_bytes("\1\2")).attribute("l", Value::of_array(list));
  builder_.attribute("e", Value()).event(6'000'000, "exception", {{"k", Value::of_int(1)}});
  builder_.link(0x2f, 0xB).link(0, 0);
  builder_.link(0x3f, 0xC, {{"opentracing.ref_type", Value::of_string("child_of")}});
  builder_.last().trace_state = "v=1";
  EXPECT_EQ(
      print(Adjustment::Adjusted),
      R"({"traceID":"000000000000001f","spans":[{"traceID":"000000000000001f",)"
      R"("spanID":"000000000000000a","operationName":"GET","references":[)"
      R"({"refType":"FOLLOWS_FROM","traceID":"000000000000002f","spanID":"000000000000000b"},)"
      R"({"refType":"CHILD_OF","traceID":"000000000000003f","spanID":"000000000000000c"}],)"
      R"("startTime":5000,"duration":2999,"tags":[{"key":"b","type":"bool","value":false},)"
      R"({"key":"big","type":"int64","value":"9007199254740992"},)"
      R"({"key":"d","type":"float64","value":0.5},{"key":"e","type":"string","value":""},)"
      R"({"key":"error","type":"bool","value":true},{"key":"l","type":"string","value":"[1]"},)"
      R"({"key":"n","type":"int64","value":7},)"
      R"({"key":"otel.scope.name","type":"string","value":"lib"},)"
      R"({"key":"otel.scope.version","type":"string","value":"1.2"},)"
      R"({"key":"otel.status_code","type":"string","value":"ERROR"},)"
      R"({"key":"otel.status_description","type":"string","value":"boom"},)"
      R"({"key":"raw","type":"binary","value":"AQI="},)"
      R"({"key":"s","type":"string","value":"\u003cx\u003e"},)"
      R"({"key":"safe","type":"int64","value":-9007199254740991},)"
      R"({"key":"span.kind","type":"string","value":"client"},)"
      R"({"key":"w3c.tracestate","type":"string","value":"v=1"}],)"
      R"("logs":[{"timestamp":6000,"fields":[{"key":"event","type":"string","value":"exception"},)"
      R"({"key":"k","type":"int64","value":1}]}],"processID":"p1","warnings":null}],)"
      R"("processes":{"p1":{"serviceName":"cart","tags":[)"
      R"({"key":"host","type":"string","value":"h1"}]}},"warnings":null})");
}

TEST_F(TraceJsonTest, LeavesRawTracesAsTheyCame) {
  builder_.service("a").span(1, 2, 9, "x", 0, 1).attribute("z", Value::of_int(1));
  builder_.attribute("a", Value::of_int(2)).link(0, 0);
  const std::string raw = print(Adjustment::Raw);
  EXPECT_LT(raw.find(R"("key":"z")"), raw.find(R"("key":"a")"));
  EXPECT_NE(raw.find(R"("refType":"FOLLOWS_FROM","traceID":"0000000000000000")"),
            std::string::npos);
  EXPECT_NE(raw.find(R"("warnings":null}],"processes")"), std::string::npos);
}

TEST_F(TraceJsonTest, NamesMissingParents) {
  builder_.span(1, 2, 9, "x", 0, 1);
  EXPECT_EQ(first_warning(0), "the parent span 0000000000000009 was not received");
  EXPECT_NE(print(Adjustment::Adjusted).find(R"("spanID":"0000000000000009")"), std::string::npos);
}

TEST_F(TraceJsonTest, CutsCyclesSoThatEverySpanIsDrawn) {
  builder_.span(1, 2, 3, "x", 0, 9).span(1, 3, 2, "y", 1, 9);
  EXPECT_NE(first_warning(0).find("the cycle is cut here"), std::string::npos);
  EXPECT_EQ(first_warning(1), "none");
  EXPECT_NE(print(Adjustment::Adjusted).find(R"("operationName":"x","references":[],)"),
            std::string::npos);
}

TEST_F(TraceJsonTest, ShowsNegativeDurationsAsZero) {
  builder_.span(1, 2, 0, "x", 9000, 5000);
  for (const Adjustment adjustment : {Adjustment::Raw, Adjustment::Adjusted}) {
    EXPECT_NE(print(adjustment).find(R"("duration":0)"), std::string::npos);
    EXPECT_NE(first_warning(0, adjustment).find("ends before it starts"), std::string::npos);
  }
}

TEST_F(TraceJsonTest, TellsTheHalvesOfACallApart) {
  builder_.span(1, 5, 0, "call", 0, 90).kind(model::SpanKind::Client);
  builder_.span(1, 5, 0, "serve", 10, 80).kind(model::SpanKind::Server);
  builder_.span(1, 6, 5, "work", 20, 70);
  const auto trace = wire::JsonValue::parse(print(Adjustment::Adjusted)).value();
  const auto& spans = trace["spans"].items();
  const std::string server_id(*spans[1]["spanID"].text());
  EXPECT_EQ(spans[0]["spanID"].text(), "0000000000000005");
  EXPECT_NE(server_id, "0000000000000005");
  EXPECT_EQ(spans[1]["references"].items()[0]["spanID"].text(), "0000000000000005");
  EXPECT_EQ(spans[2]["references"].items()[0]["spanID"].text(), server_id);
}

TEST_F(TraceJsonTest, CountsEqualResourcesAsOneProcess) {
  builder_.service("a").span(1, 1, 0, "x", 0, 1).service("b").span(1, 2, 0, "y", 1, 2);
  builder_.service("a").span(1, 3, 0, "z", 2, 3);
  const auto trace = wire::JsonValue::parse(print(Adjustment::Adjusted)).value();
  EXPECT_EQ(trace["processes"].members().size(), 2U);
  EXPECT_EQ(trace["spans"].items()[2]["processID"].text(), "p1");
  EXPECT_EQ(trace["processes"]["p2"]["serviceName"].text(), "b");
}

TEST(PrintId, LeavesAnEmptyUpperHalfOut) {
  EXPECT_EQ(print_id({0, 1}), "0000000000000001");
  EXPECT_EQ(print_id({1, 0}), "00000000000000010000000000000000");
}

}  // namespace
}  // namespace waybill::api::jaeger
