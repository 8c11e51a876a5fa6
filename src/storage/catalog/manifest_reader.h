// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/catalog_snapshot.h"
#include "storage/catalog/manifest_format.h"

namespace waybill::storage {

// What a catalog's file says.
struct ManifestContents {
  ManifestState state;
  std::vector<std::shared_ptr<const BlockEntry>> blocks;  // by number
  ServiceNumbers services;
  std::uint64_t rewriting = 0;
  // The end of the file was torn and left out. Most likely a commit that nobody was told of; where
  // it was more, blocks that the catalog does not name are worth keeping.
  bool is_cut = false;
  std::vector<std::string> messages;  // a sentence for each thing that was healed or cut
};

// Reads the whole file. Anything damaged in one of its two sides is taken from the other. A pure
// function: any thread, any bytes.
//
// Errors: FailedPrecondition for a newer version; InvalidArgument for a file that is no catalog;
// DataLoss where something that was acknowledged can not be read, with what to do.
Result<ManifestContents> read_manifest(std::string_view file);

}  // namespace waybill::storage
