// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace waybill {

enum class LogLevel : std::uint8_t { Debug, Info, Warn, Error };

enum class LogFormat : std::uint8_t { Text, Json };

// One `key=value` of a log line. The value is made text at once, so the field may outlive what it
// was made from.
struct LogField {
  LogField(std::string_view key_name, std::string_view text)
      : key(key_name), value(text), quoted(true) {}
  LogField(std::string_view key_name, const char* text)
      : LogField(key_name, std::string_view(text)) {}
  LogField(std::string_view key_name, bool flag) : key(key_name), value(flag ? "true" : "false") {}
  template <std::integral T>
  LogField(std::string_view key_name, T number) : key(key_name), value(std::to_string(number)) {}

  std::string_view key;
  std::string value;
  bool quoted = false;
};

// Where lines go and which. Set once, before threads start.
struct LogOptions {
  LogLevel level = LogLevel::Info;
  LogFormat format = LogFormat::Text;
};
void configure_log(const LogOptions& options);

// Writes one line to standard error, whole, from any thread: time, level, message, fields. Control
// characters are escaped, so data can not forge a line. Never put request bodies, headers or
// credentials into a field.
void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

inline void log_debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::Debug, message, fields);
}
inline void log_info(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::Info, message, fields);
}
inline void log_warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::Warn, message, fields);
}
inline void log_error(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::Error, message, fields);
}

}  // namespace waybill
