// SPDX-License-Identifier: Apache-2.0
#include "cmd/waterfall.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>
#include "base/time.h"
#include "model/span.h"

namespace waybill::cmd {
namespace {

constexpr UnixNanos kStart = 1'700'000'000'000'000'000;
constexpr UnixNanos kMilli = 1'000'000;

class WaterfallTest : public testing::Test {
 protected:
  model::Span& add(std::uint64_t id, std::uint64_t parent, std::string_view service,
                   std::string_view name, UnixNanos start_ms, UnixNanos end_ms) {
    model::Resource& resource = resources_.emplace_back();
    resource.service = service;
    model::Scope& scope = scopes_.emplace_back();
    scope.resource = &resource;
    model::Span& span = spans_.emplace_back();
    span.trace_id = {1, 2};
    span.span_id = {id};
    span.parent_span_id = {parent};
    span.name = name;
    span.start = kStart + start_ms * kMilli;
    span.end = kStart + end_ms * kMilli;
    span.scope = &scope;
    return span;
  }

  std::string draw() {
    std::vector<const model::Span*> pointers;
    pointers.reserve(spans_.size());
    for (const model::Span& span : spans_) {
      pointers.push_back(&span);
    }
    WaterfallOptions options;
    options.width = 80;
    options.ascii = true;
    return draw_waterfall(pointers, options);
  }

  std::deque<model::Resource> resources_;
  std::deque<model::Scope> scopes_;
  std::deque<model::Span> spans_;
};

TEST_F(WaterfallTest, DrawsChildrenBelowTheirParents) {
  add(1, 0, "gateway", "GET /", 0, 100);
  add(2, 1, "cart", "list", 10, 40);
  model::Span& failed = add(3, 1, "bank", "pay", 50, 100);
  failed.status = model::StatusCode::Error;
  failed.status_message = "no funds";
  add(4, 2, "cart", "SELECT", 20, 30);
  EXPECT_EQ(draw(),
            "trace 00000000000000010000000000000002\n"
            "2023-11-14T22:13:20Z  100 ms  4 spans  3 services  1 error\n"
            "\n"
            "gateway GET /                      100 ms   ===================================\n"
            "cart      list                      30 ms      ============\n"
            "cart        SELECT                  10 ms          ====\n"
            "bank      pay                       50 ms !                  ==================\n"
            "            error: no funds\n");
}

TEST_F(WaterfallTest, MarksWhatIsMissingAndCannotBeSteeredByNames) {
  add(1, 9, "a", "\x1b[31mred\n", 0, 10);
  add(2, 0, "a", "", 10, 5);
  const std::string text = draw();
  EXPECT_NE(text.find("1 span without their parent (not received)"), std::string::npos) << text;
  EXPECT_NE(text.find("? ?[31mred?"), std::string::npos) << text;
  EXPECT_NE(text.find("(no name)"), std::string::npos) << text;
  EXPECT_NE(text.find("-5 ms"), std::string::npos) << text;
}

TEST_F(WaterfallTest, KeepsNamesReadableInDeepTraces) {
  for (std::uint64_t i = 1; i <= 5'000; ++i) {
    add(i, i - 1, "deep", "step", 0, 1);
  }
  EXPECT_NE(draw().find("[4999] step"), std::string::npos);
}

}  // namespace
}  // namespace waybill::cmd
