// SPDX-License-Identifier: Apache-2.0
#include "storage/block/read/group_tree.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "storage/block/block_schema.h"
#include "storage/block/read/group_reader.h"

namespace waybill::storage {
namespace {

// The path of each row.
Result<std::vector<std::uint64_t>> read_paths(GroupReader& group) {
  const std::vector<std::uint32_t> places = TRY(group.read_rows(RowTable::Spans));
  const GroupReader::Table& table = group.table(RowTable::Spans);
  std::vector<std::vector<std::uint64_t>> by_shape(table.shapes.size());
  for (const GroupReader::FieldRef& ref : group.fields()) {
    const Field& field = group.schema().fields[ref.field];
    if (field.table == RowTable::Spans && field.role == FieldRole::Path) {
      const FieldColumns paths = TRY(group.read_field(ref));
      for (const ShapeColumn& column : paths.columns) {
        by_shape[column.shape].resize(column.row_count);
        column.numbers.copy_to(by_shape[column.shape]);
      }
    }
  }
  std::vector<std::uint32_t> seen(table.shapes.size());
  std::vector<std::uint64_t> paths;
  paths.reserve(places.size());
  for (const std::uint32_t place : places) {
    const std::uint32_t rank = seen[place]++;
    if (rank >= by_shape[place].size()) {
      return data_loss("a shape has no paths");
    }
    paths.push_back(by_shape[place][rank]);
  }
  return paths;
}

}  // namespace

Result<GroupTree> read_tree(GroupReader& group) {
  const auto within = [&](Error error) {
    return std::move(error).within(
        fmt::format("group {} at offset {}", group.number(), group.ref().offset));
  };
  auto paths = read_paths(group);
  if (!paths.has_value()) {
    return within(std::move(paths).error());
  }
  GroupTree tree;
  tree.parents.reserve(paths->size());
  tree.ends.resize(paths->size());
  std::vector<std::uint32_t> open;  // the row before, its parent, and so on
  const auto row_count = static_cast<std::uint32_t>(paths->size());
  const auto close = [&](std::uint64_t count, std::uint32_t row) {
    for (; count > 0; --count) {
      tree.ends[open.back()] = row;
      open.pop_back();
    }
  };
  for (std::uint32_t row = 0; row < row_count; ++row) {
    const std::uint64_t path = (*paths)[row];
    if (path >= 2 && path - 2 >= open.size()) {
      return within(data_loss("a path leads out of its trace"));
    }
    close(path < 2 ? open.size() : path - 2, row);
    tree.parents.push_back(open.empty() ? GroupTree::kNoParent : open.back());
    open.push_back(row);
  }
  close(open.size(), row_count);
  return tree;
}

}  // namespace waybill::storage
