// SPDX-License-Identifier: Apache-2.0
#include "storage/block/read/block_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/span.h"
#include "os/file_system.h"
#include "storage/block/block_format.h"
#include "storage/block/codec/block_bytes.h"
#include "storage/block/codec/bloom_filter.h"
#include "storage/block/codec/int_run.h"
#include "storage/block/read/block_file.h"
#include "storage/block/read/group_reader.h"
#include "storage/block/read/span_maker.h"
#include "storage/block/trace_hash.h"

namespace waybill::storage {

Result<std::shared_ptr<const BlockReader>> BlockReader::open(os::FileSystem& files,
                                                             const std::string& path) {
  return std::shared_ptr<const BlockReader>(
      std::make_shared<BlockReader>(TRY(BlockFile::open(files, path))));
}

std::size_t BlockReader::group_of_trace(std::uint64_t trace) const {
  const auto& groups = file_->directory().groups;
  // A trace that lies in several groups begins in the first of them.
  const auto after = std::lower_bound(groups.begin(), groups.end(), trace,
                                      [](const GroupRef& group, std::uint64_t wanted) {
                                        return group.first_trace + group.trace_count <= wanted;
                                      });
  return static_cast<std::size_t>(after - groups.begin());
}

std::size_t BlockReader::group_of_row(std::uint64_t row) const {
  const auto& groups = file_->directory().groups;
  const auto after = std::upper_bound(
      groups.begin(), groups.end(), row,
      [](std::uint64_t wanted, const GroupRef& group) { return wanted < group.first_row; });
  return static_cast<std::size_t>(after - groups.begin()) - 1;
}

// Numbers of the traces that may be the wanted one: nearly always one or none.
Result<std::vector<std::uint64_t>> BlockReader::candidates(const model::TraceId& id) const {
  const BlockDirectory& directory = file_->directory();
  const std::uint64_t hash = trace_hash(id);
  std::vector<std::uint64_t> found;
  if (directory.trace_pages.empty() || !may_contain(directory.trace_filter, hash)) {
    return found;
  }
  const std::uint64_t print = hash >> 32;
  const PartRef& page =
      directory.trace_pages[static_cast<std::size_t>((print * directory.trace_pages.size()) >> 32)];
  const auto bytes = file_->read(page, "trace page");
  if (!bytes.has_value()) {
    return bytes.error();
  }
  ByteCursor in(*bytes);
  const auto count = static_cast<std::size_t>(in.varint_up_to(directory.info.trace_count));
  const IntRun prints = IntRun::read(count, in, in);
  const IntRun traces = IntRun::read(count, in, in);
  if (!in.ok() || !in.at_end()) {
    return data_loss(
        fmt::format("{}: trace page at offset {}: malformed", file_->path(), page.offset));
  }
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < count && at <= print; ++i) {
    at += prints.at(i);
    if (at == print && traces.at(i) < directory.info.trace_count) {
      found.push_back(traces.at(i));
    }
  }
  return found;
}

Result<std::uint64_t> BlockReader::rows_behind(std::size_t group) const {
  const auto& groups = file_->directory().groups;
  std::uint64_t rows = 0;
  for (std::size_t next = group + 1; next < groups.size() && groups[next].continues; ++next) {
    if (groups[next].trace_count == 1) {
      rows += groups[next].span_count;
      continue;
    }
    GroupReader reader = TRY(GroupReader::open(file_, next, GroupReader::Load::Parts));
    const std::vector<GroupTrace> traces = TRY(reader.read_traces());
    return rows + traces.front().row_count;
  }
  return rows;
}

Result<std::vector<BlockTrace>> BlockReader::list_traces(std::size_t group) const {
  GroupReader reader = TRY(GroupReader::open(file_, group, GroupReader::Load::Parts));
  const std::vector<GroupTrace> traces = TRY(reader.read_traces());
  std::vector<BlockTrace> list;
  for (std::size_t i = reader.ref().continues ? 1 : 0; i < traces.size(); ++i) {
    const GroupTrace& trace = traces[i];
    RowRange rows{reader.ref().first_row + trace.first_row, trace.row_count};
    if (i + 1 == traces.size()) {
      rows.count += TRY(rows_behind(group));
    }
    list.push_back({trace.id, trace.start, trace.end, rows});
  }
  return list;
}

Result<std::optional<BlockTrace>> BlockReader::find_trace(const model::TraceId& id) const {
  for (const std::uint64_t number : TRY(candidates(id))) {
    const std::size_t group = group_of_trace(number);
    GroupReader reader = TRY(GroupReader::open(file_, group, GroupReader::Load::Parts));
    const std::vector<GroupTrace> traces = TRY(reader.read_traces());
    const auto place = static_cast<std::size_t>(number - reader.ref().first_trace);
    if (place >= traces.size() || traces[place].id != id) {
      continue;
    }
    const GroupTrace& trace = traces[place];
    RowRange rows{reader.ref().first_row + trace.first_row, trace.row_count};
    if (place + 1 == traces.size()) {
      rows.count += TRY(rows_behind(group));
    }
    return std::optional(BlockTrace{trace.id, trace.start, trace.end, rows});
  }
  return std::optional<BlockTrace>();
}

Result<BlockSpans> BlockReader::read_trace(const model::TraceId& id) const {
  BlockSpans spans;
  for (const std::uint64_t number : TRY(candidates(id))) {
    std::size_t group = group_of_trace(number);
    GroupReader reader = TRY(GroupReader::open(file_, group, GroupReader::Load::Whole));
    const std::vector<GroupTrace> traces = TRY(reader.read_traces());
    const auto place = static_cast<std::size_t>(number - reader.ref().first_trace);
    if (place >= traces.size() || traces[place].id != id) {
      continue;
    }
    const auto add = [&](const std::shared_ptr<const MadeSpans>& made) {
      for (const model::Span& span : made->spans) {
        spans.spans.push_back(&span);
      }
      spans.keep_alive.push_back(made);
    };
    add(TRY(make_spans(reader, traces, {traces[place].first_row, traces[place].row_count})));
    if (place + 1 == traces.size()) {
      const std::uint64_t behind = TRY(rows_behind(group));
      const RowRange rest{reader.ref().first_row + reader.ref().span_count, behind};
      BlockSpans more = TRY(read_rows(rest));
      spans.spans.insert(spans.spans.end(), more.spans.begin(), more.spans.end());
      spans.keep_alive.insert(spans.keep_alive.end(), more.keep_alive.begin(),
                              more.keep_alive.end());
    }
    return spans;
  }
  return spans;
}

Result<BlockSpans> BlockReader::read_rows(const RowRange& rows) const {
  BlockSpans spans;
  const std::uint64_t all = file_->info().span_count;
  if (rows.first > all || rows.count > all - rows.first) {
    return invalid_argument(
        fmt::format("{}: rows {} to {} of {}", file_->path(), rows.first, rows.count, all));
  }
  const auto& groups = file_->directory().groups;
  const std::uint64_t end = rows.first + rows.count;
  std::uint64_t row = rows.first;
  while (row < end) {
    const std::size_t group = group_of_row(row);
    GroupReader reader = TRY(GroupReader::open(file_, group, GroupReader::Load::Whole));
    const std::uint64_t group_end = groups[group].first_row + groups[group].span_count;
    const std::uint64_t count = std::min(end, group_end) - row;
    const std::vector<GroupTrace> traces = TRY(reader.read_traces());
    const GroupRows wanted{static_cast<std::size_t>(row - groups[group].first_row),
                           static_cast<std::size_t>(count)};
    const auto made = TRY(make_spans(reader, traces, wanted));
    for (const model::Span& span : made->spans) {
      spans.spans.push_back(&span);
    }
    spans.keep_alive.push_back(made);
    row += count;
  }
  return spans;
}

}  // namespace waybill::storage
