// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/span.h"

namespace waybill::storage {

// Counts of one operation of one service.
struct OperationEntry {
  std::uint64_t hash = 0;
  std::uint32_t service = 0;  // number in services()
  model::SpanKind kind = model::SpanKind::Unspecified;
  std::string name;
  std::uint64_t span_count = 0;
  std::uint64_t error_count = 0;
};

// Spans counted by (service, name, kind), bounded: names can be made of ids. One thread at a time.
class OperationTable final {
 public:
  static constexpr std::string_view kOverflow = "__overflow__";

  explicit OperationTable(std::size_t entry_count_max);

  void add(const model::Span& span);

  const std::vector<std::string>& services() const { return services_; }
  const std::vector<OperationEntry>& entries() const { return entries_; }

 private:
  std::uint32_t service_number(const model::Resource& resource);
  void count(std::uint32_t service, std::string_view name, model::SpanKind kind, bool is_error);
  void grow();

  std::size_t entry_count_max_;
  std::vector<std::string> services_;
  std::unordered_map<std::string, std::uint32_t> service_numbers_;
  std::vector<OperationEntry> entries_;
  std::vector<std::uint32_t> slots_;  // entry number plus one; zero: free
  // The resource of the last span: neighbours mostly share it.
  const model::Resource* last_resource_ = nullptr;
  std::uint32_t last_service_ = 0;
};

}  // namespace waybill::storage
