// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/catalog/block_entry.h"

namespace waybill::storage {

enum class BlockState : std::uint8_t {
  Present,  // its file was there when the catalog was opened, or has been added since
  Missing,  // its file was not there; the other blocks are answered
  Damaged,  // a reader said that it can not be read (Catalog::mark_damaged)
};

// A block as one snapshot sees it. As long as somebody holds the entry the block's file stays.
struct CatalogBlock {
  std::shared_ptr<const BlockEntry> entry;  // never null
  BlockState state = BlockState::Present;
};

using ServiceNames = std::vector<std::string>;

// All that the catalog says at one moment. Immutable; any thread. Holding it keeps the files of
// its blocks, so hold it for a question and no longer.
struct CatalogSnapshot {
  std::vector<CatalogBlock> blocks;  // by number
  // Every record of the log with a smaller position is in the blocks or was dropped by intent.
  // Replaying the log begins here, and it may be retired up to here.
  std::uint64_t log_covered_to = 0;
  std::uint64_t sequence = 0;                         // of the last commit
  std::shared_ptr<const ServiceNames> service_names;  // never null; number 0 is kOverflowService

  // Null where there is no such block.
  const CatalogBlock* find(BlockId id) const;
  // Requires: a number from a BlockService of this snapshot.
  std::string_view service_name(std::uint32_t service) const { return (*service_names)[service]; }
};

// Gives services numbers while a catalog is built up. One thread at a time; the lists that it
// hands out are immutable.
class ServiceNumbers final {
 public:
  ServiceNumbers();

  // Number 0 for what exceeds kServiceNamesMax names or kServiceNameBytesMax bytes.
  std::uint32_t number(std::string_view name);
  // Every name so far. Copies only where one was added since the last call.
  std::shared_ptr<const ServiceNames> names();

 private:
  ServiceNames names_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::shared_ptr<const ServiceNames> shared_;
};

}  // namespace waybill::storage
