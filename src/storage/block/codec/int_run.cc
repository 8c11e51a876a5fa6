// SPDX-License-Identifier: Apache-2.0
#include "storage/block/codec/int_run.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "storage/block/codec/block_bytes.h"

namespace waybill::storage {
namespace {

// Lists longer than this cost more to search for than they save.
constexpr std::size_t kListedMax = 64;
// Bits that one patch is reckoned to cost: its index and the high bits.
constexpr std::size_t kPatchBits = 32;

unsigned width_of(std::uint64_t range) { return static_cast<unsigned>(std::bit_width(range)); }

std::size_t packed_bytes(std::size_t count, unsigned width) { return (count * width + 7) / 8; }

std::size_t varint_bytes(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// Appends `width` low bits of each value that `get` gives.
template <typename Get>
void pack_bits(std::size_t count, unsigned width, std::string& body, const Get& get) {
  const std::size_t begin = body.size();
  body.resize(begin + packed_bytes(count, width) + 16);
  char* const out = body.data() + begin;
  const std::uint64_t mask = width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t value = get(i) & mask;
    const std::size_t bit = i * width;
    const unsigned shift = bit & 7;
    char* const at = out + (bit >> 3);
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    word |= value << shift;
    std::memcpy(at, &word, 8);
    if (shift + width > 64) {
      at[8] = static_cast<char>(value >> (64 - shift));
    }
  }
  body.resize(begin + packed_bytes(count, width));
}

// The distinct values, ascending as signed ones; empty where there are too many to be worth a list:
// more than kListedMax, or than a quarter of all.
std::vector<std::uint64_t> list_distinct(std::span<const std::uint64_t> values) {
  const std::size_t distinct_max = std::clamp<std::size_t>(values.size() / 4, 2, kListedMax);
  std::vector<std::uint64_t> distinct;
  for (const std::uint64_t value : values) {
    if (!distinct.empty() && distinct.back() == value) {
      continue;
    }
    if (std::find(distinct.begin(), distinct.end(), value) == distinct.end()) {
      if (distinct.size() == distinct_max) {
        return {};
      }
      distinct.push_back(value);
    }
  }
  std::sort(distinct.begin(), distinct.end(), [](std::uint64_t a, std::uint64_t b) {
    return static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b);
  });
  return distinct;
}

std::size_t listed_cost(const std::vector<std::uint64_t>& distinct, std::size_t count) {
  std::size_t head = 2;
  for (std::size_t i = 0; i < distinct.size(); ++i) {
    head += varint_bytes(i == 0 ? distinct[0] << 1 : distinct[i] - distinct[i - 1]);
  }
  return head + packed_bytes(count, width_of(distinct.size() - 1));
}

void write_listed(std::span<const std::uint64_t> values, const std::vector<std::uint64_t>& distinct,
                  ByteWriter& head, std::string& body) {
  head.byte(static_cast<std::uint8_t>(RunKind::Listed));
  head.varint(distinct.size());
  head.zigzag(distinct[0]);
  for (std::size_t i = 1; i < distinct.size(); ++i) {
    head.varint(distinct[i] - distinct[i - 1]);
  }
  pack_bits(values.size(), width_of(distinct.size() - 1), body, [&](std::size_t i) {
    const auto found = std::lower_bound(
        distinct.begin(), distinct.end(), values[i], [](std::uint64_t a, std::uint64_t b) {
          return static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b);
        });
    return static_cast<std::uint64_t>(found - distinct.begin());
  });
}

// The width at which packed bits and patches together are smallest, and that size in bits.
std::pair<unsigned, std::size_t> best_width(std::span<const std::uint64_t> values,
                                            std::uint64_t least) {
  std::array<std::size_t, 65> count_of{};
  for (const std::uint64_t value : values) {
    ++count_of[static_cast<std::size_t>(std::bit_width(value - least))];
  }
  std::pair<unsigned, std::size_t> best{64, SIZE_MAX};
  std::size_t above = 0;
  for (unsigned width = 64; width > 0; --width) {
    const std::size_t bits = values.size() * width + above * kPatchBits;
    if (bits < best.second) {
      best = {width, bits};
    }
    above += count_of[width];
  }
  return best;
}

void write_patched(std::span<const std::uint64_t> values, std::uint64_t least, unsigned width,
                   ByteWriter& head, std::string& body) {
  head.byte(static_cast<std::uint8_t>(width));
  ByteWriter patches;
  std::size_t count = 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint64_t high = (values[i] - least) >> width;
    if (high != 0) {
      patches.varint(i - last);
      patches.varint(high);
      last = i;
      ++count;
    }
  }
  head.varint(count);
  head.raw(patches.bytes());
  pack_bits(values.size(), width, body, [&](std::size_t i) { return values[i] - least; });
}

}  // namespace

void write_int_run(std::span<const std::uint64_t> values, ByteWriter& head, std::string& body) {
  if (values.empty()) {
    return;
  }
  auto least = static_cast<std::int64_t>(values[0]);
  auto greatest = least;
  for (const std::uint64_t value : values) {
    least = std::min(least, static_cast<std::int64_t>(value));
    greatest = std::max(greatest, static_cast<std::int64_t>(value));
  }
  const auto base = static_cast<std::uint64_t>(least);
  const std::uint64_t range = static_cast<std::uint64_t>(greatest) - base;
  if (range == 0) {
    head.byte(static_cast<std::uint8_t>(RunKind::Constant));
    head.zigzag(base);
    return;
  }
  const unsigned width = width_of(range);
  const std::size_t packed_cost =
      packed_bytes(values.size(), width) + 1 + varint_bytes(base << 1) + varint_bytes(range);
  if (values.size() * 8 <= packed_cost) {
    head.byte(static_cast<std::uint8_t>(RunKind::Raw));
    body.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    return;
  }
  if (width > 1) {
    const std::vector<std::uint64_t> distinct = list_distinct(values);
    if (!distinct.empty() && listed_cost(distinct, values.size()) < packed_cost) {
      write_listed(values, distinct, head, body);
      return;
    }
  }
  const auto [patched_width, patched_bits] = best_width(values, base);
  const bool is_patched = patched_width < width && patched_bits / 8 + 4 < packed_cost;
  head.byte(static_cast<std::uint8_t>(is_patched ? RunKind::Patched : RunKind::Packed));
  head.zigzag(base);
  head.varint(range);
  if (is_patched) {
    write_patched(values, base, patched_width, head, body);
    return;
  }
  pack_bits(values.size(), width, body, [&](std::size_t i) { return values[i] - base; });
}

IntRun IntRun::constant(std::size_t count, std::uint64_t value) {
  IntRun run;
  run.count_ = count;
  run.least_ = value;
  run.greatest_ = value;
  return run;
}

IntRun IntRun::read(std::size_t count, ByteCursor& head, ByteCursor& body) {
  return count == 0 ? IntRun() : read_kind(head.byte(), count, head, body);
}

IntRun IntRun::read_kind(std::uint8_t kind, std::size_t count, ByteCursor& head, ByteCursor& body) {
  IntRun run = read_head(kind, count, head);
  run.take_body(body);
  if (!head.ok() || !body.ok()) {
    return constant(count, 0);
  }
  return run;
}

IntRun IntRun::read_head(std::uint8_t kind, std::size_t count, ByteCursor& head) {
  IntRun run;
  run.count_ = count;
  switch (static_cast<RunKind>(kind)) {
    case RunKind::Constant:
      return constant(count, head.zigzag());
    case RunKind::Raw:
      run.width_ = 64;
      run.is_raw_ = true;
      run.greatest_ = UINT64_MAX;
      return run;
    case RunKind::Listed: {
      const std::size_t distinct = head.count(kListedMax);
      if (distinct < 2) {
        head.fail();
        return run;
      }
      run.listed_.reserve(distinct);
      run.listed_.push_back(head.zigzag());
      for (std::size_t i = 1; i < distinct; ++i) {
        run.listed_.push_back(run.listed_.back() + head.varint());
      }
      run.least_ = run.listed_.front();
      run.greatest_ = run.listed_.back();
      run.width_ = width_of(distinct - 1);
      return run;
    }
    case RunKind::Packed:
    case RunKind::Patched: {
      run.least_ = head.zigzag();
      const std::uint64_t range = head.varint();
      run.greatest_ = run.least_ + range;
      run.width_ = width_of(range);
      if (kind == static_cast<std::uint8_t>(RunKind::Packed)) {
        return run;
      }
      const unsigned width = head.byte();
      const std::size_t patches = head.count(count);
      if (width == 0 || width >= run.width_) {
        head.fail();
        return run;
      }
      run.width_ = width;
      run.patches_.reserve(patches);
      std::uint64_t index = 0;
      for (std::size_t i = 0; i < patches; ++i) {
        index += head.varint_up_to(count);
        const std::uint64_t high = head.varint_up_to(range >> width);
        if (index >= count) {
          head.fail();
          return run;
        }
        run.patches_.push_back({static_cast<std::uint32_t>(index), high << width});
      }
      return run;
    }
  }
  head.fail();
  return run;
}

void IntRun::skip(std::uint8_t kind, std::size_t count, ByteCursor& head, ByteCursor& body) {
  unsigned width = 0;
  switch (static_cast<RunKind>(kind)) {
    case RunKind::Constant:
      head.varint();
      return;
    case RunKind::Raw:
      width = 64;
      break;
    case RunKind::Packed:
      head.varint();
      width = width_of(head.varint());
      break;
    case RunKind::Listed: {
      const std::uint64_t distinct = head.varint_up_to(kListedMax);
      for (std::uint64_t i = 0; i < distinct; ++i) {
        head.varint();
      }
      width = width_of(distinct == 0 ? 0 : distinct - 1);
      break;
    }
    case RunKind::Patched:
      head.varint();
      head.varint();
      width = static_cast<unsigned>(head.varint_up_to(64));
      for (std::uint64_t left = 2 * head.varint_up_to(count); left > 0 && head.ok(); --left) {
        head.varint();
      }
      break;
    default:
      head.fail();
      return;
  }
  body.raw(packed_bytes(count, width));
}

void IntRun::take_body(ByteCursor& body) { body_ = body.raw(packed_bytes(count_, width_)); }

std::uint64_t IntRun::patch(std::size_t index) const {
  const auto found =
      std::lower_bound(patches_.begin(), patches_.end(), index,
                       [](const Patch& patch, std::size_t wanted) { return patch.index < wanted; });
  return found != patches_.end() && found->index == index ? found->high : 0;
}

void IntRun::copy_to(std::span<std::uint64_t> out) const {
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint64_t low = bits(i);
    out[i] = listed_.empty() ? least_ + low
                             : listed_[low < listed_.size() ? static_cast<std::size_t>(low) : 0];
  }
  for (const Patch& patch : patches_) {
    out[patch.index] += patch.high;
  }
}

bool IntRun::is_valid() const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (!listed_.empty()) {
      if (bits(i) >= listed_.size()) {
        return false;
      }
    } else if (at(i) - least_ > greatest_ - least_) {
      return false;
    }
  }
  return true;
}

}  // namespace waybill::storage
