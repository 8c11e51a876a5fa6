// SPDX-License-Identifier: Apache-2.0
#include "storage/block/write/block_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/span.h"
#include "os/file_system.h"
#include "storage/block/block_format.h"
#include "storage/block/codec/block_bytes.h"
#include "storage/block/codec/bloom_filter.h"
#include "storage/block/codec/int_run.h"
#include "storage/block/codec/string_table.h"
#include "storage/block/trace_hash.h"
#include "storage/block/write/trace_order.h"

namespace waybill::storage {
namespace {

constexpr std::size_t kPageTraces = 256;
// What is read rarely and once may cost more to write.
constexpr int kDictionaryZstdLevel = 3;

UnixNanos start_of(std::span<const model::Span* const> spans) {
  UnixNanos start = UINT64_MAX;
  for (const model::Span* span : spans) {
    start = std::min(start, span->start);
  }
  return start;
}

bool is_in_order(const std::pair<UnixNanos, model::TraceId>& before, UnixNanos start,
                 const model::TraceId& id) {
  return before.first != start ? before.first < start : before.second > id;
}

std::string_view role_name(FieldRole role) {
  constexpr std::array<std::string_view, kFieldRoleMax + 1> kNames = {"attribute",
                                                                      "origin",
                                                                      "path",
                                                                      "start",
                                                                      "duration",
                                                                      "span id",
                                                                      "flags",
                                                                      "name",
                                                                      "status message",
                                                                      "trace state",
                                                                      "dropped attributes",
                                                                      "dropped events",
                                                                      "dropped links",
                                                                      "event count",
                                                                      "link count",
                                                                      "attribute list",
                                                                      "time",
                                                                      "link trace high",
                                                                      "link trace low"};
  return kNames[static_cast<std::size_t>(role)];
}

}  // namespace

BlockWriter::BlockWriter(BlockWriterOptions options, std::unique_ptr<os::File> file)
    : options_(options),
      file_(std::move(file)),
      schema_(options.schema),
      group_(schema_, options.zstd_level) {}

int BlockWriter::dictionary_level() const {
  return options_.zstd_level == 0 ? 0 : std::max(options_.zstd_level, kDictionaryZstdLevel);
}

Result<void> BlockWriter::write_bytes(std::string_view bytes) {
  TRY(file_->write_at(offset_, std::span(&bytes, 1)));
  offset_ += bytes.size();
  return {};
}

Result<PartRef> BlockWriter::write(const PackedPart& part) {
  PartRef ref = part.ref;
  ref.offset = offset_;
  TRY(write_bytes(part.bytes));
  return ref;
}

Result<void> BlockWriter::add_trace(const model::TraceId& id,
                                    std::span<const model::Span* const> spans,
                                    std::shared_ptr<const void> keep_alive) {
  const UnixNanos start = start_of(spans);
  if (spans.empty() || (last_ && !is_in_order(*last_, start, id))) {
    return invalid_argument(fmt::format("trace {} is empty or out of order", id.hex()));
  }
  last_ = {start, id};
  if (offset_ == 0) {
    TRY(write_bytes(encode_block_header()));
  }
  UnixNanos end = 0;
  for (const model::Span* span : spans) {
    end = std::max({end, span->start, span->end});
  }
  const std::size_t span_count_max =
      std::clamp<std::size_t>(options_.group_span_count, 1, kGroupSpanCountMax);
  if (group_.span_count() > 0 && group_.span_count() + spans.size() > span_count_max) {
    TRY(flush_group());
  }
  trace_hashes_.push_back(trace_hash(id));
  if (keep_alive) {
    keep_alive_.push_back(keep_alive);
  }
  const std::vector<OrderedSpan> rows = order_depth_first(spans);
  group_.begin_trace(id, start, end, false);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    TRY(group_.add_row(rows, i));
    const bool is_full = group_.span_count() >= span_count_max || group_.is_heavy();
    if (is_full && i + 1 < rows.size()) {
      TRY(flush_group());
      keep_alive_.push_back(keep_alive);
      group_.begin_trace(id, start, end, true);
    }
  }
  return group_.is_heavy() ? flush_group() : Result<void>();
}

Result<void> BlockWriter::flush_group() {
  GroupBuilder::Encoded encoded = group_.encode();
  GroupRef& ref = encoded.ref;
  ref.offset = offset_;
  ref.first_row = row_count_;
  TRY(write_bytes(encoded.bytes));
  BlockInfo& info = directory_.info;
  info.first_start =
      row_count_ == 0 ? ref.first_start : std::min(info.first_start, ref.first_start);
  info.last_start = std::max(info.last_start, ref.last_start);
  info.last_end = std::max(info.last_end, ref.last_end);
  info.index_bytes += encoded.filter_bytes;
  row_count_ += ref.span_count;
  directory_.groups.push_back(ref);
  keep_alive_.clear();
  return {};
}

Result<PartRef> BlockWriter::write_texts(const StringTable& texts) {
  if (texts.size() == 0) {
    return PartRef{offset_, 0, 0, 0};
  }
  ByteWriter out;
  std::vector<std::uint64_t> sizes;
  for (std::uint32_t code = 0; code < texts.size(); ++code) {
    sizes.push_back(texts.at(code).size());
  }
  out.varint(sizes.size());
  std::string body;
  write_int_run(sizes, out, body);
  out.raw(body);
  for (std::uint32_t code = 0; code < texts.size(); ++code) {
    out.raw(texts.at(code));
  }
  return write(pack_part(std::move(out.bytes()), Squeeze::Try, dictionary_level()));
}

// Traces by their hash, cut into pages of even ranges of it, so that the page of a hash is known
// without asking.
Result<void> BlockWriter::write_trace_pages() {
  struct Entry {
    std::uint32_t print;
    std::uint32_t trace;
  };
  std::vector<Entry> entries;
  entries.reserve(trace_hashes_.size());
  for (std::size_t trace = 0; trace < trace_hashes_.size(); ++trace) {
    entries.push_back({static_cast<std::uint32_t>(trace_hashes_[trace] >> 32),
                       static_cast<std::uint32_t>(trace)});
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.print != b.print ? a.print < b.print : a.trace < b.trace;
  });
  const std::uint64_t pages = (entries.size() + kPageTraces - 1) / kPageTraces;
  std::size_t next = 0;
  for (std::uint64_t page = 0; page < pages; ++page) {
    std::vector<std::uint64_t> prints;
    std::vector<std::uint64_t> traces;
    std::uint32_t before = 0;
    for (; next < entries.size() && (entries[next].print * pages) >> 32 == page; ++next) {
      prints.push_back(entries[next].print - before);
      traces.push_back(entries[next].trace);
      before = entries[next].print;
    }
    ByteWriter out;
    std::string body;
    out.varint(prints.size());
    write_int_run(prints, out, body);
    out.raw(body);
    body.clear();
    write_int_run(traces, out, body);
    out.raw(body);
    const PartRef ref = TRY(write(pack_part(std::move(out.bytes()), Squeeze::None, 0)));
    directory_.info.index_bytes += ref.stored_bytes;
    directory_.trace_pages.push_back(ref);
  }
  directory_.trace_filter = make_bloom_filter(trace_hashes_);
  return {};
}

Result<BlockInfo> BlockWriter::finish(const ReceivedRange& received) {
  if (offset_ == 0) {
    TRY(write_bytes(encode_block_header()));
  }
  if (group_.span_count() > 0) {
    TRY(flush_group());
  }
  for (std::uint32_t number = 0; number < schema_.field_count(); ++number) {
    directory_.dictionaries.push_back(TRY(write_texts(schema_.field(number).dictionary)));
  }
  for (std::uint32_t number = 0; number < schema_.field_count(); ++number) {
    directory_.patterns.push_back(TRY(write_texts(schema_.field(number).patterns)));
  }
  directory_.schema = TRY(write(pack_part(schema_.encode(), Squeeze::Try, dictionary_level())));
  TRY(write_trace_pages());
  BlockInfo& info = directory_.info;
  info.first_received = received.first;
  info.last_received = received.last;
  const PartRef directory = TRY(write(pack_part(encode_directory(directory_), Squeeze::None, 0)));
  TRY(write_bytes(encode_block_tail(directory)));
  TRY(file_->sync_data());
  info.span_count = row_count_;
  info.trace_count = trace_hashes_.size();
  info.group_count = directory_.groups.size();
  info.file_bytes = offset_;
  info.index_bytes += directory.stored_bytes;
  return info;
}

std::vector<std::pair<std::string, FieldBytes>> BlockWriter::field_bytes() const {
  constexpr std::array<std::string_view, kRowTableCount> kTables = {"spans", "events", "links"};
  std::vector<std::pair<std::string, FieldBytes>> list;
  const std::vector<FieldBytes>& bytes = group_.field_bytes();
  for (std::uint32_t number = 0; number < bytes.size(); ++number) {
    const BuildField& field = schema_.field(number);
    list.emplace_back(fmt::format("{}/{}/{}", kTables[static_cast<std::size_t>(field.table)],
                                  role_name(field.role), field.key),
                      bytes[number]);
    if (number < directory_.dictionaries.size()) {
      list.back().second.body += directory_.dictionaries[number].stored_bytes;
      list.back().second.pool += directory_.patterns[number].stored_bytes;
    }
  }
  list.emplace_back("groups", group_.frame_bytes());
  FieldBytes rest;
  rest.body = directory_.schema.stored_bytes;
  list.emplace_back("schema", rest);
  return list;
}

Result<BlockInfo> build_block(os::FileSystem& files, const std::string& path,
                              std::vector<TraceSpans> traces, const ReceivedRange& received,
                              const BlockWriterOptions& options) {
  struct Place {
    UnixNanos start;
    const TraceSpans* trace;
  };
  std::vector<Place> places;
  places.reserve(traces.size());
  for (const TraceSpans& trace : traces) {
    places.push_back({start_of(trace.spans), &trace});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return a.start != b.start ? a.start < b.start : a.trace->id > b.trace->id;
  });
  BlockWriter writer(options, TRY(files.create_file(path)));
  for (const Place& place : places) {
    TRY(writer.add_trace(place.trace->id, place.trace->spans));
  }
  return writer.finish(received);
}

}  // namespace waybill::storage
