// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "os/file_system.h"
#include "storage/log/log.h"
#include "storage/log/log_format.h"
#include "storage/log/log_replay.h"

namespace waybill::storage {

// The log's files on the writing side: one active segment, the sealed ones before it, and spares.
// Borrows the file system and the clock. One thread at a time. Never blocks longer than the device.
//
// A segment in which a write or a sync failed is never written again: it is sealed behind its last
// good record, and the header of the next segment says where that is. So nothing has to be
// repaired on a device that fails, and what was half written is never read.
class SegmentFiles final {
 public:
  SegmentFiles(const LogOptions& options, os::FileSystem& file_system, const Clock& clock,
               ReplayedLog replayed);

  // Sees to it that the active segment has room for a record of this size, opening another where
  // needed. Errors: ResourceExhausted (total_bytes_max, free_bytes_min, no space), Unavailable.
  // After a failure of the system it says no for a while without trying.
  Result<void> make_room(std::uint64_t record_bytes);

  // How much fits into the active segment. Requires: make_room succeeded and no commit has failed
  // since.
  std::uint64_t room_bytes() const { return active_->size_bytes - active_->end_offset; }
  std::uint64_t marker() const { return active_->header.marker(); }

  // Writes `record_count` records, at most room_bytes() together, and makes them durable. Errors:
  // ResourceExhausted, Unavailable; none of the records counts then.
  Result<void> commit(std::span<const std::string_view> pieces, std::uint64_t record_count);

  // See Log::retire_before. A failure leaves the rest for the next time.
  Result<void> retire_before(std::uint64_t position);

  // Syncs what Durability::Process has left to the operating system.
  Result<void> sync();

  std::uint64_t next_position() const { return next_position_; }
  // Of the segments in use, without spares.
  std::uint64_t size_bytes() const;

 private:
  struct ActiveSegment {
    SegmentHeader header;
    std::string name;
    std::unique_ptr<os::File> file;
    std::uint64_t size_bytes = 0;
    std::uint64_t end_offset = kFirstRecordOffset;
  };
  struct PreparedFile {
    std::unique_ptr<os::File> file;
    std::string name;
    std::uint64_t size_bytes = 0;
    bool is_recycled = false;
  };

  std::string path(std::string_view name) const;
  Result<void> check_total(std::uint64_t new_segment_bytes) const;
  Result<void> check_free_room(std::uint64_t extra_bytes);
  Result<void> open_segment(std::uint64_t size_bytes);
  Result<PreparedFile> prepare_file(std::uint64_t number, std::uint64_t size_bytes);
  Result<std::uint64_t> resize_spare(os::File& file, const SpareFile& spare,
                                     std::uint64_t size_bytes);
  SegmentHeader make_header(std::uint64_t number) const;
  Result<void> activate(PreparedFile prepared, const SegmentHeader& header);
  void seal();
  void trim_last();
  Error fail(Error error);
  Result<void> retire(const SealedSegment& segment);

  const LogOptions& options_;
  os::FileSystem& file_system_;
  const Clock& clock_;
  std::vector<SealedSegment> segments_;
  std::vector<SpareFile> spares_;
  std::optional<ActiveSegment> active_;
  std::uint64_t next_number_;
  std::uint64_t next_position_;
  bool must_trim_last_;                // the newest sealed segment has room that will never be used
  std::uint64_t unchecked_bytes_ = 0;  // written since the free room was last asked for
  // After failures of the system: no attempt before this time, the answer is the last error.
  std::uint64_t failure_count_ = 0;
  std::chrono::nanoseconds retry_at_{0};
  std::optional<Error> last_error_;
};

}  // namespace waybill::storage
