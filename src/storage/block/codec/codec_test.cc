// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/random.h"
#include "model/testing/random_batch.h"
#include "model/value.h"
#include "storage/block/codec/block_bytes.h"
#include "storage/block/codec/bloom_filter.h"
#include "storage/block/codec/int_run.h"
#include "storage/block/codec/string_table.h"
#include "storage/block/codec/text_pattern.h"
#include "storage/block/codec/value_bytes.h"

namespace waybill::storage {
namespace {

using Numbers = std::vector<std::uint64_t>;

// Writes, reads back in both ways, and gives the kind.
RunKind expect_run(const Numbers& numbers) {
  ByteWriter head;
  std::string body;
  write_int_run(numbers, head, body);
  const auto kind = static_cast<RunKind>(head.bytes().at(0));
  ByteCursor head_cursor(head.bytes());
  ByteCursor body_cursor(body);
  const IntRun run = IntRun::read(numbers.size(), head_cursor, body_cursor);
  EXPECT_TRUE(head_cursor.ok() && head_cursor.at_end());
  EXPECT_TRUE(body_cursor.ok() && body_cursor.at_end());
  EXPECT_TRUE(run.is_valid());
  Numbers copied(numbers.size());
  run.copy_to(copied);
  EXPECT_EQ(copied, numbers);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    EXPECT_EQ(run.at(i), numbers[i]);
    EXPECT_LE(run.least(), static_cast<std::int64_t>(numbers[i]));
    EXPECT_GE(run.greatest(), static_cast<std::int64_t>(numbers[i]));
  }
  return kind;
}

TEST(IntRun, ChoosesTheSmallestForm) {
  EXPECT_EQ(expect_run({5, 5, 5}), RunKind::Constant);
  EXPECT_EQ(expect_run({UINT64_MAX}), RunKind::Constant);
  EXPECT_EQ(expect_run({1, 2, 3, 4, 5, 6, 7, 8}), RunKind::Packed);
  Numbers few;
  Numbers outlier;
  for (std::uint64_t i = 0; i < 400; ++i) {
    few.push_back(i % 2 == 0 ? 7 : 1'000'000);
    outlier.push_back(i == 77 ? 1ULL << 40 : i % 128);
  }
  EXPECT_EQ(expect_run(few), RunKind::Listed);
  EXPECT_EQ(expect_run(outlier), RunKind::Patched);
  Random random(1);
  Numbers any;
  for (int i = 0; i < 100; ++i) {
    any.push_back(random.next());
  }
  EXPECT_EQ(expect_run(any), RunKind::Raw);
}

TEST(IntRun, KeepsAnyNumbers) {
  Random random(2);
  for (int round = 0; round < 2000; ++round) {
    const auto width = static_cast<unsigned>(random.below(65));
    const std::uint64_t base = random.below(2) == 0 ? random.next() : random.below(100);
    Numbers numbers;
    for (std::uint64_t left = 1 + random.below(70); left > 0; --left) {
      const bool is_far = random.below(20) == 0;
      numbers.push_back(is_far ? random.next()
                               : base + (width == 0 ? 0 : random.next() >> (64 - width)));
    }
    expect_run(numbers);
    ASSERT_FALSE(testing::Test::HasFailure()) << "round " << round;
  }
}

TEST(IntRun, RefusesWhatIsCutOff) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    Numbers numbers;
    for (std::uint64_t left = 2 + random.below(40); left > 0; --left) {
      numbers.push_back(random.below(1 + random.below(1'000'000)));
    }
    ByteWriter bytes;
    std::string body;
    write_int_run(numbers, bytes, body);
    bytes.raw(body);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      ByteCursor in(std::string_view(bytes.bytes()).substr(0, size));
      IntRun::read(numbers.size(), in, in);
      ASSERT_FALSE(in.ok()) << size << " of " << bytes.size();
    }
  }
}

std::string pattern_of(std::string_view text) {
  std::string pattern;
  Numbers numbers;
  if (!split_pattern(text, pattern, numbers)) {
    return "none";
  }
  EXPECT_EQ(pattern_number_count(pattern), numbers.size());
  std::string joined;
  append_pattern(pattern, numbers, joined);
  EXPECT_EQ(joined, text);
  std::string printed;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\0') {
      printed += pattern[i];
      continue;
    }
    printed += std::string("%") + pattern[i + 1];
    printed += pattern[i + 2] == 0 ? "" : std::to_string(pattern[i + 2]);
    i += 2;
  }
  return printed;
}

TEST(TextPattern, TakesNumbersOut) {
  EXPECT_EQ(pattern_of("/users/4711/orders"), "/users/%d/orders");
  EXPECT_EQ(pattern_of("u-0042"), "u-%z4");
  EXPECT_EQ(pattern_of("0"), "%d");
  EXPECT_EQ(pattern_of("10.42.0.7"), "%d.%d.%d.%d");
  EXPECT_EQ(pattern_of("x=9f86d081-884c-4d65-9a2f-eaa0c55ad015&y"), "x=%u&y");
  EXPECT_EQ(pattern_of("9f86d081884c4d65"), "%h16");
  EXPECT_EQ(pattern_of("deadbeef"), "none");
  EXPECT_EQ(pattern_of("deadbee1"), "%h8");
  EXPECT_EQ(pattern_of("plain"), "none");
  EXPECT_EQ(pattern_of(""), "none");
}

TEST(TextPattern, KeepsToItsLimits) {
  EXPECT_EQ(pattern_of("999999999999999999"), "%d");
  EXPECT_EQ(pattern_of("z9999999999999999999"), "none");
  EXPECT_EQ(pattern_of("a9999999999999999999"), "%h16%h4");
  EXPECT_EQ(pattern_of(std::string(kPatternTextBytesMax - 1, 'x') + "7").substr(0, 2), "xx");
  EXPECT_EQ(pattern_of(std::string(kPatternTextBytesMax, 'x') + "7"), "none");
  EXPECT_EQ(pattern_of(std::string("a\0 7", 4)), "none");
  std::string many;
  for (std::size_t i = 0; i < kPatternNumbersMax; ++i) {
    many += "7.";
  }
  EXPECT_NE(pattern_of(many), "none");
  EXPECT_EQ(pattern_of(many + "7"), "none");
}

TEST(TextPattern, KeepsAnyText) {
  Random random(4);
  constexpr std::string_view kLetters = "0123456789abcdef-/zX.";
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (std::uint64_t left = random.below(60); left > 0; --left) {
      text += kLetters[random.below(kLetters.size())];
    }
    pattern_of(text);
    ASSERT_FALSE(testing::Test::HasFailure()) << text;
  }
}

TEST(TextPattern, CountsNoNumbersOfMalformedPatterns) {
  using namespace std::string_view_literals;
  for (const std::string_view pattern :
       {"a\0"sv, "a\0d"sv, "a\0d\1"sv, "a\0z\0"sv, "a\0z\x13"sv, "a\0h\x11"sv, "a\0q\0"sv}) {
    EXPECT_GT(pattern_number_count(pattern), kPatternNumbersMax);
  }
  EXPECT_EQ(pattern_number_count("a\0u\0b"sv), 2u);
}

TEST(StringTable, NumbersTextsInTheOrderOfTheirComing) {
  StringTable table;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(table.add("text " + std::to_string(i)), i);
  }
  for (std::uint32_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(table.add("text " + std::to_string(i)), i);
    EXPECT_EQ(table.at(i), "text " + std::to_string(i));
  }
  EXPECT_EQ(table.size(), 1000u);
  EXPECT_EQ(table.find("text 7"), 7u);
  EXPECT_EQ(table.find("text"), std::nullopt);
}

TEST(BloomFilter, KnowsItsMembersAndFewOthers) {
  Random random(5);
  Numbers members;
  for (int i = 0; i < 5000; ++i) {
    members.push_back(random.next());
  }
  const std::string filter = make_bloom_filter(members);
  EXPECT_LE(filter.size(), members.size() * 10 / 8 + 64);
  for (const std::uint64_t member : members) {
    ASSERT_TRUE(may_contain(filter, member));
  }
  int wrong = 0;
  for (int i = 0; i < 10000; ++i) {
    wrong += may_contain(filter, random.next()) ? 1 : 0;
  }
  EXPECT_LT(wrong, 250);
  EXPECT_TRUE(may_contain("", 1));
  EXPECT_TRUE(may_contain(std::string(63, '\0'), 1));
}

TEST(ValueBytes, KeepAnyValueUpToTheLimitOfDepth) {
  Random random(6);
  for (int round = 0; round < 500; ++round) {
    Arena arena;
    const model::Value value = model::testing::make_random_value(random, arena);
    ByteWriter out;
    ASSERT_TRUE(write_value(value, out));
    ByteCursor in(out.bytes());
    EXPECT_TRUE(model::equal(read_value(in, arena), value));
    EXPECT_TRUE(in.ok() && in.at_end());
  }
  std::vector<model::Value> nested(kValueDepthMax + 2);
  for (std::size_t i = 1; i < nested.size(); ++i) {
    nested[i] = model::Value::of_array({&nested[i - 1], 1});
  }
  ByteWriter deepest;
  ByteWriter deeper;
  EXPECT_TRUE(write_value(nested[kValueDepthMax], deepest));
  EXPECT_FALSE(write_value(nested[kValueDepthMax + 1], deeper));
  Arena arena;
  ByteCursor in(deepest.bytes());
  read_value(in, arena);
  EXPECT_TRUE(in.ok());
  std::string one_more = "\x06\x01" + deepest.bytes();
  ByteCursor too_deep(one_more);
  read_value(too_deep, arena);
  EXPECT_FALSE(too_deep.ok());
}

}  // namespace
}  // namespace waybill::storage
