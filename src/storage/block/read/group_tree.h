// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "storage/block/read/group_reader.h"

namespace waybill::storage {

// Who is whose parent among the rows of a group. Rows below row r are those in (r, ends[r]), so
// that "a is an ancestor of b" is r_a < r_b < ends[r_a].
struct GroupTree {
  static constexpr std::uint32_t kNoParent = UINT32_MAX;

  std::vector<std::uint32_t> parents;  // kNoParent: none, or one that is not in the group
  std::vector<std::uint32_t> ends;
};

// Reads the column of paths and nothing else of the spans. Of a trace that lies in several groups
// each has a forest: where a parent is in another group, its id is
// (GroupReader::read_foreign_parents). DataLoss for damage.
Result<GroupTree> read_tree(GroupReader& group);

}  // namespace waybill::storage
