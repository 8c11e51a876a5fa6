// SPDX-License-Identifier: Apache-2.0
#include "storage/block/read/group_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "model/value.h"
#include "storage/block/block_format.h"
#include "storage/block/block_schema.h"
#include "storage/block/codec/block_bytes.h"
#include "storage/block/codec/int_run.h"
#include "storage/block/read/block_file.h"
#include "storage/block/read/text_pool.h"

namespace waybill::storage {
namespace {

constexpr std::size_t kTraceIdBytes = 16;

enum class Depth : std::uint8_t { Head, Body };

IntRun read_run(std::uint8_t kind, std::size_t count, ByteCursor& head, ByteCursor& body,
                Depth depth) {
  return depth == Depth::Head ? IntRun::read_head(kind, count, head)
                              : IntRun::read_kind(kind, count, head, body);
}

// Copies places of T bytes each. False where one is none of the shapes, or a shape comes more often
// than it has rows left.
template <typename T>
bool copy_places(std::string_view bytes, std::span<std::uint32_t> left,
                 std::span<std::uint32_t> rows) {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    T place = 0;
    std::memcpy(&place, bytes.data() + row * sizeof(T), sizeof(T));
    if (place >= left.size() || left[place]-- == 0) {
      return false;
    }
    rows[row] = place;
  }
  return true;
}

// Reads the run of one column, as write/group_encode.cc writes it.
void read_column(ShapeColumn& column, std::uint64_t default_value, bool is_text, ByteCursor& head,
                 ByteCursor& body, Depth depth) {
  const std::uint8_t kind = head.byte();
  column.coded = column.row_count;
  if (kind == kDefaultRun) {
    column.numbers = IntRun::constant(column.row_count, default_value);
    return;
  }
  if (!is_text || kind < kPooledRun) {
    column.numbers = read_run(kind, column.row_count, head, body, depth);
    return;
  }
  column.coded = 0;
  if (kind == kMixedRun) {
    column.coded = static_cast<std::size_t>(head.varint_up_to(column.row_count));
    if (column.coded == 0 || column.coded == column.row_count) {
      head.fail();
      return;
    }
    column.numbers = read_run(head.byte(), column.coded, head, body, depth);
  } else if (kind != kPooledRun) {
    head.fail();
    return;
  }
  column.places = read_run(head.byte(), column.row_count - column.coded, head, body, depth);
}

// Passes over a column. True where it has texts of the pool.
bool skip_column(std::size_t row_count, bool is_text, ByteCursor& head, ByteCursor& body) {
  const std::uint8_t kind = head.byte();
  if (kind == kDefaultRun) {
    return false;
  }
  if (!is_text || kind < kPooledRun) {
    IntRun::skip(kind, row_count, head, body);
    return false;
  }
  std::size_t coded = 0;
  if (kind == kMixedRun) {
    coded = static_cast<std::size_t>(head.varint_up_to(row_count));
    IntRun::skip(head.byte(), coded, head, body);
  }
  IntRun::skip(head.byte(), row_count - coded, head, body);
  return true;
}

}  // namespace

Result<GroupReader> GroupReader::open(std::shared_ptr<const BlockFile> file, std::size_t number,
                                      Load load) {
  GroupReader group(std::move(file), number);
  TRY(group.read_head(load));
  return group;
}

Error GroupReader::malformed(std::string_view name) const {
  return data_loss(fmt::format("{}: group {} at offset {}: {}: malformed", file_->path(), number_,
                               ref().offset, name));
}

std::string GroupReader::field_name(std::uint32_t field) const {
  const std::string_view key = schema_->fields[field].key;
  return key.empty() ? fmt::format("field {}", field) : fmt::format("field {} ({})", field, key);
}

Result<std::string> GroupReader::read(const PartRef& part, std::string_view name) {
  PartRef placed = part;
  placed.offset += ref().offset;
  if (whole_.empty()) {
    read_bytes_ += part.stored_bytes;
    return file_->read(placed, fmt::format("group {}: {}", number_, name));
  }
  auto bytes =
      unpack_part(std::string_view(whole_).substr(static_cast<std::size_t>(part.offset),
                                                  static_cast<std::size_t>(part.stored_bytes)),
                  part);
  if (!bytes.has_value()) {
    return std::move(bytes).error().within(
        fmt::format("{}: group {}: {} at offset {}", file_->path(), number_, name, placed.offset));
  }
  return bytes;
}

Result<void> GroupReader::read_head(Load load) {
  schema_ = TRY(file_->schema());
  if (load == Load::Whole) {
    whole_ = TRY(file_->read_bytes(ref().offset, ref().size_bytes));
    read_bytes_ += whole_.size();
  }
  PartRef head = ref().head;
  head.offset -= ref().offset;
  head_ = std::make_shared<const std::string>(TRY(read(head, "head")));
  if (!parse_head() || !is_within_limits()) {
    return malformed("head");
  }
  return {};
}

bool GroupReader::parse_table(ByteCursor& in, Table& table) {
  table.row_count = static_cast<std::size_t>(in.varint_up_to(kGroupItemCountMax));
  const std::size_t present = in.count(schema_->shapes.size());
  std::uint64_t shape = 0;
  std::uint64_t rows = 0;
  for (std::size_t i = 0; i < present; ++i) {
    const std::uint64_t step = in.varint();
    const std::uint64_t count = in.varint_up_to(kGroupItemCountMax);
    if ((i > 0 && step == 0) || step > schema_->shapes.size() - shape || count == 0) {
      return false;
    }
    shape += step;
    if (shape >= schema_->shapes.size()) {
      return false;
    }
    rows += count;
    table.shapes.push_back(static_cast<std::uint32_t>(shape));
    table.counts.push_back(static_cast<std::uint32_t>(count));
  }
  return in.ok() && rows == table.row_count;
}

bool GroupReader::parse_head() {
  ByteCursor in(*head_);
  has_odd_duration_ = in.varint_up_to(1) != 0;
  if (in.varint() != ref().trace_count) {
    return false;
  }
  for (Table& table : tables_) {
    if (!parse_table(in, table)) {
      return false;
    }
  }
  const std::uint64_t end = ref().size_bytes - ref().head.stored_bytes;
  std::uint64_t offset = 0;
  for (Table& table : tables_) {
    table.rows = read_part_ref(in, offset, end);
  }
  traces_ = read_part_ref(in, offset, end);
  foreign_parents_ = read_part_ref(in, offset, end);
  const std::size_t count = in.count(schema_->fields.size());
  std::uint64_t field = 0;
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const std::uint64_t step = in.varint();
    FieldRef found;
    if ((i > 0 && step == 0) || step > schema_->fields.size() - field ||
        field + step >= schema_->fields.size()) {
      return false;
    }
    field += step;
    found.field = static_cast<std::uint32_t>(field);
    found.heads = read_part_ref(in, offset, end);
    found.body = read_part_ref(in, offset, end);
    found.pool = read_part_ref(in, offset, end);
    found.texts = read_part_ref(in, offset, end);
    found.filter = read_part_ref(in, offset, end);
    fields_.push_back(found);
  }
  return in.ok() && in.at_end() && offset == end;
}

// What a group says of its size is believed up to the limits of the format only, and a layout must
// belong to its table.
bool GroupReader::is_within_limits() const {
  std::uint64_t cells = 0;
  for (std::size_t which = 0; which < kRowTableCount; ++which) {
    const Table& table = tables_[which];
    for (std::size_t i = 0; i < table.shapes.size(); ++i) {
      const Layout& layout = schema_->layout_of(schema_->shapes[table.shapes[i]]);
      if (static_cast<std::size_t>(layout.table) != which) {
        return false;
      }
      cells += std::uint64_t{table.counts[i]} * layout.fields.size();
      if (cells > kGroupCellCountMax) {
        return false;
      }
    }
  }
  return tables_[0].row_count == ref().span_count;
}

const GroupReader::FieldRef* GroupReader::find(std::uint32_t field) const {
  const auto found = std::lower_bound(
      fields_.begin(), fields_.end(), field,
      [](const FieldRef& ref, std::uint32_t wanted) { return ref.field < wanted; });
  return found != fields_.end() && found->field == field ? &*found : nullptr;
}

Result<std::vector<GroupTrace>> GroupReader::read_traces() {
  const std::string bytes = TRY(read(traces_, "traces"));
  ByteCursor in(bytes);
  const auto count = static_cast<std::size_t>(ref().trace_count);
  if (count > bytes.size() / kTraceIdBytes) {
    return malformed("traces");
  }
  std::vector<GroupTrace> traces(count);
  for (GroupTrace& trace : traces) {
    trace.id.high = in.fixed64();
    trace.id.low = in.fixed64();
  }
  const IntRun rows = IntRun::read(count, in, in);
  const IntRun starts = IntRun::read(count, in, in);
  const IntRun lengths = IntRun::read(count, in, in);
  std::uint64_t row = 0;
  UnixNanos start = ref().first_start;
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    start += starts.at(i);
    traces[i].start = start;
    traces[i].end = start + lengths.at(i);
    traces[i].first_row = static_cast<std::size_t>(row);
    traces[i].row_count = static_cast<std::size_t>(std::min(rows.at(i), kGroupSpanCountMax + 1));
    row += traces[i].row_count;
    if (traces[i].row_count == 0) {
      in.fail();
    }
  }
  if (!in.ok() || !in.at_end() || row != ref().span_count) {
    return malformed("traces");
  }
  return traces;
}

Result<std::vector<std::uint32_t>> GroupReader::read_rows(RowTable which) {
  const Table& wanted = table(which);
  std::vector<std::uint32_t> rows(wanted.row_count);
  const std::string bytes = TRY(read(wanted.rows, "rows"));
  const std::size_t shapes = wanted.shapes.size();
  const std::size_t width = shapes < 2 ? 0 : shapes <= 1 << 8 ? 1 : shapes <= 1 << 16 ? 2 : 4;
  if (bytes.size() != width * rows.size()) {
    return malformed("rows");
  }
  if (width == 0) {
    return rows;
  }
  std::vector<std::uint32_t> left = wanted.counts;
  const bool is_valid = width == 1   ? copy_places<std::uint8_t>(bytes, left, rows)
                        : width == 2 ? copy_places<std::uint16_t>(bytes, left, rows)
                                     : copy_places<std::uint32_t>(bytes, left, rows);
  if (!is_valid) {
    return malformed("rows");
  }
  return rows;
}

Result<std::vector<std::uint64_t>> GroupReader::read_foreign_parents() {
  const std::string bytes = TRY(read(foreign_parents_, "parents"));
  ByteCursor in(bytes);
  const std::uint64_t count = in.varint_up_to(ref().span_count);
  const IntRun run = IntRun::read(static_cast<std::size_t>(count), in, in);
  if (!in.ok() || !in.at_end()) {
    return malformed("parents");
  }
  std::vector<std::uint64_t> parents(run.size());
  run.copy_to(parents);
  return parents;
}

void GroupReader::index_columns() {
  if (!column_begins_.empty()) {
    return;
  }
  const auto visit_all = [&](const auto& visit) {
    for (const Table& table : tables_) {
      for (std::uint32_t place = 0; place < table.shapes.size(); ++place) {
        const auto& fields = schema_->layout_of(schema_->shapes[table.shapes[place]]).fields;
        for (std::uint32_t position = 0; position < fields.size(); ++position) {
          visit(fields[position], ColumnPlace{place, position});
        }
      }
    }
  };
  std::vector<std::uint32_t> begins(schema_->fields.size() + 2);
  visit_all([&](std::uint32_t field, const ColumnPlace&) { ++begins[field + 2]; });
  for (std::size_t field = 2; field < begins.size(); ++field) {
    begins[field] += begins[field - 1];
  }
  column_places_.resize(begins.back());
  visit_all([&](std::uint32_t field, const ColumnPlace& at) {
    column_places_[begins[field + 1]++] = at;
  });
  column_begins_ = std::move(begins);
}

template <typename Visit>
void GroupReader::visit_columns(std::uint32_t field, const Visit& visit) const {
  const Table& table = tables_[static_cast<std::size_t>(schema_->fields[field].table)];
  if (!column_begins_.empty()) {
    for (std::size_t i = column_begins_[field]; i < column_begins_[field + 1]; ++i) {
      const ColumnPlace& at = column_places_[i];
      visit(at.place, at.position, table.counts[at.place]);
    }
    return;
  }
  const std::vector<LayoutPlace>& places = schema_->places[field];
  for (std::size_t place = 0; place < table.shapes.size(); ++place) {
    const std::uint32_t layout = schema_->shapes[table.shapes[place]].layout;
    auto at = std::lower_bound(
        places.begin(), places.end(), layout,
        [](const LayoutPlace& left, std::uint32_t wanted) { return left.layout < wanted; });
    for (; at != places.end() && at->layout == layout; ++at) {
      visit(place, at->position, table.counts[place]);
    }
  }
}

Result<std::vector<ShapeColumn>> GroupReader::read_heads(const FieldRef& field) {
  const Field& what = schema_->fields[field.field];
  std::vector<ShapeColumn> columns;
  const auto heads = read(field.heads, field_name(field.field));
  if (!heads.has_value()) {
    return heads.error();
  }
  ByteCursor head(*heads);
  ByteCursor body({});
  visit_columns(field.field, [&](std::size_t place, std::size_t position, std::size_t rows) {
    ShapeColumn& column = columns.emplace_back(ShapeColumn{place, position, rows, 0, {}, {}});
    const Shape& owner = shape(what.table, place);
    read_column(column, owner.defaults[position], what.is_text(), head, body, Depth::Head);
  });
  if (!head.ok() || !head.at_end()) {
    return malformed(field_name(field.field));
  }
  return columns;
}

Result<FieldColumns> GroupReader::read_field(const FieldRef& field,
                                             const std::vector<bool>* shapes) {
  const Field& what = schema_->fields[field.field];
  FieldColumns made;
  made.field = field.field;
  const std::string name = field_name(field.field);
  made.body = std::make_shared<const std::string>(TRY(read(field.body, name)));
  const auto heads = read(field.heads, name);
  if (!heads.has_value()) {
    return heads.error();
  }
  ByteCursor head(*heads);
  ByteCursor body(*made.body);
  bool has_pooled = false;
  visit_columns(field.field, [&](std::size_t place, std::size_t position, std::size_t rows) {
    if (shapes != nullptr && !(*shapes)[place]) {
      has_pooled = skip_column(rows, what.is_text(), head, body) || has_pooled;
      return;
    }
    ShapeColumn& column = made.columns.emplace_back(ShapeColumn{place, position, rows, 0, {}, {}});
    const Shape& owner = shape(what.table, place);
    read_column(column, owner.defaults[position], what.is_text(), head, body, Depth::Body);
    has_pooled = has_pooled || column.coded < rows;
  });
  if (!head.ok() || !head.at_end() || !body.ok() || !body.at_end() ||
      has_pooled == field.pool.is_empty()) {
    return malformed(name);
  }
  if (what.is_text()) {
    made.dictionary = TRY(file_->dictionary(field.field));
  }
  if (has_pooled) {
    std::string numbers = TRY(read(field.pool, name));
    std::string plain = TRY(read(field.texts, name));
    auto patterns = TRY(file_->patterns(field.field));
    auto pool = TextPool::read(std::move(numbers), std::move(plain),
                               static_cast<std::size_t>(ref().trace_count), std::move(patterns));
    if (!pool.has_value()) {
      return malformed(name);
    }
    made.pool = *std::move(pool);
  }
  return made;
}

Result<std::string> GroupReader::read_filter(const FieldRef& field) {
  return read(field.filter, field_name(field.field));
}

}  // namespace waybill::storage
