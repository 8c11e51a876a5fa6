// SPDX-License-Identifier: Apache-2.0
#include "storage/log/log_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/hash.h"
#include "base/text.h"

namespace waybill::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "words are copied as they lie in memory");

constexpr std::string_view kMagic = "WBLOGSEG";
constexpr std::uint32_t kRecycledFlag = 1;
constexpr std::uint8_t kStartsGroupFlag = 1;
constexpr std::size_t kNumberDigits = 12;

template <typename T>
void append_word(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

template <typename T>
T read_word(std::string_view bytes, std::size_t offset) {
  DCHECK(offset + sizeof(T) <= bytes.size());
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

}  // namespace

std::string encode_segment_start(const SegmentHeader& header) {
  std::string copy(kMagic);
  append_word<std::uint32_t>(copy, header.version);
  append_word<std::uint32_t>(copy, header.is_recycled ? kRecycledFlag : 0U);
  append_word<std::uint64_t>(copy, header.number);
  append_word<std::uint32_t>(copy, header.salt);
  append_word<std::uint32_t>(copy, 0);
  append_word<std::uint64_t>(copy, header.created_at);
  append_word<std::uint64_t>(copy, header.first_position);
  append_word<std::uint64_t>(copy, header.previous_number);
  append_word<std::uint64_t>(copy, header.previous_end);
  append_word<std::uint64_t>(copy, checksum64(copy));
  std::string out = copy;
  out.resize(kSegmentCopyOffset, '\0');
  out += copy;
  out.resize(kFirstRecordOffset + kEndMarkBytes, '\0');
  return out;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes || !bytes.starts_with(kMagic)) {
    return std::nullopt;
  }
  const std::size_t covered = kSegmentHeaderBytes - sizeof(std::uint64_t);
  if (read_u64(bytes, covered) != checksum64(bytes.substr(0, covered))) {
    return std::nullopt;
  }
  SegmentHeader header;
  header.version = read_word<std::uint32_t>(bytes, 8);
  header.is_recycled = (read_word<std::uint32_t>(bytes, 12) & kRecycledFlag) != 0;
  header.number = read_u64(bytes, 16);
  header.salt = read_word<std::uint32_t>(bytes, 24);
  header.created_at = read_u64(bytes, 32);
  header.first_position = read_u64(bytes, 40);
  header.previous_number = read_u64(bytes, 48);
  header.previous_end = read_u64(bytes, 56);
  return header;
}

void append_record_header(std::string& out, const RecordHeader& header) {
  const std::size_t begin = out.size();
  append_word<std::uint64_t>(out, header.marker);
  append_word<std::uint64_t>(out, header.position);
  append_word<std::uint64_t>(out, header.received_at);
  append_word<std::uint32_t>(out, header.body_bytes);
  append_word<std::uint8_t>(out, header.format);
  append_word<std::uint8_t>(out, header.encoding);
  append_word<std::uint8_t>(out, header.starts_group ? kStartsGroupFlag : std::uint8_t{0});
  append_word<std::uint8_t>(out, 0);
  append_word<std::uint64_t>(out, header.body_checksum);
  append_word<std::uint64_t>(out, checksum64(std::string_view(out).substr(begin)));
}

std::optional<RecordHeader> decode_record_header(std::string_view bytes) {
  const std::size_t covered = kRecordHeaderBytes - sizeof(std::uint64_t);
  if (read_u64(bytes, covered) != checksum64(bytes.substr(0, covered))) {
    return std::nullopt;
  }
  RecordHeader header;
  header.marker = read_u64(bytes, 0);
  header.position = read_u64(bytes, 8);
  header.received_at = read_u64(bytes, 16);
  header.body_bytes = read_word<std::uint32_t>(bytes, 24);
  header.format = read_word<std::uint8_t>(bytes, 28);
  header.encoding = read_word<std::uint8_t>(bytes, 29);
  header.starts_group = (read_word<std::uint8_t>(bytes, 30) & kStartsGroupFlag) != 0;
  header.body_checksum = read_u64(bytes, 32);
  return header;
}

std::uint64_t read_u64(std::string_view bytes, std::size_t offset) {
  return read_word<std::uint64_t>(bytes, offset);
}

std::string segment_file_name(std::uint64_t number) {
  return fmt::format("{:012}{}", number, kSegmentEnding);
}

std::optional<std::uint64_t> parse_segment_file_name(std::string_view name,
                                                     std::string_view ending) {
  if (name.size() <= ending.size() || !name.ends_with(ending)) {
    return std::nullopt;
  }
  const std::string_view digits = name.substr(0, name.size() - ending.size());
  const bool is_number =
      digits.size() == kNumberDigits &&
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? parse_uint64(digits) : std::nullopt;
}

}  // namespace waybill::storage
