// SPDX-License-Identifier: Apache-2.0
//
// The reader of blocks on a file of any content. No crash and no memory beyond what the file can
// hold; what can be verified can be read, by rows and by trace, with the same spans.
//
// Input: one byte of options, then the file. With option 1 the checksums are put right first, from
// the tail inwards, so that the fuzzer gets behind them.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "model/span.h"
#include "os/testing/fault_file_system.h"
#include "storage/block/block_format.h"
#include "storage/block/codec/block_bytes.h"
#include "storage/block/read/block_reader.h"
#include "storage/block/read/verify_block.h"

namespace waybill::storage {
namespace {

constexpr std::uint8_t kRepairChecksums = 1;
constexpr const char* kPath = "/block";

template <typename T>
void put(std::string& file, std::size_t at, T value) {
  if (at <= file.size() && sizeof(value) <= file.size() - at) {
    std::memcpy(file.data() + at, &value, sizeof(value));
  }
}

std::string_view part(const std::string& file, std::uint64_t offset, std::uint64_t size) {
  return offset <= file.size() ? std::string_view(file).substr(static_cast<std::size_t>(offset),
                                                               static_cast<std::size_t>(size))
                               : std::string_view();
}

// Reads `count` references out of the part at `begin` and puts their checksums right.
void repair_refs(std::string& file, ByteCursor& in, std::size_t end, std::uint64_t& offset,
                 int count) {
  for (int i = 0; i < count && in.ok(); ++i) {
    const std::uint64_t stored = in.varint();
    if (stored == 0) {
      continue;
    }
    in.varint();
    put(file, end - in.rest_bytes(), part_checksum(part(file, offset, stored)));
    in.fixed32();
    offset += stored;
  }
}

void repair_head(std::string& file, const GroupRef& group) {
  const std::string head(part(file, group.head.offset, group.head.stored_bytes));
  const std::size_t end = static_cast<std::size_t>(group.head.offset) + head.size();
  ByteCursor in(head);
  in.byte();
  in.varint();
  for (std::size_t table = 0; table < kRowTableCount; ++table) {
    in.varint();
    for (std::size_t left = in.count(); left > 0; --left) {
      in.varint();
      in.varint();
    }
  }
  std::uint64_t offset = group.offset;
  repair_refs(file, in, end, offset, 5);
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    in.varint();
    repair_refs(file, in, end, offset, 5);
  }
}

void repair(std::string& file) {
  if (file.size() < kBlockTailBytes) {
    return;
  }
  const std::size_t tail = file.size() - kBlockTailBytes;
  const auto seal = [&] {
    ByteCursor in(std::string_view(file).substr(tail));
    const std::uint64_t offset = in.fixed64();
    const std::uint64_t stored = in.fixed64();
    put(file, tail + 24, part_checksum(part(file, offset, stored)));
    put(file, tail + 32, checksum64(std::string_view(file).substr(tail, 32)));
  };
  seal();
  const auto found = decode_block_tail(std::string_view(file).substr(tail), file.size());
  if (!found.has_value() || found->raw_bytes != 0) {
    return;
  }
  auto directory = decode_directory(part(file, found->offset, found->stored_bytes), found->offset);
  if (!directory.has_value()) {
    return;
  }
  const auto renew = [&](PartRef& ref) {
    ref.checksum = part_checksum(part(file, ref.offset, ref.stored_bytes));
  };
  for (GroupRef& group : directory->groups) {
    repair_head(file, group);
    renew(group.head);
  }
  for (auto* refs : {&directory->dictionaries, &directory->patterns, &directory->trace_pages}) {
    for (PartRef& ref : *refs) {
      renew(ref);
    }
  }
  renew(directory->schema);
  const std::string encoded = encode_directory(*directory);
  if (encoded.size() == found->stored_bytes) {
    file.replace(static_cast<std::size_t>(found->offset), encoded.size(), encoded);
    seal();
  }
}

void run(std::string_view input) {
  if (input.empty()) {
    return;
  }
  std::string file(input.substr(1));
  if ((static_cast<std::uint8_t>(input[0]) & kRepairChecksums) != 0) {
    repair(file);
  }
  os::FaultFileSystem files;
  files.put(kPath, file);
  const auto verified = verify_block(files, kPath);
  const auto reader = BlockReader::open(files, kPath);
  CHECK(reader.has_value() || !verified.has_value());
  if (!reader.has_value()) {
    return;
  }
  for (std::size_t group = 0; group < (*reader)->info().group_count; ++group) {
    const auto traces = (*reader)->list_traces(group);
    CHECK(traces.has_value() || !verified.has_value());
    if (!traces.has_value()) {
      continue;
    }
    for (const BlockTrace& trace : *traces) {
      const auto rows = (*reader)->read_rows(trace.rows);
      const auto spans = (*reader)->read_trace(trace.id);
      if (!verified.has_value()) {
        continue;
      }
      CHECK(rows.has_value() && spans.has_value());
      CHECK(rows->spans.size() == spans->spans.size());
      for (std::size_t i = 0; i < rows->spans.size(); ++i) {
        CHECK(model::equal(*rows->spans[i], *spans->spans[i]));
      }
    }
  }
}

}  // namespace
}  // namespace waybill::storage

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  waybill::storage::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
