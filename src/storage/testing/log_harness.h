// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "os/testing/fault_file_system.h"
#include "os/testing/manual_clock.h"
#include "storage/log/log.h"
#include "storage/log/log_format.h"
#include "storage/log/log_replay.h"

namespace waybill::storage {

using Texts = std::vector<std::string>;

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A log on a file system in memory that can be stopped and opened again, for tests. One thread.
class LogHarness final {
 public:
  explicit LogHarness(std::uint64_t seed = 1) : files(seed) {
    options.directory = "/log";
    options.segment_bytes = 4096;
    options.free_bytes_min = 0;
    options.salt_seed = seed;
  }

  // Opens the log; what it replayed is in `bodies` and `report`.
  Result<void> open() {
    log.reset();
    bodies.clear();
    records.clear();
    report = {};
    metrics = std::make_unique<MetricRegistry>();
    auto opened = Log::open(
        options, files, clock, *metrics,
        [this](LogRecord record) {
          bodies.push_back(*record.body);
          records.push_back(std::move(record));
        },
        report);
    if (!opened.has_value()) {
      return std::move(opened).error();
    }
    log = *std::move(opened);
    return {};
  }

  // Reads what open() would read.
  Result<void> replay() {
    bodies.clear();
    records.clear();
    report = {};
    TRY(replay_log(
        options, files,
        [this](LogRecord record) {
          bodies.push_back(*record.body);
          records.push_back(std::move(record));
        },
        report));
    return {};
  }

  // Appends one record and waits for the answer.
  Result<void> append(std::string body) { return start_append(std::move(body)).get(); }

  std::future<Result<void>> start_append(std::string body) {
    LogRecord record;
    record.received_at = clock.now();
    record.body = std::make_shared<const std::string>(std::move(body));
    auto answer = std::make_shared<std::promise<Result<void>>>();
    auto future = answer->get_future();
    log->append(std::move(record), [answer](Result<std::uint64_t> position) {
      answer->set_value(position ? Result<void>() : std::move(position).error());
    });
    return future;
  }

  Result<void> reopen() {
    log.reset();
    return open();
  }

  // As after kill -9: what was written stays, nothing more is written.
  Result<void> crash_and_open() {
    files.kill();
    log.reset();
    files.start();
    return open();
  }

  Result<void> cut_power_and_open() {
    files.cut_power();
    log.reset();
    files.start();
    return open();
  }

  static std::string path(std::uint64_t number) { return "/log/" + segment_file_name(number); }

  Texts file_names() { return *files.list_files("/log"); }

  os::FaultFileSystem files;
  os::ManualClock clock;
  LogOptions options;
  std::unique_ptr<MetricRegistry> metrics;
  std::unique_ptr<Log> log;
  ReplayReport report;
  Texts bodies;
  std::vector<LogRecord> records;
};

}  // namespace waybill::storage
