// SPDX-License-Identifier: Apache-2.0
#include "storage/store/block_part.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "model/ids.h"
#include "storage/block/read/block_reader.h"
#include "storage/block/read/block_scan.h"
#include "storage/head/operation_table.h"
#include "storage/part.h"
#include "storage/scan.h"

namespace waybill::storage {
namespace {

// So many traces of a row group are worth reading it as a whole.
constexpr std::size_t kSharesMin = 8;

// From the last row group to the first, which is from the newest trace to the oldest.
class BlockStream final : public TraceStream {
 public:
  BlockStream(const BlockPart& part, std::shared_ptr<const PartQuestion> question)
      : part_(part), question_(std::move(question)) {}

  Result<Step> next(ScanStats& stats) override {
    auto step = advance(stats);
    return step.has_value() ? std::move(step) : Result<Step>(part_.report(step.error()));
  }

 private:
  Result<Step> advance(ScanStats& stats) {
    if (!scan_) {
      TRY(begin());
    }
    if (found_.empty()) {
      TRY(search_group(stats));
    }
    if (!found_.empty()) {
      Step step = std::move(found_.back());
      found_.pop_back();
      return step;
    }
    if (scan_->groups_left() == 0) {
      return Step{};
    }
    // No trace in the groups that are left begins later.
    const auto& groups = reader_->file()->directory().groups;
    return Step{Progress::Searching, {groups[scan_->groups_left() - 1].last_start, {}}, nullptr};
  }

  Result<void> begin() {
    reader_ = TRY(part_.open());
    ScanRequest request;
    request.filter = question_->filter;
    request.time = question_->time;
    // Long past, so that each call reads one group.
    request.deadline = std::chrono::nanoseconds::min();
    if (question_->after) {
      request.after = ScanCursor{*question_->after, {}};
    }
    scan_.emplace(TRY(BlockScan::make(reader_, std::move(request), part_.clock())));
    return {};
  }

  Result<void> search_group(ScanStats& stats) {
    const std::vector<BlockMatch> matches = TRY(scan_->next());
    for (const BlockMatch& match : matches) {
      ++stats.traces_inspected;
      stats.spans_inspected += match.trace.rows.count;
      if (TRY(counts(match))) {
        found_.push_back({Progress::Found, {match.trace.start, match.trace.id}, nullptr});
      }
    }
    if (found_.size() >= kSharesMin) {
      TRY(add_shares(matches));
    }
    std::reverse(found_.begin(), found_.end());
    return {};
  }

  // Reading the whole group at once costs less than reading each of many traces from it.
  Result<void> add_shares(const std::vector<BlockMatch>& matches) {
    const GroupRef& group = reader_->file()->directory().groups[scan_->groups_left()];
    const BlockSpans all = TRY(reader_->read_rows({group.first_row, group.span_count}));
    std::size_t next = 0;
    for (const BlockMatch& match : matches) {
      if (next == found_.size() || found_[next].place.trace_id != match.trace.id) {
        continue;
      }
      Step& step = found_[next++];
      const RowRange& rows = match.trace.rows;
      if (rows.first < group.first_row ||
          rows.first + rows.count > group.first_row + group.span_count) {
        continue;
      }
      const auto first =
          all.spans.begin() + static_cast<std::ptrdiff_t>(rows.first - group.first_row);
      auto share = std::make_shared<GatheredSpans>();
      share->spans.assign(first, first + static_cast<std::ptrdiff_t>(rows.count));
      share->keep_alive = all.keep_alive;
      step.share = std::move(share);
    }
    return {};
  }

  // Whether one of the matching spans touches the time; the scan has only told that the trace does.
  Result<bool> counts(const BlockMatch& match) {
    const TimeRange& time = question_->time;
    const bool lies_within =
        match.trace.start >= time.begin && (match.trace.end < time.end || time.end == UINT64_MAX);
    if (lies_within) {
      return true;
    }
    const BlockSpans spans = TRY(reader_->read_rows(match.trace.rows));
    const auto is_in_time = [&](const model::Span* span) {
      return touches(time, span->start, span->end);
    };
    if (match.rows.empty()) {
      return std::any_of(spans.spans.begin(), spans.spans.end(), is_in_time);
    }
    return std::any_of(match.rows.begin(), match.rows.end(), [&](std::uint64_t row) {
      return is_in_time(spans.spans[static_cast<std::size_t>(row)]);
    });
  }

  const BlockPart& part_;
  const std::shared_ptr<const PartQuestion> question_;
  std::shared_ptr<const BlockReader> reader_;
  std::optional<BlockScan> scan_;
  std::vector<Step> found_;  // of the group at hand, newest last
};

}  // namespace

Error BlockPart::report(Error error) const {
  if (error.code == ErrorCode::DataLoss || error.code == ErrorCode::NotFound ||
      error.code == ErrorCode::InvalidArgument || error.code == ErrorCode::Unimplemented) {
    on_damage_(entry_->facts.id, error);
  }
  return error;
}

Result<void> BlockPart::gather(const model::TraceId& id, GatheredSpans& out) const {
  if (id < entry_->facts.min_trace_id || entry_->facts.max_trace_id < id) {
    return {};
  }
  const auto reader = open();
  if (!reader) {
    return report(reader.error());
  }
  auto spans = (*reader)->read_trace(id);
  if (!spans) {
    return report(std::move(spans).error());
  }
  out.spans.insert(out.spans.end(), spans->spans.begin(), spans->spans.end());
  out.keep_alive.insert(out.keep_alive.end(), spans->keep_alive.begin(), spans->keep_alive.end());
  return {};
}

Result<void> BlockPart::add_operations(std::string_view service,
                                       std::vector<OperationCount>& out) const {
  const auto reader = open();
  if (!reader) {
    return report(reader.error());
  }
  auto schema = (*reader)->file()->schema();
  if (!schema) {
    return report(std::move(schema).error());
  }
  for (const Shape& shape : (*schema)->shapes) {
    if ((*schema)->layout_of(shape).table != RowTable::Spans || shape.service != service) {
      continue;
    }
    const bool is_error = shape.status == model::StatusCode::Error;
    const auto& fields = (*schema)->layout_of(shape).fields;
    const bool has_name = std::none_of(fields.begin(), fields.end(), [&](std::uint32_t field) {
      return (*schema)->fields[field].role == FieldRole::Name;
    });
    out.push_back({has_name ? std::string(shape.name) : std::string(OperationTable::kOverflow),
                   has_name ? shape.kind : model::SpanKind::Unspecified, shape.row_count,
                   is_error ? shape.row_count : 0});
  }
  return {};
}

std::unique_ptr<TraceStream> BlockPart::search(std::shared_ptr<const PartQuestion> question) const {
  return std::make_unique<BlockStream>(*this, std::move(question));
}

}  // namespace waybill::storage
