// SPDX-License-Identifier: Apache-2.0
#include "api/parameters.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include "net/router.h"

namespace waybill::api {
namespace {

std::string fault_of(const std::string& query) {
  const auto parameters = parse_parameters(query);
  return parameters ? "" : parameters.error().message;
}

TEST(Parameters, RefusesWhatIsNoText) {
  EXPECT_EQ(fault_of("a=%zz"), "malformed percent escape in the query string");
  EXPECT_EQ(fault_of("a=%FF"), "parameter 'a' is not valid UTF-8");
  EXPECT_EQ(fault_of("%FF=1"), "the name of a parameter is not valid UTF-8");
  EXPECT_EQ(fault_of("a=%00"), "parameter 'a' has a NUL in it");
  EXPECT_EQ(fault_of("a=%C3%A4"), "");
}

TEST(Parameters, TakesTheLongestValueAndNotOneByteMore) {
  const std::string longest(kParameterBytesMax, 'x');
  EXPECT_EQ(fault_of("a=" + longest), "");
  EXPECT_EQ(fault_of("a=" + longest + "x"), "parameter 'a' is longer than 65536 bytes");
}

TEST(CountParameter, TakesItsLimitsAndNothingBeyond) {
  const CountRule rule{1, 1000, 20};
  const auto count = [&](const std::string& text) {
    return count_parameter(net::QueryParams("n=" + text), "n", rule);
  };
  EXPECT_EQ(count("").value(), 20U);
  EXPECT_EQ(count("1").value(), 1U);
  EXPECT_EQ(count("1000").value(), 1000U);
  for (const char* bad :
       {"0", "1001", "-1", "1000000000", "1.5", "x", "99999999999999999999", "1x"}) {
    ASSERT_FALSE(count(bad).has_value()) << bad;
    EXPECT_EQ(
        count(bad).error().message,
        "parameter 'n' must be a whole number from 1 to 1000, not '" + std::string(bad) + "'");
  }
}

TEST(TimeParameter, ReadsNanosecondsAndRfc3339) {
  const auto time = [](const std::string& text) {
    return time_parameter(net::QueryParams("t=" + text), "t", 7);
  };
  EXPECT_EQ(time("").value(), 7U);
  EXPECT_EQ(time("0").value(), 0U);
  EXPECT_EQ(time("18446744073709551615").value(), UINT64_MAX);
  EXPECT_EQ(time("1970-01-01T00:00:01Z").value(), 1'000'000'000U);
  EXPECT_FALSE(time("-1").has_value());
  EXPECT_FALSE(time("18446744073709551616").has_value());
  EXPECT_FALSE(time("yesterday").has_value());
}

TEST(Quote, CutsLongValuesAtACharacter) {
  EXPECT_EQ(quote("ab"), "'ab'");
  EXPECT_EQ(quote(std::string(41, 'x')), "'" + std::string(40, 'x') + "...'");
}

}  // namespace
}  // namespace waybill::api
