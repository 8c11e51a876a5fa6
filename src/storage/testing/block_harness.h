// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/span_batch.h"
#include "os/testing/fault_file_system.h"
#include "storage/block/read/block_reader.h"
#include "storage/block/write/block_writer.h"
#include "storage/block/write/trace_order.h"

namespace waybill::storage {

// Blocks in a file system in memory, for tests. One thread.
class BlockHarness final {
 public:
  static constexpr const char* kPath = "/block";

  // Spans that the next block gets.
  void add(model::SpanBatch batch) {
    batches.push_back(std::make_unique<model::SpanBatch>(std::move(batch)));
    for (const model::Span& span : batches.back()->spans()) {
      spans_of[span.trace_id].push_back(&span);
    }
  }

  std::vector<TraceSpans> traces() const {
    std::vector<TraceSpans> list;
    for (const auto& [id, spans] : spans_of) {
      list.push_back({id, spans});
    }
    return list;
  }

  // Writes a new block of everything that was added.
  Result<BlockInfo> write() {
    if (*files.exists(kPath)) {
      files.remove_file(kPath).value();
    }
    return build_block(files, kPath, traces(), {1, 2}, options);
  }

  Result<std::shared_ptr<const BlockReader>> open() { return BlockReader::open(files, kPath); }

  os::FaultFileSystem files;
  BlockWriterOptions options;
  std::vector<std::unique_ptr<model::SpanBatch>> batches;
  std::map<model::TraceId, std::vector<const model::Span*>> spans_of;
};

}  // namespace waybill::storage
