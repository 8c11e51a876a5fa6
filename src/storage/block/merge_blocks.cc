// SPDX-License-Identifier: Apache-2.0
#include "storage/block/merge_blocks.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "model/span.h"
#include "os/file_system.h"
#include "storage/assemble.h"
#include "storage/block/block_format.h"
#include "storage/block/read/block_reader.h"
#include "storage/block/write/block_writer.h"

namespace waybill::storage {
namespace {

// A trace, or what one of the blocks has of it.
struct Piece {
  BlockTrace trace;
  std::size_t block = 0;
  // Whether another block has the trace's beginning, so that this piece comes out of its block's
  // order.
  bool is_late = false;
};

// Reads a block's traces in their order, a group at a time.
class GroupCursor final {
 public:
  explicit GroupCursor(const BlockReader& block) : block_(&block) {}

  // Adds the piece's spans and what they borrow. Pieces that are not late come in their order.
  Result<void> add(const Piece& piece, BlockSpans& spans) {
    const RowRange& rows = piece.trace.rows;
    if (piece.is_late) {
      return append(TRY(block_->read_rows(rows)), 0, rows.count, spans);
    }
    if (rows.first + rows.count > first_row_ + group_.spans.size()) {
      const auto& groups = block_->file()->directory().groups;
      const auto behind = std::upper_bound(
          groups.begin(), groups.end(), rows.first,
          [](std::uint64_t row, const GroupRef& ref) { return row < ref.first_row; });
      const GroupRef& ref = *(behind - 1);
      if (rows.first + rows.count > ref.first_row + ref.span_count) {
        return append(TRY(block_->read_rows(rows)), 0, rows.count, spans);
      }
      group_ = TRY(block_->read_rows({ref.first_row, ref.span_count}));
      first_row_ = ref.first_row;
    }
    return append(group_, rows.first - first_row_, rows.count, spans);
  }

 private:
  static Result<void> append(const BlockSpans& from, std::uint64_t first, std::uint64_t count,
                             BlockSpans& to) {
    const auto begin = from.spans.begin() + static_cast<std::ptrdiff_t>(first);
    to.spans.insert(to.spans.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
    to.keep_alive.insert(to.keep_alive.end(), from.keep_alive.begin(), from.keep_alive.end());
    return {};
  }

  const BlockReader* block_;
  BlockSpans group_;
  std::uint64_t first_row_ = 0;
};

// A trace's pieces get the start of the earliest one.
void join_starts(std::vector<Piece>& pieces) {
  std::sort(pieces.begin(), pieces.end(),
            [](const Piece& a, const Piece& b) { return a.trace.id < b.trace.id; });
  for (std::size_t begin = 0; begin < pieces.size();) {
    std::size_t end = begin;
    UnixNanos start = UINT64_MAX;
    UnixNanos last = 0;
    for (; end < pieces.size() && pieces[end].trace.id == pieces[begin].trace.id; ++end) {
      start = std::min(start, pieces[end].trace.start);
      last = std::max(last, pieces[end].trace.end);
    }
    for (; begin < end; ++begin) {
      pieces[begin].is_late = pieces[begin].trace.start != start;
      pieces[begin].trace.start = start;
      pieces[begin].trace.end = last;
    }
  }
}

Result<std::vector<Piece>> list_pieces(
    const std::vector<std::shared_ptr<const BlockReader>>& blocks) {
  std::vector<Piece> pieces;
  for (std::size_t block = 0; block < blocks.size(); ++block) {
    for (std::size_t group = 0; group < blocks[block]->info().group_count; ++group) {
      for (const BlockTrace& trace : TRY(blocks[block]->list_traces(group))) {
        pieces.push_back({trace, block, false});
      }
    }
  }
  join_starts(pieces);
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    if (a.trace.start != b.trace.start) {
      return a.trace.start < b.trace.start;
    }
    return a.trace.id != b.trace.id ? a.trace.id > b.trace.id : a.block < b.block;
  });
  return pieces;
}

}  // namespace

Result<BlockInfo> merge_blocks(os::FileSystem& files, const std::string& path,
                               const std::vector<std::shared_ptr<const BlockReader>>& blocks,
                               const MergeOptions& options) {
  const std::vector<Piece> pieces = TRY(list_pieces(blocks));
  std::vector<GroupCursor> cursors;
  ReceivedRange received{UINT64_MAX, 0};
  for (const auto& block : blocks) {
    cursors.emplace_back(*block);
    received.first = std::min(received.first, block->info().first_received);
    received.last = std::max(received.last, block->info().last_received);
  }
  BlockWriter writer(options.writer, TRY(files.create_file(path)));
  for (std::size_t begin = 0; begin < pieces.size();) {
    if (options.cancelled.stop_requested()) {
      return Error{ErrorCode::Cancelled, "merging blocks was stopped"};
    }
    const BlockTrace& trace = pieces[begin].trace;
    std::size_t end = begin;
    while (end < pieces.size() && pieces[end].trace.id == trace.id) {
      ++end;
    }
    if (!options.keeps || options.keeps(trace)) {
      BlockSpans spans;
      for (std::size_t i = begin; i < end; ++i) {
        TRY(cursors[pieces[i].block].add(pieces[i], spans));
      }
      if (end - begin > 1) {
        spans.spans = in_order_once(std::move(spans.spans));
      }
      auto keep_alive =
          std::make_shared<const std::vector<std::shared_ptr<const void>>>(spans.keep_alive);
      TRY(writer.add_trace(trace.id, spans.spans, std::move(keep_alive)));
    }
    begin = end;
  }
  return writer.finish(blocks.empty() ? ReceivedRange{} : received);
}

}  // namespace waybill::storage
