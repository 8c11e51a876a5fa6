// SPDX-License-Identifier: Apache-2.0
#include "storage/block/block_format.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "base/result.h"
#include "compress/decompress.h"
#include "os/file_system.h"
#include "storage/block/codec/block_bytes.h"

namespace waybill::storage {
namespace {

// Smaller parts are not worth a frame of their own.
constexpr std::size_t kSqueezeBytesMin = 48;

// What the checksum of the tail covers.
constexpr std::size_t kTailCoveredBytes = 32;

bool is_believable(std::uint64_t raw_bytes, std::uint64_t stored_bytes) {
  return raw_bytes <= kPartBytesMax && raw_bytes <= kPartFreeBytes + stored_bytes * kPartRatioMax;
}

void write_group(const GroupRef& group, ByteWriter& out) {
  out.varint(group.size_bytes);
  write_part_ref(group.head, out);
  out.varint(group.span_count);
  out.varint(group.trace_count);
  out.byte(group.continues ? 1 : 0);
  out.varint(group.first_start);
  out.varint(group.last_start - group.first_start);
  out.varint(group.last_end - group.first_start);
}

GroupRef read_group(ByteCursor& in, const GroupRef& before, std::uint64_t end) {
  GroupRef group;
  group.offset = before.offset + before.size_bytes;
  group.first_row = before.first_row + before.span_count;
  group.size_bytes = in.varint_up_to(end - group.offset);
  std::uint64_t at = 0;
  group.head = read_part_ref(in, at, group.size_bytes);
  group.head.offset = group.offset + group.size_bytes - group.head.stored_bytes;
  group.span_count = in.varint_up_to(kGroupSpanCountMax);
  group.trace_count = in.varint_up_to(group.span_count);
  group.continues = in.varint_up_to(1) != 0;
  group.first_trace = before.first_trace + before.trace_count - (group.continues ? 1 : 0);
  group.first_start = in.varint();
  group.last_start = group.first_start + in.varint();
  group.last_end = group.first_start + in.varint();
  const bool is_first = before.span_count == 0;
  if (group.trace_count == 0 || group.head.is_empty() || (is_first && group.continues) ||
      group.last_start < group.first_start || group.last_end < group.last_start) {
    in.fail();
  }
  return group;
}

void write_refs(const std::vector<PartRef>& refs, ByteWriter& out) {
  out.varint(refs.size());
  for (const PartRef& ref : refs) {
    write_part_ref(ref, out);
  }
}

std::vector<PartRef> read_refs(ByteCursor& in, std::uint64_t& offset, std::uint64_t end) {
  std::vector<PartRef> refs(in.count());
  for (PartRef& ref : refs) {
    ref = read_part_ref(in, offset, end);
  }
  return refs;
}

}  // namespace

std::uint32_t part_checksum(std::string_view stored) {
  return static_cast<std::uint32_t>(checksum64(stored));
}

PackedPart pack_part(std::string raw, Squeeze squeeze, int zstd_level) {
  PackedPart part;
  if (squeeze == Squeeze::Try && zstd_level > 0 && raw.size() >= kSqueezeBytesMin) {
    std::string frame = compress::compress(compress::Encoding::Zstd, raw, zstd_level);
    if (frame.size() + raw.size() / 10 < raw.size() && is_believable(raw.size(), frame.size())) {
      part.ref.raw_bytes = raw.size();
      raw = std::move(frame);
    }
  }
  part.ref.stored_bytes = raw.size();
  part.ref.checksum = part_checksum(raw);
  part.bytes = std::move(raw);
  return part;
}

void write_part_ref(const PartRef& ref, ByteWriter& out) {
  out.varint(ref.stored_bytes);
  if (ref.stored_bytes > 0) {
    out.varint(ref.raw_bytes);
    out.fixed32(ref.checksum);
  }
}

PartRef read_part_ref(ByteCursor& in, std::uint64_t& offset, std::uint64_t end) {
  PartRef ref;
  ref.offset = offset;
  ref.stored_bytes = in.varint();
  if (ref.stored_bytes == 0) {
    return ref;
  }
  ref.raw_bytes = in.varint();
  ref.checksum = in.fixed32();
  if (offset > end || ref.stored_bytes > end - offset ||
      !is_believable(ref.size_bytes(), ref.stored_bytes)) {
    in.fail();
    return {};
  }
  offset += ref.stored_bytes;
  return ref;
}

Result<std::string> unpack_part(std::string_view stored, const PartRef& ref) {
  if (stored.size() != ref.stored_bytes) {
    return data_loss("ends early");
  }
  if (stored.empty()) {
    return std::string();
  }
  if (part_checksum(stored) != ref.checksum) {
    return data_loss("checksum mismatch");
  }
  if (ref.raw_bytes == 0) {
    return std::string(stored);
  }
  const compress::DecompressLimits limits{static_cast<std::size_t>(ref.raw_bytes)};
  auto raw = compress::decompress(compress::Encoding::Zstd, stored, limits);
  if (!raw.has_value()) {
    return data_loss(raw.error().message);
  }
  if (raw->size() != ref.raw_bytes) {
    return data_loss("wrong size");
  }
  return raw;
}

Result<std::string> read_part(os::File& file, const PartRef& ref, std::string_view name) {
  if (ref.is_empty()) {
    return std::string();
  }
  const auto within = [&](Error error) {
    return std::move(error).within(fmt::format("{} at offset {}", name, ref.offset));
  };
  auto stored = file.read_at(ref.offset, static_cast<std::size_t>(ref.stored_bytes));
  if (!stored.has_value()) {
    return within(std::move(stored).error());
  }
  auto raw = unpack_part(*stored, ref);
  return raw.has_value() ? std::move(raw) : within(std::move(raw).error());
}

std::string encode_directory(const BlockDirectory& directory) {
  ByteWriter out;
  const BlockInfo& info = directory.info;
  out.varint(info.first_start);
  out.varint(info.last_start);
  out.varint(info.last_end);
  out.varint(info.first_received);
  out.varint(info.last_received);
  out.varint(info.index_bytes);
  out.varint(directory.groups.size());
  for (const GroupRef& group : directory.groups) {
    write_group(group, out);
  }
  write_refs(directory.dictionaries, out);
  write_refs(directory.patterns, out);
  write_part_ref(directory.schema, out);
  write_refs(directory.trace_pages, out);
  out.text(directory.trace_filter);
  return std::move(out.bytes());
}

Result<BlockDirectory> decode_directory(std::string_view bytes, std::uint64_t directory_offset) {
  ByteCursor in(bytes);
  BlockDirectory directory;
  BlockInfo& info = directory.info;
  info.first_start = in.varint();
  info.last_start = in.varint();
  info.last_end = in.varint();
  info.first_received = in.varint();
  info.last_received = in.varint();
  info.index_bytes = in.varint();
  info.group_count = in.count();
  GroupRef before;
  before.offset = kBlockHeaderBytes;
  for (std::uint64_t i = 0; i < info.group_count && in.ok(); ++i) {
    directory.groups.push_back(read_group(in, before, directory_offset));
    before = directory.groups.back();
  }
  info.span_count = before.first_row + before.span_count;
  info.trace_count = before.first_trace + before.trace_count;
  std::uint64_t offset = before.offset + before.size_bytes;
  directory.dictionaries = read_refs(in, offset, directory_offset);
  directory.patterns = read_refs(in, offset, directory_offset);
  directory.schema = read_part_ref(in, offset, directory_offset);
  directory.trace_pages = read_refs(in, offset, directory_offset);
  directory.trace_filter = std::string(in.text());
  if (!in.ok() || !in.at_end() || offset != directory_offset) {
    return data_loss("directory: malformed");
  }
  return directory;
}

std::string encode_block_header() {
  ByteWriter out;
  out.raw(kBlockMagic);
  out.fixed32(kBlockFormatVersion);
  out.fixed32(0);
  return std::move(out.bytes());
}

Result<void> check_block_header(std::string_view header) {
  if (header.substr(0, kBlockMagic.size()) != kBlockMagic) {
    return invalid_argument("no block: the file does not begin as one");
  }
  ByteCursor in(header.substr(kBlockMagic.size()));
  const std::uint32_t version = in.fixed32();
  if (version > kBlockFormatVersion) {
    return Error{ErrorCode::Unimplemented,
                 fmt::format("the block has version {}, written by a newer program; this one reads "
                             "up to {}",
                             version, kBlockFormatVersion)};
  }
  if (header != encode_block_header()) {
    return data_loss("header at offset 0: damaged");
  }
  return {};
}

std::string encode_block_tail(const PartRef& directory) {
  ByteWriter out;
  out.fixed64(directory.offset);
  out.fixed64(directory.stored_bytes);
  out.fixed64(directory.raw_bytes);
  out.fixed32(directory.checksum);
  out.fixed32(kBlockFormatVersion);
  out.fixed64(checksum64(out.bytes()));
  out.raw(kBlockTailMagic);
  return std::move(out.bytes());
}

Result<PartRef> decode_block_tail(std::string_view tail, std::uint64_t file_bytes) {
  if (tail.size() != kBlockTailBytes || !tail.ends_with(kBlockTailMagic)) {
    return data_loss("ends early: the tail is missing");
  }
  ByteCursor in(tail);
  PartRef directory;
  directory.offset = in.fixed64();
  directory.stored_bytes = in.fixed64();
  directory.raw_bytes = in.fixed64();
  directory.checksum = in.fixed32();
  const std::uint32_t version = in.fixed32();
  const std::uint64_t tail_offset = file_bytes - kBlockTailBytes;
  if (in.fixed64() != checksum64(tail.substr(0, kTailCoveredBytes))) {
    return data_loss(fmt::format("tail at offset {}: checksum mismatch", tail_offset));
  }
  if (version > kBlockFormatVersion) {
    return Error{ErrorCode::Unimplemented,
                 fmt::format("the block has version {}, written by a newer program; this one reads "
                             "up to {}",
                             version, kBlockFormatVersion)};
  }
  if (directory.stored_bytes == 0 || directory.stored_bytes > tail_offset ||
      directory.offset != tail_offset - directory.stored_bytes ||
      directory.offset < kBlockHeaderBytes ||
      !is_believable(directory.size_bytes(), directory.stored_bytes)) {
    return data_loss(fmt::format("tail at offset {}: malformed", tail_offset));
  }
  return directory;
}

}  // namespace waybill::storage
