// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace waybill {

// Memory that is given out piece by piece and freed all at once, when the arena dies.
//
// Pieces never move, also when the arena itself is moved. One thread at a time. Holds only
// trivially destructible things: no destructor is ever run.
class Arena final {
 public:
  explicit Arena(std::size_t first_chunk_bytes = 4096) : next_chunk_bytes_(first_chunk_bytes) {}
  Arena(Arena&&) = default;
  Arena& operator=(Arena&&) = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Uninitialised room, aligned to 8. Never null; size zero gives a pointer that must not be used.
  std::byte* allocate(std::size_t size_bytes) {
    const std::size_t rounded = (size_bytes + 7) & ~std::size_t{7};
    if (rounded > room_) {
      grow(rounded);
    }
    std::byte* piece = cursor_;
    cursor_ += rounded;
    room_ -= rounded;
    return piece;
  }

  // A copy of the values that lives as long as the arena.
  template <typename T>
  std::span<const T> copy(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T> &&
                  alignof(T) <= 8);
    if (values.empty()) {
      return {};
    }
    auto* piece = reinterpret_cast<T*>(allocate(values.size_bytes()));
    std::memcpy(static_cast<void*>(piece), values.data(), values.size_bytes());
    return {piece, values.size()};
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) {
      return {};
    }
    std::byte* piece = allocate(text.size());
    std::memcpy(piece, text.data(), text.size());
    return {reinterpret_cast<const char*>(piece), text.size()};
  }

  // What the arena has taken from the system.
  std::size_t size_bytes() const { return size_bytes_; }

 private:
  void grow(std::size_t at_least_bytes);

  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::byte* cursor_ = nullptr;
  std::size_t room_ = 0;
  std::size_t size_bytes_ = 0;
  std::size_t next_chunk_bytes_;
};

}  // namespace waybill
