// SPDX-License-Identifier: Apache-2.0
#include "wire/json/json_value.h"

#include <gtest/gtest.h>
#include <cstddef>
#include <cstdint>

namespace waybill::wire {
namespace {

TEST(JsonValue, ReadsADocument) {
  const auto value = JsonValue::parse(
      R"({"a": [1, -2, 2.5, "x", true, null], "big": 18446744073709551615, "s": "42"})");
  ASSERT_TRUE(value) << value.error().message;
  const JsonValue& list = (*value)["a"];
  ASSERT_EQ(list.items().size(), 6U);
  EXPECT_EQ(list.items()[0].integer(), 1);
  EXPECT_EQ(list.items()[1].integer(), -2);
  EXPECT_EQ(list.items()[2].number(), 2.5);
  EXPECT_EQ(list.items()[3].text(), "x");
  EXPECT_EQ(list.items()[4].boolean(), true);
  EXPECT_TRUE(list.items()[5].is_null());
  EXPECT_EQ((*value)["big"].unsigned_integer(), UINT64_MAX);
  EXPECT_EQ((*value)["s"].integer(), 42);
  EXPECT_TRUE((*value)["missing"]["deeper"].is_null());
}

TEST(JsonValue, RefusesWhatIsNoDocument) {
  for (const char* bad : {"", "{", "[1,]", "{} {}", "nul", "\"\\ud800\"", "{\"a\" 1}"}) {
    EXPECT_FALSE(JsonValue::parse(bad)) << bad;
  }
}

TEST(JsonValue, RefusesDepthPastItsLimit) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(JsonValue::parse(nested(JsonValue::kDepthMax - 1)));
  EXPECT_FALSE(JsonValue::parse(nested(JsonValue::kDepthMax + 1)));
  EXPECT_FALSE(JsonValue::parse(std::string(1'000'000, '[')));
}

}  // namespace
}  // namespace waybill::wire
