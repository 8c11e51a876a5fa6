// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "os/file_system.h"

// The log: every request as received, on disk before it is acknowledged. Format:
// docs/formats/log.md.
namespace waybill::storage {

// How a record's body is to be read. Stored on disk: numbers never change meaning.
enum class LogFormatCode : std::uint8_t { OtlpProtobuf = 1, OtlpJson = 2 };
enum class LogEncoding : std::uint8_t { Identity = 0, Gzip = 1, Zstd = 2, Deflate = 3 };

// One request. The body is as it came from the client, compressed where it came so.
struct LogRecord {
  LogFormatCode format = LogFormatCode::OtlpProtobuf;
  LogEncoding encoding = LogEncoding::Identity;
  UnixNanos received_at = 0;
  std::shared_ptr<const std::string> body;
};

// What an acknowledgement means (architecture.md of the design: `durability`).
enum class Durability : std::uint8_t {
  Disk,     // synced to the device; survives power loss
  Process,  // handed to the operating system; survives a killed process
  None,     // survives nothing: not written at all
};

struct LogOptions {
  std::string directory;
  Durability durability = Durability::Disk;
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;
  std::uint64_t total_bytes_max =
      std::uint64_t{16}
      << 30;  // over all segments; beyond it appends are refused (ResourceExhausted)
  std::size_t queue_bytes_max =
      std::size_t{256}
      << 20;  // appended and not yet written; beyond it appends are refused (Unavailable)
  std::size_t group_bytes_max = std::size_t{8} << 20;     // written and synced together
  std::size_t record_bytes_max = std::size_t{256} << 20;  // a longer claim in a file is damage
  std::uint64_t free_bytes_min =
      std::uint64_t{256}
      << 20;  // room that is left on the device; below it appends are refused (ResourceExhausted)
};

// What reading the log at start found.
struct ReplayReport {
  std::uint64_t record_count = 0;
  std::uint64_t body_bytes = 0;
  std::uint64_t segment_count = 0;
  std::uint64_t torn_bytes =
      0;  // cut from the end of the last segment: an append that was never acknowledged
  std::uint64_t quarantined_count =
      0;  // damaged stretches or files, set aside under names ending in `.damaged`, never deleted
  std::vector<std::string> messages;  // one clear sentence for each thing that was cut or set
                                      // aside: file, offset, why, what follows
};

// An append-only log in segment files with one writing thread that commits in groups.
class Log {
 public:
  // Called once, on the log's thread, when the record is as durable as the options ask, or has
  // failed. Must not block.
  using Done = std::function<void(Result<void>)>;
  using Visit = std::function<void(LogRecord)>;

  // Replays every whole record in order, then is ready to append. Errors: the folder can not be
  // read or written, or holds files of a newer format version (left untouched).
  static Result<std::unique_ptr<Log>> open(LogOptions options, os::FileSystem& file_system,
                                           const Clock& clock, MetricRegistry& metrics,
                                           const Visit& visit, ReplayReport& report);
  virtual ~Log() = default;

  // Any thread. `done` is always called, with Unavailable or ResourceExhausted where the record is
  // not taken; both mean: try again later.
  virtual void append(LogRecord record, Done done) = 0;

  // Commits everything appended so far and stops the thread; later appends fail with Unavailable.
  virtual void close() = 0;

  // Size of all segments in use.
  virtual std::uint64_t size_bytes() const = 0;
};

}  // namespace waybill::storage
