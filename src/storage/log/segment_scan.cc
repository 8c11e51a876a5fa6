// SPDX-License-Identifier: Apache-2.0
#include "storage/log/segment_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "os/file_system.h"
#include "storage/log/log.h"
#include "storage/log/log_format.h"

namespace waybill::storage {
namespace {

// Read at once while looking for records. Bodies that reach out of it are read on their own.
constexpr std::size_t kWindowBytes = std::size_t{1} << 20;
// Where the device fails, the smallest piece that is given up.
constexpr std::size_t kPageBytes = 4096;

// The bytes of a file that may fail to read in places; what fails reads as zeros.
class SegmentBytes final {
 public:
  SegmentBytes(os::File& file, std::uint64_t size_bytes) : file_(file), size_bytes_(size_bytes) {}

  std::uint64_t size_bytes() const { return size_bytes_; }

  bool is_unreadable(std::uint64_t begin, std::uint64_t end) const {
    return std::any_of(unreadable_.begin(), unreadable_.end(),
                       [&](const auto& page) { return page.first < end && begin < page.second; });
  }

  // Exactly these bytes, valid until the next call. Requires: within the file, at most a window.
  std::string_view view(std::uint64_t offset, std::size_t size_bytes) {
    if (offset < window_offset_ || offset + size_bytes > window_offset_ + window_.size()) {
      window_offset_ = offset;
      window_ = read(offset, static_cast<std::size_t>(
                                 std::min<std::uint64_t>(kWindowBytes, size_bytes_ - offset)));
    }
    return std::string_view(window_).substr(static_cast<std::size_t>(offset - window_offset_),
                                            size_bytes);
  }

  // A copy of these bytes. Requires: within the file.
  std::string copy(std::uint64_t offset, std::size_t size_bytes) {
    const bool is_in_window =
        offset >= window_offset_ && offset + size_bytes <= window_offset_ + window_.size();
    if (is_in_window || size_bytes <= kWindowBytes / 4) {
      return std::string(view(offset, size_bytes));
    }
    return read(offset, size_bytes);
  }

 private:
  std::string read(std::uint64_t offset, std::size_t size_bytes) {
    auto whole = file_.read_at(offset, size_bytes);
    if (whole.has_value() && whole->size() == size_bytes) {
      return *std::move(whole);
    }
    std::string bytes;
    bytes.reserve(size_bytes);
    while (bytes.size() < size_bytes) {
      const std::uint64_t at = offset + bytes.size();
      const std::size_t page = std::min(kPageBytes - static_cast<std::size_t>(at % kPageBytes),
                                        size_bytes - bytes.size());
      const auto piece = file_.read_at(at, page);
      const std::size_t filled = bytes.size();
      if (piece.has_value() && piece->size() == page) {
        bytes += *piece;
      } else if (unreadable_.empty() || unreadable_.back().second != at) {
        unreadable_.emplace_back(at, at + page);
      } else {
        unreadable_.back().second = at + page;
      }
      bytes.resize(filled + page, '\0');
    }
    return bytes;
  }

  os::File& file_;
  const std::uint64_t size_bytes_;
  std::string window_;
  std::uint64_t window_offset_ = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> unreadable_;
};

class SegmentScanner final {
 public:
  SegmentScanner(os::File& file, const SegmentScanRequest& request, const Log::Visit& visit)
      : request_(request), visit_(visit), bytes_(file, request.size_bytes) {
    scan_.next_position = request.next_position;
    if (request.header.has_value()) {
      marker_ = request.header->marker();
    }
    // Words are looked at whole, so the last bytes of an odd size are never a record.
    const std::uint64_t end = std::min(bytes_.size_bytes(), request.known_end.value_or(UINT64_MAX));
    limit_ = end / kRecordAlignment * kRecordAlignment;
  }

  SegmentScan run() {
    std::uint64_t offset = kFirstRecordOffset;
    while (offset + kRecordHeaderBytes <= limit_) {
      const auto header = header_at(offset);
      if (!header.has_value()) {
        if (!bad_begin_.has_value()) {
          begin_bad(offset, bad_header_reason(offset));
        }
        if (read_u64(bytes_.view(offset, kRecordHeaderBytes), 0) != 0) {
          nonzero_end_ = offset + kRecordAlignment;
        }
        offset = next_candidate(offset + kRecordAlignment);
        continue;
      }
      if (request_.stop.stop_requested()) {
        scan_.is_stopped = true;
        return std::move(scan_);
      }
      // The checksum says that the length is right, so that nothing inside is looked at.
      const std::uint64_t next = offset + header->record_bytes();
      read_record(offset, *header);
      offset = next;
    }
    finish(std::min(offset, limit_));
    return std::move(scan_);
  }

 private:
  // A header that is whole, belongs to this segment and fits.
  std::optional<RecordHeader> header_at(std::uint64_t offset) {
    const std::string_view bytes = bytes_.view(offset, kRecordHeaderBytes);
    if (!is_marker(read_u64(bytes, 0))) {
      return std::nullopt;
    }
    auto header = decode_record_header(bytes);
    if (!header.has_value() || header->body_bytes > request_.record_bytes_max ||
        header->record_bytes() > limit_ - offset) {
      return std::nullopt;
    }
    return header;
  }

  // Where the segment's own header is lost, the number in its name still tells its records from
  // those that the file held before; the first whole record then tells the salt.
  bool is_marker(std::uint64_t word) const {
    if (marker_ != 0) {
      return word == marker_;
    }
    return (word & 0xffffffffU) == (request_.number & 0xffffffffU) && (word >> 32) != 0;
  }

  std::string bad_header_reason(std::uint64_t offset) {
    const std::string_view bytes = bytes_.view(offset, kRecordHeaderBytes);
    const std::uint64_t word = read_u64(bytes, 0);
    if (!is_marker(word)) {
      return word == 0 ? "zeros where a record should begin"
                       : "other bytes where a record should begin";
    }
    const auto header = decode_record_header(bytes);
    if (!header.has_value()) {
      return "the checksum of a record's header is wrong";
    }
    claimed_bytes_ = header->record_bytes();
    return header->body_bytes > request_.record_bytes_max
               ? fmt::format("a record claims {} bytes, more than the limit", header->body_bytes)
               : std::string("a record reaches beyond the end");
  }

  std::uint64_t next_candidate(std::uint64_t offset) {
    while (offset + kRecordHeaderBytes <= limit_) {
      const auto size =
          static_cast<std::size_t>(std::min<std::uint64_t>(kWindowBytes / 2, limit_ - offset));
      const std::string_view bytes = bytes_.view(offset, size);
      for (std::size_t i = 0; i + sizeof(std::uint64_t) <= size; i += kRecordAlignment) {
        const std::uint64_t word = read_u64(bytes, i);
        if (word == 0) {
          continue;
        }
        if (is_marker(word)) {
          return offset + i;
        }
        nonzero_end_ = offset + i + kRecordAlignment;
      }
      offset += size / kRecordAlignment * kRecordAlignment;
    }
    return limit_;
  }

  void read_record(std::uint64_t offset, const RecordHeader& header) {
    const std::uint64_t next = offset + header.record_bytes();
    nonzero_end_ = next;
    if (header.position < scan_.next_position) {
      begin_bad(offset, fmt::format("record {} comes out of order", header.position));
      return;
    }
    std::string body = bytes_.copy(offset + kRecordHeaderBytes, header.body_bytes);
    if (checksum64(body) != header.body_checksum) {
      if (!bad_begin_.has_value()) {
        claimed_bytes_ = header.record_bytes();
      }
      begin_bad(offset, "the checksum of a record's body is wrong");
      return;
    }
    if (!is_known(header)) {
      begin_bad(offset, fmt::format("record {} has format {} and encoding {}, which this program "
                                    "does not know",
                                    header.position, header.format, header.encoding));
      return;
    }
    if (header.starts_group) {
      for (DamagedStretch& stretch : scan_.damaged) {
        stretch.is_in_last_group = false;
      }
    }
    end_bad(offset, header.position, !header.starts_group);
    marker_ = header.marker;
    scan_.next_position = header.position + 1;
    scan_.end_offset = next;
    ++scan_.record_count;
    scan_.body_bytes += body.size();
    visit_(LogRecord{static_cast<LogFormatCode>(header.format),
                     static_cast<LogEncoding>(header.encoding), header.received_at,
                     std::make_shared<const std::string>(std::move(body)), header.position});
  }

  static bool is_known(const RecordHeader& header) {
    return header.format >= static_cast<std::uint8_t>(LogFormatCode::OtlpProtobuf) &&
           header.format <= static_cast<std::uint8_t>(LogFormatCode::OtlpJson) &&
           header.encoding <= static_cast<std::uint8_t>(LogEncoding::Deflate);
  }

  void begin_bad(std::uint64_t offset, std::string reason) {
    if (!bad_begin_.has_value()) {
      bad_begin_ = offset;
      bad_reason_ = std::move(reason);
    }
  }

  void end_bad(std::uint64_t offset, std::uint64_t next_known_position, bool is_in_last_group) {
    if (!bad_begin_.has_value()) {
      return;
    }
    scan_.damaged.push_back({*bad_begin_, offset - *bad_begin_, bad_reason_,
                             bytes_.is_unreadable(*bad_begin_, offset), is_in_last_group,
                             scan_.next_position, next_known_position});
    bad_begin_.reset();
    claimed_bytes_ = 0;
  }

  // Decides what the bytes behind the last whole record are.
  void finish(std::uint64_t offset) {
    const std::uint64_t begin = bad_begin_.value_or(offset);
    if (request_.known_end.has_value()) {
      finish_sealed(begin, *request_.known_end);
      return;
    }
    const std::uint64_t end = bytes_.size_bytes();
    if (bytes_.is_unreadable(begin, end)) {
      finish_unreadable(begin, std::max(end, begin));
      return;
    }
    const std::string rest =
        begin < end ? bytes_.copy(begin, static_cast<std::size_t>(
                                             std::min<std::uint64_t>(kEndMarkBytes, end - begin)))
                    : std::string();
    const bool has_end_mark = rest.find_first_not_of('\0') == std::string::npos;
    const bool is_recycled = request_.header.has_value() && request_.header->is_recycled;
    if (has_end_mark && (is_recycled || nonzero_end_ <= begin)) {
      return;
    }
    if (is_recycled || claimed_bytes_ != 0) {
      // In room that was used before nobody can tell how far the torn bytes go.
      const std::uint64_t claimed = claimed_bytes_ != 0 ? claimed_bytes_ : kRecordHeaderBytes;
      scan_.torn_bytes = std::min<std::uint64_t>(claimed, end - begin);
    } else {
      const std::uint64_t seen = std::max(nonzero_end_, begin + rest.size()) - begin;
      scan_.torn_bytes = end - begin < kRecordHeaderBytes ? end - begin : seen;
    }
    scan_.torn_reason = bad_begin_.has_value() ? bad_reason_ : "too few bytes for a record";
  }

  void finish_sealed(std::uint64_t begin, std::uint64_t known_end) {
    if (begin >= known_end) {
      return;
    }
    std::string reason = bad_begin_.has_value() ? bad_reason_ : "too few bytes for a record";
    if (bytes_.size_bytes() < known_end) {
      reason =
          fmt::format("the file has {} bytes and should have {}", bytes_.size_bytes(), known_end);
    }
    const std::uint64_t end = std::max(begin, std::min(known_end, bytes_.size_bytes()));
    scan_.damaged.push_back({begin, end - begin, std::move(reason),
                             bytes_.is_unreadable(begin, end), false, scan_.next_position, 0});
    scan_.end_offset = known_end;
  }

  // Records may come to light there when the device reads again; leave them their positions.
  void finish_unreadable(std::uint64_t begin, std::uint64_t end) {
    const std::uint64_t first_lost = scan_.next_position;
    scan_.next_position += (end - begin) / kRecordHeaderBytes + 1;
    scan_.damaged.push_back(
        {begin, end - begin, "the device fails to read it", true, true, first_lost, 0});
    scan_.end_offset = std::max(scan_.end_offset, end);
  }

  const SegmentScanRequest& request_;
  const Log::Visit& visit_;
  SegmentBytes bytes_;
  std::uint64_t marker_ = 0;  // zero: not known
  std::uint64_t limit_ = 0;
  SegmentScan scan_;
  std::optional<std::uint64_t> bad_begin_;
  std::string bad_reason_;
  std::uint64_t claimed_bytes_ = 0;  // by the header at bad_begin_
  std::uint64_t nonzero_end_ = 0;    // behind the last byte that is not zero, while looking
};

}  // namespace

SegmentScan scan_segment(os::File& file, const SegmentScanRequest& request,
                         const Log::Visit& visit) {
  return SegmentScanner(file, request, visit).run();
}

}  // namespace waybill::storage
