// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <array>
#include <bitset>
#include <cstddef>
#include <string_view>

namespace waybill::wire::otlp {

// Whether a key is the snake_case form of a lowerCamelCase name: "trace_id" of "traceId".
constexpr bool is_snake_case_of(std::string_view key, std::string_view name) {
  std::size_t at = 0;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      if (key.substr(at, 1) != "_") {
        return false;
      }
      ++at;
    }
    const char expected = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (at >= key.size() || key[at] != expected) {
      return false;
    }
    ++at;
  }
  return at == key.size();
}

// The members of a JSON object that a message knows, in the order of `names`, which are
// lowerCamelCase; snake_case is understood too. Of a key that comes more than once the last counts,
// and null counts as absent. Unknown keys are passed over.
//
// Borrows the parsed document. One thread at a time.
template <std::size_t N>
class JsonFields final {
 public:
  static constexpr std::size_t kNone = N;

  JsonFields(const std::array<std::string_view, N>& names, simdjson::dom::object object) {
    std::size_t expected = 0;
    for (const simdjson::dom::key_value_pair member : object) {
      const std::size_t index = find(names, member.key, expected);
      if (index == kNone) {
        continue;
      }
      expected = index + 1;
      if (member.value.is_null()) {
        present_.reset(index);
        last_ = last_ == index ? kNone : last_;
        continue;
      }
      values_[index] = member.value;
      present_.set(index);
      last_ = index;
    }
  }

  // Null where the member is absent.
  const simdjson::dom::element* get(std::size_t index) const {
    return present_[index] ? &values_[index] : nullptr;
  }
  // The member that came last, kNone where there is none: it is the one that is set in a oneof.
  std::size_t last() const { return last_; }

 private:
  // Senders write members in one order nearly always, so the search begins where the last one
  // ended.
  static std::size_t find(const std::array<std::string_view, N>& names, std::string_view key,
                          std::size_t expected) {
    for (std::size_t step = 0; step < N; ++step) {
      const std::size_t index = expected + step < N ? expected + step : expected + step - N;
      if (names[index] == key) {
        return index;
      }
    }
    if (key.find('_') != std::string_view::npos) {
      for (std::size_t index = 0; index < N; ++index) {
        if (is_snake_case_of(key, names[index])) {
          return index;
        }
      }
    }
    return kNone;
  }

  std::array<simdjson::dom::element, N> values_;
  std::bitset<N> present_;
  std::size_t last_ = kNone;
};

}  // namespace waybill::wire::otlp
