// SPDX-License-Identifier: Apache-2.0
#include "wire/protobuf/proto_writer.h"

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/check.h"
#include "wire/protobuf/proto_cursor.h"

namespace waybill::wire {
namespace {

std::size_t print_varint(std::uint64_t value, char* to) {
  std::size_t size_bytes = 0;
  while (value >= 0x80) {
    to[size_bytes++] = static_cast<char>((value & 0x7F) | 0x80);
    value >>= 7;
  }
  to[size_bytes++] = static_cast<char>(value);
  return size_bytes;
}

}  // namespace

ProtoWriter::Mark ProtoWriter::begin(std::uint32_t field_number, std::size_t length_bytes_guess) {
  tag(field_number, WireType::Length);
  out_.append(length_bytes_guess, '\0');
  return {out_.size(), length_bytes_guess};
}

void ProtoWriter::end(Mark mark) {
  DCHECK(mark.content_begin <= out_.size());
  char length[ProtoCursor::kMaxVarintBytes];
  const std::size_t needed = print_varint(out_.size() - mark.content_begin, length);
  const std::size_t length_begin = mark.content_begin - mark.length_bytes;
  if (needed != mark.length_bytes) {
    out_.replace(length_begin, mark.length_bytes, needed, '\0');
  }
  std::memcpy(out_.data() + length_begin, length, needed);
}

void ProtoWriter::text(std::uint32_t field_number, std::string_view text) {
  tag(field_number, WireType::Length);
  raw_varint(text.size());
  out_ += text;
}

void ProtoWriter::fixed64(std::uint32_t field_number, std::uint64_t value) {
  tag(field_number, WireType::Fixed64);
  char bytes[sizeof(value)];
  std::memcpy(bytes, &value, sizeof(value));
  out_.append(bytes, sizeof(value));
}

void ProtoWriter::fixed32(std::uint32_t field_number, std::uint32_t value) {
  tag(field_number, WireType::Fixed32);
  char bytes[sizeof(value)];
  std::memcpy(bytes, &value, sizeof(value));
  out_.append(bytes, sizeof(value));
}

void ProtoWriter::raw_varint(std::uint64_t value) {
  if (value < 0x80) [[likely]] {
    out_.push_back(static_cast<char>(value));
    return;
  }
  char bytes[ProtoCursor::kMaxVarintBytes];
  out_.append(bytes, print_varint(value, bytes));
}

}  // namespace waybill::wire
