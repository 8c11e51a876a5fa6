// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/arena.h"

namespace waybill::wire {

// A batch's arena with a limit: a request that is small on the wire but large in memory is found
// out before it has taken the memory.
//
// Borrows the arena. One thread at a time. Once the limit is passed everything that is kept comes
// back empty and is_exhausted() stays true; the decoder gives up when it sees that.
class DecodeArena final {
 public:
  DecodeArena(Arena& arena, std::size_t size_bytes_max)
      : arena_(arena), size_bytes_max_(size_bytes_max) {}

  bool is_exhausted() const { return arena_.size_bytes() > size_bytes_max_; }

  // Moves what was scratched since `begin` into the arena.
  template <typename T>
  std::span<const T> keep(std::vector<T>& scratch, std::size_t begin = 0) {
    std::span<const T> kept;
    if (scratch.size() > begin && !is_exhausted()) [[likely]] {
      kept = arena_.copy(std::span<const T>(scratch).subspan(begin));
    }
    scratch.resize(begin);
    return kept;
  }

  std::string_view keep(std::string_view text) {
    return is_exhausted() ? std::string_view() : arena_.copy(text);
  }

  // A copy that stays changeable until the batch is complete. There are few of them, so the limit
  // is left to keep().
  template <typename T>
  T* make(const T& value = {}) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 8);
    return std::construct_at(reinterpret_cast<T*>(arena_.allocate(sizeof(T))), value);
  }

 private:
  Arena& arena_;
  std::size_t size_bytes_max_;
};

}  // namespace waybill::wire
