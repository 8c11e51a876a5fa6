// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/router.h"
#include "storage/scan.h"

// Jaeger's search parameters, in both spellings, as a scan. Every error is InvalidArgument and
// names the parameter. Pure functions; any thread.
namespace waybill::api::jaeger {

inline constexpr std::uint64_t kSearchCountMax = 10'000;
inline constexpr std::uint64_t kSearchCountDefault = 100;
inline constexpr std::size_t kTraceIdCountMax = 1000;

// What /api/traces asks for: traces by id where there are ids, else a search.
struct TracesQuery {
  std::vector<model::TraceId> trace_ids;  // in the order asked for, each once
  storage::ScanRequest search;
  bool raw = false;
};

// /api/traces. `now` gives the default range: the last two days.
Result<TracesQuery> parse_traces_query(const net::QueryParams& parameters, UnixNanos now);

// /api/v3/traces and /api/v3/trace-summaries: `query.serviceName` or `query.service_name` and so
// on.
Result<storage::ScanRequest> parse_v3_query(const net::QueryParams& parameters);

// Hex of 1 to 32 digits or base64 of 8 or 16 bytes.
Result<model::TraceId> parse_id(std::string_view text);

// What Go's strconv.ParseBool takes; false where it is missing or empty.
Result<bool> bool_parameter(const net::QueryParams& parameters, std::string_view name);

// A whole number of `unit_nanos` since 1970; times beyond the range are its end. `otherwise` where
// it is missing or empty.
Result<UnixNanos> epoch_parameter(const net::QueryParams& parameters, std::string_view name,
                                  std::uint64_t unit_nanos, UnixNanos otherwise);

// A time in RFC 3339. Grafana's data source leaves the plus of an offset unencoded, so that it
// arrives as a blank, which is taken for the plus that it was.
std::optional<UnixNanos> parse_time(std::string_view text);

// The value of the first name, else of its older alias, with the name that was used.
struct NamedValue {
  std::string_view name;
  std::string_view value;  // empty where neither is given
};
NamedValue with_alias(const net::QueryParams& parameters, std::string_view name,
                      std::string_view alias);

}  // namespace waybill::api::jaeger
