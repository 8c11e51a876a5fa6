// SPDX-License-Identifier: Apache-2.0
#include "storage/log/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "os/file_system.h"
#include "storage/log/log_format.h"
#include "storage/log/log_replay.h"
#include "storage/log/segment_files.h"

namespace waybill::storage {
namespace {

constexpr std::uint64_t kSegmentBytesMin = 4096;
constexpr std::uint64_t kSegmentBytesMax = std::uint64_t{1} << 40;
constexpr std::uint64_t kRecordBytesLimit = UINT32_MAX;  // the length has 32 bits on disk

// An append that waits for its turn.
struct Pending {
  LogRecord record;
  std::uint64_t body_checksum = 0;
  Log::Done done;

  std::uint64_t record_bytes() const {
    RecordHeader header;
    header.body_bytes = static_cast<std::uint32_t>(record.body->size());
    return header.record_bytes();
  }
};

// What scrapes read; outlives the log, as the registry keeps its gauges.
struct LogSizes {
  Mutex mutex;
  std::uint64_t size_bytes GUARDED_BY(mutex) = 0;
  std::uint64_t queue_bytes GUARDED_BY(mutex) = 0;
};

struct LogMetrics {
  explicit LogMetrics(MetricRegistry& registry)
      : appended_bytes(registry.counter("waybill_log_appended_bytes_total",
                                        "Bytes of bodies written to the log.")),
        records(registry.counter("waybill_log_records_total", "Records written to the log.")),
        sync_time(registry.latency("waybill_log_sync_seconds",
                                   "Time to write a group of records and make it durable.")),
        queue_full(failure(registry, "queue_full")),
        no_space(failure(registry, "no_space")),
        device(failure(registry, "device")),
        too_large(failure(registry, "too_large")),
        closed(failure(registry, "closed")) {}

  static Counter& failure(MetricRegistry& registry, std::string_view reason) {
    return registry.counter("waybill_log_append_failures_total",
                            "Records that were refused, by reason.", {{"reason", reason}});
  }

  Counter& appended_bytes;
  Counter& records;
  LatencyHistogram& sync_time;
  Counter& queue_full;
  Counter& no_space;
  Counter& device;
  Counter& too_large;
  Counter& closed;
};

// The pieces of one write: headers and padding lie in one buffer, bodies stay where they are.
class Group final {
 public:
  void add(const Pending& pending, const RecordHeader& header) {
    const std::size_t begin = text_.size();
    append_record_header(text_, header);
    const std::string_view body = *pending.record.body;
    const auto padding =
        static_cast<std::size_t>(header.record_bytes() - kRecordHeaderBytes - body.size());
    parts_.push_back({begin, body, padding});
    text_.append(padding, '\0');
    size_bytes_ += header.record_bytes();
    body_bytes_ += body.size();
  }

  // Padding and the next header are neighbours in the buffer and go out as one piece.
  std::vector<std::string_view> pieces() const {
    std::vector<std::string_view> pieces;
    pieces.reserve(2 * parts_.size() + 1);
    std::size_t begin = 0;
    for (const Part& part : parts_) {
      const std::size_t end = part.header_begin + kRecordHeaderBytes;
      pieces.push_back(std::string_view(text_).substr(begin, end - begin));
      pieces.push_back(part.body);
      begin = end;
    }
    pieces.push_back(std::string_view(text_).substr(begin));
    return pieces;
  }

  std::size_t record_count() const { return parts_.size(); }
  std::uint64_t size_bytes() const { return size_bytes_; }
  std::uint64_t body_bytes() const { return body_bytes_; }

 private:
  struct Part {
    std::size_t header_begin;
    std::string_view body;
    std::size_t padding;
  };

  std::string text_;
  std::vector<Part> parts_;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t body_bytes_ = 0;
};

class FileLog final : public Log {
 public:
  FileLog(LogOptions options, os::FileSystem& file_system, const Clock& clock,
          MetricRegistry& metrics, std::unique_ptr<os::FileSystem::Lock> folder_lock)
      : options_(std::move(options)),
        file_system_(file_system),
        clock_(clock),
        metrics_(metrics),
        sizes_(std::make_shared<LogSizes>()),
        folder_lock_(std::move(folder_lock)) {
    const auto sizes = sizes_;
    metrics.gauge("waybill_log_size_bytes", "Size of the log's segments.", {}, [sizes] {
      const MutexLock lock(sizes->mutex);
      return static_cast<double>(sizes->size_bytes);
    });
    metrics.gauge("waybill_log_queue_bytes", "Bodies appended to the log and not yet written.", {},
                  [sizes] {
                    const MutexLock lock(sizes->mutex);
                    return static_cast<double>(sizes->queue_bytes);
                  });
  }
  ~FileLog() override { FileLog::close(); }
  FileLog(const FileLog&) = delete;
  FileLog& operator=(const FileLog&) = delete;

  Result<void> start(const Visit& visit, ReplayReport& report) {
    ReplayedLog replayed = TRY(replay_log(options_, file_system_, visit, report));
    // What was renamed and not synced before a crash is seen now and must not change back.
    TRY(file_system_.sync_directory(options_.directory));
    replayed.next_position = std::max(replayed.next_position, options_.first_position);
    files_.emplace(options_, file_system_, clock_, std::move(replayed));
    publish();
    thread_ = std::jthread([this] { run(); });
    return {};
  }

  void append(LogRecord record, Done done) override {
    CHECK(record.body != nullptr);
    const std::size_t size = record.body->size();
    if (size > options_.record_bytes_max) {
      metrics_.too_large.add();
      done(invalid_argument(fmt::format("a record of {} bytes is longer than the log's limit of {}",
                                        size, options_.record_bytes_max)));
      return;
    }
    if (options_.durability == Durability::None) {
      done(0);
      return;
    }
    // Here and not on the log's thread: the body is still in this core's cache.
    const std::uint64_t checksum = checksum64(*record.body);
    std::optional<Error> refusal;
    {
      const MutexLock lock(mutex_);
      if (is_closing_) {
        refusal = unavailable("the log is closed");
        metrics_.closed.add();
      } else if (size >
                 options_.queue_bytes_max - std::min(queue_bytes_, options_.queue_bytes_max)) {
        refusal = unavailable(fmt::format("{} bytes wait to be written to the log, the limit is {}",
                                          queue_bytes_, options_.queue_bytes_max));
        metrics_.queue_full.add();
      } else {
        queue_bytes_ += size;
        publish_queue();
        queue_.push_back({std::move(record), checksum, std::move(done)});
        wake_.notify_one();
        if (queue_bytes_ >= options_.group_bytes_max) {
          group_full_.notify_one();
        }
      }
    }
    if (refusal.has_value()) {
      done(*std::move(refusal));
    }
  }

  std::uint64_t next_position() const override {
    const MutexLock lock(mutex_);
    return next_position_;
  }

  void retire_before(std::uint64_t position) override {
    const MutexLock lock(mutex_);
    retire_before_ = std::max(retire_before_, position);
    wake_.notify_one();
  }

  void close() override {
    {
      const MutexLock lock(mutex_);
      is_closing_ = true;
      wake_.notify_one();
      group_full_.notify_one();
    }
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  std::uint64_t size_bytes() const override {
    const MutexLock lock(sizes_->mutex);
    return sizes_->size_bytes;
  }

 private:
  struct Work {
    std::vector<Pending> appends;
    std::uint64_t retire_before = 0;
    bool is_last = false;
  };

  void run() {
    while (true) {
      Work work = wait_for_work();
      write(work.appends);
      work.appends.clear();
      if (work.retire_before > 0) {
        retire(work.retire_before);
      }
      publish();
      if (work.is_last) {
        break;
      }
    }
    // Durability::Process leaves this to the operating system while the log runs.
    if (const auto synced = files_->sync(); !synced.has_value()) {
      log_warn("the log could not be synced when it was closed",
               {{"error", synced.error().message}});
    }
  }

  // Takes everything that waits, up to group_bytes_max and at least one append.
  Work wait_for_work() {
    Work work;
    const MutexLock lock(mutex_);
    while (queue_.empty() && retire_before_ == 0 && !is_closing_) {
      wake_.wait(mutex_);
    }
    wait_for_company();
    std::size_t bytes = 0;
    while (!queue_.empty()) {
      const std::size_t size = queue_.front().record.body->size();
      if (!work.appends.empty() && bytes + size > options_.group_bytes_max) {
        break;
      }
      bytes += size;
      work.appends.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    work.retire_before = std::exchange(retire_before_, 0);
    work.is_last = is_closing_ && queue_.empty();
    return work;
  }

  // Where the last group had several appends, more are on their way: the next commit is put off
  // until group_interval after the last, and they share its sync.
  void wait_for_company() REQUIRES(mutex_) {
    if (last_group_count_ > 1) {
      const std::chrono::nanoseconds until = last_commit_ + options_.group_interval;
      while (!is_closing_ && queue_bytes_ < options_.group_bytes_max) {
        const std::chrono::nanoseconds left = until - clock_.steady();
        if (left <= std::chrono::nanoseconds(0) || !group_full_.wait_for(mutex_, left)) {
          break;
        }
      }
    }
    last_commit_ = clock_.steady();
    last_group_count_ = queue_.size();
  }

  // In groups that each lie in one segment.
  void write(std::vector<Pending>& appends) {
    std::size_t begin = 0;
    while (begin < appends.size()) {
      auto room = files_->make_room(appends[begin].record_bytes());
      if (!room.has_value()) {
        // A smaller one may still fit.
        finish(std::span(appends).subspan(begin, 1), room, 0);
        ++begin;
        continue;
      }
      Group group;
      std::size_t end = begin;
      while (end < appends.size() &&
             group.size_bytes() + appends[end].record_bytes() <= files_->room_bytes()) {
        group.add(appends[end], header_of(appends[end], end - begin));
        ++end;
      }
      const std::uint64_t first_position = files_->next_position();
      const auto started = clock_.steady();
      const auto written = files_->commit(group.pieces(), group.record_count());
      metrics_.sync_time.observe((clock_.steady() - started).count());
      if (written.has_value()) {
        metrics_.records.add(group.record_count());
        metrics_.appended_bytes.add(group.body_bytes());
      }
      finish(std::span(appends).subspan(begin, end - begin), written, first_position);
      begin = end;
    }
  }

  RecordHeader header_of(const Pending& pending, std::size_t index_in_group) const {
    RecordHeader header;
    header.marker = files_->marker();
    header.position = files_->next_position() + index_in_group;
    header.received_at = pending.record.received_at;
    header.body_bytes = static_cast<std::uint32_t>(pending.record.body->size());
    header.format = static_cast<std::uint8_t>(pending.record.format);
    header.encoding = static_cast<std::uint8_t>(pending.record.encoding);
    header.starts_group = index_in_group == 0;
    header.body_checksum = pending.body_checksum;
    return header;
  }

  void finish(std::span<Pending> appends, const Result<void>& result,
              std::uint64_t first_position) {
    std::size_t bytes = 0;
    for (const Pending& append : appends) {
      bytes += append.record.body->size();
    }
    {
      const MutexLock lock(mutex_);
      queue_bytes_ -= bytes;
    }
    publish();
    if (!result.has_value()) {
      const bool is_full = result.error().code == ErrorCode::ResourceExhausted;
      (is_full ? metrics_.no_space : metrics_.device).add(appends.size());
      log_failure(result.error());
    }
    std::uint64_t position = first_position;
    for (Pending& append : appends) {
      append.done(result ? Result<std::uint64_t>(position++)
                         : Result<std::uint64_t>(result.error()));
      append.record.body.reset();
    }
  }

  // Once for each new trouble, not once for each refused append.
  void log_failure(const Error& error) {
    if (last_failure_ != error) {
      log_error("the log refuses appends", {{"error", error.message}});
      last_failure_ = error;
    }
  }

  void retire(std::uint64_t position) {
    if (const auto retired = files_->retire_before(position); !retired.has_value()) {
      log_warn("the log could not retire segments", {{"error", retired.error().message}});
    }
  }

  void publish() {
    {
      const MutexLock lock(mutex_);
      next_position_ = files_->next_position();
      publish_queue();
    }
    const MutexLock lock(sizes_->mutex);
    sizes_->size_bytes = files_->size_bytes();
  }

  void publish_queue() REQUIRES(mutex_) {
    const MutexLock lock(sizes_->mutex);
    sizes_->queue_bytes = queue_bytes_;
  }

  const LogOptions options_;
  os::FileSystem& file_system_;
  const Clock& clock_;
  LogMetrics metrics_;
  const std::shared_ptr<LogSizes> sizes_;
  const std::unique_ptr<os::FileSystem::Lock> folder_lock_;

  // Set before the thread starts, then the thread's own.
  std::optional<SegmentFiles> files_;
  Error last_failure_;
  std::chrono::nanoseconds last_commit_{0};
  std::size_t last_group_count_ = 0;

  mutable Mutex mutex_;
  Condition wake_;
  Condition group_full_;
  std::deque<Pending> queue_ GUARDED_BY(mutex_);
  std::size_t queue_bytes_ GUARDED_BY(mutex_) = 0;  // with those being written
  std::uint64_t next_position_ GUARDED_BY(mutex_) = 1;
  std::uint64_t retire_before_ GUARDED_BY(mutex_) = 0;  // zero: nothing asked
  bool is_closing_ GUARDED_BY(mutex_) = false;

  std::jthread thread_;
};

Result<void> check_options(const LogOptions& options) {
  if (options.directory.empty()) {
    return invalid_argument("log: no folder is named");
  }
  if (options.segment_bytes < kSegmentBytesMin || options.segment_bytes > kSegmentBytesMax) {
    return invalid_argument(fmt::format("log: segment_bytes is {}, must be {} to {}",
                                        options.segment_bytes, kSegmentBytesMin, kSegmentBytesMax));
  }
  if (options.record_bytes_max == 0 || options.record_bytes_max > kRecordBytesLimit) {
    return invalid_argument(fmt::format("log: record_bytes_max is {}, must be 1 to {}",
                                        options.record_bytes_max, kRecordBytesLimit));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Log>> Log::open(LogOptions options, os::FileSystem& file_system,
                                       const Clock& clock, MetricRegistry& metrics,
                                       const Visit& visit, ReplayReport& report) {
  TRY(check_options(options));
  TRY(file_system.create_directories(options.directory));
  auto folder_lock =
      TRY(file_system.lock_file(fmt::format("{}/{}", options.directory, kLogLockName)));
  auto log = std::make_unique<FileLog>(std::move(options), file_system, clock, metrics,
                                       std::move(folder_lock));
  TRY(log->start(visit, report));
  return std::unique_ptr<Log>(std::move(log));
}

}  // namespace waybill::storage
