// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/file_system.h"
#include "storage/block/read/block_reader.h"
#include "storage/block/write/block_writer.h"

namespace waybill::storage {

struct MergeOptions {
  BlockWriterOptions writer;
  // Which traces are kept; empty: all. Called once for each, in the order of the new block.
  std::function<bool(const BlockTrace&)> keeps;
  std::stop_token cancelled;
};

// Writes one block of all traces of several. The path must not exist. Spans of a trace that lies in
// several blocks come together, identical reports of one span once. Holds one row group of each
// block, the spans of one trace, and 48 bytes for each trace. Cancelled when it was stopped,
// between traces; then, and after errors, the new file is worth nothing. Any thread.
Result<BlockInfo> merge_blocks(os::FileSystem& files, const std::string& path,
                               const std::vector<std::shared_ptr<const BlockReader>>& blocks,
                               const MergeOptions& options = {});

}  // namespace waybill::storage
