// SPDX-License-Identifier: Apache-2.0
//
// The reader of the catalog's file on any bytes. No crash, and what it takes can be written again
// and reads back as the same.
//
// Input: one byte of options, then the first side, then the second. With option 1 the checksums
// are put right first, so that the fuzzer gets behind them; with option 2 both sides are the input.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/hash.h"
#include "storage/catalog/manifest_format.h"
#include "storage/catalog/manifest_reader.h"

namespace waybill::storage {
namespace {

constexpr std::uint8_t kRepairChecksums = 1;
constexpr std::uint8_t kTwoSides = 2;
constexpr std::size_t kHeaderChecksumOffset = 56;

void put_word(std::string& bytes, std::size_t at, std::uint64_t word) {
  std::memcpy(bytes.data() + at, &word, sizeof(word));
}

std::uint64_t read_word(std::string_view bytes, std::size_t at) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof(word));
  return word;
}

// Makes a whole side of it: size, salt, numbers and checksums.
void repair(std::string& side) {
  side.resize((side.size() + kManifestAlignment - 1) / kManifestAlignment * kManifestAlignment);
  if (side.size() < kManifestHeaderBytes) {
    return;
  }
  put_word(side, 24, side.size());
  put_word(side, kHeaderChecksumOffset,
           checksum64(std::string_view(side).substr(0, kHeaderChecksumOffset)));
  const std::uint64_t salt = read_word(side, 16);
  std::uint64_t number = 0;
  std::size_t at = kManifestHeaderBytes;
  while (at + kManifestRecordHeaderBytes <= side.size() && read_word(side, at) != 0) {
    const std::size_t room = side.size() - at - kManifestRecordHeaderBytes;
    const auto payload_bytes = static_cast<std::size_t>(read_word(side, at + 16) & 0xffffffffU);
    if (payload_bytes > room) {
      return;
    }
    put_word(side, at, salt);
    put_word(side, at + 8, ++number);
    put_word(
        side, at + 24,
        checksum64(std::string_view(side).substr(at + kManifestRecordHeaderBytes, payload_bytes)));
    put_word(side, at + 32, checksum64(std::string_view(side).substr(at, 32)));
    at += static_cast<std::size_t>(manifest_record_bytes(payload_bytes));
  }
}

// One record with everything, in a file of its own.
std::string write_again(ManifestContents& contents) {
  const std::string payload =
      encode_manifest_change(contents.state, {}, contents.blocks, *contents.services.names());
  ManifestHeader header;
  header.salt = 1;
  header.base_record_count = 1;
  header.side_bytes = kManifestHeaderBytes + manifest_record_bytes(payload.size());
  const std::string side =
      encode_manifest_header(header) + encode_manifest_record(header.salt, 1, payload);
  return side + side;
}

void run(std::string_view input) {
  if (input.empty()) {
    return;
  }
  const auto options = static_cast<std::uint8_t>(input[0]);
  std::string file(input.substr(1));
  if ((options & kRepairChecksums) != 0) {
    repair(file);
  }
  if ((options & kTwoSides) != 0) {
    file += file;
  }
  auto contents = read_manifest(file);
  if (!contents.has_value()) {
    CHECK(!contents.error().message.empty());
    return;
  }
  auto again = read_manifest(write_again(*contents));
  CHECK(again.has_value());
  CHECK(again->messages.empty());
  CHECK(again->state == contents->state);
  CHECK(again->blocks.size() == contents->blocks.size());
  for (std::size_t i = 0; i < again->blocks.size(); ++i) {
    CHECK(again->blocks[i]->facts == contents->blocks[i]->facts);
    CHECK(again->blocks[i]->sequence == contents->blocks[i]->sequence);
    CHECK(again->blocks[i]->services.size() == contents->blocks[i]->services.size());
  }
}

}  // namespace
}  // namespace waybill::storage

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  waybill::storage::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
