// SPDX-License-Identifier: Apache-2.0
#include "server/config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"
#include "storage/log/log.h"
#include "wire/decode_limits.h"

namespace waybill::server {
namespace {

using Read = std::function<std::optional<std::string>(Config&, std::string_view)>;
using Print = std::function<std::string(const Config&)>;

std::optional<std::int64_t> parse_size(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, int>, 8> kUnits = {{{"KiB", 10},
                                                                              {"MiB", 20},
                                                                              {"GiB", 30},
                                                                              {"TiB", 40},
                                                                              {"K", 10},
                                                                              {"M", 20},
                                                                              {"G", 30},
                                                                              {"B", 0}}};
  int shift = 0;
  for (const auto& [unit, bits] : kUnits) {
    if (text.ends_with(unit)) {
      text = trim(text.substr(0, text.size() - unit.size()));
      shift = bits;
      break;
    }
  }
  const auto number = parse_int64(text);
  if (!number || *number < 0 || *number > (INT64_MAX >> shift)) {
    return std::nullopt;
  }
  return *number << shift;
}

std::string size_text(std::int64_t size_bytes) {
  static constexpr std::array<std::pair<std::string_view, int>, 3> kUnits = {
      {{"GiB", 30}, {"MiB", 20}, {"KiB", 10}}};
  for (const auto& [unit, bits] : kUnits) {
    if (size_bytes != 0 && size_bytes % (std::int64_t{1} << bits) == 0) {
      return fmt::format("{}{}", size_bytes >> bits, unit);
    }
  }
  return std::to_string(size_bytes);
}

std::string duration_text(std::int64_t nanos) {
  return nanos % 1'000'000'000 == 0 ? fmt::format("{}s", nanos / 1'000'000'000)
                                    : fmt::format("{}ms", nanos / 1'000'000);
}

// Makes the pair of functions of a setting that is a size in bytes, at least `least`.
template <typename T>
std::pair<Read, Print> size_setting(T Config::* member, std::int64_t least) {
  return {
      [=](Config& config, std::string_view text) -> std::optional<std::string> {
        const auto size = parse_size(text);
        if (!size || *size < least) {
          return fmt::format(
              "'{}' is no size of at least {}; write a number of bytes, or "
              "512MiB, 2GiB",
              text, size_text(least));
        }
        config.*member = static_cast<T>(*size);
        return std::nullopt;
      },
      [=](const Config& config) { return size_text(static_cast<std::int64_t>(config.*member)); }};
}

template <typename T>
std::pair<Read, Print> decode_setting(T wire::DecodeLimits::* member, std::int64_t least,
                                      std::int64_t most) {
  return {[=](Config& config, std::string_view text) -> std::optional<std::string> {
            const auto number = parse_size(text);
            if (!number || *number < least || *number > most) {
              return fmt::format("'{}' is no whole number from {} to {}", text, least, most);
            }
            config.decode.*member = static_cast<T>(*number);
            return std::nullopt;
          },
          [=](const Config& config) { return std::to_string(config.decode.*member); }};
}

std::pair<Read, Print> count_setting(std::int64_t Config::* member, std::int64_t least,
                                     std::int64_t most) {
  return {[=](Config& config, std::string_view text) -> std::optional<std::string> {
            const auto number = parse_int64(text);
            if (!number || *number < least || *number > most) {
              return fmt::format("'{}' is no whole number from {} to {}", text, least, most);
            }
            config.*member = *number;
            return std::nullopt;
          },
          [=](const Config& config) { return std::to_string(config.*member); }};
}

std::pair<Read, Print> duration_setting(std::int64_t Config::* member) {
  return {[=](Config& config, std::string_view text) -> std::optional<std::string> {
            const auto nanos = parse_duration(text);
            if (!nanos || *nanos < 0) {
              return fmt::format("'{}' is no duration; write one such as 500ms, 30s or 5m", text);
            }
            config.*member = *nanos;
            return std::nullopt;
          },
          [=](const Config& config) { return duration_text(config.*member); }};
}

std::pair<Read, Print> listen_setting(Listen Config::* member, std::uint16_t example_port) {
  return {
      [=](Config& config, std::string_view text) -> std::optional<std::string> {
        if (text == "off") {
          config.*member = std::nullopt;
          return std::nullopt;
        }
        const std::size_t colon = text.rfind(':');
        const auto port =
            colon == std::string_view::npos ? std::nullopt : parse_uint64(text.substr(colon + 1));
        if (colon == 0 || !port || *port > 65'535) {
          return fmt::format("'{}' is no address; write host:port, such as 127.0.0.1:{}, or off",
                             text, example_port);
        }
        std::string host(text.substr(0, colon));
        if (host.starts_with('[') && host.ends_with(']')) {
          host = host.substr(1, host.size() - 2);
        }
        config.*member = Address{std::move(host), static_cast<std::uint16_t>(*port)};
        return std::nullopt;
      },
      [=](const Config& config) -> std::string {
        const Listen& listen = config.*member;
        if (!listen) {
          return "\"off\"";
        }
        const bool is_v6 = listen->host.find(':') != std::string::npos;
        return fmt::format("\"{}{}{}:{}\"", is_v6 ? "[" : "", listen->host, is_v6 ? "]" : "",
                           listen->port);
      }};
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out += '"';
}

// A list is written as one text with commas, in the file or the environment.
std::pair<Read, Print> list_setting(std::vector<std::string> Config::* member) {
  return {[=](Config& config, std::string_view text) -> std::optional<std::string> {
            std::vector<std::string> items;
            while (!text.empty()) {
              const std::size_t comma = std::min(text.find(','), text.size());
              if (const auto item = trim(text.substr(0, comma)); !item.empty()) {
                items.emplace_back(item);
              }
              text.remove_prefix(std::min(comma + 1, text.size()));
            }
            config.*member = std::move(items);
            return std::nullopt;
          },
          [=](const Config& config) {
            return quote(fmt::format("{}", fmt::join(config.*member, ", ")));
          }};
}

template <typename T, std::size_t N>
std::pair<Read, Print> word_setting(const std::array<std::pair<std::string_view, T>, N>& words,
                                    const std::function<T&(Config&)>& member) {
  const auto all = [words] {
    std::string text;
    for (const auto& [word, value] : words) {
      text += fmt::format("{}{}", text.empty() ? "" : ", ", word);
    }
    return text;
  };
  return {[=](Config& config, std::string_view text) -> std::optional<std::string> {
            for (const auto& [word, value] : words) {
              if (word == text) {
                member(config) = value;
                return std::nullopt;
              }
            }
            return fmt::format("'{}' is not known; write one of {}", text, all());
          },
          [=](const Config& config) -> std::string {
            Config copy = config;
            for (const auto& [word, value] : words) {
              if (member(copy) == value) {
                return std::string(word);
              }
            }
            return {};
          }};
}

std::pair<Read, Print> data_setting() {
  return {[](Config& config, std::string_view text) -> std::optional<std::string> {
            if (text.empty()) {
              return "a folder is needed, such as ./waybill-data";
            }
            config.data = text;
            return std::nullopt;
          },
          [](const Config& config) { return quote(config.data); }};
}

constexpr std::array<std::pair<std::string_view, storage::Durability>, 3> kDurabilities = {
    {{"disk", storage::Durability::Disk},
     {"process", storage::Durability::Process},
     {"none", storage::Durability::None}}};
constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels = {
    {{"debug", LogLevel::Debug},
     {"info", LogLevel::Info},
     {"warn", LogLevel::Warn},
     {"error", LogLevel::Error}}};
constexpr std::array<std::pair<std::string_view, LogFormat>, 2> kFormats = {
    {{"text", LogFormat::Text}, {"json", LogFormat::Json}}};

std::vector<Setting> make_settings() {
  std::vector<Setting> all;
  const auto add = [&](std::string_view name, std::string_view help, std::pair<Read, Print> both) {
    all.push_back({name, help, std::move(both.first), std::move(both.second)});
  };
  using Limits = wire::DecodeLimits;
  constexpr std::int64_t kMany = 1'000'000'000;
  add("data", "folder that holds everything; made where it is missing", data_setting());
  add("durability", "what an acknowledgement survives: disk (power loss), process (kill), none",
      word_setting<storage::Durability>(
          kDurabilities, [](Config& c) -> storage::Durability& { return c.durability; }));
  add("threads", "threads of input and output; 0: one for each core",
      count_setting(&Config::threads, 0, 1024));
  add("listen.otlp_grpc", "OTLP over gRPC", listen_setting(&Config::listen_otlp_grpc, 4317));
  add("listen.otlp_http", "OTLP over HTTP, /v1/traces",
      listen_setting(&Config::listen_otlp_http, 4318));
  add("listen.web", "web UI, own API, Jaeger's HTTP API, health and metrics",
      listen_setting(&Config::listen_web, 16686));
  add("web.allowed_hosts", "further names that browsers may use for this server, with commas",
      list_setting(&Config::allowed_hosts));
  add("otlp.cors_origins",
      "web pages that may post spans, such as https://shop.example, with commas",
      list_setting(&Config::cors_origins));
  add("otlp.retry_delay", "what senders are asked to wait when there is no room",
      duration_setting(&Config::retry_delay_nanos));
  add("store.window_spans", "spans that are kept in memory before they are sealed into a block",
      count_setting(&Config::window_span_count, 1, 4 * 1024 * 1024));
  add("store.window_age", "spans are sealed when they have waited so long",
      duration_setting(&Config::window_age_nanos));
  add("retention.age", "spans go so long after they were received; 0s: never",
      duration_setting(&Config::retention_age_nanos));
  add("retention.bytes", "blocks on disk, of which the oldest go beyond it; 0: without bound",
      size_setting(&Config::retention_bytes_max, 0));
  add("limits.head_bytes", "memory for recent spans; over it senders are asked to come back",
      size_setting(&Config::head_bytes_max, 1 << 20));
  add("limits.log_bytes", "disk for the log; over it senders are asked to come back",
      // The log takes room a whole segment at a time, so with less it would refuse everything.
      size_setting(&Config::log_bytes_max,
                   static_cast<std::int64_t>(storage::LogOptions().segment_bytes)));
  add("limits.free_disk_bytes", "room that is left to others on the disk",
      size_setting(&Config::free_bytes_min, 0));
  add("limits.request_bytes", "size of a request, before and after decompression",
      size_setting(&Config::request_bytes_max, 1024));
  add("limits.inflight_bytes", "bodies being received at one time, on each port",
      size_setting(&Config::inflight_bytes_max, 1 << 20));
  add("limits.connections", "connections on each port",
      count_setting(&Config::connection_count_max, 1, 1'000'000));
  add("limits.query_time", "after that a search answers with what it has and where to go on",
      duration_setting(&Config::query_time_max_nanos));
  add("limits.queries", "queries that wait or run at one time",
      count_setting(&Config::query_count_max, 1, 100'000));
  add("limits.spans_per_request", "further spans of a request are refused",
      decode_setting(&Limits::span_count_max, 1, kMany));
  add("limits.attributes", "of a span, resource or scope; further ones are dropped and counted",
      decode_setting(&Limits::attribute_count_max, 1, kMany));
  add("limits.inner_attributes", "of an event or link; further ones are dropped and counted",
      decode_setting(&Limits::inner_attribute_count_max, 1, kMany));
  add("limits.events", "of a span; further ones are dropped and counted",
      decode_setting(&Limits::event_count_max, 1, kMany));
  add("limits.links", "of a span; further ones are dropped and counted",
      decode_setting(&Limits::link_count_max, 1, kMany));
  add("limits.key_bytes", "attributes with longer keys are dropped and counted",
      decode_setting(&Limits::key_bytes_max, 16, kMany));
  add("limits.value_bytes", "longer texts in attributes are cut",
      decode_setting(&Limits::value_bytes_max, 16, kMany));
  add("limits.name_bytes", "longer names and status messages are cut",
      decode_setting(&Limits::name_bytes_max, 16, kMany));
  add("limits.value_depth", "arrays and lists inside one another; deeper ones become empty",
      decode_setting(&Limits::value_depth_max, 1, 64));
  add("drain_time", "how long a stop waits for requests in progress",
      duration_setting(&Config::drain_time_nanos));
  add("log.level", "debug, info, warn or error",
      word_setting<LogLevel>(kLevels, [](Config& c) -> LogLevel& { return c.log.level; }));
  add("log.format", "text or json",
      word_setting<LogFormat>(kFormats, [](Config& c) -> LogFormat& { return c.log.format; }));
  return all;
}

const Setting* find_setting(std::string_view name) {
  for (const Setting& setting : settings()) {
    if (setting.name == name) {
      return &setting;
    }
  }
  return nullptr;
}

template <typename NameOf>
std::string nearest_setting(std::string_view name, NameOf name_of) {
  std::vector<std::string> names;
  for (const Setting& setting : settings()) {
    names.emplace_back(name_of(setting));
  }
  return nearest(name, names);
}

// Reads the settings of one YAML document; collects what is wrong with it.
class YamlReader final {
 public:
  YamlReader(Config& config, std::string_view file_name, std::vector<std::string>& faults)
      : config_(config), file_name_(file_name), faults_(faults) {}

  void read(std::string_view text) {
    text_ = text;
    try {
      const YAML::Node root = YAML::Load(std::string(text));
      if (root.IsNull()) {
        return;
      }
      if (!root.IsMap()) {
        fault(root, "the file must be settings with values, such as 'data: ./waybill-data'");
        return;
      }
      read_map(root, "");
    } catch (const YAML::Exception& error) {
      faults_.push_back(
          fmt::format("{}:{}: this is no YAML: {}", file_name_, error.mark.line + 1, error.msg));
    }
  }

 private:
  void fault(const YAML::Node& node, std::string message) {
    faults_.push_back(
        fmt::format("{}:{}: {}", file_name_, node.Mark().line + 1, std::move(message)));
  }

  // Settings nest two deep at the most, so recursion ends there.
  void read_map(const YAML::Node& map, const std::string& prefix) {
    for (const auto& entry : map) {
      const std::string name = prefix + entry.first.as<std::string>();
      if (!seen_.insert(name).second) {
        fault(entry.first, fmt::format("{} is set twice", name));
        continue;
      }
      const Setting* setting = find_setting(name);
      if (setting != nullptr) {
        read_value(entry.second, *setting);
      } else if (is_group(name) && entry.second.IsMap()) {
        read_map(entry.second, name + ".");
      } else if (is_group(name)) {
        fault(entry.first, fmt::format("{} is a group of settings; indent them below it", name));
      } else {
        fault(entry.first,
              fmt::format("unknown setting {}; did you mean {}?", name,
                          nearest_setting(name, [](const Setting& s) { return s.name; })));
      }
    }
  }

  // YAML lets a quoted text go on over lines, so a forgotten quote would swallow the settings
  // below it in silence.
  bool is_closed(const YAML::Node& node) const {
    if (node.Tag() != "!") {
      return true;  // not quoted
    }
    std::string_view line = text_.substr(static_cast<std::size_t>(node.Mark().pos));
    line = line.substr(0, line.find('\n'));
    for (std::size_t at = 1; at < line.size(); ++at) {
      if (line[at] == line[0]) {
        return true;
      }
      at += line[0] == '"' && line[at] == '\\' ? 1 : 0;
    }
    return false;
  }

  static bool is_group(std::string_view name) {
    const std::string prefix = std::string(name) + ".";
    return std::any_of(settings().begin(), settings().end(),
                       [&](const Setting& setting) { return setting.name.starts_with(prefix); });
  }

  void read_value(const YAML::Node& node, const Setting& setting) {
    std::string text;
    if (node.IsSequence()) {
      for (const auto& item : node) {
        text += (text.empty() ? "" : ",") + item.as<std::string>();
      }
    } else if (node.IsScalar() && !is_closed(node)) {
      fault(node,
            fmt::format("{}: this text is not closed on its line; write the quote", setting.name));
      return;
    } else if (node.IsScalar()) {
      text = node.as<std::string>();
    } else {
      fault(node, fmt::format("{} needs a value ({})", setting.name, setting.help));
      return;
    }
    if (const auto wrong = setting.read(config_, text)) {
      fault(node, fmt::format("{}: {}", setting.name, *wrong));
    }
  }

  Config& config_;
  std::string_view text_;
  std::string_view file_name_;
  std::vector<std::string>& faults_;
  std::set<std::string> seen_;
};

void read_environment(Config& config, const Environment& environment, const VariableNames& names,
                      std::vector<std::string>& faults) {
  std::set<std::string> known;
  for (const Setting& setting : settings()) {
    const std::string variable = setting.variable();
    known.insert(variable);
    const auto text = environment(variable);
    if (!text || text->empty()) {
      continue;
    }
    if (const auto wrong = setting.read(config, *text)) {
      faults.push_back(fmt::format("environment: {}: {}", variable, *wrong));
    }
  }
  for (const std::string& name : names) {
    // WAYBILL_CONFIG names the file, WAYBILL_SERVER_URL is the command line's; the rest are
    // settings.
    if (name != "WAYBILL_CONFIG" && name != "WAYBILL_SERVER_URL" && !known.contains(name)) {
      faults.push_back(
          fmt::format("environment: unknown variable {}; did you mean {}?", name,
                      nearest_setting(name, [](const Setting& s) { return s.variable(); })));
    }
  }
}

}  // namespace

std::string Setting::variable() const {
  std::string out = "WAYBILL_";
  for (const char c : name) {
    out += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

const std::vector<Setting>& settings() {
  static const std::vector<Setting> kAll = make_settings();
  return kAll;
}

Result<Config> load_config(std::optional<std::string_view> yaml, std::string_view file_name,
                           const Environment& environment, const VariableNames& names) {
  Config config;
  std::vector<std::string> faults;
  if (yaml) {
    YamlReader(config, file_name, faults).read(*yaml);
  }
  read_environment(config, environment, names, faults);
  if (!faults.empty()) {
    return invalid_argument(fmt::format("{}", fmt::join(faults, "\n")));
  }
  return config;
}

std::string print_config(const Config& config) {
  std::string out;
  std::string_view group;
  for (const Setting& setting : settings()) {
    const std::size_t dot = setting.name.find('.');
    const std::string_view own_group =
        dot == std::string_view::npos ? std::string_view() : setting.name.substr(0, dot);
    if (own_group != group && !own_group.empty()) {
      out += fmt::format("{}:\n", own_group);
    }
    group = own_group;
    const std::string_view indent = own_group.empty() ? "" : "  ";
    const std::string_view key = own_group.empty() ? setting.name : setting.name.substr(dot + 1);
    out += fmt::format("{}# {} ({})\n", indent, setting.help, setting.variable());
    out += fmt::format("{}{}: {}\n", indent, key, setting.print(config));
  }
  return out;
}

}  // namespace waybill::server
