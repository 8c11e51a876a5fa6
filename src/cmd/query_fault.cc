// SPDX-License-Identifier: Apache-2.0
#include "cmd/query_fault.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace waybill::cmd {
namespace {

constexpr std::string_view kIndent = "  ";
constexpr std::string_view kDots = "...";
// Characters that are shown on each side of the caret.
constexpr std::size_t kShownBefore = 60;
constexpr std::size_t kShownBehind = 30;

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// The text character by character, each as it can be shown.
std::vector<std::string> characters_of(std::string_view text) {
  std::vector<std::string> characters;
  while (!text.empty()) {
    std::size_t size = 1;
    while (size < text.size() && size < 4 && is_continuation(text[size])) {
      ++size;
    }
    const auto first = static_cast<unsigned char>(text.front());
    const bool is_control = first < 0x20 || first == 0x7F;
    if (!is_control && is_valid_utf8(text.substr(0, size))) {
      characters.emplace_back(text.substr(0, size));
    } else {
      size = 1;
      characters.emplace_back("?");
    }
    text.remove_prefix(size);
  }
  return characters;
}

}  // namespace

std::string point_at(std::string_view query, std::size_t position) {
  position = std::min(position, query.size());
  while (position > 0 && position < query.size() && is_continuation(query[position])) {
    --position;
  }
  const std::size_t line_end = query.find('\n', position);
  const std::size_t before =
      position == 0 ? std::string_view::npos : query.rfind('\n', position - 1);
  const std::size_t line_begin = before == std::string_view::npos ? 0 : before + 1;
  const std::string_view line = query.substr(line_begin, line_end - line_begin);

  const std::vector<std::string> characters = characters_of(line);
  const std::size_t caret = characters_of(line.substr(0, position - line_begin)).size();
  const std::size_t begin = caret > kShownBefore ? caret - kShownBefore : 0;
  const std::size_t end = std::min(characters.size(), caret + kShownBehind);
  std::string shown(kIndent);
  shown += begin > 0 ? kDots : "";
  const std::size_t dots_columns = begin > 0 ? kDots.size() : 0;
  for (std::size_t i = begin; i < end; ++i) {
    shown += characters[i];
  }
  shown += end < characters.size() ? kDots : "";
  return shown + '\n' + std::string(kIndent.size() + dots_columns + caret - begin, ' ') + "^\n";
}

}  // namespace waybill::cmd
