// SPDX-License-Identifier: Apache-2.0
#include "storage/head/operation_table.h"
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "model/span.h"

namespace waybill::storage {

OperationTable::OperationTable(std::size_t entry_count_max)
    : entry_count_max_(entry_count_max), slots_(256) {}

void OperationTable::add(const model::Span& span) {
  const std::uint32_t service = service_number(span.resource());
  count(service, span.name, span.kind, span.is_error());
}

std::uint32_t OperationTable::service_number(const model::Resource& resource) {
  // Addresses of resources are never used again while the table lives: their batches are kept as
  // long.
  if (&resource == last_resource_) {
    return last_service_;
  }
  std::string_view name = resource.service;
  auto found = service_numbers_.find(std::string(name));
  if (found == service_numbers_.end() && services_.size() >= entry_count_max_) {
    name = kOverflow;
    found = service_numbers_.find(std::string(name));
  }
  if (found == service_numbers_.end()) {
    found =
        service_numbers_.emplace(std::string(name), static_cast<std::uint32_t>(services_.size()))
            .first;
    services_.emplace_back(name);
  }
  last_resource_ = &resource;
  last_service_ = found->second;
  return last_service_;
}

void OperationTable::count(std::uint32_t service, std::string_view name, model::SpanKind kind,
                           bool is_error) {
  const std::uint64_t seed = (std::uint64_t{service} << 32) ^ static_cast<std::uint32_t>(kind);
  const std::uint64_t hash = hash_bytes(name, seed);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  for (; slots_[at] != 0; at = (at + 1) & mask) {
    OperationEntry& entry = entries_[slots_[at] - 1];
    if (entry.hash == hash && entry.service == service && entry.kind == kind &&
        entry.name == name) {
      ++entry.span_count;
      entry.error_count += is_error ? 1 : 0;
      return;
    }
  }
  if (entries_.size() >= entry_count_max_ && name != kOverflow) {
    count(service, kOverflow, model::SpanKind::Unspecified, is_error);
    return;
  }
  entries_.push_back({hash, service, kind, std::string(name), 1, is_error ? 1U : 0U});
  slots_[at] = static_cast<std::uint32_t>(entries_.size());
  if (entries_.size() * 3 >= slots_.size() * 2) {
    grow();
  }
}

void OperationTable::grow() {
  std::vector<std::uint32_t> larger(slots_.size() * 2);
  const std::size_t mask = larger.size() - 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t at = entries_[i].hash & mask;
    while (larger[at] != 0) {
      at = (at + 1) & mask;
    }
    larger[at] = static_cast<std::uint32_t>(i + 1);
  }
  slots_ = std::move(larger);
}

}  // namespace waybill::storage
