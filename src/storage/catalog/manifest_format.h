// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/catalog_snapshot.h"

// The bytes of the catalog's file. Normative text: docs/formats/catalog.md. Little endian
// throughout.
//
//   file  0                                  side bytes                     2 * side bytes
//         +----------------------------------+---------------------------------+
//         | first side                       | second side: the same bytes     |
//         +----------------------------------+---------------------------------+
//   side  0        64
//         +--------+------+-- ... --+------+--------+-- ... --+-------------------+
//         | header | base | records | base | change | records | room: zeros       |
//         +--------+------+-- ... --+------+--------+-- ... --+-------------------+
namespace waybill::storage {

inline constexpr std::uint32_t kManifestVersion = 1;
inline constexpr std::size_t kManifestHeaderBytes = 64;
inline constexpr std::size_t kManifestRecordHeaderBytes = 40;
inline constexpr std::size_t kManifestAlignment = 8;
// A longer claim in a file is damage. More than the largest change that a commit takes.
inline constexpr std::uint32_t kManifestPayloadBytesMax = 16U << 20;
inline constexpr std::uint64_t kManifestBytesMax = std::uint64_t{4} << 30;

inline constexpr std::string_view kManifestName = "catalog.wbc";
inline constexpr std::string_view kNewManifestName = "catalog.new";  // room for the next one
inline constexpr std::string_view kCatalogLockName = "catalog.lock";

//   0          8         12      16     24           32
//   +----------+---------+-------+------+------------+
//   | WBCATLOG | version | flags | salt | side bytes |
//   +----------+---------+-------+------+------------+
//   32           40           48                  56         64
//   +------------+------------+-------------------+----------+
//   | created at | rewriting  | base record count | checksum |
//   +------------+------------+-------------------+----------+
struct ManifestHeader {
  std::uint32_t version = kManifestVersion;
  std::uint64_t salt = 0;  // never zero; every record of this file carries it
  std::uint64_t side_bytes = 0;
  UnixNanos created_at = 0;
  std::uint64_t rewriting = 0;          // 1 for the first file of a store, then one more each time
  std::uint64_t base_record_count = 0;  // records that were there before the file got its name

  friend bool operator==(const ManifestHeader&, const ManifestHeader&) = default;
};

std::string encode_manifest_header(const ManifestHeader& header);

// No value where the magic or the checksum is wrong. Of a version above kManifestVersion only
// `version` means anything.
std::optional<ManifestHeader> decode_manifest_header(std::string_view bytes);

// Whether the bytes begin as a catalog's file does, be they damaged or not.
bool has_manifest_magic(std::string_view bytes);

//   0      8        16              20     24                 32                40
//   +------+--------+---------------+------+------------------+-----------------+---------+
//   | salt | number | payload bytes | zero | payload checksum | header checksum | payload | zeros
//   +------+--------+---------------+------+------------------+-----------------+---------+
struct ManifestRecord {
  std::uint64_t number = 0;  // 1, 2, 3 in each file
  std::string_view payload;  // borrowed
  std::size_t record_bytes = 0;
};

// The whole record, padded.
std::string encode_manifest_record(std::uint64_t salt, std::uint64_t number,
                                   std::string_view payload);
std::uint64_t manifest_record_bytes(std::uint64_t payload_bytes);

// The record that begins where the bytes do; no value where none does.
std::optional<ManifestRecord> decode_manifest_record(std::string_view bytes, std::uint64_t salt);

// What a commit changes besides the blocks.
struct ManifestState {
  std::uint64_t log_covered_to = 0;
  // Every block number that may have been given out is below.
  BlockId id_limit = 1;
  std::uint64_t sequence = 0;

  friend bool operator==(const ManifestState&, const ManifestState&) = default;
};

// The payload of a record: the state after it, the blocks that go, the blocks that come.
struct ManifestChange {
  ManifestState state;
  std::vector<BlockId> removed;
  ServiceNames names;             // of this record
  std::vector<BlockEntry> added;  // services are numbers in `names`
};

// Entries' services are numbers in `names`, of which the payload gets those that it needs.
std::string encode_manifest_change(const ManifestState& state, std::span<const BlockId> removed,
                                   std::span<const std::shared_ptr<const BlockEntry>> added,
                                   const ServiceNames& names);

// Errors: DataLoss. Counts are checked against the bytes before they are used, each entry by
// check_block_facts. Never reads past the payload.
Result<ManifestChange> decode_manifest_change(std::string_view payload);

}  // namespace waybill::storage
