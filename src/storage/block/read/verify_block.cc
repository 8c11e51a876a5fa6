// SPDX-License-Identifier: Apache-2.0
#include "storage/block/read/verify_block.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/result.h"
#include "model/span.h"
#include "os/file_system.h"
#include "storage/block/block_format.h"
#include "storage/block/block_schema.h"
#include "storage/block/codec/bloom_filter.h"
#include "storage/block/codec/int_run.h"
#include "storage/block/read/block_file.h"
#include "storage/block/read/block_reader.h"
#include "storage/block/read/group_reader.h"
#include "storage/block/read/span_maker.h"

namespace waybill::storage {
namespace {

bool is_in_order(const GroupTrace& before, const GroupTrace& trace) {
  return before.start != trace.start ? before.start < trace.start : before.id > trace.id;
}

class Verifier final {
 public:
  Verifier(os::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  Result<BlockInfo> run() {
    TRY(check_header());
    reader_ = TRY(BlockReader::open(files_, path_));
    const BlockDirectory& directory = reader_->file()->directory();
    const auto schema = TRY(reader_->file()->schema());
    for (std::uint32_t field = 0; field < schema->fields.size(); ++field) {
      TRY(reader_->file()->dictionary(field));
      TRY(reader_->file()->patterns(field));
    }
    for (const PartRef& page : directory.trace_pages) {
      TRY(reader_->file()->read(page, "trace page"));
    }
    for (std::size_t number = 0; number < directory.groups.size(); ++number) {
      TRY(check_group(number));
    }
    return reader_->info();
  }

 private:
  Error fault(std::size_t group, std::string_view what) const {
    return data_loss(fmt::format("{}: group {} at offset {}: {}", path_, group,
                                 reader_->file()->directory().groups[group].offset, what));
  }

  Result<void> check_header() {
    const auto file = TRY(files_.open_file(path_));
    const auto checked = check_block_header(TRY(file->read_at(0, kBlockHeaderBytes)));
    if (!checked.has_value()) {
      return Error(checked.error()).within(path_);
    }
    return {};
  }

  Result<void> check_group(std::size_t number) {
    GroupReader group = TRY(GroupReader::open(reader_->file(), number, GroupReader::Load::Whole));
    const std::vector<GroupTrace> traces = TRY(group.read_traces());
    for (const GroupReader::FieldRef& field : group.fields()) {
      TRY(check_field(group, field));
    }
    TRY(check_traces(group, traces));
    const auto made = TRY(make_spans(group, traces, {0, group.ref().span_count}));
    std::size_t trace = 0;
    for (std::size_t row = 0; row < made->spans.size(); ++row) {
      while (row >= traces[trace].first_row + traces[trace].row_count) {
        ++trace;
      }
      const model::Span& span = made->spans[row];
      const bool is_inside =
          span.start >= traces[trace].start && std::max(span.start, span.end) <= traces[trace].end;
      const std::uint64_t size =
          span.end >= span.start ? span.end - span.start : span.start - span.end;
      if (!is_inside || (size > INT64_MAX && !group.has_odd_duration())) {
        return fault(number, fmt::format("row {}: its time is not that of its trace", row));
      }
    }
    return {};
  }

  Result<void> check_traces(GroupReader& group, const std::vector<GroupTrace>& traces) {
    const GroupRef& ref = group.ref();
    UnixNanos last_end = 0;
    for (std::size_t i = 0; i < traces.size(); ++i) {
      const GroupTrace& trace = traces[i];
      last_end = std::max(last_end, trace.end);
      const bool is_rest = i == 0 && ref.continues;
      if (is_rest ? trace.id != last_.id : last_.row_count > 0 && !is_in_order(last_, trace)) {
        return fault(group.number(), fmt::format("trace {}: out of order", trace.id.hex()));
      }
      if (!is_rest) {
        const auto found = TRY(reader_->find_trace(trace.id));
        if (!found || found->rows.first != ref.first_row + trace.first_row) {
          return fault(group.number(), fmt::format("trace {}: not in the index", trace.id.hex()));
        }
      }
      last_ = trace;
    }
    const BlockInfo& info = reader_->info();
    if (traces.front().start != ref.first_start || traces.back().start != ref.last_start ||
        last_end != ref.last_end || ref.first_start < info.first_start ||
        ref.last_start > info.last_start || ref.last_end > info.last_end) {
      return fault(group.number(), "its bounds are wrong");
    }
    return {};
  }

  // Bits, codes and places that no span may use are checked too, and what searches skip by.
  Result<void> check_field(GroupReader& group, const GroupReader::FieldRef& ref) {
    const FieldColumns field = TRY(group.read_field(ref));
    const auto faulty = [&](std::string_view what) {
      return fault(group.number(), fmt::format("field {}: {}", ref.field, what));
    };
    for (const ShapeColumn& column : field.columns) {
      if ((column.coded > 0 && !column.numbers.is_valid()) ||
          (column.coded < column.row_count && !column.places.is_valid())) {
        return faulty("a number is out of its bounds");
      }
    }
    const std::string filter = TRY(group.read_filter(ref));
    std::string text;
    for (std::size_t i = 0; field.pool && i < field.pool->size(); ++i) {
      if (!may_contain(filter, checksum64(field.pool->view(i, text)))) {
        return faulty("a text is not in the filter");
      }
    }
    return {};
  }

  os::FileSystem& files_;
  const std::string path_;
  std::shared_ptr<const BlockReader> reader_;
  GroupTrace last_;
};

}  // namespace

Result<BlockInfo> verify_block(os::FileSystem& files, const std::string& path) {
  return Verifier(files, path).run();
}

}  // namespace waybill::storage
