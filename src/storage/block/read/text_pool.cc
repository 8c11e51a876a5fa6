// SPDX-License-Identifier: Apache-2.0
#include "storage/block/read/text_pool.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "storage/block/block_format.h"
#include "storage/block/codec/block_bytes.h"
#include "storage/block/codec/int_run.h"
#include "storage/block/codec/text_pattern.h"
#include "storage/block/read/block_file.h"

namespace waybill::storage {

Result<TextPool> TextPool::read(std::string numbers, std::string plain, std::size_t trace_count,
                                std::shared_ptr<const TextList> patterns) {
  TextPool pool;
  pool.bytes_ = std::make_shared<const std::string>(std::move(numbers));
  pool.plain_ = std::move(plain);
  pool.pattern_texts_ = std::move(patterns);
  ByteCursor in(*pool.bytes_);
  const IntRun counts = IntRun::read(trace_count, in, in);
  if (!in.ok()) {
    return data_loss("malformed");
  }
  std::size_t total = 0;
  pool.begins_.reserve(trace_count + 1);
  pool.begins_.push_back(0);
  for (std::size_t trace = 0; trace < trace_count; ++trace) {
    const std::uint64_t count = counts.at(trace);
    if (count > kGroupCellCountMax - total) {
      return data_loss("malformed");
    }
    total += static_cast<std::size_t>(count);
    pool.begins_.push_back(total);
  }
  pool.pattern_of_ = IntRun::read(total, in, in);
  const std::size_t used = in.count();
  if (!in.ok()) {
    return data_loss("malformed");
  }
  std::vector<std::uint32_t> counts_of(used + 1);
  if (total > 0 && pool.pattern_of_.is_constant()) {
    if (pool.pattern_of_.at(0) > used) {
      return data_loss("malformed");
    }
    counts_of[static_cast<std::size_t>(pool.pattern_of_.at(0))] = static_cast<std::uint32_t>(total);
  } else {
    pool.ranks_.reserve(total);
    for (std::size_t i = 0; i < total; ++i) {
      const std::uint64_t place = pool.pattern_of_.at(i);
      if (place > used) {
        return data_loss("malformed");
      }
      pool.ranks_.push_back(counts_of[static_cast<std::size_t>(place)]++);
    }
  }
  for (std::size_t place = 1; place <= used; ++place) {
    const std::uint64_t code = in.varint();
    if (code >= pool.pattern_texts_->size()) {
      return data_loss("malformed");
    }
    Pattern pattern;
    pattern.text = pool.pattern_texts_->at(static_cast<std::size_t>(code));
    const std::size_t number_count = pattern_number_count(pattern.text);
    if (number_count == 0 || number_count > kPatternNumbersMax) {
      return data_loss("malformed");
    }
    for (std::size_t i = 0; i < number_count; ++i) {
      pattern.numbers.push_back(IntRun::read(counts_of[place], in, in));
    }
    pool.patterns_.push_back(std::move(pattern));
  }
  const IntRun sizes = IntRun::read(counts_of[0], in, in);
  if (!in.ok() || !in.at_end()) {
    return data_loss("malformed");
  }
  std::size_t end = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::uint64_t size = sizes.at(i);
    if (size > pool.plain_.size() - end) {
      return data_loss("malformed");
    }
    end += static_cast<std::size_t>(size);
    pool.plain_ends_.push_back(end);
  }
  if (end != pool.plain_.size()) {
    return data_loss("malformed");
  }
  return pool;
}

void TextPool::append(std::size_t index, std::string& out) const {
  const auto place = static_cast<std::size_t>(pattern_of_.at(index));
  const std::size_t rank = this->rank(index);
  if (place == 0) {
    const std::size_t begin = rank == 0 ? 0 : plain_ends_[rank - 1];
    out.append(plain_, begin, plain_ends_[rank] - begin);
    return;
  }
  const Pattern& pattern = patterns_[place - 1];
  std::array<std::uint64_t, kPatternNumbersMax> numbers;
  for (std::size_t i = 0; i < pattern.numbers.size(); ++i) {
    numbers[i] = pattern.numbers[i].at(rank);
  }
  append_pattern(pattern.text, std::span(numbers).first(pattern.numbers.size()), out);
}

std::string_view TextPool::view(std::size_t index, std::string& scratch) const {
  const std::size_t rank = this->rank(index);
  if (pattern_of_.at(index) == 0) {
    const std::size_t begin = rank == 0 ? 0 : plain_ends_[rank - 1];
    return std::string_view(plain_).substr(begin, plain_ends_[rank] - begin);
  }
  scratch.clear();
  append(index, scratch);
  return scratch;
}

}  // namespace waybill::storage
