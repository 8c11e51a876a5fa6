// SPDX-License-Identifier: Apache-2.0
#include "generate/options.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"
#include "generate/shop.h"

namespace waybill::generate {
namespace {

constexpr std::size_t kFaultCountMax = 32;
constexpr std::uint32_t kRequestSpanCountMax = 100'000;
constexpr std::uint32_t kHugeSpanCountMin = 50;
constexpr std::uint32_t kHugeSpanCountMax = 10'000'000;
constexpr std::uint32_t kHugeTraceCountMax = 10'000;

constexpr std::array<std::pair<std::string_view, FaultKind>, 6> kFaultNames = {{
    {"slow", FaultKind::SlowService},
    {"retry", FaultKind::Retry},
    {"repeated-query", FaultKind::RepeatedQuery},
    {"missing-parent", FaultKind::MissingParent},
    {"lost-context", FaultKind::LostContext},
    {"clock-skew", FaultKind::ClockSkew},
}};

bool is_share(double share) { return share >= 0 && share <= 1; }

// Takes the text up to the next colon off the front.
std::string_view take_field(std::string_view& rest) {
  const std::size_t colon = rest.find(':');
  const std::string_view field = rest.substr(0, colon);
  rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  return field;
}

Result<void> check_faults(const std::vector<Fault>& faults) {
  if (faults.size() > kFaultCountMax) {
    return invalid_argument(fmt::format("{} faults, more than {}", faults.size(), kFaultCountMax));
  }
  const Shop shop;
  for (const Fault& fault : faults) {
    if (shop.find_service(fault.service) == shop.services().size()) {
      return invalid_argument(fmt::format("fault {}: no service is called '{}'",
                                          fault_kind_name(fault.kind), fault.service));
    }
    if (!is_share(fault.share)) {
      return invalid_argument(
          fmt::format("fault {}: share is not in 0..1", fault_kind_name(fault.kind)));
    }
  }
  return {};
}

}  // namespace

std::string_view fault_kind_name(FaultKind kind) {
  return kFaultNames.at(static_cast<std::size_t>(kind)).first;
}

Result<Fault> parse_fault(std::string_view text) {
  std::string_view rest = text;
  Fault fault;
  const std::string_view kind = take_field(rest);
  bool is_known = false;
  for (const auto& [name, value] : kFaultNames) {
    if (name == kind) {
      fault.kind = value;
      is_known = true;
    }
  }
  if (!is_known) {
    return invalid_argument(
        fmt::format("fault '{}': the kind is none of slow, retry, repeated-query, missing-parent, "
                    "lost-context, clock-skew",
                    text));
  }
  fault.service = take_field(rest);
  if (fault.service.empty()) {
    return invalid_argument(fmt::format("fault '{}': no service is named", text));
  }
  if (const std::string_view share = take_field(rest); !share.empty()) {
    const auto number = parse_double(share);
    if (!number || !is_share(*number)) {
      return invalid_argument(fmt::format("fault '{}': share is not in 0..1", text));
    }
    fault.share = *number;
  }
  if (const std::string_view amount = take_field(rest); !amount.empty()) {
    const auto nanos = parse_duration(amount);
    if (!nanos) {
      return invalid_argument(fmt::format("fault '{}': '{}' is no duration", text, amount));
    }
    fault.amount_nanos = *nanos;
  }
  if (!rest.empty()) {
    return invalid_argument(fmt::format("fault '{}': more than four fields", text));
  }
  return fault;
}

Result<void> check_options(const GeneratorOptions& options) {
  if (!(options.rate > 0) || options.rate > 1e9) {
    return invalid_argument("rate is not above 0 and at most 1,000,000,000 spans a second");
  }
  if (options.request_span_count == 0 || options.request_span_count > kRequestSpanCountMax) {
    return invalid_argument(fmt::format("spans a request are not in 1..{}", kRequestSpanCountMax));
  }
  if (!is_share(options.error_share) || !is_share(options.late_share)) {
    return invalid_argument("a share is not in 0..1");
  }
  if (options.duration_nanos < 0 || options.export_delay_nanos < 0 ||
      options.late_delay_nanos < 0) {
    return invalid_argument("a duration is negative");
  }
  if (options.huge_trace_count > kHugeTraceCountMax) {
    return invalid_argument(fmt::format("more than {} huge traces", kHugeTraceCountMax));
  }
  if (options.huge_trace_count != 0) {
    if (options.huge_trace_span_count < kHugeSpanCountMin ||
        options.huge_trace_span_count > kHugeSpanCountMax) {
      return invalid_argument(
          fmt::format("a huge trace has {} to {} spans", kHugeSpanCountMin, kHugeSpanCountMax));
    }
    const std::uint64_t huge_total =
        std::uint64_t{options.huge_trace_count} * options.huge_trace_span_count;
    if (options.span_count != 0 && huge_total > options.span_count) {
      return invalid_argument(fmt::format("huge traces need {} spans, more than the {} asked for",
                                          huge_total, options.span_count));
    }
  }
  return check_faults(options.faults);
}

}  // namespace waybill::generate
