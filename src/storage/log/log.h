// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
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
  std::shared_ptr<const std::string> body;  // never null
  std::uint64_t position = 0;               // given by the log; set when the record is replayed
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
  std::size_t group_bytes_max = std::size_t{8} << 20;  // written and synced together
  // Least time from the start of one commit to the next while several appends come together: what
  // a sync costs is shared by more of them. A lone append never waits for company.
  std::chrono::nanoseconds group_interval = std::chrono::milliseconds(1);
  std::size_t record_bytes_max = std::size_t{256} << 20;  // a longer claim in a file is damage
  std::uint64_t free_bytes_min =
      std::uint64_t{256}
      << 20;  // room that is left on the device; below it appends are refused (ResourceExhausted)
  // Records get positions from here on at least. Where blocks cover more positions than the log
  // knows of, because its folder was removed, its new records must not be taken for those.
  std::uint64_t first_position = 1;
  // Makes the salts of segments hard to guess, so that no body can pass for a record of its own: is
  // to come from the system's entropy. Zero: from the clock alone.
  std::uint64_t salt_seed = 0;
  // Ends open() between two records, with Cancelled and every record still in its place.
  std::stop_token stop;
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
//
// Records are numbered from 1, over restarts too: a record's position is larger than that of every
// record before it, mostly by one. Records are written, acknowledged and replayed in the order of
// their positions.
class Log {
 public:
  // Called once with the record's position: on the log's thread when the record is as durable as
  // the options ask or has failed, in the order of positions; or within append() where the record
  // is refused at once or durability is None (position 0). Must not block and must not call
  // close().
  using Done = std::function<void(Result<std::uint64_t>)>;
  using Visit = std::function<void(LogRecord)>;

  // Replays every whole record in order, then is ready to append; a folder without room for more
  // still opens, so that what is there can be read. Borrows the file system, the clock and the
  // metrics; the metrics may outlive the log. Errors: the folder can not be listed or locked
  // (FailedPrecondition where another process has it), it holds files of a newer format version
  // (FailedPrecondition; nothing is touched), an option is out of range (InvalidArgument), or a
  // stop was requested before everything was read (Cancelled).
  static Result<std::unique_ptr<Log>> open(LogOptions options, os::FileSystem& file_system,
                                           const Clock& clock, MetricRegistry& metrics,
                                           const Visit& visit, ReplayReport& report);
  // Closes.
  virtual ~Log() = default;

  // Any thread. `done` is always called. Errors: Unavailable and ResourceExhausted where the record
  // is not taken, both mean: try again later; InvalidArgument where the record is longer than
  // record_bytes_max and never will be. After Unavailable the record may still be there after a
  // crash, if the device failed while it was written.
  virtual void append(LogRecord record, Done done) = 0;

  // Any thread. The position after the last acknowledged record: every record acknowledged so far
  // has a smaller one, every later one this or more.
  virtual std::uint64_t next_position() const = 0;

  // Any thread. Says that records with smaller positions are no longer needed, because blocks hold
  // them. Segments without any other record are emptied for reuse or removed soon after, by the
  // log's thread. The newest segment stays, so that positions are never given out twice.
  virtual void retire_before(std::uint64_t position) = 0;

  // Commits everything appended so far and stops the thread; later appends fail with Unavailable.
  // Not from `done`.
  virtual void close() = 0;

  // Any thread. Size of all segments in use.
  virtual std::uint64_t size_bytes() const = 0;
};

}  // namespace waybill::storage
