// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "storage/block/block_format.h"
#include "storage/block/block_schema.h"
#include "storage/block/codec/int_run.h"
#include "storage/block/read/block_file.h"
#include "storage/block/read/text_pool.h"

namespace waybill::storage {

// A trace, or the part of one, that lies in a group.
struct GroupTrace {
  model::TraceId id;
  UnixNanos start = 0;  // of the whole trace
  UnixNanos end = 0;
  std::size_t first_row = 0;  // in the group
  std::size_t row_count = 0;
};

// The values of one field in the rows of one shape. Of texts the first `coded` rows have codes of
// the field's dictionary, the others places among the texts of their trace in the pool. Borrows
// from the reader.
struct ShapeColumn {
  std::size_t shape = 0;     // place in the table's list of shapes
  std::size_t position = 0;  // in the layout
  std::size_t row_count = 0;
  std::size_t coded = 0;
  IntRun numbers;  // or codes
  IntRun places;
};

// All columns of one field.
struct FieldColumns {
  std::uint32_t field = 0;
  std::vector<ShapeColumn> columns;  // by shape, then position
  std::shared_ptr<const std::string> body;
  std::shared_ptr<const TextList> dictionary;  // of a field of texts
  std::optional<TextPool> pool;
};

// One row group of a block, read part by part as it is asked. One thread at a time.
class GroupReader final {
 public:
  struct Table {
    std::size_t row_count = 0;
    std::vector<std::uint32_t> shapes;  // numbers in the schema, ascending
    std::vector<std::uint32_t> counts;  // rows of each
    PartRef rows;
  };
  // What the head says of a field.
  struct FieldRef {
    std::uint32_t field = 0;
    PartRef heads;
    PartRef body;
    PartRef pool;
    PartRef texts;
    PartRef filter;
  };
  // Whether all of the group is read at once, since most of it will be needed.
  enum class Load : std::uint8_t { Parts, Whole };

  // Reads the head. Errors: DataLoss, naming file, group and part.
  static Result<GroupReader> open(std::shared_ptr<const BlockFile> file, std::size_t number,
                                  Load load);

  const std::shared_ptr<const BlockFile>& file() const { return file_; }
  std::size_t number() const { return number_; }
  const GroupRef& ref() const { return file_->directory().groups[number_]; }
  const Schema& schema() const { return *schema_; }
  const std::shared_ptr<const Schema>& shared_schema() const { return schema_; }
  const Table& table(RowTable which) const { return tables_[static_cast<std::size_t>(which)]; }
  const Shape& shape(RowTable which, std::size_t place) const {
    return schema_->shapes[table(which).shapes[place]];
  }
  std::span<const FieldRef> fields() const { return fields_; }
  bool has_odd_duration() const { return has_odd_duration_; }
  // Null where no row of the group has the field.
  const FieldRef* find(std::uint32_t field) const;

  Result<std::vector<GroupTrace>> read_traces();
  // Place of the shape of each row.
  Result<std::vector<std::uint32_t>> read_rows(RowTable table);
  // Ids of parents that are not in the group, in the order of the rows that name them.
  Result<std::vector<std::uint64_t>> read_foreign_parents();
  // Bounds and constants only: at() of their runs must not be called.
  Result<std::vector<ShapeColumn>> read_heads(const FieldRef& field);
  // Keeps the columns of these shapes only, where a choice (by place) is given.
  Result<FieldColumns> read_field(const FieldRef& field, const std::vector<bool>* shapes = nullptr);
  Result<std::string> read_filter(const FieldRef& field);

  // Makes reading of many fields cheaper.
  void index_columns();

  // Bytes that were read for this group so far.
  std::uint64_t read_bytes() const { return read_bytes_; }

 private:
  GroupReader(std::shared_ptr<const BlockFile> file, std::size_t number)
      : file_(std::move(file)), number_(number) {}

  Result<void> read_head(Load load);
  bool parse_head();
  bool parse_table(ByteCursor& in, Table& table);
  bool is_within_limits() const;
  Result<std::string> read(const PartRef& ref, std::string_view name);
  Error malformed(std::string_view name) const;
  // Calls visit(place of the shape, position in its layout, rows) for each column of the field.
  template <typename Visit>
  void visit_columns(std::uint32_t field, const Visit& visit) const;
  std::string field_name(std::uint32_t field) const;

  std::shared_ptr<const BlockFile> file_;
  std::size_t number_;
  std::shared_ptr<const Schema> schema_;
  std::string whole_;  // of the group, where it was loaded
  std::shared_ptr<const std::string> head_;
  bool has_odd_duration_ = false;
  std::array<Table, kRowTableCount> tables_;
  PartRef traces_;
  PartRef foreign_parents_;
  std::vector<FieldRef> fields_;
  // Columns of each field, those of field f at [begins[f], begins[f + 1]); empty until indexed.
  struct ColumnPlace {
    std::uint32_t place = 0;
    std::uint32_t position = 0;
  };
  std::vector<std::uint32_t> column_begins_;
  std::vector<ColumnPlace> column_places_;
  std::uint64_t read_bytes_ = 0;
};

}  // namespace waybill::storage
