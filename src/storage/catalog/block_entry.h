// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "storage/scan.h"

// What the catalog knows of a block without opening its file. Format: docs/formats/catalog.md.
namespace waybill::storage {

// The number of a block, from 1. Given out upwards and never twice, over restarts too.
using BlockId = std::uint64_t;

// Spans of services that have no place of their own are counted under this name. It is always
// service number 0.
inline constexpr std::string_view kOverflowService = "__overflow__";

inline constexpr std::uint64_t kBlockSpansMax = UINT32_MAX;
// Services that one block counts by name; spans of the others go to kOverflowService.
inline constexpr std::size_t kBlockServicesMax = 256;
// A service with a longer name is counted under kOverflowService.
inline constexpr std::size_t kServiceNameBytesMax = 256;
// Different services over all blocks of a catalog; further ones count as overflow.
inline constexpr std::size_t kServiceNamesMax = 20'000;

// The numbers of one block. A value.
struct BlockFacts {
  BlockId id = 0;
  // How often the most rewritten of its spans was rewritten by merging; 0: sealed from the head.
  std::uint32_t level = 0;
  // 0: spans as they were received; grows by one each time settling has rewritten them. Blocks of
  // different generations are never merged, since what was decided must not be decided again.
  std::uint32_t generation = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t span_count = 0;   // from 1 to kBlockSpansMax
  std::uint64_t trace_count = 0;  // from 1 to span_count
  std::uint64_t error_count = 0;  // spans with an error, at most span_count
  // Times as the spans carry them: the smallest start and the largest end, both included.
  UnixNanos min_start = 0;
  UnixNanos max_end = 0;
  // When the requests came in, by the server's clock. Age counts from here.
  UnixNanos min_received = 0;
  UnixNanos max_received = 0;
  // Retention by service was applied for this time (the smallest over what was merged); 0: never.
  UnixNanos retention_applied_at = 0;
  model::TraceId min_trace_id;
  model::TraceId max_trace_id;
  std::uint64_t footer_checksum = 0;  // ties the entry to its file

  friend bool operator==(const BlockFacts&, const BlockFacts&) = default;
};

// A block as its writer reports it. The services' spans and errors add up to those of the block,
// or there are none.
struct BlockSummary {
  BlockFacts facts;
  std::vector<ServiceCount> services;
};

// Spans of one service in one block. The number is that of CatalogSnapshot::service_name.
struct BlockService {
  std::uint32_t service = 0;
  std::uint32_t span_count = 0;
  std::uint32_t error_count = 0;

  friend bool operator==(const BlockService&, const BlockService&) = default;
};

// A block in the catalog. Immutable once it is in a snapshot; any thread.
struct BlockEntry {
  BlockFacts facts;
  // The commit that added it: the larger of two is the younger.
  std::uint64_t sequence = 0;
  std::vector<BlockService> services;  // by number

  friend bool operator==(const BlockEntry&, const BlockEntry&) = default;
};

// InvalidArgument where the numbers contradict each other or lack what every block has.
Result<void> check_block_facts(const BlockFacts& facts);

// At most kBlockServicesMax services, by name: those with the most spans stay, the others, and
// names that are too long or occur twice, are added up.
std::vector<ServiceCount> bound_services(std::vector<ServiceCount> services);

// Sorts by number and adds up what has the same number.
void merge_services(std::vector<BlockService>& services);

// "000000000042.wbk", the file of a block, in the folder `blocks` of the store.
std::string block_file_name(BlockId id);
// "000000000042.new", a block being written. Removed at the next start.
std::string unfinished_block_file_name(BlockId id);
// The number of a name with this ending; no value for another name.
std::optional<BlockId> parse_block_file_name(std::string_view name, std::string_view ending);

inline constexpr std::string_view kBlockFolder = "blocks";
inline constexpr std::string_view kBlockEnding = ".wbk";
inline constexpr std::string_view kUnfinishedBlockEnding = ".new";
// Added to the name of a file that the catalog can not account for.
inline constexpr std::string_view kUnknownBlockEnding = ".unknown";

}  // namespace waybill::storage
