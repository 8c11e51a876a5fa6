// SPDX-License-Identifier: Apache-2.0
#include "cmd/waterfall.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "base/time.h"
#include "model/span.h"
#include "query/trace_tree.h"

namespace waybill::cmd {
namespace {

constexpr int kDurationColumns = 9;
constexpr int kMarkColumns = 2;
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kReset = "\x1b[0m";

// Valid UTF-8 without control characters.
std::string printable(std::string_view text) {
  std::string valid;
  append_valid_utf8(valid, text);
  for (char& c : valid) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      c = '?';
    }
  }
  return valid;
}

std::size_t column_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// The text in exactly that many columns, one for each character.
std::string fit(std::string_view text, std::size_t columns, bool ascii) {
  const std::size_t size = column_count(text);
  if (size <= columns) {
    return std::string(text) + std::string(columns - size, ' ');
  }
  const std::string_view dots = ascii ? "..." : "…";
  const std::size_t kept = columns - column_count(dots);
  std::size_t end = 0;
  for (std::size_t i = 0; i < kept; ++i) {
    ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
      ++end;
    }
  }
  return std::string(text.substr(0, end)) + std::string(dots);
}

class Drawing final {
 public:
  Drawing(std::span<const model::Span* const> spans, const WaterfallOptions& options)
      : spans_(spans), options_(options), tree_(query::make_trace_tree(spans)) {
    start_ = spans.front()->start;
    end_ = start_;
    for (const model::Span* span : spans) {
      end_ = std::max({end_, span->start, span->end});
      services_.insert(std::string(span->service()));
      error_count_ += span->is_error() ? 1 : 0;
    }
    for (const std::string& service : services_) {
      service_columns_ = std::max(service_columns_, column_count(printable(service)));
    }
    service_columns_ = std::min<std::size_t>(service_columns_, 20);
    const int width = std::max(options.width, 60);
    const int rest =
        width - static_cast<int>(service_columns_) - kDurationColumns - kMarkColumns - 4;
    name_columns_ = static_cast<std::size_t>(std::max(rest * 2 / 5, 16));
    indent_max_ = static_cast<std::uint32_t>(name_columns_ / 5);
    bar_columns_ = static_cast<std::size_t>(std::max(rest - static_cast<int>(name_columns_), 10));
  }

  std::string draw() {
    std::string out = header();
    for (const std::size_t row : depth_first()) {
      append_row(out, row);
    }
    return out;
  }

 private:
  std::string paint(std::string_view style, std::string_view text) const {
    return options_.color ? fmt::format("{}{}{}", style, text, kReset) : std::string(text);
  }

  // "µs" is "us" where only ASCII may be used.
  std::string print_time(std::int64_t nanos) const {
    std::string text = print_duration(nanos);
    const std::size_t micro = text.find("µ");
    if (options_.ascii && micro != std::string::npos) {
      text.replace(micro, std::string_view("µ").size(), "u");
    }
    return text;
  }

  std::string header() const {
    std::size_t orphans = 0;
    for (std::size_t row = 0; row < spans_.size(); ++row) {
      orphans += tree_.is_orphan(row) ? 1 : 0;
    }
    const auto many = [](std::size_t count, std::string_view one) {
      return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
    };
    std::string line = fmt::format("trace {}\n", spans_.front()->trace_id.hex());
    line += fmt::format("{}  {}  {}  {}", print_rfc3339(start_),
                        print_time(static_cast<std::int64_t>(end_ - start_)),
                        many(spans_.size(), "span"), many(services_.size(), "service"));
    if (error_count_ > 0) {
      line += "  " + paint(kRed, many(error_count_, "error"));
    }
    if (orphans > 0) {
      line += fmt::format("  {} without their parent (not received)", many(orphans, "span"));
    }
    return line + "\n\n";
  }

  // Rows in the order of drawing, parents before children, siblings by start. Iterative: traces can
  // be as deep as they are long.
  std::vector<std::size_t> depth_first() const {
    std::vector<std::vector<std::size_t>> children(spans_.size());
    std::vector<std::size_t> stack;
    for (std::size_t row = spans_.size(); row-- > 0;) {
      if (tree_.parent[row] >= 0) {
        children[static_cast<std::size_t>(tree_.parent[row])].push_back(row);
      } else {
        stack.push_back(row);
      }
    }
    std::vector<std::size_t> order;
    while (!stack.empty()) {
      const std::size_t row = stack.back();
      stack.pop_back();
      order.push_back(row);
      stack.insert(stack.end(), children[row].begin(), children[row].end());
    }
    return order;
  }

  std::string label(std::size_t row) const {
    const std::uint32_t depth = tree_.depth[row];
    std::string text(std::size_t{2} * std::min(depth, indent_max_), ' ');
    if (depth > indent_max_) {
      text += fmt::format("[{}] ", depth);
    }
    if (tree_.is_orphan(row)) {
      text += "? ";
    }
    const std::string name = printable(spans_[row]->name);
    return text + (name.empty() ? "(no name)" : name);
  }

  std::string bar(const model::Span& span) const {
    const auto column = [&](UnixNanos time) {
      const double share = end_ == start_ ? 0
                                          : static_cast<double>(std::max(time, start_) - start_) /
                                                static_cast<double>(end_ - start_);
      return std::min(static_cast<std::size_t>(share * static_cast<double>(bar_columns_)),
                      bar_columns_ - 1);
    };
    const std::size_t first = column(std::min(span.start, span.end));
    const std::size_t last = column(std::max(span.start, span.end));
    const std::string_view mark = options_.ascii ? "=" : "█";
    std::string text(first, ' ');
    std::string filled;
    for (std::size_t i = first; i <= last; ++i) {
      filled += mark;
    }
    return text + (span.is_error() ? paint(kRed, filled) : filled);
  }

  void append_row(std::string& out, std::size_t row) const {
    const model::Span& span = *spans_[row];
    const std::string name = fit(label(row), name_columns_, options_.ascii);
    std::string duration = print_time(span.duration());
    const std::size_t size = column_count(duration);
    duration.insert(0, size < kDurationColumns ? kDurationColumns - size : 0, ' ');
    const std::string mark = span.is_error() ? paint(kRed, "! ") : "  ";
    out +=
        fmt::format("{} {} {} {}{}\n",
                    paint(kDim, fit(printable(span.service()), service_columns_, options_.ascii)),
                    tree_.parent[row] < 0 ? paint(kBold, name) : name, duration, mark, bar(span));
    if (span.is_error() && !span.status_message.empty()) {
      const std::string text = printable(utf8_prefix(span.status_message, 200));
      out += fmt::format(
          "{} {}\n", std::string(service_columns_, ' '),
          paint(kRed, std::string(std::size_t{2} * std::min(tree_.depth[row], indent_max_), ' ') +
                          "  error: " + text));
    }
  }

  std::span<const model::Span* const> spans_;
  const WaterfallOptions& options_;
  query::TraceTree tree_;
  UnixNanos start_ = 0;
  UnixNanos end_ = 0;
  std::set<std::string> services_;
  std::size_t error_count_ = 0;
  std::size_t service_columns_ = 4;
  std::size_t name_columns_ = 0;
  // Deeper spans are drawn at this depth with their depth as a number, so that names keep room.
  std::uint32_t indent_max_ = 0;
  std::size_t bar_columns_ = 0;
};

}  // namespace

std::string draw_waterfall(std::span<const model::Span* const> spans,
                           const WaterfallOptions& options) {
  return Drawing(spans, options).draw();
}

}  // namespace waybill::cmd
