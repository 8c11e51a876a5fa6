// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/manifest_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/catalog_snapshot.h"
#include "storage/catalog/manifest_format.h"

namespace waybill::storage {
namespace {

constexpr std::string_view kRemedy =
    "; nothing was changed: put a copy of it back, or set it and the blocks aside to begin without";

Error damaged(std::string_view what) { return data_loss(fmt::format("{}{}", what, kRemedy)); }

// Far more than can ever be given out; room for sums without overflow.
constexpr std::uint64_t kBlockIdMax = std::uint64_t{1} << 62;

// Zero words are room that was never written.
bool is_all_zeros(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

// The two copies of the file, as far as they are there.
struct Sides {
  std::string_view first;
  std::string_view second;
  bool is_whole = false;  // both have the length that the header says
};

struct HeaderRead {
  ManifestHeader header;
  bool is_healed = false;
};

Result<ManifestHeader> check_header(const ManifestHeader& header) {
  if (header.version > kManifestVersion) {
    return Error{ErrorCode::FailedPrecondition,
                 fmt::format("it has version {} and this program reads up to {}; nothing was "
                             "changed: use the newer program",
                             header.version, kManifestVersion)};
  }
  if (header.version == 0 || header.salt == 0 || header.side_bytes < kManifestHeaderBytes ||
      header.side_bytes % kManifestAlignment != 0 || header.side_bytes > kManifestBytesMax / 2) {
    return damaged("its header makes no sense");
  }
  return header;
}

Result<HeaderRead> read_header(std::string_view file) {
  if (const auto header = decode_manifest_header(file); header.has_value()) {
    return HeaderRead{TRY(check_header(*header)), false};
  }
  // Without a header the second side can only be in the middle.
  const std::string_view second = file.substr(file.size() / 2);
  if (const auto header = decode_manifest_header(second); header.has_value()) {
    const ManifestHeader checked = TRY(check_header(*header));
    if (checked.side_bytes == file.size() / 2 && file.size() % 2 == 0) {
      return HeaderRead{checked, true};
    }
  }
  if (file.empty() || is_all_zeros(file)) {
    return damaged("it is empty");
  }
  if (!has_manifest_magic(file) && !has_manifest_magic(second)) {
    return invalid_argument(fmt::format("it is not a catalog of Waybill{}", kRemedy));
  }
  return damaged("both copies of its header are damaged");
}

Result<Sides> split(std::string_view file, const ManifestHeader& header) {
  const auto side_bytes = static_cast<std::size_t>(header.side_bytes);
  if (file.size() < side_bytes) {
    return damaged(fmt::format("it was cut to {} bytes and had {}", file.size(), 2 * side_bytes));
  }
  return Sides{file.substr(0, side_bytes), file.substr(side_bytes, side_bytes),
               file.size() == 2 * side_bytes};
}

// Takes records from the two sides, one after the other.
class RecordReader final {
 public:
  RecordReader(const ManifestHeader& header, const Sides& sides) : header_(header), sides_(sides) {}

  // The next record; no value at the end. Errors: a record that was acknowledged is damaged.
  Result<std::optional<ManifestRecord>> next() {
    const auto first = record_at(sides_.first, offset_);
    const auto second = record_at(sides_.second, offset_);
    if (!first.has_value() && !second.has_value()) {
      TRY(check_end());
      return std::optional<ManifestRecord>();
    }
    if (!first.has_value() || !second.has_value()) {
      ++healed_count_;
    }
    const ManifestRecord record = first.has_value() ? *first : *second;
    offset_ += record.record_bytes;
    ++number_;
    return std::optional<ManifestRecord>(record);
  }

  std::uint64_t number() const { return number_; }
  std::uint64_t healed_count() const { return healed_count_; }
  bool is_cut() const { return is_cut_; }
  std::size_t offset() const { return offset_; }

 private:
  std::optional<ManifestRecord> record_at(std::string_view side, std::size_t offset) const {
    if (offset >= side.size()) {
      return std::nullopt;
    }
    const auto record = decode_manifest_record(side.substr(offset), header_.salt);
    return record.has_value() && record->number == number_ ? record : std::nullopt;
  }

  // Each record is written when the one before it is durable. So a record that can not be read is
  // torn only where no other follows.
  Result<void> check_end() {
    const std::string where = fmt::format("record {} at offset {}", number_, offset_);
    if (number_ <= header_.base_record_count) {
      return damaged(fmt::format("{} is damaged in both copies", where));
    }
    if (is_all_zeros(rest(sides_.first)) && is_all_zeros(rest(sides_.second))) {
      return {};
    }
    if (!sides_.is_whole) {
      return damaged(fmt::format("{} is damaged and the other copy of it is cut off", where));
    }
    if (has_record_behind(sides_.first) || has_record_behind(sides_.second)) {
      return damaged(fmt::format("{} is damaged in both copies, and others follow", where));
    }
    is_cut_ = true;
    return {};
  }

  std::string_view rest(std::string_view side) const {
    return side.substr(std::min(offset_, side.size()));
  }

  bool has_record_behind(std::string_view side) const {
    for (std::size_t at = offset_; at < side.size(); at += kManifestAlignment) {
      const auto record = decode_manifest_record(side.substr(at), header_.salt);
      if (record.has_value() && record->number > number_) {
        return true;
      }
    }
    return false;
  }

  const ManifestHeader& header_;
  const Sides& sides_;
  std::size_t offset_ = kManifestHeaderBytes;
  std::uint64_t number_ = 1;
  std::uint64_t healed_count_ = 0;
  bool is_cut_ = false;
};

// The blocks that exist, while the records are gone through.
class BlockSet final {
 public:
  Result<void> apply(ManifestChange change) {
    const ManifestState& state = change.state;
    if (state.log_covered_to < state_.log_covered_to || state.id_limit < state_.id_limit ||
        state.sequence < state_.sequence) {
      return data_loss("its numbers go back");
    }
    if (state.id_limit > kBlockIdMax || state.sequence > kBlockIdMax) {
      return data_loss("its numbers are too large");
    }
    state_ = state;
    for (const BlockId id : change.removed) {
      if (blocks_.erase(id) == 0) {
        return data_loss(fmt::format("it removes block {}, which is not there", id));
      }
    }
    for (BlockEntry& entry : change.added) {
      TRY(add(std::move(entry), change.names));
    }
    return {};
  }

  void move_to(ManifestContents& contents) {
    contents.state = state_;
    contents.services = std::move(services_);
    contents.blocks.reserve(blocks_.size());
    for (auto& [id, entry] : blocks_) {
      contents.blocks.push_back(std::move(entry));
    }
  }

 private:
  Result<void> add(BlockEntry entry, const ServiceNames& names) {
    const BlockId id = entry.facts.id;
    if (id >= state_.id_limit || entry.sequence > state_.sequence) {
      return data_loss(fmt::format("block {} has a number that was never given out", id));
    }
    for (BlockService& service : entry.services) {
      service.service = services_.number(names[service.service]);
    }
    merge_services(entry.services);
    const std::size_t before = blocks_.size();
    // Entries of the base come in order, so that the end is the right place to look first.
    blocks_.emplace_hint(blocks_.end(), id, std::make_shared<const BlockEntry>(std::move(entry)));
    if (blocks_.size() == before) {
      return data_loss(fmt::format("it adds block {}, which is there already", id));
    }
    return {};
  }

  ManifestState state_;
  std::map<BlockId, std::shared_ptr<const BlockEntry>> blocks_;
  ServiceNumbers services_;
};

Result<void> apply_record(BlockSet& blocks, const ManifestRecord& record) {
  auto applied = [&]() -> Result<void> {
    ManifestChange change = TRY(decode_manifest_change(record.payload));
    return blocks.apply(std::move(change));
  }();
  if (!applied.has_value()) {
    return damaged(fmt::format("record {}: {}", record.number, applied.error().message));
  }
  return applied;
}

}  // namespace

Result<ManifestContents> read_manifest(std::string_view file) {
  const HeaderRead read = TRY(read_header(file));
  const Sides sides = TRY(split(file, read.header));
  RecordReader records(read.header, sides);
  BlockSet blocks;
  while (true) {
    const std::optional<ManifestRecord> record = TRY(records.next());
    if (!record.has_value()) {
      break;
    }
    TRY(apply_record(blocks, *record));
  }
  ManifestContents contents;
  blocks.move_to(contents);
  contents.rewriting = read.header.rewriting;
  contents.is_cut = records.is_cut();
  if (!sides.is_whole) {
    contents.messages.push_back(
        fmt::format("has {} bytes and not {}; the rest was read from the "
                    "first copy",
                    file.size(), 2 * read.header.side_bytes));
  }
  if (read.is_healed || records.healed_count() > 0) {
    contents.messages.push_back(
        fmt::format("{} parts are damaged and were read from their second copy",
                    records.healed_count() + (read.is_healed ? 1 : 0)));
  }
  if (contents.is_cut) {
    contents.messages.push_back(fmt::format(
        "record {} at offset {} is torn and was cut: a commit that did not get through before the "
        "program or the machine stopped",
        records.number(), records.offset()));
  }
  return contents;
}

}  // namespace waybill::storage
