// SPDX-License-Identifier: Apache-2.0
#include "storage/log/segment_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/result.h"
#include "os/file_system.h"
#include "storage/log/log.h"
#include "storage/log/log_format.h"
#include "storage/log/log_replay.h"

namespace waybill::storage {
namespace {

// Enough for the segment that comes next and the one after it.
constexpr std::size_t kSparesMax = 2;
constexpr std::uint64_t kFreeRoomCheckBytes = std::uint64_t{16} << 20;
constexpr std::chrono::nanoseconds kFirstRetry = std::chrono::milliseconds(50);
constexpr std::chrono::nanoseconds kLastRetry = std::chrono::seconds(5);

std::uint64_t round_up(std::uint64_t size_bytes) {
  return (size_bytes + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

// To a client, a failing device and a full one are both a reason to come back later.
Error retryable(Error error) {
  if (error.code != ErrorCode::ResourceExhausted) {
    error.code = ErrorCode::Unavailable;
  }
  return error;
}

}  // namespace

SegmentFiles::SegmentFiles(const LogOptions& options, os::FileSystem& file_system,
                           const Clock& clock, ReplayedLog replayed)
    : options_(options),
      file_system_(file_system),
      clock_(clock),
      segments_(std::move(replayed.segments)),
      spares_(std::move(replayed.spares)),
      next_number_(replayed.next_number),
      next_position_(replayed.next_position),
      must_trim_last_(!segments_.empty()) {}

std::string SegmentFiles::path(std::string_view name) const {
  return fmt::format("{}/{}", options_.directory, name);
}

std::uint64_t SegmentFiles::size_bytes() const {
  std::uint64_t total = active_.has_value() ? active_->size_bytes : 0;
  for (const SealedSegment& segment : segments_) {
    total += segment.size_bytes;
  }
  return total;
}

Result<void> SegmentFiles::make_room(std::uint64_t record_bytes) {
  if (clock_.steady() < retry_at_) {
    return *last_error_;
  }
  if (active_.has_value() && record_bytes <= room_bytes()) {
    const std::uint64_t interval = std::min(kFreeRoomCheckBytes, options_.segment_bytes);
    return unchecked_bytes_ < interval ? Result<void>() : check_free_room(0);
  }
  const std::uint64_t size_bytes =
      std::max(options_.segment_bytes / kRecordAlignment * kRecordAlignment,
               round_up(kFirstRecordOffset + record_bytes));
  TRY(check_total(size_bytes));
  TRY(check_free_room(spares_.empty() ? size_bytes : 0));
  return open_segment(size_bytes);
}

Result<void> SegmentFiles::check_total(std::uint64_t new_segment_bytes) const {
  const std::uint64_t used = size_bytes();
  if (used + new_segment_bytes > options_.total_bytes_max) {
    return resource_exhausted(fmt::format("log {}: full: {} bytes are in use, the limit is {}",
                                          options_.directory, used, options_.total_bytes_max));
  }
  return {};
}

Result<void> SegmentFiles::check_free_room(std::uint64_t extra_bytes) {
  const auto free = file_system_.free_bytes(options_.directory);
  unchecked_bytes_ = 0;
  // A system that does not answer is no reason to refuse; a full device says so when it is written.
  if (!free.has_value() || *free >= options_.free_bytes_min + extra_bytes) {
    return {};
  }
  unchecked_bytes_ = UINT64_MAX / 2;  // ask again next time
  return fail(
      resource_exhausted(fmt::format("log {}: {} bytes are free on the device, {} must stay free",
                                     options_.directory, *free, options_.free_bytes_min)));
}

Result<void> SegmentFiles::open_segment(std::uint64_t size_bytes) {
  const std::uint64_t number = next_number_++;
  auto prepared = prepare_file(number, size_bytes);
  if (!prepared.has_value()) {
    return fail(std::move(prepared).error());
  }
  if (active_.has_value()) {
    seal();
  }
  SegmentHeader header = make_header(number);
  header.is_recycled = prepared->is_recycled;
  auto activated = activate(*std::move(prepared), header);
  if (!activated.has_value()) {
    return fail(std::move(activated).error());
  }
  trim_last();
  return {};
}

SegmentHeader SegmentFiles::make_header(std::uint64_t number) const {
  SegmentHeader header;
  header.number = number;
  header.created_at = clock_.now();
  const auto steady = static_cast<std::uint64_t>(clock_.steady().count());
  const std::uint64_t noise =
      mix64(options_.salt_seed ^ mix64(header.created_at ^ mix64(steady + number)));
  header.salt = std::max(1U, static_cast<std::uint32_t>(noise));
  header.first_position = next_position_;
  if (!segments_.empty()) {
    header.previous_number = segments_.back().number;
    header.previous_end = segments_.back().end_offset;
  }
  return header;
}

Result<SegmentFiles::PreparedFile> SegmentFiles::prepare_file(std::uint64_t number,
                                                              std::uint64_t size_bytes) {
  while (!spares_.empty()) {
    const SpareFile spare = spares_.back();
    spares_.pop_back();
    auto file = file_system_.open_file(path(spare.name));
    if (!file.has_value()) {
      continue;
    }
    const auto size = resize_spare(**file, spare, size_bytes);
    if (size.has_value()) {
      return PreparedFile{*std::move(file), spare.name, *size, true};
    }
    const auto removed = file_system_.remove_file(path(spare.name));
    static_cast<void>(removed.has_value());
  }
  PreparedFile prepared;
  prepared.name = fmt::format("{:012}{}", number, kNewEnding);
  prepared.file = TRY(file_system_.create_file(path(prepared.name)));
  prepared.size_bytes = size_bytes;
  auto reserved = prepared.file->preallocate(size_bytes);
  if (!reserved.has_value()) {
    // What stays behind here is removed at the next start.
    const auto removed = file_system_.remove_file(path(prepared.name));
    static_cast<void>(removed.has_value());
    return std::move(reserved).error();
  }
  return prepared;
}

Result<std::uint64_t> SegmentFiles::resize_spare(os::File& file, const SpareFile& spare,
                                                 std::uint64_t size_bytes) {
  if (spare.size_bytes < size_bytes) {
    TRY(file.preallocate(size_bytes));
    return size_bytes;
  }
  return spare.size_bytes / kRecordAlignment * kRecordAlignment;
}

// The header is on the device before the file gets the name of a segment, and the name is on the
// device before the first record is acknowledged.
Result<void> SegmentFiles::activate(PreparedFile prepared, const SegmentHeader& header) {
  const std::string start = encode_segment_start(header);
  const std::string_view piece = start;
  const std::string name = segment_file_name(header.number);
  auto result = [&]() -> Result<void> {
    TRY(prepared.file->write_at(0, std::span(&piece, 1)));
    TRY(prepared.file->sync_data());
    TRY(file_system_.rename_file(path(prepared.name), path(name)));
    prepared.name = name;
    return file_system_.sync_directory(options_.directory);
  }();
  if (!result.has_value()) {
    // Left behind it is an empty segment that the next one does not follow, which is harmless.
    const auto removed = file_system_.remove_file(path(prepared.name));
    static_cast<void>(removed.has_value());
    return result;
  }
  active_ = ActiveSegment{header, name, std::move(prepared.file), prepared.size_bytes};
  return {};
}

Result<void> SegmentFiles::commit(std::span<const std::string_view> pieces,
                                  std::uint64_t record_count) {
  CHECK(active_.has_value());
  std::uint64_t size_bytes = 0;
  for (const std::string_view piece : pieces) {
    size_bytes += piece.size();
  }
  CHECK(size_bytes <= room_bytes());
  // The end mark behind the group tells a clean end from a torn record in reused room.
  static constexpr char kEndMark[kEndMarkBytes] = {};
  std::vector<std::string_view> marked(pieces.begin(), pieces.end());
  if (room_bytes() - size_bytes >= kEndMarkBytes) {
    marked.emplace_back(kEndMark, kEndMarkBytes);
  }
  auto done = active_->file->write_at(active_->end_offset, marked);
  const bool is_written = done.has_value();
  if (is_written && options_.durability == Durability::Disk) {
    done = active_->file->sync_data();
  }
  // Positions of records that failed are not given out again: should they come to light after a
  // crash, they are not taken for later ones.
  next_position_ += record_count;
  if (!done.has_value()) {
    seal();
    // On a full device the half written tail goes and gives its room back. After a failed sync
    // nothing about the file can be trusted, so it is left alone.
    must_trim_last_ = !is_written && done.error().code == ErrorCode::ResourceExhausted;
    if (must_trim_last_) {
      trim_last();
    }
    return fail(std::move(done).error());
  }
  active_->end_offset += size_bytes;
  unchecked_bytes_ += size_bytes;
  failure_count_ = 0;
  return {};
}

Result<void> SegmentFiles::sync() {
  if (!active_.has_value()) {
    return {};
  }
  auto synced = active_->file->sync_data();
  if (!synced.has_value()) {
    seal();
    return fail(std::move(synced).error());
  }
  return {};
}

void SegmentFiles::seal() {
  SealedSegment sealed;
  sealed.number = active_->header.number;
  sealed.name = active_->name;
  sealed.size_bytes = active_->size_bytes;
  sealed.end_offset = active_->end_offset;
  sealed.next_position = next_position_;
  const bool is_empty = active_->end_offset == kFirstRecordOffset;
  active_.reset();
  // One without records only comes from a failing device; do not pile them up. Should it come
  // back after a power cut, the next header does not name it, and so it is not read.
  if (is_empty && file_system_.remove_file(path(sealed.name)).has_value()) {
    return;
  }
  segments_.push_back(std::move(sealed));
}

// Gives back the room behind the last record of the newest sealed segment. Only a saving: where it
// fails, the next segment's header still says where the records end.
void SegmentFiles::trim_last() {
  if (!std::exchange(must_trim_last_, false) || segments_.empty()) {
    return;
  }
  SealedSegment& last = segments_.back();
  if (last.must_keep || last.size_bytes <= last.end_offset) {
    return;
  }
  const auto trimmed = [&]() -> Result<void> {
    const auto file = TRY(file_system_.open_file(path(last.name)));
    TRY(file->truncate(last.end_offset));
    last.size_bytes = last.end_offset;
    return file->sync_data();
  }();
  if (!trimmed.has_value()) {
    log_warn("the log can not give back unused room", {{"error", trimmed.error().message}});
  }
}

// The first failure after a success is tried again at once: a new segment may be on good ground.
Error SegmentFiles::fail(Error error) {
  ++failure_count_;
  if (failure_count_ > 1) {
    const int doublings = static_cast<int>(std::min<std::uint64_t>(failure_count_ - 2, 16));
    retry_at_ = clock_.steady() + std::min(kLastRetry, kFirstRetry * (1 << doublings));
  }
  last_error_ = retryable(std::move(error));
  return *last_error_;
}

Result<void> SegmentFiles::retire_before(std::uint64_t position) {
  const std::size_t kept_count = active_.has_value() ? 0 : 1;
  while (segments_.size() > kept_count && segments_.front().next_position <= position) {
    TRY(retire(segments_.front()));
    segments_.erase(segments_.begin());
  }
  return {};
}

// One at a time, oldest first, each on the device before the next, so that no power cut leaves a
// hole in the middle.
Result<void> SegmentFiles::retire(const SealedSegment& segment) {
  if (segment.must_keep) {
    const std::string aside = fmt::format("{}.0{}", segment.name, kDamagedEnding);
    if (!TRY(file_system_.exists(path(aside)))) {
      TRY(file_system_.rename_file(path(segment.name), path(aside)));
    }
    return file_system_.sync_directory(options_.directory);
  }
  const std::uint64_t spare_bytes = options_.segment_bytes / kRecordAlignment * kRecordAlignment;
  if (spares_.size() >= kSparesMax || segment.size_bytes != spare_bytes) {
    auto removed = file_system_.remove_file(path(segment.name));
    if (!removed.has_value() && removed.error().code != ErrorCode::NotFound) {
      return removed;
    }
    return file_system_.sync_directory(options_.directory);
  }
  const std::string name = fmt::format("{:012}{}", segment.number, kSpareEnding);
  TRY(file_system_.rename_file(path(segment.name), path(name)));
  // Only a file whose new name is on the device may be written over.
  auto synced = file_system_.sync_directory(options_.directory);
  if (synced.has_value()) {
    spares_.push_back({name, segment.size_bytes});
  }
  return {};
}

}  // namespace waybill::storage
