// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "model/span.h"
#include "os/file_system.h"
#include "storage/block/write/block_writer.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/catalog.h"
#include "storage/store/block_part.h"
#include "storage/store/window.h"

// Blocks made of a window, or of other blocks. The new blocks are on the device and not yet in the
// catalog: whoever asked commits them, or discards them.
namespace waybill::storage {

struct BlockWork {
  Catalog& catalog;
  os::FileSystem& file_system;
  BlockWriterOptions options;
  std::stop_token stopping;  // Cancelled then; nothing is left behind
};

// One block of everything in the window. Requires: the window has spans and grows no more.
Result<BlockSummary> seal_window(const BlockWork& work, const Window& window);

// Blocks of everything in the inputs, split evenly between traces into `output_count`. Spans that
// `keep` refuses, where it is set, are left out; where none are left, the list is empty. A trace
// that lies in several inputs becomes one; identical reports of a span become one.
using KeepSpan = std::function<bool(const model::Span&)>;
Result<std::vector<BlockSummary>> rewrite_blocks(
    const BlockWork& work, const std::vector<std::shared_ptr<const BlockPart>>& inputs,
    std::uint64_t output_count, const KeepSpan& keep);

}  // namespace waybill::storage
