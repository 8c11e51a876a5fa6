// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "storage/log/log.h"
#include "storage/testing/log_harness.h"

namespace waybill::storage {
namespace {

enum class Stop { Close, Kill, PowerCut };
constexpr Stop kStops[] = {Stop::Close, Stop::Kill, Stop::PowerCut};

// What was said about each append, kept outside of the log.
class Ledger final {
 public:
  // Appends a body that is like no other, of about this size.
  bool append(LogHarness& harness, std::size_t size_bytes) {
    std::string body = std::to_string(next_++) + ":";
    body.resize(std::max(body.size(), size_bytes), 'x');
    const auto result = harness.append(body);
    if (result.has_value()) {
      acknowledged.push_back(body);
    } else {
      EXPECT_TRUE(result.error().code == ErrorCode::Unavailable ||
                  result.error().code == ErrorCode::ResourceExhausted);
      EXPECT_FALSE(result.error().message.empty());
      refused.insert(body);
    }
    return result.has_value();
  }

  // Every acknowledged record is there, once and in order; a refused one may be there, once, as a
  // device that fails leaves open what it has kept.
  void check(const Texts& replayed) const {
    Texts kept;
    std::set<std::string> others;
    for (const std::string& body : replayed) {
      if (!refused.contains(body)) {
        kept.push_back(body);
        continue;
      }
      EXPECT_TRUE(others.insert(body).second) << "twice: " << body.substr(0, 10);
    }
    EXPECT_EQ(kept, acknowledged);
  }

  Texts acknowledged;
  std::set<std::string> refused;

 private:
  int next_ = 0;
};

Result<void> stop_and_open(LogHarness& harness, Stop stop) {
  switch (stop) {
    case Stop::Close:
      harness.log.reset();
      harness.files.start();
      return harness.open();
    case Stop::Kill:
      return harness.crash_and_open();
    case Stop::PowerCut:
      return harness.cut_power_and_open();
  }
  return {};
}

// After a fault and a stop: everything that was promised is there, the log goes on, and a second
// look shows the same.
void expect_intact(LogHarness& harness, Ledger& ledger, Stop stop) {
  ASSERT_TRUE(stop_and_open(harness, stop).has_value());
  ledger.check(harness.bodies);
  Texts expected = harness.bodies;
  harness.clock.advance(std::chrono::minutes(1));
  ASSERT_TRUE(ledger.append(harness, 300));
  expected.push_back(ledger.acknowledged.back());
  ASSERT_TRUE(harness.crash_and_open().has_value());
  ASSERT_EQ(harness.bodies, expected);
}

// Fills a segment and a half, one append at a time, so that each call has its number.
void append_some(LogHarness& harness, Ledger& ledger) {
  for (const std::size_t size : {500U, 10U, 1200U, 900U, 2000U, 100U, 700U}) {
    ledger.append(harness, size);
    harness.clock.advance(std::chrono::milliseconds(40));
  }
}

class FaultyAppends : public ::testing::TestWithParam<ErrorCode> {};

INSTANTIATE_TEST_SUITE_P(Errors, FaultyAppends,
                         ::testing::Values(ErrorCode::Internal, ErrorCode::ResourceExhausted,
                                           ErrorCode::PermissionDenied),
                         [](const auto& suite) {
                           return std::string(error_code_name(suite.param)) == "internal" ? "Device"
                                  : suite.param == ErrorCode::ResourceExhausted ? "NoSpace"
                                                                                : "ReadOnly";
                         });

TEST_P(FaultyAppends, LoseNothingAcknowledgedWhicheverCallsFail) {
  for (const Stop stop : kStops) {
    for (const std::uint64_t count : {1U, 2U, 3U, 5U, 1'000'000U}) {
      bool is_reached = true;
      for (std::uint64_t n = 1; is_reached; ++n) {
        SCOPED_TRACE(testing::Message() << "call " << n << " and " << count - 1
                                        << " after it, stop " << static_cast<int>(stop));
        LogHarness harness(n * 31 + count);
        Ledger ledger;
        ASSERT_TRUE(harness.open().has_value());
        ledger.append(harness, 50);
        harness.files.fail_calls(n, GetParam(), count);
        append_some(harness, ledger);
        is_reached = harness.files.has_failed();
        EXPECT_TRUE(is_reached || ledger.refused.empty());
        expect_intact(harness, ledger, stop);
        if (HasFailure()) {
          return;
        }
      }
    }
  }
}

// The trouble passes while the log runs.
TEST_P(FaultyAppends, AreTakenAgainWhenTheFaultIsOver) {
  bool is_reached = true;
  for (std::uint64_t n = 1; is_reached; ++n) {
    SCOPED_TRACE(testing::Message() << "call " << n);
    LogHarness harness(n);
    Ledger ledger;
    ASSERT_TRUE(harness.open().has_value());
    harness.files.fail_calls(n, GetParam(), 7);
    append_some(harness, ledger);
    is_reached = harness.files.has_failed();
    for (int i = 0; i < 8; ++i) {
      harness.clock.advance(std::chrono::seconds(10));
      ledger.append(harness, 100);
    }
    EXPECT_TRUE(ledger.append(harness, 100));
    expect_intact(harness, ledger, Stop::PowerCut);
    if (HasFailure()) {
      return;
    }
  }
}

TEST_P(FaultyAppends, LoseNothingWhenCallsFailAtTheNextStart) {
  for (const Stop stop : kStops) {
    bool is_reached = true;
    for (std::uint64_t n = 1; is_reached; ++n) {
      SCOPED_TRACE(testing::Message() << "call " << n << " stop " << static_cast<int>(stop));
      LogHarness harness(n);
      Ledger ledger;
      ASSERT_TRUE(harness.open().has_value());
      append_some(harness, ledger);
      harness.log->retire_before(1);
      harness.log.reset();
      harness.files.put("/log/000000000009.new", "unfinished");
      harness.files.fail_calls(n, GetParam());
      const auto opened = harness.open();
      if (opened.has_value()) {
        append_some(harness, ledger);
      }
      is_reached = harness.files.has_failed();
      expect_intact(harness, ledger, stop);
      if (HasFailure()) {
        return;
      }
    }
  }
}

TEST(FaultyLog, RefusesWithNoSpaceAndTakesMoreWhenThereIsSome) {
  // The nine records need three segments.
  for (std::uint64_t capacity = 0; capacity < 3 * 4096; capacity += 97) {
    SCOPED_TRACE(testing::Message() << "capacity " << capacity);
    LogHarness harness(capacity);
    Ledger ledger;
    ASSERT_TRUE(harness.open().has_value());
    harness.files.set_capacity(capacity);
    for (int i = 0; i < 9; ++i) {
      ledger.append(harness, 900);
      harness.clock.advance(std::chrono::milliseconds(500));
    }
    EXPECT_FALSE(ledger.refused.empty());
    EXPECT_TRUE(contains(harness.metrics->print(),
                         "waybill_log_append_failures_total{reason=\"no_space\"} " +
                             std::to_string(ledger.refused.size())));
    harness.files.set_capacity(1'000'000);
    harness.clock.advance(std::chrono::seconds(10));
    EXPECT_TRUE(ledger.append(harness, 900));
    ASSERT_TRUE(harness.crash_and_open().has_value());
    EXPECT_EQ(harness.bodies, ledger.acknowledged);
    EXPECT_EQ(harness.report.messages, Texts{});
  }
}

// A file system that finds out late that there is no space: the record was half written.
TEST(FaultyLog, CutsAHalfWrittenRecordOnAFullDevice) {
  for (const Stop stop : kStops) {
    LogHarness harness(7);
    Ledger ledger;
    ASSERT_TRUE(harness.open().has_value());
    ASSERT_TRUE(ledger.append(harness, 100));
    harness.files.fail_calls(1, ErrorCode::ResourceExhausted);
    EXPECT_FALSE(ledger.append(harness, 1500));
    // Cut behind the good record, and on the device.
    EXPECT_EQ(harness.files.content(LogHarness::path(1)).size(), 1024U + 152);
    ASSERT_TRUE(stop_and_open(harness, stop).has_value());
    EXPECT_EQ(harness.bodies, ledger.acknowledged);
    EXPECT_EQ(harness.report.messages, Texts{});
  }
}

// The kernel may report a failed write-back once and then forget it.
TEST(FaultyLog, DoesNotTrustAFileAfterAFailedSync) {
  LogHarness harness;
  Ledger ledger;
  ASSERT_TRUE(harness.open().has_value());
  ASSERT_TRUE(ledger.append(harness, 100));
  harness.files.fail_calls(2, ErrorCode::Internal);  // a write, then the sync
  EXPECT_FALSE(ledger.append(harness, 200));
  EXPECT_TRUE(harness.files.has_failed());
  const std::string before = harness.files.content(LogHarness::path(1));
  EXPECT_TRUE(ledger.append(harness, 300));
  EXPECT_EQ(harness.files.content(LogHarness::path(1)), before);
  EXPECT_EQ(harness.file_names(), (Texts{"000000000001.log", "000000000002.log"}));
  ASSERT_TRUE(harness.cut_power_and_open().has_value());
  EXPECT_EQ(harness.bodies, ledger.acknowledged);
  EXPECT_EQ(harness.report.messages, Texts{});
}

TEST(FaultyLog, TriesSeldomWhileTheDeviceFails) {
  LogHarness harness;
  Ledger ledger;
  ASSERT_TRUE(harness.open().has_value());
  ASSERT_TRUE(ledger.append(harness, 100));
  harness.files.fail_calls(1, ErrorCode::Internal, 1'000'000);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(ledger.append(harness, 100));
  }
  const std::uint64_t calls = harness.files.call_count();
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(ledger.append(harness, 100));
  }
  EXPECT_EQ(harness.files.call_count(), calls);
  harness.clock.advance(std::chrono::seconds(5));
  EXPECT_FALSE(ledger.append(harness, 100));
  EXPECT_GT(harness.files.call_count(), calls);
  harness.files.fail_calls(0, ErrorCode::Internal, 0);
  harness.clock.advance(std::chrono::seconds(5));
  EXPECT_TRUE(ledger.append(harness, 100));
  EXPECT_TRUE(ledger.append(harness, 100));
}

TEST(FaultyLog, LeavesRoomOnTheDevice) {
  LogHarness harness;
  Ledger ledger;
  harness.options.free_bytes_min = 10'000;
  harness.files.set_capacity(10'000 + 4096 - 1);
  ASSERT_TRUE(harness.open().has_value());
  EXPECT_FALSE(ledger.append(harness, 100));
  harness.files.set_capacity(10'000 + 4096);
  harness.clock.advance(std::chrono::seconds(5));
  EXPECT_TRUE(ledger.append(harness, 100));
  // Others take the room; it is noticed before another segment's worth is written.
  harness.files.set_capacity(10'000);
  int taken = 0;
  while (ledger.append(harness, 500)) {
    ++taken;
    ASSERT_LT(taken, 8);
  }
  const auto refused = harness.append("x");
  EXPECT_EQ(refused.error().code, ErrorCode::ResourceExhausted);
  EXPECT_TRUE(contains(refused.error().message, "10000 must stay free")) << refused.error().message;
  harness.files.set_capacity(100'000);
  harness.clock.advance(std::chrono::seconds(5));
  EXPECT_TRUE(ledger.append(harness, 500));
}

TEST(FaultyLog, DoesNotOpenWhatItCanNotList) {
  LogHarness harness;
  harness.files.fail_calls(1, ErrorCode::PermissionDenied);
  const auto opened = harness.open();
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::PermissionDenied);
  EXPECT_TRUE(contains(opened.error().message, "/log"));
}

// Random sizes, stops, faults, retirement and full devices.
TEST(FaultyLog, KeepsItsPromiseThroughAnyHistory) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    LogHarness harness(seed);
    harness.options.segment_bytes = 4096 + 512 * random.below(8);
    Ledger ledger;
    for (int round = 0; round < 4; ++round) {
      const Stop stop = kStops[random.below(3)];
      ASSERT_TRUE(stop_and_open(harness, stop).has_value());
      ledger.check(harness.bodies);
      if (random.below(2) == 0) {
        harness.files.fail_calls(
            1 + random.below(60),
            random.below(2) == 0 ? ErrorCode::Internal : ErrorCode::ResourceExhausted,
            1 + random.below(4));
      }
      const std::uint64_t count = random.below(25);
      for (std::uint64_t i = 0; i < count; ++i) {
        ledger.append(harness, static_cast<std::size_t>(random.below(10) == 0 ? random.below(9000)
                                                                              : random.below(900)));
        harness.clock.advance(std::chrono::milliseconds(random.below(100)));
      }
    }
    expect_intact(harness, ledger, Stop::PowerCut);
    if (HasFailure()) {
      return;
    }
  }
}

// Groups of many records in flight when the power goes: what was acknowledged is there, what was
// not is there whole or not at all.
TEST(FaultyLog, KeepsAcknowledgedRecordsOfTornGroups) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    LogHarness harness(seed);
    harness.options.segment_bytes = 16384;
    ASSERT_TRUE(harness.open().has_value());
    Texts sent;
    std::vector<std::future<Result<void>>> answers;
    for (int i = 0; i < 40; ++i) {
      sent.push_back(std::to_string(i) + std::string(random.below(1500), 'y'));
      answers.push_back(harness.start_append(sent.back()));
      if (random.below(12) == 0) {
        answers.back().wait();
      }
    }
    harness.files.cut_power();
    harness.log.reset();
    harness.files.start();
    ASSERT_TRUE(harness.open().has_value());
    std::size_t next = 0;
    for (std::size_t i = 0; i < sent.size(); ++i) {
      const bool is_there = next < harness.bodies.size() && harness.bodies[next] == sent[i];
      ASSERT_TRUE(is_there || !answers[i].get().has_value()) << "lost record " << i;
      next += is_there ? 1 : 0;
    }
    ASSERT_EQ(next, harness.bodies.size()) << "a record that was never appended, or out of order";
    ASSERT_TRUE(harness.append("new").has_value());
  }
}

}  // namespace
}  // namespace waybill::storage
