// SPDX-License-Identifier: Apache-2.0
#include "storage/filter.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/span.h"
#include "model/value.h"
#include "storage/testing/batch_builder.h"

namespace waybill::storage {
namespace {

using model::Value;

class FilterTest : public testing::Test {
 protected:
  FilterTest() {
    BatchBuilder builder;
    const std::vector<Value> tags = {Value::of_string("red"), Value::of_string("blue")};
    builder.service("cart", {{"host", Value::of_string("h1")}, {"both", Value::of_int(1)}});
    builder.scope("lib", "2.0", {{"s", Value::of_bool(true)}});
    builder.span(1, 0xAB, 0, "GET /", 100, 350)
        .kind(model::SpanKind::Server)
        .error("boom")
        .attribute("code", Value::of_int(500))
        .attribute("ratio", Value::of_double(0.5))
        .attribute("flag", Value::of_bool(true))
        .attribute("both", Value::of_int(2))
        .attribute("tags", Value::of_array(tags))
        .attribute("nothing", Value())
        .event(120, "exception", {{"e", Value::of_string("one")}})
        .event(130, "retry", {{"e", Value::of_string("two")}})
        .link(5, 6, {{"l", Value::of_int(7)}});
    batch_.emplace(builder.take());
  }

  bool holds(Column column, std::string key, Compare compare, Operand operand = {}) {
    Predicate predicate;
    predicate.column = column;
    predicate.key = std::move(key);
    predicate.compare = compare;
    predicate.operand = std::move(operand);
    const auto matcher = SpanMatcher::make(Filter::test(std::move(predicate)));
    EXPECT_TRUE(matcher);
    return matcher && matcher->matches(batch_->spans()[0]);
  }
  bool attribute(std::string key, Compare compare, Operand operand = {}) {
    return holds(Column::Attribute, std::move(key), compare, std::move(operand));
  }

  std::optional<model::SpanBatch> batch_;
};

TEST_F(FilterTest, ComparesNumbersOfBothKinds) {
  EXPECT_TRUE(attribute("code", Compare::Equal, std::int64_t{500}));
  EXPECT_TRUE(attribute("code", Compare::Greater, 499.5));
  EXPECT_TRUE(attribute("ratio", Compare::Less, std::int64_t{1}));
  EXPECT_FALSE(attribute("code", Compare::Equal, std::string("500")));
}

TEST_F(FilterTest, AMissingValueSatisfiesOnlyAbsence) {
  EXPECT_FALSE(attribute("absent", Compare::NotEqual, std::int64_t{1}));
  EXPECT_FALSE(attribute("absent", Compare::NotMatches, std::string("x")));
  EXPECT_TRUE(attribute("absent", Compare::NotExists));
  EXPECT_FALSE(attribute("code", Compare::NotExists));
  EXPECT_TRUE(attribute("nothing", Compare::Exists));
}

TEST_F(FilterTest, ADifferentTypeSatisfiesNothing) {
  EXPECT_FALSE(attribute("code", Compare::NotEqual, std::string("x")));
  EXPECT_FALSE(attribute("flag", Compare::Less, true));
  EXPECT_TRUE(attribute("flag", Compare::NotEqual, false));
}

TEST_F(FilterTest, LooksAtTheSpanBeforeItsResource) {
  EXPECT_TRUE(attribute("both", Compare::Equal, std::int64_t{2}));
  EXPECT_TRUE(holds(Column::ResourceAttribute, "both", Compare::Equal, std::int64_t{1}));
  EXPECT_TRUE(attribute("host", Compare::Equal, std::string("h1")));
  EXPECT_FALSE(holds(Column::SpanAttribute, "host", Compare::Exists));
  EXPECT_TRUE(attribute("s", Compare::Equal, true));
  EXPECT_TRUE(attribute("l", Compare::Equal, std::int64_t{7}));
}

TEST_F(FilterTest, HoldsForAnyEventOrLink) {
  EXPECT_TRUE(holds(Column::EventAttribute, "e", Compare::Equal, std::string("two")));
  EXPECT_TRUE(attribute("e", Compare::Equal, std::string("two")));
  EXPECT_TRUE(holds(Column::EventName, "", Compare::Equal, std::string("retry")));
  EXPECT_FALSE(holds(Column::EventAttribute, "e", Compare::NotExists));
  EXPECT_TRUE(holds(Column::LinkAttribute, "x", Compare::NotExists));
}

TEST_F(FilterTest, OfAnArrayAnyElementMayBeEqualAndAllMustDiffer) {
  EXPECT_TRUE(attribute("tags", Compare::Equal, std::string("blue")));
  EXPECT_FALSE(attribute("tags", Compare::NotEqual, std::string("blue")));
  EXPECT_TRUE(attribute("tags", Compare::NotEqual, std::string("green")));
  EXPECT_FALSE(attribute("tags", Compare::NotMatches, std::string("b.*")));
}

TEST_F(FilterTest, RegularExpressionsMatchTheWholeText) {
  EXPECT_TRUE(holds(Column::Name, "", Compare::Matches, std::string("GET.*")));
  EXPECT_FALSE(holds(Column::Name, "", Compare::Matches, std::string("GET")));
  EXPECT_TRUE(holds(Column::Name, "", Compare::NotMatches, std::string("GET")));
}

TEST_F(FilterTest, RefusesRegularExpressionsThatCannotBeCompiledOrExplode) {
  for (const char* bad : {"(", "a{1000}{1000}", "\\1"}) {
    Predicate predicate;
    predicate.column = Column::Name;
    predicate.compare = Compare::Matches;
    predicate.operand = std::string(bad);
    const auto matcher = SpanMatcher::make(Filter::test(std::move(predicate)));
    ASSERT_FALSE(matcher) << bad;
    EXPECT_EQ(matcher.error().code, ErrorCode::InvalidArgument);
  }
}

TEST_F(FilterTest, ComparesEveryIntrinsicColumn) {
  EXPECT_TRUE(holds(Column::Service, "", Compare::Equal, std::string("cart")));
  EXPECT_TRUE(holds(Column::Kind, "", Compare::Equal, model::SpanKind::Server));
  EXPECT_TRUE(holds(Column::Status, "", Compare::Equal, model::StatusCode::Error));
  EXPECT_TRUE(holds(Column::StatusMessage, "", Compare::Equal, std::string("boom")));
  EXPECT_TRUE(holds(Column::Duration, "", Compare::Equal, std::int64_t{250}));
  EXPECT_TRUE(holds(Column::SpanId, "", Compare::Equal, std::string("00000000000000ab")));
  EXPECT_TRUE(holds(Column::ParentId, "", Compare::Equal, std::string()));
  EXPECT_TRUE(holds(Column::ScopeName, "", Compare::Equal, std::string("lib")));
  EXPECT_TRUE(holds(Column::ScopeVersion, "", Compare::Equal, std::string("2.0")));
}

TEST_F(FilterTest, TagsAreComparedAsTextEverywhere) {
  const auto tag = [&](std::string key, std::string text) {
    return holds(Column::AnyAttribute, std::move(key), Compare::Equal, TextForm{std::move(text)});
  };
  EXPECT_TRUE(tag("code", "500"));
  EXPECT_TRUE(tag("ratio", "0.5"));
  EXPECT_TRUE(tag("host", "h1"));
  EXPECT_TRUE(tag("e", "two"));
  EXPECT_TRUE(tag("l", "7"));
  EXPECT_TRUE(tag("tags", "[\"red\",\"blue\"]"));
  EXPECT_TRUE(tag("error", "true"));
  EXPECT_TRUE(tag("span.kind", "server"));
  EXPECT_TRUE(tag("otel.scope.name", "lib"));
  EXPECT_FALSE(tag("code", "501"));
}

TEST_F(FilterTest, FindsTextIgnoringCase) {
  const auto text = [&](std::string needle) {
    return holds(Column::AnyText, "", Compare::Equal, std::move(needle));
  };
  EXPECT_TRUE(text("get /"));
  EXPECT_TRUE(text("BOOM"));
  EXPECT_TRUE(text("RETRY"));
  EXPECT_TRUE(text("500"));
  EXPECT_FALSE(text("elsewhere"));
}

TEST_F(FilterTest, CombinesConditions) {
  const auto name = [](std::string text) {
    Predicate predicate;
    predicate.column = Column::Name;
    predicate.operand = std::move(text);
    return Filter::test(std::move(predicate));
  };
  const model::Span& span = batch_->spans()[0];
  EXPECT_TRUE(SpanMatcher::make(Filter::any_of({name("x"), name("GET /")}))->matches(span));
  EXPECT_FALSE(SpanMatcher::make(Filter::all_of({name("x"), name("GET /")}))->matches(span));
  EXPECT_FALSE(SpanMatcher::make(Filter::any_of({}))->matches(span));
  Filter deep = name("GET /");
  for (int i = 0; i < 300; ++i) {
    deep = Filter::all_of({deep});
  }
  EXPECT_FALSE(SpanMatcher::make(deep));
}

}  // namespace
}  // namespace waybill::storage
