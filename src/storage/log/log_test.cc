// SPDX-License-Identifier: Apache-2.0
#include "storage/log/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "os/file_system.h"
#include "os/testing/manual_clock.h"
#include "storage/log/log_format.h"
#include "storage/testing/log_harness.h"

namespace waybill::storage {
namespace {

std::string body_of(std::size_t size_bytes, char fill = 'x') {
  return std::string(size_bytes, fill);
}

TEST(Log, ReplaysInOrderWhatWasAcknowledged) {
  LogHarness harness;
  ASSERT_TRUE(harness.open().has_value());
  EXPECT_EQ(harness.bodies, Texts{});
  EXPECT_TRUE(harness.append("first").has_value());
  EXPECT_TRUE(harness.append("").has_value());
  EXPECT_TRUE(harness.append("a third of another length").has_value());
  ASSERT_TRUE(harness.reopen().has_value());
  EXPECT_EQ(harness.bodies, (Texts{"first", "", "a third of another length"}));
  EXPECT_EQ(harness.report.record_count, 3U);
  EXPECT_EQ(harness.report.body_bytes, 30U);
  EXPECT_EQ(harness.report.segment_count, 1U);
  EXPECT_EQ(harness.report.messages, Texts{});
}

TEST(Log, StopsReadingWhenAskedToAndLeavesEveryRecordInItsPlace) {
  LogHarness harness;
  ASSERT_TRUE(harness.open().has_value());
  Texts all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(body_of(1000, static_cast<char>('a' + i)));  // three fill a segment
    ASSERT_TRUE(harness.append(all.back()).has_value());
  }
  harness.log.reset();
  const Texts names = harness.file_names();
  for (std::size_t wanted = 0; wanted < all.size(); ++wanted) {
    std::stop_source stop;
    harness.options.stop = stop.get_token();
    if (wanted == 0) {
      stop.request_stop();
    }
    std::size_t visited = 0;
    MetricRegistry metrics;
    const auto opened = Log::open(
        harness.options, harness.files, harness.clock, metrics,
        [&](const LogRecord& record) {
          EXPECT_EQ(*record.body, all[visited]);
          if (++visited == wanted) {
            stop.request_stop();
          }
        },
        harness.report);
    ASSERT_FALSE(opened.has_value()) << wanted;
    EXPECT_EQ(opened.error().code, ErrorCode::Cancelled);
    EXPECT_EQ(visited, wanted);
    EXPECT_EQ(harness.file_names(), names);
  }
  harness.options.stop = {};
  ASSERT_TRUE(harness.open().has_value());
  EXPECT_EQ(harness.bodies, all);
  EXPECT_EQ(harness.report.messages, Texts{});
}

TEST(Log, SaltsSegmentsFromTheSeed) {
  const auto salt_of = [](std::uint64_t seed) {
    LogHarness harness(seed);
    EXPECT_TRUE(harness.open().has_value());
    EXPECT_TRUE(harness.append("x").has_value());
    const auto file = *harness.files.open_file(LogHarness::path(1));
    return decode_segment_header(*file->read_at(0, kSegmentHeaderBytes))->salt;
  };
  EXPECT_EQ(salt_of(1), salt_of(1));
  EXPECT_NE(salt_of(1), salt_of(2));
}

TEST(Log, KeepsWhatCameWithTheBody) {
  LogHarness harness;
  ASSERT_TRUE(harness.open().has_value());
  LogRecord record;
  record.format = LogFormatCode::OtlpJson;
  record.encoding = LogEncoding::Zstd;
  record.received_at = 12345678901234567890U;
  record.body = std::make_shared<const std::string>("{}");
  std::promise<Result<std::uint64_t>> answer;
  harness.log->append(record, [&](Result<std::uint64_t> position) { answer.set_value(position); });
  const auto position = answer.get_future().get();
  ASSERT_TRUE(position.has_value());
  ASSERT_TRUE(harness.reopen().has_value());
  ASSERT_EQ(harness.records.size(), 1U);
  EXPECT_EQ(harness.records[0].position, *position);
  EXPECT_EQ(harness.records[0].format, LogFormatCode::OtlpJson);
  EXPECT_EQ(harness.records[0].encoding, LogEncoding::Zstd);
  EXPECT_EQ(harness.records[0].received_at, 12345678901234567890U);
  EXPECT_EQ(harness.records[0].position, 1U);
}

TEST(Log, OpensNewSegmentsAsTheyFillUp) {
  LogHarness harness;
  ASSERT_TRUE(harness.open().has_value());
  std::vector<std::string> written;
  for (int i = 0; i < 20; ++i) {
    written.push_back(body_of(700, static_cast<char>('a' + i)));
    ASSERT_TRUE(harness.append(written.back()).has_value());
  }
  EXPECT_EQ(harness.log->size_bytes(), 5 * 4096U);
  EXPECT_EQ(harness.log->next_position(), 21U);
  ASSERT_TRUE(harness.reopen().has_value());
  EXPECT_EQ(harness.bodies, written);
  EXPECT_EQ(harness.report.segment_count, 5U);
  EXPECT_EQ(harness.report.messages, Texts{});
}

// 1024 of header, 48 of record header: one body fills the segment to the last byte.
TEST(Log, FillsASegmentToTheLastByte) {
  LogHarness harness;
  ASSERT_TRUE(harness.open().has_value());
  ASSERT_TRUE(harness.append(body_of(4096 - 1024 - 48)).has_value());
  EXPECT_EQ(harness.log->size_bytes(), 4096U);
  ASSERT_TRUE(harness.append("next").has_value());
  EXPECT_EQ(harness.log->size_bytes(), 8192U);
  ASSERT_TRUE(harness.reopen().has_value());
  EXPECT_EQ(harness.bodies.size(), 2U);
  EXPECT_EQ(harness.report.messages, Texts{});
}

TEST(Log, GivesALongRecordASegmentOfItsOwn) {
  LogHarness harness;
  ASSERT_TRUE(harness.open().has_value());
  const std::string body = body_of(50'000);
  ASSERT_TRUE(harness.append("before").has_value());
  ASSERT_TRUE(harness.append(body).has_value());
  ASSERT_TRUE(harness.append("after").has_value());
  ASSERT_TRUE(harness.reopen().has_value());
  EXPECT_EQ(harness.bodies, (Texts{"before", body, "after"}));
  EXPECT_EQ(harness.report.messages, Texts{});
}

TEST(Log, GoesOnInANewSegmentAfterARestart) {
  LogHarness harness;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(harness.reopen().has_value());
    ASSERT_TRUE(harness.append("body " + std::to_string(i)).has_value());
  }
  ASSERT_TRUE(harness.reopen().has_value());
  EXPECT_EQ(harness.bodies, (Texts{"body 0", "body 1", "body 2", "body 3"}));
  EXPECT_EQ(harness.records.back().position, 4U);
  EXPECT_EQ(harness.report.segment_count, 4U);
  // The room behind the last record of a segment that ended early is given back.
  EXPECT_EQ(harness.files.content(LogHarness::path(1)).size(), 1024U + 48 + 8);
}

TEST(Log, MakesNoFilesWhileNothingIsAppended) {
  LogHarness harness;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(harness.reopen().has_value());
  }
  EXPECT_EQ(harness.file_names(), Texts{});
}

TEST(Log, RefusesALongerRecordThanTheLimit) {
  LogHarness harness;
  harness.options.record_bytes_max = 100;
  ASSERT_TRUE(harness.open().has_value());
  EXPECT_TRUE(harness.append(body_of(100)).has_value());
  EXPECT_EQ(harness.append(body_of(101)).error().code, ErrorCode::InvalidArgument);
  EXPECT_PRED2(contains, harness.metrics->print(),
               "waybill_log_append_failures_total{reason=\"too_large\"} 1");
}

TEST(Log, RefusesWhatPassesTheTotal) {
  LogHarness harness;
  harness.options.total_bytes_max = 8192;
  ASSERT_TRUE(harness.open().has_value());
  const std::string body = body_of(4096 - 1024 - 48);
  EXPECT_TRUE(harness.append(body).has_value());
  EXPECT_TRUE(harness.append(body).has_value());
  const auto refused = harness.append("x");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::ResourceExhausted);
  EXPECT_PRED2(contains, refused.error().message, "log /log: full: 8192 bytes are in use");
  harness.log->retire_before(2);
  // The log's thread retires after the appends that it takes along, so the second one finds room.
  static_cast<void>(harness.append("may be refused").has_value());
  EXPECT_TRUE(harness.append("fits again").has_value());
}

TEST(Log, RefusesWhatPassesTheTotalToTheByte) {
  LogHarness harness;
  harness.options.total_bytes_max = 8191;
  ASSERT_TRUE(harness.open().has_value());
  EXPECT_TRUE(harness.append(body_of(3024)).has_value());
  EXPECT_FALSE(harness.append("x").has_value());
}

// A device whose syncs wait until the test lets them through.
class GatedFileSystem final : public os::FileSystem {
 public:
  explicit GatedFileSystem(os::FileSystem& under) : under_(under) {}

  void hold() {
    const MutexLock lock(gate_.mutex);
    gate_.is_held = true;
  }
  void let_through() {
    const MutexLock lock(gate_.mutex);
    gate_.is_held = false;
    gate_.changed.notify_all();
  }
  // Returns when a sync waits.
  void wait_for_sync() {
    const MutexLock lock(gate_.mutex);
    while (gate_.waiting == 0) {
      gate_.changed.wait(gate_.mutex);
    }
  }

  Result<std::unique_ptr<os::File>> create_file(const std::string& path) override {
    auto file = TRY(under_.create_file(path));
    return std::unique_ptr<os::File>(std::make_unique<GatedFile>(gate_, std::move(file)));
  }
  Result<std::unique_ptr<os::File>> open_file(const std::string& path) override {
    return under_.open_file(path);
  }
  Result<void> rename_file(const std::string& from, const std::string& to) override {
    return under_.rename_file(from, to);
  }
  Result<void> remove_file(const std::string& path) override { return under_.remove_file(path); }
  Result<void> create_directories(const std::string& path) override {
    return under_.create_directories(path);
  }
  Result<void> sync_directory(const std::string& path) override {
    return under_.sync_directory(path);
  }
  Result<std::vector<std::string>> list_files(const std::string& path) override {
    return under_.list_files(path);
  }
  Result<bool> exists(const std::string& path) override { return under_.exists(path); }
  Result<std::uint64_t> free_bytes(const std::string& path) override {
    return under_.free_bytes(path);
  }
  Result<std::unique_ptr<Lock>> lock_file(const std::string& path) override {
    return under_.lock_file(path);
  }

 private:
  struct Gate {
    Mutex mutex;
    Condition changed;
    bool is_held GUARDED_BY(mutex) = false;
    int waiting GUARDED_BY(mutex) = 0;
  };
  class GatedFile final : public os::File {
   public:
    GatedFile(Gate& gate, std::unique_ptr<os::File> under)
        : gate_(gate), under_(std::move(under)) {}
    Result<void> write_at(std::uint64_t offset, std::span<const std::string_view> pieces) override {
      return under_->write_at(offset, pieces);
    }
    Result<std::string> read_at(std::uint64_t offset, std::size_t size_bytes) override {
      return under_->read_at(offset, size_bytes);
    }
    Result<void> sync_data() override {
      {
        const MutexLock lock(gate_.mutex);
        ++gate_.waiting;
        gate_.changed.notify_all();
        while (gate_.is_held) {
          gate_.changed.wait(gate_.mutex);
        }
        --gate_.waiting;
      }
      return under_->sync_data();
    }
    Result<void> truncate(std::uint64_t size_bytes) override {
      return under_->truncate(size_bytes);
    }
    Result<void> preallocate(std::uint64_t size_bytes) override {
      return under_->preallocate(size_bytes);
    }
    Result<std::uint64_t> size() override { return under_->size(); }

   private:
    Gate& gate_;
    const std::unique_ptr<os::File> under_;
  };

  os::FileSystem& under_;
  Gate gate_;
};

class GatedLog : public ::testing::Test {
 protected:
  void open() {
    options_.directory = "/log";
    options_.segment_bytes = 65536;
    options_.free_bytes_min = 0;
    log_ = Log::open(options_, gated_, clock_, metrics_, [](LogRecord) {}, report_).value();
  }

  std::future<Result<void>> append(std::string body) {
    LogRecord record;
    record.body = std::make_shared<const std::string>(std::move(body));
    auto answer = std::make_shared<std::promise<Result<void>>>();
    auto future = answer->get_future();
    log_->append(std::move(record), [answer](Result<std::uint64_t> position) {
      answer->set_value(position ? Result<void>() : std::move(position).error());
    });
    return future;
  }

  static bool is_ready(const std::future<Result<void>>& future) {
    return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  // Leaves the log's thread waiting for the sync of one record.
  std::future<Result<void>> hold_one(const std::string& body) {
    EXPECT_TRUE(append("opens the segment").get().has_value());
    gated_.hold();
    auto held = append(body);
    gated_.wait_for_sync();
    return held;
  }

  os::FaultFileSystem files_;
  GatedFileSystem gated_{files_};
  os::ManualClock clock_;
  MetricRegistry metrics_;
  ReplayReport report_;
  LogOptions options_;
  std::unique_ptr<Log> log_;
};

TEST_F(GatedLog, AcknowledgesOnlyWhatIsSynced) {
  open();
  auto held = hold_one("held");
  EXPECT_FALSE(is_ready(held));
  gated_.let_through();
  EXPECT_TRUE(held.get().has_value());
}

TEST_F(GatedLog, SyncsTogetherWhatCameDuringASync) {
  open();
  auto held = hold_one("held");
  std::vector<std::future<Result<void>>> waiting;
  for (int i = 0; i < 100; ++i) {
    waiting.push_back(append("waiting"));
  }
  const std::uint64_t before = files_.sync_count();
  gated_.let_through();
  for (auto& future : waiting) {
    EXPECT_TRUE(future.get().has_value());
  }
  EXPECT_EQ(files_.sync_count() - before, 2U);
}

TEST_F(GatedLog, LetsAppendsThatCameTogetherWaitForEachOther) {
  options_.group_interval = std::chrono::hours(1);
  options_.group_bytes_max = 100;
  open();
  auto held = hold_one("held");
  auto first = append("together");
  auto second = append("together");
  gated_.let_through();
  EXPECT_TRUE(first.get().has_value());
  EXPECT_TRUE(second.get().has_value());
  const std::uint64_t before = files_.sync_count();
  auto third = append(body_of(50));
  auto fourth = append(body_of(50));  // now the group is full, and waits no longer
  EXPECT_TRUE(third.get().has_value());
  EXPECT_TRUE(fourth.get().has_value());
  EXPECT_EQ(files_.sync_count() - before, 1U);
}

TEST_F(GatedLog, HoldsNoLoneAppendBack) {
  options_.group_interval = std::chrono::hours(1);
  open();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(append("alone").get().has_value());
  }
}

TEST_F(GatedLog, WritesWhatWaitsForCompanyWhenItIsClosed) {
  options_.group_interval = std::chrono::hours(1);
  open();
  auto held = hold_one("held");
  auto first = append("together");
  auto second = append("together");
  gated_.let_through();
  EXPECT_TRUE(second.get().has_value());
  auto late = append("late");
  log_->close();
  EXPECT_TRUE(late.get().has_value());
}

TEST_F(GatedLog, KeepsAGroupWithinItsLimit) {
  options_.group_bytes_max = 25;
  open();
  auto held = hold_one("held");
  std::vector<std::future<Result<void>>> waiting;
  for (int i = 0; i < 5; ++i) {
    waiting.push_back(append("0123456789"));  // two of them fit into a group, three do not
  }
  const std::uint64_t before = files_.sync_count();
  gated_.let_through();
  for (auto& future : waiting) {
    EXPECT_TRUE(future.get().has_value());
  }
  EXPECT_EQ(files_.sync_count() - before, 1U + 3U);
}

TEST_F(GatedLog, RefusesWhatPassesTheQueue) {
  options_.queue_bytes_max = 100;
  open();
  auto held = hold_one(body_of(60));
  EXPECT_PRED2(contains, metrics_.print(), "waybill_log_queue_bytes 60\n");
  auto fits = append(body_of(40));
  auto refused = append("x");
  ASSERT_TRUE(is_ready(refused));
  const auto answer = refused.get();
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(answer.error().message, "100 bytes wait to be written to the log, the limit is 100");
  EXPECT_FALSE(is_ready(fits));
  gated_.let_through();
  EXPECT_TRUE(fits.get().has_value());
  EXPECT_TRUE(append(body_of(100)).get().has_value());
  EXPECT_PRED2(contains, metrics_.print(),
               "waybill_log_append_failures_total{reason=\"queue_full\"} 1");
}

TEST_F(GatedLog, CommitsEverythingWhenClosed) {
  open();
  auto held = hold_one("held");
  auto waiting = append("waiting");
  std::jthread closing([this] { log_->close(); });
  gated_.let_through();
  closing.join();
  EXPECT_TRUE(held.get().has_value());
  EXPECT_TRUE(waiting.get().has_value());
  EXPECT_EQ(append("late").get().error().message, "the log is closed");
}

TEST(Log, SyncsOnceForEachGroupOnlyWhereAskedTo) {
  LogHarness harness;
  ASSERT_TRUE(harness.open().has_value());
  ASSERT_TRUE(harness.append("opens the segment").has_value());
  const std::uint64_t before = harness.files.sync_count();
  ASSERT_TRUE(harness.append("one").has_value());
  EXPECT_EQ(harness.files.sync_count(), before + 1);

  harness.options.durability = Durability::Process;
  ASSERT_TRUE(harness.reopen().has_value());
  ASSERT_TRUE(harness.append("opens the segment").has_value());
  const std::uint64_t unsynced = harness.files.sync_count();
  ASSERT_TRUE(harness.append("two").has_value());
  EXPECT_EQ(harness.files.sync_count(), unsynced);
  ASSERT_TRUE(harness.crash_and_open().has_value());
  EXPECT_EQ(harness.bodies.back(), "two");
}

TEST(Log, WritesNothingWhereNothingIsToSurvive) {
  LogHarness harness;
  harness.options.durability = Durability::None;
  ASSERT_TRUE(harness.open().has_value());
  EXPECT_TRUE(harness.append("gone").has_value());
  EXPECT_EQ(harness.file_names(), Texts{});
}

TEST(Log, TakesAppendsFromManyThreads) {
  LogHarness harness;
  harness.options.segment_bytes = 65536;
  ASSERT_TRUE(harness.open().has_value());
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&harness, i] {
      for (int j = 0; j < 200; ++j) {
        EXPECT_TRUE(harness.append(std::to_string(i * 1000 + j)).has_value());
      }
    });
  }
  threads.clear();
  ASSERT_TRUE(harness.reopen().has_value());
  ASSERT_EQ(harness.bodies.size(), 800U);
  // Each thread waited for its answers, so its own records are in order.
  std::vector<int> last(4, -1);
  for (const std::string& body : harness.bodies) {
    const int number = std::stoi(body);
    EXPECT_GT(number, last[static_cast<std::size_t>(number / 1000)]);
    last[static_cast<std::size_t>(number / 1000)] = number;
  }
}

TEST(Log, AnswersInTheOrderOfAppends) {
  LogHarness harness;
  ASSERT_TRUE(harness.open().has_value());
  std::vector<int> order;
  for (int i = 0; i < 50; ++i) {
    LogRecord record;
    record.body = std::make_shared<const std::string>("body");
    harness.log->append(std::move(record), [&order, i](Result<std::uint64_t> position) {
      EXPECT_TRUE(position.has_value());
      order.push_back(i);
    });
  }
  harness.log->close();
  ASSERT_EQ(order.size(), 50U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Log, GivesPositionsFromWhereItIsTold) {
  LogHarness harness;
  harness.options.first_position = 500;
  ASSERT_TRUE(harness.open().has_value());
  ASSERT_TRUE(harness.append("body").has_value());
  harness.options.first_position = 7;
  ASSERT_TRUE(harness.reopen().has_value());
  ASSERT_EQ(harness.records.size(), 1U);
  EXPECT_EQ(harness.records[0].position, 500U);
  EXPECT_TRUE(harness.report.messages.empty());
  EXPECT_EQ(harness.log->next_position(), 501U);
}

TEST(Log, IsForOneProcessAtATime) {
  LogHarness harness;
  ASSERT_TRUE(harness.open().has_value());
  MetricRegistry metrics;
  ReplayReport report;
  const auto second =
      Log::open(harness.options, harness.files, harness.clock, metrics, [](LogRecord) {}, report);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::FailedPrecondition);
  EXPECT_PRED2(contains, second.error().message, "/log/log.lock is locked by another process");
  EXPECT_TRUE(harness.reopen().has_value());
}

TEST(Log, RefusesOptionsOutOfRange) {
  LogHarness harness;
  harness.options.segment_bytes = 4095;
  EXPECT_EQ(harness.open().error().code, ErrorCode::InvalidArgument);
  harness.options.segment_bytes = 4096;
  harness.options.record_bytes_max = std::size_t{1} << 32;
  EXPECT_EQ(harness.open().error().code, ErrorCode::InvalidArgument);
  harness.options.record_bytes_max -= 1;
  EXPECT_TRUE(harness.open().has_value());
}

TEST(Log, CountsWhatItDoes) {
  LogHarness harness;
  ASSERT_TRUE(harness.open().has_value());
  ASSERT_TRUE(harness.append("12345").has_value());
  ASSERT_TRUE(harness.append("678").has_value());
  const std::string printed = harness.metrics->print();
  EXPECT_PRED2(contains, printed, "waybill_log_appended_bytes_total 8\n");
  EXPECT_PRED2(contains, printed, "waybill_log_records_total 2\n");
  EXPECT_PRED2(contains, printed, "waybill_log_sync_seconds_count 2\n");
  EXPECT_PRED2(contains, printed, "waybill_log_size_bytes 4096\n");
  EXPECT_PRED2(contains, printed, "waybill_log_queue_bytes 0\n");
  harness.log.reset();
  EXPECT_PRED2(contains, harness.metrics->print(), "waybill_log_size_bytes 4096\n");
}

class RetiringLog : public ::testing::Test {
 protected:
  // Each record fills a segment.
  void append_filling(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(harness_.append(body_of(3000, static_cast<char>('a' + i))).has_value());
    }
  }

  // Returns when the log's thread has done it.
  void retire_before(std::uint64_t position) {
    harness_.log->retire_before(position);
    harness_.log->close();
  }

  LogHarness harness_;
};

TEST_F(RetiringLog, RemovesSegmentsWithoutNeededRecords) {
  ASSERT_TRUE(harness_.open().has_value());
  append_filling(5);
  retire_before(4);
  EXPECT_EQ(harness_.log->size_bytes(), 2 * 4096U);
  EXPECT_EQ(harness_.file_names(), (Texts{"000000000001.spare", "000000000002.spare",
                                          "000000000004.log", "000000000005.log"}));
  ASSERT_TRUE(harness_.reopen().has_value());
  EXPECT_EQ(harness_.bodies, (Texts{body_of(3000, 'd'), body_of(3000, 'e')}));
  EXPECT_EQ(harness_.report.messages, Texts{});
}

TEST_F(RetiringLog, KeepsASegmentWithOneNeededRecord) {
  ASSERT_TRUE(harness_.open().has_value());
  ASSERT_TRUE(harness_.append("1").has_value());
  ASSERT_TRUE(harness_.append("2").has_value());
  append_filling(1);
  retire_before(2);
  ASSERT_TRUE(harness_.reopen().has_value());
  EXPECT_EQ(harness_.bodies.size(), 3U);
}

// Otherwise positions would begin anew.
TEST_F(RetiringLog, KeepsTheNewestSegment) {
  ASSERT_TRUE(harness_.open().has_value());
  append_filling(3);
  harness_.log->retire_before(UINT64_MAX);
  ASSERT_TRUE(harness_.reopen().has_value());
  retire_before(UINT64_MAX);
  ASSERT_TRUE(harness_.reopen().has_value());
  EXPECT_EQ(harness_.log->next_position(), 4U);
  ASSERT_TRUE(harness_.append("next").has_value());
  ASSERT_TRUE(harness_.reopen().has_value());
  EXPECT_EQ(harness_.records.back().position, 4U);
}

TEST_F(RetiringLog, NeverReplaysOldRecordsOfReusedFiles) {
  ASSERT_TRUE(harness_.open().has_value());
  append_filling(6);
  retire_before(6);
  ASSERT_TRUE(harness_.reopen().has_value());
  ASSERT_TRUE(harness_.append("fresh").has_value());
  ASSERT_TRUE(harness_.crash_and_open().has_value());
  EXPECT_EQ(harness_.bodies, (Texts{body_of(3000, 'f'), "fresh"}));
  EXPECT_EQ(harness_.report.messages, Texts{});
  // The old bytes are there.
  EXPECT_PRED2(contains, harness_.files.content(LogHarness::path(7)), body_of(2000, 'b'));
}

TEST_F(RetiringLog, SurvivesAPowerCutAtAnyCall) {
  for (std::uint64_t n = 1; true; ++n) {
    LogHarness harness(n);
    ASSERT_TRUE(harness.open().has_value());
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(harness.append(body_of(3000, static_cast<char>('a' + i))).has_value());
    }
    harness.files.fail_calls(n, ErrorCode::Internal, 1'000'000);
    harness.log->retire_before(4);
    harness.log->close();
    const bool has_failed = harness.files.has_failed();
    ASSERT_TRUE(harness.cut_power_and_open().has_value());
    ASSERT_GE(harness.bodies.size(), 2U);
    ASSERT_LE(harness.bodies.size(), 5U);
    for (std::size_t i = 0; i < harness.bodies.size(); ++i) {
      const auto letter = static_cast<char>('e' - (harness.bodies.size() - 1 - i));
      EXPECT_EQ(harness.bodies[i], body_of(3000, letter)) << n;
    }
    EXPECT_EQ(harness.report.messages, Texts{}) << n;
    if (!has_failed) {
      break;
    }
  }
}

}  // namespace
}  // namespace waybill::storage
