// SPDX-License-Identifier: Apache-2.0
#include "storage/head/trace_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>
#include "base/arena.h"
#include "model/ids.h"
#include "model/span.h"

namespace waybill::storage {
namespace {

constexpr std::uint32_t kFirstChunkSpans = 6;
constexpr std::uint32_t kChunkSpansMax = 65'536;

}  // namespace

void TraceEntry::add(const model::Span* span, Arena& arena) {
  if (last == nullptr || last->count == last->capacity) {
    const std::uint32_t capacity =
        last == nullptr ? kFirstChunkSpans : std::min(last->capacity * 2, kChunkSpansMax);
    std::byte* room = arena.allocate(sizeof(SpanChunk) + capacity * sizeof(const model::Span*));
    auto* chunk = std::construct_at(reinterpret_cast<SpanChunk*>(room));
    chunk->capacity = capacity;
    (last == nullptr ? first : last->next) = chunk;
    last = chunk;
  }
  last->spans()[last->count++] = span;
  ++span_count;
  start = std::min(start, span->start);
  end = std::max({end, span->start, span->end});
}

std::vector<const model::Span*> TraceEntry::spans() const {
  std::vector<const model::Span*> all;
  all.reserve(span_count);
  for (const SpanChunk* chunk = first; chunk != nullptr; chunk = chunk->next) {
    all.insert(all.end(), chunk->spans(), chunk->spans() + chunk->count);
  }
  return all;
}

TraceTable::TraceTable() : slots_(1024), arena_(std::size_t{64} << 10) {}

TraceEntry& TraceTable::find_or_add(const model::TraceId& id) {
  if (entries_.size() * 3 >= slots_.size() * 2) {
    grow();
  }
  const std::uint64_t hash = std::hash<model::TraceId>()(id);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.entry == nullptr) {
      slot = {hash, &entries_.emplace_back()};
      slot.entry->id = id;
      return *slot.entry;
    }
    if (slot.hash == hash && slot.entry->id == id) {
      return *slot.entry;
    }
  }
}

const TraceEntry* TraceTable::find(const model::TraceId& id) const {
  const std::uint64_t hash = std::hash<model::TraceId>()(id);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at].entry != nullptr; at = (at + 1) & mask) {
    if (slots_[at].hash == hash && slots_[at].entry->id == id) {
      return slots_[at].entry;
    }
  }
  return nullptr;
}

void TraceTable::grow() {
  std::vector<Slot> larger(slots_.size() * 2);
  const std::size_t mask = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.entry == nullptr) {
      continue;
    }
    std::size_t at = slot.hash & mask;
    while (larger[at].entry != nullptr) {
      at = (at + 1) & mask;
    }
    larger[at] = slot;
  }
  slots_ = std::move(larger);
}

std::size_t TraceTable::size_bytes() const {
  return slots_.capacity() * sizeof(Slot) + entries_.size() * sizeof(TraceEntry) +
         arena_.size_bytes();
}

}  // namespace waybill::storage
