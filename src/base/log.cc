// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/time.h"

namespace waybill {
namespace {

// Written before threads start and only read afterwards, so it needs no lock.
LogOptions& options() {
  static LogOptions instance;
  return instance;
}

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return "debug";
    case LogLevel::Info:
      return "info";
    case LogLevel::Warn:
      return "warn";
    case LogLevel::Error:
      return "error";
  }
  return "error";
}

// Text in quotes with control characters, quotes and backslashes escaped as JSON has them, always
// valid UTF-8.
void append_quoted(std::string& out, std::string_view text) {
  std::string valid;
  append_valid_utf8(valid, text);
  out += '"';
  for (const char c : valid) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

bool is_plain(std::string_view text) {
  if (text.empty()) {
    return false;
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7F || c == '"' || c == '\\' || c == '=') {
      return false;
    }
  }
  return true;
}

std::string now_text() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  return print_rfc3339(static_cast<UnixNanos>(millis) * 1'000'000);
}

std::string text_line(LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
  std::string line = fmt::format("{} {:5} ", now_text(), level_name(level));
  std::string escaped;
  append_quoted(escaped, message);
  line += std::string_view(escaped).substr(1, escaped.size() - 2);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    if (field.quoted && !is_plain(field.value)) {
      append_quoted(line, field.value);
    } else {
      line += field.value;
    }
  }
  return line;
}

std::string json_line(LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
  std::string line =
      fmt::format(R"({{"time":"{}","level":"{}","message":)", now_text(), level_name(level));
  append_quoted(line, message);
  for (const LogField& field : fields) {
    line += ',';
    append_quoted(line, field.key);
    line += ':';
    if (field.quoted) {
      append_quoted(line, field.value);
    } else {
      line += field.value;
    }
  }
  return line += '}';
}

}  // namespace

void configure_log(const LogOptions& new_options) { options() = new_options; }

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < options().level) {
    return;
  }
  std::string line = options().format == LogFormat::Json ? json_line(level, message, fields)
                                                         : text_line(level, message, fields);
  line += '\n';
  // One write call, so that lines of several threads do not mix. A log that can not be written is
  // no reason to stop.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace waybill
