// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/protobuf/proto_cursor.h"

namespace waybill::wire {

// Appends a protobuf message to a string.
//
// Fields are written as they are called for, zero and empty ones too: what is left out because it
// is the default is the caller's choice. Lengths are written in the shortest form. Borrows the
// string. One thread at a time.
//
//   ProtoWriter proto(out);
//   const auto resource = proto.begin(1);
//   proto.text(1, "name");
//   proto.end(resource);
class ProtoWriter final {
 public:
  // Where an open message began. Messages end in the reverse order of their beginning.
  struct Mark {
    std::size_t content_begin;
    std::size_t length_bytes;
  };

  explicit ProtoWriter(std::string& out) : out_(out) {}

  // Opens an embedded message. `length_bytes_guess` is how many bytes its length is likely to take;
  // a wrong guess moves the content once.
  Mark begin(std::uint32_t field_number, std::size_t length_bytes_guess = 1);
  void end(Mark mark);

  void text(std::uint32_t field_number, std::string_view text);
  void varint(std::uint32_t field_number, std::uint64_t value) {
    tag(field_number, WireType::Varint);
    raw_varint(value);
  }
  void fixed64(std::uint32_t field_number, std::uint64_t value);
  void fixed32(std::uint32_t field_number, std::uint32_t value);
  void number(std::uint32_t field_number, double value) {
    fixed64(field_number, std::bit_cast<std::uint64_t>(value));
  }

 private:
  void tag(std::uint32_t field_number, WireType type) { raw_varint(proto_tag(field_number, type)); }
  void raw_varint(std::uint64_t value);

  std::string& out_;
};

}  // namespace waybill::wire
