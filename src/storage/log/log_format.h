// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

// The bytes of the log's files. Normative text: docs/formats/log.md. Little endian throughout.
//
//   segment  0        512      1024
//            +--------+--------+--------+--------+------+------------------
//            | header | copy   | record | record | zero | room: any bytes
//            +--------+--------+--------+--------+------+------------------
namespace waybill::storage {

inline constexpr std::uint32_t kLogFormatVersion = 1;
inline constexpr std::size_t kSegmentHeaderBytes = 72;
inline constexpr std::uint64_t kSegmentCopyOffset = 512;
inline constexpr std::uint64_t kFirstRecordOffset = 1024;
inline constexpr std::size_t kRecordHeaderBytes = 48;
inline constexpr std::size_t kRecordAlignment = 8;
// A zero word where the next record would begin: here the log ends.
inline constexpr std::size_t kEndMarkBytes = 8;

//   0         8         12      16       24     28     32           40
//   +---------+---------+-------+--------+------+------+------------+
//   | WBLOGSEG| version | flags | number | salt | zero | created at |
//   +---------+---------+-------+--------+------+------+------------+
//   40               48                56             64         72
//   +----------------+-----------------+--------------+----------+
//   | first position | previous number | previous end | checksum |
//   +----------------+-----------------+--------------+----------+
struct SegmentHeader {
  std::uint32_t version = kLogFormatVersion;
  bool is_recycled = false;  // the room held records of an older segment
  std::uint64_t number = 0;
  std::uint32_t salt = 0;  // never zero
  UnixNanos created_at = 0;
  std::uint64_t first_position = 0;
  std::uint64_t previous_number = 0;  // zero: none
  std::uint64_t previous_end = 0;     // where the records of the previous segment end, in its file

  // The eight bytes that every record of this segment, and nothing else in it, begins with.
  std::uint64_t marker() const {
    return (number & 0xffffffffU) | (static_cast<std::uint64_t>(salt) << 32);
  }

  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

// The first kFirstRecordOffset bytes of a segment and the end mark behind them.
std::string encode_segment_start(const SegmentHeader& header);

// Reads one copy of the header. No value where the magic or the checksum is wrong. Of a version
// above kLogFormatVersion only `version` means anything.
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);

//   0        8          16            24           28       29         30      31     32
//   +--------+----------+-------------+------------+--------+----------+-------+------+
//   | marker | position | received at | body bytes | format | encoding | flags | zero |
//   +--------+----------+-------------+------------+--------+----------+-------+------+
//   32              40                48
//   +---------------+-----------------+------------------------+---------+
//   | body checksum | header checksum | body, body bytes long  | 0 to 7 zeros
//   +---------------+-----------------+------------------------+---------+
struct RecordHeader {
  std::uint64_t marker = 0;
  std::uint64_t position = 0;
  UnixNanos received_at = 0;
  std::uint32_t body_bytes = 0;
  std::uint8_t format = 0;
  std::uint8_t encoding = 0;
  bool starts_group = false;  // everything before it was synced before it was written
  std::uint64_t body_checksum = 0;

  // The whole record, with header and padding.
  std::uint64_t record_bytes() const {
    const std::uint64_t bytes = kRecordHeaderBytes + std::uint64_t{body_bytes};
    return (bytes + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
  }

  friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};

void append_record_header(std::string& out, const RecordHeader& header);

// No value where the checksum of the header is wrong. Requires: kRecordHeaderBytes bytes.
std::optional<RecordHeader> decode_record_header(std::string_view bytes);

// One little-endian word. Requires: that many bytes.
std::uint64_t read_u64(std::string_view bytes, std::size_t offset);

// "000000000042.log".
std::string segment_file_name(std::uint64_t number);
// The number of a name with this ending; no value for another name.
std::optional<std::uint64_t> parse_segment_file_name(std::string_view name,
                                                     std::string_view ending);

inline constexpr std::string_view kSegmentEnding = ".log";
inline constexpr std::string_view kSpareEnding = ".spare";      // room for a later segment
inline constexpr std::string_view kNewEnding = ".new";          // being made
inline constexpr std::string_view kDamagedEnding = ".damaged";  // set aside for a person to look at
inline constexpr std::string_view kLogLockName = "log.lock";

}  // namespace waybill::storage
