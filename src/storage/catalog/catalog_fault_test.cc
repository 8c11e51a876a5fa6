// SPDX-License-Identifier: Apache-2.0
//
// Goal: after any failure of the file system and any way to stop, the catalog is wholly as before a
// commit or wholly as after it, every block that it names has its file, and it goes on.
//
// Method: a script of commits runs over and over; each time another call fails. A model next to it
// notes what was acknowledged and, for a commit that failed with an open outcome, what it would
// have made.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "storage/testing/catalog_harness.h"

namespace waybill::storage {
namespace {

enum class Stop { Close, Kill, PowerCut };
constexpr Stop kStops[] = {Stop::Close, Stop::Kill, Stop::PowerCut};

// What the catalog may be after the next start.
class Allowed final {
 public:
  explicit Allowed(CatalogModel model) : now_(std::move(model)) {}

  const CatalogModel& now() const { return now_; }

  void note(const Result<void>& committed, const CatalogModel& after) {
    if (committed.has_value()) {
      EXPECT_FALSE(is_open_) << "commits are refused after a failure";
      now_ = after;
      return;
    }
    EXPECT_FALSE(committed.error().message.empty());
    const ErrorCode code = committed.error().code;
    EXPECT_TRUE(code == ErrorCode::Unavailable || code == ErrorCode::ResourceExhausted)
        << committed.error().message;
    if (code == ErrorCode::Unavailable && !is_open_) {
      is_open_ = true;
      perhaps_ = after;
    }
  }

  bool contains(const CatalogModel& model) const {
    return model == now_ || (is_open_ && model == perhaps_);
  }

 private:
  CatalogModel now_;
  CatalogModel perhaps_;
  bool is_open_ = false;
};

std::vector<ServiceCount> some_services(std::uint64_t span_count) {
  std::vector<ServiceCount> services{{"first", 1, std::min<std::uint64_t>(2, span_count)}};
  services.front().span_count = span_count - 30;
  for (int i = 0; i < 30; ++i) {
    services.push_back({"service with a name of its own " + std::to_string(i), 1, 0});
  }
  return services;
}

class Script final {
 public:
  Script(CatalogHarness& harness, Allowed& allowed) : harness_(harness), allowed_(allowed) {}

  // Seals, merges, covers, forgets and deletes; enough for the file to be written anew.
  void run() {
    const auto first = seal(100);
    const auto second = seal(200);
    const auto third = seal(300);
    harness_.catalog->delete_unused_files();
    const auto merged = replace({first, second}, 300);
    harness_.catalog->delete_unused_files();
    cover(17);
    seal(400);
    replace({third, merged}, 600);
    seal(500);
    forget_smallest();
    harness_.catalog->delete_unused_files();
    seal(600);
  }

 private:
  BlockId seal(std::uint64_t span_count) { return replace({}, span_count); }

  BlockId replace(std::vector<BlockId> old, std::uint64_t span_count) {
    const auto id = harness_.catalog->reserve_block_id();
    if (!id.has_value()) {
      return 0;
    }
    if (!harness_.write_block_file(*id).has_value()) {
      harness_.catalog->discard(*id);
      return 0;
    }
    CatalogChange change;
    CatalogModel after = allowed_.now();
    for (const BlockId gone : old) {
      if (after.spans.erase(gone) > 0) {
        change.remove.push_back(gone);
      }
    }
    after.spans[*id] = span_count;
    change.add.push_back(block_summary(*id, span_count, some_services(span_count)));
    const auto committed = harness_.catalog->commit(std::move(change));
    allowed_.note(committed, after);
    if (!committed.has_value()) {
      harness_.catalog->discard(*id);
    }
    return committed.has_value() ? *id : 0;
  }

  void cover(std::uint64_t position) {
    CatalogChange change;
    change.log_covered_to = position;
    CatalogModel after = allowed_.now();
    after.log_covered_to = position;
    allowed_.note(harness_.catalog->commit(std::move(change)), after);
  }

  void forget_smallest() {
    CatalogModel after = allowed_.now();
    if (after.spans.empty()) {
      return;
    }
    CatalogChange change;
    change.remove.push_back(after.spans.begin()->first);
    after.spans.erase(after.spans.begin());
    allowed_.note(harness_.catalog->commit(std::move(change)), after);
  }

  CatalogHarness& harness_;
  Allowed& allowed_;
};

Result<void> stop_and_open(CatalogHarness& harness, Stop stop) {
  switch (stop) {
    case Stop::Close:
      return harness.open();
    case Stop::Kill:
      return harness.kill_and_open();
    case Stop::PowerCut:
      return harness.cut_power_and_open();
  }
  return {};
}

// Every block has its file with its content, and nothing is missing.
void expect_files(CatalogHarness& harness) {
  EXPECT_EQ(harness.report.missing_count, 0U);
  for (const CatalogBlock& block : harness.catalog->snapshot()->blocks) {
    const BlockId id = block.entry->facts.id;
    ASSERT_TRUE(harness.has_file(id)) << "block " << id;
    EXPECT_EQ(harness.files.content(harness.catalog->block_path(id)),
              CatalogHarness::block_content(id));
  }
}

// After a fault and a stop: one of the two states, with its files; it goes on, and a power cut
// after that takes nothing away.
void expect_intact(CatalogHarness& harness, const Allowed& allowed, Stop stop) {
  harness.files.fail_calls(0, ErrorCode::Internal);
  const auto opened = stop_and_open(harness, stop);
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  EXPECT_TRUE(allowed.contains(harness.model()));
  expect_files(harness);
  Allowed next(harness.model());
  Script(harness, next).run();
  harness.catalog->delete_unused_files();
  expect_files(harness);
  ASSERT_TRUE(harness.cut_power_and_open().has_value());
  EXPECT_EQ(harness.model(), next.now());
  expect_files(harness);
}

class FaultyCatalog : public ::testing::TestWithParam<ErrorCode> {};

INSTANTIATE_TEST_SUITE_P(Errors, FaultyCatalog,
                         ::testing::Values(ErrorCode::Internal, ErrorCode::ResourceExhausted),
                         [](const auto& suite) {
                           return suite.param == ErrorCode::Internal ? "Device" : "NoSpace";
                         });

TEST_P(FaultyCatalog, IsBeforeOrAfterWhicheverCallsFail) {
  for (const Stop stop : kStops) {
    for (const std::uint64_t count : {1U, 1'000'000U}) {
      bool is_reached = true;
      for (std::uint64_t n = 1; is_reached; ++n) {
        SCOPED_TRACE(testing::Message() << "call " << n << " and " << count - 1
                                        << " after it, stop " << static_cast<int>(stop));
        CatalogHarness harness(n * 31 + count);
        ASSERT_TRUE(harness.open().has_value());
        Allowed allowed{CatalogModel()};
        harness.files.fail_calls(n, GetParam(), count);
        Script(harness, allowed).run();
        is_reached = harness.files.has_failed();
        EXPECT_TRUE(allowed.contains(harness.model()));
        expect_intact(harness, allowed, stop);
        if (HasFailure()) {
          return;
        }
      }
    }
  }
}

TEST_P(FaultyCatalog, IsIntactWhenCallsFailAtTheNextStart) {
  for (const Stop stop : kStops) {
    for (const std::uint64_t count : {1U, 1'000'000U}) {
      bool is_reached = true;
      for (std::uint64_t n = 1; is_reached; ++n) {
        SCOPED_TRACE(testing::Message() << "call " << n << " and " << count - 1
                                        << " after it, stop " << static_cast<int>(stop));
        CatalogHarness harness(n);
        ASSERT_TRUE(harness.open().has_value());
        Allowed allowed{CatalogModel()};
        Script(harness, allowed).run();
        harness.catalog.reset();
        harness.files.put("/store/blocks/000000000200.wbk", "left by a crash");
        harness.files.put("/store/blocks/000000077777.wbk", "from elsewhere");
        harness.files.fail_calls(n, GetParam(), count);
        if (harness.open().has_value()) {
          EXPECT_TRUE(allowed.contains(harness.model()));
          Script(harness, allowed).run();
        }
        is_reached = harness.files.has_failed();
        expect_intact(harness, allowed, stop);
        EXPECT_FALSE(harness.has_file(77'777));
        EXPECT_TRUE(*harness.files.exists("/store/blocks/000000077777.wbk.unknown"));
        if (HasFailure()) {
          return;
        }
      }
    }
  }
}

// The first start of all: nothing is there to lose, and the next one gets through.
TEST_P(FaultyCatalog, BeginsWhicheverCallsFail) {
  for (const Stop stop : kStops) {
    bool is_reached = true;
    for (std::uint64_t n = 1; is_reached; ++n) {
      SCOPED_TRACE(testing::Message() << "call " << n << " stop " << static_cast<int>(stop));
      CatalogHarness harness(n);
      harness.files.fail_calls(n, GetParam());
      Allowed allowed{CatalogModel()};
      if (harness.open().has_value()) {
        Script(harness, allowed).run();
      }
      is_reached = harness.files.has_failed();
      expect_intact(harness, allowed, stop);
      if (HasFailure()) {
        return;
      }
    }
  }
}

// The power goes at each call: what is not synced is lost, sector by sector.
TEST(CatalogPowerCut, LeavesTheStateBeforeOrAfterAtEveryCall) {
  bool is_reached = true;
  for (std::uint64_t n = 1; is_reached; ++n) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      SCOPED_TRACE(testing::Message() << "call " << n << " seed " << seed);
      CatalogHarness harness(n * 1000 + seed);
      ASSERT_TRUE(harness.open().has_value());
      Allowed allowed{CatalogModel()};
      // From here on nothing gets through, as when the machine goes down at this call.
      harness.files.fail_calls(n, ErrorCode::Internal, 1'000'000);
      Script(harness, allowed).run();
      is_reached = harness.files.has_failed();
      harness.files.fail_calls(0, ErrorCode::Internal);
      ASSERT_TRUE(harness.cut_power_and_open().has_value());
      EXPECT_TRUE(allowed.contains(harness.model()));
      expect_files(harness);
      if (HasFailure()) {
        return;
      }
    }
  }
}

// A sync that failed leaves bytes that can be read and are not on the device. The next start must
// not build on them: not even when the power goes after it has deleted files.
TEST(CatalogPowerCut, TakesNothingBackThatALaterStartHasSeen) {
  bool is_reached = true;
  for (std::uint64_t n = 1; is_reached; ++n) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE(testing::Message() << "call " << n << " seed " << seed);
      CatalogHarness harness(n * 1000 + seed);
      ASSERT_TRUE(harness.open().has_value());
      Allowed allowed{CatalogModel()};
      harness.files.fail_calls(n, ErrorCode::Internal);
      Script(harness, allowed).run();
      is_reached = harness.files.has_failed();
      harness.files.fail_calls(0, ErrorCode::Internal);
      ASSERT_TRUE(harness.open().has_value());
      const CatalogModel seen = harness.model();
      harness.catalog->delete_unused_files();
      ASSERT_TRUE(harness.cut_power_and_open().has_value());
      EXPECT_EQ(harness.model(), seen);
      expect_files(harness);
      if (HasFailure()) {
        return;
      }
    }
  }
}

TEST(FaultyDeletion, LeavesFilesOfAFailedCommitAlone) {
  CatalogHarness harness;
  ASSERT_TRUE(harness.open().has_value());
  const BlockId old = harness.seal(100).value();
  const BlockId id = harness.catalog->reserve_block_id().value();
  ASSERT_TRUE(harness.write_block_file(id).has_value());
  CatalogChange change;
  change.add.push_back(block_summary(id, 100));
  change.remove.push_back(old);
  harness.files.fail_calls(4, ErrorCode::Internal);  // the sync
  EXPECT_EQ(harness.catalog->commit(std::move(change)).error().code, ErrorCode::Unavailable);
  harness.catalog->discard(id);
  harness.catalog->delete_unused_files();
  EXPECT_TRUE(harness.has_file(old));
  EXPECT_TRUE(harness.has_file(id));
  // Refused clearly, without asking the device.
  harness.files.fail_calls(0, ErrorCode::Internal);
  const auto refused = harness.remove({old});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("until it is opened again"), std::string::npos);
  EXPECT_EQ(harness.catalog->reserve_block_id().error().code, ErrorCode::Unavailable);
  EXPECT_EQ(harness.files.call_count(), 0U);
  EXPECT_TRUE(harness.catalog->status().refusal.has_value());
}

TEST(FaultyStart, StillGivesACatalogToReadOnADeviceThatTakesNothing) {
  CatalogHarness harness;
  ASSERT_TRUE(harness.open().has_value());
  ASSERT_TRUE(harness.seal(100).has_value());
  harness.catalog.reset();
  harness.files.put("/store/blocks/000000000077.wbk", "left by a crash");
  // Reading takes seven calls; the writing behind them fails.
  harness.files.fail_calls(9, ErrorCode::PermissionDenied, 1'000'000);
  ASSERT_TRUE(harness.open().has_value());
  EXPECT_TRUE(harness.report.is_read_only);
  EXPECT_EQ(harness.model().spans.size(), 1U);
  harness.files.fail_calls(0, ErrorCode::Internal);
  EXPECT_EQ(harness.remove({1}).error().code, ErrorCode::Unavailable);
  harness.catalog->delete_unused_files();
  EXPECT_TRUE(harness.has_file(77)) << "what was read may not be durable";
}

}  // namespace
}  // namespace waybill::storage
