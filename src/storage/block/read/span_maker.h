// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "model/span.h"
#include "storage/block/read/group_reader.h"

namespace waybill::storage {

// Spans made from rows, with everything that they borrow. Immutable; any thread.
struct MadeSpans {
  std::vector<model::Span> spans;
  Arena arena;
  std::vector<std::shared_ptr<const void>> borrowed;  // dictionaries and schema
};

// Rows of a group, counted from its first one.
struct GroupRows {
  std::size_t first = 0;
  std::size_t count = 0;
};

// Makes the spans of these rows, in that order. Reads the columns of the shapes that they have, no
// others. Where `chosen` is given (a flag for each of the rows), spans that are not chosen have
// only ids and start, and cost little. DataLoss, naming the place, where the parts do not fit
// together. Requires: the rows are in the group; `traces` are the group's.
Result<std::shared_ptr<const MadeSpans>> make_spans(GroupReader& group,
                                                    const std::vector<GroupTrace>& traces,
                                                    const GroupRows& rows,
                                                    const std::vector<bool>* chosen = nullptr);

}  // namespace waybill::storage
