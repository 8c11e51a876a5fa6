// SPDX-License-Identifier: Apache-2.0
#include "storage/block/codec/string_table.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/hash.h"

namespace waybill::storage {

StringTable::StringTable() : places_(16, kEmpty) {}

std::size_t StringTable::place_of(std::string_view text, std::uint64_t hash) const {
  const std::size_t mask = places_.size() - 1;
  std::size_t place = hash & mask;
  while (places_[place] != kEmpty) {
    const std::uint32_t code = places_[place];
    if (hashes_[code] == hash && texts_[code] == text) {
      return place;
    }
    place = (place + 1) & mask;
  }
  return place;
}

std::uint32_t StringTable::add(std::string_view text) {
  const std::uint64_t hash = hash_bytes(text);
  const std::size_t place = place_of(text, hash);
  if (places_[place] != kEmpty) {
    return places_[place];
  }
  const auto code = static_cast<std::uint32_t>(texts_.size());
  places_[place] = code;
  texts_.push_back(arena_.copy(text));
  hashes_.push_back(hash);
  text_bytes_ += text.size();
  if (texts_.size() * 2 > places_.size()) {
    grow();
  }
  return code;
}

std::optional<std::uint32_t> StringTable::find(std::string_view text) const {
  const std::uint32_t code = places_[place_of(text, hash_bytes(text))];
  return code == kEmpty ? std::nullopt : std::optional(code);
}

void StringTable::grow() {
  places_.assign(places_.size() * 2, kEmpty);
  const std::size_t mask = places_.size() - 1;
  for (std::uint32_t code = 0; code < texts_.size(); ++code) {
    std::size_t place = hashes_[code] & mask;
    while (places_[place] != kEmpty) {
      place = (place + 1) & mask;
    }
    places_[place] = code;
  }
}

}  // namespace waybill::storage
