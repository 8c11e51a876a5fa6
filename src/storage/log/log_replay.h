// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/file_system.h"
#include "storage/log/log.h"
#include "storage/log/log_format.h"

namespace waybill::storage {

// A segment that takes no more records.
struct SealedSegment {
  std::uint64_t number = 0;
  std::string name;  // of the file in the log's folder
  std::uint64_t size_bytes = 0;
  std::uint64_t end_offset = kFirstRecordOffset;  // behind its last record
  std::uint64_t next_position = 0;                // larger than that of each of its records
  // Holds bytes that could not be set aside: the file is kept, not reused, when it is retired.
  bool must_keep = false;
};

// A file without records that are needed, to be written over.
struct SpareFile {
  std::string name;
  std::uint64_t size_bytes = 0;
};

struct ReplayedLog {
  std::vector<SealedSegment> segments;  // by number
  std::vector<SpareFile> spares;
  std::uint64_t next_number = 1;  // greater than every number in use
  std::uint64_t next_position = 1;
};

// Reads all segments of the folder in order. Damage is set aside and told, never an error. Errors:
// the folder can not be listed or a segment not opened; a file of a newer format version, found
// before anything is changed; Cancelled where options.stop was requested before the end.
Result<ReplayedLog> replay_log(const LogOptions& options, os::FileSystem& file_system,
                               const Log::Visit& visit, ReplayReport& report);

}  // namespace waybill::storage
