// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"

namespace waybill {
namespace {

Result<int> halve(int number) {
  if (number % 2 != 0) {
    return invalid_argument("odd");
  }
  return number / 2;
}

Result<int> quarter(int number) {
  const int half = TRY(halve(number));
  return halve(half);
}

TEST(Result, CarriesTheValueOrTheFirstError) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_EQ(quarter(3).error().code, ErrorCode::InvalidArgument);
}

TEST(Error, NamesTheFloorsItPassed) {
  EXPECT_EQ(data_loss("checksum").within("column x").within("block 1").message,
            "block 1: column x: checksum");
}

TEST(Arena, KeepsPiecesInPlaceWhenItIsMoved) {
  Arena arena(16);
  const std::string_view first = arena.copy(std::string_view("first"));
  const std::string_view long_text =
      arena.copy(std::string_view("a text that needs a chunk of its own"));
  const Arena moved = std::move(arena);
  EXPECT_EQ(first, "first");
  EXPECT_EQ(long_text, "a text that needs a chunk of its own");
  EXPECT_GE(moved.size_bytes(), 36U);
}

TEST(Text, TellsValidUtf8) {
  EXPECT_TRUE(is_valid_utf8("plain ascii, longer than eight"));
  EXPECT_TRUE(is_valid_utf8("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80"));
  EXPECT_FALSE(is_valid_utf8("\xC0\xAF"));          // overlong
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(is_valid_utf8("\xF4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(is_valid_utf8("cut \xE2\x82"));
}

TEST(Text, ReplacesEachInvalidByte) {
  std::string out;
  append_valid_utf8(out, "a\xFF\xFE\xC3\xA4");
  EXPECT_EQ(out, "a\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA4");
}

TEST(Text, CutsAtACharacter) {
  EXPECT_EQ(utf8_prefix("ab\xE2\x82\xAC", 4), "ab");
  EXPECT_EQ(utf8_prefix("ab\xE2\x82\xAC", 5), "ab\xE2\x82\xAC");
  EXPECT_EQ(utf8_prefix("\x80\x80\x80\x80\x80\x80", 5).size(), 2U);
}

TEST(Text, ReadsHexOfAnyCase) {
  EXPECT_EQ(parse_hex("fF"), 255U);
  EXPECT_EQ(parse_hex(""), std::nullopt);
  EXPECT_EQ(parse_hex("0g"), std::nullopt);
  EXPECT_EQ(parse_hex("00000000000000000"), std::nullopt);
}

TEST(Text, Base64ReadsBackWhatItWrote) {
  Random random(1);
  for (std::size_t size = 0; size < 50; ++size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) {
      bytes += static_cast<char>(random.below(256));
    }
    std::string text;
    append_base64(text, as_bytes(bytes));
    EXPECT_EQ(parse_base64(text), bytes);
  }
  EXPECT_EQ(parse_base64("a"), std::nullopt);
  EXPECT_EQ(parse_base64("a*=="), std::nullopt);
}

TEST(Text, WritesTheShortestDouble) {
  std::string out;
  append_double(out, 72.5);
  out += ' ';
  append_double(out, 0.1);
  out += ' ';
  append_double(out, 1.0 / 0.0);
  EXPECT_EQ(out, "72.5 0.1 Infinity");
}

TEST(Time, PrintsAndReadsRfc3339) {
  EXPECT_EQ(print_rfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(print_rfc3339(1'485'467'191'639'875'000), "2017-01-26T21:46:31.639875Z");
  EXPECT_EQ(parse_rfc3339("2017-01-26T16:46:31.639875-05:00"), 1'485'467'191'639'875'000U);
  for (const std::uint64_t time :
       {UINT64_MAX, std::uint64_t{1}, std::uint64_t{1'700'000'000'123'456'789}}) {
    EXPECT_EQ(parse_rfc3339(print_rfc3339(time)), time);
  }
  for (const char* bad :
       {"", "2017-01-26", "2017-13-26T00:00:00Z", "2017-01-26T00:00:00", "1969-12-31T23:59:59Z",
        "9999-01-01T00:00:00Z", "2017-01-26T00:00:00.Z", "2017-01-26T00:00:00Z "}) {
    EXPECT_EQ(parse_rfc3339(bad), std::nullopt) << bad;
  }
}

TEST(Time, ReadsGoDurations) {
  EXPECT_EQ(parse_duration("1h2m3.5s"), 3'723'500'000'000);
  EXPECT_EQ(parse_duration("300ms"), 300'000'000);
  EXPECT_EQ(parse_duration("10\xC2\xB5s"), 10'000);
  EXPECT_EQ(parse_duration("-1s"), -1'000'000'000);
  EXPECT_EQ(parse_duration("0"), 0);
  for (const char* bad : {"", "1", "s", "1x", "1h2", "-", "1e400h", "99999999999h"}) {
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
  }
}

TEST(Time, PrintsThreeDigits) {
  EXPECT_EQ(print_duration(999), "999 ns");
  EXPECT_EQ(print_duration(1'234'000), "1.23 ms");
  EXPECT_EQ(print_duration(-120'000'000), "-120 ms");
  EXPECT_EQ(print_duration(8'020'000'000), "8.02 s");
  EXPECT_EQ(print_duration(123'000'000'000), "2 m 3 s");
}

TEST(MetricRegistry, PrintsPrometheusText) {
  MetricRegistry metrics;
  metrics.counter("waybill_spans_total", "Spans.", {{"reason", "a\"b"}}).add(3);
  metrics.counter("waybill_spans_total", "Spans.", {{"reason", "a\"b"}}).add(1);
  metrics.latency("waybill_ack_seconds", "Latency.").observe(20'000);
  metrics.gauge("waybill_head_bytes", "Head.", {}, [] { return 5.0; });
  const std::string text = metrics.print();
  EXPECT_NE(
      text.find("# TYPE waybill_spans_total counter\nwaybill_spans_total{reason=\"a\\\"b\"} 4\n"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("waybill_ack_seconds_bucket{le=\"1.6384e-05\"} 0\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("waybill_ack_seconds_bucket{le=\"3.2768e-05\"} 1\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("waybill_ack_seconds_count 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("waybill_head_bytes 5\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace waybill
