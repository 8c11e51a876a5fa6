// SPDX-License-Identifier: Apache-2.0
#include "storage/block/read/block_scan.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "model/span.h"
#include "storage/block/block_format.h"
#include "storage/block/read/block_reader.h"
#include "storage/block/read/column_predicate.h"
#include "storage/block/read/group_reader.h"
#include "storage/block/read/span_maker.h"
#include "storage/filter.h"
#include "storage/scan.h"

namespace waybill::storage {
namespace {

bool is_behind(const GroupTrace& trace, const ScanCursor& cursor) {
  return comes_before(cursor.place, {trace.start, trace.id});
}

Verdict both(Verdict a, Verdict b) {
  if (a == Verdict::No || b == Verdict::No) {
    return Verdict::No;
  }
  return a == Verdict::Unknown || b == Verdict::Unknown ? Verdict::Unknown : Verdict::Yes;
}

Verdict either(Verdict a, Verdict b) {
  if (a == Verdict::Yes || b == Verdict::Yes) {
    return Verdict::Yes;
  }
  return a == Verdict::Unknown || b == Verdict::Unknown ? Verdict::Unknown : Verdict::No;
}

}  // namespace

BlockScan::BlockScan(std::shared_ptr<const BlockReader> reader, ScanRequest request,
                     SpanMatcher matcher, const Clock& clock)
    : reader_(std::move(reader)),
      request_(std::move(request)),
      matcher_(std::move(matcher)),
      clock_(&clock),
      next_group_(static_cast<std::size_t>(reader_->info().group_count)) {}

Result<BlockScan> BlockScan::make(std::shared_ptr<const BlockReader> reader, ScanRequest request,
                                  const Clock& clock) {
  SpanMatcher matcher = TRY(SpanMatcher::make(request.filter));
  const auto schema = TRY(reader->file()->schema());
  BlockScan scan(std::move(reader), std::move(request), std::move(matcher), clock);
  scan.root_ = TRY(compile(scan.request_.filter, schema));
  std::sort(scan.request_.trace_ids.begin(), scan.request_.trace_ids.end());
  TRY(scan.find_ids());
  return scan;
}

// SpanMatcher has refused filters that nest too deep, so recursion is bounded.
Result<BlockScan::Node> BlockScan::compile(const Filter& filter,
                                           const std::shared_ptr<const Schema>& schema) {
  Node node;
  node.kind = filter.kind;
  if (filter.kind == Filter::Kind::Test) {
    node.test = TRY(ColumnPredicate::make(filter.predicate, schema));
  }
  for (const Filter& child : filter.children) {
    node.children.push_back(TRY(compile(child, schema)));
  }
  return node;
}

Result<void> BlockScan::find_ids() {
  const auto& groups = reader_->file()->directory().groups;
  for (const model::TraceId& id : request_.trace_ids) {
    const auto trace = TRY(reader_->find_trace(id));
    if (!trace) {
      continue;
    }
    const std::uint64_t end = trace->rows.first + trace->rows.count;
    for (std::size_t group = 0; group < groups.size(); ++group) {
      if (groups[group].first_row < end &&
          groups[group].first_row + groups[group].span_count > trace->rows.first) {
        id_groups_.push_back(group);
      }
    }
  }
  std::sort(id_groups_.begin(), id_groups_.end());
  return {};
}

bool BlockScan::is_wanted(const GroupRef& group, std::size_t number) const {
  if (!request_.trace_ids.empty() &&
      !std::binary_search(id_groups_.begin(), id_groups_.end(), number)) {
    return false;
  }
  if (request_.after && group.first_start > request_.after->place.start) {
    return false;
  }
  return touches(request_.time, group.first_start, group.last_end);
}

bool BlockScan::is_wanted(const GroupTrace& trace) const {
  if (!touches(request_.time, trace.start, trace.end) ||
      (request_.after && !is_behind(trace, *request_.after))) {
    return false;
  }
  return request_.trace_ids.empty() ||
         std::binary_search(request_.trace_ids.begin(), request_.trace_ids.end(), trace.id);
}

Result<Verdict> BlockScan::head(Node& node, GroupColumns& columns, std::size_t place) {
  switch (node.kind) {
    case Filter::Kind::All:
      return Verdict::Yes;
    case Filter::Kind::Test:
      return node.test->test_head(columns, place);
    case Filter::Kind::And:
    case Filter::Kind::Or:
      break;
  }
  const bool is_and = node.kind == Filter::Kind::And;
  Verdict verdict = is_and ? Verdict::Yes : Verdict::No;
  for (Node& child : node.children) {
    const Verdict next = TRY(head(child, columns, place));
    verdict = is_and ? both(verdict, next) : either(verdict, next);
    if (verdict == (is_and ? Verdict::No : Verdict::Yes)) {
      break;
    }
  }
  return verdict;
}

Result<Verdicts> BlockScan::rows(Node& node, GroupColumns& columns, std::size_t place) {
  const Verdict known = TRY(head(node, columns, place));
  if (known != Verdict::Unknown) {
    return Verdicts{known, {}};
  }
  Verdicts made = node.kind == Filter::Kind::Test ? TRY(node.test->test_rows(columns, place))
                                                  : TRY(combine(node, columns, place));
  const auto is_no = [](Verdict verdict) { return verdict == Verdict::No; };
  if (!made.is_constant() && std::all_of(made.rows.begin(), made.rows.end(), is_no)) {
    return Verdicts{Verdict::No, {}};
  }
  return made;
}

Result<Verdicts> BlockScan::combine(Node& node, GroupColumns& columns, std::size_t place) {
  const bool is_and = node.kind == Filter::Kind::And;
  const Verdict decided = is_and ? Verdict::No : Verdict::Yes;
  Verdicts made{is_and ? Verdict::Yes : Verdict::No, {}};
  for (Node& child : node.children) {
    const Verdicts next = TRY(rows(child, columns, place));
    const auto join = [&](Verdict a, Verdict b) { return is_and ? both(a, b) : either(a, b); };
    if (made.is_constant() && next.is_constant()) {
      made.all = join(made.all, next.all);
    } else if (made.is_constant()) {
      const Verdict all = made.all;
      made = next;
      for (Verdict& verdict : made.rows) {
        verdict = join(verdict, all);
      }
    } else {
      for (std::size_t rank = 0; rank < made.rows.size(); ++rank) {
        made.rows[rank] = join(made.rows[rank], next.is_constant() ? next.all : next.rows[rank]);
      }
    }
    const bool is_over = made.is_constant()
                             ? made.all == decided
                             : std::all_of(made.rows.begin(), made.rows.end(),
                                           [&](Verdict verdict) { return verdict == decided; });
    if (is_over) {
      return Verdicts{decided, {}};
    }
  }
  return made;
}

// Makes the spans of the rows that are still open and asks the matcher.
Result<void> BlockScan::settle_unknown(GroupColumns& columns, std::vector<Verdict>& verdicts) {
  const auto& traces = *TRY(columns.traces());
  for (std::size_t i = 0; i < traces.size(); ++i) {
    if (!is_wanted(traces[i])) {
      const auto begin = verdicts.begin() + static_cast<std::ptrdiff_t>(traces[i].first_row);
      std::fill(begin, begin + static_cast<std::ptrdiff_t>(traces[i].row_count), Verdict::No);
    }
  }
  const auto is_open = [](Verdict verdict) { return verdict == Verdict::Unknown; };
  const auto first = std::find_if(verdicts.begin(), verdicts.end(), is_open);
  if (first == verdicts.end()) {
    return {};
  }
  const auto last = std::find_if(verdicts.rbegin(), verdicts.rend(), is_open).base();
  const auto begin = static_cast<std::size_t>(first - verdicts.begin());
  const auto end = static_cast<std::size_t>(last - verdicts.begin());
  std::vector<bool> is_wanted_row(end - begin);
  for (std::size_t row = begin; row < end; ++row) {
    is_wanted_row[row - begin] = is_open(verdicts[row]);
  }
  const auto made = TRY(make_spans(columns.group(), traces, {begin, end - begin}, &is_wanted_row));
  for (std::size_t row = begin; row < end; ++row) {
    if (is_open(verdicts[row])) {
      ++stats_.spans_made;
      verdicts[row] = matcher_.matches(made->spans[row - begin]) ? Verdict::Yes : Verdict::No;
    }
  }
  return {};
}

Result<BlockScan::FoundRows> BlockScan::test_group(GroupColumns& columns) {
  FoundRows found;
  if (matcher_.matches_everything()) {
    found.is_every_row = true;
    return found;
  }
  const GroupReader::Table& table = columns.group().table(RowTable::Spans);
  std::vector<Verdicts> by_shape(table.shapes.size());
  bool is_empty = true;
  for (std::size_t place = 0; place < table.shapes.size(); ++place) {
    by_shape[place] = TRY(rows(root_, columns, place));
    is_empty = is_empty && by_shape[place].is_constant() && by_shape[place].all == Verdict::No;
  }
  if (is_empty) {
    ++stats_.groups_without_rows;
    return found;
  }
  const auto& rows = *TRY(columns.rows());
  std::vector<Verdict> verdicts(rows.size());
  std::vector<std::uint32_t> seen(table.shapes.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const Verdicts& verdict = by_shape[rows[row]];
    verdicts[row] = verdict.is_constant() ? verdict.all : verdict.rows[seen[rows[row]]++];
  }
  TRY(settle_unknown(columns, verdicts));
  for (std::size_t row = 0; row < verdicts.size(); ++row) {
    if (verdicts[row] == Verdict::Yes) {
      found.rows.push_back(row);
    }
  }
  return found;
}

Result<std::vector<BlockMatch>> BlockScan::scan_group(std::size_t number) {
  GroupReader group = TRY(GroupReader::open(reader_->file(), number, GroupReader::Load::Parts));
  GroupColumns columns(group);
  const FoundRows found = TRY(test_group(columns));
  std::vector<BlockMatch> matches;
  const GroupRef& ref = group.ref();
  if (!found.is_every_row && found.rows.empty() && carried_rows_ == 0 && !ref.continues) {
    stats_.bytes_read += group.read_bytes();
    stats_.rows_tested += columns.rows_tested();
    return matches;
  }
  const auto& traces = *TRY(columns.traces());
  std::size_t next = found.rows.size();
  for (std::size_t i = traces.size(); i > 0; --i) {
    const GroupTrace& trace = traces[i - 1];
    std::vector<std::uint64_t> rows;
    while (next > 0 && found.rows[next - 1] >= trace.first_row) {
      rows.push_back(ref.first_row + found.rows[--next]);
    }
    carried_.insert(carried_.end(), rows.begin(), rows.end());
    carried_rows_ += trace.row_count;
    carried_matches_ = found.is_every_row || !carried_.empty();
    if (i == 1 && ref.continues) {
      break;
    }
    if (carried_matches_ && is_wanted(trace)) {
      const RowRange place{ref.first_row + trace.first_row, carried_rows_};
      BlockMatch match{{trace.id, trace.start, trace.end, place}, {}};
      for (auto row = carried_.rbegin(); row != carried_.rend(); ++row) {
        match.rows.push_back(*row - place.first);
      }
      matches.push_back(std::move(match));
    }
    carried_.clear();
    carried_rows_ = 0;
  }
  stats_.bytes_read += group.read_bytes();
  stats_.rows_tested += columns.rows_tested();
  return matches;
}

Result<std::vector<BlockMatch>> BlockScan::next() {
  const auto& groups = reader_->file()->directory().groups;
  bool has_read = false;
  while (next_group_ > 0) {
    if (request_.cancelled.stop_requested()) {
      return Error{ErrorCode::Cancelled, "the scan was cancelled"};
    }
    if (has_read && request_.deadline && clock_->steady() >= *request_.deadline) {
      is_complete_ = false;
      return std::vector<BlockMatch>();
    }
    const std::size_t number = --next_group_;
    if (!is_wanted(groups[number], number)) {
      ++stats_.groups_skipped;
      carried_.clear();
      carried_rows_ = 0;
      continue;
    }
    ++stats_.groups_read;
    has_read = true;
    std::vector<BlockMatch> matches = TRY(scan_group(number));
    if (!matches.empty()) {
      return matches;
    }
  }
  return std::vector<BlockMatch>();
}

}  // namespace waybill::storage
