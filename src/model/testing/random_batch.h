// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "model/span_batch.h"

namespace waybill::model::testing {

// What texts and keys are made of.
enum class RandomText : std::uint8_t {
  Utf8,     // with control characters, quotes, NUL and characters of every length
  AnyBytes  // also invalid UTF-8
};

struct RandomBatchOptions {
  std::size_t span_count = 40;
  RandomText text = RandomText::AnyBytes;
  int value_depth_max = 5;
};

// Spans that are valid (ids are not zero) and otherwise use every field, every type of value and
// odd numbers: unknown kinds, the largest integers, NaN, -0, infinities, times out of order,
// duplicate keys, links without ids. The same random state gives the same batch.
SpanBatch make_random_batch(Random& random, const RandomBatchOptions& options = {});

// One such value; its texts and children live in the arena.
Value make_random_value(Random& random, Arena& arena, const RandomBatchOptions& options = {});

}  // namespace waybill::model::testing
