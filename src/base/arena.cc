// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <algorithm>
#include <cstddef>
#include <memory>

namespace waybill {
namespace {

constexpr std::size_t kChunkBytesMax = std::size_t{1} << 20;

}  // namespace

void Arena::grow(std::size_t at_least_bytes) {
  const std::size_t chunk_bytes = std::max(at_least_bytes, next_chunk_bytes_);
  // Left uninitialised on purpose: clearing the memory would cost as much as filling it.
  chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(chunk_bytes));
  cursor_ = chunks_.back().get();
  room_ = chunk_bytes;
  size_bytes_ += chunk_bytes;
  next_chunk_bytes_ = std::min(next_chunk_bytes_ * 2, kChunkBytesMax);
}

}  // namespace waybill
