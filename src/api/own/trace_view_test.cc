// SPDX-License-Identifier: Apache-2.0
#include "api/own/trace_view.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/ids.h"
#include "model/span.h"
#include "model/span_batch.h"
#include "query/trace_tree.h"
#include "storage/assemble.h"
#include "storage/filter.h"
#include "storage/scan.h"
#include "storage/testing/batch_builder.h"
#include "wire/json/json_value.h"

namespace waybill::api::own {
namespace {

// Makes a view and reads it back the way a browser does.
class TraceViewTest : public testing::Test {
 protected:
  void make() {
    batch_ = std::make_unique<model::SpanBatch>(builder_.take());
    std::vector<const model::Span*> spans;
    for (const model::Span& span : batch_->spans()) {
      spans.push_back(&span);
    }
    const model::TraceId id = spans.front()->trace_id;
    const storage::Trace trace = storage::assemble_trace(
        id, storage::in_order_once(std::move(spans)), storage::SpanMatcher::make({}).value());
    bytes_ = make_trace_view(trace, query::make_trace_tree(trace.spans));
    std::uint32_t header_bytes = 0;
    std::memcpy(&header_bytes, bytes_.data() + 4, 4);
    EXPECT_EQ(bytes_.substr(0, 4), "WBT1");
    EXPECT_EQ((8 + header_bytes) % 8, 0U);
    header_ = wire::JsonValue::parse(bytes_.substr(8, header_bytes)).value();
    base_ = 8 + header_bytes;
  }

  template <typename T>
  std::vector<T> section(std::string_view name) {
    for (const wire::JsonValue& entry : header_["sections"].items()) {
      if (entry["name"].text() == name) {
        const auto offset = static_cast<std::size_t>(entry["offset"].integer().value());
        EXPECT_EQ(offset % 8, 0U) << name;
        std::vector<T> values(static_cast<std::size_t>(entry["count"].integer().value()));
        EXPECT_LE(base_ + offset + values.size() * sizeof(T), bytes_.size());
        if (!values.empty()) {
          std::memcpy(values.data(), bytes_.data() + base_ + offset, values.size() * sizeof(T));
        }
        return values;
      }
    }
    ADD_FAILURE() << "no section " << name;
    return {};
  }

  storage::BatchBuilder builder_;
  std::unique_ptr<model::SpanBatch> batch_;
  std::string bytes_;
  wire::JsonValue header_;
  std::size_t base_ = 0;
};

TEST_F(TraceViewTest, LaysOutEveryColumn) {
  builder_.service("web").span(1, 0x0102, 0, "GET", 1'000'000, 3'000'001);
  builder_.kind(model::SpanKind::Server).event(999'000, "early").event(1'002'500, "e");
  builder_.service("cart").span(1, 3, 0x0102, "get", 1'000'500, 1'000'400).error().link(5, 6);
  builder_.span(1, 4, 0x0A0B, "get", 2'000'000, 2'000'001).event(2'000'000, "x");
  builder_.last().kind = static_cast<model::SpanKind>(77);
  make();
  EXPECT_EQ(header_["version"].integer(), 1);
  EXPECT_EQ(header_["traceId"].text(), "00000000000000000000000000000001");
  EXPECT_EQ(header_["spanCount"].integer(), 3);
  EXPECT_EQ(header_["epochUnixNano"].text(), "1000000");
  EXPECT_EQ(header_["durationNano"].text(), "2000001");
  ASSERT_EQ(header_["strings"].items().size(), 4U);
  EXPECT_EQ(header_["strings"].items()[3].text(), "cart");
  EXPECT_EQ(header_["services"].items()[1].integer(), 3);
  EXPECT_EQ(section<double>("start"), (std::vector<double>{0, 0.5, 1000}));
  EXPECT_EQ(section<double>("duration"), (std::vector<double>{2000.001, -0.1, 0.001}));
  EXPECT_EQ(section<std::int32_t>("parent"), (std::vector<std::int32_t>{-1, 0, -2}));
  EXPECT_EQ(section<std::uint32_t>("name"), (std::vector<std::uint32_t>{0, 2, 2}));
  EXPECT_EQ(section<std::uint32_t>("service"), (std::vector<std::uint32_t>{0, 1, 1}));
  EXPECT_EQ(section<std::uint8_t>("kind"), (std::vector<std::uint8_t>{2, 0, 255}));
  EXPECT_EQ(section<std::uint8_t>("status"), (std::vector<std::uint8_t>{0, 2, 0}));
  EXPECT_EQ(section<std::uint8_t>("marks"), (std::vector<std::uint8_t>{0, 0, 0}));
  EXPECT_EQ(section<std::uint16_t>("events"), (std::vector<std::uint16_t>{2, 0, 1}));
  EXPECT_EQ(section<std::uint16_t>("links"), (std::vector<std::uint16_t>{0, 1, 0}));
  EXPECT_EQ(section<std::uint32_t>("event_row"), (std::vector<std::uint32_t>{0, 0, 2}));
  EXPECT_EQ(section<double>("event_time"), (std::vector<double>{-1, 2.5, 1000}));
  const auto ids = section<std::uint8_t>("span_id");
  ASSERT_EQ(ids.size(), 24U);
  EXPECT_EQ(ids[6], 1);
  EXPECT_EQ(ids[7], 2);
  const auto missing = section<std::uint8_t>("missing_parent");
  EXPECT_EQ(missing[7], 0);
  EXPECT_EQ(missing[22], 0x0A);
  EXPECT_EQ(missing[23], 0x0B);
}

TEST_F(TraceViewTest, MarksSharedIdsAndCutCycles) {
  builder_.span(1, 1, 2, "a", 0, 9).span(1, 2, 1, "b", 1, 9).span(1, 2, 1, "b2", 2, 9);
  make();
  EXPECT_EQ(section<std::uint8_t>("marks"), (std::vector<std::uint8_t>{2, 1, 1}));
  EXPECT_EQ(section<std::int32_t>("parent"), (std::vector<std::int32_t>{-1, 0, 0}));
}

TEST_F(TraceViewTest, KeepsNanosecondsOverMonths) {
  constexpr UnixNanos kDay = 86'400'000'000'000;
  builder_.span(1, 1, 0, "a", 1'700'000'000'000'000'000, 1'700'000'000'000'000'000);
  builder_.span(1, 2, 0, "b", 1'700'000'000'000'000'000 + 100 * kDay + 1, 0);
  make();
  EXPECT_EQ(section<double>("start")[1] * 1000, static_cast<double>(100 * kDay + 1));
}

TEST_F(TraceViewTest, GivesAHundredThousandEventsAndNotOneMore) {
  std::vector<model::Event> events(kViewEventCountMax + 1);
  builder_.span(1, 1, 0, "a", 0, 1);
  builder_.last().events = events;
  make();
  EXPECT_EQ(section<std::uint32_t>("event_row").size(), 100'000U);
  EXPECT_EQ(section<std::uint16_t>("events")[0], UINT16_MAX);
}

}  // namespace
}  // namespace waybill::api::own
