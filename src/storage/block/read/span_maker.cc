// SPDX-License-Identifier: Apache-2.0
#include "storage/block/read/span_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/span.h"
#include "model/value.h"
#include "storage/block/block_schema.h"
#include "storage/block/codec/block_bytes.h"
#include "storage/block/codec/value_bytes.h"
#include "storage/block/read/group_reader.h"

namespace waybill::storage {
namespace {

// A field with the texts of the trace that was asked for last, each made once.
struct LoadedField {
  FieldColumns columns;
  std::size_t trace = SIZE_MAX;
  std::vector<std::string_view> texts;
};

// The value of a row in one column.
struct Cell {
  const ShapeColumn* column = nullptr;
  LoadedField* field = nullptr;
};

// The rows of one table that are wanted, and the cells of their shapes.
struct WantedRows {
  std::size_t first = 0;
  std::vector<std::uint32_t> places;     // of the shapes, from `first` on
  std::vector<std::uint32_t> ranks;      // among the rows of the shape
  std::vector<std::vector<Cell>> cells;  // by place of the shape, then position in the layout
};

class Maker final {
 public:
  Maker(GroupReader& group, const std::vector<GroupTrace>& traces, const GroupRows& rows,
        const std::vector<bool>* chosen)
      : group_(group),
        traces_(traces),
        rows_(rows),
        chosen_(chosen),
        made_(std::make_shared<MadeSpans>()) {}

  Result<std::shared_ptr<const MadeSpans>> run() {
    group_.index_columns();
    trace_ = trace_of(rows_.first);
    // Parents and starts follow from the rows before, so reading begins with the trace.
    const std::size_t begin = traces_[trace_].first_row;
    const std::size_t end = rows_.first + rows_.count;
    TRY(load_spans(begin, end));
    TRY(load_items(RowTable::Events, items_before_[0], items_end_[0]));
    TRY(load_items(RowTable::Links, items_before_[1], items_end_[1]));
    TRY(skip_foreign_parents(begin));
    std::vector<model::Span>& spans = made_->spans;
    spans.reserve(end - begin);
    for (std::size_t row = begin; row < end && ok_; ++row) {
      while (row >= traces_[trace_].first_row + traces_[trace_].row_count) {
        ++trace_;
        path_.clear();
      }
      spans.push_back(make_span(row));
    }
    if (!ok_) {
      return data_loss(fmt::format("group {} at offset {}: rows {} to {}: malformed",
                                   group_.number(), group_.ref().offset, begin, end));
    }
    spans.erase(spans.begin(), spans.begin() + static_cast<std::ptrdiff_t>(rows_.first - begin));
    for (auto& [number, field] : fields_) {
      if (field.columns.dictionary) {
        made_->borrowed.push_back(field.columns.dictionary);
      }
    }
    made_->borrowed.push_back(group_.shared_schema());
    return std::shared_ptr<const MadeSpans>(std::move(made_));
  }

 private:
  std::size_t trace_of(std::size_t row) const {
    const auto after = std::upper_bound(
        traces_.begin(), traces_.end(), row,
        [](std::size_t wanted, const GroupTrace& trace) { return wanted < trace.first_row; });
    return static_cast<std::size_t>(after - traces_.begin()) - 1;
  }

  bool is_chosen(std::size_t row) const {
    return row >= rows_.first && (chosen_ == nullptr || (*chosen_)[row - rows_.first]);
  }

  // What rows that are not chosen must tell all the same.
  static bool is_skeleton(FieldRole role) {
    return role == FieldRole::Path || role == FieldRole::Start || role == FieldRole::SpanId ||
           role == FieldRole::EventCount || role == FieldRole::LinkCount;
  }

  // Loads the fields of the wanted rows' shapes and points the cells at them.
  Result<void> load_fields(RowTable which, WantedRows& wanted) {
    const GroupReader::Table& table = group_.table(which);
    std::vector<bool> is_used(table.shapes.size());
    std::vector<bool> is_met(table.shapes.size());
    for (std::size_t i = 0; i < wanted.places.size(); ++i) {
      is_met[wanted.places[i]] = true;
      if (which != RowTable::Spans || is_chosen(wanted.first + i)) {
        is_used[wanted.places[i]] = true;
      }
    }
    std::vector<bool> is_needed(group_.schema().fields.size());
    wanted.cells.resize(table.shapes.size());
    for (std::size_t place = 0; place < table.shapes.size(); ++place) {
      if (is_met[place]) {
        const auto& fields = group_.schema().layout_of(group_.shape(which, place)).fields;
        wanted.cells[place].resize(fields.size());
        for (const std::uint32_t number : fields) {
          const Field& field = group_.schema().fields[number];
          const bool is_wanted = is_used[place] || is_skeleton(field.role);
          is_needed[number] = is_needed[number] || (field.has_values() && is_wanted);
        }
      }
    }
    for (const GroupReader::FieldRef& ref : group_.fields()) {
      if (!is_needed[ref.field]) {
        continue;
      }
      LoadedField& field = fields_[ref.field];
      const bool is_bone = is_skeleton(group_.schema().fields[ref.field].role);
      field.columns = TRY(group_.read_field(ref, is_bone ? &is_met : &is_used));
      for (const ShapeColumn& column : field.columns.columns) {
        wanted.cells[column.shape][column.position] = {&column, &field};
      }
    }
    return {};
  }

  // Finds the shape of each row, its rank in it, and which events and links belong to the rows.
  Result<void> load_spans(std::size_t begin, std::size_t end) {
    std::vector<std::uint32_t> places = TRY(group_.read_rows(RowTable::Spans));
    // One at a time: a return in the middle of a list would leak what is made already.
    std::array<Counts, 2> counts;
    counts[0] = TRY(load_counts(FieldRole::EventCount));
    counts[1] = TRY(load_counts(FieldRole::LinkCount));
    std::vector<std::uint32_t> seen(group_.table(RowTable::Spans).shapes.size());
    spans_.first = begin;
    for (std::size_t row = 0; row < end; ++row) {
      const std::uint32_t place = places[row];
      const std::uint32_t rank = seen[place]++;
      if (row == begin) {
        items_before_ = items_end_;
      }
      for (std::size_t i = 0; i < 2; ++i) {
        if (!counts[i].by_place.empty() && counts[i].by_place[place] != nullptr) {
          items_end_[i] += counts[i].by_place[place]->numbers.at(rank);
        }
      }
      if (row >= begin) {
        spans_.ranks.push_back(rank);
      }
    }
    spans_.places.assign(places.begin() + static_cast<std::ptrdiff_t>(begin),
                         places.begin() + static_cast<std::ptrdiff_t>(end));
    return load_fields(RowTable::Spans, spans_);
  }

  struct Counts {
    FieldColumns columns;
    std::vector<const ShapeColumn*> by_place;  // empty where no row has such items
  };

  Result<Counts> load_counts(FieldRole role) {
    Counts counts;
    for (const GroupReader::FieldRef& ref : group_.fields()) {
      const Field& field = group_.schema().fields[ref.field];
      if (field.table == RowTable::Spans && field.role == role) {
        counts.columns = TRY(group_.read_field(ref));
        counts.by_place.resize(group_.table(RowTable::Spans).shapes.size());
        for (const ShapeColumn& column : counts.columns.columns) {
          counts.by_place[column.shape] = &column;
        }
      }
    }
    return counts;
  }

  Result<void> load_items(RowTable which, std::uint64_t begin, std::uint64_t end) {
    WantedRows& wanted = items_[static_cast<std::size_t>(which) - 1];
    if (begin == end) {
      return {};
    }
    const std::vector<std::uint32_t> places = TRY(group_.read_rows(which));
    if (begin > end || end > places.size()) {
      ok_ = false;
      return {};
    }
    wanted.first = static_cast<std::size_t>(begin);
    std::vector<std::uint32_t> seen(group_.table(which).shapes.size());
    for (std::size_t row = 0; row < end; ++row) {
      const std::uint32_t rank = seen[places[row]]++;
      if (row >= begin) {
        wanted.places.push_back(places[row]);
        wanted.ranks.push_back(rank);
      }
    }
    return load_fields(which, wanted);
  }

  // Passes over those that rows before `begin` name.
  Result<void> skip_foreign_parents(std::size_t begin) {
    parents_ = TRY(group_.read_foreign_parents());
    if (parents_.empty() || begin == 0) {
      return {};
    }
    for (const GroupReader::FieldRef& ref : group_.fields()) {
      const Field& field = group_.schema().fields[ref.field];
      if (field.table != RowTable::Spans || field.role != FieldRole::Path) {
        continue;
      }
      const FieldColumns paths = TRY(group_.read_field(ref));
      std::vector<const ShapeColumn*> by_place(group_.table(RowTable::Spans).shapes.size());
      for (const ShapeColumn& column : paths.columns) {
        by_place[column.shape] = &column;
      }
      const std::vector<std::uint32_t> places = TRY(group_.read_rows(RowTable::Spans));
      std::vector<std::uint32_t> seen(by_place.size());
      for (std::size_t row = 0; row < begin; ++row) {
        const std::uint32_t place = places[row];
        const std::uint32_t rank = seen[place]++;
        next_parent_ +=
            by_place[place] != nullptr && by_place[place]->numbers.at(rank) == 1 ? 1 : 0;
      }
    }
    return {};
  }

  std::uint64_t number(const Cell& cell, std::uint32_t rank) {
    if (cell.column == nullptr) {
      ok_ = false;
      return 0;
    }
    return cell.column->numbers.at(rank);
  }
  std::uint32_t number32(const Cell& cell, std::uint32_t rank) {
    const std::uint64_t value = number(cell, rank);
    ok_ = ok_ && value <= UINT32_MAX;
    return static_cast<std::uint32_t>(value);
  }

  std::string_view text(const Cell& cell, std::uint32_t rank) {
    if (cell.column == nullptr) {
      ok_ = false;
      return {};
    }
    const ShapeColumn& column = *cell.column;
    if (rank < column.coded) {
      const std::uint64_t code = column.numbers.at(rank);
      if (code >= cell.field->columns.dictionary->size()) {
        ok_ = false;
        return {};
      }
      return cell.field->columns.dictionary->at(static_cast<std::size_t>(code));
    }
    return pooled(*cell.field, column.places.at(rank - column.coded));
  }

  std::string_view pooled(LoadedField& field, std::uint64_t place) {
    const TextPool& pool = *field.columns.pool;
    const std::size_t begin = pool.begin(trace_);
    if (field.trace != trace_) {
      field.trace = trace_;
      field.texts.assign(pool.begin(trace_ + 1) - begin, std::string_view());
    }
    if (place >= field.texts.size()) {
      ok_ = false;
      return {};
    }
    std::string_view& text = field.texts[static_cast<std::size_t>(place)];
    if (text.data() == nullptr) {
      scratch_.clear();
      pool.append(begin + static_cast<std::size_t>(place), scratch_);
      text = scratch_.empty() ? std::string_view("") : made_->arena.copy(scratch_);
    }
    return text;
  }

  model::Value value(const Field& field, const Cell& cell, std::uint32_t rank) {
    switch (field.type) {
      case model::ValueType::Empty:
        return {};
      case model::ValueType::String:
        return model::Value::of_string(text(cell, rank));
      case model::ValueType::Bytes:
        return model::Value::of_bytes(text(cell, rank));
      case model::ValueType::Bool:
        return model::Value::of_bool(number(cell, rank) != 0);
      case model::ValueType::Int:
        return model::Value::of_int(static_cast<std::int64_t>(number(cell, rank)));
      case model::ValueType::Double:
        return model::Value::of_double(std::bit_cast<double>(number(cell, rank)));
      case model::ValueType::Array:
      case model::ValueType::KvList: {
        ByteCursor in(text(cell, rank));
        const model::Value made = read_value(in, made_->arena);
        ok_ = ok_ && in.ok() && in.at_end() && made.type() == field.type;
        return made;
      }
    }
    return {};
  }

  std::span<const model::Attribute> attribute_list(const Cell& cell, std::uint32_t rank) {
    ByteCursor in(text(cell, rank));
    const auto attributes = read_attributes(in, made_->arena);
    ok_ = ok_ && in.ok() && in.at_end();
    return attributes;
  }

  // The attributes of a row, behind the other fields of its layout.
  std::span<const model::Attribute> attributes(const Layout& layout, std::span<const Cell> cells,
                                               std::uint32_t rank) {
    attributes_.clear();
    const std::vector<Field>& fields = group_.schema().fields;
    for (std::size_t i = 0; i < layout.fields.size(); ++i) {
      const Field& field = fields[layout.fields[i]];
      if (field.role == FieldRole::AttributeList) {
        return attribute_list(cells[i], rank);
      }
      if (field.role == FieldRole::Attribute) {
        attributes_.push_back({field.key, value(field, cells[i], rank)});
      }
    }
    return made_->arena.copy(std::span<const model::Attribute>(attributes_));
  }

  void take_parent(std::uint64_t path, model::Span& span, std::uint64_t start) {
    if (path >= 2) {
      const std::uint64_t up = path - 2;
      if (up >= path_.size()) {
        ok_ = false;
        return;
      }
      path_.resize(path_.size() - static_cast<std::size_t>(up));
      span.parent_span_id = path_.back().span_id;
      span.start = path_.back().start + start;
      return;
    }
    path_.clear();
    span.start = traces_[trace_].start + start;
    if (path == 1) {
      if (next_parent_ >= parents_.size()) {
        ok_ = false;
        return;
      }
      span.parent_span_id = {parents_[next_parent_++]};
    }
  }

  model::Span make_span(std::size_t row) {
    const std::uint32_t place = spans_.places[row - spans_.first];
    const std::uint32_t rank = spans_.ranks[row - spans_.first];
    const Shape& shape = group_.shape(RowTable::Spans, place);
    const Layout& layout = group_.schema().layout_of(shape);
    const std::span<const Cell> cells = spans_.cells[place];
    model::Span span;
    span.trace_id = traces_[trace_].id;
    if (!is_chosen(row)) {
      return make_bones(layout, cells, rank, span);
    }
    span.name = shape.name;
    span.kind = shape.kind;
    span.status = shape.status;
    std::uint64_t path = 0;
    std::uint64_t start = 0;
    std::uint64_t duration = 0;
    for (std::size_t i = 0; i < layout.fields.size() && ok_; ++i) {
      switch (group_.schema().fields[layout.fields[i]].role) {
        case FieldRole::Origin:
          span.scope = origin(number(cells[i], rank));
          break;
        case FieldRole::Path:
          path = number(cells[i], rank);
          break;
        case FieldRole::Start:
          start = number(cells[i], rank);
          break;
        case FieldRole::Duration:
          duration = number(cells[i], rank);
          break;
        case FieldRole::EventCount:
          span.events = events(number(cells[i], rank), UnixNanos{0});
          break;
        case FieldRole::LinkCount:
          span.links = links(number(cells[i], rank));
          break;
        default:
          take_field(group_.schema().fields[layout.fields[i]].role, cells[i], rank, span);
      }
    }
    take_parent(path, span, start);
    span.end = span.start + duration;
    span.attributes = attributes(layout, cells, rank);
    for (model::Event& event : last_events_) {
      event.time += span.start;
    }
    if (!last_events_.empty()) {
      span.events = made_->arena.copy(std::span<const model::Event>(last_events_));
      last_events_.clear();
    }
    ok_ = ok_ && span.scope != nullptr;
    path_.push_back({span.span_id, span.start});
    return span;
  }

  // As much of a span as those that follow it need.
  model::Span make_bones(const Layout& layout, std::span<const Cell> cells, std::uint32_t rank,
                         model::Span span) {
    std::uint64_t path = 0;
    std::uint64_t start = 0;
    for (std::size_t i = 0; i < layout.fields.size() && ok_; ++i) {
      const FieldRole role = group_.schema().fields[layout.fields[i]].role;
      if (!is_skeleton(role)) {
        continue;
      }
      const std::uint64_t value = number(cells[i], rank);
      switch (role) {
        case FieldRole::Path:
          path = value;
          break;
        case FieldRole::Start:
          start = value;
          break;
        case FieldRole::SpanId:
          span.span_id = {value};
          break;
        case FieldRole::EventCount:
          skip_items(items_[0], next_event_, value);
          break;
        default:
          skip_items(items_[1], next_link_, value);
      }
    }
    take_parent(path, span, start);
    path_.push_back({span.span_id, span.start});
    return span;
  }

  void skip_items(const WantedRows& wanted, std::size_t& next, std::uint64_t count) {
    ok_ = ok_ && count <= wanted.places.size() - next;
    next += ok_ ? static_cast<std::size_t>(count) : 0;
  }

  // Fields that are stored in the span as they are.
  void take_field(FieldRole role, const Cell& cell, std::uint32_t rank, model::Span& span) {
    switch (role) {
      case FieldRole::SpanId:
        span.span_id = {number(cell, rank)};
        return;
      case FieldRole::Flags:
        span.flags = number32(cell, rank);
        return;
      case FieldRole::Name:
        span.name = text(cell, rank);
        return;
      case FieldRole::StatusMessage:
        span.status_message = text(cell, rank);
        return;
      case FieldRole::TraceState:
        span.trace_state = text(cell, rank);
        return;
      case FieldRole::DroppedAttributes:
        span.dropped_attributes_count = number32(cell, rank);
        return;
      case FieldRole::DroppedEvents:
        span.dropped_events_count = number32(cell, rank);
        return;
      case FieldRole::DroppedLinks:
        span.dropped_links_count = number32(cell, rank);
        return;
      default:
        return;
    }
  }

  const model::Scope* origin(std::uint64_t number) {
    const auto& origins = group_.schema().origins;
    if (number >= origins.size()) {
      ok_ = false;
      return nullptr;
    }
    return origins[static_cast<std::size_t>(number)];
  }

  // The next row of a table of items, as its place among the wanted ones; none left is a fault.
  bool next_item(const WantedRows& wanted, std::size_t next) {
    ok_ = ok_ && next < wanted.places.size();
    return ok_;
  }

  std::span<const model::Event> events(std::uint64_t count, UnixNanos span_start) {
    last_events_.clear();
    const WantedRows& wanted = items_[0];
    for (std::uint64_t i = 0; i < count && next_item(wanted, next_event_); ++i, ++next_event_) {
      last_events_.push_back(
          make_event(wanted, wanted.places[next_event_], wanted.ranks[next_event_], span_start));
    }
    return {};
  }

  model::Event make_event(const WantedRows& wanted, std::uint32_t place, std::uint32_t rank,
                          UnixNanos span_start) {
    const Shape& shape = group_.shape(RowTable::Events, place);
    const Layout& layout = group_.schema().layout_of(shape);
    const std::span<const Cell> cells = wanted.cells[place];
    model::Event event;
    event.name = shape.name;
    for (std::size_t i = 0; i < layout.fields.size() && ok_; ++i) {
      switch (group_.schema().fields[layout.fields[i]].role) {
        case FieldRole::Time:
          event.time = span_start + number(cells[i], rank);
          break;
        case FieldRole::Name:
          event.name = text(cells[i], rank);
          break;
        case FieldRole::DroppedAttributes:
          event.dropped_attributes_count = number32(cells[i], rank);
          break;
        default:
          break;
      }
    }
    event.attributes = attributes(layout, cells, rank);
    return event;
  }

  std::span<const model::Link> links(std::uint64_t count) {
    std::vector<model::Link> made;
    const WantedRows& wanted = items_[1];
    for (std::uint64_t i = 0; i < count && next_item(wanted, next_link_); ++i, ++next_link_) {
      made.push_back(make_link(wanted, wanted.places[next_link_], wanted.ranks[next_link_]));
    }
    return made_->arena.copy(std::span<const model::Link>(made));
  }

  model::Link make_link(const WantedRows& wanted, std::uint32_t place, std::uint32_t rank) {
    const Layout& layout = group_.schema().layout_of(group_.shape(RowTable::Links, place));
    const std::span<const Cell> cells = wanted.cells[place];
    model::Link link;
    for (std::size_t i = 0; i < layout.fields.size() && ok_; ++i) {
      switch (group_.schema().fields[layout.fields[i]].role) {
        case FieldRole::SpanId:
          link.span_id = {number(cells[i], rank)};
          break;
        case FieldRole::Flags:
          link.flags = number32(cells[i], rank);
          break;
        case FieldRole::TraceState:
          link.trace_state = text(cells[i], rank);
          break;
        case FieldRole::DroppedAttributes:
          link.dropped_attributes_count = number32(cells[i], rank);
          break;
        case FieldRole::LinkTraceHigh:
          link.trace_id.high = number(cells[i], rank);
          break;
        case FieldRole::LinkTraceLow:
          link.trace_id.low = number(cells[i], rank);
          break;
        default:
          break;
      }
    }
    link.attributes = attributes(layout, cells, rank);
    return link;
  }

  struct Ancestor {
    model::SpanId span_id;
    UnixNanos start;
  };

  GroupReader& group_;
  const std::vector<GroupTrace>& traces_;
  const GroupRows rows_;
  const std::vector<bool>* const chosen_;
  std::shared_ptr<MadeSpans> made_;
  std::unordered_map<std::uint32_t, LoadedField> fields_;
  WantedRows spans_;
  std::array<WantedRows, 2> items_;  // events and links
  std::array<std::uint64_t, 2> items_before_{};
  std::array<std::uint64_t, 2> items_end_{};
  std::size_t next_event_ = 0;
  std::size_t next_link_ = 0;
  std::vector<std::uint64_t> parents_;
  std::size_t next_parent_ = 0;
  std::size_t trace_ = 0;  // of the row being made, in the group
  std::vector<Ancestor> path_;
  std::vector<model::Attribute> attributes_;
  std::vector<model::Event> last_events_;
  std::string scratch_;
  bool ok_ = true;
};

}  // namespace

Result<std::shared_ptr<const MadeSpans>> make_spans(GroupReader& group,
                                                    const std::vector<GroupTrace>& traces,
                                                    const GroupRows& rows,
                                                    const std::vector<bool>* chosen) {
  if (rows.count == 0) {
    return std::shared_ptr<const MadeSpans>(std::make_shared<MadeSpans>());
  }
  return Maker(group, traces, rows, chosen).run();
}

}  // namespace waybill::storage
