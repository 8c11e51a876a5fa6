// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/span.h"
#include "os/file_system.h"
#include "storage/block/block_format.h"
#include "storage/block/write/group_builder.h"
#include "storage/block/write/schema_builder.h"

namespace waybill::storage {

struct BlockWriterOptions {
  // A group is closed before a trace that would take it over this; at most kGroupSpanCountMax.
  std::size_t group_span_count = 16'384;
  int zstd_level = 1;  // 0: nothing is compressed
  SchemaBuilderLimits schema;
};

// When the spans of a block were received.
struct ReceivedRange {
  UnixNanos first = 0;
  UnixNanos last = 0;
};

// All spans of one trace, in any order.
struct TraceSpans {
  model::TraceId id;
  std::vector<const model::Span*> spans;
};

// Writes a block, one trace after the other, group by group.
//
// Owns the file, which must be empty. Holds one group in memory, the dictionaries, which are
// bounded for each field, and 8 bytes a trace. One thread at a time. After an error the file is
// worth nothing.
class BlockWriter final {
 public:
  BlockWriter(BlockWriterOptions options, std::unique_ptr<os::File> file);

  // Traces come by ascending start, then descending id (the reverse of the order of answers), each
  // id once; the start of a trace is the least of its spans. What the spans borrow must live until
  // finish() returns, or `keep_alive` sees to it. InvalidArgument for an order that is not so, no
  // spans, or a span that passes a limit of the format; and what the file gives.
  Result<void> add_trace(const model::TraceId& id, std::span<const model::Span* const> spans,
                         std::shared_ptr<const void> keep_alive = nullptr);
  // Writes the rest and syncs the file; nothing may be added afterwards.
  Result<BlockInfo> finish(const ReceivedRange& received);

  // Bytes so far of each field, named "spans/attribute/http.route", and of the rest; for
  // benchmarks.
  std::vector<std::pair<std::string, FieldBytes>> field_bytes() const;

 private:
  int dictionary_level() const;
  Result<void> flush_group();
  Result<PartRef> write(const PackedPart& part);
  Result<void> write_bytes(std::string_view bytes);
  Result<PartRef> write_texts(const StringTable& texts);
  Result<void> write_trace_pages();

  const BlockWriterOptions options_;
  const std::unique_ptr<os::File> file_;
  SchemaBuilder schema_;
  GroupBuilder group_;
  BlockDirectory directory_;
  std::vector<std::shared_ptr<const void>> keep_alive_;
  std::vector<std::uint64_t> trace_hashes_;
  std::uint64_t offset_ = 0;
  std::uint64_t row_count_ = 0;
  std::optional<std::pair<UnixNanos, model::TraceId>> last_;
};

// Makes the file and writes a block of these traces, which may come in any order, each id once. The
// path must not exist. What the spans borrow must live until it returns.
Result<BlockInfo> build_block(os::FileSystem& files, const std::string& path,
                              std::vector<TraceSpans> traces, const ReceivedRange& received,
                              const BlockWriterOptions& options = {});

}  // namespace waybill::storage
