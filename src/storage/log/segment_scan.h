// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/file_system.h"
#include "storage/log/log.h"
#include "storage/log/log_format.h"

namespace waybill::storage {

// A stretch of a segment between, before or behind whole records that holds none.
struct DamagedStretch {
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
  std::string reason;
  bool is_unreadable = false;  // the device fails to read a part of it
  // No group began after it: the log may have stopped while it was written, and then nobody was
  // told that its records are safe.
  bool is_in_last_group = true;
  // The positions of the records that were there: [first_lost, end_lost).
  std::uint64_t first_lost = 0;
  std::uint64_t end_lost = 0;  // zero: not known
};

struct SegmentScan {
  std::uint64_t record_count = 0;
  std::uint64_t body_bytes = 0;
  std::uint64_t end_offset = kFirstRecordOffset;  // behind the last whole record
  std::uint64_t next_position = 0;                // larger than that of every record seen so far
  std::vector<DamagedStretch> damaged;
  // Behind end_offset, in the newest segment only: the beginning of an append that did not get
  // through. torn_reason is empty where there is none.
  std::uint64_t torn_bytes = 0;
  std::string torn_reason;
  // A stop was requested before the end: everything above tells of a part of the segment only.
  bool is_stopped = false;
};

struct SegmentScanRequest {
  std::uint64_t number = 0;
  std::uint64_t size_bytes = 0;            // of the file
  std::optional<SegmentHeader> header;     // none where both copies are damaged
  std::optional<std::uint64_t> known_end;  // as the next segment says; none for the newest
  std::uint64_t next_position = 1;         // records with smaller positions are not taken
  std::size_t record_bytes_max = 0;        // of the body
  std::stop_token stop;                    // looked at before each record
};

// Visits the whole records of one segment in order. Never fails: what can not be read is damage.
// Memory: one window of the file and one record.
SegmentScan scan_segment(os::File& file, const SegmentScanRequest& request,
                         const Log::Visit& visit);

}  // namespace waybill::storage
