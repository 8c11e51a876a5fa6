// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/catalog_snapshot.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "storage/catalog/block_entry.h"

namespace waybill::storage {

const CatalogBlock* CatalogSnapshot::find(BlockId id) const {
  const auto found = std::lower_bound(
      blocks.begin(), blocks.end(), id,
      [](const CatalogBlock& block, BlockId wanted) { return block.entry->facts.id < wanted; });
  return found != blocks.end() && found->entry->facts.id == id ? &*found : nullptr;
}

ServiceNumbers::ServiceNumbers() : names_{std::string(kOverflowService)} {
  numbers_.emplace(names_.front(), 0);
}

std::uint32_t ServiceNumbers::number(std::string_view name) {
  const auto found = numbers_.find(std::string(name));
  if (found != numbers_.end()) {
    return found->second;
  }
  if (name.size() > kServiceNameBytesMax || names_.size() > kServiceNamesMax) {
    return 0;
  }
  const auto number = static_cast<std::uint32_t>(names_.size());
  names_.emplace_back(name);
  numbers_.emplace(name, number);
  return number;
}

std::shared_ptr<const ServiceNames> ServiceNumbers::names() {
  if (shared_ == nullptr || shared_->size() != names_.size()) {
    shared_ = std::make_shared<const ServiceNames>(names_);
  }
  return shared_;
}

}  // namespace waybill::storage
