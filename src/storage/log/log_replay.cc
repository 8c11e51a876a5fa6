// SPDX-License-Identifier: Apache-2.0
#include "storage/log/log_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "os/file_system.h"
#include "storage/log/log.h"
#include "storage/log/log_format.h"
#include "storage/log/segment_scan.h"

namespace waybill::storage {
namespace {

// Beyond this many stretches the segment itself is kept instead of copies.
constexpr std::size_t kStretchesSetAsideMax = 16;
constexpr std::size_t kMessagesMax = 1000;
constexpr std::size_t kCopyBytes = std::size_t{1} << 20;

// A file that may be a segment, before its records are read.
struct Candidate {
  std::string name;
  std::uint64_t name_number = 0;
  std::uint64_t number = 0;  // as the header says, else as the name says
  std::unique_ptr<os::File> file;
  std::uint64_t size_bytes = 0;
  std::optional<SegmentHeader> header;
};

class LogReplay final {
 public:
  LogReplay(const LogOptions& options, os::FileSystem& file_system, const Log::Visit& visit,
            ReplayReport& report)
      : options_(options), file_system_(file_system), visit_(visit), report_(report) {}

  Result<ReplayedLog> run() {
    TRY(find_files());
    remove_unfinished();
    drop_duplicates();
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (options_.stop.stop_requested()) {
        return stopped();
      }
      if (is_given_up(i)) {
        set_given_up_aside(candidates_[i]);
      } else {
        TRY(read_segment(i));
      }
    }
    if (messages_left_out_ > 0) {
      report_.messages.push_back(fmt::format("{} more messages", messages_left_out_));
    }
    return std::move(log_);
  }

 private:
  // Nothing has to be put back: what was set aside or removed until now would be at the next start.
  Error stopped() const {
    return {ErrorCode::Cancelled, fmt::format("log {}: asked to stop after {} records were read",
                                              options_.directory, report_.record_count)};
  }

  std::string path(std::string_view name) const {
    return fmt::format("{}/{}", options_.directory, name);
  }

  void say(std::string message) {
    if (report_.messages.size() < kMessagesMax) {
      report_.messages.push_back(std::move(message));
    } else {
      ++messages_left_out_;
    }
  }

  // Changes nothing, so that a newer program's files are still as they were when it refuses.
  Result<void> find_files() {
    const std::vector<std::string> names = TRY(file_system_.list_files(options_.directory));
    for (const std::string& name : names) {
      if (const auto number = parse_segment_file_name(name, kSegmentEnding)) {
        take_number(*number);
        TRY(find_segment(name, *number));
      } else if (const auto spare = parse_segment_file_name(name, kSpareEnding)) {
        take_number(*spare);
        find_spare(name);
      } else if (const auto unfinished = parse_segment_file_name(name, kNewEnding)) {
        take_number(*unfinished);
        unfinished_.push_back(name);
      } else if (name != kLogLockName && !name.ends_with(kDamagedEnding)) {
        say(fmt::format("{} is not a file of the log and is ignored", name));
      }
    }
    return {};
  }

  // Numbers are never used again: they tell old bytes in reused room from new ones.
  void take_number(std::uint64_t number) {
    log_.next_number = std::max(log_.next_number, number + 1);
  }

  Result<void> find_segment(const std::string& name, std::uint64_t name_number) {
    Candidate candidate;
    candidate.name = name;
    candidate.name_number = name_number;
    candidate.number = name_number;
    // Going on without the file would give its positions out again, and cost its records or the
    // new ones when it comes back.
    candidate.file = TRY(file_system_.open_file(path(name)));
    candidate.size_bytes = TRY(candidate.file->size());
    candidate.header = TRY(read_header(candidate));
    if (candidate.header.has_value()) {
      candidate.number = candidate.header->number;
      take_number(candidate.number);
    }
    candidates_.push_back(std::move(candidate));
    return {};
  }

  Result<std::optional<SegmentHeader>> read_header(Candidate& candidate) {
    for (const std::uint64_t offset : {std::uint64_t{0}, kSegmentCopyOffset}) {
      const auto bytes = candidate.file->read_at(offset, kSegmentHeaderBytes);
      const auto header =
          bytes.has_value() ? decode_segment_header(*bytes) : std::optional<SegmentHeader>();
      if (!header.has_value()) {
        continue;
      }
      if (header->version > kLogFormatVersion) {
        return Error{ErrorCode::FailedPrecondition,
                     fmt::format("{} has log format version {}; this program reads versions up to "
                                 "{}; nothing was changed",
                                 path(candidate.name), header->version, kLogFormatVersion)};
      }
      if (header->version == kLogFormatVersion && header->salt != 0) {
        return header;
      }
    }
    return std::optional<SegmentHeader>();
  }

  void find_spare(const std::string& name) {
    const auto file = file_system_.open_file(path(name));
    if (!file.has_value()) {
      return;
    }
    const auto size = (*file)->size();
    if (size.has_value()) {
      log_.spares.push_back({name, *size});
    }
  }

  // They were being made when the log stopped and never held a record.
  void remove_unfinished() {
    for (const std::string& name : unfinished_) {
      const auto removed = file_system_.remove_file(path(name));
      if (!removed.has_value()) {
        say(fmt::format("{} was never finished and can not be removed: {}", name,
                        removed.error().message));
      }
    }
  }

  // Of two files with one number the one whose name says so is the segment.
  void drop_duplicates() {
    std::stable_sort(candidates_.begin(), candidates_.end(), [](const auto& a, const auto& b) {
      return std::pair(a.number, a.number != a.name_number) <
             std::pair(b.number, b.number != b.name_number);
    });
    std::vector<Candidate> kept;
    for (Candidate& candidate : candidates_) {
      if (!kept.empty() && kept.back().number == candidate.number) {
        candidate.file.reset();
        ++report_.quarantined_count;
        say(fmt::format("{} is segment {} a second time, after {}, and is not read; {}",
                        candidate.name, candidate.number, kept.back().name,
                        set_file_aside(candidate.name)));
        continue;
      }
      if (candidate.number != candidate.name_number) {
        say(fmt::format("{} says that it is segment {} and is read as that", candidate.name,
                        candidate.number));
      }
      kept.push_back(std::move(candidate));
    }
    candidates_ = std::move(kept);
  }

  // Where the records of a segment end, as the segment after it says.
  std::optional<std::uint64_t> known_end(std::size_t index) const {
    for (std::size_t i = index + 1; i < candidates_.size(); ++i) {
      const auto& header = candidates_[i].header;
      if (header.has_value() && header->previous_number == candidates_[index].number) {
        return header->previous_end;
      }
    }
    return std::nullopt;
  }

  // The segments form a chain from the newest to the oldest. One that a later header passes over
  // failed before a record in it was acknowledged.
  bool is_given_up(std::size_t index) const {
    for (std::size_t i = index + 1; i < candidates_.size(); ++i) {
      if (const auto& header = candidates_[i].header) {
        return header->previous_number < candidates_[index].number;
      }
    }
    return false;
  }

  void set_given_up_aside(Candidate& candidate) {
    candidate.file.reset();
    say(
        fmt::format("{} was given up after a failed write, before any append in it was "
                    "acknowledged, and is not read; {}",
                    candidate.name, set_file_aside(candidate.name)));
  }

  Result<void> read_segment(std::size_t index) {
    Candidate& candidate = candidates_[index];
    check_order(index);
    SegmentScanRequest request;
    request.number = candidate.number;
    request.size_bytes = candidate.size_bytes;
    request.header = candidate.header;
    request.known_end = known_end(index);
    request.next_position = log_.next_position;
    request.record_bytes_max = options_.record_bytes_max;
    request.stop = options_.stop;
    const SegmentScan scan = scan_segment(*candidate.file, request, visit_);
    if (scan.is_stopped) {
      report_.record_count += scan.record_count;
      return stopped();
    }
    if (!candidate.header.has_value() && set_headless_aside(candidate, scan)) {
      return {};
    }
    SealedSegment segment;
    segment.number = candidate.number;
    segment.name = candidate.name;
    segment.size_bytes = candidate.size_bytes;
    segment.end_offset = scan.end_offset;
    segment.next_position = scan.next_position;
    log_.next_position = scan.next_position;
    ++report_.segment_count;
    report_.record_count += scan.record_count;
    report_.body_bytes += scan.body_bytes;
    report_damage(candidate, scan, segment);
    if (!scan.torn_reason.empty()) {
      report_.torn_bytes += scan.torn_bytes;
      say(
          fmt::format("{}: {} bytes at offset {} are cut from the end, an append that did not get "
                      "through and was not acknowledged ({}); the log goes on in a new segment",
                      candidate.name, scan.torn_bytes, scan.end_offset, scan.torn_reason));
    }
    log_.segments.push_back(std::move(segment));
    candidate.file.reset();
    return {};
  }

  // Positions and the chain of predecessors show what is missing between two segments.
  void check_order(std::size_t index) {
    const auto& header = candidates_[index].header;
    if (!header.has_value()) {
      return;
    }
    // Before the oldest one there may have been others, which are retired.
    if (!log_.segments.empty() && header->previous_number > log_.segments.back().number) {
      say(fmt::format("segment {} ({}) is missing before {}{}", header->previous_number,
                      segment_file_name(header->previous_number), candidates_[index].name,
                      lost_positions(log_.next_position, header->first_position)));
    }
    log_.next_position = std::max(log_.next_position, header->first_position);
  }

  static std::string lost_positions(std::uint64_t first, std::uint64_t end) {
    if (first >= end) {
      return "";
    }
    return first + 1 == end ? fmt::format("; position {} is missing", first)
                            : fmt::format("; positions {} to {} are missing", first, end - 1);
  }

  // A file whose headers are both unreadable. Returns true where it holds no record at all.
  bool set_headless_aside(Candidate& candidate, const SegmentScan& scan) {
    ++report_.quarantined_count;
    if (scan.record_count > 0) {
      say(
          fmt::format("{}: both copies of the segment's header are damaged; its records are read "
                      "by the number in its name",
                      candidate.name));
      return false;
    }
    const bool is_failing = std::any_of(scan.damaged.begin(), scan.damaged.end(),
                                        [](const auto& stretch) { return stretch.is_unreadable; });
    if (is_failing) {
      say(fmt::format("{}: the device fails to read it; it is left out", candidate.name));
      log_.next_position = scan.next_position;
      return true;
    }
    candidate.file.reset();
    say(fmt::format("{} ({} bytes) holds neither a segment's header nor a record; {}",
                    candidate.name, candidate.size_bytes, set_file_aside(candidate.name)));
    return true;
  }

  // Renames a whole file; says what came of it.
  std::string set_file_aside(const std::string& name) {
    const std::string aside = fmt::format("{}.0{}", name, kDamagedEnding);
    const auto exists = file_system_.exists(path(aside));
    if (!exists.has_value() || *exists) {
      return "it stays where it is";
    }
    const auto renamed = file_system_.rename_file(path(name), path(aside));
    if (!renamed.has_value()) {
      return fmt::format("it stays where it is: {}", renamed.error().message);
    }
    // Without the sync the name may come back after a power cut, and be set aside again.
    const auto synced = file_system_.sync_directory(options_.directory);
    static_cast<void>(synced.has_value());
    return fmt::format("it is set aside as {}", aside);
  }

  void report_damage(Candidate& candidate, const SegmentScan& scan, SealedSegment& segment) {
    std::size_t count = 0;
    for (const DamagedStretch& stretch : scan.damaged) {
      ++report_.quarantined_count;
      const bool is_too_many = ++count > kStretchesSetAsideMax;
      std::string outcome = "the segment is kept";
      if (is_too_many || stretch.is_unreadable) {
        segment.must_keep = true;
      } else if (stretch.size_bytes == 0) {
        outcome = "nothing is left to set aside";
      } else {
        const auto aside = copy_aside(candidate, stretch);
        segment.must_keep |= !aside.has_value();
        outcome = aside.has_value()
                      ? fmt::format("a copy is set aside as {}", *aside)
                      : fmt::format("the segment is kept, as no copy can be set aside: {}",
                                    aside.error().message);
      }
      say(
          fmt::format("{}: {} bytes at offset {} are damaged ({}){}{}; {}; reading goes on after "
                      "them",
                      candidate.name, stretch.size_bytes, stretch.offset, stretch.reason,
                      lost_positions(stretch.first_lost, stretch.end_lost),
                      stretch.is_in_last_group
                          ? ", unless they were being written when the log stopped and were never "
                            "acknowledged"
                          : "",
                      outcome));
    }
  }

  // The name of the copy. Goes through another name, so that a copy is whole or not there.
  Result<std::string> copy_aside(Candidate& candidate, const DamagedStretch& stretch) {
    const std::string aside =
        fmt::format("{}.{}{}", candidate.name, stretch.offset, kDamagedEnding);
    if (TRY(file_system_.exists(path(aside)))) {
      return aside;  // by an earlier start
    }
    const std::string unfinished = fmt::format("{:012}{}", log_.next_number, kNewEnding);
    auto copied = write_copy(candidate, stretch, path(unfinished));
    if (!copied.has_value()) {
      const auto removed = file_system_.remove_file(path(unfinished));
      log_.next_number += removed.has_value() ? 0 : 1;  // the name may be taken
      return std::move(copied).error();
    }
    TRY(file_system_.rename_file(path(unfinished), path(aside)));
    TRY(file_system_.sync_directory(options_.directory));
    return aside;
  }

  Result<void> write_copy(Candidate& candidate, const DamagedStretch& stretch,
                          const std::string& to) {
    const auto copy = TRY(file_system_.create_file(to));
    for (std::uint64_t done = 0; done < stretch.size_bytes;) {
      const auto size =
          static_cast<std::size_t>(std::min<std::uint64_t>(kCopyBytes, stretch.size_bytes - done));
      const std::string bytes = TRY(candidate.file->read_at(stretch.offset + done, size));
      if (bytes.empty()) {
        return data_loss("the file has become shorter");
      }
      const std::string_view piece = bytes;
      TRY(copy->write_at(done, std::span(&piece, 1)));
      done += bytes.size();
    }
    return copy->sync_data();
  }

  const LogOptions& options_;
  os::FileSystem& file_system_;
  const Log::Visit& visit_;
  ReplayReport& report_;
  ReplayedLog log_;
  std::vector<Candidate> candidates_;
  std::vector<std::string> unfinished_;
  std::size_t messages_left_out_ = 0;
};

}  // namespace

Result<ReplayedLog> replay_log(const LogOptions& options, os::FileSystem& file_system,
                               const Log::Visit& visit, ReplayReport& report) {
  return LogReplay(options, file_system, visit, report).run();
}

}  // namespace waybill::storage
