// SPDX-License-Identifier: Apache-2.0
//
// The log's reader on two segment files of any content. No crash, records in order, and a second
// reading, after damage was set aside, finds the same records.
//
// Input: one byte of options, two bytes with the size of the first file, then both files. With
// option 1 the checksums are put right first, so that the fuzzer gets behind them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "os/testing/fault_file_system.h"
#include "storage/log/log_format.h"
#include "storage/log/log_replay.h"

namespace waybill::storage {
namespace {

constexpr std::size_t kOptionBytes = 3;
constexpr std::uint8_t kRepairChecksums = 1;

void put_checksum(std::string& bytes, std::size_t at, std::string_view covered) {
  const std::uint64_t checksum = checksum64(covered);
  std::memcpy(bytes.data() + at, &checksum, sizeof(checksum));
}

void repair_record(std::string& bytes, std::size_t at) {
  std::uint32_t body_bytes = 0;
  std::memcpy(&body_bytes, bytes.data() + at + 24, sizeof(body_bytes));
  const std::size_t body = at + kRecordHeaderBytes;
  if (body_bytes <= bytes.size() - body) {
    put_checksum(bytes, at + 32, std::string_view(bytes).substr(body, body_bytes));
  }
  put_checksum(bytes, at + 40, std::string_view(bytes).substr(at, 40));
}

void repair(std::string& bytes) {
  for (const std::size_t at : {std::size_t{0}, static_cast<std::size_t>(kSegmentCopyOffset)}) {
    if (at + kSegmentHeaderBytes <= bytes.size()) {
      put_checksum(bytes, at + 64, std::string_view(bytes).substr(at, 64));
    }
  }
  const auto header = decode_segment_header(bytes);
  if (!header.has_value()) {
    return;
  }
  for (std::size_t at = kFirstRecordOffset; at + kRecordHeaderBytes <= bytes.size();
       at += kRecordAlignment) {
    if (read_u64(bytes, at) == header->marker()) {
      repair_record(bytes, at);
    }
  }
}

struct Reading {
  bool is_refused = false;
  std::vector<std::uint64_t> positions;
  std::string bodies;
};

Reading read(os::FaultFileSystem& files) {
  LogOptions options;
  options.directory = "/log";
  Reading reading;
  ReplayReport report;
  const auto replayed = replay_log(
      options, files,
      [&](const LogRecord& record) {
        CHECK(reading.positions.empty() || reading.positions.back() < record.position);
        reading.positions.push_back(record.position);
        reading.bodies += *record.body;
      },
      report);
  reading.is_refused = !replayed.has_value();
  CHECK(reading.is_refused || report.record_count == reading.positions.size());
  CHECK(reading.is_refused || report.body_bytes == reading.bodies.size());
  return reading;
}

void run(std::string_view input) {
  if (input.size() < kOptionBytes) {
    return;
  }
  std::uint16_t first_bytes = 0;
  std::memcpy(&first_bytes, input.data() + 1, sizeof(first_bytes));
  const std::string_view rest = input.substr(kOptionBytes);
  std::string first(rest.substr(0, first_bytes));
  std::string second(rest.substr(first.size()));
  if ((static_cast<std::uint8_t>(input[0]) & kRepairChecksums) != 0) {
    repair(first);
    repair(second);
  }
  os::FaultFileSystem files;
  files.put("/log/" + segment_file_name(1), first);
  files.put("/log/" + segment_file_name(2), second);
  const Reading once = read(files);
  const Reading twice = read(files);
  CHECK(once.is_refused == twice.is_refused);
  CHECK(once.positions == twice.positions);
  CHECK(once.bodies == twice.bodies);
}

}  // namespace
}  // namespace waybill::storage

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  waybill::storage::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
