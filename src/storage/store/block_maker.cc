// SPDX-License-Identifier: Apache-2.0
#include "storage/store/block_maker.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "model/span.h"
#include "os/file_system.h"
#include "storage/block/write/block_writer.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/catalog.h"

namespace waybill::storage {

Result<std::unique_ptr<BlockMaker>> BlockMaker::begin(Catalog& catalog, os::FileSystem& file_system,
                                                      const BlockWriterOptions& options) {
  const BlockId id = TRY(catalog.reserve_block_id());
  auto file = file_system.create_file(catalog.unfinished_block_path(id));
  if (!file) {
    catalog.discard(id);
    return std::move(file).error();
  }
  auto writer = std::make_unique<BlockWriter>(options, std::move(file).value());
  return std::make_unique<BlockMaker>(Key(), catalog, file_system, id, std::move(writer));
}

BlockMaker::BlockMaker(Key /*key*/, Catalog& catalog, os::FileSystem& file_system, BlockId id,
                       std::unique_ptr<BlockWriter> writer)
    : catalog_(catalog), file_system_(file_system), writer_(std::move(writer)) {
  facts_.id = id;
  facts_.min_start = UINT64_MAX;
  facts_.min_trace_id = {UINT64_MAX, UINT64_MAX};
}

BlockMaker::~BlockMaker() {
  if (!is_finished_) {
    writer_.reset();
    catalog_.discard(facts_.id);
  }
}

Result<void> BlockMaker::add(const model::TraceId& id, const std::vector<const model::Span*>& spans,
                             std::shared_ptr<const void> keep_alive) {
  for (const model::Span* span : spans) {
    if (&span->resource() != last_resource_) {
      last_resource_ = &span->resource();
      last_service_ = &services_[std::string(span->service())];
    }
    ++last_service_->span_count;
    if (span->is_error()) {
      ++last_service_->error_count;
      ++facts_.error_count;
    }
    facts_.min_start = std::min(facts_.min_start, span->start);
    facts_.max_end = std::max({facts_.max_end, span->start, span->end});
  }
  facts_.span_count += spans.size();
  ++facts_.trace_count;
  facts_.min_trace_id = std::min(facts_.min_trace_id, id);
  facts_.max_trace_id = std::max(facts_.max_trace_id, id);
  return writer_->add_trace(id, spans, std::move(keep_alive));
}

Result<BlockSummary> BlockMaker::finish(const ReceivedRange& received) {
  const BlockInfo info = TRY(writer_->finish(received));
  writer_.reset();
  TRY(file_system_.rename_file(catalog_.unfinished_block_path(facts_.id),
                               catalog_.block_path(facts_.id)));
  is_finished_ = true;
  facts_.file_bytes = info.file_bytes;
  facts_.min_received = received.first;
  facts_.max_received = received.last;
  BlockSummary summary{facts_, {}};
  for (const auto& [name, counts] : services_) {
    summary.services.push_back({name, counts.span_count, counts.error_count});
  }
  summary.services = bound_services(std::move(summary.services));
  return summary;
}

}  // namespace waybill::storage
