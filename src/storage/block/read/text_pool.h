// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/block/codec/int_run.h"
#include "storage/block/read/block_file.h"

namespace waybill::storage {

// The texts of a field in a group that have no code: those of each trace after those of the trace
// before. Owns its bytes. Immutable once read; any thread.
class TextPool final {
 public:
  // DataLoss for parts that do not fit together. `patterns` are the field's.
  static Result<TextPool> read(std::string numbers, std::string plain, std::size_t trace_count,
                               std::shared_ptr<const TextList> patterns);

  std::size_t size() const { return begins_.back(); }
  // Texts of the trace with this number in the group are at [begin(trace), begin(trace + 1)).
  std::size_t begin(std::size_t trace) const { return begins_[trace]; }
  // Appends the text. Requires: index < size().
  void append(std::size_t index, std::string& out) const;
  // The text itself where it is stored plain; else appends it to `scratch`, which is cleared first.
  std::string_view view(std::size_t index, std::string& scratch) const;

 private:
  struct Pattern {
    std::string_view text;
    std::vector<IntRun> numbers;
  };

  std::size_t rank(std::size_t index) const { return ranks_.empty() ? index : ranks_[index]; }

  std::shared_ptr<const std::string> bytes_;
  std::shared_ptr<const TextList> pattern_texts_;
  std::string plain_;
  std::vector<std::size_t> begins_;
  IntRun pattern_of_;
  // Of each text among those of its pattern; empty where all have the same one.
  std::vector<std::uint32_t> ranks_;
  std::vector<Pattern> patterns_;
  std::vector<std::size_t> plain_ends_;
};

}  // namespace waybill::storage
