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

// Makes the spans of rows [first_row, first_row + row_count) of the group, in that order. Reads the
// columns of the shapes that these rows have, no others. DataLoss, naming the place, where the
// parts do not fit together. Requires: the rows are in the group.
Result<std::shared_ptr<const MadeSpans>> make_spans(GroupReader& group, std::size_t first_row,
                                                    std::size_t row_count);
// The same for a caller that has read the traces of the group already.
Result<std::shared_ptr<const MadeSpans>> make_spans(GroupReader& group,
                                                    const std::vector<GroupTrace>& traces,
                                                    std::size_t first_row, std::size_t row_count);

}  // namespace waybill::storage
