// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "model/span.h"
#include "os/file_system.h"
#include "storage/block/write/block_writer.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/catalog.h"

namespace waybill::storage {

// Writes one block, trace by trace, and counts what the catalog wants to know of it. One thread at
// a time. Unless it was finished, its file goes with it. Borrows the catalog and the file system.
class BlockMaker final {
  // Only begin can make one.
  struct Key {
    explicit Key() = default;
  };

 public:
  static Result<std::unique_ptr<BlockMaker>> begin(Catalog& catalog, os::FileSystem& file_system,
                                                   const BlockWriterOptions& options);
  BlockMaker(Key key, Catalog& catalog, os::FileSystem& file_system, BlockId id,
             std::unique_ptr<BlockWriter> writer);
  ~BlockMaker();
  BlockMaker(const BlockMaker&) = delete;
  BlockMaker& operator=(const BlockMaker&) = delete;

  // Spans of one trace, each report once. Order and errors: as BlockWriter::add_trace.
  Result<void> add(const model::TraceId& id, const std::vector<const model::Span*>& spans,
                   std::shared_ptr<const void> keep_alive = nullptr);

  std::uint64_t span_count() const { return facts_.span_count; }

  // The file is on the device, under the name that the catalog expects. Level, generation and
  // retention are those of a block sealed from memory. The caller commits it, or discards it.
  Result<BlockSummary> finish(const ReceivedRange& received);

 private:
  struct Counts {
    std::uint64_t span_count = 0;
    std::uint64_t error_count = 0;
  };

  Catalog& catalog_;
  os::FileSystem& file_system_;
  std::unique_ptr<BlockWriter> writer_;
  BlockFacts facts_;
  std::map<std::string, Counts, std::less<>> services_;
  const model::Resource* last_resource_ = nullptr;  // neighbours mostly share it
  Counts* last_service_ = nullptr;
  bool is_finished_ = false;
};

}  // namespace waybill::storage
