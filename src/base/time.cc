// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"

namespace waybill {
namespace {

constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;

struct Unit {
  std::string_view name;
  double nanos;
};

// Longer names first where one begins another.
constexpr std::array<Unit, 8> kUnits = {{{"ns", 1},
                                         {"us", 1e3},
                                         {"\xC2\xB5s", 1e3},
                                         {"\xCE\xBCs", 1e3},
                                         {"ms", 1e6},
                                         {"s", 1e9},
                                         {"m", 6e10},
                                         {"h", 3.6e12}}};

// Takes `digits` decimal digits off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) {
    return std::nullopt;
  }
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

// "Z" or "+hh:mm" as seconds east of Greenwich.
std::optional<std::int64_t> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) {
    return 0;
  }
  const bool west = !text.empty() && text.front() == '-';
  if (!west && (text.empty() || text.front() != '+')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take(text, ':')) {
    return std::nullopt;
  }
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59) {
    return std::nullopt;
  }
  const std::int64_t seconds = *hours * 3600 + *minutes * 60;
  return west ? -seconds : seconds;
}

// The digits behind the decimal point as nanoseconds.
std::optional<std::uint64_t> take_fraction(std::string_view& text) {
  if (!take(text, '.')) {
    return 0;
  }
  std::uint64_t nanos = 0;
  std::uint64_t scale = kNanosPerSecond;
  std::size_t count = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (++count > 9) {
      return std::nullopt;
    }
    scale /= 10;
    nanos += static_cast<std::uint64_t>(text.front() - '0') * scale;
    text.remove_prefix(1);
  }
  return count == 0 ? std::nullopt : std::optional(nanos);
}

}  // namespace

std::string print_rfc3339(UnixNanos time) {
  using namespace std::chrono;
  const auto seconds_part = static_cast<std::int64_t>(time / kNanosPerSecond);
  const std::uint64_t fraction = time % kNanosPerSecond;
  const sys_seconds at{seconds{seconds_part}};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss clock{at - day};
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (fraction != 0) {
    out += fmt::format(".{:09}", fraction);
    while (out.back() == '0') {
      out.pop_back();
    }
  }
  return out += 'Z';
}

std::optional<UnixNanos> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const auto year_number = take_digits(text, 4);
  if (!year_number || !take(text, '-')) {
    return std::nullopt;
  }
  const auto month_number = take_digits(text, 2);
  if (!month_number || !take(text, '-')) {
    return std::nullopt;
  }
  const auto day_number = take_digits(text, 2);
  if (!day_number || !(take(text, 'T') || take(text, 't') || take(text, ' '))) {
    return std::nullopt;
  }
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) {
    return std::nullopt;
  }
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59 || !take(text, ':')) {
    return std::nullopt;
  }
  const auto second = take_digits(text, 2);
  if (!second || *second > 60) {
    return std::nullopt;
  }
  const auto fraction = take_fraction(text);
  const auto offset = take_offset(text);
  if (!fraction || !offset || !text.empty()) {
    return std::nullopt;
  }
  const year_month_day date{year{*year_number}, month{static_cast<unsigned>(*month_number)},
                            day{static_cast<unsigned>(*day_number)}};
  if (!date.ok()) {
    return std::nullopt;
  }
  const std::int64_t total = sys_days{date}.time_since_epoch().count() * std::int64_t{86'400} +
                             std::int64_t{*hour} * 3600 + std::int64_t{*minute} * 60 + *second -
                             *offset;
  if (total < 0 || static_cast<std::uint64_t>(total) > (UINT64_MAX - *fraction) / kNanosPerSecond) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(total) * kNanosPerSecond + *fraction;
}

std::string print_duration(std::int64_t nanos) {
  const std::string sign = nanos < 0 ? "-" : "";
  const double value = std::abs(static_cast<double>(nanos));
  const auto three_digits = [&](double scaled, std::string_view unit) {
    const int decimals = scaled < 10 ? 2 : scaled < 100 ? 1 : 0;
    std::string number = fmt::format("{:.{}f}", scaled, decimals);
    if (number.find('.') != std::string::npos) {
      number.erase(number.find_last_not_of('0') + 1);
      if (number.back() == '.') {
        number.pop_back();
      }
    }
    return fmt::format("{}{} {}", sign, number, unit);
  };
  if (value < 1e3) {
    return fmt::format("{} ns", nanos);
  }
  if (value < 999.5e3) {
    return three_digits(value / 1e3, "µs");
  }
  if (value < 999.5e6) {
    return three_digits(value / 1e6, "ms");
  }
  if (value < 60e9) {
    return three_digits(value / 1e9, "s");
  }
  const auto seconds = static_cast<std::uint64_t>(value / 1e9);
  if (seconds < 3600) {
    return fmt::format("{}{} m {} s", sign, seconds / 60, seconds % 60);
  }
  if (seconds < 86'400) {
    return fmt::format("{}{} h {} m", sign, seconds / 3600, seconds / 60 % 60);
  }
  return fmt::format("{}{} d {} h", sign, seconds / 86'400, seconds / 3600 % 24);
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative || (!text.empty() && text.front() == '+')) {
    text.remove_prefix(1);
  }
  if (text == "0") {
    return 0;
  }
  if (text.empty()) {
    return std::nullopt;
  }
  double total = 0;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto number = parse_double(text.substr(0, length));
    if (length == 0 || !number) {
      return std::nullopt;
    }
    text.remove_prefix(length);
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (text.starts_with(candidate.name)) {
        unit = &candidate;
        break;
      }
    }
    if (unit == nullptr) {
      return std::nullopt;
    }
    text.remove_prefix(unit->name.size());
    total += *number * unit->nanos;
  }
  if (!(total < 9.2e18)) {
    return std::nullopt;
  }
  const std::int64_t nanos = std::llround(total);
  return negative ? -nanos : nanos;
}

}  // namespace waybill
