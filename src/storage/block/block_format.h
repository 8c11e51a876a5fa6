// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "os/file_system.h"
#include "storage/block/codec/block_bytes.h"

// The frame of a block file: parts with checksums, a directory of them, a tail. Normative text:
// docs/formats/block.md. Little endian throughout.
//
//   0        16
//   +--------+---------+-- -+---------+--------------+--------+------------+-----------+------+
//   | header | group 0 |    | group n | dictionaries | schema | trace pages| directory | tail |
//   +--------+---------+-- -+---------+--------------+--------+------------+-----------+------+
//                                                                                      48 bytes
namespace waybill::storage {

inline constexpr std::uint32_t kBlockFormatVersion = 1;
inline constexpr std::string_view kBlockMagic = "WBBLOCK\n";
inline constexpr std::string_view kBlockTailMagic = "WBBLKEND";
inline constexpr std::size_t kBlockHeaderBytes = 16;
inline constexpr std::size_t kBlockTailBytes = 48;

// Limits of the format: what a reader allocates before it has seen the values is bounded by them.
inline constexpr std::size_t kGroupSpanCountMax = 1 << 16;
inline constexpr std::size_t kGroupItemCountMax = 1 << 20;  // events, and links, of one group
inline constexpr std::size_t kGroupCellCountMax = 1 << 22;  // values of one group
inline constexpr std::size_t kPartBytesMax = std::size_t{1} << 30;
// A compressed part is at most this much smaller than what it holds.
inline constexpr std::size_t kPartRatioMax = 1024;
inline constexpr std::size_t kPartFreeBytes = 64 << 10;

// First bytes of a column's head beside the kinds of runs (codec/int_run.h).
inline constexpr std::uint8_t kDefaultRun = 0;  // the shape's default in every row
inline constexpr std::uint8_t kPooledRun = 8;   // texts of the pool
inline constexpr std::uint8_t kMixedRun = 9;    // codes first, then texts of the pool

// Where the bytes of a part are. Stored as they are where raw_bytes is zero, else as one zstd
// frame.
struct PartRef {
  std::uint64_t offset = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t raw_bytes = 0;
  std::uint32_t checksum = 0;

  bool is_empty() const { return stored_bytes == 0; }
  // Bytes once they are read.
  std::uint64_t size_bytes() const { return raw_bytes == 0 ? stored_bytes : raw_bytes; }
};

enum class Squeeze : std::uint8_t { None, Try };

// Packs a part: the bytes as they are, or compressed where that saves a tenth and the level is not
// zero. The offset is left to the caller.
struct PackedPart {
  std::string bytes;
  PartRef ref;
};
PackedPart pack_part(std::string raw, Squeeze squeeze, int zstd_level);

// The low half of checksum64.
std::uint32_t part_checksum(std::string_view stored);

// Size and checksum of a part; its offset is where the one before ended.
void write_part_ref(const PartRef& ref, ByteWriter& out);
// Advances `offset` behind the part. Fails the cursor where the part would pass `end`.
PartRef read_part_ref(ByteCursor& in, std::uint64_t& offset, std::uint64_t end);

// Bytes of a part out of its stored form. DataLoss for a wrong checksum or size.
Result<std::string> unpack_part(std::string_view stored, const PartRef& ref);
// Reads it from the file. Errors name the part and its offset.
Result<std::string> read_part(os::File& file, const PartRef& ref, std::string_view name);

// What is known of a block without reading its spans.
struct BlockInfo {
  std::uint64_t span_count = 0;
  std::uint64_t trace_count = 0;
  UnixNanos first_start = 0;  // earliest start of a span
  UnixNanos last_start = 0;   // latest start of a trace
  UnixNanos last_end = 0;     // latest end (or start) of a span
  UnixNanos first_received = 0;
  UnixNanos last_received = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t index_bytes = 0;  // of these: what only serves to find things
  std::uint64_t group_count = 0;

  friend bool operator==(const BlockInfo&, const BlockInfo&) = default;
};

// One row group, as the directory has it.
struct GroupRef {
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;  // with the head, which is its last part
  PartRef head;
  std::uint64_t first_row = 0;
  std::uint64_t span_count = 0;
  std::uint64_t first_trace = 0;  // number of its first trace; may have begun in the group before
  std::uint64_t trace_count = 0;
  UnixNanos first_start = 0;  // of its traces
  UnixNanos last_start = 0;
  UnixNanos last_end = 0;
  bool continues = false;  // its first trace began in the group before
};

// The directory: everything that is kept in memory while a block is open.
struct BlockDirectory {
  BlockInfo info;
  std::vector<GroupRef> groups;
  std::vector<PartRef> dictionaries;  // of each field; empty ones for those without
  std::vector<PartRef> patterns;      // of each field
  PartRef schema;
  std::vector<PartRef> trace_pages;
  std::string trace_filter;
};

std::string encode_directory(const BlockDirectory& directory);
Result<BlockDirectory> decode_directory(std::string_view bytes, std::uint64_t directory_offset);

std::string encode_block_header();
std::string encode_block_tail(const PartRef& directory);
// Where the directory is. InvalidArgument for a foreign file, Unimplemented for a newer version,
// DataLoss for a damaged one.
Result<PartRef> decode_block_tail(std::string_view tail, std::uint64_t file_bytes);
Result<void> check_block_header(std::string_view header);

}  // namespace waybill::storage
