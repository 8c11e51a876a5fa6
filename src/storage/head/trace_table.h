// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/arena.h"
#include "base/time.h"
#include "model/span.h"

namespace waybill::storage {

// Pointers to the spans of one trace, in order of arrival. Chunks double in size, so a trace of a
// million spans takes twenty.
struct SpanChunk {
  SpanChunk* next = nullptr;
  std::uint32_t count = 0;
  std::uint32_t capacity = 0;
  // `capacity` pointers follow.

  const model::Span** spans() { return reinterpret_cast<const model::Span**>(this + 1); }
  const model::Span* const* spans() const {
    return reinterpret_cast<const model::Span* const*>(this + 1);
  }
};

// What is known of one trace without looking at its spans.
struct TraceEntry {
  model::TraceId id;
  UnixNanos start = UINT64_MAX;  // earliest start
  UnixNanos end = 0;             // latest start or end
  std::uint32_t span_count = 0;
  SpanChunk* first = nullptr;
  SpanChunk* last = nullptr;

  void add(const model::Span* span, Arena& arena);
  std::vector<const model::Span*> spans() const;
};

// Traces by id: open addressing with linear probing over pointers to entries that never move. One
// thread at a time.
class TraceTable final {
 public:
  TraceTable();

  // The entry of that trace, made where there is none.
  TraceEntry& find_or_add(const model::TraceId& id);
  // Null where there is none.
  const TraceEntry* find(const model::TraceId& id) const;

  const std::deque<TraceEntry>& entries() const { return entries_; }
  Arena& arena() { return arena_; }
  std::size_t size_bytes() const;

 private:
  struct Slot {
    std::uint64_t hash = 0;
    TraceEntry* entry = nullptr;
  };

  void grow();

  std::vector<Slot> slots_;  // a power of two, at most two thirds full
  std::deque<TraceEntry> entries_;
  Arena arena_;
};

}  // namespace waybill::storage
