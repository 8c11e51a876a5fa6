// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace waybill::net {

// Bytes that wait to be written to a socket, as pieces, so that a large body is not copied behind
// its header. One thread at a time.
class OutputQueue final {
 public:
  // Owned bytes, or a view of bytes that live as long as the program.
  struct Piece {
    std::string owned;
    std::string_view view;

    std::string_view bytes() const { return view.empty() ? std::string_view(owned) : view; }
  };

  void append(std::string bytes) {
    if (bytes.empty()) {
      return;
    }
    size_bytes_ += bytes.size();
    if (!pieces_.empty() && pieces_.back().view.empty() && bytes.size() <= kJoinBytesMax &&
        pieces_.back().owned.size() <= kJoinBytesMax) {
      pieces_.back().owned += bytes;
      return;
    }
    pieces_.push_back({std::move(bytes), {}});
  }
  void append_static(std::string_view bytes) {
    if (!bytes.empty()) {
      size_bytes_ += bytes.size();
      pieces_.push_back({{}, bytes});
    }
  }
  // Moves everything out of the other one.
  void append(OutputQueue& other) {
    for (Piece& piece : other.pieces_) {
      piece.view.empty() ? append(std::move(piece.owned)) : append_static(piece.view);
    }
    other.clear();
  }

  bool is_empty() const { return pieces_.empty(); }
  std::size_t size_bytes() const { return size_bytes_; }
  std::size_t piece_count() const { return pieces_.size(); }
  // What is left of the piece.
  std::string_view piece(std::size_t index) const {
    const std::string_view bytes = pieces_[index].bytes();
    return index == 0 ? bytes.substr(written_of_first_) : bytes;
  }

  // Takes `size_bytes` away from the front. Requires: as many are there.
  void consume(std::size_t size_bytes) {
    size_bytes_ -= size_bytes;
    while (size_bytes > 0) {
      const std::size_t left = pieces_.front().bytes().size() - written_of_first_;
      if (size_bytes < left) {
        written_of_first_ += size_bytes;
        return;
      }
      size_bytes -= left;
      pieces_.pop_front();
      written_of_first_ = 0;
    }
  }
  void clear() {
    pieces_.clear();
    written_of_first_ = 0;
    size_bytes_ = 0;
  }

 private:
  // Small neighbours are joined: copying them is cheaper than one more buffer in a gathered write.
  static constexpr std::size_t kJoinBytesMax = 16 << 10;

  std::deque<Piece> pieces_;
  std::size_t written_of_first_ = 0;
  std::size_t size_bytes_ = 0;
};

}  // namespace waybill::net
