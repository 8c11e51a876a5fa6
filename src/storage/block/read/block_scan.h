// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/block/read/block_reader.h"
#include "storage/block/read/column_predicate.h"
#include "storage/filter.h"
#include "storage/scan.h"

namespace waybill::storage {

// A trace of which a span satisfies the filter.
struct BlockMatch {
  BlockTrace trace;
  // Those spans, as rows counted from the trace's first one, ascending; empty where the filter is
  // All.
  std::vector<std::uint64_t> rows;
};

struct BlockScanStats {
  std::uint64_t groups_skipped = 0;  // by time, cursor or ids: nothing was read
  std::uint64_t groups_read = 0;
  std::uint64_t groups_without_rows = 0;  // of these: no row passed shapes and bounds
  std::uint64_t rows_tested = 0;          // by a column, for each condition
  std::uint64_t spans_made = 0;           // because columns could not tell
  std::uint64_t bytes_read = 0;
};

// Goes through the traces of a block, newest start first, then ascending id: those that touch the
// request's time, come behind its cursor, are among its ids and have a span that satisfies the
// filter. Looks at shapes first, then at bounds and constants, then at dictionaries and columns,
// and makes spans only where these can not tell. Answers what SpanMatcher would, exactly.
//
// Borrows the clock. One thread at a time; several scans may share a reader. `trace_count_max` is
// the caller's to apply.
class BlockScan final {
 public:
  // InvalidArgument for a filter that can not be compiled; what reading the schema gives.
  static Result<BlockScan> make(std::shared_ptr<const BlockReader> reader, ScanRequest request,
                                const Clock& clock);

  // The next matches, those of one row group, at least one; none at the end of the block, or when
  // the deadline has passed, which is_complete() tells. Reads one group at least in each call.
  // Cancelled when the request was stopped; DataLoss for damage.
  Result<std::vector<BlockMatch>> next();

  bool is_complete() const { return is_complete_; }
  // Row groups that are still to be looked at: those before this number.
  std::size_t groups_left() const { return next_group_; }
  const BlockScanStats& stats() const { return stats_; }

 private:
  struct Node {
    Filter::Kind kind = Filter::Kind::All;
    std::optional<ColumnPredicate> test;
    std::vector<Node> children;
  };
  // What a group gives: which of its rows.
  struct FoundRows {
    bool is_every_row = false;
    std::vector<std::size_t> rows;  // ascending
  };

  BlockScan(std::shared_ptr<const BlockReader> reader, ScanRequest request, SpanMatcher matcher,
            const Clock& clock);

  static Result<Node> compile(const Filter& filter, const std::shared_ptr<const Schema>& schema);
  Result<void> find_ids();
  bool is_wanted(const GroupRef& group, std::size_t number) const;
  bool is_wanted(const GroupTrace& trace) const;
  static Result<Verdict> head(Node& node, GroupColumns& columns, std::size_t place);
  static Result<Verdicts> rows(Node& node, GroupColumns& columns, std::size_t place);
  static Result<Verdicts> combine(Node& node, GroupColumns& columns, std::size_t place);
  Result<FoundRows> test_group(GroupColumns& columns);
  Result<void> settle_unknown(GroupColumns& columns, std::vector<Verdict>& verdicts);
  Result<std::vector<BlockMatch>> scan_group(std::size_t number);

  std::shared_ptr<const BlockReader> reader_;
  ScanRequest request_;
  SpanMatcher matcher_;
  const Clock* clock_;
  Node root_;
  std::vector<std::size_t> id_groups_;  // that may have the wanted ids, ascending
  std::size_t next_group_;              // the one after the next to be read
  // Matches of a trace whose beginning lies in groups that come later; rows count from the begin
  // of the block.
  std::vector<std::uint64_t> carried_;
  std::uint64_t carried_rows_ = 0;
  bool carried_matches_ = false;
  bool is_complete_ = true;
  BlockScanStats stats_;
};

}  // namespace waybill::storage
