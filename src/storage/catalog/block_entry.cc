// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/block_entry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "storage/scan.h"

namespace waybill::storage {
namespace {

// Names sort as numbers do up to here; larger numbers only take more digits.
constexpr std::size_t kNumberDigits = 12;

bool has_more_spans(const ServiceCount& left, const ServiceCount& right) {
  return left.span_count != right.span_count ? left.span_count > right.span_count
                                             : left.name < right.name;
}

// Numbers from a file may be anything.
std::uint32_t saturated_sum(std::uint32_t left, std::uint32_t right) {
  return right > UINT32_MAX - left ? UINT32_MAX : left + right;
}

}  // namespace

Result<void> check_block_facts(const BlockFacts& facts) {
  const auto refuse = [&](std::string_view why) {
    return invalid_argument(fmt::format("block {}: {}", facts.id, why));
  };
  if (facts.id == 0) {
    return refuse("its number is zero");
  }
  if (facts.span_count == 0) {
    return refuse("it has no spans");
  }
  if (facts.span_count > kBlockSpansMax) {
    return refuse("it has more spans than a block can have");
  }
  if (facts.trace_count == 0 || facts.trace_count > facts.span_count) {
    return refuse("its traces do not go with its spans");
  }
  if (facts.error_count > facts.span_count) {
    return refuse("it has more errors than spans");
  }
  if (facts.min_received > facts.max_received) {
    return refuse("it was received to the end before it was received first");
  }
  if (facts.max_trace_id < facts.min_trace_id) {
    return refuse("its largest trace id is below its smallest");
  }
  return {};
}

std::vector<ServiceCount> bound_services(std::vector<ServiceCount> services) {
  std::map<std::string, ServiceCount> by_name;
  for (ServiceCount& service : services) {
    const bool is_too_long = service.name.size() > kServiceNameBytesMax;
    const std::string name = is_too_long ? std::string(kOverflowService) : std::move(service.name);
    ServiceCount& sum = by_name[name];
    sum.name = name;
    sum.span_count += service.span_count;
    sum.error_count += service.error_count;
  }
  std::vector<ServiceCount> kept;
  std::optional<ServiceCount> overflow;
  for (auto& [name, sum] : by_name) {
    if (name == kOverflowService) {
      overflow = std::move(sum);
    } else {
      kept.push_back(std::move(sum));
    }
  }
  if (kept.size() + (overflow.has_value() ? 1 : 0) > kBlockServicesMax) {
    std::sort(kept.begin(), kept.end(), has_more_spans);
    if (!overflow.has_value()) {
      overflow = ServiceCount{std::string(kOverflowService), 0, 0};
    }
    for (std::size_t i = kBlockServicesMax - 1; i < kept.size(); ++i) {
      overflow->span_count += kept[i].span_count;
      overflow->error_count += kept[i].error_count;
    }
    kept.resize(kBlockServicesMax - 1);
  }
  if (overflow.has_value()) {
    kept.push_back(*std::move(overflow));
  }
  std::sort(kept.begin(), kept.end(),
            [](const auto& left, const auto& right) { return left.name < right.name; });
  return kept;
}

void merge_services(std::vector<BlockService>& services) {
  std::sort(services.begin(), services.end(),
            [](const auto& left, const auto& right) { return left.service < right.service; });
  std::vector<BlockService> merged;
  merged.reserve(services.size());
  for (const BlockService& service : services) {
    if (!merged.empty() && merged.back().service == service.service) {
      merged.back().span_count = saturated_sum(merged.back().span_count, service.span_count);
      merged.back().error_count = saturated_sum(merged.back().error_count, service.error_count);
    } else {
      merged.push_back(service);
    }
  }
  services = std::move(merged);
}

std::string block_file_name(BlockId id) { return fmt::format("{:012}{}", id, kBlockEnding); }

std::string unfinished_block_file_name(BlockId id) {
  return fmt::format("{:012}{}", id, kUnfinishedBlockEnding);
}

std::optional<BlockId> parse_block_file_name(std::string_view name, std::string_view ending) {
  if (!name.ends_with(ending)) {
    return std::nullopt;
  }
  const std::string_view digits = name.substr(0, name.size() - ending.size());
  const bool is_number =
      digits.size() >= kNumberDigits && (digits.size() == kNumberDigits || digits.front() != '0') &&
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  const auto id = is_number ? parse_uint64(digits) : std::nullopt;
  return id.has_value() && *id != 0 ? id : std::nullopt;
}

}  // namespace waybill::storage
