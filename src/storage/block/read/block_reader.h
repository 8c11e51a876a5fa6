// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "model/span.h"
#include "os/file_system.h"
#include "storage/block/block_format.h"
#include "storage/block/read/block_file.h"

namespace waybill::storage {

// Rows of a block, counted from its first one.
struct RowRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;

  friend bool operator==(const RowRange&, const RowRange&) = default;
};

// Where a trace is in a block.
struct BlockTrace {
  model::TraceId id;
  UnixNanos start = 0;  // earliest start
  UnixNanos end = 0;    // latest end or start
  RowRange rows;        // in depth-first order

  friend bool operator==(const BlockTrace&, const BlockTrace&) = default;
};

// Spans read from a block, in the order of its rows. What they borrow lives as long as keep_alive.
struct BlockSpans {
  std::vector<const model::Span*> spans;
  std::vector<std::shared_ptr<const void>> keep_alive;
};

// Reads a block. Keeps the directory and a filter of trace ids in memory (under 2 bytes a trace),
// and what BlockFile caches. Any thread. Errors name the file, the part and its offset: DataLoss
// for damage, and what the file system gives.
class BlockReader final {
 public:
  // InvalidArgument for a file that is no block, Unimplemented for one of a newer version, DataLoss
  // for a damaged one.
  static Result<std::shared_ptr<const BlockReader>> open(os::FileSystem& files,
                                                         const std::string& path);
  // Only for open().
  explicit BlockReader(std::shared_ptr<const BlockFile> file) : file_(std::move(file)) {}

  const BlockInfo& info() const { return file_->info(); }
  const std::shared_ptr<const BlockFile>& file() const { return file_; }

  // No value where the block does not have the trace; then nothing is read in 99 of 100 cases.
  Result<std::optional<BlockTrace>> find_trace(const model::TraceId& id) const;
  // All spans of the trace, in one go; none where the block does not have it.
  Result<BlockSpans> read_trace(const model::TraceId& id) const;
  // Any rows, also a part of a trace, for traces that are too large to be held at once. OutOfRange
  // is InvalidArgument.
  Result<BlockSpans> read_rows(const RowRange& rows) const;
  // The traces that begin in this row group, in the order of rows: ascending start, then descending
  // id. Requires: group < info().group_count.
  Result<std::vector<BlockTrace>> list_traces(std::size_t group) const;

 private:
  Result<std::vector<std::uint64_t>> candidates(const model::TraceId& id) const;
  std::size_t group_of_trace(std::uint64_t trace) const;
  std::size_t group_of_row(std::uint64_t row) const;
  // Rows that a trace has in the groups behind `group`, in which it is the last one.
  Result<std::uint64_t> rows_behind(std::size_t group) const;

  const std::shared_ptr<const BlockFile> file_;
};

}  // namespace waybill::storage
