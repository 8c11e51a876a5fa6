// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/manifest_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/result.h"
#include "os/file_system.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/manifest_format.h"

namespace waybill::storage {
namespace {

// Room for changes behind the base: a quarter of it, so that rewriting costs each change about four
// times its own size; on a nearly full device less will do.
constexpr std::uint64_t kRoomDivisor = 4;
constexpr std::uint64_t kTightRoomBytes = 4096;
constexpr std::uint64_t kPageBytes = 4096;
// Records of the base end behind this; each entry is far smaller.
constexpr std::size_t kBasePayloadBytes = std::size_t{256} << 10;
constexpr std::size_t kBaseRecordEntries = 512;
constexpr std::size_t kZerosBytes = std::size_t{64} << 10;

std::uint64_t round_up(std::uint64_t size_bytes) {
  return (size_bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
}

std::vector<std::string> encode_base(std::uint64_t salt, const ManifestBase& base) {
  std::vector<std::string> records;
  std::size_t at = 0;
  // A catalog without blocks has one record too: the state.
  do {
    std::size_t count = std::min(kBaseRecordEntries, base.blocks.size() - at);
    std::string payload =
        encode_manifest_change(base.state, {}, base.blocks.subspan(at, count), base.names);
    while (payload.size() > kBasePayloadBytes && count > 1) {
      count /= 2;
      payload = encode_manifest_change(base.state, {}, base.blocks.subspan(at, count), base.names);
    }
    records.push_back(encode_manifest_record(salt, records.size() + 1, payload));
    at += count;
  } while (at < base.blocks.size());
  return records;
}

Error outcome_is_open(Error error) {
  error.code = ErrorCode::Unavailable;
  return error;
}

// The room behind the base is written too: a file that was left by a crash may hold anything, and
// what was written once needs no metadata when it is written again.
void append_zeros(std::vector<std::string_view>& pieces, std::uint64_t size_bytes) {
  static constexpr char kZeros[kZerosBytes] = {};
  for (std::uint64_t at = 0; at < size_bytes; at += kZerosBytes) {
    pieces.emplace_back(kZeros, std::min<std::uint64_t>(size_bytes - at, kZerosBytes));
  }
}

}  // namespace

ManifestFile::ManifestFile(ManifestFileOptions options, std::uint64_t rewriting,
                           os::FileSystem& file_system, const Clock& clock)
    : options_(std::move(options)),
      file_system_(file_system),
      clock_(clock),
      rewriting_(rewriting) {}

std::string ManifestFile::path(std::string_view name) const {
  return fmt::format("{}/{}", options_.folder, name);
}

// Never the salt of the file before, so that none of its records can pass for one of the new file.
std::uint64_t ManifestFile::make_salt() const {
  const auto steady = static_cast<std::uint64_t>(clock_.steady().count());
  const std::uint64_t noise =
      mix64(options_.salt_seed ^ mix64(clock_.now() ^ mix64(steady + rewriting_ + 1)));
  return noise == salt_ ? ~noise | 1U : std::max<std::uint64_t>(1, noise);
}

bool ManifestFile::has_room(std::size_t payload_bytes) const {
  return file_ != nullptr && manifest_record_bytes(payload_bytes) <= side_bytes_ - end_offset_;
}

Result<void> ManifestFile::append(std::string_view payload) {
  CHECK(has_room(payload.size()));
  const std::string record = encode_manifest_record(salt_, record_count_ + 1, payload);
  const std::string_view piece = record;
  auto written = [&]() -> Result<void> {
    TRY(file_->write_at(end_offset_, std::span(&piece, 1)));
    TRY(file_->write_at(side_bytes_ + end_offset_, std::span(&piece, 1)));
    return file_->sync_data();
  }();
  if (!written.has_value()) {
    file_.reset();
    return outcome_is_open(std::move(written).error());
  }
  end_offset_ += record.size();
  ++record_count_;
  return {};
}

Result<void> ManifestFile::replace(const ManifestBase& base) {
  ManifestHeader header;
  header.salt = make_salt();
  header.created_at = clock_.now();
  header.rewriting = rewriting_ + 1;
  const std::vector<std::string> records = encode_base(header.salt, base);
  header.base_record_count = records.size();
  std::uint64_t base_bytes = kManifestHeaderBytes;
  for (const std::string& record : records) {
    base_bytes += record.size();
  }
  Prepared prepared;
  auto written = [&]() -> Result<void> {
    prepared = TRY(prepare(base_bytes));
    header.side_bytes = prepared.side_bytes;
    const std::string header_bytes = encode_manifest_header(header);
    std::vector<std::string_view> pieces{header_bytes};
    pieces.insert(pieces.end(), records.begin(), records.end());
    append_zeros(pieces, prepared.side_bytes - base_bytes);
    return write_sides(prepared, pieces);
  }();
  if (!written.has_value()) {
    if (written.error().code == ErrorCode::ResourceExhausted) {
      return written;
    }
    // What a failing device made of this file is not worth knowing.
    const auto removed = file_system_.remove_file(path(kNewManifestName));
    static_cast<void>(removed.has_value());
    return outcome_is_open(std::move(written).error());
  }
  auto swapped = [&]() -> Result<void> {
    TRY(file_system_.rename_file(path(kNewManifestName), path(kManifestName)));
    return file_system_.sync_directory(options_.folder);
  }();
  // From here on the old file may be gone, so nothing is appended to it in any case.
  file_.reset();
  if (!swapped.has_value()) {
    return outcome_is_open(std::move(swapped).error());
  }
  file_ = std::move(prepared.file);
  salt_ = header.salt;
  rewriting_ = header.rewriting;
  side_bytes_ = header.side_bytes;
  end_offset_ = base_bytes;
  record_count_ = records.size();
  make_spare();
  return {};
}

// Takes the spare file where there is one: it has its room on the device already.
Result<ManifestFile::Prepared> ManifestFile::prepare(std::uint64_t base_bytes) {
  const std::string name = path(kNewManifestName);
  const std::uint64_t wanted =
      round_up(base_bytes + std::max(options_.room_bytes_min, base_bytes / kRoomDivisor));
  const std::uint64_t tight = round_up(base_bytes + kTightRoomBytes);
  if (2 * wanted > kManifestBytesMax) {
    return resource_exhausted(
        fmt::format("{}: the catalog has reached its size limit", path(kManifestName)));
  }
  Prepared prepared;
  std::uint64_t size_bytes = 0;
  if (TRY(file_system_.exists(name))) {
    prepared.file = TRY(file_system_.open_file(name));
    size_bytes = TRY(prepared.file->size()) / (2 * kPageBytes) * (2 * kPageBytes);
  } else {
    prepared.file = TRY(file_system_.create_file(name));
  }
  prepared.side_bytes = wanted;
  auto reserved = prepared.file->preallocate(2 * wanted);
  const bool is_full =
      !reserved.has_value() && reserved.error().code == ErrorCode::ResourceExhausted;
  if (is_full && size_bytes >= 2 * tight) {
    prepared.side_bytes = size_bytes / 2;
    reserved = prepared.file->preallocate(size_bytes);
  } else if (is_full) {
    prepared.side_bytes = tight;
    reserved = prepared.file->preallocate(2 * tight);
  }
  TRY(std::move(reserved));
  return prepared;
}

Result<void> ManifestFile::write_sides(Prepared& prepared,
                                       std::span<const std::string_view> pieces) {
  TRY(prepared.file->write_at(0, pieces));
  TRY(prepared.file->write_at(prepared.side_bytes, pieces));
  return prepared.file->sync_data();
}

// Large enough for all that the file can come to hold. Only a help for later: a device that is full
// now leaves the next rewriting to find room itself.
void ManifestFile::make_spare() {
  const auto made = [&]() -> Result<void> {
    const auto file = TRY(file_system_.create_file(path(kNewManifestName)));
    return file->preallocate(2 * (side_bytes_ + kTightRoomBytes));
  }();
  static_cast<void>(made.has_value());
}

}  // namespace waybill::storage
