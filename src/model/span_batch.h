// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "model/span.h"

namespace waybill::model {

// Spans of one request with everything that they borrow from.
//
// Owns the request's bytes (which most texts point into) and an arena (for what had to be made:
// unescaped text, arrays of attributes). Moving a batch moves no text: spans may be referred to as
// long as the batch, wherever it was moved to, lives. Built by one thread; read by any once it is
// complete.
class SpanBatch final {
 public:
  explicit SpanBatch(std::shared_ptr<const std::string> source = nullptr)
      : source_(std::move(source)) {}
  SpanBatch(SpanBatch&&) = default;
  SpanBatch& operator=(SpanBatch&&) = default;

  Arena& arena() { return arena_; }
  // Requires: span.scope is set and lives in this batch's arena.
  void add(const Span& span) { spans_.push_back(span); }
  void reserve(std::size_t span_count) { spans_.reserve(span_count); }

  const std::vector<Span>& spans() const { return spans_; }
  bool is_empty() const { return spans_.empty(); }
  // Bytes that the batch keeps in memory.
  std::size_t size_bytes() const;

 private:
  std::shared_ptr<const std::string> source_;
  Arena arena_;
  std::vector<Span> spans_;
};

}  // namespace waybill::model
