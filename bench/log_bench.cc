// SPDX-License-Identifier: Apache-2.0
//
// What the log costs: CPU time (user and system, of this process) for each span of 525 bytes, for
// large and small requests, in files of different history. The floor in the same run is the plain
// file without a log.
//
//   log_bench FOLDER [MIB]
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/text.h"
#include "os/file_system.h"
#include "os/system_clock.h"
#include "storage/log/log.h"

namespace waybill {
namespace {

constexpr double kSpanBytes = 525;
constexpr std::size_t kLargeBytes = 267'000;  // 512 spans, as a collector sends them
constexpr std::size_t kSmallBytes = 10'500;   // 20 spans, as a program sends them
constexpr std::size_t kPackedBytes = 40'000;  // the large one after gzip
constexpr std::size_t kFileBytes = std::size_t{64} << 20;

using Body = std::shared_ptr<const std::string>;

struct Usage {
  double user_seconds = 0;
  double system_seconds = 0;
  std::chrono::nanoseconds time{};
};

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

Usage usage_now() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  static const auto clock = os::make_system_clock();
  return {seconds(usage.ru_utime), seconds(usage.ru_stime), clock->steady()};
}

void print(const std::string& name, const Usage& begin, double bytes,
           double span_bytes = kSpanBytes) {
  const Usage end = usage_now();
  const double spans = bytes / span_bytes;
  const double wall = std::chrono::duration<double>(end.time - begin.time).count();
  const double user = (end.user_seconds - begin.user_seconds) / spans * 1e9;
  const double system = (end.system_seconds - begin.system_seconds) / spans * 1e9;
  fmt::print("{:<52} {:>6.0f} ns a span ({:.0f} user, {:.0f} system), {:.0f} MB/s\n", name,
             user + system, user, system, bytes / wall / 1e6);
}

// Bodies that do not fit into the processor's caches together.
std::vector<Body> make_bodies(std::size_t size_bytes) {
  Random random(1);
  std::vector<Body> bodies;
  for (std::size_t total = 0; total < (std::size_t{32} << 20); total += size_bytes) {
    std::string body(size_bytes, '\0');
    std::generate(body.begin(), body.end(), [&] { return static_cast<char>(random.next()); });
    bodies.push_back(std::make_shared<const std::string>(std::move(body)));
  }
  return bodies;
}

enum class Room { Growing, Reserved, ZeroFilled, Recycled };

// The floor: one write for each request into one file after the other.
void bench_files(os::FileSystem& files, const std::string& folder, Room room, bool is_synced,
                 std::size_t total_bytes) {
  const std::vector<Body> bodies = make_bodies(kLargeBytes);
  const std::size_t file_count = std::max<std::size_t>(1, total_bytes / kFileBytes);
  std::vector<std::unique_ptr<os::File>> open;
  const std::string zeros(std::size_t{1} << 20, '\0');
  const Usage before_fill = usage_now();
  for (std::size_t i = 0; i < file_count; ++i) {
    open.push_back(files.create_file(fmt::format("{}/bench-{}", folder, i)).value());
    if (room == Room::Reserved) {
      open.back()->preallocate(kFileBytes).value();
    }
    for (std::size_t at = 0; room >= Room::ZeroFilled && at < kFileBytes; at += zeros.size()) {
      const std::string_view piece = zeros;
      open.back()->write_at(at, std::span(&piece, 1)).value();
    }
    open.back()->sync_data().value();
  }
  // Zeros are a part of the price, old records are not.
  const Usage begin = room == Room::Recycled ? usage_now() : before_fill;
  double bytes = 0;
  std::size_t next = 0;
  for (const auto& file : open) {
    for (std::size_t at = 0; at + kLargeBytes <= kFileBytes; at += kLargeBytes) {
      const std::string_view piece = *bodies[next++ % bodies.size()];
      file->write_at(at, std::span(&piece, 1)).value();
      bytes += kLargeBytes;
      if (is_synced) {
        file->sync_data().value();
      }
    }
  }
  static constexpr const char* kNames[] = {"growing", "reserved", "filled with zeros", "recycled"};
  print(fmt::format("file, {}, {}", kNames[static_cast<std::size_t>(room)],
                    is_synced ? "each write synced" : "not synced"),
        begin, bytes);
  for (std::size_t i = 0; i < file_count; ++i) {
    files.remove_file(fmt::format("{}/bench-{}", folder, i)).value();
  }
}

// Lets a limited number of requests be under way, as a server does.
class Window final {
 public:
  explicit Window(int size) : free_(size) {}
  void enter() {
    const MutexLock lock(mutex_);
    while (free_ == 0) {
      changed_.wait(mutex_);
    }
    --free_;
  }
  void leave() {
    const MutexLock lock(mutex_);
    ++free_;
    changed_.notify_one();
  }

 private:
  Mutex mutex_;
  Condition changed_;
  int free_ GUARDED_BY(mutex_);
};

struct LogBench {
  std::string name;
  std::size_t body_bytes = kLargeBytes;
  storage::Durability durability = storage::Durability::Disk;
  bool is_recycling = false;
  int in_flight = 16;
  double span_bytes = kSpanBytes;
};

void append_bytes(storage::Log& log, const std::vector<Body>& bodies, const LogBench& bench,
                  std::size_t total_bytes) {
  Window window(bench.in_flight);
  for (std::size_t i = 0; i * bench.body_bytes < total_bytes; ++i) {
    window.enter();
    storage::LogRecord record;
    record.body = bodies[i % bodies.size()];
    log.append(std::move(record), [&window](const Result<std::uint64_t>& result) {
      CHECK(result.has_value());
      window.leave();
    });
    if (bench.is_recycling && i % 16 == 0) {
      log.retire_before(log.next_position());
    }
  }
  for (int i = 0; i < bench.in_flight; ++i) {
    window.enter();
  }
}

void bench_log(os::FileSystem& files, const std::string& folder, const LogBench& bench,
               std::size_t total_bytes) {
  const auto clock = os::make_system_clock();
  const std::vector<Body> bodies = make_bodies(bench.body_bytes);
  storage::LogOptions options;
  options.directory = folder + "/bench-log";
  options.durability = bench.durability;
  options.free_bytes_min = 0;
  MetricRegistry metrics;
  std::size_t replayed_bytes = 0;
  const auto open = [&] {
    storage::ReplayReport report;
    auto log = storage::Log::open(
        options, files, *clock, metrics,
        [&](const storage::LogRecord& record) { replayed_bytes += record.body->size(); }, report);
    CHECK(report.messages.empty());
    return std::move(log).value();
  };
  {
    auto log = open();
    if (bench.is_recycling) {
      append_bytes(*log, bodies, bench, 4 * kFileBytes);  // until the files go round
    }
    const Usage begin = usage_now();
    append_bytes(*log, bodies, bench, total_bytes);
    print(bench.name, begin, static_cast<double>(total_bytes), bench.span_bytes);
  }
  if (!bench.is_recycling) {
    const Usage begin = usage_now();
    open();
    CHECK(replayed_bytes >= total_bytes);
    print(bench.name + ", read back", begin, static_cast<double>(replayed_bytes), bench.span_bytes);
  }
  const auto names = files.list_files(options.directory).value();
  for (const std::string& name : names) {
    files.remove_file(options.directory + "/" + name).value();
  }
}

int run(const std::string& folder, std::size_t total_bytes) {
  const auto files = os::make_posix_file_system();
  files->create_directories(folder).value();
  for (const Room room : {Room::Growing, Room::Reserved, Room::ZeroFilled, Room::Recycled}) {
    for (const bool is_synced : {false, true}) {
      bench_files(*files, folder, room, is_synced, total_bytes);
    }
  }
  using storage::Durability;
  const std::vector<LogBench> benches = {
      {"log, 267 KB, disk, new files", kLargeBytes, Durability::Disk, false},
      {"log, 267 KB, disk, recycled files", kLargeBytes, Durability::Disk, true},
      {"log, 267 KB, process, new files", kLargeBytes, Durability::Process, false},
      {"log, 267 KB, process, recycled files", kLargeBytes, Durability::Process, true},
      {"log, 10 KB, disk, new files", kSmallBytes, Durability::Disk, false, 64},
      {"log, 10 KB, disk, recycled files", kSmallBytes, Durability::Disk, true, 64},
      {"log, 512 spans as 40 KB gzip, disk, new files", kPackedBytes, Durability::Disk, false, 16,
       kPackedBytes / 512.0},
      {"log, 512 spans as 40 KB gzip, disk, recycled files", kPackedBytes, Durability::Disk, true,
       16, kPackedBytes / 512.0},
  };
  for (const LogBench& bench : benches) {
    bench_log(*files, folder, bench, total_bytes);
  }
  return 0;
}

}  // namespace
}  // namespace waybill

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print("usage: log_bench FOLDER [MIB]\n");
    return 2;
  }
  const auto mebibytes = waybill::parse_uint64(argc > 2 ? argv[2] : "512");
  if (!mebibytes.has_value() || *mebibytes == 0) {
    fmt::print("not a number of MiB: {}\n", argv[2]);
    return 2;
  }
  return waybill::run(argv[1], static_cast<std::size_t>(*mebibytes) << 20);
}
