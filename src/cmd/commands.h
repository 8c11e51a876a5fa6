// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// The subcommands of `waybill`, one function each. Each gives the exit status: 0 done, 1 failed, 2
// wrong use. Results go to standard output, everything else to standard error.
namespace waybill::cmd {

struct ServeOptions {
  std::string config_file;  // empty: WAYBILL_CONFIG, or none
  std::string data;         // empty: as configured
};
int serve(const ServeOptions& options);
int show_config(const ServeOptions& options);

struct ClientOptions {
  std::string server = "http://127.0.0.1:16686";
};

struct TraceOptions {
  ClientOptions client;
  std::string trace_id;
  bool as_json = false;  // OTLP/JSON as stored
  bool ascii = false;
  int width = 0;  // columns; 0: the terminal's
};
int show_trace(const TraceOptions& options);

struct SearchOptions {
  ClientOptions client;
  std::string query;
  std::string service;
  std::string operation;
  std::string min_duration;
  std::string max_duration;
  std::string from;
  std::string to;
  bool errors_only = false;
  bool as_json = false;
  int limit = 20;
};
int search(const SearchOptions& options);

struct ImportOptions {
  std::string endpoint = "http://127.0.0.1:4318";
  std::vector<std::string> files;
};
int import_files(const ImportOptions& options);

struct GenerateOptions {
  std::string endpoint = "http://127.0.0.1:4317";
  std::string protocol = "grpc";
  std::string compression = "none";
  std::string output;  // a file instead of a server
  std::string truth;   // file for the ground truth
  std::uint64_t seed = 1;
  std::uint64_t span_count = 0;
  double rate = 0;
  std::string duration;
  std::string timeout = "30s";
  double error_share = 0.03;
  double late_share = 0;
  std::uint32_t request_span_count = 512;
  std::uint32_t huge_trace_count = 0;
  std::uint32_t huge_trace_span_count = 100'000;
  std::vector<std::string> faults;
};
int generate_load(const GenerateOptions& options);

}  // namespace waybill::cmd
