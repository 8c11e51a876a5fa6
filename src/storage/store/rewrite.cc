// SPDX-License-Identifier: Apache-2.0
#include "storage/store/rewrite.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/span.h"
#include "storage/assemble.h"
#include "storage/block/read/block_reader.h"
#include "storage/catalog/block_entry.h"
#include "storage/part.h"
#include "storage/scan.h"
#include "storage/store/block_maker.h"
#include "storage/store/block_part.h"
#include "storage/store/window.h"

namespace waybill::storage {
namespace {

// Traces between two looks at whether the work is to stop.
constexpr std::size_t kTracesPerCheck = 256;

Error stopped() { return {ErrorCode::Cancelled, "the work on blocks was stopped"}; }

// Traces as a block has them: the reverse of the order of answers.
bool is_earlier(const TracePlace& left, const TracePlace& right) {
  return comes_before(right, left);
}

// Where one trace lies in one input.
struct Share {
  model::TraceId id;
  UnixNanos start = 0;
  std::uint32_t input = 0;
  RowRange rows;
};

// A trace over all inputs: shares[first, first + count).
struct Whole {
  TracePlace place;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

// Rows of one input, asked for mostly in order: a row group is read once, as a whole.
class RowSource final {
 public:
  explicit RowSource(std::shared_ptr<const BlockReader> reader) : reader_(std::move(reader)) {}

  Result<void> read(const RowRange& rows, GatheredSpans& out) {
    if (rows.first >= group_.first + group_.count) {
      TRY(load_group_of(rows.first));
    }
    const bool is_loaded =
        rows.first >= group_.first && rows.first + rows.count <= group_.first + group_.count;
    if (!is_loaded) {
      // A late share, or a trace that goes on in the next group.
      const BlockSpans spans = TRY(reader_->read_rows(rows));
      add(spans, 0, spans.spans.size(), out);
      return {};
    }
    add(spans_, static_cast<std::size_t>(rows.first - group_.first),
        static_cast<std::size_t>(rows.count), out);
    return {};
  }

 private:
  static void add(const BlockSpans& from, std::size_t first, std::size_t count,
                  GatheredSpans& out) {
    const auto begin = from.spans.begin() + static_cast<std::ptrdiff_t>(first);
    out.spans.insert(out.spans.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
    out.keep_alive.insert(out.keep_alive.end(), from.keep_alive.begin(), from.keep_alive.end());
  }

  Result<void> load_group_of(std::uint64_t row) {
    const auto& groups = reader_->file()->directory().groups;
    while (next_group_ < groups.size() &&
           groups[next_group_].first_row + groups[next_group_].span_count <= row) {
      ++next_group_;
    }
    if (next_group_ == groups.size()) {
      return {};
    }
    group_ = {groups[next_group_].first_row, groups[next_group_].span_count};
    spans_ = TRY(reader_->read_rows(group_));
    return {};
  }

  const std::shared_ptr<const BlockReader> reader_;
  std::size_t next_group_ = 0;
  RowRange group_;
  BlockSpans spans_;
};

class Rewriting final {
 public:
  Rewriting(const BlockWork& work, const std::vector<std::shared_ptr<const BlockPart>>& inputs,
            const KeepSpan& keep)
      : work_(work), inputs_(inputs), keep_(keep) {}

  Result<std::vector<BlockSummary>> run(std::uint64_t output_count) {
    auto written = write(output_count);
    if (!written) {
      for (const BlockSummary& summary : summaries_) {
        work_.catalog.discard(summary.facts.id);
      }
      return std::move(written).error();
    }
    return std::move(summaries_);
  }

 private:
  Result<void> write(std::uint64_t output_count) {
    TRY(list_shares());
    const std::uint64_t spans_each = (span_count_ + output_count - 1) / output_count;
    for (std::size_t i = 0; i < wholes_.size(); ++i) {
      if (i % kTracesPerCheck == 0 && work_.stopping.stop_requested()) {
        return stopped();
      }
      TRY(copy(wholes_[i]));
      if (maker_ != nullptr && maker_->span_count() >= spans_each) {
        TRY(finish_block());
      }
    }
    return finish_block();
  }

  Result<void> list_shares() {
    for (std::uint32_t input = 0; input < inputs_.size(); ++input) {
      auto opened = inputs_[input]->open();
      if (!opened) {
        return inputs_[input]->report(std::move(opened).error());
      }
      const auto reader = std::move(opened).value();
      const BlockFacts& facts = inputs_[input]->entry().facts;
      received_.first =
          input == 0 ? facts.min_received : std::min(received_.first, facts.min_received);
      received_.last = std::max(received_.last, facts.max_received);
      span_count_ += facts.span_count;
      for (std::size_t group = 0; group < reader->info().group_count; ++group) {
        auto traces = reader->list_traces(group);
        if (!traces) {
          return inputs_[input]->report(std::move(traces).error());
        }
        for (const BlockTrace& trace : *traces) {
          shares_.push_back({trace.id, trace.start, input, trace.rows});
        }
      }
      if (keep_) {
        TRY(list_kept_starts(input, RowSource(reader)));
      }
      sources_.emplace_back(reader);
    }
    std::stable_sort(shares_.begin(), shares_.end(),
                     [](const Share& left, const Share& right) { return left.id < right.id; });
    for (std::uint32_t i = 0; i < shares_.size(); ++i) {
      if (wholes_.empty() || wholes_.back().place.trace_id != shares_[i].id) {
        wholes_.push_back({{shares_[i].start, shares_[i].id}, i, 0});
      }
      Whole& whole = wholes_.back();
      whole.place.start = std::min(whole.place.start, shares_[i].start);
      ++whole.count;
    }
    std::sort(wholes_.begin(), wholes_.end(), [](const Whole& left, const Whole& right) {
      return is_earlier(left.place, right.place);
    });
    return {};
  }

  // A share begins with the first of its spans that stay; none where none do.
  Result<void> list_kept_starts(std::uint32_t input, RowSource source) {
    std::size_t kept_count = 0;
    for (Share& share : shares_) {
      if (share.input == input) {
        GatheredSpans gathered;
        if (auto read = source.read(share.rows, gathered); !read) {
          return inputs_[input]->report(std::move(read).error());
        }
        drop_unwanted(gathered.spans);
        share.start = UINT64_MAX;
        for (const model::Span* span : gathered.spans) {
          share.start = std::min(share.start, span->start);
        }
        if (gathered.spans.empty()) {
          continue;
        }
      }
      shares_[kept_count++] = share;
    }
    shares_.resize(kept_count);
    return {};
  }

  void drop_unwanted(std::vector<const model::Span*>& spans) const {
    if (keep_) {
      std::erase_if(spans, [&](const model::Span* span) { return !keep_(*span); });
    }
  }

  Result<void> copy(const Whole& whole) {
    GatheredSpans gathered;
    for (std::uint32_t i = whole.first; i < whole.first + whole.count; ++i) {
      const std::uint32_t input = shares_[i].input;
      if (auto read = sources_[input].read(shares_[i].rows, gathered); !read) {
        return inputs_[input]->report(std::move(read).error());
      }
    }
    drop_unwanted(gathered.spans);
    if (gathered.spans.empty()) {
      return {};
    }
    if (maker_ == nullptr) {
      maker_ = TRY(BlockMaker::begin(work_.catalog, work_.file_system, work_.options));
    }
    auto keep_alive =
        std::make_shared<decltype(gathered.keep_alive)>(std::move(gathered.keep_alive));
    const auto spans = in_order_once(std::move(gathered.spans));
    return maker_->add(whole.place.trace_id, spans, std::move(keep_alive));
  }

  Result<void> finish_block() {
    if (maker_ != nullptr) {
      summaries_.push_back(TRY(maker_->finish(received_)));
      maker_.reset();
    }
    return {};
  }

  const BlockWork& work_;
  const std::vector<std::shared_ptr<const BlockPart>>& inputs_;
  const KeepSpan& keep_;
  std::vector<RowSource> sources_;
  std::vector<Share> shares_;
  std::vector<Whole> wholes_;
  std::uint64_t span_count_ = 0;
  ReceivedRange received_;
  std::unique_ptr<BlockMaker> maker_;
  std::vector<BlockSummary> summaries_;
};

}  // namespace

Result<BlockSummary> seal_window(const BlockWork& work, const Window& window) {
  std::vector<TracePlace> places = window.head->list_traces();
  std::sort(places.begin(), places.end(), is_earlier);
  auto maker = TRY(BlockMaker::begin(work.catalog, work.file_system, work.options));
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (i % kTracesPerCheck == 0 && work.stopping.stop_requested()) {
      return stopped();
    }
    const model::TraceId& id = places[i].trace_id;
    TRY(maker->add(id, in_order_once(window.head->spans_of(id))));
  }
  return maker->finish(window.received);
}

Result<std::vector<BlockSummary>> rewrite_blocks(
    const BlockWork& work, const std::vector<std::shared_ptr<const BlockPart>>& inputs,
    std::uint64_t output_count, const KeepSpan& keep) {
  return Rewriting(work, inputs, keep).run(output_count);
}

}  // namespace waybill::storage
