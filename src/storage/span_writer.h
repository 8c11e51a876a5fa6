// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "model/span_batch.h"

namespace waybill::storage {

// Room in a store that was promised to a batch. Move-only; gives the room back when it is destroyed
// unused.
class Reservation final {
 public:
  using Release = std::function<void(std::size_t)>;

  Reservation(std::size_t size_bytes, Release release)
      : size_bytes_(size_bytes), release_(std::move(release)) {}
  Reservation(Reservation&& other) noexcept
      : size_bytes_(std::exchange(other.size_bytes_, 0)),
        release_(std::exchange(other.release_, nullptr)) {}
  Reservation& operator=(Reservation&&) = delete;
  ~Reservation() {
    if (release_ && size_bytes_ > 0) {
      release_(size_bytes_);
    }
  }

  std::size_t size_bytes() const { return size_bytes_; }
  // The room now belongs to what was appended.
  void use() { size_bytes_ = 0; }

 private:
  std::size_t size_bytes_;
  Release release_;
};

// What the log says of a request.
struct Receipt {
  std::uint64_t position = 0;  // 0: the request was not logged
  UnixNanos received_at = 0;
};

// Where spans go once they are in the log. Room is reserved before the log is written, so that what
// was acknowledged always finds a place.
class SpanWriter {
 public:
  virtual ~SpanWriter() = default;

  // Any thread. Unavailable where the store is full: try again later.
  virtual Result<Reservation> reserve(const model::SpanBatch& batch) = 0;
  // One thread at a time, in the order of the positions that the log gave the batches. The spans
  // can be asked for when this returns.
  virtual void append(model::SpanBatch batch, Reservation room, const Receipt& receipt) = 0;
  // As append, for spans that were acknowledged before: takes them over the bound too. Spans that
  // the store has kept in another way, as it told the log (Log::retire_before), are passed over.
  virtual void append_replayed(model::SpanBatch batch, const Receipt& receipt) = 0;
};

}  // namespace waybill::storage
