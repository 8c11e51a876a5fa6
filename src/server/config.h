// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "storage/log/log.h"
#include "wire/decode_limits.h"

namespace waybill::server {

// Where a listener binds; no value: switched off.
struct Address {
  std::string host;
  std::uint16_t port = 0;
};
using Listen = std::optional<Address>;

// Everything that can be set, with its defaults. docs/guide/configuration.md lists the names.
struct Config {
  std::string data = "./waybill-data";
  storage::Durability durability = storage::Durability::Disk;
  std::int64_t threads = 0;  // of input and output; 0: one for each core

  Listen listen_otlp_grpc = Address{"127.0.0.1", 4317};
  Listen listen_otlp_http = Address{"127.0.0.1", 4318};
  Listen listen_web = Address{"127.0.0.1", 16686};

  std::vector<std::string> allowed_hosts;
  std::vector<std::string> cors_origins;

  std::int64_t head_bytes_max = std::int64_t{2} << 30;
  std::int64_t log_bytes_max = std::int64_t{16} << 30;
  std::int64_t free_bytes_min = std::int64_t{256} << 20;
  std::int64_t request_bytes_max = std::int64_t{64} << 20;
  std::int64_t inflight_bytes_max = std::int64_t{512} << 20;
  std::int64_t connection_count_max = 4096;
  std::int64_t query_time_max_nanos = 30'000'000'000;
  std::int64_t query_count_max = 64;  // waiting or running; one more gets 503
  wire::DecodeLimits decode;

  std::int64_t window_span_count = 128 * 1024;  // kept in memory, then sealed into a block
  std::int64_t window_age_nanos = 600'000'000'000;
  std::int64_t retention_age_nanos = 0;  // counted from reception; 0: for ever
  std::int64_t retention_bytes_max = 0;  // of all blocks; 0: without bound

  LogOptions log;
  std::int64_t retry_delay_nanos = 5'000'000'000;
  std::int64_t drain_time_nanos = 10'000'000'000;
};

// One setting: its place in the file ("limits.head_bytes"), the variable of the environment that
// sets it too, what it means, and how it is read and printed.
struct Setting {
  std::string_view name;
  std::string_view help;
  // Gives what to write instead where the text can not be taken.
  std::function<std::optional<std::string>(Config&, std::string_view text)> read;
  std::function<std::string(const Config&)> print;

  // "WAYBILL_LIMITS_HEAD_BYTES".
  std::string variable() const;
};

const std::vector<Setting>& settings();

// Looks a variable of the environment up; no value where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
// Names of all variables that begin with WAYBILL_, to find misspelt ones.
using VariableNames = std::vector<std::string>;

// The text of a YAML file over the defaults, and the environment over both. All faults are reported
// together, one a line: "waybill.yaml:3: limits.head_bytes: '5 apples' is no size; write a number
// of bytes, or 512MiB, 2GiB".
Result<Config> load_config(std::optional<std::string_view> yaml, std::string_view file_name,
                           const Environment& environment, const VariableNames& names);

// The effective configuration as a YAML file that gives the same again, with the meaning of each
// setting as a comment.
std::string print_config(const Config& config);

}  // namespace waybill::server
