// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "model/ids.h"
#include "storage/block/block_format.h"
#include "storage/block/write/schema_builder.h"
#include "storage/block/write/trace_order.h"

namespace waybill::storage {

// What a part of the block costs, for benchmarks.
struct FieldBytes {
  std::uint64_t head = 0;
  std::uint64_t body = 0;
  std::uint64_t pool = 0;  // and the plain texts
  std::uint64_t filter = 0;
};

// One row group while it is filled: values by column, each column by shape. Borrows the schema and,
// until encode(), everything that the spans borrow. One thread at a time.
class GroupBuilder final {
 public:
  GroupBuilder(SchemaBuilder& schema, int zstd_level) : schema_(schema), zstd_level_(zstd_level) {}

  // Begins a trace, or what is left of one that a group before has the beginning of.
  void begin_trace(const model::TraceId& id, UnixNanos start, UnixNanos end, bool continues);
  // Appends rows[index] to the trace; rows from the trace's begin in this group on were appended
  // before. InvalidArgument for a span that passes a limit of the format; the block can not be
  // finished then.
  Result<void> add_row(std::span<const OrderedSpan> rows, std::size_t index);

  std::size_t span_count() const { return span_count_; }
  // Whether it has grown so large that a further row belongs to the next group.
  bool is_heavy() const;

  struct Encoded {
    std::string bytes;  // of the whole group
    GroupRef ref;       // without offset, first row and first trace
    std::uint64_t filter_bytes = 0;
  };
  // Empties the builder.
  Encoded encode();
  // Sums over all groups: of each field, and of what belongs to none.
  const std::vector<FieldBytes>& field_bytes() const { return field_bytes_; }
  const FieldBytes& frame_bytes() const { return frame_bytes_; }

 private:
  struct TraceRow {
    model::TraceId id;
    UnixNanos start = 0;
    UnixNanos end = 0;
    std::uint32_t span_count = 0;
  };
  // Texts of a field that are no codes, each once a trace.
  struct Pool {
    std::vector<std::string_view> texts;
    std::vector<std::uint64_t> counts;  // of each trace
    std::size_t trace_begin = 0;
  };
  struct RowValues {
    const OrderedSpan* row = nullptr;
    std::uint64_t path = 0;
    std::uint64_t start = 0;
    std::uint32_t origin = 0;
  };

  std::uint64_t path_of(std::span<const OrderedSpan> rows, std::size_t index);
  Result<void> add_span(const RowValues& values);
  Result<void> add_event(const model::Span& span, const model::Event& event);
  Result<void> add_link(const model::Link& link);
  BuildShape& begin_row(const RowKey& key);
  Result<void> push_attributes(BuildShape& shape, std::size_t first,
                               std::span<const model::Attribute> attributes);
  Result<void> push_attribute_list(BuildColumn& column,
                                   std::span<const model::Attribute> attributes);
  Result<void> push_value(BuildColumn& column, const model::Value& value);
  Result<void> push_bytes(BuildColumn& column, const ByteWriter& bytes, bool fits);
  void push_number(BuildColumn& column, std::uint64_t value);
  void push_text(BuildColumn& column, std::string_view text);
  std::uint64_t push_pooled(std::uint32_t field, std::string_view text);
  void check_column(BuildColumn& column, BuildField& field);

  PartRef append_part(std::string raw, Squeeze squeeze);
  void encode_tables(ByteWriter& head);
  void encode_traces(ByteWriter& head);
  void encode_fields(ByteWriter& head);
  void encode_field(std::uint32_t number, std::span<BuildColumn* const> columns, ByteWriter& head);
  std::array<PartRef, 3> encode_pool(std::uint32_t number, FieldBytes& bytes);
  void clear();

  SchemaBuilder& schema_;
  const int zstd_level_;

  Arena arena_;                                                    // bytes of nested values
  std::array<std::vector<std::uint32_t>, kRowTableCount> rows_;    // shape of each
  std::array<std::vector<std::uint32_t>, kRowTableCount> shapes_;  // those with rows
  std::vector<TraceRow> traces_;
  std::vector<std::uint64_t> foreign_parents_;
  std::vector<Pool> pools_;      // by field
  std::size_t piece_begin_ = 0;  // place of the trace's first row of this group
  std::size_t span_count_ = 0;
  std::size_t cell_count_ = 0;
  std::size_t text_bytes_ = 0;
  bool continues_ = false;
  bool has_odd_duration_ = false;

  std::string out_;
  std::uint64_t filter_bytes_ = 0;
  std::vector<FieldBytes> field_bytes_;
  FieldBytes frame_bytes_;
};

}  // namespace waybill::storage
