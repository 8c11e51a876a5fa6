// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/block_entry.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "storage/testing/catalog_harness.h"

namespace waybill::storage {
namespace {

TEST(BlockFacts, RefuseNumbersThatContradictEachOther) {
  const auto is_good = [](auto change) {
    BlockFacts facts = block_summary(7, 100).facts;
    change(facts);
    return check_block_facts(facts).has_value();
  };
  EXPECT_TRUE(is_good([](BlockFacts&) {}));
  EXPECT_FALSE(is_good([](BlockFacts& facts) { facts.id = 0; }));
  EXPECT_FALSE(is_good([](BlockFacts& facts) { facts.span_count = 0; }));
  EXPECT_TRUE(is_good([](BlockFacts& facts) { facts.span_count = kBlockSpansMax; }));
  EXPECT_FALSE(is_good([](BlockFacts& facts) { facts.span_count = kBlockSpansMax + 1; }));
  EXPECT_FALSE(is_good([](BlockFacts& facts) { facts.trace_count = 0; }));
  EXPECT_TRUE(is_good([](BlockFacts& facts) { facts.trace_count = 100; }));
  EXPECT_FALSE(is_good([](BlockFacts& facts) { facts.trace_count = 101; }));
  EXPECT_TRUE(is_good([](BlockFacts& facts) { facts.error_count = 100; }));
  EXPECT_FALSE(is_good([](BlockFacts& facts) { facts.error_count = 101; }));
  EXPECT_FALSE(is_good([](BlockFacts& facts) { facts.max_received = facts.min_received - 1; }));
  EXPECT_FALSE(is_good([](BlockFacts& facts) { facts.min_trace_id = {~0ULL, ~0ULL}; }));
  // Times of spans are kept as they were sent.
  EXPECT_TRUE(is_good([](BlockFacts& facts) { facts.max_end = facts.min_start - 1; }));
}

std::vector<ServiceCount> numbered_services(std::size_t count) {
  std::vector<ServiceCount> services;
  for (std::size_t i = 0; i < count; ++i) {
    services.push_back({"service-" + std::to_string(i), 10 + i, 1});
  }
  return services;
}

TEST(BoundServices, KeepsAllUpToTheLimit) {
  const auto bounded = bound_services(numbered_services(kBlockServicesMax));
  EXPECT_EQ(bounded.size(), kBlockServicesMax);
  EXPECT_EQ(bounded.front().name, "service-0");
}

TEST(BoundServices, CountsTheSmallestTogetherBeyondTheLimit) {
  const auto bounded = bound_services(numbered_services(kBlockServicesMax + 1));
  ASSERT_EQ(bounded.size(), kBlockServicesMax);
  EXPECT_EQ(bounded.front(), (ServiceCount{std::string(kOverflowService), 10 + 11, 2}));
  EXPECT_EQ(bounded[1].name, "service-10");
}

TEST(BoundServices, CountsAnOverflowThatIsThereAlreadyAsOne) {
  auto services = numbered_services(kBlockServicesMax - 1);
  services.push_back({std::string(kOverflowService), 5, 0});
  EXPECT_EQ(bound_services(services).front().span_count, 5U);
  services.push_back({"one more", 3, 0});
  const auto bounded = bound_services(services);
  ASSERT_EQ(bounded.size(), kBlockServicesMax);
  EXPECT_EQ(bounded.front(), (ServiceCount{std::string(kOverflowService), 8, 0}));
}

TEST(BoundServices, CountsLongNamesAsOverflowAndAddsUpEqualNames) {
  const std::string longest(kServiceNameBytesMax, 'a');
  const auto bounded =
      bound_services({{longest, 1, 0}, {longest + "a", 2, 1}, {"b", 3, 0}, {"b", 4, 2}});
  const std::vector<ServiceCount> expected{
      {std::string(kOverflowService), 2, 1}, {longest, 1, 0}, {"b", 7, 2}};
  EXPECT_EQ(bounded, expected);
}

TEST(ServiceNumbers, CountsFurtherNamesAsOverflow) {
  ServiceNumbers numbers;
  for (std::size_t i = 1; i <= kServiceNamesMax; ++i) {
    ASSERT_EQ(numbers.number("service " + std::to_string(i)), i);
  }
  EXPECT_EQ(numbers.number("one more"), 0U);
  EXPECT_EQ(numbers.number("service 1"), 1U);
  EXPECT_EQ(numbers.names()->size(), kServiceNamesMax + 1);
}

TEST(BlockFileName, ReadsBackAndTakesNoOtherName) {
  for (const BlockId id : {BlockId{1}, BlockId{999'999'999'999}, BlockId{1'000'000'000'000}}) {
    EXPECT_EQ(parse_block_file_name(block_file_name(id), kBlockEnding), id);
    EXPECT_EQ(parse_block_file_name(unfinished_block_file_name(id), kUnfinishedBlockEnding), id);
  }
  for (const char* name :
       {"", ".wbk", "1.wbk", "000000000000.wbk", "0000000000001.wbk", "00000000000a.wbk",
        "000000000001.wbk.unknown", "000000000001.new", "99999999999999999999.wbk"}) {
    EXPECT_FALSE(parse_block_file_name(name, kBlockEnding).has_value()) << name;
  }
}

}  // namespace
}  // namespace waybill::storage
